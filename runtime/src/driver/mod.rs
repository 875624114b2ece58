//! Drives a machine from state to state, and back if it has to be undone.
//!
//! A run is one future without a spawn: each handler's future is a variant of it. The loop here is the only one that reports to the
//! [journal](crate::journal) of the run.

#![expect(
    missing_debug_implementations,
    reason = "generated code names them, and nobody prints them"
)]

mod drive;
mod forward;
mod interrupt;
mod late;
mod made;
mod memory;
mod rollback;
mod running;
mod stop;
mod turn;
mod turns;

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use stateway_core::Workflow;

use crate::error::{Cause, Place};
use crate::journal::{Ending, Journal, Recorder};
use crate::run::CurrentRun;
use crate::split::Tasks;
use crate::support::panic::catch_panic;
use forward::{Halt, Outcome};

#[cfg(feature = "durable")]
pub(crate) use rollback::roll_back;
pub(crate) use stop::StopSignals;

pub use drive::{Drive, Failed, Judge, NotSent, SendTurns, Turns, UndoFailure};
pub use made::{Made, NotMade, machine_of};
pub use memory::run;
pub use running::{Running, running, running_on};
pub use turn::{
    MayStay, On, Once, TakenFrom, Turn, asked, leads_answering, on, stays, stays_answering,
};
pub(crate) use turn::{Moves, Visited, found, leaves, note_left};
pub use turns::{
    Group, Grouped, events1, events2, events3, events4, events5, events6, events7, events8,
    grouped, steps1, steps2, steps3, steps4, steps5, steps6, steps7, steps8, turns1, turns2,
    turns3, turns4, turns5, turns6, turns7, turns8, undos1, undos2, undos3, undos4, undos5, undos6,
    undos7, undos8,
};

/// The way in which a run has ended.
pub(crate) enum Ended<W: Workflow, E> {
    /// In the final state at this position.
    At(W::End, usize),
    /// It failed.
    Failed(Place, Failed<E>),
}

/// Takes a run forward until it ends or is halted. It is a macro, since the future of a function would be held by another future:
/// without optimisation each future that is made is on the stack several times.
macro_rules! go_forward {
    ($place:expr, $context:expr, $run:expr, $stop:expr, $journal:expr) => {{
        // A copy of the state that a handler has, if the deadline needs it.
        let mut kept: Option<Box<W::State>> = None;
        let outcome = loop {
            let outcome = {
                let forward =
                    $crate::driver::forward::forward($place, &mut kept, $context, $run, $journal);
                let mut forward = std::pin::pin!(Some(forward));
                let outcome = std::future::poll_fn(|cx| {
                    $crate::driver::poll(forward.as_mut(), cx, $run, $stop)
                });
                let outcome = outcome.await;
                // A handler that is stopped half-way may panic when it is dropped.
                $crate::support::panic::forget_panic(|| forward.set(None));
                outcome
            };
            let halted = match $crate::driver::late::halted::<W, _, _>(outcome) {
                Ok(halted) => halted,
                Err(outcome) => break outcome,
            };
            // Boxed, since most runs have no such deadline.
            let late = Box::pin($crate::driver::late::go_on::<W, C, _>(
                halted, $place, &mut kept, $run, $stop, $journal,
            ));
            if let Err(halt) = late.await {
                break Err(halt);
            }
        };
        if const { <W as $crate::driver::Drive<C>>::LATE_TAKES_MACHINE } {
            $crate::support::panic::forget_panic(|| drop(kept));
        }
        outcome
    }};
}
use go_forward;

/// Drives a run from the state in `place` to its end: forward, and back if it has to be rolled back.
///
/// # Errors
/// The loss of the journal. The run has not ended then.
#[cfg(feature = "durable")]
pub(crate) async fn to_end<W, C, J>(
    place: &mut Option<W::State>,
    context: &C,
    run: &CurrentRun<W>,
    stop: &mut StopSignals,
    journal: &mut J,
) -> Result<Ended<W, W::Error>, J::Lost>
where
    W: Drive<C>,
    J: Journal<W, W::Error>,
{
    let outcome = go_forward!(place, context, run, stop, journal);
    ended(outcome, place, context, run, stop, journal).await
}

/// Ends a run that goes forward no more: decides on its ending, and rolls it back if that asks for it.
///
/// # Errors
/// The loss of the journal. The run has not ended then.
async fn ended<W, C, J>(
    outcome: Outcome<W, W::Error, J::Lost>,
    place: &mut Option<W::State>,
    context: &C,
    run: &CurrentRun<W>,
    stop: &mut StopSignals,
    journal: &mut J,
) -> Result<Ended<W, W::Error>, J::Lost>
where
    W: Drive<C>,
    J: Journal<W, W::Error>,
{
    let (ended, ending) = match outcome {
        Err(Halt::Lost(lost)) => return Err(lost),
        Ok((end, state)) => {
            let ending = Ending::at(W::GRAPH.states[state].kind);
            (Ended::At(end, state), ending.unwrap_or(Ending::Done))
        }
        Err(Halt::Failed(at, cause)) => {
            let ending = Ending::of(&*cause);
            // A termination does not wait.
            if ending.rolls_back()
                && let Some(tasks) = run.tasks()
            {
                // Boxed for the runs without.
                Box::pin(alone(tasks, stop)).await;
            }
            let last = rollback::last(place, run);
            run.led_nowhere();
            let effects = run.take_effects();
            journal.failed(at, &cause, ending, effects, last).await?;
            (Ended::Failed(at, cause), ending)
        }
    };
    if ending.rolls_back() && journal.has_undos() {
        // Boxed, since most runs have nothing to undo: their future is not to hold the room for it.
        Box::pin(rollback::roll_back(context, run, stop, journal, ending)).await?;
    }
    Ok(ended)
}

/// Lets a run go forward, under one guard against panics: a guard around each step would cost more than the
/// step. The signals that stop a run are polled when it waits, unless it waits for a record that is being written.
#[inline]
fn poll<W: Workflow, T, E, L>(
    forward: Pin<&mut Option<impl Future<Output = Result<T, Halt<E, L>>>>>,
    cx: &mut Context<'_>,
    run: &CurrentRun<W>,
    stop: &mut StopSignals,
) -> Poll<Result<T, Halt<E, L>>> {
    let forward = forward
        .as_pin_mut()
        .unwrap_or_else(|| unreachable!("it has not ended"));
    let polled = catch_panic(|| match forward.poll(cx) {
        Poll::Ready(outcome) => Poll::Ready(Ok(outcome)),
        Poll::Pending if run.recorder().is_some_and(Recorder::is_recording) => Poll::Pending,
        Poll::Pending => stop.poll::<W, _>(cx).map(Err),
    });
    let halted = |cause: Cause<E>| Err(Halt::Failed(run.place(), Box::new(cause)));
    polled.map(|outcome| outcome.unwrap_or_else(halted))
}

/// Waits until the tasks of a run that has failed have ended: they were told to stop, and nothing is
/// undone while they run. A termination does not wait.
async fn alone(tasks: &Tasks, stop: &mut StopSignals) {
    let mut gone = pin!(tasks.gone());
    poll_fn(|cx| {
        if stop.is_terminated(cx) {
            return Poll::Ready(());
        }
        gone.as_mut().poll(cx)
    })
    .await;
}
