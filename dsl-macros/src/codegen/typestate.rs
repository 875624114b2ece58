//! The transitions by hand: one method each, legal where the declaration says so.
//!
//! For rustc a method stands on every `Order<S>` with a bound that only the declared source
//! satisfies: a call in a wrong state then names the workflow's own words, where a missing method
//! would not. For editors and rustdoc the same method stands on `Order<Source>` alone, so that
//! completion and documentation show what is legal.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};

use super::{Context, at, quiet};
use crate::ast::plain;
use crate::graph::{OWN_METHODS, StateId, Transition};
use crate::suggest;

pub(super) fn methods(cx: &Context<'_>) -> TokenStream {
    let quiet = quiet();
    let names = cx
        .graph
        .transitions
        .iter()
        .map(|transition| &transition.declaration.name);
    let markers = names
        .filter(|name| *name != "nothing")
        .map(|name| quote!(pub enum #name {}));
    let states = cx.graph.ids().map(|id| state(cx, id));
    let transitions = cx.graph.transitions.iter().enumerate();
    let transitions = transitions.map(|(index, it)| transition(cx, index, it));
    quote! {
        #quiet
        const _: () = {
            // Types that compile errors print as the names of the transitions.
            pub enum nothing {}
            #(#markers)*
            #(#states)*
            #(#transitions)*
        };
    }
}

fn state(cx: &Context<'_>, id: StateId) -> TokenStream {
    let name = cx.graph.state(id).name;
    let span = at(name.span());
    let (workflow, any, input, private) = (&cx.workflow, &cx.any, &cx.input, cx.private(span));
    let StateId(index) = id;
    let exits = exits(cx, id);
    let is_start = cx.graph.state(id).kind == crate::ast::StateKind::Start;
    let start =
        is_start.then(|| quote_spanned!(span=> impl #private::StartState<#workflow> for #name {}));
    quote_spanned! {span=>
        impl #private::State for #name {
            type Workflow = #workflow;
            type Exits = #exits;

            const INDEX: usize = #index;

            fn into_any(machine: #private::Machine<#input, Self>) -> #any {
                #any::#name(#workflow(machine))
            }

            fn from_any(any: #any) -> ::core::result::Result<#private::Machine<#input, Self>, #any> {
                match any {
                    #any::#name(machine) => ::core::result::Result::Ok(machine.0),
                    #[allow(unreachable_patterns)]
                    other => ::core::result::Result::Err(other),
                }
            }
        }

        #start
    }
}

/// The type that a compile error prints as the transitions that leave a state.
fn exits(cx: &Context<'_>, state: StateId) -> TokenStream {
    let names: Vec<&Ident> = cx
        .graph
        .exits(state)
        .map(|exit| &exit.declaration.name)
        .collect();
    match names.as_slice() {
        [] => quote!(nothing),
        [name] => quote!(#name),
        names => quote!((#(#names),*)),
    }
}

fn transition(cx: &Context<'_>, index: usize, transition: &Transition<'_>) -> TokenStream {
    let declaration = transition.declaration;
    let (name, keyword) = (&declaration.name, declaration.kind.keyword());
    let span = at(name.span());
    let (workflow, here, private) = (&cx.workflow, &cx.here, cx.private(span));
    let outcome = &transition.outcome;
    // Without a source there is a syntax error, and nothing that the method could take.
    let Some(source_id) = transition.sources.first().copied() else {
        return TokenStream::new();
    };
    let source = cx.graph.state(source_id).name;
    let ident = |name: &str| cx.fresh.ident_at(name, span);
    let from = ident(&format!("{outcome}From"));
    let to = ident(&format!("{outcome}To"));
    let (next, legal) = (ident("Next"), ident("Legal"));

    let leaves = format!("`{name}` leaves `{source}`");
    let not_from = format!("`{name}` is not a transition out of `{{Self}}`");
    let legal_here = format!("legal here: {{{legal}}}");
    let targets = cx.graph.names(transition.targets.iter().copied());
    let not_to = format!("{keyword} `{name}` may not end in `{{Self}}`");
    let leads_to = format!(
        "`{name}` leads to {}",
        suggest::any_of(targets.iter().map(String::as_str))
    );

    let exits = exits(cx, source_id);
    let accepts = transition.targets.iter().map(|target| {
        let target = cx.graph.state(*target).name;
        quote_spanned!(span=> impl #to for #target { fn outcome(self) -> #outcome { #outcome::#target(self) } })
    });
    let method = |bounds: TokenStream, state: TokenStream| {
        method(cx, transition, source, &to, &next, &bounds, &state)
    };
    let for_rustc = method(
        quote_spanned!(span=> #here: #private::State + #from<<#here as #private::State>::Exits>,),
        quote_spanned!(span=> #from::source(state)),
    );
    let for_readers = method(TokenStream::new(), quote_spanned!(span=> state));
    let methods = (!OWN_METHODS.contains(&plain(name).as_str())).then(|| {
        quote_spanned! {span=>
            #[cfg(not(any(doc, rust_analyzer)))]
            impl<#here> #workflow<#here> { #for_rustc }

            #[cfg(any(doc, rust_analyzer))]
            impl #workflow<#source> { #for_readers }
        }
    });
    quote_spanned! {span=>
        #[diagnostic::on_unimplemented(message = #not_from, label = #leaves, note = #legal_here)]
        pub trait #from<#legal> { fn source(self) -> #source; }

        impl #from<#exits> for #source { fn source(self) -> #source { self } }

        #[diagnostic::on_unimplemented(message = #not_to, label = "not a declared target", note = #leads_to)]
        pub trait #to { fn outcome(self) -> #outcome; }

        #(#accepts)*

        impl #private::Transition for #outcome {
            type Workflow = #workflow;

            const INDEX: usize = #index;
        }

        impl<#next: #to> #private::Accepts<#next> for #outcome {
            fn accept(state: #next) -> Self { #to::outcome(state) }
        }

        #methods
    }
}

fn method(
    cx: &Context<'_>,
    transition: &Transition<'_>,
    source: &Ident,
    to: &Ident,
    next: &Ident,
    bounds: &TokenStream,
    state: &TokenStream,
) -> TokenStream {
    let name = &transition.declaration.name;
    let span = at(name.span());
    let (workflow, private, visibility) = (&cx.workflow, cx.private(span), cx.visibility(span));
    let attributes = &transition.declaration.attributes.kept;
    // The user's own documentation, if there is any, is a paragraph of its own.
    let doc = format!(
        "\nMoves the machine along {} `{name}`: `next` turns the source state into the one that follows.",
        transition.declaration.kind.keyword()
    );
    // "takes ownership of the receiver, which moves .." then points at the declaration.
    quote_spanned! {span=>
        #(#attributes)*
        #[doc = #doc]
        #visibility fn #name<#next>(
            self,
            next: impl ::core::ops::FnOnce(#source) -> #next,
        ) -> #workflow<#next>
        where
            #bounds
            #next: #to,
        {
            let (input, state) = self.0.into_parts();
            #workflow(#private::Machine::enter(input, next(#state)))
        }
    }
}
