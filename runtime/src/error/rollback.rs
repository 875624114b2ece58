//! What a rollback did.

use std::error::Error;
use std::fmt;

use super::join::listed;
use super::{Cause, ErasedValue, of_boxed};
use crate::run::BranchName;

/// What a rollback did, in the order it was done: the last transition first.
#[non_exhaustive]
pub struct Rollback<E> {
    /// What was undone.
    pub undone: Vec<UndoEntry>,
    /// What could not be undone, and why.
    pub failed: Vec<UndoError<E>>,
    /// What nobody tried to undo, because the run was terminated.
    pub skipped: Vec<UndoEntry>,
}

/// One thing that was done and has an `undo`: a transition that led to a state, a branch of a split, or a step whose last call is
/// in doubt.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UndoEntry {
    /// The transition's name.
    pub transition: &'static str,
    /// The name of the state that it had led to; of a branch and of a step in doubt, of the state that it leaves.
    pub state: &'static str,
    /// The name of the handler that undoes it.
    pub handler: &'static str,
    /// The branch of the split, if it is one.
    pub branch: Option<BranchName>,
    /// True if the step has led nowhere, and its last call may have had its effect: `in doubt`.
    pub in_doubt: bool,
}

/// `reserve`, `air[3]` for a branch, or `book, in doubt`.
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
#[non_exhaustive]
pub struct UndoError<E> {
    /// Which transition it is, and which handler failed.
    pub entry: UndoEntry,
    /// How often the handler was called.
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

    /// Whether everything that was to be undone is undone.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.failed.is_empty() && self.skipped.is_empty()
    }
}

impl<E> UndoError<E> {
    /// The state that the transition had led to, which says what is still to be undone; of a branch its output, and of a step in
    /// doubt the state that it leaves.
    ///
    /// `None` if it is not an `S`: the type of a state is named by [`UndoEntry::state`].
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

/// ``undone: `charge`, `reserve`; not undone: `ship` ``. Of many transitions the first eight are named.
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

/// Its [`source`](Error::source) is what the handler's error came from, if that is in a box.
impl<E: fmt::Debug + fmt::Display + 'static> Error for UndoError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.error().and_then(of_boxed)
    }
}
