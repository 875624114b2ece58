//! The verdict on another attempt, and its delay.

use std::time::Duration;

use stateway_core::{Jitter, Retry};

use crate::error::Cause;

/// The verdict of the context on an error.
pub enum Verdict {
    /// Another attempt would fail in the same way.
    Final,
    /// Another attempt may succeed, but not before this time has passed, if the error says so.
    Retry {
        /// The delay that the error asks for.
        after: Option<Duration>,
    },
}

impl Verdict {
    /// Returns the verdict that `retryable` and `retry_after` give.
    #[must_use]
    pub fn new(retryable: bool, after: Option<Duration>) -> Self {
        if retryable {
            Verdict::Retry { after }
        } else {
            Verdict::Final
        }
    }
}

/// Returns the delay after this number of attempts, the last of which failed for `cause`.
///
/// A delay that an error asks for is kept, also above the cap: the other side knows better. A breaker
/// says when a call is possible at all, so the later of both counts.
pub(super) fn delay<E>(
    retry: &Retry,
    made: u32,
    cause: &Cause<E>,
    after: Option<Duration>,
) -> Duration {
    let delay = retry.delay(made);
    let backoff = match retry.jitter {
        Jitter::Equal => delay / 2 + (delay / 2).mul_f64(fastrand::f64()),
        Jitter::Full => delay.mul_f64(fastrand::f64()),
        _ => delay,
    };
    match (cause, after) {
        (_, None) => backoff,
        (Cause::BreakerOpen { .. }, Some(after)) => backoff.max(after),
        (_, Some(after)) => after,
    }
}
