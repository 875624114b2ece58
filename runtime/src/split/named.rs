//! Named branches: a list of futures, each of a type of its own, polled where it stands.

use std::future::Future as _;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use stateway_core::Transition;
use tokio::task::coop::has_budget_remaining;

use super::branched::Branched;
use super::join::{Branches, end};
use super::seat::{Attempt, Seat};
use super::tally::Tally;
use crate::error::BranchError;

pin_project! {
    /// All named branches of a split.
    pub struct Named<L> {
        #[pin]
        list: L,
        // The first to be polled.
        next: usize,
    }
}

pin_project! {
    /// A branch, and those that are declared after it.
    pub struct Beside<T, Fut: Attempt, Rest> {
        #[pin]
        seat: Option<Seat<T, Fut>>,
        ended: Branched<Fut::Done, Fut::Error>,
        #[pin]
        rest: Rest,
    }
}

/// The end of the list.
pub struct Last;

/// The named branches of a split.
pub fn named<L>(list: L) -> Named<L> {
    Named { list, next: 0 }
}

/// A branch before others.
pub fn beside<T, Fut: Attempt, Rest>(seat: Seat<T, Fut>, rest: Rest) -> Beside<T, Fut, Rest> {
    Beside {
        seat: Some(seat),
        ended: Branched::Cancelled,
        rest,
    }
}

/// A list of branches, whose handlers fail with `E`.
pub trait List<E> {
    /// What became of each: pairs of the first and the rest.
    type Outputs;

    /// How many there are.
    const LENGTH: usize;

    /// Polls the branches at these positions, the first of this list being the one at `here`. Gives
    /// where it stopped, if it is not to go on.
    fn poll(
        self: Pin<&mut Self>,
        here: usize,
        at: &Range<usize>,
        cx: &mut Context<'_>,
        tally: &mut Tally,
    ) -> Option<Stopped>;

    /// Drops what is still under way.
    fn stop(self: Pin<&mut Self>);

    /// Takes out what became of each.
    fn take(self: Pin<&mut Self>) -> Self::Outputs;

    /// Takes the failures out of that.
    fn failures(outputs: Self::Outputs, failures: &mut Vec<BranchError<E>>);
}

/// Why the branches after one are not polled.
pub enum Stopped {
    /// The strategy is decided.
    Decided,
    /// What the task may do before it lets its executor go on is used up. The branches from here on
    /// come first the next time: one that is always ready would use it up each time.
    Exhausted {
        /// The position of the next one.
        next: usize,
    },
}

impl<E> List<E> for Last {
    type Outputs = ();

    const LENGTH: usize = 0;

    fn poll(
        self: Pin<&mut Self>,
        _here: usize,
        _at: &Range<usize>,
        _cx: &mut Context<'_>,
        _tally: &mut Tally,
    ) -> Option<Stopped> {
        None
    }

    fn stop(self: Pin<&mut Self>) {}

    fn take(self: Pin<&mut Self>) {}

    fn failures((): (), _failures: &mut Vec<BranchError<E>>) {}
}

impl<T, Fut, Rest> List<Fut::Error> for Beside<T, Fut, Rest>
where
    T: Transition,
    Fut: Attempt,
    Rest: List<Fut::Error>,
{
    type Outputs = (Branched<Fut::Done, Fut::Error>, Rest::Outputs);

    const LENGTH: usize = 1 + Rest::LENGTH;

    #[inline]
    fn poll(
        self: Pin<&mut Self>,
        here: usize,
        at: &Range<usize>,
        cx: &mut Context<'_>,
        tally: &mut Tally,
    ) -> Option<Stopped> {
        let mut this = self.project();
        if at.contains(&here)
            && let Some(seat) = this.seat.as_mut().as_pin_mut()
        {
            match seat.poll(cx) {
                Poll::Ready((_, outcome)) => {
                    *this.ended = end(outcome, tally);
                    this.seat.set(None);
                    if tally.decided().is_some() {
                        return Some(Stopped::Decided);
                    }
                }
                Poll::Pending if has_budget_remaining() => {}
                Poll::Pending => return Some(Stopped::Exhausted { next: here + 1 }),
            }
        }
        this.rest.poll(here + 1, at, cx, tally)
    }

    fn stop(self: Pin<&mut Self>) {
        let mut this = self.project();
        this.seat.set(None);
        this.rest.stop();
    }

    fn take(self: Pin<&mut Self>) -> Self::Outputs {
        let this = self.project();
        let ended = std::mem::replace(this.ended, Branched::Cancelled);
        (ended, this.rest.take())
    }

    fn failures((ended, rest): Self::Outputs, failures: &mut Vec<BranchError<Fut::Error>>) {
        if let Branched::Failed(error) = ended {
            failures.push(error);
        }
        Rest::failures(rest, failures);
    }
}

impl<E, L: List<E>> Branches<E> for Named<L> {
    type Outputs = L::Outputs;

    fn length(&self) -> usize {
        L::LENGTH
    }

    fn poll(
        self: Pin<&mut Self>,
        _may_begin: bool,
        cx: &mut Context<'_>,
        tally: &mut Tally,
    ) -> Poll<()> {
        let mut this = self.project();
        let from = *this.next;
        for range in [from..L::LENGTH, 0..from] {
            if range.is_empty() {
                continue;
            }
            match this.list.as_mut().poll(0, &range, cx, tally) {
                None => {}
                Some(Stopped::Decided) => return Poll::Ready(()),
                Some(Stopped::Exhausted { next }) => {
                    *this.next = next % L::LENGTH;
                    // The branch that used it up has woken the task, if it is one of tokio's.
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
            }
        }
        if tally.ended() == L::LENGTH {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    fn stop(self: Pin<&mut Self>) {
        self.project().list.stop();
    }

    fn take(self: Pin<&mut Self>) -> L::Outputs {
        self.project().list.take()
    }

    fn failures(outputs: L::Outputs) -> Vec<BranchError<E>> {
        let mut failures = Vec::new();
        L::failures(outputs, &mut failures);
        failures
    }
}
