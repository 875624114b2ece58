//! What a handler sees that undoes a transition.

use std::fmt;
use std::marker::PhantomData;

use ref_cast::{RefCastCustom, ref_cast_custom};
use stateway_core::{Transition, Workflow};

use super::{Step, VisitPart};
use crate::run::{self, CurrentRun, Key, PartName, PartOf, RunId, UndoOf};

/// The visit to the transition `T` that is being undone, or a branch of it, as the handler of its `undo` sees it.
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
    const NAME: &'static str = <T::Workflow as Workflow>::GRAPH.transitions[T::POSITION].name;

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
        let part = match self.run.undo_of() {
            UndoOf::Target(_) => run::Part::Undo,
            UndoOf::InDoubt(_) => run::Part::InDoubt(Self::NAME),
            UndoOf::Branch(_) => match self.run.undone_branch() {
                Some(branch) => run::Part::UndoBranch(branch),
                None => run::Part::Undo,
            },
        };
        self.run.key(self.run.visit(), part)
    }

    /// The key that the handler had whose work is undone, or may have to be: of a step, a signal, a poll or a branch.
    #[must_use]
    pub fn done(&self) -> Key {
        let part = match self.run.undone_branch() {
            Some(branch) => run::Part::Branch(branch),
            None => Step::<T>::PART,
        };
        self.run.key(self.run.visit(), part)
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
