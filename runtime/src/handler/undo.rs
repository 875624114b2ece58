//! What a handler sees that undoes a transition.

use std::fmt;
use std::marker::PhantomData;

use ref_cast::{RefCastCustom, ref_cast_custom};
use stateway_core::{Transition, Workflow};

use super::VisitPart;
use crate::run::{self, CurrentRun, Key, PartName, PartOf, RunId};

/// The visit to the transition `T` that is being undone, as the handler of its `undo` sees it.
///
/// A rollback is never cancelled, so there is no token here.
#[derive(RefCastCustom)]
#[repr(transparent)]
pub struct Undo<T: Transition> {
    run: CurrentRun<T::Workflow>,
    #[trivial]
    transition: PhantomData<fn() -> T>,
}

impl<T: Transition> Undo<T> {
    /// What the run was started with.
    #[must_use]
    pub fn input(&self) -> &<T::Workflow as Workflow>::Input {
        &self.run.input
    }

    /// The idempotency key of this undo.
    ///
    /// Equal for every attempt, also when a rollback is retried, and never equal for another visit, nor for the visit that
    /// it undoes: that one's key is [`done`](Undo::done).
    #[must_use]
    pub fn key(&self) -> Key {
        self.run.key(self.run.visit(), run::Part::Undo)
    }

    /// The key that the handler had whose work is undone.
    #[must_use]
    pub fn done(&self) -> Key {
        self.run.key(self.run.visit(), run::Part::Whole)
    }

    /// Which attempt of this undo it is, counted from 1.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.run.attempts()
    }

    /// The id of the run.
    #[must_use]
    pub fn run_id(&self) -> &RunId {
        &self.run.id
    }

    pub(crate) fn run(&self) -> &CurrentRun<T::Workflow> {
        &self.run
    }

    /// The run, as the handler sees it.
    #[ref_cast_custom]
    pub(crate) fn of(run: &CurrentRun<T::Workflow>) -> &Self;
}

impl<T: Transition> VisitPart for Undo<T> {
    fn part(&self) -> PartName {
        self.run.part(PartOf::Undo)
    }
}

impl<T: Transition> fmt::Debug for Undo<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Undo")
            .field(
                "transition",
                &T::Workflow::GRAPH.transitions[self.run.transition()].name,
            )
            .field("key", &format_args!("{}", self.key()))
            .field("attempt", &self.attempt())
            .finish_non_exhaustive()
    }
}
