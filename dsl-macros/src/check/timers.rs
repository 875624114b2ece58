//! Rule: the field that says when a timer fires is one of every state that the timer leaves, and what recurs leaves none.

use crate::ast::{Due, Duration, Transition, TransitionKind, plain};
use crate::diagnostics::Diagnostics;
use crate::graph::Graph;
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
        let TransitionKind::Timer {
            due: due @ (Due::AfterField(field) | Due::At(field)),
        } = &transition.declaration.kind
        else {
            continue;
        };
        for source in &transition.sources {
            let state = graph.state(*source);
            let Some(declaration) = state.declaration else {
                continue;
            };
            let fields = declaration.fields.as_deref().unwrap_or_default();
            let names: Vec<String> = fields.iter().map(|field| plain(&field.name)).collect();
            if names.contains(&plain(field)) {
                continue;
            }
            let name = state.name;
            let error = diagnostics.error(field, format!("state `{name}` has no field `{field}`"));
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
