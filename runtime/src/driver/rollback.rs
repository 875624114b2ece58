//! Rolls a run back: undoes the transitions that were taken, the branches that were done and the calls in doubt that have an
//! `undo`, in reverse.

use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::task::Poll;

use stateway_core::Workflow;

use super::drive::{Drive, UndoFailure};
use super::stop::StopSignals;
use crate::error::ErasedValue;
use crate::journal::{Ending, Entry, Journal, Left};
use crate::run::{CurrentRun, UndoOf};
use crate::support::panic::{catch_panic, forget_panic};

/// Returns the entry of the transition that was taken last, if the `Clone` of its state has panicked before it was noted: it
/// is then undone with the state itself.
pub(super) fn last<W: Workflow>(
    place: &mut Option<W::State>,
    run: &CurrentRun<W>,
) -> Option<Entry<W>> {
    let transition = run.under_way()?;
    let (visit, target) = (run.visit(), W::position(place.as_ref()?));
    let undos = W::GRAPH.transitions[transition].policy.undo;
    let undo = undos.iter().position(|undo| undo.target == Some(target))?;
    if visit == 0 {
        return None;
    }
    Some(Entry {
        transition,
        visit,
        state: target,
        undo: UndoOf::Target(undo),
        left: Left::State(place.take()?),
    })
}

/// Undoes all that is left, the last transition first, and ends the run like this. An undo that fails is recorded, and
/// the others still run.
///
/// Only a termination stops it, once the handler that is running has returned.
pub(crate) async fn roll_back<W, C, J>(
    context: &C,
    run: &CurrentRun<W>,
    stop: &mut StopSignals,
    journal: &mut J,
    ending: Ending,
) -> Result<(), J::Lost>
where
    W: Drive<C>,
    J: Journal<W, W::Error>,
{
    while let Some(entry) = journal.next_undo().await? {
        if poll_fn(|cx| Poll::Ready(stop.is_terminated(cx))).await {
            return journal.skipped(entry).await;
        }
        let undone = undo(entry, context, run).await;
        journal.undone(undone, run.attempts(), ending).await?;
    }
    journal.rolled_back(ending).await
}

/// Calls the handler that undoes an entry.
async fn undo<W: Drive<C>, C>(
    entry: Entry<W>,
    context: &C,
    run: &CurrentRun<W>,
) -> Result<(), UndoFailure<W::Error>> {
    run.go_back(entry.transition, entry.visit, entry.undo);
    let mut place = match entry.left {
        Left::State(state) => Some(state),
        Left::Effect(value) => {
            run.undoes(*value);
            None
        }
    };
    let undo = W::undo(&mut place, context, run);
    let mut undo = pin!(Some(undo));
    let outcome = poll_fn(|cx| {
        let undo = undo.as_mut().as_pin_mut().expect("it has not ended");
        catch_panic(|| undo.poll(cx).map(Ok))
    })
    .await;
    forget_panic(|| undo.set(None));
    // The panic of a handler comes as a cause, with the state. This one comes from the `Clone` of the state.
    outcome.unwrap_or_else(|cause| Err((cause, ErasedValue::new(()))))
}
