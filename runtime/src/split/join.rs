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
    /// What became of each.
    type Outputs;

    /// How many there are.
    fn length(&self) -> usize;

    /// Lets those go on that can, and others begin, unless the run is to stop. Ready when the tally is decided, or
    /// when none is under way any more.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>, tally: &mut Tally) -> Poll<()>;

    /// Drops those that are under way.
    fn stop(self: Pin<&mut Self>);

    /// Takes out what became of each.
    fn take(self: Pin<&mut Self>) -> Self::Outputs;

    /// Takes the failures out of that, and the names of the others that have ended.
    fn report(outputs: Self::Outputs, split: &SplitInfo) -> Report<E>;
}

/// What became of the branches of a split that is not joined, in order.
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
                // Dropped apart: what failed is not to be lost to an output that panics when it goes.
                forget_panic(|| drop(output));
                self.succeeded.push(name);
            }
            Branched::Failed(error) => self.failures.push(error),
            Branched::Cancelled => {}
        }
    }
}

/// Counts how a branch ended. One that comes too late has been cancelled.
pub(super) fn end<O, E>(outcome: Result<O, BranchError<E>>, tally: &mut Tally) -> Branched<O, E> {
    if tally.is_late() {
        forget_panic(|| drop(outcome));
        return Branched::Cancelled;
    }
    let (branched, end) = match outcome {
        Ok(output) => (Branched::Done(output), End::Succeeded),
        // It was not even called.
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

/// Waits until the strategy of the split is decided. What is under way by then is dropped, and has
/// gone when this is ready, tasks of their own included.
///
/// It gives [`Cause::Join`] as soon as the strategy cannot succeed any more, and [`Cause::Cancelled`] if
/// the run was cancelled and too few branches have succeeded. A cancellation interrupts no handler:
/// the branches that are under way go on to their end or until the strategy is decided, and no other
/// begins.
///
/// It gives [`Cause::Deadline`] when the time of the run is up, and waits for no task then: whoever drives the run does.
/// It has no timer for that, since the run as a whole has one.
#[inline]
pub fn join<'run, T: Transition, E, B: Branches<E>>(
    step: &'run Step<T>,
    branches: Pin<&'run mut B>,
) -> Join<'run, T, B, E> {
    joined_by(step, branches, None)
}

/// Like [`join`], where numbers of the join are in fields.
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

/// The strategy that the branches of the split `T` are joined by; `terms` are there if numbers of that are in fields.
#[inline]
fn strategy<T: Transition>(terms: Option<&JoinTerms>) -> Strategy {
    terms.map_or_else(
        || const { info::<T>().strategy.written() }.expect("what is in a field is read"),
        |terms| terms.strategy,
    )
}

/// Branches that are waited for.
pub struct Join<'run, T: Transition, B, E> {
    step: &'run Step<T>,
    tally: Tally,
    branches: Pin<&'run mut B>,
    // Boxed: most splits have none.
    terms: Option<Box<JoinTerms>>,
    // The time of `within`, if it was up.
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
        // Also of a run that was cancelled meanwhile: only what has led somewhere can be undone.
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
    /// The time of `within`.
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
        // Before the first begins: it may be clear already.
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
            // Branches were stopped with the run. Also `settled` is not joined then: a run that was
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
        // A branch that uses up what the task may do must not stop the clock.
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(unconstrained(sleep_until(limit))));
        ready!(timer.as_mut().poll(cx));
        self.within = within;
        Poll::Ready(self.tally.out_of_time())
    }
}
