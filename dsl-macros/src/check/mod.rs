//! The rules of a declaration. One file holds one rule or one family of rules; none emits code.
//!
//! Rules about a single declaration are always judged, and those about the ends of transitions for each that was
//! read and leads where it says. Rules about the graph as a whole are judged only if that is so of all: a typo must
//! not blame two innocent states.

mod clauses;
mod collisions;
mod dead_end;
mod durable;
mod effects;
mod ends;
mod exits;
mod fallback;
mod final_exit;
mod groups;
mod growth;
mod handlers;
mod hidden;
mod index;
mod late;
mod logs;
mod once;
mod places;
mod reachable;
mod retry;
mod sources;
mod splits;
mod timers;
mod transient;
mod undo;

use crate::diagnostics::Diagnostics;
use crate::graph::Graph;

/// Reports everything that is illegal in a resolved declaration.
///
/// `durable` says whether the crate was built with stores.
pub(crate) fn check(graph: &Graph<'_>, durable: bool, diagnostics: &mut Diagnostics) {
    durable::check(graph, durable, diagnostics);
    groups::check(graph, diagnostics);
    logs::check(graph, diagnostics);
    sources::check(graph, diagnostics);
    clauses::check(graph, diagnostics);
    fallback::check(graph, diagnostics);
    retry::check(graph, diagnostics);
    once::check(graph, diagnostics);
    splits::check(graph, diagnostics);
    places::check(graph, diagnostics);
    timers::check(graph, diagnostics);
    late::check(graph, diagnostics);
    index::check(graph, diagnostics);
    handlers::check(graph, diagnostics);
    collisions::check(graph, diagnostics);
    hidden::check(graph, diagnostics);
    transient::check(graph, diagnostics);
    undo::check(graph, diagnostics);
    effects::check(graph, diagnostics);
    final_exit::check(graph, diagnostics);
    exits::check(graph, diagnostics);
    if diagnostics.states_are_known() {
        ends::check(graph, diagnostics);
    }
    if diagnostics.graph_is_whole() {
        reachable::check(graph, diagnostics);
        dead_end::check(graph, diagnostics);
        growth::check(graph, diagnostics);
    }
}
