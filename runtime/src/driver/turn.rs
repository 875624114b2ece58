//! One turn of a run: the future of a handler, and how the futures of all handlers are one type.

// As a call, the state of each turn goes through memory, which takes longer than all the rest. Without optimisation
// what is inlined has its variables in the frame of its caller, all states of a workflow in one: there nothing is.
#![cfg_attr(
    not(debug_assertions),
    expect(
        clippy::inline_always,
        reason = "a call takes longer than what it does"
    )
)]

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use stateway_core::{State, Transition, Workflow, nothing_is_left, take};

use crate::error::Cause;
use crate::handler::Step;
use crate::run::Run;

/// What a handler's future fails with. Boxed, since every turn moves the result about.
pub type Failed<E> = Box<Cause<E>>;

/// Waits for a turn, and puts the state that it led to into `place`.
///
/// A result would be moved from one variable of the caller to the next; this is written once.
pub(crate) struct Take<'a, F, State> {
    pub(crate) turn: Pin<&'a mut F>,
    pub(crate) place: &'a mut Option<State>,
}

impl<F, State, E> Future for Take<'_, F, State>
where
    F: Future<Output = Result<State, E>>,
{
    type Output = Result<(), E>;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.turn.as_mut().poll(cx) {
            Poll::Ready(Ok(state)) => {
                *self.place = Some(state);
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => Poll::Pending,
        }
    }
}

/// Takes out the state `S`, which is what the arm of a `match` found there.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(crate) fn found<S: State>(place: &mut Option<<S::Workflow as Workflow>::State>) -> S {
    match take(place) {
        Some(state) => state,
        None => nothing_is_left(()),
    }
}

/// Begins a turn as one of several that a function of their own begins.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn group<'run, W: Workflow, C, F, Fut>(
    begin: F,
    place: &mut Option<W::State>,
    context: &'run C,
    run: &'run Run<W>,
) -> Fut
where
    F: FnOnce(&mut Option<W::State>, &'run C, &'run Run<W>) -> Fut,
{
    begin(place, context, run)
}

/// Begins an undo as one of several that a function of their own begins.
pub fn group_of<'run, W: Workflow, C, F, Fut>(
    (begin, transition, undo): (F, usize, usize),
    place: &mut Option<W::State>,
    context: &'run C,
    run: &'run Run<W>,
) -> Fut
where
    F: FnOnce(usize, usize, &mut Option<W::State>, &'run C, &'run Run<W>) -> Fut,
{
    begin(transition, undo, place, context, run)
}

pin_project! {
    /// The future of a handler that is called once.
    pub struct Once<F> {
        #[pin]
        handler: F,
    }
}

/// Calls the handler of the step `T`, which leaves the state `S`, once.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn once<'run, S, T, W, C, F, Fut>(
    handler: F,
    place: &mut Option<W::State>,
    context: &'run C,
    run: &'run Run<W>,
) -> Once<Fut>
where
    W: Workflow,
    S: State<Workflow = W>,
    T: Transition<Workflow = W>,
    F: FnOnce(&'run C, S, &'run Step<T>) -> Fut,
{
    Once {
        handler: handler(context, found(place), run.begin()),
    }
}

impl<F, T, E> Future for Once<F>
where
    F: Future<Output = Result<T, E>>,
    T: Transition,
{
    type Output = Result<<T::Workflow as Workflow>::State, Failed<E>>;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().handler.poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(outcome)) => Poll::Ready(Ok(outcome.into_state())),
            Poll::Ready(Err(error)) => Poll::Ready(Err(Box::new(Cause::Handler(error)))),
        }
    }
}

pin_project! {
    /// The future of a transition that tells its failure itself: a split, or what has a policy.
    pub struct Settled<F> {
        #[pin]
        visit: F,
    }
}

impl<F> Settled<F> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn new(visit: F) -> Self {
        Settled { visit }
    }
}

impl<F, T, E> Future for Settled<F>
where
    F: Future<Output = Result<T, Cause<E>>>,
    T: Transition,
{
    type Output = Result<<T::Workflow as Workflow>::State, Failed<E>>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().visit.poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(outcome)) => Poll::Ready(Ok(outcome.into_state())),
            Poll::Ready(Err(cause)) => Poll::Ready(Err(Box::new(cause))),
        }
    }
}

/// Attempts the split `T`, which leaves the state `S`, once.
// Apart from `once`: a trait for both kinds of failure would be looked up for every step.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn split_once<'run, S, T, W, C, F, Fut>(
    split: F,
    place: &mut Option<W::State>,
    context: &'run C,
    run: &'run Run<W>,
) -> Settled<Fut>
where
    W: Workflow,
    S: State<Workflow = W>,
    T: Transition<Workflow = W>,
    F: FnOnce(&'run C, S, &'run Step<T>) -> Fut,
{
    Settled::new(split(context, found(place), run.begin()))
}

macro_rules! forks {
    ($($fork:ident $project:ident { $($branch:ident $begin:ident)* })*) => {$(
        pin_project! {
            /// One of several futures with the same output.
            ///
            /// Generated code makes one type of the futures of all handlers by it, so that a
            /// single `.await` serves every state.
            #[project = $project]
            pub enum $fork<$($branch),*> {
                $(#[allow(missing_docs)] $branch { #[pin] future: $branch },)*
            }
        }

        impl<$($branch),*> $fork<$($branch),*> {
            $(
                /// Begins this one, by `begin` and what it takes beside the run.
                #[cfg_attr(not(debug_assertions), inline(always))]
                pub fn $begin<'run, W: Workflow, C, L>(
                    begin: impl FnOnce(L, &mut Option<W::State>, &'run C, &'run Run<W>) -> $branch,
                    leaf: L,
                    place: &mut Option<W::State>,
                    context: &'run C,
                    run: &'run Run<W>,
                ) -> Self {
                    $fork::$branch { future: begin(leaf, place, context, run) }
                }
            )*
        }

        impl<Output, $($branch: Future<Output = Output>),*> Future for $fork<$($branch),*> {
            type Output = Output;

            #[cfg_attr(not(debug_assertions), inline(always))]
            fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Output> {
                match self.project() {
                    $($project::$branch { future } => future.poll(cx),)*
                }
            }
        }
    )*};
}

forks! {
    Fork2 Fork2Project { B0 b0 B1 b1 }
    Fork3 Fork3Project { B0 b0 B1 b1 B2 b2 }
    Fork4 Fork4Project { B0 b0 B1 b1 B2 b2 B3 b3 }
    Fork5 Fork5Project { B0 b0 B1 b1 B2 b2 B3 b3 B4 b4 }
    Fork6 Fork6Project { B0 b0 B1 b1 B2 b2 B3 b3 B4 b4 B5 b5 }
    Fork7 Fork7Project { B0 b0 B1 b1 B2 b2 B3 b3 B4 b4 B5 b5 B6 b6 }
    Fork8 Fork8Project { B0 b0 B1 b1 B2 b2 B3 b3 B4 b4 B5 b5 B6 b6 B7 b7 }
}
