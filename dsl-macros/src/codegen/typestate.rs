//! The transitions by hand: one method each, legal where the declaration says so.
//!
//! For rustc a method stands on every `Order<S>` with a bound that only the declared source
//! satisfies: a call in a wrong state then names the workflow's own words, where a missing method
//! would not. For editors and rustdoc the same method stands on `Order<Source>` alone, so that
//! completion and documentation show what is legal.
//!
//! rustc checks each item and each body, so there are as few of either as can be: 20 workflows
//! of 10 states are checked at every keystroke.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

use super::any;
use super::by_hand;
use super::context::Context;
use super::unmatched;
use crate::ast::{self, StateKind, plain};
use crate::graph::StateId;

pub(super) fn methods(cx: &Context<'_>) -> TokenStream {
    let names = cx.names(Span::call_site());
    // An error that says where one is declared points at the transition.
    let markers = markers(cx).map(|marker| {
        let span = cx.at(marker.span());
        quote_spanned!(span=> pub enum #marker {})
    });
    let lists = lists(cx);
    let conversions = any::conversions(cx);
    let methods = by_hand::methods(cx);
    let unmatched = unmatched::methods(cx);
    quote! {
        mod #names { #(#markers)* }
        #lists
        #conversions
        #methods
        #unmatched
    }
}

/// The implementations of states and transitions: the pattern is in the crate `stateway-core`.
fn lists(cx: &Context<'_>) -> TokenStream {
    let Context {
        workflow,
        here,
        input,
        state,
        any,
        end,
        ..
    } = cx;
    let (alias, names) = (cx.alias(Span::call_site()), cx.names(Span::call_site()));
    let (mut states, mut starts) = (TokenStream::new(), TokenStream::new());
    let mut finals = TokenStream::new();
    for (position, id) in cx.graph.ids().enumerate() {
        let (name, exits) = (cx.graph.state(id).name, exits(cx, id));
        states.extend(quote!(#name #position (#(#exits)*);));
        if cx.graph.state(id).kind.is_final() {
            finals.extend(quote!(#name #position;));
        }
        // Where another state is no start, rustc shows the impls of those that are.
        if cx.graph.state(id).kind == StateKind::Start {
            let span = cx.at(name.span());
            let alias = cx.alias(span);
            starts.extend(quote_spanned! {span=>
                impl #alias::StartState<#workflow> for #name { type This = Self; }
            });
        }
    }
    let (mut transitions, mut shared) = (TokenStream::new(), TokenStream::new());
    for (position, transition) in cx.graph.transitions.iter().enumerate() {
        // Without a source there is a syntax error, and nothing that the method could take.
        if transition.sources.is_empty() {
            continue;
        }
        let (name, outcome) = (&transition.declaration.name, &transition.outcome);
        let targets: Vec<_> = transition
            .targets
            .iter()
            .map(|it| cx.graph.state(*it).name)
            .collect();
        let moved = groups(&targets);
        transitions.extend(quote!(#name #outcome #position (#(#targets)*) {#moved};));
        for source in &transition.sources {
            // A transition that leaves a state alone is its source by a blanket impl.
            if cx.graph.exits(*source).count() > 1 {
                let (source, exits) = (cx.graph.state(*source).name, exits(cx, *source));
                shared.extend(quote!(#source #name (#(#exits)*);));
            }
        }
    }
    let names_of_states = cx.graph.states.iter().map(|state| state.name);
    let members = groups(&names_of_states.collect::<Vec<_>>());
    quote! {
        #alias::typestate! {
            #workflow<#here> #input #state #any #end #names;
            states { #states }
            groups { #members }
            finals { #finals }
            transitions { #transitions }
            shared { #shared }
        }

        #starts
    }
}

/// States in groups: what is moved in one `match` has room for each of them on the stack.
fn groups(states: &[&Ident]) -> TokenStream {
    let groups = states.chunks(8);
    groups.map(|group| quote!([#(#group)*])).collect()
}

/// Types that compile errors print: the transitions by name.
fn markers(cx: &Context<'_>) -> impl Iterator<Item = Ident> {
    let transitions = cx.graph.transitions.iter();
    let mut seen = BTreeSet::new();
    transitions
        .map(|it| it.declaration.name.clone())
        .chain(cx.plan.kept.iter().map(|kept| kept.keeper.name().clone()))
        .chain(cx.plan.transitions.iter().flat_map(|planned| {
            let undone = planned.undone_branches();
            undone.map(|(_, _, handler)| handler.clone())
        }))
        .chain(
            cx.version
                .iter()
                .flat_map(|_| cx.graph.ast.logs.iter().map(|log| log.name.clone())),
        )
        .chain(cx.version.iter().flat_map(|_| {
            let branches = cx
                .graph
                .ast
                .transitions
                .iter()
                .flat_map(ast::Transition::branches);
            branches.map(|branch| branch.name.clone())
        }))
        .filter(move |name| seen.insert(plain(name)))
        .collect::<Vec<_>>()
        .into_iter()
}

/// The names that a compile error prints as the transitions that leave a state.
fn exits(cx: &Context<'_>, state: StateId) -> Vec<Ident> {
    let exits = cx.graph.exits(state);
    exits.map(|exit| exit.declaration.name.clone()).collect()
}
