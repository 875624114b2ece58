//! The graph as constant data.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::context::Context;
use super::{clauses, split};
use crate::ast::{StateKind, TransitionKind, plain};
use crate::graph::StateId;

/// The expression for `Order::GRAPH`.
pub(super) fn constant(cx: &Context<'_>) -> TokenStream {
    let private = cx.private(cx.workflow.span());
    let graph = cx.graph;
    let name = plain(&cx.graph.ast.name);
    let states = graph.states.iter().map(|state| {
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
        quote!(state(#name, StateKind::#kind, #transient))
    });
    let transitions = graph.transitions.iter().map(|transition| {
        let name = plain(&transition.declaration.name);
        let kind = format_ident!(
            "{}",
            match transition.declaration.kind {
                TransitionKind::Step => "Step",
                TransitionKind::Signal { .. } => "Signal",
                TransitionKind::Timer { .. } => "Timer",
                TransitionKind::Poll { .. } => "Poll",
                TransitionKind::Split(_) => "Split",
            }
        );
        let sources = positions(&transition.sources);
        let targets = positions(&transition.targets);
        let policy = clauses::constant(cx, transition);
        let split = split::constant(cx, transition);
        quote!(transition(#name, TransitionKind::#kind, #sources, #targets)#policy #split)
    });
    let deadline = cx.graph.ast.deadline.as_ref().map(|deadline| {
        let milliseconds = deadline.milliseconds;
        quote!(.deadline(#milliseconds))
    });
    quote!({
        use #private::{StateKind, TransitionKind, graph, state, transition};

        &graph(#name, &[#(#states),*], &[#(#transitions),*])#deadline
    })
}

fn positions(states: &[StateId]) -> TokenStream {
    let positions = states.iter().map(|StateId(index)| index);
    quote!(&[#(#positions),*])
}
