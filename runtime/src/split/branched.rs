//! The results of branches.

use crate::error::BranchError;

/// The result of one branch of a split whose join does not need them all.
///
/// It is plain data and holds nothing of the run.
///
/// ```
/// # use stateway::prelude::*;
/// # workflow! {
/// #     workflow Loan {
/// #         start Applied;
/// #         done Approved;
/// #         done Referred;
/// #         split assess: Applied -> Approved | Referred { branch credit: u32; branch fraud: bool; join settled; }
/// #     }
/// # }
/// # struct Bank;
/// # impl LoanSteps for Bank {
/// #     type Error = String;
/// #     async fn credit(&self, _: &Applied, _: &Branch<Assess>) -> Result<u32, String> { Ok(700) }
/// #     async fn fraud(&self, _: &Applied, _: &Branch<Assess>) -> Result<bool, String> { Err("no answer".to_owned()) }
/// async fn assess(&self, _: Applied, joined: AssessJoined<String>, step: &Step<Assess>) -> Result<Assess, String> {
///     let suspected = match joined.fraud {
///         Branched::Done(fraud) => fraud,
///         // Nobody knows, so a person has to look at it.
///         Branched::Failed(_) | Branched::Cancelled => true,
///     };
///     Ok(match joined.credit {
///         Branched::Done(600..) if !suspected => step.to(Approved),
///         _ => step.to(Referred),
///     })
/// }
/// # }
/// # assert!(matches!(pollster::block_on(Loan::start(Applied).run(&Bank)), Ok(LoanEnd::Referred(_))));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Branched<T, E> {
    /// The branch succeeded with this output.
    Done(T),
    /// The branch failed.
    Failed(BranchError<E>),
    /// The join was decided before the branch ended: it was dropped where it waited, or had not begun.
    Cancelled,
}

impl<T, E> Branched<T, E> {
    /// Returns true if the branch succeeded.
    #[must_use]
    pub fn is_done(&self) -> bool {
        matches!(self, Branched::Done(_))
    }

    /// Returns the output, if the branch succeeded.
    #[must_use]
    pub fn output(&self) -> Option<&T> {
        match self {
            Branched::Done(output) => Some(output),
            _ => None,
        }
    }

    /// Returns the output by value, if the branch succeeded.
    #[must_use]
    pub fn into_output(self) -> Option<T> {
        match self {
            Branched::Done(output) => Some(output),
            _ => None,
        }
    }

    /// Returns the error, if the branch failed.
    #[must_use]
    pub fn failure(&self) -> Option<&BranchError<E>> {
        match self {
            Branched::Failed(error) => Some(error),
            _ => None,
        }
    }

    /// Returns the output of a branch that has succeeded, as the strategy asks for.
    ///
    /// # Panics
    /// If it has not succeeded.
    #[doc(hidden)]
    #[must_use]
    pub fn done(self) -> T {
        self.into_output()
            .expect("where branches are joined that all have to succeed, they have")
    }
}

/// The first success among the branches of an `each` with `join any`.
///
/// ```
/// # use stateway::prelude::*;
/// # workflow! {
/// #     workflow Download {
/// #         start Asked { mirrors: Vec<String> };
/// #         done Fetched { from: String, bytes: usize };
/// #         split fetch: Asked -> Fetched { each mirror in mirrors: String => usize; join any; }
/// #     }
/// # }
/// # struct Net;
/// # impl DownloadSteps for Net {
/// #     type Error = String;
/// #     async fn mirror(&self, _: &Asked, url: &String, _: &Branch<Fetch>) -> Result<usize, String> {
/// #         if url == "b" { Ok(512) } else { Err("down".to_owned()) }
/// #     }
/// async fn fetch(&self, mut asked: Asked, first: First<usize>, step: &Step<Fetch>) -> Result<Fetch, String> {
///     let from = asked.mirrors.swap_remove(first.item);
///     Ok(step.to(Fetched { from, bytes: first.output }))
/// }
/// # }
/// # let mirrors = vec!["a".to_owned(), "b".to_owned()];
/// # let end = pollster::block_on(Download::start(Asked { mirrors }).run(&Net));
/// # assert!(matches!(end, Ok(DownloadEnd::Fetched(end)) if end.from == "b" && end.bytes == 512));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct First<T> {
    /// The position of the item, counted from 0.
    pub item: usize,
    /// The output of its branch.
    pub output: T,
}

/// Returns the outputs of an `each` with `join all`, in the order of the items.
pub fn all<T, E>(branches: Vec<Branched<T, E>>) -> Vec<T> {
    branches.into_iter().map(Branched::done).collect()
}

/// Returns the output of an `each` with `join any`.
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
