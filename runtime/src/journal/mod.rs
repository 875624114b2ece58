//! What a run has done so far, and how it is recorded: in memory, or in a store.

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

/// Where a run records what it does, and reads what is to be undone. The driver tells it of everything that
/// happens between two handlers, in this order.
///
/// What a call does before it gives its future is done while the run is still in the transition.
pub(crate) trait Journal<W: Workflow, E> {
    /// Why nothing more is recorded. Nobody drives the run from then on.
    type Lost;

    /// Whether a run waits for it between two transitions.
    const WAITS: bool;

    /// A transition was taken. `copy` gives what its undo needs, if it has one.
    fn entered(
        &mut self,
        taken: Taken<'_, W>,
        copy: impl FnOnce() -> Option<(usize, W::State)>,
    ) -> impl Future<Output = Result<(), Self::Lost>>;

    /// The transition that is under way will not be taken.
    fn given_up(&mut self);

    /// The poll that was to be taken says that it is not time yet.
    fn stayed(&mut self);

    /// The run waits in a state: what happens next.
    fn next_event(
        &mut self,
        waiting: Waiting,
        run: &CurrentRun<W>,
    ) -> impl Future<Output = Result<Happens, Self::Lost>>;

    /// The step or the split of a state is to begin: whether a signal has come that interrupts it; nothing if none can come.
    fn is_interrupted(
        &mut self,
        waiting: &Waiting,
    ) -> impl Future<Output = Result<Option<bool>, Self::Lost>>;

    /// That is under way: waits until a signal comes that interrupts it.
    ///
    /// # Cancel safety
    /// It takes none.
    fn interrupted(&mut self, waiting: &Waiting) -> impl Future<Output = Result<(), Self::Lost>>;

    /// The run goes forward no more, though it is in no final state, and is to end like this. `effects` are those of the visit that
    /// led nowhere. `last` is the transition that
    /// it took last, if that may not have been noted, since its state could not be copied.
    fn failed(
        &mut self,
        place: Place,
        cause: &Cause<E>,
        ending: Ending,
        effects: VisitEffects,
        last: Option<Entry<W>>,
    ) -> impl Future<Output = Result<(), Self::Lost>>;

    /// Whether there is something to undo.
    fn has_undos(&self) -> bool;

    /// What is to be undone next: the transition that was taken last, of those that are left.
    fn next_undo(&mut self) -> impl Future<Output = Result<Option<Entry<W>>, Self::Lost>>;

    /// What has become of that, after so many calls of its handler.
    fn undone(
        &mut self,
        undone: Result<(), (Cause<E>, ErasedValue)>,
        attempts: u32,
        ending: Ending,
    ) -> impl Future<Output = Result<(), Self::Lost>>;

    /// Neither that nor anything else will be undone, since the run is terminated.
    fn skipped(&mut self, entry: Entry<W>) -> impl Future<Output = Result<(), Self::Lost>>;

    /// Nothing is left to be undone.
    fn rolled_back(&mut self, ending: Ending) -> impl Future<Output = Result<(), Self::Lost>>;
}

/// A transition that was just taken.
pub(crate) struct Taken<'a, W: Workflow> {
    /// Its position in the graph.
    pub(crate) transition: usize,
    /// The number of the visit.
    pub(crate) visit: u64,
    /// How often its handler was called.
    #[cfg_attr(not(feature = "durable"), expect(dead_code, reason = "it is stored"))]
    pub(crate) attempts: u32,
    /// The state that it led to.
    #[cfg_attr(not(feature = "durable"), expect(dead_code, reason = "it is stored"))]
    pub(crate) state: &'a W::State,
    /// What the run has said, with what the handler has added.
    pub(crate) logs: &'a RunLogs,
    /// The answer to the signal that has taken it there, if it gives one.
    pub(crate) answer: AnyPayload,
    /// The effects of its branches that can be undone each by itself, and those of a visit that it has interrupted.
    pub(crate) effects: VisitEffects,
    /// The timers that it waits for there, if it waits.
    #[cfg_attr(not(feature = "durable"), expect(dead_code, reason = "it is stored"))]
    pub(crate) waiting: Option<Waiting>,
}

/// Something that was done and can be undone.
pub(crate) struct Entry<W: Workflow> {
    /// The transition's position in the graph.
    pub(crate) transition: usize,
    /// The number of the visit, which its keys are made of.
    pub(crate) visit: u64,
    /// The position of the state that it led to; of an effect, of the one that its transition leaves.
    pub(crate) state: usize,
    /// Which of the transition's undo handlers it is.
    pub(crate) undo: UndoOf,
    pub(crate) left: Left<W>,
}

/// The value that an undo is given.
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

    /// The handler of a branch, and its name.
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

/// How a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// In a `done` state.
    Done,
    /// In a `failed` state, or with an error.
    Failed,
    /// It was cancelled.
    Cancelled,
    /// It was terminated.
    Terminated,
}

impl Ending {
    /// That of a run which is in a state of this kind; nothing if that is not final.
    pub(crate) const fn at(kind: StateKind) -> Option<Self> {
        match kind {
            StateKind::Done => Some(Ending::Done),
            StateKind::Failed => Some(Ending::Failed),
            StateKind::Start | StateKind::State => None,
        }
    }

    /// That of a run which goes forward no more for this cause.
    pub(crate) const fn of<E>(cause: &Cause<E>) -> Self {
        match cause {
            Cause::Terminated => Ending::Terminated,
            Cause::Cancelled { .. } => Ending::Cancelled,
            _ => Ending::Failed,
        }
    }

    /// Whether what the run did is undone before it ends so.
    pub(crate) const fn rolls_back(self) -> bool {
        matches!(self, Ending::Failed | Ending::Cancelled)
    }
}
