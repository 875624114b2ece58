//! One branch that runs.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use pin_project::{pin_project, pinned_drop};
use stateway_core::{SplitInfo, Transition};
use tokio::time::Instant;

use super::info;
use crate::error::{BranchError, Cause};
use crate::handler::{Branch, Step};
use crate::policy::Fails;
use crate::run::BranchName;
use crate::support::panic::{catch_panic, forget_panic};

/// The future of a branch: it gives the output, or the branch with its cause.
///
/// The output and the error are associated types. As type parameters beside the future they would make the compiler fail
/// to prove that the run is `Send`: it forgets by then which borrows are the same.
pub trait Attempt: Future<Output = Result<Self::Done, BranchError<Self::Error>>> {
    /// The output of the branch.
    type Done;
    /// The error of its handler.
    type Error;
}

impl<Fut, O, E> Attempt for Fut
where
    Fut: Future<Output = Result<O, BranchError<E>>>,
{
    type Done = O;
    type Error = E;
}

/// The future of a branch, with its position among the others. A panic of it is its failure, and one while
/// it is dropped is ignored: it does not stop its siblings.
#[pin_project(PinnedDrop)]
pub struct RunningBranch<'run, T: Transition, Fut> {
    step: &'run Step<T>,
    declared: usize,
    index: usize,
    // It begins at its first poll, unless the run was told to stop or it is later than this.
    has_begun: bool,
    begins_by: Option<Instant>,
    #[pin]
    branch: Option<Fut>,
}

#[pinned_drop]
impl<T: Transition, Fut> PinnedDrop for RunningBranch<'_, T, Fut> {
    fn drop(self: Pin<&mut Self>) {
        let mut branch = self.project().branch;
        forget_panic(|| branch.set(None));
    }
}

/// Returns the branch that is declared at this position. Its future is made here and does nothing yet.
#[inline]
pub(super) fn running_branch<T: Transition, Fut>(
    step: &Step<T>,
    declared: usize,
    branch: impl FnOnce(Branch<T>) -> Fut,
) -> RunningBranch<'_, T, Fut> {
    RunningBranch::new(step, declared, declared, None, branch)
}

impl<'run, T: Transition, Fut> RunningBranch<'run, T, Fut> {
    #[inline]
    pub(super) fn new(
        step: &'run Step<T>,
        declared: usize,
        index: usize,
        begins_by: Option<Instant>,
        branch: impl FnOnce(Branch<T>) -> Fut,
    ) -> Self {
        RunningBranch {
            step,
            declared,
            index,
            has_begun: false,
            begins_by,
            branch: Some(branch(Branch::new(step, declared, index))),
        }
    }
}

impl<T: Transition, Fut: Attempt> Future for RunningBranch<'_, T, Fut> {
    type Output = (usize, Fut::Output);

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let failed = |attempts, cause| {
            let name = name(info::<T>(), *this.declared, *this.index);
            Err(BranchError::new(name, attempts, cause))
        };
        if !std::mem::replace(this.has_begun, true) {
            let is_late = this.begins_by.is_some_and(|limit| limit < Instant::now());
            if is_late || this.step.run().is_told_to_stop() {
                let cancelled = Cause::stopped_after(None);
                return Poll::Ready((*this.index, failed(0, cancelled)));
            }
        }
        let polled = catch_panic(|| {
            let branch = this
                .branch
                .as_mut()
                .as_pin_mut()
                .unwrap_or_else(|| unreachable!("it has not ended"));
            branch.poll(cx).map(Ok)
        });
        let outcome = match polled {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Ok(outcome)) => outcome,
            // A branch with a policy counts its attempts and catches their panics itself.
            Poll::Ready(Err(cause)) => failed(1, cause),
        };
        Poll::Ready((*this.index, outcome))
    }
}

/// Returns the name of the branch that is declared at this position, for the item at `index`.
pub(crate) fn name(split: &SplitInfo, declared: usize, index: usize) -> BranchName {
    let branch = &split.branches[declared];
    BranchName {
        branch: branch.name,
        item: branch.each.map(|_| index),
    }
}

/// Counts a call of the handler of a branch, and returns the branch.
#[inline]
pub fn called<T: Transition>(branch: &Branch<T>) -> &Branch<T> {
    branch.attempts().fetch_add(1, Ordering::Relaxed);
    branch
}

/// Returns the output of a branch.
///
/// # Errors
/// The name of the branch with its cause, if it failed.
pub fn ended<T: Transition, O, X, E>(
    outcome: Result<O, X>,
    branch: &Branch<T>,
) -> Result<O, BranchError<E>>
where
    X: Fails<E>,
{
    outcome.map_err(|error| {
        let cause: Cause<E> = error.into_cause();
        BranchError::new(branch.entry(), branch.attempt(), cause)
    })
}
