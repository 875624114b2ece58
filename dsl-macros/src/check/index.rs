//! Rule: an `#[index]` stands on a field of a state that is stored.

use syn::Attribute;

use crate::diagnostics::Diagnostics;
use crate::graph::Graph;

pub(super) fn check(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    for field in graph.ast.input.iter().flat_map(|input| &input.fields) {
        if let Some(index) = &field.index {
            diagnostics
                .error(index, "a run is not found by its input")
                .help("put `#[index]` on a field of a state: a run is found by it as long as it is in that state");
        }
    }
    let is_durable = graph.ast.attributes.durable.is_some();
    for group in &graph.ast.groups {
        let index = group.fields.iter().find_map(|field| field.index.as_ref());
        if let Some(index) = index.filter(|_| !is_durable) {
            in_memory(index, diagnostics);
        }
    }
    for state in graph.states.iter().filter_map(|state| state.declaration) {
        let mut fields = state.fields.iter().flatten();
        let Some(index) = fields.find_map(|field| field.index.as_ref()) else {
            continue;
        };
        if !is_durable {
            in_memory(index, diagnostics);
        } else if state.transient.is_some() {
            diagnostics
                .error(
                    index,
                    format!(
                        "state `{}` is never stored, so no run is found by it",
                        state.name
                    ),
                )
                .help("remove `transient`, or `#[index]`");
        }
    }
}

fn in_memory(index: &Attribute, diagnostics: &mut Diagnostics) {
    diagnostics
        .error(index, "only a run that is stored is found by a field")
        .help("put `#[durable(version = 1)]` before `workflow`, or remove `#[index]`");
}
