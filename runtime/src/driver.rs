//! Drives a machine from state to state in this process.
//!
//! The whole run is one future without a box or a spawn: each handler's future is a variant of
//! it. Nothing is kept of the states that were left, so a run may take any number of turns.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use stateway_core::Workflow;

use crate::error::{Cause, RunError};
use crate::step::{Run, Shared};

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
pub async fn run<W: Drive<C>, C>(
    machine: W::Any,
    context: &C,
) -> Result<W::End, RunError<W::Error>> {
    let (input, state) = W::into_parts(machine);
    let shared = Arc::new(Shared::new(input));
    let run = Run::new(Arc::clone(&shared));
    let result =
        catch_panics(async { W::drive(state, context, &run).await.map_err(Cause::Handler) }).await;
    result.map_err(|cause| RunError::new(W::GRAPH, shared.id().clone(), shared.transition(), cause))
}

/// Gives a panic of `run` as its cause.
///
/// One guard stands around the whole run: a guard around each step would cost more than the step.
async fn catch_panics<T, E>(run: impl Future<Output = Result<T, Cause<E>>>) -> Result<T, Cause<E>> {
    let mut run = pin!(run);
    poll_fn(move |cx| {
        // After a panic the run is never polled again, and of what it borrowed only the context
        // lives on, which other runs share and a panic may meet at any time anyway.
        let poll = catch_unwind(AssertUnwindSafe(|| run.as_mut().poll(cx)));
        poll.unwrap_or_else(|panic| Poll::Ready(Err(Cause::Panic(message(panic)))))
    })
    .await
}

/// The message of a panic, as the panic hook would print it.
fn message(panic: Box<dyn Any + Send>) -> Box<str> {
    match panic.downcast::<String>() {
        Ok(text) => text.into_boxed_str(),
        Err(panic) => match panic.downcast::<&'static str>() {
            Ok(text) => (*text).into(),
            Err(_) => "a panic without a message".into(),
        },
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
