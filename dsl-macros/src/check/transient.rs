//! Rule: a transient state stands where a run only passes through.
//!
//! A transient state is never written to a store. A run that crashes in it goes on from the last
//! stored state, so there must be one; and a run must not wait or end where nothing remembers it.

use crate::ast::StateKind;
use crate::diagnostics::Diagnostics;
use crate::graph::Graph;

pub(super) fn check(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    for id in graph.ids() {
        let state = graph.state(id);
        let Some(transient) = state.declaration.and_then(|state| state.transient.as_ref()) else {
            continue;
        };
        let name = state.name;
        match state.kind {
            StateKind::Start => {
                diagnostics
                    .error(
                        transient,
                        format!("start state `{name}` cannot be transient"),
                    )
                    .help("nothing would be stored before it: begin in a stored state");
            }
            StateKind::Done | StateKind::Failed => {
                diagnostics
                    .error(
                        transient,
                        format!("final state `{name}` cannot be transient"),
                    )
                    .help("a store has to remember how the run ended");
            }
            StateKind::State => {
                let waits = graph
                    .exits(id)
                    .find(|exit| exit.declaration.is_event() && exit.declaration.unread.is_none());
                if let Some(waits) = waits {
                    let verb = match waits.declaration.interrupts() {
                        Some(_) => "would be interrupted by",
                        None => "would wait for",
                    };
                    let event = &waits.declaration.name;
                    diagnostics
                        .error(
                            transient,
                            format!("transient state `{name}` {verb} `{event}`"),
                        )
                        .help("a run that takes an event has to be stored: remove `transient`");
                }
            }
        }
    }
}
