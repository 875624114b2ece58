//! What generated code gives a driver.

use std::future::{Future, Ready};

use stateway_core::Workflow;

use super::turn::{Failed, Turn, end};
use crate::error::{Cause, Left};
use crate::policy::Verdict;
use crate::run::Run;

/// A workflow whose handlers are implemented by `C`. Generated code implements it.
#[expect(clippy::type_complexity, reason = "an opaque type has no shorter name")]
pub trait Drive<C>: Workflow {
    /// What a handler fails with.
    type Error: Send + 'static;

    /// Begins the one transition that leaves `state`, or ends the run.
    fn turn<'run>(
        state: Self::State,
        context: &'run C,
        run: &'run Run<Self>,
    ) -> Turn<
        impl Future<Output = Result<Self::State, Failed<Self::Error>>> + Send + use<'run, Self, C>,
        Self::End,
    >;

    /// A copy of the state that `transition` led to, and the position of the undo that needs it.
    #[must_use]
    fn undoable(transition: usize, state: &Self::State) -> Option<(usize, Self::State)> {
        let _ = (transition, state);
        None
    }

    /// Undoes `transition`, which led to `state`.
    fn undo<'run>(
        transition: usize,
        state: Self::State,
        context: &'run C,
        run: &'run Run<Self>,
    ) -> Turn<
        impl Future<Output = Result<(), NotUndone<Self::Error>>> + Send + use<'run, Self, C>,
        (),
    > {
        let _ = (transition, state, context, run);
        end::<Ready<_>, _>((), 0)
    }

    /// The end of a run that could not be undone, for its error; only a run with an `undo` has one.
    #[must_use]
    fn left(end: Self::End) -> Option<Left> {
        let _ = end;
        None
    }

    /// Whether another attempt may succeed after this error.
    fn judge(context: &C, error: &Self::Error) -> Verdict {
        let _ = (context, error);
        Verdict::Retry { after: None }
    }
}

/// Why a state could not be undone, and the state.
pub type NotUndone<E> = (Cause<E>, Left);
