//! What the language has and this version does not build yet, said by its name.
//!
//! The grammar is complete, so a block that is ahead of the implementation gets one plain answer
//! at each such place instead of a syntax error.

use crate::ast::{Attributes, Clause, ClauseKind, TransitionKind};
use crate::diagnostics::Diagnostics;
use crate::graph::Graph;

pub(super) fn check(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    let ast = graph.ast;
    attributes(&ast.attributes, diagnostics);
    if let Some(deadline) = &ast.deadline {
        diagnostics.error(
            deadline,
            "a `deadline` for the workflow is not supported yet",
        );
    }
    for transition in &graph.transitions {
        let transition = transition.declaration;
        let kind = match transition.kind {
            TransitionKind::Step => None,
            TransitionKind::Signal { .. } => Some("signals"),
            TransitionKind::Timer { .. } => Some("timers"),
            TransitionKind::Poll { .. } => Some("polls"),
            TransitionKind::Split { .. } => Some("splits"),
        };
        if let Some(kind) = kind {
            diagnostics
                .error(&transition.keyword, format!("{kind} are not supported yet"))
                .help("this version runs `step` transitions");
        }
        // A misplaced clause is never going to be supported; that is said elsewhere.
        let built_later = |clause: &&Clause| clause.kind != ClauseKind::Spawn;
        for clause in transition.clauses.iter().filter(built_later) {
            diagnostics.error(
                &clause.name,
                format!("the clause `{}` is not supported yet", clause.name),
            );
        }
    }
}

fn attributes(attributes: &Attributes, diagnostics: &mut Diagnostics) {
    if let Some(durable) = &attributes.durable {
        diagnostics
            .error(durable, "`#[durable]` is not supported yet")
            .help("this version runs workflows in memory");
    }
}
