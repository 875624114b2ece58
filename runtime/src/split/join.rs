//! Waits for the branches of a split until they can be joined.

use std::future::{Future as _, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use stateway_core::Transition;
use tokio::task::coop::unconstrained;
use tokio::time::{Instant, sleep_until};

use super::branched::Branched;
use super::tally::{Decision, End, Tally};
use super::{Tasks, info};
use crate::error::{BranchError, Cause, JoinError, Scope};
use crate::handler::Step;
use crate::time::after;

/// The branches of a split, whose handlers fail with `E`.
pub trait Branches<E> {
    /// What became of each.
    type Outputs;

    /// How many there are.
    fn length(&self) -> usize;

    /// Lets those go on that can, and others begin, if they may. Ready when the tally is decided, or
    /// when none is under way any more.
    fn poll(
        self: Pin<&mut Self>,
        may_begin: bool,
        cx: &mut Context<'_>,
        tally: &mut Tally,
    ) -> Poll<()>;

    /// Drops those that are under way.
    fn stop(self: Pin<&mut Self>);

    /// Takes out what became of each.
    fn take(self: Pin<&mut Self>) -> Self::Outputs;

    /// Takes the failures out of that, in order.
    fn failures(outputs: Self::Outputs) -> Vec<BranchError<E>>;
}

/// Counts how a branch ended.
pub(super) fn end<O, E>(outcome: Result<O, BranchError<E>>, tally: &mut Tally) -> Branched<O, E> {
    let (branched, end) = match outcome {
        Ok(output) => (Branched::Done(output), End::Succeeded),
        Err(error) if is_stopped(error.cause()) => (Branched::Failed(error), End::Stopped),
        Err(error) => (Branched::Failed(error), End::Failed),
    };
    tally.count(end);
    branched
}

/// Whether a branch failed because its run was stopped.
fn is_stopped<E>(cause: &Cause<E>) -> bool {
    matches!(cause, Cause::Cancelled { .. }) || is_out_of_time(cause)
}

/// Whether it failed because the time of the whole run is up.
fn is_out_of_time<E>(cause: &Cause<E>) -> bool {
    let run = Scope::Run;
    matches!(cause, Cause::Deadline { scope, .. } if *scope == run)
}

/// Waits until the strategy of the split is decided. What is under way by then is dropped, and has
/// gone when this returns, tasks of their own included.
///
/// # Errors
/// [`Cause::Join`] as soon as the strategy cannot succeed any more; [`Cause::Cancelled`] if the run was
/// cancelled and too few branches have succeeded. A cancellation interrupts no handler: the branches
/// that are under way go on to their end or until the strategy is decided, and no other begins.
pub async fn join<T, E, B>(
    step: &Step<T>,
    branches: B,
    tasks: Option<&Tasks>,
) -> Result<B::Outputs, Cause<E>>
where
    T: Transition,
    B: Branches<E>,
{
    let split = info::<T>();
    let run = step.run();
    let mut tally = Tally::new(split.strategy, branches.length());
    let mut branches = pin!(branches);
    let limit = split.within.map(|within| after(Instant::now(), within));
    let mut timer = pin!(None);
    let mut within = None;
    let decision = poll_fn(|cx| {
        // Before the first begins: it may be clear already.
        if let Some(decision) = tally.decided() {
            return Poll::Ready(Some(decision));
        }
        let may_begin = !run.is_cancelled();
        if branches.as_mut().poll(may_begin, cx, &mut tally).is_ready() {
            return Poll::Ready(tally.decided());
        }
        let Some(limit) = limit else {
            return Poll::Pending;
        };
        if timer.is_none() {
            // A branch that uses up what the task may do must not stop the clock.
            timer.set(Some(unconstrained(sleep_until(limit))));
        }
        let timer = timer.as_mut().as_pin_mut();
        let timer = timer.unwrap_or_else(|| unreachable!("it was just set"));
        timer.poll(cx).map(|()| {
            within = split.within;
            Some(tally.out_of_time())
        })
    })
    .await;
    branches.as_mut().stop();
    if let Some(tasks) = tasks {
        tasks.gone().await;
    }
    let outputs = branches.take();
    match decision {
        // Also of a run that was cancelled meanwhile: only what has led somewhere can be undone.
        Some(Decision::Joined) => Ok(outputs),
        Some(Decision::Failed) if !run.is_cancelled() => Err(Cause::Join(Box::new(JoinError {
            strategy: split.strategy,
            branches: tally.branches,
            needed: tally.needed,
            succeeded: tally.succeeded,
            failures: B::failures(outputs),
            within,
        }))),
        // Without a decision, branches were stopped with the run.
        _ => {
            let causes = B::failures(outputs)
                .into_iter()
                .map(BranchError::into_cause);
            let (mut late, others): (Vec<_>, Vec<_>) = causes.partition(is_out_of_time);
            Err(late.pop().unwrap_or_else(|| Cause::Cancelled {
                last: others.into_iter().find_map(Cause::into_error),
            }))
        }
    }
}
