//! The `with` clauses: as constants of the graph, and as what a driver calls.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};

use super::{Context, steps};
use crate::ast::{ClauseKind, Delay, Retry, plain};
use crate::graph::{StateId, Transition};

/// The delays of a `retry(N)` that says nothing of them, in milliseconds.
const FIRST: u64 = 100;
const CAP: u64 = 10_000;

/// `.with(..)` behind a transition of the graph; nothing for one without clauses.
pub(super) fn constant(cx: &Context<'_>, transition: &Transition<'_>) -> TokenStream {
    let declaration = transition.declaration;
    if declaration.clauses.is_empty() {
        return TokenStream::new();
    }
    let private = cx.private(cx.workflow.span());
    let retry = declaration.retry().map(|it| retry(cx, it));
    let retry = retry.map(|it| quote!(.retry(#it)));
    let time = |kind: ClauseKind, method: TokenStream| {
        let milliseconds = declaration.time(kind)?.milliseconds;
        Some(quote!(.#method(#milliseconds)))
    };
    let timeout = time(ClauseKind::Timeout, quote!(timeout));
    let deadline = time(ClauseKind::Deadline, quote!(deadline));
    let method = |name: Option<&Ident>, method: TokenStream| {
        let name = plain(name?);
        Some(quote!(.#method(#name)))
    };
    let handlers = &transition.handlers;
    let catch = method(handlers.catch, quote!(catch));
    let breaker = method(handlers.breaker, quote!(breaker));
    let limit = method(handlers.limit, quote!(limit));
    let undo = undo(cx, transition);
    quote! {
        .with(#private::Policy::NONE #retry #timeout #deadline #catch #breaker #limit #undo)
    }
}

fn retry(cx: &Context<'_>, retry: &Retry) -> TokenStream {
    let private = cx.private(cx.workflow.span());
    let attempts = retry.attempts.value;
    let factor = retry.factor.as_ref().map_or(2.0, |(_, factor)| *factor);
    let jitter = retry.no_jitter.is_none();
    let (first, cap, factor, jitter) = match &retry.delay {
        None => (FIRST, CAP, factor, jitter),
        Some(Delay::Backoff { first, cap }) => {
            (first.milliseconds, cap.milliseconds, factor, jitter)
        }
        Some(Delay::Every(every)) => (every.milliseconds, every.milliseconds, 1.0, false),
    };
    quote!(#private::retry(#attempts, #first, #cap, #factor, #jitter))
}

fn undo(cx: &Context<'_>, transition: &Transition<'_>) -> Option<TokenStream> {
    let private = cx.private(cx.workflow.span());
    let (_, clause) = transition.declaration.undo()?;
    let retry = clause.retry.as_ref().map(|it| retry(cx, it));
    let retry = retry.map(|it| quote!(.retry(#it)));
    let timeout = clause.timeout.as_ref().map(|timeout| {
        let milliseconds = timeout.milliseconds;
        quote!(.timeout(#milliseconds))
    });
    let undo = transition
        .handlers
        .undo
        .iter()
        .map(|(StateId(target), handler)| {
            let handler = plain(handler);
            quote!(#private::undo(#target, #handler)#retry #timeout)
        });
    Some(quote!(.undo(&[#(#undo),*])))
}

/// Whether the handler is called under a policy, and not simply once.
pub(super) fn guards(transition: &Transition<'_>) -> bool {
    let mut clauses = transition.declaration.clauses.iter();
    clauses.any(|clause| clause.kind().guards())
}

/// Whether the source state is needed after the handler was called with it.
pub(super) fn keeps_source(transition: &Transition<'_>) -> bool {
    let declaration = transition.declaration;
    let retries = declaration
        .retry()
        .is_some_and(|retry| retry.attempts.value > 1);
    retries || transition.handlers.catch.is_some()
}

/// Whether any policy keeps a state.
pub(super) fn keeps(cx: &Context<'_>) -> bool {
    !kept(cx).is_empty()
}

/// Whether the driver holds states itself, and not the handlers alone.
pub(super) fn holds_states(cx: &Context<'_>) -> bool {
    let mut handled = steps::handled(cx);
    handled.any(|(transition, _)| guards(transition) || !transition.handlers.undo.is_empty())
}

/// Each state that a policy keeps, with the name of the handler that it is kept for.
pub(super) fn kept<'a>(cx: &'a Context<'a>) -> Vec<(&'a Ident, &'a Ident)> {
    let mut kept: Vec<(&Ident, &Ident)> = Vec::new();
    for (transition, source) in steps::handled(cx) {
        let retried = keeps_source(transition).then_some((source, &transition.declaration.name));
        let undone = transition.handlers.undo.iter();
        let undone = undone.map(|(target, handler)| (cx.graph.state(*target).name, *handler));
        for (state, handler) in retried.into_iter().chain(undone) {
            if !kept.iter().any(|(known, _)| *known == state) {
                kept.push((state, handler));
            }
        }
    }
    kept
}

/// The future of a guarded handler.
pub(super) fn guarded(
    cx: &Context<'_>,
    context: &Ident,
    transition: &Transition<'_>,
) -> TokenStream {
    let declaration = transition.declaration;
    let name = &declaration.name;
    let span = cx.at(name.span());
    let private = cx.alias(span);
    let source = if keeps_source(transition) {
        quote_spanned!(span=> #private::kept(state, |state| #private::Keep(state).copy()))
    } else {
        quote_spanned!(span=> #private::once_only(state))
    };
    let catch = if let Some(handler) = transition.handlers.catch {
        quote_spanned!(span=> #private::Caught(#context::#handler))
    } else {
        quote_spanned!(span=> #private::Nothing::default())
    };
    let mut gate = if let Some(method) = transition.handlers.breaker {
        quote_spanned!(span=> #context::#method(context))
    } else {
        quote_spanned!(span=> #private::NoGate)
    };
    if let Some(method) = transition.handlers.limit {
        gate = quote_spanned!(span=> #private::Limited(#gate, #context::#method(context)));
    }
    quote_spanned! {span=>
        #private::guarded(
            context,
            run,
            run.visit_to(),
            #source,
            #context::#name,
            #catch,
            #gate,
        )
    }
}

/// What a rollback needs: which states are to be kept, and how each is undone.
pub(super) fn rollback(cx: &Context<'_>, context: &Ident) -> Option<TokenStream> {
    let (state, end) = (&cx.state, &cx.end);
    let span = cx.at(cx.workflow.span());
    let private = cx.alias(span);
    let undos = steps::handled(cx).flat_map(|(transition, _)| {
        let index = steps::position(cx, transition);
        let undo = transition.handlers.undo.iter().enumerate();
        undo.map(move |(position, (target, handler))| {
            (
                index,
                transition,
                position,
                cx.graph.state(*target).name,
                *handler,
            )
        })
    });
    let undos: Vec<_> = undos.collect();
    if undos.is_empty() {
        return None;
    }
    let copies = undos.iter().map(|(index, _, position, target, _)| {
        quote_spanned! {span=>
            (#index, #state::#target(state)) => {
                #private::Some((#position, #state::#target(#private::Keep(state).copy())))
            }
        }
    });
    let count = undos.len();
    let arms = undos.iter().enumerate();
    let arms = arms.map(|(branch, (index, transition, position, target, handler))| {
        let outcome = &transition.outcome;
        let undoing = quote_spanned! {span=>
            #private::undoing::<#outcome, #position, _, _, _, _, _>(context, run, state, |state| #private::Keep(state).copy(), #context::#handler)
        };
        let forked = super::drive::forked(&private, undoing, branch, count);
        quote_spanned!(span=> (#index, #state::#target(state)) => #private::next(#forked))
    });
    Some(quote_spanned! {span=>
        fn undoable(
            transition: usize,
            state: &#state,
        ) -> #private::Option<(usize, #state)> {
            match (transition, state) {
                #(#copies)*
                _ => #private::None,
            }
        }

        fn undo<'run>(
            transition: usize,
            state: #state,
            context: &'run #context,
            run: &'run #private::Run<Self>,
        ) -> #private::Turn<
            impl #private::Future<
                Output = #private::Result<(), #private::NotUndone<#context::Error>>,
            > + #private::Send + use<'run, #context>,
            (),
        > {
            match (transition, state) {
                #(#arms,)*
                _ => #private::end((), 0),
            }
        }

        fn left(end: #end) -> #private::Option<#private::Left> {
            #private::Some(#private::Left::new(end))
        }
    })
}

/// Whether an error is worth another attempt, where one may follow or a breaker asks.
pub(super) fn judge(cx: &Context<'_>, context: &Ident) -> Option<TokenStream> {
    let span = cx.at(cx.workflow.span());
    let private = cx.alias(span);
    let judges = cx.graph.transitions.iter().any(|transition| {
        let declaration = transition.declaration;
        let undo = declaration.undo();
        declaration.retry().is_some()
            || transition.handlers.breaker.is_some()
            || undo.is_some_and(|(_, undo)| undo.retry.is_some())
    });
    judges.then(|| {
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
