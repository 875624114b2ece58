//! Rule: `once` stands where a handler is called once, of a run that outlives its process.

use crate::ast::{Clauses, TransitionKind};
use crate::diagnostics::Diagnostics;
use crate::graph::Graph;

pub(super) fn check(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    let is_durable = graph.ast.attributes.durable.is_some();
    for transition in &graph.ast.transitions {
        let (keyword, name) = (transition.kind.keyword(), &transition.name);
        let refused = match transition.kind {
            TransitionKind::Split(_) => Some("put it on its branches"),
            TransitionKind::Poll { .. } => {
                Some("a poll asks again and again: do what must happen once in a step behind it")
            }
            _ => None,
        };
        if let (Some(once), Some(help)) = (transition.clauses.once(), refused) {
            diagnostics
                .error(
                    once,
                    format!("{keyword} `{name}` has no handler that is called once"),
                )
                .help(help);
        } else {
            clauses(&transition.clauses, is_durable, diagnostics);
        }
        for branch in transition.branches() {
            let once = branch.clauses.once().filter(|_| transition.is_repeated());
            if let Some(once) = once {
                let of = &branch.name;
                diagnostics
                    .error(
                        once,
                        format!("branch `{of}` is called once, and the `retry` of split `{name}` calls all branches again"),
                    )
                    .help("put `retry` on the other branches, or leave `once` out");
            } else {
                clauses(&branch.clauses, is_durable, diagnostics);
            }
        }
    }
}

fn clauses(clauses: &Clauses, is_durable: bool, diagnostics: &mut Diagnostics) {
    let Some(once) = clauses.once() else { return };
    if clauses.retry().is_some() {
        diagnostics
            .error(once, "`once` and `retry` contradict each other: a handler that is called once is not called again")
            .help("leave one of them out");
    } else if !is_durable {
        diagnostics
            .error(
                once,
                "`once` says what follows when the process dies, and only a stored run outlives it",
            )
            .help("store the runs with `#[durable(version = 1)]`, or leave `once` out");
    }
}
