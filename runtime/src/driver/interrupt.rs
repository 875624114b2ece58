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

/// Takes the turn of the state in `place`, unless a signal comes that interrupts it: then that transition.
///
/// The signal is looked for before the handler is called and wherever it waits, unless what is recorded just now has to be waited for.
/// A run that was told to stop takes none.
// A function that boxes, or without optimisation the future would have room in the frame of each run that has no such state.
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
    // Before the handler has it. One whose copy panics is interrupted by nothing.
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
        // A handler that is stopped half-way may panic as it goes.
        forget_panic(|| turn.set(None));
        taken.map_err(Halt::Lost)?
    };
    if let Some(taken) = taken {
        forget_panic(|| drop(copy));
        return Ok(Some(taken));
    }
    if let Some(tasks) = run.tasks() {
        // Its branches were told to stop, and the signal is not handled beside them.
        tasks.gone().await;
    }
    // The handler has taken the other one, if it was called.
    forget_panic(|| *place = None);
    *place = Some(*copy);
    run.led_nowhere();
    run.go_back_to(visit);
    event(place, waiting, context, run, journal).await
}

/// A copy of the state; boxed, since it lies there for as long as the handler takes.
fn copied<W: Drive<C>, C>(state: &W::State) -> Option<Box<W::State>> {
    let mut copy = None;
    forget_panic(|| copy = W::copied(state).map(Box::new));
    copy
}
