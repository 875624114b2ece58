//! What generated code gives a driver.

use std::future::{Future, pending};

use stateway_core::Workflow;

use super::turn::Failed;
use crate::error::{Cause, Left};
use crate::policy::Verdict;
use crate::run::Run;

/// A workflow whose handlers are implemented by `C`, as a policy sees it. Generated code implements it.
///
/// It is apart from [`Drive`], which takes for granted of each state that it can move between threads: to prove that
/// for the handlers one by one would take the compiler the square of their number.
pub trait Judge<C>: Workflow {
    /// What a handler fails with.
    type Error: Send + 'static;

    /// Whether another attempt may succeed after this error.
    fn judge(context: &C, error: &Self::Error) -> Verdict {
        let _ = (context, error);
        Verdict::Retry { after: None }
    }
}

/// A workflow whose handlers are implemented by `C`. Generated code implements it.
pub trait Drive<C>: Judge<C> {
    /// Begins the one transition that leaves the state in `place`, which is not final.
    fn turn<'run>(
        place: &mut Option<Self::State>,
        context: &'run C,
        run: &'run Run<Self>,
    ) -> impl Future<Output = Result<Self::State, Failed<Self::Error>>> + Send + use<'run, Self, C>;

    /// A copy of the state that `transition` led to, and the position of the undo that needs it.
    #[must_use]
    fn undoable(transition: usize, state: &Self::State) -> Option<(usize, Self::State)> {
        let _ = (transition, state);
        None
    }

    /// Undoes `transition`, which led to the state in `place`, by its undo at this position.
    fn undo<'run>(
        transition: usize,
        undo: usize,
        place: &mut Option<Self::State>,
        context: &'run C,
        run: &'run Run<Self>,
    ) -> impl Future<Output = Result<(), NotUndone<Self::Error>>> + Send + use<'run, Self, C> {
        let _ = (transition, undo, place, context, run);
        pending()
    }

    /// The end of a run that could not be undone, for its error; only a run with an `undo` has one.
    #[must_use]
    fn left(end: Self::End) -> Option<Left> {
        let _ = end;
        None
    }
}

/// Why a state could not be undone, and the state.
pub type NotUndone<E> = (Cause<E>, Left);
