//! `OrderSignals`: a method for each signal, on whatever a signal is sent by.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

use super::context::Context;
use super::tokens::generated_type;
use crate::ast::plain;
use crate::graph::{HANDLE_METHODS, ResolvedTransition};

pub(super) fn signals(cx: &Context<'_>) -> Option<TokenStream> {
    let is_signal = |it: &&ResolvedTransition<'_>| {
        let declaration = it.declaration;
        declaration.signal().is_some()
            && !it.sources.is_empty()
            && !HANDLE_METHODS.contains(&plain(&declaration.name).as_str())
    };
    let mut signals = cx.graph.transitions.iter().filter(is_signal).peekable();
    signals.peek()?;
    let span = cx.at(cx.workflow.span());
    let (workflow, visibility) = (&cx.workflow, cx.visibility(span));
    let (krate, generated_type) = (cx.krate(span), generated_type());
    let declared = cx.item(&cx.declared(&cx.signals));
    let doc = cx.doc(|| {
        format!(
            "The signals of [`{workflow}`], on the handle of a stored run and on a [`Remote`]({krate}::Remote) of one in memory.",
            krate = "stateway"
        )
    });
    let methods = signals.map(|transition| method(cx, transition));
    let trait_name = &cx.signals;
    let receiver = cx.fresh.ident("R");
    Some(quote_spanned! {span=>
        #doc
        #generated_type
        #visibility trait #declared: #krate::Signals<#workflow> {
            #(#methods)*
        }

        impl<#receiver: #krate::Signals<#workflow>> #trait_name for #receiver {}
    })
}

fn method(cx: &Context<'_>, transition: &ResolvedTransition<'_>) -> TokenStream {
    let declaration = transition.declaration;
    let (name, outcome) = (&declaration.name, &transition.outcome);
    let span = cx.at(name.span());
    let (krate, private) = (cx.krate(span), cx.private(span));
    let attributes = declaration.attributes.of_handler();
    let doc = cx.doc(|| {
        let sources = cx.graph.names(transition.sources.iter().copied());
        format!(
            "\nSends signal `{name}`, which a run in {} takes.",
            crate::suggest::any_of(sources.iter().map(String::as_str))
        )
    });
    let (parameter, payload, value) = match declaration.payload() {
        Some(ty) => (
            Some(quote_spanned!(span=> , payload: #ty)),
            quote_spanned!(span=> #ty),
            quote_spanned!(span=> payload),
        ),
        None => (None, quote_spanned!(span=> ()), quote_spanned!(span=> ())),
    };
    let answer = declaration.answers().map(|ty| quote_spanned!(span=> , #ty));
    quote_spanned! {span=>
        #(#attributes)*
        #doc
        fn #name(&self #parameter) -> #krate::Signal<'_, Self, #outcome, #payload #answer> {
            #private::signal(self, #value)
        }
    }
}

/// The outcome of each signal as its sender gets it.
pub(super) fn outcomes(cx: &Context<'_>) -> Option<TokenStream> {
    cx.version?;
    let (span, state) = (Span::call_site(), &cx.state);
    let private = cx.alias(span);
    let is_signal =
        |it: &&ResolvedTransition<'_>| it.declaration.signal().is_some() && !it.sources.is_empty();
    let signals = cx.graph.transitions.iter().filter(is_signal);
    let outcomes = signals.map(|transition| {
        let outcome = &transition.outcome;
        let (applied, body) = if transition.declaration.is_internal {
            (quote!(()), quote!(#private::Some(())))
        } else {
            let targets = transition.targets.iter().map(|it| cx.graph.state(*it).name);
            let arms = targets.map(|target| {
                quote!(#state::#target(state) => #private::Some(#outcome::#target(state)),)
            });
            let arms = quote!(match state { #(#arms)* _ => #private::None });
            (quote!(Self), arms)
        };
        quote! {
            impl #private::Applies for #outcome {
                type Applied = #applied;

                fn applied(state: #state) -> #private::Option<#applied> { #body }
            }
        }
    });
    Some(outcomes.collect())
}
