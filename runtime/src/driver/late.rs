//! The deadline of a workflow that leads to a state in place of ending the run.

use std::future::poll_fn;
use std::task::Poll;

use stateway_core::Workflow;

use super::alone;
use super::drive::{Drive, Failed};
use super::forward::{Halt, Outcome, just_taken};
use super::stop::StopSignals;
use crate::error::{Cause, Place};
use crate::journal::Journal;
use crate::run::CurrentRun;
use crate::support::panic::{catch_panic, forget_panic};

/// Keeps a copy of the state that a handler is about to get, while the deadline has not passed.
// A function of its own, which boxes: otherwise the future of the run would have room for the copy.
#[inline(never)]
pub(super) fn keep<W: Drive<C>, C>(
    place: Option<&W::State>,
    kept: &mut Option<Box<W::State>>,
    run: &CurrentRun<W>,
) {
    forget_panic(|| *kept = None);
    // If the copy panics, the run fails by its deadline.
    if let (Some(state), false) = (place, run.is_late()) {
        forget_panic(|| *kept = W::copied(state).map(Box::new));
    }
}

/// Returns the halt of a run by its deadline, if that leads to a state.
pub(super) fn halted<W: Workflow, E, L>(
    outcome: Outcome<W, E, L>,
) -> Result<(Place, Failed<E>), Outcome<W, E, L>> {
    match outcome {
        Err(Halt::Failed(place, cause))
            if const { W::GRAPH.late().is_some() } && cause.is_deadline_of_run() =>
        {
            Ok((place, cause))
        }
        outcome => Err(outcome),
    }
}

/// Takes the run to that state. The transition that was interrupted is not a visit: the next one has its number.
///
/// # Errors
/// The loss of the journal, or the failure of the run.
pub(super) async fn go_on<W, C, J>(
    (halted, cause): (Place, Failed<W::Error>),
    place: &mut Option<W::State>,
    kept: &mut Option<Box<W::State>>,
    run: &CurrentRun<W>,
    stop: &mut StopSignals,
    journal: &mut J,
) -> Result<(), Halt<W::Error, J::Lost>>
where
    W: Drive<C>,
    J: Journal<W, W::Error>,
{
    if let Some(tasks) = run.tasks() {
        alone(tasks, stop).await;
    }
    if poll_fn(|cx| Poll::Ready(stop.is_terminated(cx))).await {
        return Err(Halt::Failed(halted, Box::new(Cause::Terminated)));
    }
    journal.given_up();
    let mut from = None;
    if const { W::LATE_TAKES_MACHINE } {
        from = place.take().or_else(|| kept.take().map(|state| *state));
        if from.is_none() {
            return Err(Halt::Failed(halted, cause));
        }
    }
    forget_panic(|| *place = None);
    forget_panic(|| *kept = None);
    forget_panic(|| drop(cause));
    run.led_nowhere();
    run.pass_deadline(halted);
    stop.forget_deadline();
    let made = catch_panic(|| Poll::Ready(Ok::<_, Cause<W::Error>>(W::late(from, &run.input))));
    let state = match made {
        Poll::Ready(Ok(state)) => state,
        Poll::Ready(Err(cause)) => {
            let place = Place {
                transition: Some(run.transition()),
                attempts: 0,
                ..halted
            };
            return Err(Halt::Failed(place, Box::new(cause)));
        }
        Poll::Pending => None,
    };
    let state = state.unwrap_or_else(|| unreachable!("the graph says that it leads on"));
    let state = place.insert(state);
    let taken = just_taken::<W, C, J>(run, state);
    let entered = journal.entered(taken, || None);
    run.leave(W::position(state));
    entered.await.map_err(Halt::Lost)
}
