//! Takes a run forward, turn after turn.

use std::future::poll_fn;
use std::task::Poll;

use stateway_core::Workflow;

use super::drive::{Drive, Failed};
use super::interrupt::interruptible;
use super::late::keep;
use crate::error::{Cause, Place};
use crate::journal::{Journal, Taken};
use crate::run::CurrentRun;
use crate::wait::{Happens, Waiting};

/// The reason why a run goes forward no more, though it is in no final state.
pub(super) enum Halt<E, L> {
    /// The transition at this place failed, or was stopped.
    Failed(Place, Failed<E>),
    /// The journal records nothing any more.
    Lost(L),
}

/// The result of going forward: the end of the run, with the position of its state, or a halt.
pub(super) type Outcome<W, E, L> = Result<(<W as Workflow>::End, usize), Halt<E, L>>;

/// The result of a turn that an event may take; `None` if the run is to stop.
pub(super) type Happened<E, L> = Result<Option<Result<(), Failed<E>>>, Halt<E, L>>;

/// Takes turn after turn until the run ends, in the state at this position, or is halted.
///
/// Between two turns the state is in `place`, which the caller owns: as a variable of this future
/// it would be held a second time while a handler has it.
pub(super) async fn forward<W, C, J>(
    place: &mut Option<W::State>,
    kept: &mut Option<Box<W::State>>,
    context: &C,
    run: &CurrentRun<W>,
    journal: &mut J,
) -> Outcome<W, W::Error, J::Lost>
where
    W: Drive<C>,
    J: Journal<W, W::Error>,
{
    loop {
        // A run that is in a final state has ended, even if it was stopped meanwhile.
        if let Some(end) = W::end(place) {
            return Ok(end);
        }
        if let (Some(cause), Some(state)) = (run.stopped(), &*place) {
            let place = Place::between(W::position(state));
            return Err(Halt::Failed(place, Box::new(cause)));
        }
        if const { W::LATE_TAKES_MACHINE } {
            keep::<W, C>(place.as_ref(), kept, run);
        }
        let taken = if waits::<W>(place.as_ref()) {
            // Boxed: the future of a run that never waits is not to hold the room for it.
            match Box::pin(awaits(place, context, run, journal)).await? {
                Some(taken) => taken,
                None => continue,
            }
        } else if is_interrupted::<W>(place.as_ref()) {
            match interruptible(place, context, run, journal).await? {
                Some(taken) => taken,
                None => continue,
            }
        } else {
            W::turns(place, context, run).await
        };
        if let Err(cause) = taken {
            let cause = if run.is_cancelled() {
                Box::new(cause.cancelled(None))
            } else {
                cause
            };
            return Err(Halt::Failed(run.place(), cause));
        }
        let Some(state) = place else {
            unreachable!("a turn leads to a state");
        };
        if const { W::GRAPH.has_events() } && run.has_stayed() {
            run.stay(W::position(state));
            journal.stayed();
            continue;
        }
        let taken = just_taken::<W, C, J>(run, state);
        let entered = journal.entered(taken, || W::undoable(run.transition(), state));
        if J::WAITS {
            run.leave(W::position(state));
        }
        entered.await.map_err(Halt::Lost)?;
        if run.is_due_to_yield() {
            if let Some(state) = place {
                run.leave(W::position(state));
            }
            yield_now().await;
        }
    }
}

/// Returns the transition that has just led to this state.
#[inline]
pub(super) fn just_taken<'a, W, C, J>(run: &'a CurrentRun<W>, state: &'a W::State) -> Taken<'a, W>
where
    W: Drive<C>,
    J: Journal<W, W::Error>,
{
    Taken {
        transition: run.transition(),
        visit: run.visit(),
        attempts: run.attempts(),
        state,
        logs: run.logs(),
        answer: run.take_answer(),
        effects: run.take_effects(),
        waiting: (J::WAITS && waits::<W>(Some(state))).then(|| waiting::<W, C>(run, state)),
    }
}

/// Returns true if a run waits in its state for an event.
#[inline]
fn waits<W: Workflow>(place: Option<&W::State>) -> bool {
    let ever = const { W::GRAPH.has_events() };
    ever && place.is_some_and(|state| W::GRAPH.states[W::position(state)].waits)
}

/// Returns true if a signal may interrupt the step or the split that leaves the state.
#[inline]
fn is_interrupted<W: Workflow>(place: Option<&W::State>) -> bool {
    let ever = const { W::GRAPH.has_interrupts() };
    ever && place.is_some_and(|state| W::GRAPH.states[W::position(state)].interrupted)
}

/// Returns the timers that a run waits for.
fn waiting<W: Drive<C>, C>(run: &CurrentRun<W>, state: &W::State) -> Waiting {
    let timing = |transition| W::timing_by(transition, state, &run.input);
    Waiting::of::<W>(W::position(state), timing)
}

/// Waits for the event that moves a run out of its state, and takes that transition. Returns `None` if the run is to stop.
async fn awaits<W, C, J>(
    place: &mut Option<W::State>,
    context: &C,
    run: &CurrentRun<W>,
    journal: &mut J,
) -> Happened<W::Error, J::Lost>
where
    W: Drive<C>,
    J: Journal<W, W::Error>,
{
    let Some(state) = &*place else {
        unreachable!("a run that waits is in a state");
    };
    let waiting = waiting::<W, C>(run, state);
    event(place, waiting, context, run, journal).await
}

/// Takes the next event of a run in the state in `place`.
pub(super) async fn event<W, C, J>(
    place: &mut Option<W::State>,
    waiting: Waiting,
    context: &C,
    run: &CurrentRun<W>,
    journal: &mut J,
) -> Happened<W::Error, J::Lost>
where
    W: Drive<C>,
    J: Journal<W, W::Error>,
{
    let position = waiting.state;
    run.leave(position);
    match journal.next_event(waiting, run).await.map_err(Halt::Lost)? {
        Happens::Event(transition, payload) => run.happens(transition, position, payload),
        Happens::Stops => return Ok(None),
        Happens::Nothing => {
            let cause = Box::new(Cause::NoSignal);
            return Err(Halt::Failed(Place::between(position), cause));
        }
    }
    Ok(Some(W::events(place, context, run).await))
}

/// Lets the executor run something else.
async fn yield_now() {
    let mut yielded = false;
    poll_fn(|cx| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
