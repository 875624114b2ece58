//! The graph as constant data.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, format_ident, quote};

use super::context::Context;
use super::tokens::Tokens;
use super::{clauses, logs, split};
use crate::ast::{Due, Duration, Given, Place, StateKind, TransitionKind, plain};
use crate::graph::{Graph, StateId};
use crate::plan::Standing;
use crate::text;

/// The expression for `Order::GRAPH`.
pub(super) fn constant(cx: &Context<'_>) -> TokenStream {
    let private = cx.private(cx.workflow.span());
    let graph = cx.graph;
    let name = plain(&cx.graph.ast.name);
    let states = graph.states.iter().enumerate().map(|(position, state)| {
        let name = plain(state.name);
        let kind = format_ident!(
            "{}",
            match state.kind {
                StateKind::Start => "Start",
                StateKind::State => "State",
                StateKind::Done => "Done",
                StateKind::Failed => "Failed",
            }
        );
        let transient = state
            .declaration
            .is_some_and(|declaration| declaration.transient.is_some());
        let waits = (cx.plan.standings[position] == Standing::Waiting).then(|| quote!(.waits()));
        let interrupted = cx.plan.is_interrupted(StateId(position));
        let interrupted = interrupted.then(|| quote!(.interrupted()));
        quote!(state(#name, StateKind::#kind, #transient)#waits #interrupted)
    });
    let transitions = graph.transitions.iter().map(|transition| {
        let name = plain(&transition.declaration.name);
        let kind = format_ident!(
            "{}",
            match transition.declaration.kind {
                TransitionKind::Step => "Step",
                TransitionKind::Signal(_) => "Signal",
                TransitionKind::Timer { .. } => "Timer",
                TransitionKind::Poll { .. } => "Poll",
                TransitionKind::Split(_) => "Split",
                TransitionKind::Deadline(_) => "Deadline",
            }
        );
        let sources = positions(&transition.sources);
        let targets = positions(&transition.targets);
        let policy = clauses::constant(cx, transition);
        let split = split::constant(cx, transition);
        let event = event(&transition.declaration.kind);
        quote!(transition(#name, TransitionKind::#kind, #sources, #targets)#event #policy #split)
    });
    let deadline = cx.graph.ast.deadline.as_ref().map(|deadline| {
        let milliseconds = deadline.milliseconds;
        quote!(.deadline(#milliseconds))
    });
    let groups = groups(graph, &private);
    let group = groups.is_some().then(|| quote!(, group));
    let logs = logs::constant(cx);
    let log = logs.is_some().then(|| quote!(, log));
    quote!({
        use #private::{StateKind, TransitionKind, graph, state, transition #group #log};

        &graph(#name, &[#(#states),*], &[#(#transitions),*])#deadline #groups #logs
    })
}

/// The groups, if there are any.
fn groups(graph: &Graph<'_>, private: &Tokens) -> Option<TokenStream> {
    let groups = graph.groups.iter().map(|group| {
        let name = plain(&group.declaration.name);
        let states = positions(&group.members);
        let within = group.declaration.within.map_or_else(
            || quote!(#private::None),
            |within| quote!(#private::Some(#within)),
        );
        quote!(group(#name, #states, #within))
    });
    (!graph.groups.is_empty()).then(|| quote!(.groups(&[#(#groups),*])))
}

/// When a timer fires, and what a signal carries.
fn event(kind: &TransitionKind) -> TokenStream {
    match kind {
        TransitionKind::Signal(signal) => {
            let payload = signal.payload.as_ref().map(|payload| {
                let payload = text::written(payload.to_token_stream());
                quote!(.payload(#payload))
            });
            let interrupts = signal.interrupts.as_ref().map(|_| quote!(.interrupts()));
            quote!(#payload #interrupts)
        }
        TransitionKind::Timer { due } => match due {
            Due::After(Given::Written(duration)) => {
                let milliseconds = duration.milliseconds;
                quote!(.after(#milliseconds))
            }
            Due::After(Given::Field(place)) => {
                let field = place.name();
                quote!(.after_field(#field))
            }
            Due::At(place) => {
                let field = place.name();
                quote!(.at(#field))
            }
            Due::Every(every) => pause(every),
        },
        TransitionKind::Poll { every, cap } => {
            let Some(cap) = cap else {
                return pause(every);
            };
            let milliseconds =
                |time: &Given<Duration>| time.written().map_or(0, |it| it.milliseconds);
            let pauses = [milliseconds(every), milliseconds(cap)];
            let first = every.field().map(Place::name);
            let first = first.map(|field| quote!(.first_in(#field)));
            let longest = cap.field().map(Place::name);
            let longest = longest.map(|field| quote!(.cap_in(#field)));
            quote!(.backoff(#(#pauses),*) #first #longest)
        }
        _ => TokenStream::new(),
    }
}

/// The pause of what comes again and again.
fn pause(every: &Given<Duration>) -> TokenStream {
    match every {
        Given::Written(every) => {
            let milliseconds = every.milliseconds;
            quote!(.every(#milliseconds))
        }
        Given::Field(place) => {
            let field = place.name();
            quote!(.every_field(#field))
        }
    }
}

fn positions(states: &[StateId]) -> TokenStream {
    let positions = states.iter().map(|StateId(index)| index);
    quote!(&[#(#positions),*])
}
