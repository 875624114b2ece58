//! Which branch of a split it was, and why it failed.

use std::error::Error;
use std::fmt;

use super::{Cause, of_boxed};
use crate::run::BranchName;

/// A branch that gave no output: which one, and why.
#[derive(Clone, PartialEq, Eq)]
pub struct BranchError<E> {
    // Boxed: a branch succeeds far more often than it fails, and its result is moved about.
    failure: Box<BranchErrorParts<E>>,
}

#[derive(Clone, PartialEq, Eq)]
struct BranchErrorParts<E> {
    name: BranchName,
    attempts: u32,
    cause: Cause<E>,
}

impl<E> BranchError<E> {
    pub(crate) fn new(name: BranchName, attempts: u32, cause: Cause<E>) -> Self {
        BranchError {
            failure: Box::new(BranchErrorParts {
                name,
                attempts,
                cause,
            }),
        }
    }

    /// Which branch it is.
    #[must_use]
    pub fn name(&self) -> BranchName {
        self.failure.name
    }

    /// The name of the branch, as declared.
    #[must_use]
    pub fn branch(&self) -> &'static str {
        self.failure.name.branch
    }

    /// The position of the item, counted from 0, of an `each`.
    #[must_use]
    pub fn item(&self) -> Option<usize> {
        self.failure.name.item
    }

    /// How often the handler was called in this attempt of the split. An attempt that a breaker refused
    /// is no call.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.failure.attempts
    }

    /// The error of the last attempt.
    #[must_use]
    pub fn cause(&self) -> &Cause<E> {
        &self.failure.cause
    }

    /// Takes the cause out.
    #[must_use]
    pub fn into_cause(self) -> Cause<E> {
        self.failure.cause
    }
}

impl<E: fmt::Debug> fmt::Debug for BranchError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BranchError")
            .field("branch", &format_args!("{}", self.name()))
            .field("attempts", &self.attempts())
            .field("cause", self.cause())
            .finish()
    }
}

/// One clause, with the handler's error.
impl<E: fmt::Display> fmt::Display for BranchError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, cause, attempts) = (self.name(), self.cause(), self.attempts());
        let (verb, after) = (cause.verb(attempts), cause.after_attempts(attempts));
        let (detail, told) = (cause.detail(), cause.told());
        write!(f, "branch `{name}` {verb}{after}{detail}{told}")
    }
}

/// Its [`source`](Error::source) is what the handler's error came from, if that is in a box.
impl<E: fmt::Debug + fmt::Display + 'static> Error for BranchError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause().error().and_then(of_boxed)
    }
}
