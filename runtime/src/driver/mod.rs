//! Drives a machine from state to state in this process.
//!
//! The whole run is one future without a box or a spawn: each handler's future is a variant of
//! it. Of the states that were left only those are kept that an `undo` may need, so a run without
//! one may take any number of turns.

mod drive;
mod forward;
mod rollback;
mod running;
mod stop;
mod turn;
mod turns;

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use stateway_core::{StateKind, Workflow};

use crate::error::{Cause, Failure, Place, Rollback, RunError};
use crate::panic::{catch_panic, forget_panic};
use crate::run::{Options, Owned, Run};
use crate::split::Tasks;
use forward::forward;
use rollback::Entry;

#[cfg(feature = "durable")]
pub(crate) use forward::yield_now;
#[cfg(feature = "durable")]
pub(crate) use rollback::{Entry as Undoing, undo};
pub(crate) use stop::Stop;

pub use drive::{Drive, Judge, NotSent, NotUndone, Sent, Turns};
pub use running::{Running, running, running_on};
pub use turn::{Failed, Once, Turn};
pub(crate) use turn::{Visited, found, leaves};
pub use turns::*;

/// Drives a machine until it ends or a handler fails; then undoes what is to be undone.
///
/// # Errors
/// What ended the run, with where it was and what was undone.
// Not an `async fn`: that would hold the parts as its argument for as long as it runs, beside the
// state that the run is in.
pub fn run<W: Drive<C>, C>(
    (input, state): (W::Input, W::State),
    context: &C,
    options: Options,
) -> impl Future<Output = Result<W::End, RunError<W::Error>>> {
    let mut place = Some(state);
    let run = Owned::new(input, options);
    let mut stop = Stop::new(&run);
    async move {
        let mut journal = Vec::new();
        let outcome = {
            let mut forward = pin!(Some(forward(&mut place, context, &run, &mut journal)));
            let outcome = poll_fn(|cx| poll(forward.as_mut(), cx, &run, Some(&mut stop))).await;
            // A handler that is stopped half-way may panic as it goes.
            forget_panic(|| forward.set(None));
            outcome
        };
        if let (Err((_, cause)), Some(tasks)) = (&outcome, run.tasks())
            && !matches!(**cause, Cause::Terminated)
        {
            // Boxed for the runs without.
            Box::pin(alone(tasks, &mut stop)).await;
        }
        if outcome.is_err() {
            journal.extend(rollback::uncopied(&mut place, &run, journal.last()));
        }
        let result = match outcome {
            Ok((end, state)) if W::GRAPH.states[state].kind == StateKind::Done => {
                forget_panic(|| drop(journal));
                Ok(end)
            }
            Ok((end, state)) => {
                let rollback = roll_back(journal, context, &run, &mut stop).await;
                if rollback.is_complete() {
                    Ok(end)
                } else {
                    let place = Place::between(state);
                    Err((place, Cause::NotUndone, rollback, W::left(end)))
                }
            }
            Err((place, cause)) => {
                let rollback = match *cause {
                    Cause::Terminated => rollback::skip::<W, C>(&journal),
                    _ => roll_back(journal, context, &run, &mut stop).await,
                };
                Err((place, *cause, rollback, None))
            }
        };
        let result = result.map_err(|(place, cause, rollback, end)| {
            RunError::from(Failure {
                graph: W::GRAPH,
                run: run.id.clone(),
                place,
                cause,
                rollback,
                end,
            })
        });
        // How the run ended is known by now and not lost to data that panics when it goes.
        forget_panic(|| drop(place));
        forget_panic(|| drop(run));
        result
    }
}

/// What a run that goes forward fails with, and where.
pub(crate) type Stuck<E> = (Place, Failed<E>);

/// Lets a run go forward, under one guard against panics: a guard around each step would cost more than the
/// step. What stops a run is looked at where it waits, unless nothing may stop it now.
#[inline]
pub(crate) fn poll<W: Workflow, T, E>(
    forward: Pin<&mut Option<impl Future<Output = Result<T, Stuck<E>>>>>,
    cx: &mut Context<'_>,
    run: &Run<W>,
    stop: Option<&mut Stop>,
) -> Poll<Result<T, Stuck<E>>> {
    let forward = forward.as_pin_mut();
    let forward = forward.unwrap_or_else(|| unreachable!("it has not ended"));
    let polled = catch_panic(|| match forward.poll(cx) {
        Poll::Ready(outcome) => Poll::Ready(Ok(outcome)),
        Poll::Pending => match stop {
            Some(stop) => stop.poll::<W, _>(cx).map(Err),
            None => Poll::Pending,
        },
    });
    polled.map(|outcome| outcome.unwrap_or_else(|cause| Err((run.place(), Box::new(cause)))))
}

/// Waits until the tasks of a run that has failed have gone: they were told to stop, and nothing is
/// undone beside them. A termination does not wait.
pub(crate) async fn alone(tasks: &Tasks, stop: &mut Stop) {
    let mut gone = pin!(tasks.gone());
    poll_fn(|cx| {
        if stop.is_terminated(cx) {
            return Poll::Ready(());
        }
        gone.as_mut().poll(cx)
    })
    .await;
}

/// Undoes what is to be undone. Boxed, since most runs have nothing: their future is not to hold
/// the room for it.
async fn roll_back<W: Drive<C>, C>(
    journal: Vec<Entry<W>>,
    context: &C,
    run: &Run<W>,
    stop: &mut Stop,
) -> Rollback<W::Error> {
    if journal.is_empty() {
        return Rollback::nothing();
    }
    Box::pin(rollback::roll_back(journal, context, run, stop)).await
}
