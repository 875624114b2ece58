//! `OrderSteps`: the handlers that a context implements.
//!
//! Each function carries the span of its declaration, so that "missing handler" points there. For
//! editors they read as people write them: "implement missing members" copies what stands in the
//! trait, with its attributes.

use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;

use super::{Context, Reader, generated_type, names};
use crate::ast::TransitionKind;
use crate::graph::Transition;

pub(super) fn handlers(cx: &Context<'_>) -> TokenStream {
    let span = cx.at(cx.workflow.span());
    let (workflow, steps, visibility) = (&cx.workflow, &cx.steps, cx.visibility(span));
    let generated_type = generated_type();
    let doc = cx.doc(|| {
        format!(
            "The handlers of [`{workflow}`]: a context implements them, one for each step.\n\n\
         A handler gets the source state by value and says by its outcome where the run goes."
        )
    });
    let message = format!("`{{Self}}` does not handle the steps of workflow `{workflow}`");
    let note = format!("implement `{steps}` for it");
    let declared = cx.declared(steps);
    let error = quote_spanned!(span=> type Error: ::core::marker::Send + 'static;);
    let functions = handled(cx).map(|(transition, source)| function(cx, transition, source));
    quote_spanned! {span=>
        #doc
        #generated_type
        #[diagnostic::on_unimplemented(message = #message, label = "no handlers", note = #note)]
        #visibility trait #declared: ::core::marker::Send + ::core::marker::Sync {
            #error

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
    // Others, such as `inline`, are for the method on the machine, which has a body.
    let attributes = transition
        .declaration
        .attributes
        .kept
        .iter()
        .filter(|attribute| {
            let name = attribute.path().get_ident().map(ToString::to_string);
            let name = name.unwrap_or_default();
            ["doc", "allow", "expect", "deprecated"].contains(&name.as_str())
        });
    let parameter = names::parameter(source);
    let doc = cx.doc(|| {
        let targets = cx.graph.names(transition.targets.iter().copied());
        let targets: Vec<_> = targets
            .iter()
            .map(|target| format!("[`{target}`]"))
            .collect();
        format!("\nFrom [`{source}`] to {}.", targets.join(" or "))
    });
    // As the user's own code: a bound that is not met is then no error "in the macro".
    let span = match cx.reader {
        Reader::Editor => cx.at(name.span()),
        Reader::Compiler | Reader::Documentation => name.span(),
    };
    let arguments =
        quote_spanned!(span=> (&self, #parameter: #source, step: &#krate::Step<#outcome>));
    if cx.reader == Reader::Editor {
        return quote_spanned!(span=> async fn #name #arguments -> Result<#outcome, Self::Error>;);
    }
    quote_spanned! {span=>
        #(#attributes)*
        #doc
        fn #name #arguments -> impl ::core::future::Future<
            Output = ::core::result::Result<#outcome, Self::Error>,
        > + ::core::marker::Send;
    }
}
