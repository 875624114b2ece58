//! Drives a machine from state to state in this process.
//!
//! The whole run is one future without a box or a spawn: each handler's future is a variant of
//! it. Nothing is kept of the states that were left, so a run may take any number of turns.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use stateway_core::Workflow;

use crate::error::{Cause, RunError};
use crate::step::Run;

/// A workflow whose handlers are implemented by `C`. Generated code implements it.
pub trait Drive<C>: Workflow {
    /// What a handler fails with.
    type Error: Send + 'static;

    /// Calls handler after handler until a final state.
    fn drive(
        state: Self::State,
        context: &C,
        run: &Run<Self>,
    ) -> impl Future<Output = Result<Self::End, Self::Error>> + Send;
}

/// Drives a machine until it ends or a handler fails.
///
/// # Errors
/// The handler's error or the message of its panic, with where the run was.
// Not an `async fn`: that would hold the machine as its argument for as long as it runs, beside the
// state that the run is in.
pub fn run<W: Drive<C>, C>(
    machine: W::Any,
    context: &C,
) -> impl Future<Output = Result<W::End, RunError<W::Error>>> {
    let (input, state) = W::into_parts(machine);
    let run = Run::new(input);
    async move {
        let result = {
            let mut drive = pin!(W::drive(state, context, &run));
            // After a panic the drive is never polled again, and of what it borrowed only the
            // context lives on, which other runs share and a panic may meet at any time anyway.
            poll_fn(|cx| catch_panic(|| drive.as_mut().poll(cx))).await
        };
        let result = result
            .map_err(|cause| RunError::new(W::GRAPH, run.id().clone(), run.transition(), cause));
        // How the run ended is known by now and not lost to an input that panics when it goes.
        forget_panic(|| drop(run));
        result
    }
}

/// Gives a panic as the cause of the failure.
///
/// One guard stands around the whole run: a guard around each step would cost more than the step.
fn catch_panic<T, E>(poll: impl FnOnce() -> Poll<Result<T, E>>) -> Poll<Result<T, Cause<E>>> {
    match catch_unwind(AssertUnwindSafe(poll)) {
        Ok(poll) => poll.map_err(Cause::Handler),
        Err(panic) => Poll::Ready(Err(Cause::Panic(message(panic)))),
    }
}

/// The message of a panic, as the panic hook would print it.
fn message(panic: Box<dyn Any + Send>) -> Box<str> {
    let text = match panic.downcast_ref::<String>() {
        Some(text) => text.as_str(),
        None => panic
            .downcast_ref::<&str>()
            .copied()
            .unwrap_or("a panic without a message"),
    };
    let text = text.into();
    forget_panic(|| drop(panic));
    text
}

/// Does what may panic and must not stop us. The panic hook has told of it.
fn forget_panic(act: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(act)) {
        // What it panicked with could panic in turn.
        std::mem::forget(panic);
    }
}

/// Lets the executor run something else.
pub async fn yield_now() {
    let mut yielded = false;
    poll_fn(|cx| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
