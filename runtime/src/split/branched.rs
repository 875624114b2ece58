//! What became of a branch.

use crate::error::BranchError;

/// What became of one branch of a split whose join does not need them all.
///
/// Plain data: it holds nothing of the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Branched<T, E> {
    /// It succeeded with this output.
    Done(T),
    /// It failed.
    Failed(BranchError<E>),
    /// The split was decided before it ended: it was dropped where it waited, or had not begun.
    Cancelled,
}

impl<T, E> Branched<T, E> {
    /// Whether it succeeded.
    #[must_use]
    pub fn is_done(&self) -> bool {
        matches!(self, Branched::Done(_))
    }

    /// The output, of a branch that succeeded.
    #[must_use]
    pub fn output(&self) -> Option<&T> {
        match self {
            Branched::Done(output) => Some(output),
            _ => None,
        }
    }

    /// Takes the output out, of a branch that succeeded.
    #[must_use]
    pub fn into_output(self) -> Option<T> {
        match self {
            Branched::Done(output) => Some(output),
            _ => None,
        }
    }

    /// Why it failed, of a branch that did.
    #[must_use]
    pub fn failure(&self) -> Option<&BranchError<E>> {
        match self {
            Branched::Failed(error) => Some(error),
            _ => None,
        }
    }

    /// The output of a branch that is known to have succeeded: the strategy asks for it.
    ///
    /// # Panics
    /// If it has not.
    #[doc(hidden)]
    #[must_use]
    pub fn done(self) -> T {
        self.into_output()
            .expect("where branches are joined that all have to succeed, they have")
    }
}

/// The first success among the branches of an `each`, which is `any`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct First<T> {
    /// The position of its item, counted from 0.
    pub item: usize,
    /// Its output.
    pub output: T,
}

/// The outputs of an `each` whose join is `all`, in the order of the items.
pub fn all<T, E>(branches: Vec<Branched<T, E>>) -> Vec<T> {
    branches.into_iter().map(Branched::done).collect()
}

/// The output of an `each` whose join is `any`.
///
/// # Panics
/// If none has succeeded.
pub fn first<T, E>(branches: Vec<Branched<T, E>>) -> First<T> {
    let mut outputs = branches.into_iter().map(Branched::into_output).enumerate();
    let first = outputs.find_map(|(item, output)| {
        Some(First {
            item,
            output: output?,
        })
    });
    first.expect("where `any` is joined, one branch has succeeded")
}
