//! The `with` clauses as constants of the graph.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::context::Context;
use crate::ast::{
    Attempts, ClauseKind, Clauses, Count, Delay, Duration, Given, Jitter, Place, Retry, Undo, plain,
};
use crate::graph::{DoubtHandler, ResolvedBranch, ResolvedTransition, StateId};

/// The delays of a `retry(N)` that says nothing of them, in milliseconds.
const FIRST: u64 = 100;
const CAP: u64 = 10_000;

/// `.with(..)` behind a transition of the graph; nothing for one without clauses.
pub(super) fn constant(cx: &Context<'_>, transition: &ResolvedTransition<'_>) -> TokenStream {
    let clauses = &transition.declaration.clauses;
    if clauses.is_empty() {
        return TokenStream::new();
    }
    let private = cx.private(cx.workflow.span());
    let handlers = &transition.handlers;
    let common = common(cx, clauses, handlers.breaker, handlers.limit);
    let catch = handlers.catch.map(|name| {
        let name = plain(name);
        quote!(.catch(#name))
    });
    let fallback = handlers
        .fallback
        .map(|(StateId(state), _)| quote!(.fallback(#state)));
    let pauses = clauses.pause().map(|_| quote!(.pauses()));
    let undo = undo(cx, transition);
    quote!(.with(#private::Policy::NONE #common #catch #fallback #pauses #undo))
}

/// The same for a branch of a split.
pub(super) fn of_branch(cx: &Context<'_>, branch: &ResolvedBranch<'_>) -> Option<TokenStream> {
    let clauses = &branch.declaration.clauses;
    let undo = undo_of_branch(cx, branch);
    (clauses.guard() || undo.is_some()).then(|| {
        let private = cx.private(cx.workflow.span());
        let common = common(cx, clauses, branch.breaker, branch.limit);
        quote!(.with(#private::Policy::NONE #common #undo))
    })
}

/// The clauses that a branch can have as well.
fn common(
    cx: &Context<'_>,
    clauses: &Clauses,
    breaker: Option<&Ident>,
    limit: Option<&Ident>,
) -> TokenStream {
    let retry = clauses
        .retry()
        .map(|it| retry(cx, it))
        .map(|it| quote!(.retry(#it)));
    let time = |kind: ClauseKind| Some(time(clauses.time(kind)?, kind.word()));
    let timeout = time(ClauseKind::Timeout);
    let deadline = time(ClauseKind::Deadline);
    let method = |name: Option<&Ident>, method: TokenStream| {
        let name = plain(name?);
        Some(quote!(.#method(#name)))
    };
    let breaker = method(breaker, quote!(breaker));
    let limit = method(limit, quote!(limit));
    let once = clauses.once().map(|_| quote!(.once()));
    quote!(#retry #timeout #deadline #breaker #limit #once)
}

/// `.timeout(2000)`, or `.timeout_in("limit")`.
pub(super) fn time(time: &Given<Duration>, method: &str) -> TokenStream {
    match time {
        Given::Written(time) => {
            let (method, milliseconds) = (format_ident!("{method}"), time.milliseconds);
            quote!(.#method(#milliseconds))
        }
        Given::Field(place) => {
            let (method, field) = (format_ident!("{method}_in"), place.name());
            quote!(.#method(#field))
        }
    }
}

fn retry(cx: &Context<'_>, retry: &Retry) -> TokenStream {
    let private = cx.private(cx.workflow.span());
    let factor = retry.factor.as_ref().map_or(2.0, |(_, factor)| *factor);
    let milliseconds = |time: &Given<Duration>| time.written().map_or(0, |it| it.milliseconds);
    let (delays, first, cap, factor) = match &retry.delay {
        None => (None, FIRST, CAP, factor),
        Some(Delay::Backoff { first, cap }) => {
            let (from, to) = (milliseconds(first), milliseconds(cap));
            (Some((first, cap)), from, to, factor)
        }
        Some(Delay::Every(every)) => {
            let span = milliseconds(every);
            (Some((every, every)), span, span, 1.0)
        }
    };
    let made = match &retry.attempts {
        Attempts::Count(Given::Written(Count { value, .. })) => {
            quote!(#private::retry(#value, #first, #cap, #factor))
        }
        Attempts::Count(Given::Field(place)) => {
            let field = place.name();
            quote!(#private::forever(#first, #cap, #factor).attempts_in(#field))
        }
        Attempts::Forever => quote!(#private::forever(#first, #cap, #factor)),
    };
    let field = |given: &Given<Duration>| given.field().map(Place::name);
    let first = delays.and_then(|(first, _)| field(first));
    let first = first.map(|field| quote!(.first_in(#field)));
    let cap = delays.and_then(|(_, cap)| field(cap));
    let cap = cap.map(|field| quote!(.cap_in(#field)));
    let made = quote!(#made #first #cap);
    match (&retry.delay, &retry.jitter) {
        (Some(Delay::Every(_)), _) | (_, Some((_, Jitter::None))) => quote!(#made.no_jitter()),
        (_, Some((_, Jitter::Full))) => quote!(#made.full_jitter()),
        (_, None) => made,
    }
}

fn undo(cx: &Context<'_>, transition: &ResolvedTransition<'_>) -> Option<TokenStream> {
    let private = cx.private(cx.workflow.span());
    let (_, clause) = transition.declaration.clauses.undo()?;
    let rules = rules(cx, clause);
    let handlers = &transition.handlers;
    let undo = handlers.undo.iter().map(|(StateId(target), handler)| {
        let handler = plain(handler);
        let in_doubt = match handlers.in_doubt {
            Some(DoubtHandler::Shared(_)) => Some(quote!(.in_doubt())),
            _ => None,
        };
        quote!(#private::undo(#target, #handler) #rules #in_doubt)
    });
    let own = match handlers.in_doubt {
        Some(DoubtHandler::Own(name)) => {
            let name = plain(name);
            Some(quote!(#private::undo_effect(#name) #rules .in_doubt()))
        }
        _ => None,
    };
    let undo = undo.chain(own);
    Some(quote!(.undo(&[#(#undo),*])))
}

fn undo_of_branch(cx: &Context<'_>, branch: &ResolvedBranch<'_>) -> Option<TokenStream> {
    let private = cx.private(cx.workflow.span());
    let (_, clause) = branch.declaration.clauses.undo()?;
    let (handler, rules) = (plain(branch.undo?), rules(cx, clause));
    Some(quote!(.undo(&[#private::undo_effect(#handler) #rules])))
}

/// The clauses of an undo.
fn rules(cx: &Context<'_>, clause: &Undo) -> TokenStream {
    let retry = clause.retry.as_ref().map(|it| retry(cx, it));
    let retry = retry.map(|it| quote!(.retry(#it)));
    let timeout = clause.timeout.as_ref().map(|it| time(it, "timeout"));
    quote!(#retry #timeout)
}
