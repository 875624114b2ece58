//! Rule: nothing leaves a final state.

use crate::diagnostics::{Diagnostics, position};
use crate::graph::Graph;

pub(super) fn check(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    for transition in graph.transitions.iter().filter(|it| it.is_whole) {
        for source in &transition.sources {
            let state = graph.state(*source);
            if !state.kind.is_final() {
                continue;
            }
            let declaration = transition.declaration;
            let kind = state.kind.keyword();
            diagnostics
                .error(
                    &declaration.name,
                    format!(
                        "{} `{}` {} `{}`, which is final",
                        declaration.kind.keyword(),
                        declaration.name,
                        if declaration.is_internal {
                            "stays in"
                        } else {
                            "leaves"
                        },
                        state.name
                    ),
                )
                .note(format!(
                    "declared `{kind}` at {}",
                    position(state.name.span())
                ))
                .help("declare it with `state`, or remove the transition");
        }
    }
}
