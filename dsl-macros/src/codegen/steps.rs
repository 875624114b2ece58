//! `OrderSteps`: the handlers that a context implements.
//!
//! Each function carries the span of its declaration, so that "missing handler" points there. For
//! editors they read as people write them: "implement missing members" copies what stands in the
//! trait, with its attributes.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens as _, quote_spanned};

use super::context::Context;
use super::reader::Reader;
use super::signature;
use super::tokens::generated_type;
use crate::ast::{Attributes, plain};
use crate::graph::{DoubtHandler, ResolvedTransition, StateId};
use crate::plan::{Lent, Role, Signature};
use crate::text;

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
    let message = format!(
        "`{{Self}}` does not handle the steps of workflow `{}`",
        plain(workflow)
    );
    let of_an_arc = if cx.version.is_some() {
        "of an `Arc` of a context that does, pass `&*context` to `.run(..)`, and to a runner `Runner::shared(context)`"
    } else {
        "of an `Arc` or `Box` of a context that does, pass `&*context`"
    };
    let note = format!("implement `{steps}` for it; {of_an_arc}");
    // Such a module knows no `diagnostic` either.
    let has_prelude = cx.graph.ast.attributes.no_prelude.is_none();
    let message = has_prelude.then(|| {
        quote_spanned!(span=> #[diagnostic::on_unimplemented(message = #message, label = "no handlers", note = #note)])
    });
    let declared = cx.item(&cx.declared(steps));
    let error = quote_spanned!(span=> type Error: ::core::marker::Send + 'static;);
    let functions = cx.plan.transitions.iter().flat_map(|planned| {
        let signatures = planned.signatures.iter();
        signatures.map(|signature| function(cx, planned.transition, signature))
    });
    let shared = lenders(cx);
    let provided = provided(cx);
    quote_spanned! {span=>
        #doc
        #generated_type
        #message
        #visibility trait #declared: ::core::marker::Send + ::core::marker::Sync {
            #error

            #(#functions)*
            #shared
            #provided
        }
    }
}

/// The methods that the context has without writing them.
fn provided(cx: &Context<'_>) -> TokenStream {
    let span = cx.at(cx.workflow.span());
    let private = cx.private(span);
    let doc = cx.doc(|| RETRYABLE.to_owned());
    let doc_after = cx.doc(|| RETRY_AFTER.to_owned());
    let doc_source = cx.doc(|| SOURCE_OF.to_owned());
    quote_spanned! {span=>
        #doc
        fn retryable(&self, _error: &Self::Error) -> bool {
            true
        }

        #doc_after
        fn retry_after(&self, _error: &Self::Error) -> #private::Option<#private::Duration> {
            #private::None
        }

        #doc_source
        fn source_of(_error: &Self::Error) -> #private::Option<&(dyn #private::Error + 'static)> {
            #private::None
        }
    }
}

const RETRYABLE: &str = "\
Whether a step that failed with this error is tried again, where it has a `retry`.

A request that is wrong stays wrong: say `false`, and the attempts that are left are not wasted.";

const RETRY_AFTER: &str = "\
How long to wait before the next attempt, where the error says so.

It takes the place of the delay that `retry` would choose, also above its cap.";

const SOURCE_OF: &str = "\
The error behind an error of the handlers, for the [`source`](std::error::Error::source) of a `RunError`.

Where the handlers' error is a [`std::error::Error`], give its own: `std::error::Error::source(error)`. Of a boxed error it is
known without.";

/// A handler with what stands before it.
fn function(
    cx: &Context<'_>,
    transition: &ResolvedTransition<'_>,
    signature: &Signature<'_>,
) -> TokenStream {
    let span = cx.handler_span(signature.name);
    let declaration = transition.declaration;
    let attributes = match signature.role {
        Role::Branch(branch) => Some(&branch.declaration.attributes),
        Role::Own => Some(&declaration.attributes),
        Role::Catch | Role::Undo(_) | Role::InDoubt | Role::UndoBranch(_) => None,
    };
    let attributes = attributes.into_iter().flat_map(Attributes::of_handler);
    let doc = cx.doc(|| doc(cx, transition, signature.role));
    let head = quote_spanned!(span=> #(#attributes)* #doc);
    signature::function(cx, transition, signature, &head)
}

/// The documentation of a handler, behind the user's own.
fn doc(cx: &Context<'_>, transition: &ResolvedTransition<'_>, role: Role<'_>) -> String {
    let name = &transition.declaration.name;
    let sources = || links(cx, &transition.sources);
    match role {
        Role::Branch(branch) => {
            let branch = branch.declaration;
            let output = text::written(branch.output.to_token_stream());
            format!(
                "\n{} `{}` of split `{name}`, which leaves {}: gives `{output}`.",
                branch.keyword,
                branch.name,
                sources()
            )
        }
        Role::Own => {
            if transition.declaration.is_internal {
                return format!("\nStays in {}, which it may change.", sources());
            }
            let targets = links(cx, &transition.targets);
            format!("\nFrom {} to {targets}.", sources())
        }
        Role::Catch => {
            let is_split = transition.declaration.split().is_some();
            let with = if is_split { "" } else { " with an error" };
            format!(
                "What to do when the last attempt of `{name}` has failed{with}: it may still lead to a target of `{name}`."
            )
        }
        Role::Undo(target) => {
            let target = links(cx, &[target]);
            match transition.handlers.in_doubt {
                Some(DoubtHandler::Shared(_)) => {
                    format!(
                        "Undoes `{name}`, which led to {target}, or whose last call is in doubt."
                    )
                }
                _ => format!("Undoes `{name}`, which led to {target}."),
            }
        }
        Role::InDoubt => format!("Undoes `{name}`, whose last call is in doubt."),
        Role::UndoBranch(branch) => {
            let branch = branch.declaration;
            format!(
                "Undoes {} `{}` of split `{name}`.",
                branch.keyword, branch.name
            )
        }
    }
}

fn links(cx: &Context<'_>, states: &[StateId]) -> String {
    let names = cx.graph.names(states.iter().copied());
    let links: Vec<String> = names.iter().map(|name| format!("[`{name}`]")).collect();
    links.join(" or ")
}

/// The methods that lend a breaker or a limiter.
fn lenders(cx: &Context<'_>) -> TokenStream {
    let mut functions = TokenStream::new();
    for lender in &cx.plan.lenders {
        let name = lender.name;
        let (span, krate) = (cx.handler_span(name), cx.krate(name.span()));
        let lent = match lender.lends {
            Lent::Breaker => "Breaker",
            Lent::Limiter => "Limiter",
        };
        let lent = Ident::new(lent, span);
        let doc = cx.doc(|| format!("The [`{lent}`] that stands before a call."));
        let doc = (cx.reader != Reader::Editor).then_some(doc);
        let end = if lender.is_optional {
            quote_spanned!(span=> { ::core::unreachable!() })
        } else {
            quote_spanned!(span=> ;)
        };
        functions.extend(quote_spanned!(span=> #doc fn #name(&self) -> &#krate::#lent #end));
    }
    functions
}
