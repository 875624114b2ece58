//! A step or a split that a signal may interrupt.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

use super::drive::Drive;
use super::forward::{Halt, Happened, event};
use crate::journal::{Journal, Recorder};
use crate::run::CurrentRun;
use crate::support::panic::forget_panic;
use crate::wait::Waiting;

/// Takes the turn of the state in `place`, or the transition of a signal that interrupts it.
///
/// It looks for the signal before the handler is called and whenever that waits, unless it waits for a record that is being written.
/// A run that was told to stop takes no signal.
// A function of its own, which boxes: otherwise, without optimisation, the frame of each run would have room for the future.
#[inline(never)]
pub(super) fn interruptible<'a, W, C, J>(
    place: &'a mut Option<W::State>,
    context: &'a C,
    run: &'a CurrentRun<W>,
    journal: &'a mut J,
) -> Pin<Box<impl Future<Output = Happened<W::Error, J::Lost>> + use<'a, W, C, J>>>
where
    W: Drive<C>,
    J: Journal<W, W::Error>,
{
    Box::pin(turn(place, context, run, journal))
}

async fn turn<W, C, J>(
    place: &mut Option<W::State>,
    context: &C,
    run: &CurrentRun<W>,
    journal: &mut J,
) -> Happened<W::Error, J::Lost>
where
    W: Drive<C>,
    J: Journal<W, W::Error>,
{
    let position = place.as_ref().map(W::position);
    let position =
        position.unwrap_or_else(|| unreachable!("a run that goes forward is in a state"));
    let visit = run.visit();
    run.leave(position);
    let waiting = Waiting::in_a_step(position);
    let has_come = if run.is_told_to_stop() {
        None
    } else {
        journal.is_interrupted(&waiting).await.map_err(Halt::Lost)?
    };
    // Copied before the handler has the state. If the copy panics, no signal interrupts the handler.
    let copy = match has_come {
        Some(true) => return event(place, waiting, context, run, journal).await,
        Some(false) => place.as_ref().and_then(copied::<W, C>),
        None => None,
    };
    let Some(copy) = copy else {
        return Ok(Some(W::turns(place, context, run).await));
    };
    let taken = {
        let mut turn = pin!(Some(W::turns(place, context, run)));
        let mut signal = pin!(journal.interrupted(&waiting));
        let taken = poll_fn(|cx| {
            let is_recording = run.recorder().is_some_and(Recorder::is_recording);
            if !is_recording
                && !run.is_told_to_stop()
                && let Poll::Ready(signal) = signal.as_mut().poll(cx)
            {
                return Poll::Ready(signal.map(|()| None));
            }
            let turn = turn.as_mut().as_pin_mut().expect("it has not ended");
            turn.poll(cx).map(|taken| Ok(Some(taken)))
        })
        .await;
        // A handler that is stopped half-way may panic when it is dropped.
        forget_panic(|| turn.set(None));
        taken.map_err(Halt::Lost)?
    };
    if let Some(taken) = taken {
        forget_panic(|| drop(copy));
        return Ok(Some(taken));
    }
    if let Some(tasks) = run.tasks() {
        // Its branches were told to stop, and the signal is not handled while they run.
        tasks.gone().await;
    }
    // The handler has taken the original, if it was called.
    forget_panic(|| *place = None);
    *place = Some(*copy);
    run.led_nowhere();
    run.go_back_to(visit);
    event(place, waiting, context, run, journal).await
}

/// Returns a copy of the state, boxed, since it is kept for as long as the handler runs.
fn copied<W: Drive<C>, C>(state: &W::State) -> Option<Box<W::State>> {
    let mut copy = None;
    forget_panic(|| copy = W::copied(state).map(Box::new));
    copy
}
