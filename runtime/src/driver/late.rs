//! The deadline of a workflow, where that leads to a state in place of ending the run.

use stateway_core::Workflow;

use super::alone;
use super::drive::Drive;
use super::forward::{Halt, Outcome, just_taken};
use super::stop::StopSignals;
use crate::error::Place;
use crate::journal::Journal;
use crate::run::CurrentRun;
use crate::support::panic::forget_panic;

/// The place of a run that was halted by its deadline, and goes on in the state that this leads to.
pub(super) fn goes_on<W: Workflow, E, L>(outcome: &Outcome<W, E, L>) -> Option<Place> {
    if const { W::GRAPH.late().is_none() } {
        return None;
    }
    let Err(Halt::Failed(place, cause)) = outcome else {
        return None;
    };
    cause.is_deadline_of_run().then_some(*place)
}

/// Takes the run to that state. What was under way is no visit: the next one has its number.
///
/// # Errors
/// The loss of the journal.
pub(super) async fn go_on<W, C, J>(
    halted: Place,
    place: &mut Option<W::State>,
    run: &CurrentRun<W>,
    stop: &mut StopSignals,
    journal: &mut J,
) -> Result<(), J::Lost>
where
    W: Drive<C>,
    J: Journal<W, W::Error>,
{
    if let Some(tasks) = run.tasks() {
        alone(tasks, stop).await;
    }
    journal.given_up();
    run.pass_deadline(halted);
    stop.forget_deadline();
    let state = W::late().unwrap_or_else(|| unreachable!("the graph says that it leads on"));
    forget_panic(|| *place = None);
    let state = place.insert(state);
    let taken = just_taken::<W, C, J>(run, state);
    let entered = journal.entered(taken, || None);
    run.leave(W::position(state));
    entered.await
}
