//! Rule: a timer counts from one moment, and what recurs leaves no state. `places.rs` has the fields that they read.

use quote::ToTokens as _;

use crate::ast::{Due, Duration, Given, Transition, TransitionKind};
use crate::diagnostics::Diagnostics;
use crate::graph::{Graph, ResolvedTransition};

pub(super) fn check(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    for transition in &graph.ast.transitions {
        match &transition.kind {
            TransitionKind::Timer {
                due: Due::Every(every),
            } if !transition.is_internal && transition.is_read => {
                recurs(transition, every, diagnostics);
            }
            TransitionKind::Poll {
                every: Given::Written(every),
                cap: Some(Given::Written(cap)),
            } => backs_off(every, cap, diagnostics),
            _ => {}
        }
    }
    // A state that could not be read may have the field.
    if !diagnostics.all_is_read() {
        return;
    }
    for transition in graph.transitions.iter().filter(|it| it.is_whole) {
        begins_anew(graph, transition, diagnostics);
    }
}

/// A time that counts from when a state was entered begins anew in each state of a group.
fn begins_anew(
    graph: &Graph<'_>,
    transition: &ResolvedTransition<'_>,
    diagnostics: &mut Diagnostics,
) {
    let after = match &transition.declaration.kind {
        TransitionKind::Timer {
            due: Due::After(after),
        } => after.to_token_stream(),
        _ => return,
    };
    let groups = transition.by_group.iter().flatten();
    let Some(group) = groups
        .copied()
        .find(|it| graph.group(*it).members.len() > 1)
    else {
        return;
    };
    let (timer, group) = (&transition.declaration.name, graph.group(group));
    let (name, members) = (
        &group.declaration.name,
        graph.names(group.members.iter().copied()),
    );
    diagnostics
        .error(
            &after,
            format!(
                "timer `{timer}` counts from when a state is entered, and would begin anew in each of group `{name}`"
            ),
        )
        .help(format!(
            "keep the time in the group: `timer {timer} at until: {name} -> ..` with a field `until: std::time::SystemTime`"
        ))
        .note(format!("if it is to begin anew, name the states: `{}`", members.join(" | ")));
}

/// A timer that leaves its state fires once.
fn recurs(timer: &Transition, every: &Given<Duration>, diagnostics: &mut Diagnostics) {
    let name = &timer.name;
    diagnostics
        .error(
            every,
            format!(
                "timer `{name}` leaves its state when it fires first, and fires no second time"
            ),
        )
        .help(format!(
            "write `after {}`, or leave the arrow out to stay in the state",
            every.text()
        ));
}

fn backs_off(every: &Duration, cap: &Duration, diagnostics: &mut Diagnostics) {
    if every.milliseconds > cap.milliseconds {
        let (first, last) = (&every.literal, &cap.literal);
        diagnostics
            .error(
                every,
                format!("the first pause, `{first}`, is above the longest, `{last}`"),
            )
            .help(format!(
                "write the shorter one first: `every {last}..{first}`"
            ));
    }
}
