//! What the handler of a transition sees.

use std::fmt;
use std::marker::PhantomData;

use ref_cast::{RefCastCustom, ref_cast_custom};
use stateway_core::{Name, Target, Targets, Transition, TransitionKind, Workflow};
use tokio_util::sync::CancellationToken;

use super::VisitPart;
use crate::run::{self, CurrentRun, Key, PartName, PartOf, RunId};

/// One visit to the transition `T`, as its handler sees it.
///
/// It makes the outcome ([`to`](Step::to)), lends the run's input, and carries what identifies
/// the work to the outside world ([`key`](Step::key)).
#[derive(RefCastCustom)]
#[repr(transparent)]
pub struct Step<T: Transition> {
    run: CurrentRun<T::Workflow>,
    #[trivial]
    transition: PhantomData<fn() -> T>,
}

impl<T: Transition> Step<T> {
    /// An asking of a poll is no transition: the next one has its number. So has the step that a signal interrupts.
    pub(super) const PART: run::Part = {
        let transition = &<T::Workflow as Workflow>::GRAPH.transitions[T::POSITION];
        match transition.kind {
            TransitionKind::Poll => run::Part::Asked(transition.name),
            TransitionKind::Signal if transition.interrupts => {
                run::Part::Interrupts(transition.name)
            }
            _ => run::Part::Whole,
        }
    };

    /// The outcome that leads to `state`.
    ///
    /// A state that the transition was not declared to lead to does not compile.
    pub fn to<S>(&self, state: S) -> T
    where
        S: Target<T, Name<T>, Targets<T>>,
    {
        state.outcome()
    }

    /// What the run was started with.
    #[must_use]
    pub fn input(&self) -> &<T::Workflow as Workflow>::Input {
        &self.run.input
    }

    /// The idempotency key of this visit.
    ///
    /// Equal for every attempt of the same visit, and never equal for another: a self-transition
    /// has a new key at every turn. The askings of a poll have one key until a transition is taken, and a new one from then on.
    #[must_use]
    pub fn key(&self) -> Key {
        self.run.key(self.run.visit(), Self::PART)
    }

    /// Which attempt of this visit it is, counted from 1. In a `catch` handler, how many there were.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.run.attempts()
    }

    /// The token that fires when the run is cancelled; it never does for a run that was given none.
    ///
    /// A handler is not interrupted by it: the run stops when the handler returns. One that works
    /// for long waits for this token beside its work, and returns early: with an error, if it has had no
    /// effect yet. What a step that returns an error has done is not undone.
    #[must_use]
    pub fn cancellation(&self) -> &CancellationToken {
        self.run.token()
    }

    /// The id of the run.
    #[must_use]
    pub fn run_id(&self) -> &RunId {
        &self.run.id
    }

    /// The run, as the handler sees it.
    #[ref_cast_custom]
    pub(crate) fn of(run: &CurrentRun<T::Workflow>) -> &Self;

    pub(crate) fn run(&self) -> &CurrentRun<T::Workflow> {
        &self.run
    }
}

impl<T: Transition> VisitPart for Step<T> {
    fn part(&self) -> PartName {
        self.run.part(PartOf::Whole)
    }
}

impl<T: Transition> fmt::Debug for Step<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Step")
            .field(
                "transition",
                &T::Workflow::GRAPH.transitions[self.run.transition()].name,
            )
            .field("key", &format_args!("{}", self.key()))
            .finish_non_exhaustive()
    }
}
