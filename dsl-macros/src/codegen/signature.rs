//! The signatures of the plan as functions of the trait of handlers.
//!
//! Each carries the span of its declaration, so that "missing handler" points there.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, quote_spanned};

use super::context::Context;
use super::reader::Reader;
use super::types;
use crate::graph::ResolvedTransition;
use crate::plan::{Gives, Held, Parameter, Signature, Takes, Visit};

/// A handler as its reader is to see it; `head` stands before it, where it is not for an editor.
pub(super) fn function(
    cx: &Context<'_>,
    transition: &ResolvedTransition<'_>,
    signature: &Signature<'_>,
    head: &TokenStream,
) -> TokenStream {
    let name = signature.name;
    let span = cx.handler_span(name);
    let parameters = signature
        .parameters
        .iter()
        .map(|it| parameter(cx, transition, name, it));
    let arguments = quote_spanned!(span=> (&self, #(#parameters),*));
    let option = if cx.reader == Reader::Editor {
        quote_spanned!(span=> Option)
    } else {
        quote_spanned!(span=> ::core::option::Option)
    };
    let output = match signature.gives {
        Gives::Outcome => transition.outcome.to_token_stream(),
        Gives::Perhaps => {
            let outcome = &transition.outcome;
            quote_spanned!(span=> #option<#outcome>)
        }
        Gives::Answered(answer) => {
            let (krate, outcome) = (cx.krate(name.span()), &transition.outcome);
            quote_spanned!(span=> #krate::Answered<#outcome, #answer>)
        }
        Gives::Answer(ty) | Gives::Output(ty) => ty.to_token_stream(),
        Gives::Nothing => quote_spanned!(span=> ()),
    };
    if cx.reader == Reader::Editor {
        return quote_spanned!(span=> async fn #name #arguments -> Result<#output, Self::Error>;);
    }
    let (quiet, end) = if signature.is_optional {
        (
            Some(quote_spanned!(span=> #[allow(unused_variables)])),
            quote_spanned!(span=> { ::core::future::pending() }),
        )
    } else {
        (None, quote_spanned!(span=> ;))
    };
    let private = cx.private(span);
    let future = if cx.reader == Reader::Compiler {
        quote_spanned!(span=> #private::Async)
    } else {
        quote_spanned!(span=> #private::Future)
    };
    quote_spanned! {span=>
        #quiet
        #head
        fn #name #arguments -> impl #future<
            Output = #private::Result<#output, Self::Error>,
        > + ::core::marker::Send #end
    }
}

fn parameter(
    cx: &Context<'_>,
    transition: &ResolvedTransition<'_>,
    handler: &Ident,
    parameter: &Parameter<'_>,
) -> TokenStream {
    let span = cx.handler_span(handler);
    let krate = || cx.krate(handler.span());
    let ty = match &parameter.takes {
        Takes::State(states) => types::state(cx, transition, states).to_token_stream(),
        Takes::Item(ty) | Takes::Payload(ty) | Takes::Output(ty) | Takes::Any(ty) => {
            ty.to_token_stream()
        }
        Takes::Undoing(sources, target) => {
            let krate = krate();
            let source = types::state(cx, transition, sources);
            let target = cx.graph.state(*target).name;
            quote_spanned!(span=> #krate::Undoing<#source, #target>)
        }
        Takes::Joined => types::joined(transition, span),
        Takes::Cause => {
            let krate = krate();
            quote_spanned!(span=> #krate::Cause<Self::Error>)
        }
        Takes::Visit(visit) => {
            let (krate, outcome) = (krate(), &transition.outcome);
            let visit = Ident::new(
                match visit {
                    Visit::Step => "Step",
                    Visit::Branch => "Branch",
                    Visit::Undo => "Undo",
                },
                span,
            );
            quote_spanned!(span=> #krate::#visit<#outcome>)
        }
    };
    let lent = match parameter.held {
        Held::Owned => None,
        Held::Lent => Some(quote_spanned!(span=> &)),
        Held::LentMut => Some(quote_spanned!(span=> &mut)),
    };
    // The names of states and items are made of words that stand elsewhere; the others are those of the handler.
    let place = match parameter.takes {
        Takes::State(_) | Takes::Any(_) | Takes::Item(_) | Takes::Payload(_) | Takes::Output(_) => {
            Span::call_site()
        }
        _ => span,
    };
    let name = Ident::new(&parameter.name, place);
    quote_spanned!(span=> #name: #lent #ty)
}
