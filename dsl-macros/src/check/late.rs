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
        for (name, target) in declaration.targets.iter().zip(&transition.targets) {
            let state = graph.state(*target);
            if transition.is_whole && state.declaration.is_some_and(|it| it.transient.is_some()) {
                diagnostics
                    .error(
                        name,
                        format!(
                            "the deadline cannot lead to `{}`, which is transient",
                            state.name
                        ),
                    )
                    .help("a run that is late is stored there: leave `transient` out");
            }
        }
    }
}
