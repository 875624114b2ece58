//! The `with` clauses: as constants of the graph, and as what a driver calls.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};

use super::turns::{self, Leaf, Taken};
use super::{Context, split, steps};
use crate::ast::{ClauseKind, Clauses, Delay, Retry, plain};
use crate::graph::{Branch, StateId, Transition};

/// The delays of a `retry(N)` that says nothing of them, in milliseconds.
const FIRST: u64 = 100;
const CAP: u64 = 10_000;

/// `.with(..)` behind a transition of the graph; nothing for one without clauses.
pub(super) fn constant(cx: &Context<'_>, transition: &Transition<'_>) -> TokenStream {
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
    let undo = undo(cx, transition);
    quote!(.with(#private::Policy::NONE #common #catch #undo))
}

/// The same for a branch of a split.
pub(super) fn of_branch(cx: &Context<'_>, branch: &Branch<'_>) -> Option<TokenStream> {
    let clauses = &branch.declaration.clauses;
    clauses.guard().then(|| {
        let private = cx.private(cx.workflow.span());
        let common = common(cx, clauses, branch.breaker, branch.limit);
        quote!(.with(#private::Policy::NONE #common))
    })
}

/// The clauses that a branch can have as well.
fn common(
    cx: &Context<'_>,
    clauses: &Clauses,
    breaker: Option<&Ident>,
    limit: Option<&Ident>,
) -> TokenStream {
    let retry = clauses.retry().map(|it| retry(cx, it));
    let retry = retry.map(|it| quote!(.retry(#it)));
    let time = |kind: ClauseKind, method: TokenStream| {
        let milliseconds = clauses.time(kind)?.milliseconds;
        Some(quote!(.#method(#milliseconds)))
    };
    let timeout = time(ClauseKind::Timeout, quote!(timeout));
    let deadline = time(ClauseKind::Deadline, quote!(deadline));
    let method = |name: Option<&Ident>, method: TokenStream| {
        let name = plain(name?);
        Some(quote!(.#method(#name)))
    };
    let breaker = method(breaker, quote!(breaker));
    let limit = method(limit, quote!(limit));
    quote!(#retry #timeout #deadline #breaker #limit)
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
    let (_, clause) = transition.declaration.clauses.undo()?;
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
    transition.declaration.clauses.guard()
}

/// Whether the source state is needed after the handler was called with it.
pub(super) fn keeps_source(transition: &Transition<'_>) -> bool {
    let declaration = transition.declaration;
    let retries = declaration
        .clauses
        .retry()
        .is_some_and(|retry| retry.attempts.value > 1);
    retries || transition.handlers.catch.is_some()
}

/// How each state that a policy keeps is copied.
pub(super) fn copies(cx: &Context<'_>) -> TokenStream {
    let kept = kept(cx);
    if kept.is_empty() {
        return TokenStream::new();
    }
    let span = cx.at(cx.workflow.span());
    let private = cx.alias(span);
    let states = kept.iter().map(|(state, _)| state);
    quote_spanned! {span=>
        use #private::NotKept as _;

        #(impl #private::Copied for #states {
            fn copied(&self) -> Self { #private::Keep(self).copy() }
        })*
    }
}

/// Whether the driver holds states itself, and not the handlers alone.
pub(super) fn holds_states(cx: &Context<'_>) -> bool {
    let mut handled = steps::handled(cx);
    handled.any(|(transition, _)| {
        let is_split = transition.declaration.split().is_some();
        is_split || guards(transition) || !transition.handlers.undo.is_empty()
    })
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

/// A handler under its policy, as a turn.
pub(super) fn guarded(
    cx: &Context<'_>,
    context: &Ident,
    transition: &Transition<'_>,
    source: &Ident,
) -> TokenStream {
    let declaration = transition.declaration;
    let name = &declaration.name;
    let span = cx.at(name.span());
    let private = cx.alias(span);
    let holds = if keeps_source(transition) {
        quote_spanned!(span=> #private::ForAll)
    } else {
        quote_spanned!(span=> #private::ForOne)
    };
    let is_split = declaration.split().is_some();
    let catch = match transition.handlers.catch {
        Some(handler) if is_split => {
            quote_spanned!(span=> #private::CaughtJoin(#context::#handler))
        }
        Some(handler) => quote_spanned!(span=> #private::Caught(#context::#handler)),
        None => quote_spanned!(span=> #private::Nothing::new()),
    };
    let handlers = &transition.handlers;
    let lend = match (handlers.breaker, handlers.limit) {
        (None, None) => quote_spanned!(span=> #private::no_gate),
        (Some(breaker), None) => quote_spanned!(span=> #context::#breaker),
        (breaker, limit) => {
            let gate = gate(cx, context, name, breaker, limit);
            quote_spanned!(span=> |context: &'run #context| #gate)
        }
    };
    let handler = if is_split {
        split::attempt(cx, context, transition, source)
    } else {
        quote_spanned!(span=> #context::#name)
    };
    quote_spanned!(span=> #private::Guard(#holds, #handler, #catch, #lend))
}

/// What stands before the calls of the handler `name`.
pub(super) fn gate(
    cx: &Context<'_>,
    context: &Ident,
    name: &Ident,
    breaker: Option<&Ident>,
    limit: Option<&Ident>,
) -> TokenStream {
    let span = cx.at(name.span());
    let private = cx.alias(span);
    let mut gate = if let Some(method) = breaker {
        quote_spanned!(span=> #context::#method(context))
    } else {
        quote_spanned!(span=> #private::NoGate)
    };
    if let Some(method) = limit {
        gate = quote_spanned!(span=> #private::Limited(#gate, #context::#method(context)));
    }
    gate
}

/// The code that undoes the transitions of a workflow.
pub(super) struct Rollback {
    /// The methods of `Drive`.
    pub(super) driven: TokenStream,
    /// The method of `Sent`.
    pub(super) sent: TokenStream,
    /// What the latter stands on.
    pub(super) groups: TokenStream,
}

/// The code that a rollback needs: which states are to be kept, and how each is undone.
pub(super) fn rollback(
    cx: &Context<'_>,
    context: &Ident,
    lasting: Option<&TokenStream>,
) -> Option<Rollback> {
    let (state, end) = (&cx.state, &cx.end);
    let span = cx.at(cx.workflow.span());
    let private = cx.alias(span);
    let (mut copies, mut leaves) = (TokenStream::new(), Vec::new());
    for (transition, _) in steps::handled(cx) {
        let index = steps::position(cx, transition);
        for (position, (id, handler)) in transition.handlers.undo.iter().enumerate() {
            let (target, target_at) = (cx.graph.state(*id).name, id.0);
            copies.extend(quote_spanned! {span=>
                (#index, #state::#target(state)) => #private::copied(#position, state, #state::#target),
            });
            leaves.push(Leaf {
                patterns: vec![quote_spanned!(span=> (#target_at, #index))],
                turn: Taken::Turn(
                    quote_spanned!(span=> #private::Undoing::<#position, _>(#context::#handler)),
                ),
                states: vec![*id],
            });
        }
    }
    if leaves.is_empty() {
        return None;
    }
    let output = quote!(#private::Result<(), #private::NotUndone<#context::Error>>);
    let shape = turns::Shape {
        cx,
        context,
        lasting,
        name: "undos",
        output: output.clone(),
    };
    let (body, groups) = shape.pick(leaves);
    let private_future = quote! {
        impl #private::Future<Output = #output> + #private::Send + use<'run, #context>
    };
    let parameters = quote! {
        place: &'run mut #private::Option<#state>,
        context: &'run #context,
        run: &'run #private::Run<Self>,
    };
    Some(Rollback {
        driven: quote_spanned! {span=>
            fn undoable(
                transition: usize,
                state: &#state,
            ) -> #private::Option<(usize, #state)> {
                match (transition, state) {
                    #copies
                    _ => #private::None,
                }
            }

            fn undo<'run>(#parameters) -> #private_future {
                #private::Turns::<Self, #context>::new().undo(place, context, run)
            }

            fn left(end: #end) -> #private::Option<#private::Left> {
                #private::Some(#private::Left::new(end))
            }
        },
        sent: quote_spanned! {span=>
            fn undo<'run>(#parameters) -> #private_future {
                #body
            }
        },
        groups,
    })
}

/// Whether an error is worth another attempt, where one may follow or a breaker asks.
pub(super) fn judge(cx: &Context<'_>, context: &Ident) -> Option<TokenStream> {
    let span = cx.at(cx.workflow.span());
    let private = cx.alias(span);
    let judges = cx.graph.transitions.iter().any(|transition| {
        let clauses = &transition.declaration.clauses;
        let undo = clauses.undo();
        let branches = transition.branches.iter();
        let of_branches = branches.map(|it| (&it.declaration.clauses, it.breaker));
        let mut of_all = of_branches.chain([(clauses, transition.handlers.breaker)]);
        of_all.any(|(clauses, breaker)| clauses.retry().is_some() || breaker.is_some())
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
