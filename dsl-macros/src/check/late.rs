//! Rule: the deadline of a workflow leads to one state, which can be made without a handler.

use crate::diagnostics::Diagnostics;
use crate::graph::Graph;

pub(super) fn check(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    for transition in &graph.transitions {
        let declaration = transition.declaration;
        if !declaration.is_deadline() {
            continue;
        }
        if let [_, second, ..] = declaration.targets.as_slice() {
            diagnostics
                .error(second, "the deadline leads to more than one state")
                .help("no handler chooses between them: name one");
        }
        for (name, target) in declaration.targets.iter().zip(&transition.targets) {
            let state = graph.state(*target);
            let declared = state.declaration.filter(|_| transition.is_whole);
            let fields = declared.and_then(|it| it.fields.as_deref());
            let [first, ..] = fields.unwrap_or_default() else {
                continue;
            };
            let (state, field) = (state.name, &first.name);
            diagnostics
                .error(
                    name,
                    format!("the deadline cannot lead to `{state}`: no handler gives its `{field}`"),
                )
                .help(format!(
                    "declare a state without fields for it: the history of the run says where it came from, and `{state}` may follow by a step"
                ));
        }
    }
}
