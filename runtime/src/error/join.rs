//! Why the branches of a split were not joined.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use stateway_core::Strategy;

use super::{BranchError, BranchName};

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

/// One clause that names the branches, without their errors: that of the first that failed is the
/// [`source`](Error::source).
impl<E> fmt::Display for JoinError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (succeeded, branches, needed) = (self.succeeded.len(), self.branches, self.needed);
        write!(f, "{succeeded} of {branches} branches succeeded")?;
        if let Some(within) = self.within {
            write!(f, " within {within:?}")?;
        }
        write!(f, " where {needed} had to")?;
        let failed = self.failures.iter().map(BranchError::name);
        named(f, "failed", failed)?;
        named(f, "succeeded", self.succeeded.iter().copied())
    }
}

/// So many branches are named in one line.
const NAMED: usize = 8;

fn named(
    f: &mut fmt::Formatter<'_>,
    what: &str,
    mut names: impl Iterator<Item = BranchName>,
) -> fmt::Result {
    for (position, name) in names.by_ref().take(NAMED).enumerate() {
        if position == 0 {
            write!(f, "; {what}: `{name}`")?;
        } else {
            write!(f, ", `{name}`")?;
        }
    }
    match names.count() {
        0 => Ok(()),
        more => write!(f, " and {more} more"),
    }
}

impl<E: Error + 'static> Error for JoinError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.failures.first().map(|failure| failure as _)
    }
}
