//! One turn of a run: the handler's future, or the end.

#![expect(
    clippy::inline_always,
    reason = "as a call, the state of each turn goes through memory, which takes longer than all the rest"
)]

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use stateway_core::{Transition, Workflow};

use crate::error::Cause;

/// What a handler's future fails with. Boxed, since every turn moves the result about.
pub type Failed<E> = Box<Cause<E>>;

pin_project! {
    /// What a state asks of its driver: to wait for its handler, or to stop.
    #[project = TurnProject]
    #[allow(missing_docs, reason = "a variant says it")]
    pub enum Turn<F, End> {
        /// To go on to the state that this future gives.
        Next { #[pin] future: F },
        /// To stop: the run ended in the state at this position.
        End { end: Option<End>, state: usize },
    }
}

/// A turn whose handler is called.
#[inline]
pub fn next<F, End>(future: F) -> Turn<F, End> {
    Turn::Next { future }
}

/// The last turn, in the final state at this position.
#[inline]
pub fn end<F, End>(end: End, state: usize) -> Turn<F, End> {
    let end = Some(end);
    Turn::End { end, state }
}

/// Waits for a turn, and puts where it led into `place`, or into `end` with the position of the state.
///
/// A result would be moved from one variable of the caller to the next; this is written once.
pub(crate) struct Take<'a, F, State, End> {
    pub(crate) turn: Pin<&'a mut Turn<F, End>>,
    pub(crate) place: &'a mut Option<State>,
    pub(crate) end: &'a mut Option<(End, usize)>,
}

impl<F, State, End, E> Future for Take<'_, F, State, End>
where
    F: Future<Output = Result<State, E>>,
{
    type Output = Result<(), E>;

    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.turn.as_mut().project() {
            TurnProject::Next { future } => match future.poll(cx) {
                Poll::Ready(Ok(state)) => {
                    *self.place = Some(state);
                    Poll::Ready(Ok(()))
                }
                Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
                Poll::Pending => Poll::Pending,
            },
            TurnProject::End { end, state } => {
                let end = end.take().expect("a turn ends once");
                let state = *state;
                *self.end = Some((end, state));
                Poll::Ready(Ok(()))
            }
        }
    }
}

pin_project! {
    /// The future of a handler that is called once.
    pub struct Once<F> {
        #[pin]
        handler: F,
    }
}

/// A step without policies.
#[inline]
pub fn once<F>(handler: F) -> Once<F> {
    Once { handler }
}

impl<F, T, E> Future for Once<F>
where
    F: Future<Output = Result<T, E>>,
    T: Transition,
{
    type Output = Result<<T::Workflow as Workflow>::State, Failed<E>>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().handler.poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(outcome)) => Poll::Ready(Ok(outcome.into_state())),
            Poll::Ready(Err(error)) => Poll::Ready(Err(Box::new(Cause::Handler(error)))),
        }
    }
}

pin_project! {
    /// The future of a split that is attempted once.
    pub struct SplitOnce<F> {
        #[pin]
        split: F,
    }
}

/// A split without policies.
// Apart from `once`: a trait for both kinds of failure would be looked up for every step.
#[inline]
pub fn split_once<F>(split: F) -> SplitOnce<F> {
    SplitOnce { split }
}

impl<F, T, E> Future for SplitOnce<F>
where
    F: Future<Output = Result<T, Cause<E>>>,
    T: Transition,
{
    type Output = Result<<T::Workflow as Workflow>::State, Failed<E>>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = self.project().split.poll(cx);
        polled.map(|ended| ended.map(T::into_state).map_err(Box::new))
    }
}

macro_rules! forks {
    ($($fork:ident $project:ident { $($branch:ident)* })*) => {$(
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

        impl<Output, $($branch: Future<Output = Output>),*> Future for $fork<$($branch),*> {
            type Output = Output;

            #[inline(always)]
            fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Output> {
                match self.project() {
                    $($project::$branch { future } => future.poll(cx),)*
                }
            }
        }
    )*};
}

forks! {
    Fork2 Fork2Project { B0 B1 }
    Fork3 Fork3Project { B0 B1 B2 }
    Fork4 Fork4Project { B0 B1 B2 B3 }
    Fork5 Fork5Project { B0 B1 B2 B3 B4 }
    Fork6 Fork6Project { B0 B1 B2 B3 B4 B5 }
    Fork7 Fork7Project { B0 B1 B2 B3 B4 B5 B6 }
    Fork8 Fork8Project { B0 B1 B2 B3 B4 B5 B6 B7 }
}
