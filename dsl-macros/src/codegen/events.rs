//! The code that moves a run out of a state that waits: each signal and each timer as a turn, which the driver picks by the
//! transition, and the times that fields hold.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};

use super::context::Context;
use super::numbers::{self, InputIn, Of};
use super::turns::{self, Leaf};
use crate::ast::{Due, Given, Reads, TransitionKind};
use crate::graph::ResolvedTransition;

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

/// The function that reads the times in the fields of a state, and of the input.
fn timing(cx: &Context<'_>) -> Option<TokenStream> {
    let state = &cx.state;
    let span = cx.at(cx.workflow.span());
    let private = cx.alias(span);
    let mut arms = TokenStream::new();
    let mut takes_input = false;
    for (planned, _, from) in cx.plan.events() {
        let position = planned.position;
        let transition = planned.transition;
        let declaration = transition.declaration;
        let reads = declaration.reads();
        let pauses = reads.iter().filter(|(read, _)| read.is_pause());
        let pauses: Reads<'_> = pauses.copied().collect();
        let once = match &declaration.kind {
            TransitionKind::Timer {
                due: Due::After(Given::Field(place)),
            } => Some(("after", place)),
            TransitionKind::Timer {
                due: Due::At(place),
            } => Some(("at", place)),
            _ if pauses.is_empty() => continue,
            _ => None,
        };
        takes_input |= once.is_none_or(|(_, place)| place.input.is_some());
        let named = transition.sources.iter().zip(&transition.by_group);
        for (source, by) in named.filter(|(source, _)| from.contains(source)) {
            let of = Of {
                state: *source,
                by: *by,
                input: InputIn::Input,
            };
            let read = if let Some((method, place)) = once {
                // That it is missing is reported.
                let Some(field) = numbers::place(cx, place, of) else {
                    continue;
                };
                let at = cx.at(place.field.span());
                let (method, private) = (Ident::new(method, at), cx.alias(at));
                quote_spanned!(at=> #private::Timing::#method(&#field))
            } else {
                let numbers = numbers::numbers(cx, &pauses, of);
                quote_spanned!(span=> #private::Timing::again::<Self>(#position, #numbers))
            };
            let source = cx.graph.state(*source).name;
            arms.extend(quote_spanned!(span=> (#position, #state::#source(state)) => #read,));
        }
    }
    let (name, input) = if takes_input {
        let input = quote_spanned!(span=> input: &Self::Input,);
        (Ident::new("timing_by", span), Some(input))
    } else {
        (Ident::new("timing", span), None)
    };
    (!arms.is_empty()).then(|| {
        quote_spanned! {span=>
            fn #name(
                transition: usize,
                state: &#state,
                #input
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
