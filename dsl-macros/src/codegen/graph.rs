//! The graph as constant data.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, format_ident, quote};

use super::context::Context;
use super::tokens::Tokens;
use super::{clauses, logs, split};
use crate::ast::{Due, StateKind, TransitionKind, plain};
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
            Due::After(duration) => {
                let milliseconds = duration.milliseconds;
                quote!(.after(#milliseconds))
            }
            Due::AfterField(field) => {
                let field = plain(field);
                quote!(.after_field(#field))
            }
            Due::At(field) => {
                let field = plain(field);
                quote!(.at(#field))
            }
            Due::Every(every) => {
                let milliseconds = every.milliseconds;
                quote!(.every(#milliseconds))
            }
        },
        TransitionKind::Poll { every, cap } => {
            let first = every.milliseconds;
            if let Some(cap) = cap {
                let cap = cap.milliseconds;
                quote!(.backoff(#first, #cap))
            } else {
                quote!(.every(#first))
            }
        }
        _ => TokenStream::new(),
    }
}

fn positions(states: &[StateId]) -> TokenStream {
    let positions = states.iter().map(|StateId(index)| index);
    quote!(&[#(#positions),*])
}
