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
use quote::{format_ident, quote, quote_spanned};

use super::{Context, Reader, Tokens, policy, steps};
use crate::ast::{self, StateKind, plain};
use crate::graph::{OWN_METHODS, StateId, Transition};

pub(super) fn methods(cx: &Context<'_>) -> TokenStream {
    let names = cx.names(Span::call_site());
    let markers = markers(cx);
    let methods = methods_of(cx);
    let states = cx.graph.ids().map(|id| state(cx, id));
    let transitions = cx.graph.transitions.iter().map(|it| transition(cx, it));
    quote! {
        mod #names { #(pub enum #markers {})* }
        #(#states)*
        #(#transitions)*
        #methods
    }
}

/// Types that compile errors print: the transitions by name and by keyword, and what is legal in
/// a final state.
fn markers(cx: &Context<'_>) -> impl Iterator<Item = Ident> {
    let transitions = cx.graph.transitions.iter().map(|it| it.declaration);
    let mut seen = BTreeSet::new();
    transitions
        .flat_map(|it| [it.name.clone(), format_ident!("{}", it.kind.keyword())])
        .chain(
            policy::kept(cx)
                .into_iter()
                .map(|(_, handler)| handler.clone()),
        )
        .chain(cx.version.iter().flat_map(|_| {
            let branches = cx.graph.ast.transitions.iter();
            let branches = branches.flat_map(ast::Transition::branches);
            branches.map(|branch| branch.name.clone())
        }))
        .chain([format_ident!("nothing")])
        .filter(move |name| seen.insert(plain(name)))
        .collect::<Vec<_>>()
        .into_iter()
}

fn state(cx: &Context<'_>, id: StateId) -> TokenStream {
    let name = cx.graph.state(id).name;
    let span = cx.at(name.span());
    let (workflow, any, input, private) = (&cx.workflow, &cx.any, &cx.input, cx.alias(span));
    let exits = exits(cx, id);
    let is_start = cx.graph.state(id).kind == StateKind::Start;
    let start =
        is_start.then(|| quote_spanned!(span=> impl #private::StartState<#workflow> for #name {}));
    quote_spanned! {span=>
        impl #private::State for #name {
            type Workflow = #workflow;
            type Exits = #exits;

            fn any(machine: #private::Machine<#input, Self>) -> #any { #any::#name(#workflow(machine)) }
        }

        #start
    }
}

/// The type that a compile error prints as the transitions that leave a state.
fn exits(cx: &Context<'_>, state: StateId) -> TokenStream {
    let exits = cx.graph.exits(state).map(|exit| &exit.declaration.name);
    let module = cx.names(cx.at(cx.graph.state(state).name.span()));
    match exits.collect::<Vec<_>>().as_slice() {
        [] => quote!(#module::nothing),
        [name] => quote!(#module::#name),
        names => quote!((#(#module::#names),*)),
    }
}

fn transition(cx: &Context<'_>, transition: &Transition<'_>) -> TokenStream {
    // Without a source there is a syntax error, and nothing that the method could take.
    let Some(source_id) = transition.sources.first().copied() else {
        return TokenStream::new();
    };
    let source = cx.graph.state(source_id).name;
    let declaration = transition.declaration;
    let name = &declaration.name;
    let span = cx.at(name.span());
    let (workflow, private) = (&cx.workflow, cx.alias(span));
    let outcome = &transition.outcome;
    let to: Vec<_> = transition
        .targets
        .iter()
        .map(|it| cx.graph.state(*it).name)
        .collect();
    let state = &cx.state;
    let Labels {
        kind,
        name: marker,
        targets: all_targets,
    } = labels(cx, transition);
    // What leaves a state alone is its source by a blanket impl.
    let several = (cx.graph.exits(source_id).count() > 1).then(|| {
        let exits = exits(cx, source_id);
        quote_spanned!(span=> impl #private::Source<#marker, #source, #exits> for #source {})
    });
    let accepted = to.iter().map(|target| {
        quote_spanned! {span=>
            impl #private::Accepts<#target> for #outcome {
                fn accept(state: #target) -> Self { #outcome::#target(state) }
            }
        }
    });
    let position = steps::position(cx, transition);
    quote_spanned! {span=>
        impl #private::Transition for #outcome {
            type Workflow = #workflow;
            const POSITION: usize = #position;
            type Kind = #kind;
            type Name = #marker;
            type Targets = #all_targets;

            fn into_state(self) -> #state {
                match self { #(#outcome::#to(state) => #state::#to(state),)* }
            }
        }

        #several

        #(#accepted)*
    }
}

/// The methods, where their readers look for them.
fn methods_of(cx: &Context<'_>) -> TokenStream {
    let (workflow, here) = (&cx.workflow, &cx.here);
    let callable = cx.graph.transitions.iter().filter(|transition| {
        let name = plain(&transition.declaration.name);
        !transition.sources.is_empty() && !OWN_METHODS.contains(&name.as_str())
    });
    if cx.reader == Reader::Compiler {
        let methods = callable.map(|it| method(cx, it));
        return quote!(impl<#here> #workflow<#here> { #(#methods)* });
    }
    let impls = callable.map(|transition| {
        let source = cx.graph.state(transition.sources[0]).name;
        let span = cx.at(transition.declaration.name.span());
        let method = method(cx, transition);
        quote_spanned!(span=> impl #workflow<#source> { #method })
    });
    impls.collect()
}

fn method(cx: &Context<'_>, transition: &Transition<'_>) -> TokenStream {
    let declaration = transition.declaration;
    let name = &declaration.name;
    let span = cx.at(name.span());
    let (workflow, here) = (&cx.workflow, &cx.here);
    let (private, visibility) = (cx.alias(span), cx.visibility(span));
    let source = cx.graph.state(transition.sources[0]).name;
    let outcome = &transition.outcome;
    let Labels {
        kind,
        name: label,
        targets,
    } = labels(cx, transition);
    let next = cx.fresh.ident_at("Next", span);
    let from = (cx.reader == Reader::Compiler).then(|| {
        quote_spanned! {span=>
            #here: #private::State + #private::Source<#label, #source, <#here as #private::State>::Exits>,
        }
    });
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
            next: impl #private::FnOnce(#source) -> #next,
        ) -> #workflow<#next>
        where
            #from
            #next: #private::Target<#outcome, #kind, #label, #targets>,
        {
            #workflow(#private::advance(self.0, next))
        }
    }
}

/// Types that print as what the declaration says of a transition.
struct Labels {
    kind: Tokens,
    name: Tokens,
    targets: Tokens,
}

fn labels(cx: &Context<'_>, transition: &Transition<'_>) -> Labels {
    let declaration = transition.declaration;
    let span = cx.at(declaration.name.span());
    let names = cx.names(span);
    let kind = format_ident!("{}", declaration.kind.keyword(), span = span);
    let name = &declaration.name;
    let targets = transition.targets.iter().map(|it| cx.graph.state(*it).name);
    Labels {
        kind: Tokens::of(quote_spanned!(span=> #names::#kind)),
        name: Tokens::of(quote_spanned!(span=> #names::#name)),
        targets: Tokens::of(match targets.collect::<Vec<_>>().as_slice() {
            [target] => quote!(#target),
            targets => quote!((#(#targets),*)),
        }),
    }
}
