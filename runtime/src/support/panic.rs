//! Panics as values.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Poll;

use crate::error::Cause;

/// Gives a panic as the cause of the failure.
///
/// What panicked is never polled again, and of what it borrowed only the context lives on, which
/// other runs share and a panic may meet at any time anyway.
pub(crate) fn catch_panic<T, E>(
    poll: impl FnOnce() -> Poll<Result<T, Cause<E>>>,
) -> Poll<Result<T, Cause<E>>> {
    match catch_unwind(AssertUnwindSafe(poll)) {
        Ok(poll) => poll,
        Err(panic) => Poll::Ready(Err(Cause::Panic(message(panic)))),
    }
}

/// The message of a panic, as the panic hook would print it.
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

/// Does what may panic and must not stop us. The panic hook has told of it.
pub(crate) fn forget_panic(act: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(act)) {
        // What it panicked with could panic in turn.
        std::mem::forget(panic);
    }
}
