//! The errors of a runner and of its runs.

use std::error::Error;
use std::fmt;

use super::settings::Unfit;
use super::signal::SignalError;
use crate::error::{UndoEntry, brief, listed, several};
use crate::payload::codec::CodecError;
use crate::run::{RunId, RunIdError};
use crate::store::{Failure, FailureKind, StoreError};

/// The error of handlers whose runs are stored. It is kept as a text.
///
/// Implemented for every type that is `Display`.
#[diagnostic::on_unimplemented(
    message = "errors of runs that are stored are kept as texts: `{Self}` must be Display",
    label = "its handlers fail with `{Self}`",
    note = "implement `std::fmt::Display` for it, by hand or with a derive such as that of `thiserror`"
)]
pub trait StoredError: fmt::Display {}

#[diagnostic::do_not_recommend]
impl<E: fmt::Display> StoredError for E {}

/// Why a run was not started.
///
/// ```
#[doc = include_str!("example.md")]
/// # let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
/// match runner.start("o-42", OrderInput { customer: 8 }, Placed).await {
///     Ok(run) => println!("{} is {}", run.id(), if run.is_new() { "new" } else { "known" }),
///     Err(StartError::Conflict { run, .. }) => println!("409: another order is called {run}"),
///     Err(error) => return Err(error.into()),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// Another run has this id.
    Conflict {
        /// The id.
        run: RunId,
        /// The part in which the two runs differ.
        differs: Differs,
    },
    /// The text is no id.
    Id(RunIdError),
    /// The input, or the state to begin in, cannot be encoded, or would not be read again.
    Codec(CodecError),
    /// The input, or the state to begin in, is too large to be stored.
    TooLarge {
        /// A sentence that names it, its size and the way out.
        what: String,
    },
    /// The signal of [`with_signal`](super::Start::with_signal) is refused. Nothing was stored.
    Signal(SignalError),
    /// The runner has been shut down. Nothing was stored.
    ShutDown,
    /// The store did not take the run. If the store was not [reached](StoreError::Unavailable), the run may have been
    /// stored or not: start it again with the same id.
    Store(StoreError),
}

/// The part in which a stored run differs from one that is started with the same id.
///
/// ```
#[doc = include_str!("example.md")]
/// # let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
/// use stateway::runner::Differs;
///
/// let other = runner.start("o-42", OrderInput { customer: 8 }, Placed).await;
/// assert!(matches!(other, Err(StartError::Conflict { differs: Differs::Input, .. })));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Differs {
    /// The workflow.
    Workflow,
    /// The input.
    Input,
    /// The order of a list in the input or in the start state. The type is not `PartialEq`.
    Order,
    /// The start state.
    Start,
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Conflict { run, differs } => {
                let what = match differs {
                    Differs::Workflow => "is of another workflow: give this one another id",
                    Differs::Input => {
                        "was started with another input: give this one another id, or start it with the same \
                         input to get the run that exists"
                    }
                    Differs::Start => {
                        "was started in another state: give this one another id, or start it in the same state \
                         to get the run that exists"
                    }
                    Differs::Order => {
                        "what it was started with differs in the order of a list: give this one another id, or, if the \
                         order means nothing, derive `PartialEq` on the workflow, so that values are compared"
                    }
                };
                write!(f, "run `{run}` exists already and {what}")
            }
            StartError::Id(error) => error.fmt(f),
            StartError::Codec(_) => f.write_str("what the run is started with cannot be stored"),
            StartError::TooLarge { what } => f.write_str(what),
            StartError::Signal(error) => error.fmt(f),
            StartError::ShutDown => {
                f.write_str("the runner has been shut down, and nothing was stored")
            }
            StartError::Store(_) => f.write_str("the run could not be stored"),
        }
    }
}

impl From<Unfit> for StartError {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::TooLarge(what) => StartError::TooLarge { what },
            unfit => StartError::Codec(CodecError::new(unfit.to_string())),
        }
    }
}

impl Error for StartError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            StartError::Codec(error) => Some(error),
            StartError::Signal(error) => error.source(),
            StartError::Store(error) => Some(error),
            _ => None,
        }
    }
}

/// Why a rollback was not retried.
///
/// ```
#[doc = include_str!("example.md")]
/// # let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
/// use stateway::{RetryRollbackError, StoreError};
///
/// match runner.retry_rollback("o-42").await {
///     Ok(()) => println!("the undos are called again"),
///     // A program of the version of the run has to do it.
///     Err(RetryRollbackError::Unable { reason, .. }) => println!("not by this program: {reason}"),
///     Err(RetryRollbackError::Store(StoreError::NotEnded { .. })) => println!("wait for its end"),
///     Err(error) => return Err(error.into()),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum RetryRollbackError {
    /// This program cannot undo the rest: the run is of another version, the program does not have an undo that is to be
    /// called, or a payload does not decode. Nothing has changed.
    Unable {
        /// The run.
        run: RunId,
        /// The reason.
        reason: String,
    },
    /// The run does not exist ([`NotFound`](StoreError::NotFound)), has not ended ([`NotEnded`](StoreError::NotEnded)),
    /// has nothing left to be undone ([`NothingToUndo`](StoreError::NothingToUndo)), or the store did not answer.
    Store(StoreError),
}

/// Why a stored run has not ended as declared, or why its end is not known.
///
/// ```
#[doc = include_str!("example.md")]
/// # let run = runner.start("o-42", OrderInput { customer: 0 }, Placed).await?;
/// match run.end().await {
///     Ok(_) => println!("delivered"),
///     Err(EndError::Failed(failure)) => println!("{}: {failure}", failure.rollback),
///     // It continues after `runner.unpark(..)`.
///     Err(EndError::Parked { reason, .. }) => println!("somebody has to see to it: {reason}"),
///     Err(error) => return Err(error.into()),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum EndError {
    /// The run failed, or could not be undone completely.
    Failed(Box<RunFailure>),
    /// The run is parked. It continues after [`unpark`](crate::Runner::unpark).
    Parked {
        /// The run.
        run: RunId,
        /// The reason why it is parked.
        reason: String,
    },
    /// The runner was shut down, or dropped, before the run ended. The run is in the store.
    ShutDown {
        /// The run.
        run: RunId,
    },
    /// The state that the run is in, or its input, does not decode.
    Codec {
        /// The run.
        run: RunId,
        /// The state that it is in.
        state: String,
        /// The error of the codec.
        source: CodecError,
    },
    /// The store did not answer, or does not have the run any more.
    Store(StoreError),
}

/// The failure of a stored run: the cause, and the effects of its rollback.
///
/// ```
#[doc = include_str!("example.md")]
/// # let run = runner.start("o-42", OrderInput { customer: 0 }, Placed).await?;
/// if let Err(EndError::Failed(failure)) = run.end().await {
///     let cause = failure.failure.expect("a handler failed");
///     assert_eq!(cause.transition.as_deref(), Some("charge"));
///     assert_eq!(cause.message.as_str(), "no such customer");
///     assert!(failure.rollback.is_complete());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunFailure {
    /// The name of the workflow.
    pub workflow: String,
    /// The run.
    pub run: RunId,
    /// The state that it is in.
    pub state: String,
    /// The failure that ended it. `None` if it reached a `failed` state and could not be undone completely.
    pub failure: Option<Failure>,
    /// The effects of its rollback.
    pub rollback: RunRollback,
}

/// The effects of the rollback of a stored run, by [`Run::rollback`](super::Run::rollback), the last transition first.
///
/// ```
#[doc = include_str!("example.md")]
/// # let run = runner.start("o-13", OrderInput { customer: 13 }, Placed).await?;
/// # let _ = run.reached(|order| matches!(order, AnyOrder::Charged(_))).await?;
/// # runner.cancel("o-13").await?;
/// # assert!(run.end().await.is_err());
/// let rollback = run.rollback().await?;
/// for failed in &rollback.failed {
///     println!("`{}` was not undone: {}", failed.entry, failed.cause);
/// }
/// assert!(!rollback.is_complete());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct RunRollback {
    /// The transitions that were undone.
    pub undone: Vec<UndoEntry>,
    /// The transitions that could not be undone. Somebody has to see to each.
    pub failed: Vec<NotUndone>,
    /// The transitions that are left to be undone, because the run was terminated before their turn, or because its rollback
    /// has not ended.
    pub skipped: Vec<UndoEntry>,
}

impl RunRollback {
    /// Returns true if everything that was to be undone is undone.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.failed.is_empty() && self.skipped.is_empty()
    }
}

/// A transition of a stored run that could not be undone.
///
/// ```
#[doc = include_str!("example.md")]
/// # let run = runner.start("o-13", OrderInput { customer: 13 }, Placed).await?;
/// # let _ = run.reached(|order| matches!(order, AnyOrder::Charged(_))).await?;
/// # runner.cancel("o-13").await?;
/// # assert!(run.end().await.is_err());
/// let rollback = run.rollback().await?;
/// let failed = &rollback.failed[0];
/// assert_eq!((failed.entry.handler, &*failed.cause), ("refund", "the account is closed"));
///
/// // Somebody has opened the account again.
/// runner.retry_rollback("o-13").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotUndone {
    /// The transition, and the handler that failed.
    pub entry: UndoEntry,
    /// The number of calls of the handler.
    pub attempts: u32,
    /// The text of the error of the last attempt.
    pub cause: String,
}

impl fmt::Display for RetryRollbackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RetryRollbackError::Unable { run, reason } => write!(
                f,
                "this program cannot undo what is left of run `{run}`: {reason}; retry the rollback with one that can"
            ),
            // It says itself what it is about.
            RetryRollbackError::Store(error) => error.fmt(f),
        }
    }
}

impl Error for RetryRollbackError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            RetryRollbackError::Unable { .. } => None,
            RetryRollbackError::Store(error) => error.source(),
        }
    }
}

impl From<StoreError> for RetryRollbackError {
    fn from(error: StoreError) -> Self {
        RetryRollbackError::Store(error)
    }
}

impl fmt::Display for EndError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EndError::Failed(failure) => failure.fmt(f),
            EndError::Parked { run, reason } if reason.is_empty() => {
                write!(f, "run `{run}` is parked")
            }
            EndError::Parked { run, reason } => write!(f, "run `{run}` is parked: {reason}"),
            EndError::ShutDown { run } => {
                write!(
                    f,
                    "the runner was shut down, and run `{run}` waits in the store"
                )
            }
            EndError::Codec { run, state, .. } => write!(
                f,
                "run `{run}` is in state `{state}`, and its payload does not decode"
            ),
            EndError::Store(StoreError::NotFound { run }) => {
                write!(
                    f,
                    "there is no run `{run}` in the store: it may have been purged"
                )
            }
            EndError::Store(_) => f.write_str("the store does not say how the run ended"),
        }
    }
}

impl Error for EndError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            EndError::Codec { source, .. } => Some(source),
            EndError::Store(error) => Some(error),
            // It says itself what failed.
            EndError::Failed(_) | EndError::Parked { .. } | EndError::ShutDown { .. } => None,
        }
    }
}

impl fmt::Display for RunFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RunFailure {
            workflow,
            run,
            state,
            rollback,
            ..
        } = self;
        write!(f, "run `{run}` of `{workflow}` ")?;
        match &self.failure {
            None => write!(
                f,
                "ended in state `{state}` and could not be undone completely"
            )?,
            Some(failure) => failure.fmt(f)?,
        }
        if rollback.is_complete() {
            return Ok(());
        }
        f.write_str("; ")?;
        rollback.write_what_is_left(f)
    }
}

/// ``undone: `charge`; not undone: `ship` (`call_back` failed after 3 attempts: no answer)``. Names the first eight transitions.
impl fmt::Display for RunRollback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.undone.is_empty() {
            write!(f, "undone: {}", listed(self.undone.iter()))?;
            if !self.is_complete() {
                f.write_str("; ")?;
            }
        } else if self.is_complete() {
            f.write_str("nothing to undo")?;
        }
        self.write_what_is_left(f)
    }
}

impl RunRollback {
    fn write_what_is_left(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.failed.is_empty() {
            write!(f, "not undone: {}", several(self.failed.iter()))?;
        }
        if !self.skipped.is_empty() {
            let separator = if self.failed.is_empty() { "" } else { "; " };
            let skipped = listed(self.skipped.iter());
            write!(f, "{separator}left as it is: {skipped}")?;
        }
        Ok(())
    }
}

/// `` `ship` (`call_back` failed after 3 attempts: no answer)``
impl fmt::Display for NotUndone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let NotUndone {
            entry, attempts, ..
        } = self;
        write!(f, "`{entry}` (`{}` failed", entry.handler)?;
        if *attempts > 1 {
            write!(f, " after {attempts} attempts")?;
        }
        match brief(&self.cause).as_str() {
            "" => f.write_str(")"),
            cause => write!(f, ": {cause})"),
        }
    }
}

/// A clause whose subject is the run: "failed in state `Charged` at `ship` after 3 attempts: no carrier".
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let attempts = self.attempts;
        let verb = match self.kind {
            FailureKind::Handler | FailureKind::Join => "failed",
            FailureKind::Panic => "panicked",
            FailureKind::Timeout => "timed out",
            FailureKind::Deadline => "ran out of time",
            FailureKind::BreakerOpen if attempts == 0 => "was refused a call",
            FailureKind::BreakerOpen => "was refused another call",
            FailureKind::Policy => "could not begin",
            FailureKind::Crashed => "was running when its process died,",
            FailureKind::Cancelled => "was cancelled",
            FailureKind::Terminated => "was terminated",
        };
        write!(f, "{verb} in state `{}`", self.state)?;
        if let Some(transition) = &self.transition {
            write!(f, " at `{transition}`")?;
        }
        match attempts {
            0 => {}
            1 if self.kind != FailureKind::BreakerOpen => {}
            1 => f.write_str(" after 1 attempt")?,
            _ => write!(f, " after {attempts} attempts")?,
        }
        match self.message.as_str() {
            "" => Ok(()),
            message => write!(f, ": {message}"),
        }
    }
}

impl Error for RunFailure {}

impl From<StoreError> for EndError {
    fn from(error: StoreError) -> Self {
        EndError::Store(error)
    }
}

#[cfg(test)]
mod tests;
