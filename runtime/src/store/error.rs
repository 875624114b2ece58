//! The error of a store.

use std::error::Error;
use std::fmt;

use super::Name;
use crate::run::{RunId, RunIdError};

/// Why an operation of a store failed.
///
/// ```
#[doc = include_str!("../runner/example.md")]
/// use stateway::StoreError;
///
/// match runner.cancel("o-42").await {
///     Ok(()) => println!("202"),
///     Err(StoreError::NotFound { .. } | StoreError::Id(_)) => println!("404"),
///     Err(StoreError::Ended { run }) => println!("409: order {run} has ended"),
///     // It may have taken place; cancelling it again is safe.
///     Err(StoreError::Unavailable { .. }) => println!("503"),
///     Err(error) => return Err(error.into()),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum StoreError {
    /// The caller does not hold the run any more: it was claimed again, or has moved on.
    Fenced {
        /// The run.
        run: RunId,
    },
    /// The text is no id, so no run has it.
    Id(RunIdError),
    /// There is no run with this id.
    NotFound {
        /// The id.
        run: RunId,
    },
    /// The run has ended.
    Ended {
        /// The run.
        run: RunId,
    },
    /// The run is in none of the demanded states.
    NotInState {
        /// The run.
        run: RunId,
        /// The state that it is in.
        state: Name,
    },
    /// The run is not parked.
    NotParked {
        /// The run.
        run: RunId,
    },
    /// The run is parked, so it stands still already. It continues after [`unpark`](crate::Store::unpark).
    Parked {
        /// The run.
        run: RunId,
    },
    /// The run is not paused.
    NotPaused {
        /// The run.
        run: RunId,
    },
    /// The run does not wait for an attempt.
    NotRetrying {
        /// The run.
        run: RunId,
    },
    /// The run has not ended, so its rollback cannot be retried.
    NotEnded {
        /// The run.
        run: RunId,
    },
    /// The run has ended, and nothing of it is left to be undone.
    NothingToUndo {
        /// The run.
        run: RunId,
    },
    /// The change of this run is larger than the store takes at once. Nothing has changed. A runner parks a run
    /// that it drives, with this as the reason.
    TooLarge {
        /// The run.
        run: RunId,
        /// The size in bytes, approximately.
        size: usize,
        /// The largest size in bytes.
        limit: usize,
    },
    /// A record of this run cannot be read.
    Broken {
        /// The run.
        run: RunId,
        /// The reason.
        reason: String,
    },
    /// The store was closed, or has stopped for good. Acknowledged changes are kept, and there will be no more.
    Closed {
        /// The reason, if it has stopped by itself.
        reason: Option<String>,
    },
    /// The store could not be reached, or could not answer. The operation may have taken place or not, and may
    /// be tried again.
    Unavailable {
        /// The cause.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl StoreError {
    /// Returns the error of an operation that failed for this reason, and may be tried again.
    pub fn unavailable(reason: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        StoreError::Unavailable {
            source: reason.into(),
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreError::Fenced { run } => {
                write!(
                    f,
                    "run `{run}` was claimed by another runner, or has moved on"
                )
            }
            StoreError::Id(error) => error.fmt(f),
            StoreError::NotFound { run } => write!(f, "there is no run `{run}` in the store"),
            StoreError::Ended { run } => write!(f, "run `{run}` has ended"),
            StoreError::NotInState { run, state } => {
                write!(
                    f,
                    "run `{run}` is in state `{state}`, which takes no such message"
                )
            }
            StoreError::NotParked { run } => write!(f, "run `{run}` is not parked"),
            StoreError::Parked { run } => write!(
                f,
                "run `{run}` is parked: it stands still until it is unparked"
            ),
            StoreError::NotPaused { run } => write!(f, "run `{run}` is not paused"),
            StoreError::NotRetrying { run } => {
                write!(f, "run `{run}` does not wait for its next attempt")
            }
            StoreError::NotEnded { run } => write!(
                f,
                "run `{run}` has not ended: its rollback can be retried when it has"
            ),
            StoreError::NothingToUndo { run } => write!(
                f,
                "nothing of run `{run}` is left to be undone: it ended well, or all that it did was undone"
            ),
            StoreError::TooLarge { run, size, limit } => write!(
                f,
                "what is to be stored of run `{run}` has {size} bytes, and the store takes {limit} at once: keep it \
                 elsewhere, and store where it is"
            ),
            StoreError::Broken { run, reason } => {
                write!(f, "what is stored of run `{run}` cannot be read: {reason}")
            }
            StoreError::Closed { reason: None } => f.write_str("the store is closed"),
            StoreError::Closed {
                reason: Some(reason),
            } => write!(f, "the store has stopped: {reason}"),
            StoreError::Unavailable { .. } => f.write_str("the store did not answer"),
        }
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            StoreError::Unavailable { source } => Some(&**source),
            _ => None,
        }
    }
}
