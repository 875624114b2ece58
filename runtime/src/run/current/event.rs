//! The event that moves a run: a signal, a timer or a poll. A step out of several states uses a part of it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use stateway_core::{TransitionKind, Workflow};

use super::CurrentRun;
use crate::wait::AnyPayload;

/// The event that moves a run.
#[derive(Default)]
pub(super) struct EventSlot {
    /// The position of the state that is left.
    left: AtomicUsize,
    /// The payload of the signal.
    payload: Mutex<AnyPayload>,
    /// The answer to the signal.
    answer: Mutex<AnyPayload>,
    /// True if a poll was asked and gave no outcome.
    stays: AtomicBool,
}

impl EventSlot {
    fn answer(&self) -> MutexGuard<'_, AnyPayload> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W: Workflow> CurrentRun<W> {
    /// Sets the transition that is to be taken out of the state at this position, and the payload of the signal.
    pub(crate) fn happens(&self, transition: usize, state: usize, payload: AnyPayload) {
        self.transition.store(transition, Ordering::Relaxed);
        let event = self.event();
        event.left.store(state, Ordering::Relaxed);
        event.stays.store(false, Ordering::Relaxed);
        *self.payload() = payload;
    }

    /// Sets the answer that the handler of the signal gives.
    pub(crate) fn answers<A: Send + 'static>(&self, answer: A) {
        *self.event().answer() = AnyPayload::new(answer);
    }

    /// Takes out the answer to the signal that has moved the run, if it gives one.
    pub(crate) fn take_answer(&self) -> AnyPayload {
        if !const { W::GRAPH.has_events() } {
            return AnyPayload::nothing();
        }
        let event = self.slots.as_deref().map(|slots| &slots.event);
        let answer = event.map(|event| std::mem::take(&mut *event.answer()));
        answer.unwrap_or_default()
    }

    /// Notes that the poll that was asked says that it is not time yet.
    pub(crate) fn stays(&self) {
        self.event().stays.store(true, Ordering::Relaxed);
    }

    /// Returns true if the poll that was asked says that it is not time yet.
    pub(crate) fn has_stayed(&self) -> bool {
        self.event().stays.load(Ordering::Relaxed)
    }

    /// Continues to wait in the state at this position, in the same visit.
    pub(crate) fn stay(&self, state: usize) {
        self.event().stays.store(false, Ordering::Relaxed);
        self.visit.store(self.visit() - 1, Ordering::Relaxed);
        self.leave(state);
    }

    /// Returns the payload of the signal that moves the run.
    pub(crate) fn payload(&self) -> MutexGuard<'_, AnyPayload> {
        let payload = &self.event().payload;
        payload.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the name of the transition that an event takes: a signal, a timer or a poll.
    pub(crate) fn event_name(&self) -> Option<&'static str> {
        let transition = W::GRAPH.transitions.get(self.transition())?;
        let is_event = !matches!(
            transition.kind,
            TransitionKind::Step | TransitionKind::Split
        );
        is_event.then_some(transition.name)
    }

    /// Notes the state at this position as the source of the current transition, which has several.
    pub(crate) fn leaves(&self, state: usize) {
        self.event().left.store(state, Ordering::Relaxed);
    }

    /// Returns the position of the source of the current transition, if that is an event or has several sources.
    pub(super) fn left(&self) -> usize {
        self.event().left.load(Ordering::Relaxed)
    }

    fn event(&self) -> &EventSlot {
        let event = self.slots.as_deref().map(|slots| &slots.event);
        event.expect(
            "only a workflow whose runs wait, or with a step of several states, asks for it",
        )
    }
}
