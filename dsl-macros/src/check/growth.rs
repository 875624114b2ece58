//! Rule: a run that goes round for ever keeps no more and more of itself.
//!
//! A history of the last `N` rows also keeps what an undo needs, and on a cycle that is one row more with each round.

use crate::diagnostics::Diagnostics;
use crate::graph::Graph;

pub(super) fn check(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    let durable = graph.ast.attributes.durable.as_ref();
    let Some(rows) = durable.and_then(|durable| durable.history) else {
        return;
    };
    for transition in &graph.transitions {
        let Some((clause, _)) = transition.declaration.clauses.undo() else {
            continue;
        };
        let undone = transition.handlers.undo.iter().map(|(target, _)| *target);
        let reached = graph.reachable(undone);
        if transition.sources.iter().any(|source| reached[source.0]) {
            let (keyword, name) = (
                transition.declaration.kind.keyword(),
                &transition.declaration.name,
            );
            diagnostics
                .warning(
                    &clause.name,
                    format!("{keyword} `{name}` is on a cycle, and each round keeps one row more than the {rows} of `history`: what is to be undone is never dropped"),
                )
                .help("put the `undo` on a transition that a run takes once, or leave `history` out if that is meant");
        }
    }
}
