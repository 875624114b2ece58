//! The error of a handler, as the cause of a failure.

use crate::error::Cause;

/// The error of a handler, or the cause itself if the call consists of several handlers.
pub trait Fails<E> {
    /// Returns the cause.
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
