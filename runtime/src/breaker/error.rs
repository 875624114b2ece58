//! That a call did not get through a breaker.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::error::spelled;

/// No call gets through.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BreakerOpen {
    /// The breaker's name.
    pub breaker: &'static str,
    /// For how long. Zero while the probes are under way: it changes as soon as one has ended.
    pub retry_in: Duration,
}

/// Why a call by [`Breaker::call`](crate::Breaker::call) gave nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused<E> {
    /// It did not get through.
    Open(BreakerOpen),
    /// It got through and failed.
    Failed(E),
}

impl fmt::Display for BreakerOpen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "breaker `{}` is open", self.breaker)?;
        if self.retry_in.is_zero() {
            f.write_str(" until a probe has ended")
        } else {
            write!(f, " for another {}", spelled(self.retry_in))
        }
    }
}

impl Error for BreakerOpen {}

impl<E> fmt::Display for Refused<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Open(open) => open.fmt(f),
            Refused::Failed(_) => f.write_str("the call failed"),
        }
    }
}

impl<E: Error + 'static> Error for Refused<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Refused::Open(_) => None,
            Refused::Failed(error) => Some(error),
        }
    }
}
