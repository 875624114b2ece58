//! The journal of a run, which records what it has done: in memory, or in a store.

mod memory;
mod recorder;

use stateway_core::{StateKind, Workflow};

use crate::error::{Cause, ErasedValue, Place, UndoEntry};
use crate::log::RunLogs;
use crate::run::{BranchName, CurrentRun, Effect, EffectValue, UndoOf, VisitEffects};
use crate::wait::{AnyPayload, Happens, Waiting};

pub(crate) use memory::InMemory;
pub(crate) use recorder::{Begun, Recorder};
#[cfg(feature = "durable")]
pub(crate) use recorder::{Decode, Encode, Recorded};

/// Records what a run does, and gives the entries that are to be undone. The driver reports all that
/// happens between two handlers, in this order.
///
/// The part of a method before its future is done while the run is still in the transition.
pub(crate) trait Journal<W: Workflow, E> {
    /// The reason why nothing more is recorded. Nobody drives the run from then on.
    type Lost;

    /// True if a run waits for the journal between two transitions.
    const WAITS: bool;

    /// Records that a transition was taken. `copy` gives the state that its undo needs, if it has one.
    fn entered(
        &mut self,
        taken: Taken<'_, W>,
        copy: impl FnOnce() -> Option<(usize, W::State)>,
    ) -> impl Future<Output = Result<(), Self::Lost>>;

    /// Notes that the current transition will not be taken.
    fn given_up(&mut self);

    /// Notes that the poll that was asked says that it is not time yet.
    fn stayed(&mut self);

    /// Waits for the next event of a run that waits in a state.
    fn next_event(
        &mut self,
        waiting: Waiting,
        run: &CurrentRun<W>,
    ) -> impl Future<Output = Result<Happens, Self::Lost>>;

    /// Says if a signal has come that interrupts the step or the split of a state before that begins; `None` if no signal can come.
    fn is_interrupted(
        &mut self,
        waiting: &Waiting,
    ) -> impl Future<Output = Result<Option<bool>, Self::Lost>>;

    /// Waits until a signal comes that interrupts the step or the split that runs.
    ///
    /// # Cancel safety
    /// It takes no signal.
    fn interrupted(&mut self, waiting: &Waiting) -> impl Future<Output = Result<(), Self::Lost>>;

    /// Records that the run goes forward no more, though it is in no final state, and is to end like this. `effects` are those of the
    /// visit that led nowhere. `last` is the transition that it took last, if that may not have been recorded because its state could
    /// not be copied.
    fn failed(
        &mut self,
        place: Place,
        cause: &Cause<E>,
        ending: Ending,
        effects: VisitEffects,
        last: Option<Entry<W>>,
    ) -> impl Future<Output = Result<(), Self::Lost>>;

    /// Returns true if there is something to undo.
    fn has_undos(&self) -> bool;

    /// Returns the entry that is to be undone next: the last one of those that are left.
    fn next_undo(&mut self) -> impl Future<Output = Result<Option<Entry<W>>, Self::Lost>>;

    /// Records the result of that undo, after `attempts` calls of its handler.
    fn undone(
        &mut self,
        undone: Result<(), (Cause<E>, ErasedValue)>,
        attempts: u32,
        ending: Ending,
    ) -> impl Future<Output = Result<(), Self::Lost>>;

    /// Records that neither this entry nor any other will be undone, since the run is terminated.
    fn skipped(&mut self, entry: Entry<W>) -> impl Future<Output = Result<(), Self::Lost>>;

    /// Records that nothing is left to be undone.
    fn rolled_back(&mut self, ending: Ending) -> impl Future<Output = Result<(), Self::Lost>>;
}

/// A transition that was just taken.
pub(crate) struct Taken<'a, W: Workflow> {
    /// Its position in the graph.
    pub(crate) transition: usize,
    /// The number of the visit.
    pub(crate) visit: u64,
    /// The number of calls of its handler.
    #[cfg_attr(not(feature = "durable"), expect(dead_code, reason = "it is stored"))]
    pub(crate) attempts: u32,
    /// The state that it led to.
    #[cfg_attr(not(feature = "durable"), expect(dead_code, reason = "it is stored"))]
    pub(crate) state: &'a W::State,
    /// The logs of the run, with the entries that the handler has added.
    pub(crate) logs: &'a RunLogs,
    /// The answer to the signal that has moved the run, if it gives one.
    pub(crate) answer: AnyPayload,
    /// The effects of its branches that are undone by themselves, and those of a visit that it has interrupted.
    pub(crate) effects: VisitEffects,
    /// The timers that the run waits for there, if it waits.
    #[cfg_attr(not(feature = "durable"), expect(dead_code, reason = "it is stored"))]
    pub(crate) waiting: Option<Waiting>,
}

/// Something that was done and can be undone.
pub(crate) struct Entry<W: Workflow> {
    /// The transition's position in the graph.
    pub(crate) transition: usize,
    /// The number of the visit, which its keys are made of.
    pub(crate) visit: u64,
    /// The position of the state that it led to; for an effect, of the state that its transition leaves.
    pub(crate) state: usize,
    /// The undo handler of the transition.
    pub(crate) undo: UndoOf,
    pub(crate) left: Left<W>,
}

/// The value that an undo gets.
pub(crate) enum Left<W: Workflow> {
    /// The state that a transition led to.
    State(W::State),
    /// The effect of a branch, or of a step that is in doubt.
    Effect(Box<EffectValue>),
}

impl<W: Workflow> From<Effect> for Entry<W> {
    fn from(effect: Effect) -> Self {
        Entry {
            transition: effect.transition,
            visit: effect.visit,
            state: effect.state,
            undo: effect.undo,
            left: Left::Effect(Box::new(effect.value)),
        }
    }
}

impl<W: Workflow> Entry<W> {
    pub(crate) fn name(&self) -> UndoEntry {
        let transition = &W::GRAPH.transitions[self.transition];
        let of_transition = |undo: usize| transition.policy.undo[undo].handler;
        let (handler, branch) = match self.undo {
            UndoOf::Target(undo) | UndoOf::InDoubt(undo) => (of_transition(undo), None),
            UndoOf::Branch(declared) => self.branch(declared),
        };
        UndoEntry {
            transition: transition.name,
            state: W::GRAPH.states[self.state].name,
            handler,
            branch,
            in_doubt: matches!(self.undo, UndoOf::InDoubt(_)),
        }
    }

    /// Returns the undo handler of a branch, and the name of the branch.
    fn branch(&self, declared: usize) -> (&'static str, Option<BranchName>) {
        let split = W::GRAPH.transitions[self.transition].split.as_ref();
        let split = split.unwrap_or_else(|| unreachable!("only a split has branches"));
        let item = match &self.left {
            Left::Effect(value) => value.item,
            Left::State(_) => None,
        };
        let name = crate::split::name(split, declared, item.unwrap_or(declared));
        (split.branches[declared].policy.undo[0].handler, Some(name))
    }
}

/// The way in which a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// In a `done` state.
    Done,
    /// In a `failed` state, or with an error.
    Failed,
    /// By a cancellation.
    Cancelled,
    /// By a termination.
    Terminated,
}

impl Ending {
    /// Returns the ending of a run in a state of this kind; `None` if that is not final.
    pub(crate) const fn at(kind: StateKind) -> Option<Self> {
        match kind {
            StateKind::Done => Some(Ending::Done),
            StateKind::Failed => Some(Ending::Failed),
            StateKind::Start | StateKind::State => None,
        }
    }

    /// Returns the ending of a run that goes forward no more for this cause.
    pub(crate) const fn of<E>(cause: &Cause<E>) -> Self {
        match cause {
            Cause::Terminated => Ending::Terminated,
            Cause::Cancelled { .. } => Ending::Cancelled,
            _ => Ending::Failed,
        }
    }

    /// Returns true if the run is rolled back before it ends so.
    pub(crate) const fn rolls_back(self) -> bool {
        matches!(self, Ending::Failed | Ending::Cancelled)
    }
}
