//! Why the branches of a split were not joined.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use stateway_core::Strategy;

use super::{BranchError, spelled};
use crate::run::BranchName;

/// A split whose branches could not be joined as it was declared.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct JoinError<E> {
    /// How they were to be joined.
    pub strategy: Strategy,
    /// How many branches there were.
    pub branches: usize,
    /// How many of them had to succeed.
    pub needed: usize,
    /// The branches that had succeeded when it was clear that so many would not, in order of declaration
    /// or of their items. What they have done outside is not undone.
    pub succeeded: Vec<BranchName>,
    /// Those that had failed by then. All others were dropped where they waited, or had not begun.
    pub failures: Vec<BranchError<E>>,
    /// The time of `within`, if it had passed.
    pub within: Option<Duration>,
}

impl<E> JoinError<E> {
    /// The first error that a handler of a branch returned, in order of declaration.
    #[must_use]
    pub fn error(&self) -> Option<&E> {
        let mut failures = self.failures.iter();
        failures.find_map(|failure| failure.cause().error())
    }

    /// Takes the first error out.
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

/// One clause that says of each branch what it failed with, without the errors of handlers: that of the first that
/// failed is the [`source`](Error::source). Of many branches the first eight are named.
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

/// So many things are named in one line.
const NAMED: usize = 8;

/// The first names of a list, in backticks, and how many more there are.
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

/// The first things of a list, and how many more there are.
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

/// A text in a list, cut if it is long: a panic may say much.
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
