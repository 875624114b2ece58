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
use super::context::Context;
use super::reader::Reader;
use super::tokens::Tokens;
use crate::ast::{self, StateKind, plain};
use crate::graph::{OWN_METHODS, ResolvedTransition, StateId};

pub(super) fn methods(cx: &Context<'_>) -> TokenStream {
    let names = cx.names(Span::call_site());
    let markers = markers(cx);
    let lists = lists(cx);
    let conversions = any::conversions(cx);
    let methods = methods_of(cx);
    quote! {
        mod #names { #(pub enum #markers {})* }
        #lists
        #conversions
        #methods
    }
}

/// What the states and the transitions implement: the pattern is in the crate `stateway-core`.
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
            starts.extend(quote_spanned!(span=> impl #alias::StartState<#workflow> for #name {}));
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
            // What leaves a state alone is its source by a blanket impl.
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

/// The methods, where their readers look for them.
fn methods_of(cx: &Context<'_>) -> TokenStream {
    let (workflow, here) = (&cx.workflow, &cx.here);
    let callable = cx.graph.transitions.iter().filter(|transition| {
        let name = plain(&transition.declaration.name);
        !transition.sources.is_empty() && !OWN_METHODS.contains(&name.as_str())
    });
    if cx.reader == Reader::Compiler {
        let methods = callable.map(|transition| {
            // The states of several are told apart by the machine's own.
            let source = match transition.sources.as_slice() {
                [source] => cx.graph.state(*source).name,
                _ => here,
            };
            method(cx, transition, source)
        });
        return quote!(impl<#here> #workflow<#here> { #(#methods)* });
    }
    let impls = callable.flat_map(|transition| {
        transition.sources.iter().map(|source| {
            let source = cx.graph.state(*source).name;
            let span = cx.at(transition.declaration.name.span());
            let method = method(cx, transition, source);
            quote_spanned!(span=> impl #workflow<#source> { #method })
        })
    });
    impls.collect()
}

/// The method of a transition that takes `source`.
fn method(cx: &Context<'_>, transition: &ResolvedTransition<'_>, source: &Ident) -> TokenStream {
    let declaration = transition.declaration;
    let name = &declaration.name;
    let span = cx.at(name.span());
    let (workflow, here) = (&cx.workflow, &cx.here);
    let (private, visibility) = (cx.alias(span), cx.visibility(span));
    let outcome = &transition.outcome;
    // They print as what the declaration says.
    let names = cx.names(span);
    let label = Tokens::of(quote_spanned!(span=> #names::#name));
    let targets = transition.targets.iter().map(|it| cx.graph.state(*it).name);
    let targets = match targets.collect::<Vec<_>>().as_slice() {
        [target] => quote!(#target),
        targets => quote!((#(#targets),*)),
    };
    let next = cx.fresh.ident_at("Next", span);
    let from = (cx.reader == Reader::Compiler).then(|| {
        quote_spanned! {span=>
            #here: #private::State + #private::Source<#label, #source, <#here as #private::State>::Exits>,
        }
    });
    // A signal is moved with what it carries.
    let carried = declaration.payload();
    let payload = Ident::new("payload", span);
    let (parameter, and_payload) = match carried {
        Some(ty) => (
            Some(quote_spanned!(span=> #payload: #ty,)),
            Some(quote_spanned!(span=> , #ty)),
        ),
        None => (None, None),
    };
    let next_state = if carried.is_some() {
        quote_spanned!(span=> move |source| next(source, #payload))
    } else {
        quote_spanned!(span=> next)
    };
    let attributes = &declaration.attributes.kept;
    // The user's own documentation, if there is any, is a paragraph of its own.
    let doc = cx.doc(|| {
        let keyword = declaration.kind.keyword();
        format!("\nMoves the machine along {keyword} `{name}`: `next` turns the source state into the one that follows.")
    });
    // "takes ownership of the receiver, which moves .." then points at the declaration.
    quote_spanned! {span=>
        #(#attributes)*
        #doc
        #visibility fn #name<#next>(
            self,
            #parameter
            next: impl #private::FnOnce(#source #and_payload) -> #next,
        ) -> #workflow<#next>
        where
            #from
            #next: #private::Target<#outcome, #label, #targets>,
        {
            #workflow(#private::advance(self.0, #next_state))
        }
    }
}
