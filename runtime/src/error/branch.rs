//! The error of one branch of a split.

use std::error::Error;
use std::fmt;

use super::{Cause, of_boxed};
use crate::run::BranchName;

/// A branch that gave no output: its name and the cause.
///
/// ```
/// # use stateway::prelude::*;
/// # workflow! {
/// #     workflow Mailing {
/// #         start Written { to: Vec<String> };
/// #         done Sent { bounced: Vec<usize> };
/// #         split send: Written -> Sent { each address in to: String => (); join settled; }
/// #     }
/// # }
/// # struct Post;
/// # impl MailingSteps for Post {
/// #     type Error = String;
/// #     async fn address(&self, _: &Written, to: &String, _: &Branch<Send>) -> Result<(), String> {
/// #         if to.contains('@') { Ok(()) } else { Err("no address".to_owned()) }
/// #     }
/// async fn send(&self, _: Written, mails: SendJoined<String>, step: &Step<Send>) -> Result<Send, String> {
///     let mut bounced = Vec::new();
///     for failure in mails.iter().filter_map(Branched::failure) {
///         println!("{}: {}", failure.name(), failure.cause());
///         bounced.extend(failure.item());
///     }
///     Ok(step.to(Sent { bounced }))
/// }
/// # }
/// # let to = vec!["ada@example.org".to_owned(), "grace".to_owned()];
/// # let end = pollster::block_on(Mailing::start(Written { to }).run(&Post));
/// # assert!(matches!(end, Ok(MailingEnd::Sent(end)) if end.bounced == [1]));
/// ```
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

    /// Returns the name of the branch, with the item if it is one of an `each`.
    #[must_use]
    pub fn name(&self) -> BranchName {
        self.failure.name
    }

    /// Returns the name of the branch, as declared.
    #[must_use]
    pub fn branch(&self) -> &'static str {
        self.failure.name.branch
    }

    /// Returns the position of the item, counted from 0, if this is a branch of an `each`.
    #[must_use]
    pub fn item(&self) -> Option<usize> {
        self.failure.name.item
    }

    /// Returns the number of calls of the handler in this attempt of the split. An attempt that a breaker refused
    /// does not count.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.failure.attempts
    }

    /// Returns the cause of the last attempt's failure.
    #[must_use]
    pub fn cause(&self) -> &Cause<E> {
        &self.failure.cause
    }

    /// Returns that cause by value.
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

/// Its [`source`](Error::source) is the source of the handler's error, if that is in a box.
impl<E: fmt::Debug + fmt::Display + 'static> Error for BranchError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause().error().and_then(of_boxed)
    }
}
