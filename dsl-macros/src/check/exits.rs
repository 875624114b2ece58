//! Rule: at any time exactly one party may move a run.
//!
//! A state is left by one step or split, or it waits: for signals, for timers, and for at most
//! one poll.

use crate::ast::TransitionKind;
use crate::diagnostics::{Diagnostics, position};
use crate::graph::{Graph, ResolvedTransition};

pub(super) fn check(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    for id in graph.ids() {
        let state = graph.state(id);
        if state.kind.is_final() {
            continue;
        }
        let mut exits = graph.exits(id).filter(|it| it.is_whole);
        let Some(first) = exits.next() else { continue };
        let mut poll = is_poll(first).then_some(first);
        for second in exits {
            let active = [first, second]
                .iter()
                .any(|transition| transition.declaration.kind.is_active());
            if active {
                report(diagnostics, state.name, first, second)
                    .help("let one transition lead to several states, or put a state between them");
                continue;
            }
            match (poll, is_poll(second)) {
                (Some(poll), true) => {
                    report(diagnostics, state.name, poll, second).help("ask for both in one poll");
                }
                (None, true) => poll = Some(second),
                (_, false) => {}
            }
        }
    }
}

fn is_poll(transition: &ResolvedTransition<'_>) -> bool {
    matches!(transition.declaration.kind, TransitionKind::Poll { .. })
}

fn report<'d>(
    diagnostics: &'d mut Diagnostics,
    state: &proc_macro2::Ident,
    first: &ResolvedTransition<'_>,
    second: &ResolvedTransition<'_>,
) -> &'d mut crate::diagnostics::Diagnostic {
    let (first, second) = (first.declaration, second.declaration);
    diagnostics
        .error(
            &second.name,
            format!(
                "state `{state}` is left by {} `{}` already",
                first.kind.keyword(),
                first.name
            ),
        )
        .note(format!(
            "`{}` is declared at {}",
            first.name,
            position(first.name.span())
        ))
}
