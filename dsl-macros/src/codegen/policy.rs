//! The clauses of a transition as the code that a driver calls it by.

use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;

use super::calls::Calls;
use super::context::Context;
use super::demands::has_data;
use super::gate::gate;
use super::{numbers, types};
use crate::graph::ResolvedTransition;
use crate::plan::{Fallback, Guard};

/// The implementations that copy the states that are kept.
pub(super) fn copies(cx: &Context<'_>) -> TokenStream {
    let kept = &cx.plan.kept;
    if kept.is_empty() {
        return TokenStream::new();
    }
    let span = cx.at(cx.workflow.span());
    let private = cx.alias(span);
    let copies = kept.iter().map(|kept| {
        let state = cx.graph.state(kept.state).name;
        let copy = if has_data(cx, kept.state) {
            quote_spanned!(span=> #private::Keep(self).copy())
        } else {
            quote_spanned!(span=> #state {})
        };
        quote_spanned! {span=>
            impl #private::Copied for #state {
                fn copied(&self) -> Self { #copy }
            }
        }
    });
    let mut transitions = cx.graph.transitions.iter().map(|it| it.declaration);
    let copies_data = kept.iter().any(|kept| has_data(cx, kept.state))
        || transitions.any(|it| it.payload().is_some() && it.is_repeated());
    let uses = copies_data.then(|| quote_spanned!(span=> use #private::NotKept as _;));
    quote_spanned! {span=>
        #uses

        #(#copies)*
    }
}

/// A handler under its policy, as a turn; `handler` is what is called.
pub(super) fn guarded(
    cx: &Context<'_>,
    context: &Ident,
    transition: &ResolvedTransition<'_>,
    guard: &Guard<'_>,
    handler: &TokenStream,
) -> TokenStream {
    let declaration = transition.declaration;
    let name = &declaration.name;
    let span = cx.at(name.span());
    let private = cx.alias(span);
    let holds = if guard.keeps_source {
        quote_spanned!(span=> #private::ForAll)
    } else {
        quote_spanned!(span=> #private::ForOne)
    };
    let holds = if guard.reads.is_empty() {
        holds
    } else {
        let reads = numbers::of_source(cx, transition, &guard.reads);
        quote_spanned!(span=> #private::Reads(#holds, #reads))
    };
    let holds = if guard.is_in_doubt {
        quote_spanned!(span=> #private::InDoubt(#holds))
    } else {
        holds
    };
    let catch = if let Some(handler) = guard.catch {
        let calls = Calls {
            cx,
            context,
            transition,
        };
        let handler = calls.catch(handler);
        quote_spanned!(span=> #private::Caught(#handler))
    } else if let Some(fallback) = &guard.fallback {
        self::fallback(cx, context, transition, fallback)
    } else {
        quote_spanned!(span=> #private::Nothing::new())
    };
    let lend = match (guard.breaker, guard.limit) {
        (None, None) => quote_spanned!(span=> #private::no_gate),
        (Some(breaker), None) => quote_spanned!(span=> #context::#breaker),
        (breaker, limit) => {
            let gate = gate(cx, context, name, breaker, limit);
            quote_spanned!(span=> |context: &'run #context| #gate)
        }
    };
    quote_spanned!(span=> #private::Guard(#holds, #handler, #catch, #lend))
}

/// The stand-in for a `catch` where `else` names a state.
fn fallback(
    cx: &Context<'_>,
    context: &Ident,
    transition: &ResolvedTransition<'_>,
    fallback: &Fallback<'_>,
) -> TokenStream {
    let span = cx.at(transition.declaration.name.span());
    let private = cx.alias(span);
    let (state, outcome) = (cx.graph.state(fallback.state).name, &transition.outcome);
    let accepted = |value: TokenStream| {
        let accepted =
            quote_spanned!(span=> <#outcome as #private::Accepts<#state>>::accept(#value));
        if transition.declaration.is_poll() {
            quote_spanned!(span=> #private::MayStay::Leads(#accepted))
        } else {
            accepted
        }
    };
    if !fallback.takes_machine {
        let accepted = accepted(quote_spanned!(span=> #state {}));
        return quote_spanned!(span=> #private::Otherwise(|| #accepted));
    }
    let (workflow, any, place) = (&cx.workflow, &cx.any, &cx.state);
    let source = types::state(cx, transition, &transition.sources);
    let from = match transition.sources.as_slice() {
        [only] => {
            let only = cx.graph.state(*only).name;
            quote_spanned!(span=> #place::#only(state))
        }
        several => {
            let names: Vec<_> = several.iter().map(|it| cx.graph.state(*it).name).collect();
            quote_spanned!(span=> match state { #(#source::#names(state) => #place::#names(state),)* })
        }
    };
    let made = accepted(quote_spanned!(span=> #private::Made::<#state, #any>::new().of(machine)));
    quote_spanned! {span=>
        #private::Caught(|
            _: &'run #context,
            state: #source,
            _: #private::Cause<#context::Error>,
            step: &'run #private::Step<#outcome>,
        | async move {
            use #private::{NotKept as _, NotMade as _};

            let input = #private::Keep(step.input()).copy();
            let machine = #private::machine_of::<#workflow>(input, #from);
            #private::Ok::<_, #context::Error>(#made)
        })
    }
}

/// The method that judges errors, if another attempt may follow one or a breaker asks.
pub(super) fn judge(cx: &Context<'_>, context: &Ident) -> Option<TokenStream> {
    let span = cx.at(cx.workflow.span());
    let private = cx.alias(span);
    cx.plan.judges.then(|| {
        quote_spanned! {span=>
            fn judge(context: &#context, error: &#context::Error) -> #private::Verdict {
                #private::Verdict::new(
                    #context::retryable(context, error),
                    #context::retry_after(context, error),
                )
            }
        }
    })
}
