//! Rule: the field that says when a timer fires is one of every state that the timer leaves, and what recurs leaves none.

use quote::ToTokens as _;

use crate::ast::{Due, Duration, Transition, TransitionKind, plain};
use crate::diagnostics::Diagnostics;
use crate::graph::{Graph, ResolvedTransition};
use crate::suggest;

pub(super) fn check(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    for transition in &graph.ast.transitions {
        match &transition.kind {
            TransitionKind::Timer {
                due: Due::Every(every),
            } if !transition.is_internal => recurs(transition, every, diagnostics),
            TransitionKind::Poll {
                every,
                cap: Some(cap),
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
        let TransitionKind::Timer {
            due: due @ (Due::AfterField(field) | Due::At(field)),
        } = &transition.declaration.kind
        else {
            continue;
        };
        let mut judged = Vec::new();
        for (source, by) in transition.sources.iter().zip(&transition.by_group) {
            let state = graph.state(*source);
            let is_known = graph.field(*source, *by, field).is_some();
            if state.declaration.is_none() || is_known || (by.is_some() && judged.contains(by)) {
                continue;
            }
            judged.push(*by);
            let names = graph.field_names(*source, *by);
            let called = match by {
                Some(group) => format!("group `{}`", graph.group(*group).declaration.name),
                None => format!("state `{}`", state.name),
            };
            let error = diagnostics.error(field, format!("{called} has no field `{field}`"));
            let known = || names.iter().map(String::as_str);
            if let Some(nearest) = suggest::nearest(&plain(field), known()) {
                error.help(format!("did you mean `{nearest}`?"));
                continue;
            }
            let ty = match due {
                Due::At(_) => "std::time::SystemTime",
                _ => "std::time::Duration",
            };
            error.help(format!("give it one: `{field}: {ty}`"));
            if !names.is_empty() {
                error.note(format!("its fields are {}", suggest::all_of(known())));
            }
        }
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
            due: Due::After(duration),
        } => duration.to_token_stream(),
        TransitionKind::Timer {
            due: Due::AfterField(field),
        } => field.to_token_stream(),
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
fn recurs(timer: &Transition, every: &Duration, diagnostics: &mut Diagnostics) {
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
            every.literal
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
