//! The code that moves a run out of a state that waits: each signal and each timer as a turn, which the driver picks by the
//! transition, and the times that fields hold.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};

use super::context::Context;
use super::turns::{self, Leaf};
use crate::ast::{Due, TransitionKind};
use crate::graph::{Found, ResolvedTransition};

/// It in three parts, by where they stand.
pub(super) struct Events {
    /// The methods of `Drive`.
    pub(super) driven: TokenStream,
    /// The method of `SendTurns`.
    pub(super) sent: TokenStream,
    /// The items that the latter uses.
    pub(super) groups: TokenStream,
}

/// The code of these transitions, if there are any.
pub(super) fn events(
    cx: &Context<'_>,
    context: &Ident,
    lasting: Option<&TokenStream>,
    leaves: Vec<Leaf>,
) -> Option<Events> {
    if leaves.is_empty() {
        return None;
    }
    let state = &cx.state;
    let span = cx.at(cx.workflow.span());
    let private = cx.alias(span);
    let output = quote!(#private::Result<(), #private::Failed<#context::Error>>);
    let shape = turns::Shape {
        cx,
        context,
        lasting,
        name: "events",
        output: output.clone(),
    };
    let (body, groups) = shape.pick(leaves);
    let future = quote! {
        impl #private::Future<Output = #output> + #private::Send + use<'run, #context>
    };
    let parameters = quote! {
        place: &'run mut #private::Option<#state>,
        context: &'run #context,
        run: &'run #private::CurrentRun<Self>,
    };
    let timing = timing(cx);
    Some(Events {
        driven: quote_spanned! {span=>
            fn events<'run>(#parameters) -> #future {
                #private::Turns::<Self, #context>::new().events(place, context, run)
            }

            #timing
        },
        sent: quote_spanned! {span=>
            fn events<'run>(#parameters) -> #future {
                #body
            }
        },
        groups,
    })
}

/// The function that reads the times in the fields of a state.
fn timing(cx: &Context<'_>) -> Option<TokenStream> {
    let state = &cx.state;
    let span = cx.at(cx.workflow.span());
    let private = cx.alias(span);
    let mut arms = TokenStream::new();
    for (planned, _, from) in cx.plan.events() {
        let TransitionKind::Timer { due } = &planned.transition.declaration.kind else {
            continue;
        };
        let (method, field) = match due {
            Due::After(_) | Due::Every(_) => continue,
            Due::AfterField(field) => ("after", field),
            Due::At(field) => ("at", field),
        };
        let at = cx.at(field.span());
        let at_field = cx.alias(at);
        let method = Ident::new(method, at);
        let position = planned.position;
        let transition = planned.transition;
        let named = transition.sources.iter().zip(&transition.by_group);
        for (source, by) in named.filter(|(source, _)| from.contains(source)) {
            // That it is missing is reported.
            if let Some(Found { field, path }) = cx.graph.field(*source, *by, field) {
                let source = cx.graph.state(*source).name;
                // Under the name that it has there, with or without `r#`.
                let mut name = field.name.clone();
                name.set_span(at);
                let read = quote_spanned!(at=> #at_field::Timing::#method(&state #(.#path)*.#name));
                arms.extend(quote_spanned!(span=> (#position, #state::#source(state)) => #read,));
            }
        }
    }
    (!arms.is_empty()).then(|| {
        quote_spanned! {span=>
            fn timing(
                transition: usize,
                state: &#state,
            ) -> #private::Option<#private::Timing> {
                #private::Some(match (transition, state) {
                    #arms
                    _ => return #private::None,
                })
            }
        }
    })
}

/// The turn, as one of those that leave its state.
pub(super) fn turn(
    cx: &Context<'_>,
    transition: &ResolvedTransition<'_>,
    turn: &TokenStream,
) -> TokenStream {
    let span = cx.at(transition.declaration.name.span());
    let private = cx.alias(span);
    let outcome = transition.outcome.to_token_stream();
    quote_spanned!(span=> #private::on::<#outcome, _>(#turn))
}
