//! Errors of runs: the cause, the place and the rollback.

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

/// A run that did not end as declared.
///
/// It says where the run was, gives the cause as a value (the user's own error comes back as it was
/// returned), and reports the rollback.
///
/// It is a [`std::error::Error`] if the handlers' error can be shown (`Debug` and `Display`): an enum of `thiserror`, a
/// `Box<dyn Error + Send + Sync>`, an `anyhow::Error` or a `String`. So `?` takes it into a function that fails with a
/// `Box<dyn Error + Send + Sync>` or an `anyhow::Error`, and `downcast` takes it back as it is.
///
/// Its text ends with the text of the handlers' error, and its [`source`](Error::source) is the source of that error. The source of a
/// boxed error is found; that of any other error is given by `source_of`, a line in the implementation of the handlers. The text of an
/// `anyhow::Error` includes its sources.
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
    /// The end, if the run reached one.
    pub(crate) end: Option<ErasedValue>,
    /// Returns the source of an error of the handlers.
    pub(crate) source_of: SourceOf<E>,
}

/// A value of the workflow, of any type, that is left over.
///
/// The lock makes it `Sync`, as an error has to be. Nobody waits for it, since only the owner takes the value out.
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

/// The place of a run when it failed.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) state: usize,
    /// The current transition; `None` between two.
    pub(crate) transition: Option<usize>,
    pub(crate) attempts: u32,
}

impl Place {
    /// Returns the place in the state at this position, between two transitions.
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
    /// Returns the workflow's name.
    ///
    /// ```
    /// # use stateway::prelude::*;
    /// # workflow! { workflow Order { start Placed; done Charged; step charge: Placed -> Charged; } }
    /// # struct Shop;
    /// # impl OrderSteps for Shop {
    /// #     type Error = String;
    /// #     async fn charge(&self, _: Placed, _: &Step<Charge>) -> Result<Charge, String> { Err("declined".to_owned()) }
    /// # }
    /// use std::collections::BTreeMap;
    ///
    /// # pollster::block_on(async {
    /// let mut failures = BTreeMap::new();
    /// if let Err(error) = Order::start(Placed).run(&Shop).await {
    ///     *failures.entry(error.workflow()).or_insert(0) += 1;
    /// }
    /// assert_eq!(failures["Order"], 1);
    /// # });
    /// ```
    #[must_use]
    pub fn workflow(&self) -> &'static str {
        self.failure.graph.name
    }

    /// Returns the id of the run, which its handlers saw as well.
    ///
    /// ```
    /// # use stateway::prelude::*;
    /// # workflow! { workflow Order { start Placed; done Charged; step charge: Placed -> Charged; } }
    /// # struct Shop;
    /// # impl OrderSteps for Shop {
    /// #     type Error = String;
    /// async fn charge(&self, _: Placed, step: &Step<Charge>) -> Result<Charge, String> {
    ///     println!("run {}: charging", step.run_id());
    ///     Err("card declined".to_owned())
    /// }
    /// # }
    /// # pollster::block_on(async {
    ///
    /// if let Err(error) = Order::start(Placed).run(&Shop).await {
    ///     // Finds the lines that the handlers have written.
    ///     println!("run {}: {error}", error.run_id());
    /// }
    /// # });
    /// ```
    #[must_use]
    pub fn run_id(&self) -> &RunId {
        &self.failure.run
    }

    /// Returns the name of the state that the run was in.
    ///
    /// ```
    /// # use stateway::prelude::*;
    /// # workflow! { workflow Order { start Placed; done Charged; step charge: Placed -> Charged; } }
    /// # struct Shop;
    /// # impl OrderSteps for Shop {
    /// #     type Error = String;
    /// #     async fn charge(&self, _: Placed, _: &Step<Charge>) -> Result<Charge, String> { Err("declined".to_owned()) }
    /// # }
    /// # pollster::block_on(async {
    /// let error = Order::start(Placed).run(&Shop).await.err().expect("the card is declined");
    /// assert_eq!((error.state(), error.transition()), ("Placed", Some("charge")));
    /// # });
    /// ```
    #[must_use]
    pub fn state(&self) -> &'static str {
        self.failure.graph.states[self.failure.place.state].name
    }

    /// Returns the name of the transition that failed or was stopped.
    ///
    /// `None` if the run was stopped between two transitions, or had ended in a `failed` state.
    ///
    /// ```
    /// # use stateway::prelude::*;
    /// # workflow! { workflow Order { start Placed; done Charged; step charge: Placed -> Charged; } }
    /// # struct Shop;
    /// # impl OrderSteps for Shop {
    /// #     type Error = String;
    /// #     async fn charge(&self, _: Placed, step: &Step<Charge>) -> Result<Charge, String> { Ok(step.to(Charged)) }
    /// # }
    /// # pollster::block_on(async {
    /// let token = CancellationToken::new();
    /// token.cancel();
    /// let run = Order::start(Placed).run(&Shop).cancelled_by(token);
    /// let error = run.await.err().expect("it is cancelled");
    /// assert_eq!(error.transition(), None, "no step has begun");
    /// # });
    /// ```
    #[must_use]
    pub fn transition(&self) -> Option<&'static str> {
        let transition = self.failure.place.transition?;
        Some(self.failure.graph.transitions[transition].name)
    }

    /// Returns the number of calls of the handler in this visit; 0 if the run was between two transitions.
    ///
    /// An attempt that a breaker refused does not count. An attempt of a split is all of it: its
    /// branches and then the handler that joins them.
    ///
    /// ```
    /// # use stateway::prelude::*;
    /// # workflow! {
    /// #     #[derive(Clone)]
    /// #     workflow Order { start Placed; done Charged; step charge: Placed -> Charged with retry(5, every 1s); }
    /// # }
    /// # struct Shop;
    /// # impl OrderSteps for Shop {
    /// #     type Error = String;
    /// #     async fn charge(&self, _: Placed, _: &Step<Charge>) -> Result<Charge, String> { Err("no answer".to_owned()) }
    /// # }
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// // step charge: Placed -> Charged with retry(5, every 1s);
    /// let error = Order::start(Placed).run(&Shop).await.err().expect("the bank is down");
    /// assert_eq!(error.attempts(), 5);
    /// # }
    /// ```
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.failure.place.attempts
    }

    /// Returns the cause that ended the run.
    ///
    /// ```
    /// # use stateway::prelude::*;
    /// # workflow! { workflow Order { start Placed; done Charged; step charge: Placed -> Charged; } }
    /// # struct Shop;
    /// # #[derive(Debug)]
    /// # enum BankError { Declined }
    /// # impl OrderSteps for Shop {
    /// #     type Error = BankError;
    /// #     async fn charge(&self, _: Placed, _: &Step<Charge>) -> Result<Charge, BankError> { Err(BankError::Declined) }
    /// # }
    /// # pollster::block_on(async {
    /// let error = Order::start(Placed).run(&Shop).await.err().expect("the card is declined");
    /// let status = match error.cause() {
    ///     Cause::Handler(BankError::Declined) => 402,
    ///     Cause::Cancelled { .. } => 409,
    ///     _ => 500,
    /// };
    /// assert_eq!(status, 402);
    /// # });
    /// ```
    #[must_use]
    pub fn cause(&self) -> &Cause<E> {
        &self.failure.cause
    }

    /// Returns the cause by value.
    ///
    /// ```
    /// # use stateway::prelude::*;
    /// # workflow! { workflow Order { start Placed; done Charged; step charge: Placed -> Charged; } }
    /// # struct Shop;
    /// # #[derive(Debug, PartialEq)]
    /// # struct BankError;
    /// # impl OrderSteps for Shop {
    /// #     type Error = BankError;
    /// #     async fn charge(&self, _: Placed, _: &Step<Charge>) -> Result<Charge, BankError> { Err(BankError) }
    /// # }
    /// # pollster::block_on(async {
    /// let error = Order::start(Placed).run(&Shop).await.err().expect("the card is declined");
    /// // The error of the handler, as it was returned.
    /// let bank: Option<BankError> = error.into_cause().into_error();
    /// assert_eq!(bank, Some(BankError));
    /// # });
    /// ```
    #[must_use]
    pub fn into_cause(self) -> Cause<E> {
        self.failure.cause
    }

    /// Returns the report of the rollback.
    ///
    /// ```
    /// # use stateway::prelude::*;
    /// # workflow! {
    /// #     #[derive(Clone)]
    /// #     workflow Order {
    /// #         start Placed;
    /// #         state Charged;
    /// #         done Shipped;
    /// #         step charge: Placed -> Charged with undo(refund);
    /// #         step ship: Charged -> Shipped;
    /// #     }
    /// # }
    /// # struct Shop;
    /// # impl OrderSteps for Shop {
    /// #     type Error = String;
    /// #     async fn charge(&self, _: Placed, step: &Step<Charge>) -> Result<Charge, String> { Ok(step.to(Charged)) }
    /// #     async fn refund(&self, _: Charged, _: &Undo<Charge>) -> Result<(), String> { Ok(()) }
    /// #     async fn ship(&self, _: Charged, _: &Step<Ship>) -> Result<Ship, String> { Err("no carrier".to_owned()) }
    /// # }
    /// # pollster::block_on(async {
    /// let error = Order::start(Placed).run(&Shop).await.err().expect("there is no carrier");
    /// assert!(error.rollback().is_complete(), "the customer has the money back");
    /// assert_eq!(error.rollback().undone[0].handler, "refund");
    /// # });
    /// ```
    #[must_use]
    pub fn rollback(&self) -> &Rollback<E> {
        &self.failure.rollback
    }

    /// Returns the report of the rollback by value.
    ///
    /// ```
    /// # use stateway::prelude::*;
    /// # workflow! {
    /// #     #[derive(Clone)]
    /// #     workflow Order {
    /// #         start Placed;
    /// #         state Charged { payment: u64 };
    /// #         done Shipped;
    /// #         step charge: Placed -> Charged with undo(refund);
    /// #         step ship: Charged -> Shipped;
    /// #     }
    /// # }
    /// # struct Shop;
    /// # impl OrderSteps for Shop {
    /// #     type Error = String;
    /// #     async fn charge(&self, _: Placed, step: &Step<Charge>) -> Result<Charge, String> {
    /// #         Ok(step.to(Charged { payment: 9 }))
    /// #     }
    /// #     async fn refund(&self, _: Charged, _: &Undo<Charge>) -> Result<(), String> { Err("closed".to_owned()) }
    /// #     async fn ship(&self, _: Charged, _: &Step<Ship>) -> Result<Ship, String> { Err("no carrier".to_owned()) }
    /// # }
    /// # pollster::block_on(async {
    /// let error = Order::start(Placed).run(&Shop).await.err().expect("there is no carrier");
    /// for failed in error.into_rollback().failed {
    ///     // Somebody has to pay this back by hand.
    ///     let charged: Option<Charged> = failed.into_state();
    ///     assert_eq!(charged.unwrap().payment, 9);
    /// }
    /// # });
    /// ```
    #[must_use]
    pub fn into_rollback(self) -> Rollback<E> {
        self.failure.rollback
    }

    /// Returns the `failed` state that the run ended in, if the cause is [`Cause::NotUndone`].
    ///
    /// `End` is the workflow's enum of final states, such as `OrderEnd`. For any other type this is `None`.
    ///
    /// ```
    /// # use stateway::prelude::*;
    /// # workflow! {
    /// #     #[derive(Clone)]
    /// #     workflow Order {
    /// #         start Placed;
    /// #         state Charged;
    /// #         done Shipped;
    /// #         failed Lost { parcel: u64 };
    /// #         step charge: Placed -> Charged with undo(refund);
    /// #         step ship: Charged -> Shipped | Lost;
    /// #     }
    /// # }
    /// # struct Shop;
    /// # impl OrderSteps for Shop {
    /// #     type Error = String;
    /// #     async fn charge(&self, _: Placed, step: &Step<Charge>) -> Result<Charge, String> { Ok(step.to(Charged)) }
    /// #     async fn refund(&self, _: Charged, _: &Undo<Charge>) -> Result<(), String> { Err("closed".to_owned()) }
    /// #     async fn ship(&self, _: Charged, step: &Step<Ship>) -> Result<Ship, String> { Ok(step.to(Lost { parcel: 5 })) }
    /// # }
    /// # pollster::block_on(async {
    /// let error = Order::start(Placed).run(&Shop).await.err().expect("`refund` fails");
    /// assert!(matches!(error.cause(), Cause::NotUndone));
    /// let end: Option<OrderEnd> = error.into_end();
    /// assert!(matches!(end, Some(OrderEnd::Lost(Lost { parcel: 5 }))));
    /// # });
    /// ```
    #[must_use]
    pub fn into_end<End: 'static>(self) -> Option<End> {
        self.failure.end?.take()
    }
}

impl<E> RunError<E> {
    /// Returns the keyword of the transition that failed or was stopped.
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

/// One clause with the handler's error, and the rollback, if that is not complete.
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
