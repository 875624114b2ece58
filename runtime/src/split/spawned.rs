//! Branches on tasks of their own.

use std::sync::Arc;

use stateway_core::Transition;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

use super::running_branch::Attempt;
use crate::error::{BranchError, Cause};
use crate::handler::{Branch, Step};
use crate::support::panic::message;

/// The tasks of the branches of a run.
pub(crate) struct Tasks(TaskTracker);

impl Tasks {
    /// Returns the tasks of this tracker.
    pub(crate) fn of(tracker: TaskTracker) -> Self {
        Tasks(tracker)
    }

    /// Waits until every task has ended: each was told to stop when its branch was dropped.
    pub(crate) async fn gone(&self) {
        self.0.close();
        self.0.wait().await;
        self.0.reopen();
    }
}

/// Runs a branch on a task of its own, which begins when this is first polled.
///
/// # Errors
/// The error of the branch.
///
/// # Panics
/// If the run was not begun with a shared context, as generated code does.
///
/// # Cancel safety
/// Dropping it fires the token of the branch and aborts the task, which ends where it waits next.
pub async fn spawned<T, Fut>(branch: Branch<T>, task: impl FnOnce(Branch<T>) -> Fut) -> Fut::Output
where
    T: Transition,
    Fut: Attempt<Done: Send + 'static, Error: Send + 'static> + Send + 'static,
{
    if Handle::try_current().is_err() {
        let message = "a branch with a task of its own needs the runtime of tokio, and the run is polled \
                       outside of one";
        return Err(BranchError::new(
            branch.entry(),
            0,
            Cause::Panic(message.into()),
        ));
    }
    let token = branch
        .run()
        .cancellation()
        .map_or_else(CancellationToken::new, CancellationToken::child_token);
    let name = branch.entry();
    let tasks = branch
        .run()
        .tasks()
        .map(|tasks| tasks.0.clone())
        .expect("a run that spawns has tasks");
    let task = task(branch.with_token(token.clone()));
    let handle = AbortOnDropHandle::new(tasks.spawn(task));
    // Dropped before the handle: a task that computes looks at its token, and cannot be aborted.
    let _told = token.drop_guard();
    handle.await.unwrap_or_else(|error| {
        let message = match error.try_into_panic() {
            Ok(panic) => message(panic),
            Err(_) => "its task was stopped, as the runtime was shut down".into(),
        };
        Err(BranchError::new(name, 1, Cause::Panic(message)))
    })
}

/// Returns the context of a workflow that spawns.
#[must_use]
pub fn context<C: Send + Sync + 'static, T: Transition>(step: &Step<T>) -> Arc<C> {
    step.run().context()
}

/// Returns the item of a branch of an `each`, as its task finds it again in the shared state.
///
/// # Panics
/// If there are fewer items than when the branch began: a state that is shared does not change.
pub fn item<'s, T: Transition, S>(
    mut items: impl Iterator<Item = &'s S>,
    branch: &Branch<T>,
) -> &'s S {
    let item = items.nth(branch.index());
    item.expect("a state that is shared does not change")
}

/// Returns the state that was lent to tasks.
///
/// # Panics
/// If a task has not ended; the join waits for them.
pub fn unshared<S>(state: Arc<S>) -> S {
    Arc::into_inner(state).expect("the tasks that shared the state have gone")
}
