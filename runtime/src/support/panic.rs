//! Panics as values.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Poll;

use crate::error::Cause;

/// Returns a panic as the cause of the failure.
///
/// It is unwind safe: a future that panicked is never polled again, and of the values that it borrowed only the context lives on,
/// which other runs share and which a panic may meet at any time anyway.
pub(crate) fn catch_panic<T, E>(
    poll: impl FnOnce() -> Poll<Result<T, Cause<E>>>,
) -> Poll<Result<T, Cause<E>>> {
    match catch_unwind(AssertUnwindSafe(poll)) {
        Ok(poll) => poll,
        Err(panic) => Poll::Ready(Err(Cause::Panic(message(panic)))),
    }
}

/// Returns the message of a panic, as the panic hook would print it.
pub(crate) fn message(panic: Box<dyn Any + Send>) -> Box<str> {
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

/// Calls `act` and ignores its panic, which the panic hook has reported.
pub(crate) fn forget_panic(act: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(act)) {
        // The payload of the panic could panic in turn when it is dropped.
        std::mem::forget(panic);
    }
}
