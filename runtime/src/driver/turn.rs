//! One turn of a run: the handler's future, or the end.

#![expect(
    clippy::inline_always,
    reason = "as a call, the state of each turn goes through memory, which takes longer than all the rest"
)]

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use stateway_core::{Transition, Workflow};

use crate::error::Cause;
use crate::policy::Fails;

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
    pub struct Once<F, E> {
        #[pin]
        handler: F,
        error: PhantomData<fn() -> E>,
    }
}

/// A step or split without policies.
#[inline]
pub fn once<F, T, X, E>(handler: F) -> Once<F, E>
where
    F: Future<Output = Result<T, X>>,
    X: Fails<E>,
{
    Once {
        handler,
        error: PhantomData,
    }
}

impl<F, T, X, E> Future for Once<F, E>
where
    F: Future<Output = Result<T, X>>,
    T: Transition,
    X: Fails<E>,
{
    type Output = Result<<T::Workflow as Workflow>::State, Failed<E>>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().handler.poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(outcome)) => Poll::Ready(Ok(outcome.into_state())),
            Poll::Ready(Err(error)) => Poll::Ready(Err(Box::new(error.into_cause()))),
        }
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
