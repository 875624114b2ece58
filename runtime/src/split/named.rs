//! Named branches: futures, each of its own type, that are polled in place.

use std::future::Future as _;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project::pin_project;
use stateway_core::{SplitInfo, Transition};
use tokio::task::coop::has_budget_remaining;

use super::branched::Branched;
use super::each::{Begin, EndedBranch, Error};
use super::join::{Branches, Report, end};
use super::running_branch::{RunningBranch, name, running_branch};
use super::tally::Tally;
use crate::handler::{Branch, Step};

/// Branches before they begin: small, so that they may be moved until they are in their place.
pub trait Grow {
    /// The branches, each with room for its future.
    type Tree;

    /// Makes the branches.
    fn grow(self) -> Self::Tree;
}

/// All named branches of a split.
#[pin_project]
pub struct Named<B> {
    #[pin]
    branches: B,
    // The first to be polled.
    next: usize,
}

/// A branch that has not begun.
pub struct Seed<'run, T: Transition, F> {
    step: &'run Step<T>,
    declared: usize,
    branch: F,
}

/// Two halves of branches that have not begun.
pub struct Pair<L, R>(L, R);

/// One branch.
#[pin_project]
pub struct One<'run, T: Transition, F: Begin<T>> {
    seed: Option<Seed<'run, T, F>>,
    #[pin]
    running_branch: Option<RunningBranch<'run, T, F::Branch>>,
    ended: EndedBranch<T, F>,
}

/// Branches, and those that are declared after them.
#[pin_project]
pub struct Both<L, R> {
    #[pin]
    left: L,
    #[pin]
    right: R,
}

/// Makes the named branches of a split in their place: their tree has room for the futures of all of them, and would be
/// on the stack many times as a value that is put together and passed on.
#[inline]
pub fn named<B: Grow>(branches: B) -> Named<B::Tree> {
    Named {
        branches: branches.grow(),
        next: 0,
    }
}

/// Returns the branch that is declared at this position.
#[inline]
pub fn one<T, F, Fut>(step: &Step<T>, declared: usize, branch: F) -> Seed<'_, T, F>
where
    T: Transition,
    F: Fn(Branch<T>) -> Fut + Begin<T>,
{
    Seed {
        step,
        declared,
        branch,
    }
}

/// Returns two halves as one.
#[inline]
pub fn both<L, R>(left: L, right: R) -> Pair<L, R> {
    Pair(left, right)
}

impl<'run, T: Transition, F: Begin<T>> Grow for Seed<'run, T, F> {
    type Tree = One<'run, T, F>;

    #[inline]
    fn grow(self) -> Self::Tree {
        One {
            seed: Some(self),
            running_branch: None,
            ended: Branched::Cancelled,
        }
    }
}

impl<L: Grow, R: Grow> Grow for Pair<L, R> {
    type Tree = Both<L::Tree, R::Tree>;

    #[inline]
    fn grow(self) -> Self::Tree {
        Both {
            left: self.0.grow(),
            right: self.1.grow(),
        }
    }
}

/// Branches, whose handlers fail with `E`, as a tree: a list of a hundred of them would be a type too
/// deep for the compiler.
pub trait Tree<E> {
    /// The results: pairs of pairs.
    type Outputs;

    /// The number of branches.
    const LENGTH: usize;

    /// Polls the branches at these positions; the first of this tree is the one at `here`. Returns
    /// the reason if it stopped before the last.
    fn poll(
        self: Pin<&mut Self>,
        here: usize,
        at: &Range<usize>,
        cx: &mut Context<'_>,
        tally: &mut Tally,
    ) -> Option<Stopped>;

    /// Drops the branches that still run.
    fn stop(self: Pin<&mut Self>);

    /// Takes out the results.
    fn take(self: Pin<&mut Self>) -> Self::Outputs;

    /// Adds the results to a report; the first branch of this tree is declared at `here`.
    fn report(outputs: Self::Outputs, here: usize, split: &SplitInfo, report: &mut Report<E>);
}

/// The reason why the branches after one are not polled.
pub enum Stopped {
    /// The strategy is decided.
    Decided,
    /// The budget of the task is used up. The branches from here on
    /// come first the next time: one that is always ready would use it up each time.
    Exhausted {
        /// The position of the next one.
        next: usize,
    },
}

impl<T: Transition, F: Begin<T>> Tree<Error<T, F>> for One<'_, T, F> {
    type Outputs = EndedBranch<T, F>;

    const LENGTH: usize = 1;

    #[inline]
    fn poll(
        self: Pin<&mut Self>,
        here: usize,
        at: &Range<usize>,
        cx: &mut Context<'_>,
        tally: &mut Tally,
    ) -> Option<Stopped> {
        let mut this = self.project();
        if !at.contains(&here) {
            return None;
        }
        if let Some(seed) = this.seed.take() {
            let begin = |branch| seed.branch.begin(branch);
            this.running_branch
                .set(Some(running_branch(seed.step, seed.declared, begin)));
        }
        let running_branch = this.running_branch.as_mut().as_pin_mut()?;
        // A sibling may have computed for long.
        if tally.is_late() {
            return Some(Stopped::Decided);
        }
        match running_branch.poll(cx) {
            Poll::Ready((_, outcome)) => {
                *this.ended = end(outcome, tally);
                this.running_branch.set(None);
                tally.decided().map(|_| Stopped::Decided)
            }
            Poll::Pending if has_budget_remaining() => None,
            Poll::Pending => Some(Stopped::Exhausted { next: here + 1 }),
        }
    }

    fn stop(self: Pin<&mut Self>) {
        let mut this = self.project();
        *this.seed = None;
        this.running_branch.set(None);
    }

    fn take(self: Pin<&mut Self>) -> Self::Outputs {
        std::mem::replace(self.project().ended, Branched::Cancelled)
    }

    fn report(
        ended: Self::Outputs,
        here: usize,
        split: &SplitInfo,
        report: &mut Report<Error<T, F>>,
    ) {
        report.add(name(split, here, here), ended);
    }
}

impl<E, L: Tree<E>, R: Tree<E>> Tree<E> for Both<L, R> {
    type Outputs = (L::Outputs, R::Outputs);

    const LENGTH: usize = L::LENGTH + R::LENGTH;

    #[inline]
    fn poll(
        self: Pin<&mut Self>,
        here: usize,
        at: &Range<usize>,
        cx: &mut Context<'_>,
        tally: &mut Tally,
    ) -> Option<Stopped> {
        let this = self.project();
        let stopped = this.left.poll(here, at, cx, tally);
        if stopped.is_some() {
            return stopped;
        }
        this.right.poll(here + L::LENGTH, at, cx, tally)
    }

    fn stop(self: Pin<&mut Self>) {
        let this = self.project();
        this.left.stop();
        this.right.stop();
    }

    fn take(self: Pin<&mut Self>) -> Self::Outputs {
        let this = self.project();
        (this.left.take(), this.right.take())
    }

    fn report(
        (left, right): Self::Outputs,
        here: usize,
        split: &SplitInfo,
        report: &mut Report<E>,
    ) {
        L::report(left, here, split, report);
        R::report(right, here + L::LENGTH, split, report);
    }
}

impl<E, B: Tree<E>> Branches<E> for Named<B> {
    type Outputs = B::Outputs;

    fn length(&self) -> usize {
        B::LENGTH
    }

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>, tally: &mut Tally) -> Poll<()> {
        let mut this = self.project();
        let from = *this.next;
        for range in [from..B::LENGTH, 0..from] {
            if range.is_empty() {
                continue;
            }
            match this.branches.as_mut().poll(0, &range, cx, tally) {
                None => {}
                Some(Stopped::Decided) => return Poll::Ready(()),
                Some(Stopped::Exhausted { next }) => {
                    *this.next = next % B::LENGTH;
                    // The branch that used it up has woken the task, if it is one of tokio's.
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
            }
        }
        if tally.ended() == B::LENGTH {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    fn stop(self: Pin<&mut Self>) {
        self.project().branches.stop();
    }

    fn take(self: Pin<&mut Self>) -> B::Outputs {
        self.project().branches.take()
    }

    fn report(outputs: B::Outputs, split: &SplitInfo) -> Report<E> {
        let mut report = Report::new();
        B::report(outputs, 0, split, &mut report);
        report
    }
}
