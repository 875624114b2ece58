//! Rule: the deadline of a workflow leads to one state, since no handler chooses.

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
    }
}
