//! The effects of the current visit that are undone by themselves: branches that were done, and a call in doubt.

use std::any::Any;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use stateway_core::Workflow;

use crate::run::{BranchName, CurrentRun, PartName, PartOf};
use crate::support::panic::forget_panic;
use crate::wait::AnyPayload;

/// One of the undos of a transition. Generated code picks it by its [number](UndoOf::number).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UndoOf {
    /// The undo at this position, for the state that the transition led to.
    Target(usize),
    /// The undo at this position, for a step whose last call is in doubt.
    InDoubt(usize),
    /// The undo of the branch that is declared at this position.
    Branch(usize),
}

impl UndoOf {
    /// Returns its number among the undos of its transition.
    pub(crate) const fn number(self) -> usize {
        match self {
            UndoOf::Target(position) => position << 2,
            UndoOf::InDoubt(position) => position << 2 | 1,
            UndoOf::Branch(position) => position << 2 | 2,
        }
    }

    pub(crate) const fn of(number: usize) -> Self {
        let position = number >> 2;
        match number & 3 {
            0 => UndoOf::Target(position),
            1 => UndoOf::InDoubt(position),
            _ => UndoOf::Branch(position),
        }
    }
}

/// The value that an undo gets beside the visit.
pub(crate) struct EffectValue {
    /// The position of the item, for a branch of an `each`.
    pub(crate) item: Option<usize>,
    /// The state that the split leaves; shared by all its branches.
    pub(crate) source: Arc<dyn Any + Send + Sync>,
    /// The output of the branch, or the state that the step in doubt leaves.
    pub(crate) value: AnyPayload,
}

/// The state that a visit leaves, if its effects are read from a store.
#[cfg(feature = "durable")]
#[expect(
    missing_debug_implementations,
    reason = "generated code names it, and nobody prints it"
)]
pub enum EffectSource {
    /// The state of a split, which all its branches share.
    Shared(Arc<dyn Any + Send + Sync>),
    /// The state of a step in doubt.
    Owned(AnyPayload),
}

#[cfg(feature = "durable")]
impl EffectSource {
    /// Returns the source of a split.
    pub fn shared<S: Send + Sync + 'static>(state: S) -> Self {
        EffectSource::Shared(Arc::new(state))
    }

    /// Returns the source of a step.
    pub fn owned<S: Send + 'static>(state: S) -> Self {
        EffectSource::Owned(AnyPayload::new(state))
    }
}

/// An effect that can be undone.
pub(crate) struct Effect {
    /// The position of the transition, and the number of the visit.
    pub(crate) transition: usize,
    pub(crate) visit: u64,
    /// The position of the state that the transition leaves.
    pub(crate) state: usize,
    pub(crate) undo: UndoOf,
    pub(crate) value: EffectValue,
}

/// The effects of a visit that has ended.
#[derive(Default)]
pub(crate) struct VisitEffects {
    /// The effects, in the order in which they were done.
    pub(crate) done: Vec<Effect>,
    /// True if a step that may be in doubt was begun, so that the doubt is known here.
    #[cfg_attr(
        not(feature = "durable"),
        expect(dead_code, reason = "a stored run asks")
    )]
    pub(crate) has_begun: bool,
}

/// The effects of a run. Only workflows with effects have them.
#[derive(Default)]
pub(crate) struct Effects(Mutex<State>);

#[derive(Default)]
struct State {
    /// The effects of the current visit, in the order in which they were done.
    done: Vec<Effect>,
    /// The state that the current split leaves.
    source: Option<Arc<dyn Any + Send + Sync>>,
    /// The current step.
    doubt: Option<Doubt>,
    /// True if a step that may be in doubt was begun in the current visit.
    has_begun: bool,
    /// The effect that is being undone.
    undoing: Option<EffectValue>,
}

/// A step whose call is in doubt unless its result is known.
struct Doubt {
    effect: Effect,
    /// True if its last call ended with an error that another would end with as well.
    is_certain: bool,
}

impl Effects {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W: Workflow> CurrentRun<W> {
    const HAS_EFFECTS: bool = W::GRAPH.has_effects();

    fn effects_state(&self) -> Option<MutexGuard<'_, State>> {
        self.effects().map(Effects::state)
    }

    /// Returns the state that the current split leaves, for the undos of its branches: one copy for all of them.
    pub(crate) fn effect_source<S>(&self, copy: impl FnOnce() -> S) -> Arc<dyn Any + Send + Sync>
    where
        S: Send + Sync + 'static,
    {
        let known = self.effects_state().and_then(|it| it.source.clone());
        // Copied without the lock, since it is code of the user.
        let source = known.unwrap_or_else(|| Arc::new(copy()));
        match self.effects_state() {
            Some(mut state) => Arc::clone(state.source.get_or_insert(source)),
            None => source,
        }
    }

    /// Adds a branch that was done.
    pub(crate) fn has_done(&self, effect: Effect) {
        if let Some(mut state) = self.effects_state() {
            state.done.push(effect);
        }
    }

    /// Begins the current step, which leaves this state: it is in doubt from its first call on.
    pub(crate) fn doubts(&self, left: AnyPayload) {
        let transition = self.transition();
        let Some(position) = W::GRAPH.transitions[transition].policy.in_doubt() else {
            return;
        };
        let effect = Effect {
            transition,
            visit: self.visit(),
            state: self.place().state,
            undo: UndoOf::InDoubt(position),
            value: EffectValue {
                item: None,
                source: Arc::new(()),
                value: left,
            },
        };
        if let Some(mut state) = self.effects_state() {
            state.has_begun = true;
            state.doubt = Some(Doubt {
                effect,
                is_certain: false,
            });
        }
    }

    /// Notes that the call of that step ended with an error that says that nothing was done.
    pub(crate) fn is_certain(&self) {
        if let Some(doubt) = self
            .effects_state()
            .as_mut()
            .and_then(|it| it.doubt.as_mut())
        {
            doubt.is_certain = true;
        }
    }

    /// Ends the current visit, which leads nowhere: if its last call is in doubt, that is an effect.
    pub(crate) fn led_nowhere(&self) {
        if !Self::HAS_EFFECTS {
            return;
        }
        let doubt = self.effects_state().and_then(|mut it| it.doubt.take());
        let Some(Doubt { effect, is_certain }) = doubt else {
            return;
        };
        let was_called = || {
            let part = PartName {
                visit: effect.visit,
                transition: W::GRAPH.transitions[effect.transition].name.into(),
                of: PartOf::Whole,
            };
            self.recorder().is_some_and(|it| it.was_called(&part))
        };
        if !is_certain && (self.attempts() > 0 || was_called()) {
            self.has_done(effect);
        } else {
            forget_panic(|| drop(effect));
        }
    }

    /// Returns true if a visit that was interrupted leaves a call in doubt; `None` if the step was not begun here.
    #[cfg(feature = "durable")]
    pub(crate) fn left_in_doubt(&self) -> Option<bool> {
        let state = self.effects_state()?;
        let mut done = state.done.iter();
        let is_in_doubt = done.any(|it| matches!(it.undo, UndoOf::InDoubt(_)));
        state.has_begun.then_some(is_in_doubt)
    }

    /// Takes the effects of the visit that ends, and those of a visit that was interrupted before it.
    pub(crate) fn take_effects(&self) -> VisitEffects {
        if !Self::HAS_EFFECTS {
            return VisitEffects::default();
        }
        let Some(mut state) = self.effects_state() else {
            return VisitEffects::default();
        };
        let State {
            done,
            source,
            doubt,
            has_begun,
            undoing: _,
        } = std::mem::take(&mut *state);
        drop(state);
        // Values of the user, which may panic when they are dropped.
        forget_panic(|| drop((source, doubt)));
        VisitEffects { done, has_begun }
    }

    /// Sets the effect that is undone next.
    pub(crate) fn undoes(&self, value: EffectValue) {
        if let Some(mut state) = self.effects_state() {
            state.undoing = Some(value);
        }
    }

    /// Returns the position of the item of the branch that is undone.
    pub(crate) fn undone_item(&self) -> Option<usize> {
        let state = self.effects_state()?;
        state.undoing.as_ref().and_then(|value| value.item)
    }

    /// Returns the name of the branch that is undone.
    pub(crate) fn undone_branch(&self) -> Option<BranchName> {
        let UndoOf::Branch(declared) = self.undo_of() else {
            return None;
        };
        let split = W::GRAPH.transitions[self.transition()].split.as_ref()?;
        let item = self.undone_item();
        Some(crate::split::name(
            split,
            declared,
            item.unwrap_or(declared),
        ))
    }

    /// Takes out the value for its undo.
    ///
    /// # Panics
    /// If it has another type: generated code asks for the value that it has put there.
    pub(crate) fn undone_value<S, V>(&self) -> (Arc<S>, V)
    where
        S: Send + Sync + 'static,
        V: Send + 'static,
    {
        let mut state = self.effects_state();
        let undoing = state.as_mut().and_then(|it| it.undoing.as_mut());
        let value = undoing.expect("an effect is undone");
        let source = Arc::clone(&value.source).downcast();
        let source =
            source.unwrap_or_else(|_| unreachable!("it is the state that the split leaves"));
        (source, value.value.take())
    }
}
