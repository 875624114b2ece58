//! Rule: a run that goes round for ever keeps no more and more of itself.
//!
//! A history of the last `N` rows also keeps what an undo needs, and on a cycle that is one row more with each round.

use crate::ast::Clause;
use crate::diagnostics::Diagnostics;
use crate::graph::{Graph, ResolvedTransition, StateId};

pub(super) fn check(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    let durable = graph.ast.attributes.durable.as_ref();
    let Some(rows) = durable.and_then(|durable| durable.history) else {
        return;
    };
    for transition in &graph.transitions {
        let declaration = transition.declaration;
        let undone = transition.handlers.undo.iter().map(|(target, _)| *target);
        let own = declaration.clauses.undo();
        let own = own.filter(|_| is_on_cycle(graph, transition, undone));
        if let Some((clause, _)) = own {
            let what = format!("{} `{}`", declaration.kind.keyword(), declaration.name);
            grows(&what, clause, rows, diagnostics);
        }
        for branch in declaration.branches() {
            let undo = branch.clauses.undo();
            let targets = transition.targets.iter().copied();
            if let Some((clause, _)) = undo.filter(|_| is_on_cycle(graph, transition, targets)) {
                let what = format!("{} `{}`", branch.keyword, branch.name);
                grows(&what, clause, rows, diagnostics);
            }
        }
    }
}

/// Returns true if a run that the transition leads to one of `targets` may take it again.
fn is_on_cycle(
    graph: &Graph<'_>,
    transition: &ResolvedTransition<'_>,
    targets: impl Iterator<Item = StateId>,
) -> bool {
    let reached = graph.reachable(targets);
    let mut sources = transition.sources.iter();
    sources.any(|source| reached[source.0])
}

fn grows(what: &str, clause: &Clause, rows: u32, diagnostics: &mut Diagnostics) {
    diagnostics
        .warning(
            &clause.name,
            format!("{what} is on a cycle, and each round keeps one row more than the {rows} of `history`: what is to be undone is never dropped"),
        )
        .help("put the `undo` on a transition that a run takes once, or leave `history` out if that is meant");
}
