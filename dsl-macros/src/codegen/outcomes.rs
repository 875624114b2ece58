//! The outcome of each transition: an enum of the states that it may lead to.

use proc_macro2::TokenStream;
use quote::quote_spanned;

use super::context::Context;
use super::derives;
use super::tokens::{generated, generated_type};
use crate::graph::ResolvedTransition;

pub(super) fn enums(cx: &Context<'_>, runtime: bool) -> TokenStream {
    let ast = cx.graph.ast;
    let generated_type = generated_type();
    let derives = derives::for_wrapper(&ast.attributes);
    let enums = cx.graph.transitions.iter().map(|transition| {
        let outcome = &transition.outcome;
        let span = cx.at(outcome.span());
        let visibility = cx.visibility(span);
        let declaration = transition.declaration;
        let doc = cx.doc(|| {
            let (keyword, name) = (declaration.kind.keyword(), &declaration.name);
            if declaration.is_deadline() {
                return "The state that the deadline of the workflow leads to.".to_owned();
            }
            if declaration.is_internal {
                format!("The mark of {keyword} `{name}`, which leads nowhere: the run stays in its state.")
            } else {
                format!("Where {keyword} `{name}` leads.")
            }
        });
        // The sender of a signal gets its outcome as well, and may drop it.
        let must_use = declaration.signal().is_none().then(|| {
            quote_spanned!(span=> #[must_use = "an outcome that is not returned moves nothing"])
        });
        let answer = answer(cx, transition, runtime);
        let targets = transition
            .targets
            .iter()
            .map(|target| cx.graph.state(*target).name);
        quote_spanned! {span=>
            #doc
            #generated_type
            #derives
            #must_use
            #visibility enum #outcome { #(#targets(#targets),)* }

            #answer
        }
    });
    enums.collect()
}

/// The method that puts an answer beside the outcome of a signal, if its sender gets one.
fn answer(
    cx: &Context<'_>,
    transition: &ResolvedTransition<'_>,
    runtime: bool,
) -> Option<TokenStream> {
    let declaration = transition.declaration;
    let answer = declaration.answers()?;
    if !runtime || declaration.is_internal {
        return None;
    }
    let outcome = &transition.outcome;
    let span = cx.at(declaration.name.span());
    let (krate, private) = (cx.krate(span), cx.private(span));
    let (generated, visibility) = (generated(), cx.visibility(span));
    Some(quote_spanned! {span=>
        #generated
        impl #outcome {
            /// The outcome, with the answer that the sender of the signal gets.
            #visibility fn answer(self, answer: #answer) -> #krate::Answered<Self, #answer> {
                #private::answered(self, answer)
            }
        }
    })
}
