//! Takes a run forward, turn after turn.

use std::future::poll_fn;
use std::task::Poll;

use super::drive::Drive;
use super::rollback::Entry;
use super::turn::Failed;
use crate::error::Place;
use crate::run::Run;

/// Takes turn after turn until the run ends, in the state at this position, or fails.
///
/// Between two turns the state is in `place`, which the caller owns: as a variable of this future
/// it would be held a second time while a handler has it.
pub(super) async fn forward<W: Drive<C>, C>(
    place: &mut Option<W::State>,
    context: &C,
    run: &Run<W>,
    journal: &mut Vec<Entry<W>>,
) -> Result<(W::End, usize), (Place, Failed<W::Error>)> {
    loop {
        // A run that is in a final state has ended, also one that was stopped meanwhile.
        if let Some(end) = W::end(place) {
            return Ok(end);
        }
        if let (Some(cause), Some(state)) = (run.stopped(), &*place) {
            return Err((Place::between(W::position(state)), Box::new(cause)));
        }
        let taken = W::turns(place, context, run).await;
        if let Err(cause) = taken {
            let cause = if run.is_cancelled() {
                Box::new(cause.cancelled(None))
            } else {
                cause
            };
            return Err((run.place(), cause));
        }
        let Some(state) = place else {
            unreachable!("a turn leads to a state");
        };
        if let Some((undo, state)) = W::undoable(run.transition(), state) {
            journal.push(Entry {
                transition: run.transition(),
                visit: run.visit(),
                undo,
                state,
            });
        }
        if run.is_due_to_yield() {
            run.leave(W::position(state));
            yield_now().await;
        }
    }
}

/// Lets the executor run something else.
pub(crate) async fn yield_now() {
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
