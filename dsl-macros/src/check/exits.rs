//! Rule: at any time exactly one party may move a run.
//!
//! A state is left by one step or split, which signals may interrupt, or it waits: for signals, for timers, and for at
//! most one poll.

use proc_macro2::Ident;

use crate::ast::{TransitionKind, plain};
use crate::diagnostics::{Diagnostics, position};
use crate::graph::{Graph, ResolvedTransition, StateId};

pub(super) fn check(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    nothing_to_interrupt(graph, diagnostics);
    for id in graph.ids() {
        let state = graph.state(id);
        if state.kind.is_final() {
            continue;
        }
        // The deadline of the workflow leaves every state.
        let is_judged = |it: &&ResolvedTransition<'_>| {
            it.is_whole && it.declaration.interrupts().is_none() && !it.declaration.is_deadline()
        };
        let mut exits = graph.exits(id).filter(is_judged);
        let Some(first) = exits.next() else { continue };
        let mut poll = is_poll(first).then_some(first);
        for second in exits {
            let active = [first, second]
                .iter()
                .any(|transition| transition.declaration.kind.is_active());
            if active {
                let error = report(diagnostics, state.name, first, second);
                let both = [first, second];
                let signal = both
                    .into_iter()
                    .find(|it| it.declaration.signal().is_some() && !it.declaration.is_internal);
                let group = both.into_iter().find_map(|it| group_of(graph, it, id));
                error.help(match (signal, group) {
                    (Some(signal), _) => format!(
                        "write `signal {} interrupts {} -> ..` if it may come while that runs, or put a state between them",
                        signal.declaration.name,
                        sources(graph, signal).join(" | ")
                    ),
                    (None, Some(group)) if both.iter().any(|it| is_timer(it)) => format!(
                        "a timer leaves a run that waits: put the states of `{group}` that wait into a group within it, and leave that; \
                         a step is limited by `with deadline(..)`, and the whole run by `deadline 30d;`"
                    ),
                    (None, Some(group)) => format!(
                        "declare `{}` behind group `{group}`, or name the states that are left in place of the group",
                        state.name
                    ),
                    (None, None) if both.iter().any(|it| is_timer(it)) => {
                        "a timer leaves a run that waits: a step is limited by `with timeout(5m)`, or `deadline(5m)` for all its calls".to_owned()
                    }
                    (None, None) => {
                        "let one transition lead to several states, or put a state between them".to_owned()
                    }
                });
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

/// The group by which the transition leaves the state.
fn group_of<'a>(
    graph: &Graph<'a>,
    transition: &ResolvedTransition<'_>,
    state: StateId,
) -> Option<&'a Ident> {
    let position = transition.sources.iter().position(|it| *it == state)?;
    let group = transition.by_group[position]?;
    Some(&graph.group(group).declaration.name)
}

/// Reports the signals that interrupt where nothing runs: something has to run in one of the states that are left.
fn nothing_to_interrupt(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    // A declaration that was not read may run there.
    let waits = |state: &StateId| {
        let mut exits = graph.exits(*state);
        !graph.state(*state).kind.is_final()
            && exits.all(|it| it.is_whole && !it.declaration.kind.is_active())
    };
    for transition in &graph.transitions {
        let Some(interrupts) = transition.declaration.interrupts() else {
            continue;
        };
        if !transition.is_whole || !transition.sources.iter().all(waits) {
            continue;
        }
        let signal = &transition.declaration.name;
        let states = sources(graph, transition).join("` or `");
        diagnostics
            .error(
                interrupts,
                format!(
                    "there is nothing that signal `{signal}` could interrupt: no step or split leaves `{states}`"
                ),
            )
            .help("write `:` in place of `interrupts`: a state that waits takes the signal");
    }
}

/// The states that the transition leaves, and its groups, as they were declared.
fn sources(graph: &Graph<'_>, transition: &ResolvedTransition<'_>) -> Vec<String> {
    let left = transition.sources.iter().zip(&transition.by_group);
    let mut names: Vec<_> = left
        .map(|(source, by)| match by {
            Some(group) => plain(&graph.group(*group).declaration.name),
            None => plain(graph.state(*source).name),
        })
        .collect();
    names.dedup();
    names
}

fn is_timer(transition: &ResolvedTransition<'_>) -> bool {
    matches!(transition.declaration.kind, TransitionKind::Timer { .. })
}

fn is_poll(transition: &ResolvedTransition<'_>) -> bool {
    matches!(transition.declaration.kind, TransitionKind::Poll { .. })
}

fn report<'d>(
    diagnostics: &'d mut Diagnostics,
    state: &Ident,
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
