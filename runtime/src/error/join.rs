//! Why the branches of a split were not joined.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use stateway_core::Strategy;

use super::BranchError;

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
    /// How many had succeeded when it was clear that so many would not.
    pub succeeded: usize,
    /// The branches that had failed by then, in order of declaration or of their items.
    ///
    /// All others were dropped where they waited, or had not begun.
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

/// One clause that names the branches that failed, without their errors: the first of them is the
/// [`source`](Error::source).
impl<E> fmt::Display for JoinError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let JoinError {
            branches,
            needed,
            succeeded,
            ..
        } = self;
        write!(f, "{succeeded} of {branches} branches succeeded")?;
        if let Some(within) = self.within {
            write!(f, " within {within:?}")?;
        }
        write!(f, " where {needed} had to")?;
        let mut separator = "; failed: ";
        for failure in self.failures.iter().take(NAMED) {
            write!(f, "{separator}`{}`", failure.branch())?;
            if let Some(item) = failure.item() {
                write!(f, " of item {item}")?;
            }
            separator = ", ";
        }
        match self.failures.len().saturating_sub(NAMED) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// So many failures are named in one line.
const NAMED: usize = 8;

impl<E: Error + 'static> Error for JoinError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.failures.first().map(|failure| failure as _)
    }
}
