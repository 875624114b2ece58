//! What a handler fails with, as the cause of a failure.

use crate::error::Cause;

/// The error of a handler, or the cause itself, where the call is more than one handler.
pub trait Fails<E> {
    /// The cause.
    fn into_cause(self) -> Cause<E>;
}

impl<E> Fails<E> for E {
    #[inline]
    fn into_cause(self) -> Cause<E> {
        Cause::Handler(self)
    }
}

impl<E> Fails<E> for Cause<E> {
    #[inline]
    fn into_cause(self) -> Cause<E> {
        self
    }
}
