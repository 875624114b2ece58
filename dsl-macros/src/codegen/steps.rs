//! `OrderSteps`: the handlers that a context implements.
//!
//! Each function carries the span of its declaration, so that "missing handler" points there, and
//! is emitted a second time for editors: "implement missing members" copies the signature, and
//! `async fn` is what people write.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};

use super::{Context, at, generated, names};
use crate::ast::TransitionKind;
use crate::graph::Transition;

pub(super) fn handlers(cx: &Context<'_>) -> TokenStream {
    let span = at(cx.workflow.span());
    let (workflow, steps, visibility) = (&cx.workflow, &cx.steps, cx.visibility(span));
    let generated = generated();
    let doc = format!(
        "The handlers of [`{workflow}`]: a context implements them, one for each step.\n\n\
         A handler gets the source state by value and says by its outcome where the run goes."
    );
    let message = format!("`{{Self}}` does not handle the steps of workflow `{workflow}`");
    let note = format!("implement `{steps}` for it");
    let functions = handled(cx).map(|(transition, source)| function(cx, transition, source));
    quote_spanned! {span=>
        #[doc = #doc]
        #generated
        #[diagnostic::on_unimplemented(message = #message, label = "no handlers", note = #note)]
        #visibility trait #steps: ::core::marker::Send + ::core::marker::Sync {
            /// Why a handler failed; a run that fails returns it as it is.
            type Error: ::core::marker::Send + 'static;

            #(#functions)*
        }
    }
}

/// The transitions whose handlers this version calls.
pub(super) fn handled<'a>(
    cx: &'a Context<'a>,
) -> impl Iterator<Item = (&'a Transition<'a>, &'a Ident)> {
    cx.graph.transitions.iter().filter_map(|transition| {
        let is_step = matches!(transition.declaration.kind, TransitionKind::Step);
        let source = transition.sources.first().filter(|_| is_step)?;
        Some((transition, cx.graph.state(*source).name))
    })
}

fn function(cx: &Context<'_>, transition: &Transition<'_>, source: &Ident) -> TokenStream {
    let name = &transition.declaration.name;
    let krate = cx.krate(name.span());
    let outcome = &transition.outcome;
    let attributes = &transition.declaration.attributes.kept;
    let parameter = names::parameter(source);
    let targets = cx.graph.names(transition.targets.iter().copied());
    let targets: Vec<_> = targets
        .iter()
        .map(|target| format!("[`{target}`]"))
        .collect();
    let doc = format!("\nFrom [`{source}`] to {}.", targets.join(" or "));
    let span = name.span();
    let arguments =
        quote_spanned!(span=> (&self, #parameter: #source, step: &#krate::Step<#outcome>));
    let output = quote_spanned!(span=> ::core::result::Result<#outcome, Self::Error>);
    let for_rustc = quote_spanned! {span=>
        fn #name #arguments
            -> impl ::core::future::Future<Output = #output> + ::core::marker::Send;
    };
    let for_editors = quote_spanned!(span=> async fn #name #arguments -> #output;);
    quote! {
        #[cfg(not(rust_analyzer))]
        #(#attributes)*
        #[doc = #doc]
        #for_rustc

        #[cfg(rust_analyzer)]
        #(#attributes)*
        #[doc = #doc]
        #for_editors
    }
}
