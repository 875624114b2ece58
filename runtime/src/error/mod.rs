//! Why a run failed, where it was, and what became of what it had done.

mod branch;
mod cause;
mod join;
mod policy;
mod rollback;
mod source;

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use stateway_core::{Graph, TransitionKind};

use crate::run::RunId;

pub use branch::BranchError;
pub(crate) use cause::spelled;
pub use cause::{Cause, Scope};
pub use join::JoinError;
#[cfg(feature = "durable")]
pub(crate) use join::{brief, listed, several};
pub use policy::{PolicyError, PolicyValue};
pub use rollback::{Rollback, UndoEntry, UndoError};
pub(crate) use source::{SourceOf, of_boxed};

/// A run that did not end as it was declared to.
///
/// It says where the run was, gives the cause as a value (the user's own error comes back as it was
/// returned), and reports the rollback.
///
/// It is a [`std::error::Error`] if the handlers' error can be shown (`Debug` and `Display`): an enum of `thiserror`, a
/// `Box<dyn Error + Send + Sync>`, an `anyhow::Error` or a `String`. So `?` takes it into a function that fails with a
/// `Box<dyn Error + Send + Sync>`, or into an `anyhow::Result`, of which it can be taken back as it is (`downcast`).
///
/// Its text ends with that of the handlers' error, and its [`source`](Error::source) is what that error came from: of a boxed error it is
/// known, and of another the context says it, by a line in the implementation of its handlers. An `anyhow::Error` has its sources in the text.
///
/// ```
/// # use std::fmt;
/// # use stateway::prelude::*;
/// # workflow! {
/// #     workflow Order { start Placed; done Charged; step charge: Placed -> Charged; }
/// # }
/// #[derive(Debug)]
/// struct BankError(std::num::ParseIntError);
///
/// impl fmt::Display for BankError {
///     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
///         f.write_str("the bank answered nonsense")
///     }
/// }
///
/// impl std::error::Error for BankError {
///     fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
///         Some(&self.0)
///     }
/// }
///
/// struct Shop;
///
/// impl OrderSteps for Shop {
///     type Error = BankError;
///
///     async fn charge(&self, _: Placed, _: &Step<Charge>) -> Result<Charge, BankError> {
///         Err(BankError("1,5".parse::<u32>().unwrap_err()))
///     }
///
///     fn source_of(error: &BankError) -> Option<&(dyn std::error::Error + 'static)> {
///         std::error::Error::source(error)
///     }
/// }
///
/// async fn sold() -> Result<OrderEnd, Box<dyn std::error::Error + Send + Sync>> {
///     Ok(Order::start(Placed).run(&Shop).await?)
/// }
///
/// let error = pollster::block_on(sold()).err().unwrap();
/// assert_eq!(error.to_string(), "step `charge` failed in state `Placed` of `Order`: the bank answered nonsense");
/// assert_eq!(error.source().unwrap().to_string(), "invalid digit found in string");
///
/// // The error of the handlers is there as it was returned.
/// let error = error.downcast::<RunError<BankError>>().unwrap();
/// assert!(matches!(error.cause(), Cause::Handler(BankError(_))));
/// ```
pub struct RunError<E> {
    // Boxed: a run succeeds far more often than it fails, and its result is moved about.
    failure: Box<RunFailed<E>>,
}

pub(crate) struct RunFailed<E> {
    pub(crate) graph: &'static Graph,
    pub(crate) run: RunId,
    pub(crate) place: Place,
    pub(crate) cause: Cause<E>,
    pub(crate) rollback: Rollback<E>,
    /// The end, of a run that reached one.
    pub(crate) end: Option<ErasedValue>,
    /// Gives the error behind an error of the handlers.
    pub(crate) source_of: SourceOf<E>,
}

/// A value of the workflow that is left over, whatever its type. An error is `Sync`, which the value
/// may not be: the lock is never waited for, since only its owner takes the value out.
#[doc(hidden)]
pub struct ErasedValue(Mutex<Box<dyn Any + Send>>);

impl fmt::Debug for ErasedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErasedValue").finish_non_exhaustive()
    }
}

impl ErasedValue {
    #[doc(hidden)]
    pub fn new(value: impl Any + Send) -> Self {
        ErasedValue(Mutex::new(Box::new(value)))
    }

    fn take<T: 'static>(self) -> Option<T> {
        let value = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        value.downcast().ok().map(|value| *value)
    }
}

/// Where a run was.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) state: usize,
    /// The transition under way; none between two.
    pub(crate) transition: Option<usize>,
    pub(crate) attempts: u32,
}

impl Place {
    /// In the state at this position, with no transition under way.
    pub(crate) const fn between(state: usize) -> Self {
        Place {
            state,
            transition: None,
            attempts: 0,
        }
    }
}

impl<E> From<RunFailed<E>> for RunError<E> {
    fn from(failure: RunFailed<E>) -> Self {
        RunError {
            failure: Box::new(failure),
        }
    }
}

impl<E> RunError<E> {
    /// The workflow's name.
    #[must_use]
    pub fn workflow(&self) -> &'static str {
        self.failure.graph.name
    }

    /// The id of the run; its handlers saw the same.
    #[must_use]
    pub fn run_id(&self) -> &RunId {
        &self.failure.run
    }

    /// The name of the state that the run was in.
    #[must_use]
    pub fn state(&self) -> &'static str {
        self.failure.graph.states[self.failure.place.state].name
    }

    /// The name of the transition that was under way.
    ///
    /// `None` if the run was stopped between two, or had ended in a `failed` state.
    #[must_use]
    pub fn transition(&self) -> Option<&'static str> {
        let transition = self.failure.place.transition?;
        Some(self.failure.graph.transitions[transition].name)
    }

    /// How often the handler was called in this visit; 0 if no transition was under way.
    ///
    /// An attempt that a breaker refused is no call. An attempt of a split is the whole of it: its
    /// branches and then the handler that joins them.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.failure.place.attempts
    }

    /// What ended the run.
    #[must_use]
    pub fn cause(&self) -> &Cause<E> {
        &self.failure.cause
    }

    /// Takes the cause out.
    #[must_use]
    pub fn into_cause(self) -> Cause<E> {
        self.failure.cause
    }

    /// What the rollback did.
    #[must_use]
    pub fn rollback(&self) -> &Rollback<E> {
        &self.failure.rollback
    }

    /// Takes the rollback's report out.
    #[must_use]
    pub fn into_rollback(self) -> Rollback<E> {
        self.failure.rollback
    }

    /// The `failed` state that the run ended in, where the cause is [`Cause::NotUndone`].
    ///
    /// `End` is the workflow's enum of final states, such as `OrderEnd`; of another type there is
    /// none.
    #[must_use]
    pub fn into_end<End: 'static>(self) -> Option<End> {
        self.failure.end?.take()
    }
}

impl<E> RunError<E> {
    /// The keyword of the transition that was under way.
    fn keyword(&self) -> &'static str {
        let transition = self.failure.place.transition;
        let kind = transition.map(|it| self.failure.graph.transitions[it].kind);
        kind.map_or("", TransitionKind::keyword)
    }
}

impl<E: fmt::Debug> fmt::Debug for RunError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunError")
            .field("workflow", &self.workflow())
            .field("run", &format_args!("{}", self.run_id()))
            .field("state", &self.state())
            .field("transition", &self.transition())
            .field("attempts", &self.attempts())
            .field("cause", self.cause())
            .field("rollback", self.rollback())
            .finish()
    }
}

/// One clause with the handler's error, and what is left to be undone, if there is any.
impl<E: fmt::Display> fmt::Display for RunError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (workflow, state) = (self.workflow(), self.state());
        let (cause, attempts) = (self.cause(), self.attempts());
        let verb = cause.verb(attempts);
        match self.transition() {
            Some(transition) => write!(f, "{} `{transition}` {verb}", self.keyword())?,
            None if matches!(self.cause(), Cause::NotUndone) => {
                write!(
                    f,
                    "the run ended in the failed state `{state}` of `{workflow}` and {verb}"
                )?;
                return write!(f, " ({})", self.rollback());
            }
            None => write!(f, "the run {verb}")?,
        }
        write!(f, " in state `{state}` of `{workflow}`")?;
        let (after, detail) = (cause.after_attempts(attempts), cause.detail());
        write!(f, "{after}{detail}{}", cause.told())?;
        if !self.rollback().is_complete() {
            write!(f, " ({})", self.rollback())?;
        }
        Ok(())
    }
}

impl<E: fmt::Debug + fmt::Display + 'static> Error for RunError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self.cause() {
            // There may be several; the first is what to look at first.
            Cause::NotUndone => self.rollback().failed.first().map(|failed| failed as _),
            cause => {
                let error = cause.error()?;
                (self.failure.source_of)(error).or_else(|| of_boxed(error))
            }
        }
    }
}

#[cfg(test)]
mod tests;
