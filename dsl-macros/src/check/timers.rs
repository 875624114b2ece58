//! Rule: the field that says when a timer fires is one of every state that the timer leaves.

use crate::ast::{Due, TransitionKind, plain};
use crate::diagnostics::Diagnostics;
use crate::graph::Graph;
use crate::suggest;

pub(super) fn check(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    // A state that could not be read may have the field.
    if !diagnostics.all_is_read() {
        return;
    }
    for transition in graph.transitions.iter().filter(|it| it.is_whole) {
        let TransitionKind::Timer {
            due: due @ (Due::AfterField(field) | Due::At(field)),
        } = &transition.declaration.kind
        else {
            continue;
        };
        for source in &transition.sources {
            let state = graph.state(*source);
            let Some(declaration) = state.declaration else {
                continue;
            };
            let fields = declaration.fields.as_deref().unwrap_or_default();
            let names: Vec<String> = fields.iter().map(|field| plain(&field.name)).collect();
            if names.contains(&plain(field)) {
                continue;
            }
            let name = state.name;
            let error = diagnostics.error(field, format!("state `{name}` has no field `{field}`"));
            let known = || names.iter().map(String::as_str);
            if let Some(nearest) = suggest::nearest(&plain(field), known()) {
                error.help(format!("did you mean `{nearest}`?"));
                continue;
            }
            let ty = match due {
                Due::At(_) => "std::time::SystemTime",
                _ => "std::time::Duration",
            };
            error.help(format!("give it one: `{field}: {ty}`"));
            if !names.is_empty() {
                error.note(format!("its fields are {}", suggest::all_of(known())));
            }
        }
    }
}
