//! The driver's code: any state as one value, and for each state the future of its handler.
//!
//! The runtime awaits the turns, in functions that are generic over the handlers. Rustc checks those once; a body with an
//! `.await` for each state takes it several times as long.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};

use super::context::Context;
use super::demands::{demands, granted};
use super::events::Events;
use super::rollback::Rollback;
use super::turns::{Leaf, Shape};
use crate::graph::StateId;

/// The code that is written elsewhere, and stands in these implementations.
pub(super) struct Parts {
    /// The implementations that copy the states that are kept.
    pub(super) copies: TokenStream,
    /// The implementations of the enums of several sources.
    pub(super) left: TokenStream,
    /// The method of `Judge`.
    pub(super) judge: Option<TokenStream>,
    pub(super) turns: Vec<Leaf>,
    pub(super) events: Option<Events>,
    pub(super) rollback: Option<Rollback>,
}

/// The implementations that the runtime drives the workflow by.
///
/// `lasting` are the bounds of the context beside that it handles all steps.
pub(super) fn drive(
    cx: &Context<'_>,
    context: &Ident,
    lasting: Option<&TokenStream>,
    parts: Parts,
) -> TokenStream {
    let (workflow, steps) = (&cx.workflow, &cx.steps);
    let span = cx.at(cx.workflow.span());
    let private = cx.alias(span);
    let made = demands(cx);
    let granted = granted(cx, context, &cx.graph.ids().collect::<Vec<_>>());
    let Parts {
        copies,
        left,
        judge,
        turns,
        events,
        rollback,
    } = parts;
    let shape = Shape {
        cx,
        context,
        lasting,
        name: "turns",
        output: quote!(#private::Result<(), #private::Failed<#context::Error>>),
    };
    let is_driven = !turns.is_empty();
    let (mut body, groups) = shape.pick(turns);
    if !is_driven {
        body = quote_spanned!(span=> #private::pending());
    }
    let undos = rollback.as_ref().map(|it| &it.groups);
    let driven = rollback.as_ref().map(|it| &it.driven);
    let sent = rollback.as_ref().map(|it| &it.sent);
    let event_groups = events.as_ref().map(|it| &it.groups);
    let event_driven = events.as_ref().map(|it| &it.driven);
    let event_sent = events.as_ref().map(|it| &it.sent);
    let head = head(cx, context);
    let (late, copied) = (late(cx), copied(cx));
    quote_spanned! {span=>
        #[allow(unused_imports)]
        use #private::NotSent as _;

        #made

        #copies
        #left
        #groups
        #event_groups
        #undos

        impl<#context: #steps #lasting> #private::Judge<#context> for #workflow {
            type Error = #context::Error;

            #judge

            fn source_of(error: &#context::Error) -> #private::Option<&(dyn #private::Error + 'static)> {
                #context::source_of(error)
            }
        }

        impl<#context: #steps #lasting> #private::SendTurns<#context> for #workflow
        where
            #(#granted,)*
        {
            #head { #body }

            #event_sent
            #sent
        }

        impl<#context: #steps #lasting> #private::Drive<#context> for #workflow {
            #head {
                #private::Turns::<Self, #context>::new().take(place, context, run)
            }

            #event_driven
            #driven
            #late
            #copied
        }
    }
}

/// The function that makes the state which the deadline leads to, if it leads to one.
fn late(cx: &Context<'_>) -> Option<TokenStream> {
    let late = cx.plan.late.as_ref()?;
    let (state, target) = (&cx.state, &late.target);
    let span = cx.at(cx.workflow.span());
    let private = cx.alias(span);
    if !late.takes_machine {
        return Some(quote_spanned! {span=>
            fn late(
                _: #private::Option<#state>,
                _: &Self::Input,
            ) -> #private::Option<#state> {
                #private::Some(#state::#target(#target {}))
            }
        });
    }
    Some(quote_spanned! {span=>
        const LATE_TAKES_MACHINE: bool = true;

        fn late(
            place: #private::Option<#state>,
            input: &Self::Input,
        ) -> #private::Option<#state> {
            use #private::{NotKept as _, NotMade as _};

            let input = #private::Keep(input).copy();
            let machine = #private::machine_of::<Self>(input, place?);
            #private::Some(#state::#target(#private::Made::<#target, Self::Any>::new().of(machine)))
        }
    })
}

/// The function that copies the states which their handler may not give back.
fn copied(cx: &Context<'_>) -> Option<TokenStream> {
    let state = &cx.state;
    let span = cx.at(cx.workflow.span());
    let private = cx.alias(span);
    let late = cx.plan.late.as_ref();
    let is_copied = |id: &StateId| {
        cx.plan.is_interrupted(*id) || late.is_some_and(|late| late.from.contains(id))
    };
    let ids = cx.graph.ids().filter(is_copied);
    let names: Vec<_> = ids.map(|id| cx.graph.state(id).name).collect();
    (!names.is_empty()).then(|| {
        quote_spanned! {span=>
            fn copied(state: &#state) -> #private::Option<#state> {
                match state {
                    #(#state::#names(state) => #private::copy_of(state, #state::#names),)*
                    _ => #private::None,
                }
            }
        }
    })
}

/// The function that takes a turn, without its body.
fn head(cx: &Context<'_>, context: &Ident) -> TokenStream {
    let state = &cx.state;
    let span = cx.at(cx.workflow.span());
    let private = cx.alias(span);
    quote_spanned! {span=>
        #[inline]
        fn turns<'run>(
            place: &'run mut #private::Option<#state>,
            context: &'run #context,
            run: &'run #private::CurrentRun<Self>,
        ) -> impl #private::Future<
            Output = #private::Result<(), #private::Failed<#context::Error>>,
        > + #private::Send + use<'run, #context>
    }
}
