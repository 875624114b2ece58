//! Rule: a clause stands where it has something to act on.

use crate::ast::{Branch, Clause, ClauseKind, Transition};
use crate::diagnostics::Diagnostics;
use crate::graph::Graph;

pub(super) fn check(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    for transition in &graph.transitions {
        let transition = transition.declaration;
        for clause in transition.clauses.iter() {
            if clause.kind() == ClauseKind::Spawn {
                on_transition(transition, clause, diagnostics);
            }
        }
        for branch in transition.branches() {
            on_branch(branch, diagnostics);
        }
    }
}

fn on_transition(transition: &Transition, clause: &Clause, diagnostics: &mut Diagnostics) {
    let (keyword, name) = (transition.kind.keyword(), &transition.name);
    diagnostics
        .error(
            &clause.name,
            format!("{keyword} `{name}` cannot be spawned"),
        )
        .help("`with spawn` belongs on a `branch` of a split");
}

fn on_branch(branch: &Branch, diagnostics: &mut Diagnostics) {
    let name = &branch.name;
    for clause in branch.clauses.iter() {
        let (message, help) = match clause.kind() {
            ClauseKind::Catch => (
                format!("branch `{name}` has no targets that `catch` could lead to"),
                "put `catch(..)` on the split, or let the join take a failed branch",
            ),
            ClauseKind::Else if branch.clauses.pause().is_some() => (
                format!("branch `{name}` is no place to pause a run: the others are running"),
                "put `else pause` on the split, or let the join take a failed branch",
            ),
            ClauseKind::Else => (
                format!("branch `{name}` has no targets that `else` could lead to"),
                "put `else` on the split, or let the join take a failed branch",
            ),
            _ => continue,
        };
        diagnostics.error(&clause.name, message).help(help);
    }
}
