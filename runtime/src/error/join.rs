//! The error of a split whose branches could not be joined.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use stateway_core::Strategy;

use super::{BranchError, spelled};
use crate::run::BranchName;

/// A split whose branches could not be joined as declared.
///
/// ```
/// # use stateway::prelude::*;
/// # workflow! {
/// #     workflow Loan {
/// #         start Applied;
/// #         done Assessed;
/// #         split assess: Applied -> Assessed { branch credit: u32; branch fraud: bool; join all; }
/// #     }
/// # }
/// # struct Bank;
/// # impl LoanSteps for Bank {
/// #     type Error = &'static str;
/// #     async fn credit(&self, _: &Applied, _: &Branch<Assess>) -> Result<u32, Self::Error> { Ok(700) }
/// #     async fn fraud(&self, _: &Applied, _: &Branch<Assess>) -> Result<bool, Self::Error> { Err("the register is closed") }
/// #     async fn assess(&self, _: Applied, _: AssessJoined, step: &Step<Assess>) -> Result<Assess, Self::Error> {
/// #         Ok(step.to(Assessed))
/// #     }
/// # }
/// # pollster::block_on(async {
/// let error = Loan::start(Applied).run(&Bank).await.err().expect("a branch fails");
/// if let Cause::Join(join) = error.cause() {
///     assert_eq!((join.succeeded.len(), join.needed), (1, 2));
///     assert_eq!(join.failures[0].branch(), "fraud");
///     assert_eq!(join.error(), Some(&"the register is closed"));
/// }
/// # });
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct JoinError<E> {
    /// The strategy of the join.
    pub strategy: Strategy,
    /// The number of branches.
    pub branches: usize,
    /// The number of branches that had to succeed.
    pub needed: usize,
    /// The branches that had succeeded when it was clear that the join would not, in order of declaration
    /// or of their items. Their effects are not undone.
    pub succeeded: Vec<BranchName>,
    /// The branches that had failed by then. All others were dropped where they waited, or had not begun.
    pub failures: Vec<BranchError<E>>,
    /// The time of `within`, if it had passed.
    pub within: Option<Duration>,
}

impl<E> JoinError<E> {
    /// Returns the first error that a handler of a branch returned, in order of declaration or of the items.
    #[must_use]
    pub fn error(&self) -> Option<&E> {
        let mut failures = self.failures.iter();
        failures.find_map(|failure| failure.cause().error())
    }

    /// Returns the first error by value.
    pub(crate) fn into_error(self) -> Option<E> {
        let mut failures = self.failures.into_iter();
        failures.find_map(|failure| failure.into_cause().into_error())
    }
}

impl<E: fmt::Debug> fmt::Debug for JoinError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinError")
            .field("strategy", &self.strategy)
            .field("branches", &self.branches)
            .field("needed", &self.needed)
            .field("succeeded", &self.succeeded)
            .field("failures", &self.failures)
            .field("within", &self.within)
            .finish()
    }
}

/// One clause with the cause of each failure, without the errors of handlers: the first failure is the
/// [`source`](Error::source). The first eight branches are named.
impl<E> fmt::Display for JoinError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (succeeded, branches, needed) = (self.succeeded.len(), self.branches, self.needed);
        let noun = if branches == 1 { "branch" } else { "branches" };
        write!(f, "{succeeded} of {branches} {noun} succeeded")?;
        if let Some(within) = self.within {
            write!(f, " within {}", spelled(within))?;
        }
        // `settled` needs none.
        if needed > 0 {
            write!(f, " where {needed} had to")?;
        }
        for failure in self.failures.iter().take(NAMED) {
            let (name, attempts, cause) = (failure.name(), failure.attempts(), failure.cause());
            let (verb, after) = (cause.verb(attempts), cause.after_attempts(attempts));
            write!(f, "; `{name}` {verb}{after}{}", brief(cause.detail()))?;
        }
        match self.failures.len().saturating_sub(NAMED) {
            0 => {}
            more => write!(f, "; {more} more did not succeed")?,
        }
        if succeeded > 0 {
            write!(f, "; succeeded: {}", listed(self.succeeded.iter()))?;
        }
        Ok(())
    }
}

/// The number of things that are named in one line.
const NAMED: usize = 8;

/// Returns the first names of a list, in backticks, and the number of the others.
pub(crate) fn listed<T: fmt::Display>(
    names: impl ExactSizeIterator<Item = T> + Clone,
) -> impl fmt::Display {
    several(names.map(Name))
}

#[derive(Clone)]
struct Name<T>(T);

impl<T: fmt::Display> fmt::Display for Name<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.0)
    }
}

/// Returns the first things of a list, and the number of the others.
pub(crate) fn several<T: fmt::Display>(
    things: impl ExactSizeIterator<Item = T> + Clone,
) -> impl fmt::Display {
    fmt::from_fn(move |f| {
        for (position, thing) in things.clone().take(NAMED).enumerate() {
            let comma = if position == 0 { "" } else { ", " };
            write!(f, "{comma}{thing}")?;
        }
        match things.len().saturating_sub(NAMED) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    })
}

/// Returns a text for a list, cut if it is long: the message of a panic may be.
pub(crate) fn brief(text: impl fmt::Display) -> String {
    const BRIEF: usize = 160;
    let mut text = text.to_string();
    if text.len() > BRIEF {
        text.truncate(text.floor_char_boundary(BRIEF));
        text += "...";
    }
    text
}

impl<E: fmt::Debug + fmt::Display + 'static> Error for JoinError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.failures.first().map(|failure| failure as _)
    }
}
