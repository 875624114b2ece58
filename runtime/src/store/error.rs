//! Why a store did not do what it was asked.

use std::error::Error;
use std::fmt;

use super::Name;
use crate::run::{RunId, RunIdError};

/// Why a store did not do what it was asked.
#[derive(Debug)]
#[non_exhaustive]
pub enum StoreError {
    /// The run was claimed again, or has moved on: the caller does not hold it any more.
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
    /// The run is in another state than was demanded.
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
    /// The run is parked, so it stands still already. It goes on when it is [unparked](crate::Store::unpark).
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
    /// What was to be stored of this run is more than the store takes at once. Nothing has changed. A runner parks a run
    /// that it drives, with this as the reason.
    TooLarge {
        /// The run.
        run: RunId,
        /// About how many bytes it has.
        size: usize,
        /// How many bytes it may have.
        limit: usize,
    },
    /// What is stored of this run cannot be read.
    Broken {
        /// The run.
        run: RunId,
        /// What is wrong with it.
        reason: String,
    },
    /// The store was closed, or cannot go on: what it said to be done is done, and nothing more will be.
    Closed {
        /// Why, if it was not asked to.
        reason: Option<String>,
    },
    /// The store could not be reached, or could not answer. The operation may have taken place or not; it may
    /// be tried again.
    Unavailable {
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl StoreError {
    /// An operation that failed for this reason, and may be tried again.
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
