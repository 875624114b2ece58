//! The handler of a transition, and its `catch`, as what the driver calls: with a state, which it owns, and a step.
//!
//! Those of a poll and of a transition that stays are lent the state. They are called by an `async` block that holds it, for the
//! same reason as the branches of a split.

use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;

use super::context::Context;
use super::types;
use crate::graph::ResolvedTransition;

/// The handlers of one transition.
pub(super) struct Calls<'a> {
    pub(super) cx: &'a Context<'a>,
    pub(super) context: &'a Ident,
    pub(super) transition: &'a ResolvedTransition<'a>,
}

/// The conversion of a handler's value that is not an outcome alone.
struct After {
    /// The way in which the handler is lent the state.
    lent: TokenStream,
    /// The closure that makes of its value what the driver takes.
    then: TokenStream,
}

/// The parameter and the argument of a handler beside its state and its step.
#[derive(Default)]
struct Between {
    parameter: TokenStream,
    argument: TokenStream,
}

impl Calls<'_> {
    /// The handler of an event. What a signal carries is kept by the run.
    pub(super) fn handler(&self) -> TokenStream {
        let Calls { cx, context, .. } = self;
        let declaration = self.transition.declaration;
        let name = &declaration.name;
        let span = cx.at(name.span());
        let private = cx.alias(span);
        let handler = quote_spanned!(span=> #context::#name);
        let is_repeated = declaration.is_repeated();
        let has_payload = declaration.payload().is_some();
        let copy = quote_spanned!(span=> |payload| #private::Keep(payload).copy());
        if let Some(after) = self.after() {
            let argument = match (has_payload, is_repeated) {
                (false, _) => TokenStream::new(),
                (true, false) => quote_spanned!(span=> #private::payload(step),),
                (true, true) => quote_spanned!(span=> #private::payload_copy(step, #copy),),
            };
            let between = Between {
                argument,
                ..Between::default()
            };
            return self.wrapped(&handler, &between, &after);
        }
        match (has_payload, is_repeated) {
            (false, _) => handler,
            (true, false) => quote_spanned!(span=> #private::with_payload(#handler)),
            (true, true) => quote_spanned!(span=> #private::with_copy(#handler, #copy)),
        }
    }

    /// The `catch` of a transition, which is given the state as its handler is.
    pub(super) fn catch(&self, handler: &Ident) -> TokenStream {
        let Calls { cx, context, .. } = self;
        let span = cx.at(self.transition.declaration.name.span());
        let private = cx.alias(span);
        let handler = quote_spanned!(span=> #context::#handler);
        let Some(after) = self.after() else {
            return handler;
        };
        let between = Between {
            parameter: quote_spanned!(span=> cause: #private::Cause<#context::Error>,),
            argument: quote_spanned!(span=> cause,),
        };
        self.wrapped(&handler, &between, &after)
    }

    fn after(&self) -> Option<After> {
        let declaration = self.transition.declaration;
        let span = self.cx.at(declaration.name.span());
        let private = self.cx.alias(span);
        let answers = declaration.answers().is_some();
        let (lent, then) = match (declaration.is_internal, declaration.is_poll()) {
            (true, _) if answers => (
                quote_spanned!(span=> &mut),
                quote_spanned!(span=> |answer| #private::stays_answering(answer, state, step)),
            ),
            (true, _) => (
                quote_spanned!(span=> &mut),
                quote_spanned!(span=> |()| #private::stays(state, step)),
            ),
            (_, true) => (
                quote_spanned!(span=> &),
                quote_spanned!(span=> |answer| #private::asked(answer, state, step)),
            ),
            _ if answers => (
                TokenStream::new(),
                quote_spanned!(span=> |answered| #private::leads_answering(answered, step)),
            ),
            _ => return None,
        };
        Some(After { lent, then })
    }

    fn wrapped(&self, handler: &TokenStream, between: &Between, after: &After) -> TokenStream {
        let Calls {
            cx,
            context,
            transition,
        } = self;
        let span = cx.at(transition.declaration.name.span());
        let private = cx.alias(span);
        let source = types::state(cx, transition, &transition.sources);
        let outcome = &transition.outcome;
        let After { lent, then } = after;
        let Between {
            parameter,
            argument,
        } = between;
        let mutable = transition
            .declaration
            .is_internal
            .then(|| quote_spanned!(span=> mut));
        quote_spanned! {span=>
            |
                context: &'run #context,
                #mutable state: #source,
                #parameter
                step: &'run #private::Step<#outcome>,
            | async move {
                #handler(context, #lent state, #argument step).await.map(#then)
            }
        }
    }
}
