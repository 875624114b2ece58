//! Waits for the branches of a split until they can be joined.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use stateway_core::{SplitInfo, Strategy, Transition};
use tokio::task::coop::{Unconstrained, unconstrained};
use tokio::time::{Sleep, sleep_until};

use super::branched::Branched;
use super::info;
use super::tally::{Decision, End, Tally};
use crate::error::{BranchError, Cause, JoinError};
use crate::handler::Step;
use crate::numbers::JoinTerms;
use crate::run::{BranchName, CurrentRun};
use crate::support::panic::forget_panic;

/// The branches of a split, whose handlers fail with `E`.
pub trait Branches<E> {
    /// The results of the branches.
    type Outputs;

    /// Returns the number of branches.
    fn length(&self) -> usize;

    /// Polls the branches that can continue, and begins others unless the run is to stop. It is ready when the tally is decided, or
    /// when no branch runs any more.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>, tally: &mut Tally) -> Poll<()>;

    /// Drops the branches that still run.
    fn stop(self: Pin<&mut Self>);

    /// Takes out the results.
    fn take(self: Pin<&mut Self>) -> Self::Outputs;

    /// Takes the failures out of the results, and the names of the others that have ended.
    fn report(outputs: Self::Outputs, split: &SplitInfo) -> Report<E>;
}

/// The report about the branches of a split that is not joined, in order.
pub struct Report<E> {
    pub(super) succeeded: Vec<BranchName>,
    pub(super) failures: Vec<BranchError<E>>,
}

impl<E> Report<E> {
    pub(super) fn new() -> Self {
        Report {
            succeeded: Vec::new(),
            failures: Vec::new(),
        }
    }

    /// Adds one branch.
    pub(super) fn add<O>(&mut self, name: BranchName, ended: Branched<O, E>) {
        match ended {
            Branched::Done(output) => {
                // Dropped by itself: the failures are not to be lost to an output that panics when it is dropped.
                forget_panic(|| drop(output));
                self.succeeded.push(name);
            }
            Branched::Failed(error) => self.failures.push(error),
            Branched::Cancelled => {}
        }
    }
}

/// Counts the result of a branch. A branch that ends too late has been cancelled.
pub(super) fn end<O, E>(outcome: Result<O, BranchError<E>>, tally: &mut Tally) -> Branched<O, E> {
    if tally.is_late() {
        forget_panic(|| drop(outcome));
        return Branched::Cancelled;
    }
    let (branched, end) = match outcome {
        Ok(output) => (Branched::Done(output), End::Succeeded),
        // It was not called.
        Err(error) if error.attempts() == 0 && is_cancelled(error.cause()) => {
            (Branched::Cancelled, End::Stopped)
        }
        Err(error)
            if is_cancelled(error.cause())
                || error.cause().is_deadline_of_run() && tally.run_is_late() =>
        {
            (Branched::Failed(error), End::Stopped)
        }
        Err(error) => (Branched::Failed(error), End::Failed),
    };
    tally.count(end);
    branched
}

fn is_cancelled<E>(cause: &Cause<E>) -> bool {
    matches!(cause, Cause::Cancelled { .. })
}

/// Waits until the strategy of the split is decided. Branches that still run by then are dropped, and have
/// ended when this is ready, including those on tasks of their own.
///
/// It fails with [`Cause::Join`] as soon as the strategy cannot succeed any more, and with [`Cause::Cancelled`] if
/// the run was cancelled and too few branches have succeeded. A cancellation interrupts no handler:
/// the branches that run continue to their end or until the strategy is decided, and no other
/// begins.
///
/// It fails with [`Cause::Deadline`] when the time of the run is up, and then waits for no task: the driver does.
/// It has no timer for that, since the run has one.
#[inline]
pub fn join<'run, T: Transition, E, B: Branches<E>>(
    step: &'run Step<T>,
    branches: Pin<&'run mut B>,
) -> Join<'run, T, B, E> {
    joined_by(step, branches, None)
}

/// Like [`join`], if numbers of the join are in fields.
pub fn join_by<'run, T: Transition, E, B: Branches<E>>(
    step: &'run Step<T>,
    branches: Pin<&'run mut B>,
    terms: JoinTerms,
) -> Join<'run, T, B, E> {
    joined_by(step, branches, Some(Box::new(terms)))
}

#[inline]
fn joined_by<'run, T: Transition, E, B: Branches<E>>(
    step: &'run Step<T>,
    branches: Pin<&'run mut B>,
    terms: Option<Box<JoinTerms>>,
) -> Join<'run, T, B, E> {
    Join {
        step,
        tally: Tally::new(strategy::<T>(terms.as_deref()), branches.length()),
        branches,
        terms,
        within: None,
        timer: None,
        gone: None,
        decision: None,
        is_out_of_time: false,
        error: PhantomData,
    }
}

/// Returns the strategy of the split `T`; `terms` are there if its numbers are in fields.
#[inline]
fn strategy<T: Transition>(terms: Option<&JoinTerms>) -> Strategy {
    terms.map_or_else(
        || const { info::<T>().strategy.written() }.expect("what is in a field is read"),
        |terms| terms.strategy,
    )
}

/// Branches that the join waits for.
pub struct Join<'run, T: Transition, B, E> {
    step: &'run Step<T>,
    tally: Tally,
    branches: Pin<&'run mut B>,
    // Boxed: most splits have none.
    terms: Option<Box<JoinTerms>>,
    // The time of `within`, if it had passed.
    within: Option<Duration>,
    // Boxed: most splits have none, or never wait for it.
    timer: Option<Pin<Box<Unconstrained<Sleep>>>>,
    gone: Option<Pin<Box<dyn Future<Output = ()> + Send + 'run>>>,
    // Once the branches have stopped.
    decision: Option<Decision>,
    is_out_of_time: bool,
    error: PhantomData<fn() -> E>,
}

impl<T: Transition, E, B: Branches<E>> Future for Join<'_, T, B, E> {
    type Output = Result<B::Outputs, Cause<E>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if this.decision.is_none() {
            let Poll::Ready(decision) = this.poll_decision(cx) else {
                return Poll::Pending;
            };
            this.decision = Some(decision);
            this.branches.as_mut().stop();
            if info::<T>().spawns()
                && let Some(tasks) = this.step.run().tasks()
            {
                this.gone = Some(Box::pin(tasks.gone()));
            }
        }
        let run = this.step.run();
        if let Some(gone) = &mut this.gone
            && gone.as_mut().poll(cx).is_pending()
        {
            if !run.is_out_of_time() {
                return Poll::Pending;
            }
            this.is_out_of_time = true;
        }
        let outputs = this.branches.as_mut().take();
        // Even if the run was cancelled meanwhile: only a transition that has led somewhere can be undone.
        if let (Some(Decision::Joined), false) = (this.decision.take(), this.is_out_of_time) {
            return Poll::Ready(Ok(outputs));
        }
        let report = B::report(outputs, info::<T>());
        let mut failures = report.failures.iter();
        let is_late = this.is_out_of_time
            || run.is_out_of_time() && failures.any(|it| it.cause().is_deadline_of_run());
        let has_ended = !report.succeeded.is_empty() || !report.failures.is_empty();
        let join = JoinError {
            strategy: strategy::<T>(this.terms.as_deref()),
            branches: this.tally.branches,
            needed: this.tally.needed,
            succeeded: report.succeeded,
            failures: report.failures,
            within: this.within,
        };
        let join = Box::new(join);
        Poll::Ready(Err(if run.is_terminated() {
            Cause::Terminated
        } else if is_late {
            CurrentRun::<T::Workflow>::out_of_time(has_ended.then_some(join))
        } else if run.is_cancelled() {
            Cause::Cancelled {
                last: None,
                join: has_ended.then_some(join),
            }
        } else {
            Cause::Join(join)
        }))
    }
}

impl<T: Transition, B, E> Join<'_, T, B, E> {
    /// Returns the time of `within`.
    #[inline]
    fn time(&self) -> Option<Duration> {
        let written = const {
            match info::<T>().within {
                Some(within) => within.written(),
                None => None,
            }
        };
        written.or_else(|| self.terms.as_ref()?.within)
    }

    /// Waits for the decision.
    fn poll_decision(&mut self, cx: &mut Context<'_>) -> Poll<Decision>
    where
        B: Branches<E>,
    {
        // Before the first begins: the strategy may be decided already.
        if let Some(decision) = self.tally.decided() {
            return Poll::Ready(decision);
        }
        let run = self.step.run();
        let within = self.time();
        let limit = self.tally.begin(within, run.deadline());
        let branches = self.branches.as_mut();
        let is_over = self.tally.is_late() || branches.poll(cx, &mut self.tally).is_ready();
        if let Some(decision) = self.tally.decided() {
            self.within = within.filter(|_| self.tally.was_late());
            return Poll::Ready(decision);
        }
        if is_over {
            // Branches were stopped with the run. `settled` is not joined then either: a run that was
            // cancelled must not come to a good end with half of its work.
            return Poll::Ready(Decision::Failed);
        }
        if run.is_out_of_time() {
            self.is_out_of_time = true;
            return Poll::Ready(Decision::Failed);
        }
        let Some(limit) = limit else {
            return Poll::Pending;
        };
        // A branch that uses up the budget of its task must not stop the clock.
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(unconstrained(sleep_until(limit))));
        ready!(timer.as_mut().poll(cx));
        self.within = within;
        Poll::Ready(self.tally.out_of_time())
    }
}
