//! What the language has and this version does not build yet, said by its name.
//!
//! The grammar is complete, so a block that is ahead of the implementation gets one plain answer
//! at each such place instead of a syntax error.

use crate::ast::TransitionKind;
use crate::diagnostics::Diagnostics;
use crate::graph::Graph;

pub(super) fn check(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    for transition in &graph.transitions {
        let transition = transition.declaration;
        let kind = match transition.kind {
            TransitionKind::Poll { .. } => Some("polls"),
            _ => None,
        };
        if let Some(kind) = kind {
            diagnostics
                .error(&transition.keyword, format!("{kind} are not supported yet"))
                .help("this version runs `step`, `split`, `signal` and `timer` transitions");
        }
    }
}
