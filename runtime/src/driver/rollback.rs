//! Undoes what a failed run did: the transitions that were taken and have an `undo`, in reverse.

use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::task::Poll;

use stateway_core::Workflow;

use super::drive::{Drive, NotUndone};
use super::stop::Stop;
use crate::error::{Left, Rollback, UndoEntry, UndoError};
use crate::panic::{catch_panic, forget_panic};
use crate::run::Run;

/// A transition that was taken and can be undone: plain data, as a store keeps it.
pub(crate) struct Entry<W: Workflow> {
    /// The transition's position in the graph.
    pub(crate) transition: usize,
    /// The number of the visit, which its keys are made of.
    pub(crate) visit: u64,
    /// Which of the transition's undo handlers it is.
    pub(crate) undo: usize,
    /// The state that it led to.
    pub(crate) state: W::State,
}

impl<W: Workflow> Entry<W> {
    fn name(&self) -> UndoEntry {
        let transition = &W::GRAPH.transitions[self.transition];
        let undo = &transition.policy.undo[self.undo];
        UndoEntry {
            transition: transition.name,
            state: W::GRAPH.states[undo.target].name,
            handler: undo.handler,
        }
    }
}

/// The entry for a state that a transition has led to and whose `Clone` panicked before it was noted:
/// the transition was taken, and is undone with the state itself.
pub(super) fn uncopied<W: Workflow>(
    place: &mut Option<W::State>,
    run: &Run<W>,
    noted: Option<&Entry<W>>,
) -> Option<Entry<W>> {
    let transition = run.place().transition?;
    let (visit, target) = (run.visit(), W::position(place.as_ref()?));
    let undos = W::GRAPH.transitions[transition].policy.undo;
    let undo = undos.iter().position(|undo| undo.target == target)?;
    if visit == 0 || noted.is_some_and(|entry| entry.visit == visit) {
        return None;
    }
    Some(Entry {
        transition,
        visit,
        undo,
        state: place.take()?,
    })
}

/// Undoes every entry, the last first. One that fails is reported and the others still run.
///
/// Nothing but a termination stops it, and that not before the handler under way has returned.
pub(super) async fn roll_back<W: Drive<C>, C>(
    mut journal: Vec<Entry<W>>,
    context: &C,
    run: &Run<W>,
    stop: &mut Stop,
) -> Rollback<W::Error> {
    let mut rollback = Rollback::nothing();
    while let Some(entry) = journal.pop() {
        if poll_fn(|cx| Poll::Ready(stop.is_terminated(cx))).await {
            rollback.skipped.push(entry.name());
            continue;
        }
        let name = entry.name();
        match undo(entry, context, run).await {
            Ok(()) => rollback.undone.push(name),
            Err((cause, state)) => rollback.failed.push(UndoError {
                entry: name,
                attempts: run.attempts(),
                cause,
                state,
            }),
        }
    }
    rollback
}

/// The report of a rollback that does not take place.
pub(super) fn skip<W: Drive<C>, C>(journal: &[Entry<W>]) -> Rollback<W::Error> {
    let mut rollback = Rollback::nothing();
    rollback.skipped = journal.iter().rev().map(Entry::name).collect();
    rollback
}

/// Calls the handler that undoes an entry.
pub(crate) async fn undo<W: Drive<C>, C>(
    entry: Entry<W>,
    context: &C,
    run: &Run<W>,
) -> Result<(), NotUndone<W::Error>> {
    run.go_back(entry.transition, entry.visit);
    let mut place = Some(entry.state);
    let undo = W::undo(&mut place, context, run);
    let mut undo = pin!(Some(undo));
    let outcome = poll_fn(|cx| {
        let undo = undo.as_mut().as_pin_mut().expect("it has not ended");
        catch_panic(|| undo.poll(cx).map(Ok))
    })
    .await;
    forget_panic(|| undo.set(None));
    // A handler's panic comes as a cause, with the state. This one is of the state's own `Clone`.
    outcome.unwrap_or_else(|cause| Err((cause, Left::new(()))))
}
