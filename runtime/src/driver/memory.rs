//! A run that is driven in this process and recorded nowhere.

use std::future::Future;

use stateway_core::StateKind;

use super::drive::Drive;
use super::stop::StopSignals;
use super::{Ended, ended, go_forward};
use crate::error::{Cause, Place, RunError, RunFailed};
use crate::journal::InMemory;
use crate::run::{Options, OwnedRun};
use crate::support::panic::forget_panic;

/// Drives a machine until it ends or a handler fails, and rolls it back if it failed.
///
/// It keeps only the states that an `undo` may need, so a run without one may take any number of
/// turns.
///
/// # Errors
/// The cause that ended the run, with its place and the report of the rollback.
// Not an `async fn`, which would hold the parts as its argument for as long as it runs, beside the
// current state.
pub fn run<W: Drive<C>, C>(
    (input, state): (W::Input, W::State),
    context: &C,
    mut options: Options,
) -> impl Future<Output = Result<W::End, RunError<W::Error>>> {
    let mut place = Some(state);
    let mailbox = options.mailbox.take();
    let run = OwnedRun::<W>::new(input, options);
    let mut stop = StopSignals::new(&run);
    async move {
        let mut journal = InMemory::new(mailbox);
        let outcome = go_forward!(&mut place, context, &run, &mut stop, &mut journal);
        let Ok(ended) = ended(outcome, &mut place, context, &run, &mut stop, &mut journal).await;
        let failure = |place, cause, rollback, end| {
            Err(RunError::from(RunFailed {
                graph: W::GRAPH,
                run: run.id.clone(),
                place,
                cause,
                rollback,
                end,
                source_of: W::source_of,
            }))
        };
        let result = match ended {
            Ended::At(end, state) if W::GRAPH.states[state].kind == StateKind::Done => {
                forget_panic(|| drop(journal));
                Ok(end)
            }
            Ended::At(end, state) => {
                let rollback = journal.into_rollback();
                if rollback.is_complete() {
                    Ok(end)
                } else {
                    let place = Place::between(state);
                    failure(place, Cause::NotUndone, rollback, W::left(end))
                }
            }
            Ended::Failed(place, cause) => failure(place, *cause, journal.into_rollback(), None),
        };
        // The result is known by now, and is not lost to data that panics when it is dropped.
        forget_panic(|| drop(place));
        forget_panic(|| drop(run));
        result
    }
}
