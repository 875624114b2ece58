//! Rule: every declared state can be reached from a start state.
//!
//! An unreachable state would compile into a typestate that no program can hold.

use crate::diagnostics::Diagnostics;
use crate::graph::Graph;
use crate::suggest;

pub(super) fn check(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    let starts: Vec<String> = graph.names(graph.starts());
    if starts.is_empty() {
        // Nothing is reachable then, and the missing start is reported.
        return;
    }
    let starts = suggest::any_of(starts.iter().map(String::as_str));
    let reachable = graph.reachable(graph.starts());
    for id in graph.ids().filter(|id| !reachable[id.0]) {
        let name = graph.state(id).name;
        diagnostics
            .error(
                name,
                format!("state `{name}` can never be reached from {starts}"),
            )
            .help("add a transition that leads here, or remove the state");
    }
}
