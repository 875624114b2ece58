//! The report of a rollback.

use std::error::Error;
use std::fmt;

use super::join::listed;
use super::{Cause, ErasedValue, of_boxed};
use crate::run::BranchName;

/// The report of a rollback, in the order in which it was done: the last transition first.
///
/// ```
/// # use stateway::prelude::*;
/// # workflow! {
/// #     #[derive(Clone)]
/// #     workflow Trip {
/// #         start Planned;
/// #         state Flying;
/// #         state Sleeping;
/// #         done Booked;
/// #         step fly: Planned -> Flying with undo(cancel_flight);
/// #         step sleep: Flying -> Sleeping with undo(cancel_room);
/// #         step drive: Sleeping -> Booked;
/// #     }
/// # }
/// # struct Agency;
/// # impl TripSteps for Agency {
/// #     type Error = String;
/// #     async fn fly(&self, _: Planned, step: &Step<Fly>) -> Result<Fly, String> { Ok(step.to(Flying)) }
/// #     async fn cancel_flight(&self, _: Flying, _: &Undo<Fly>) -> Result<(), String> { Err("no refund".to_owned()) }
/// #     async fn sleep(&self, _: Flying, step: &Step<Sleep>) -> Result<Sleep, String> { Ok(step.to(Sleeping)) }
/// #     async fn cancel_room(&self, _: Sleeping, _: &Undo<Sleep>) -> Result<(), String> { Ok(()) }
/// #     async fn drive(&self, _: Sleeping, _: &Step<Drive>) -> Result<Drive, String> { Err("no car".to_owned()) }
/// # }
/// # pollster::block_on(async {
/// let error = Trip::start(Planned).run(&Agency).await.err().expect("there is no car");
/// let rollback = error.rollback();
/// assert_eq!(rollback.to_string(), "undone: `sleep`; not undone: `fly`");
/// for failed in &rollback.failed {
///     assert_eq!(failed.to_string(), "undo `cancel_flight` of `fly` failed: no refund");
/// }
/// # });
/// ```
#[non_exhaustive]
pub struct Rollback<E> {
    /// The entries that were undone.
    pub undone: Vec<UndoEntry>,
    /// The entries that could not be undone, each with the cause.
    pub failed: Vec<UndoError<E>>,
    /// The entries that nobody tried to undo, because the run was terminated.
    pub skipped: Vec<UndoEntry>,
}

/// One thing that was done and has an `undo`: a transition that led to a state, a branch of a split, or a step whose last call is
/// in doubt.
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
/// let entry = &error.rollback().undone[0];
/// assert_eq!((entry.transition, entry.state, entry.handler), ("charge", "Charged", "refund"));
/// assert!(!entry.in_doubt, "the charge was made for certain");
/// # });
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UndoEntry {
    /// The transition's name.
    pub transition: &'static str,
    /// The name of the state that it had led to; for a branch and a step in doubt, of the state that it leaves.
    pub state: &'static str,
    /// The name of the handler that undoes it.
    pub handler: &'static str,
    /// The name of the branch, if this is one.
    pub branch: Option<BranchName>,
    /// True if the step has led nowhere and its last call may have had its effect: `in doubt`.
    pub in_doubt: bool,
}

/// Prints as `reserve`, as `air[3]` for a branch, or as `book, in doubt`.
impl fmt::Display for UndoEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.branch {
            Some(branch) => branch.fmt(f)?,
            None => f.write_str(self.transition)?,
        }
        if self.in_doubt {
            f.write_str(", in doubt")?;
        }
        Ok(())
    }
}

/// A transition that could not be undone: somebody has to see to it.
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
///     let (handler, cause) = (failed.entry.handler, failed.cause.to_string());
///     let charged = failed.into_state::<Charged>().expect("the state of `charge`");
///     let note = format!("pay {} back by hand: `{handler}` {cause}", charged.payment);
///     assert_eq!(note, "pay 9 back by hand: `refund` failed: closed");
/// }
/// # });
/// ```
#[non_exhaustive]
pub struct UndoError<E> {
    /// The transition and the handler that failed.
    pub entry: UndoEntry,
    /// The number of calls of the handler.
    pub attempts: u32,
    /// The error of the last attempt.
    pub cause: Cause<E>,
    pub(crate) state: ErasedValue,
}

impl<E> Rollback<E> {
    pub(crate) const fn nothing() -> Self {
        Rollback {
            undone: Vec::new(),
            failed: Vec::new(),
            skipped: Vec::new(),
        }
    }

    /// Returns true if everything that was to be undone is undone.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.failed.is_empty() && self.skipped.is_empty()
    }
}

impl<E> UndoError<E> {
    /// Returns the state that the transition had led to, which says what is still to be undone. For a branch it is the output, and
    /// for a step in doubt the state that it leaves.
    ///
    /// `None` if it is not an `S`: [`UndoEntry::state`] names the type of a state.
    #[must_use]
    pub fn into_state<S: 'static>(self) -> Option<S> {
        self.state.take()
    }
}

impl<E: fmt::Debug> fmt::Debug for Rollback<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rollback")
            .field("undone", &self.undone)
            .field("failed", &self.failed)
            .field("skipped", &self.skipped)
            .finish()
    }
}

impl<E: fmt::Debug> fmt::Debug for UndoError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UndoError")
            .field("entry", &self.entry)
            .field("attempts", &self.attempts)
            .field("cause", &self.cause)
            .finish_non_exhaustive()
    }
}

/// Prints as ``undone: `charge`, `reserve`; not undone: `ship` ``, with the first eight names of each list.
impl<E> fmt::Display for Rollback<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failed = self.failed.iter().map(|failed| &failed.entry);
        let groups = [
            ("undone", self.undone.iter().collect::<Vec<_>>()),
            ("not undone", failed.collect()),
            ("left as it is", self.skipped.iter().collect()),
        ];
        let mut separator = "";
        for (title, entries) in groups.iter().filter(|(_, entries)| !entries.is_empty()) {
            write!(f, "{separator}{title}: {}", listed(entries.iter()))?;
            separator = "; ";
        }
        if separator.is_empty() {
            f.write_str("nothing to undo")?;
        }
        Ok(())
    }
}

/// One clause, with the handler's error.
impl<E: fmt::Display> fmt::Display for UndoError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let UndoEntry {
            transition,
            handler,
            branch,
            ..
        } = self.entry;
        let branch = branch.map(|branch| format!("branch `{branch}` of "));
        let branch = branch.unwrap_or_default();
        let (verb, after) = (
            self.cause.verb(self.attempts),
            self.cause.after_attempts(self.attempts),
        );
        let (detail, told) = (self.cause.detail(), self.cause.told());
        write!(
            f,
            "undo `{handler}` of {branch}`{transition}` {verb}{after}{detail}{told}"
        )
    }
}

/// Its [`source`](Error::source) is the source of the handler's error, if that is in a box.
impl<E: fmt::Debug + fmt::Display + 'static> Error for UndoError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.error().and_then(of_boxed)
    }
}
