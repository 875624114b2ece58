//! Drives one claimed run from its state to its end, with the types of its workflow.

use std::any::{Any, type_name};
use std::fmt::Display;
use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::again::{Origin, differs};
use super::doubt;
use super::error::Differs;
use super::failure::attempt;
use super::held::{Explain, HeldRun, Loss};
use super::journal::{StoreJournal, ending, terminated};
use super::said::restored;
use super::take_up::{is_late, take_up};
use crate::driver::{Drive, StopSignals, roll_back, to_end};
use crate::payload::codec::Codec;
use crate::payload::durable::Durable;
use crate::run::{Options, OwnedRun, Resumed, VisitEffects};
use crate::store::{Claimed, Declaration, NewRun, Stop, WorkflowVersions};
use crate::support::panic::forget_panic;

/// Knows the types of a workflow.
pub(super) trait Host: Send + Sync {
    /// Returns the name that its runs are stored under.
    fn workflow(&self) -> &'static str;

    /// Returns the versions of it that this program drives.
    fn known(&self) -> WorkflowVersions;

    /// Returns its declaration.
    fn declaration(&self) -> Declaration;

    /// Returns the part in which a stored run differs from one that is started with its id; `None` if they are the same.
    fn differs(&self, stored: &Origin, new: &NewRun, codec: &dyn Codec) -> Option<Differs>;

    /// Returns the function that reads its errors.
    fn explain(&self) -> Explain;

    /// Returns true if a visit of its runs may have effects that are undone by themselves.
    fn has_effects(&self) -> bool;

    /// Returns the number of rows that the history of its runs keeps, if not all.
    fn keep_history(&self) -> Option<u32>;

    /// Drives a run to its end, or until its claim is lost.
    fn drive(self: Arc<Self>, task: RunTask) -> Pin<Box<dyn Future<Output = Settled> + Send>>;
}

/// A run to be driven.
pub(super) struct RunTask {
    pub(super) claimed: Claimed,
    pub(super) held: Arc<HeldRun>,
    pub(super) loss: oneshot::Receiver<Loss>,
    pub(super) cancellation: CancellationToken,
    pub(super) termination: CancellationToken,
    /// The tasks of its branches.
    pub(super) tasks: TaskTracker,
}

/// The outcome of driving a run.
#[derive(Debug)]
pub(super) enum Settled {
    /// The run has ended.
    Ended,
    /// The run is not driven any longer.
    Lost(Loss),
}

/// The context that handles a workflow.
pub(super) struct Handlers<W, C> {
    context: Arc<C>,
    workflow: PhantomData<fn() -> W>,
}

impl<W, C> Handlers<W, C> {
    pub(super) fn new(context: Arc<C>) -> Self {
        Handlers {
            context,
            workflow: PhantomData,
        }
    }
}

impl<W, C> Host for Handlers<W, C>
where
    W: Durable<State: Send, Input: Send + Sync, End: Send> + Drive<C, Error: Display>,
    C: Send + Sync + 'static,
{
    fn workflow(&self) -> &'static str {
        W::NAME
    }

    fn known(&self) -> WorkflowVersions {
        WorkflowVersions::one(W::NAME, W::VERSION)
    }

    fn declaration(&self) -> Declaration {
        Declaration {
            workflow: W::NAME.to_owned(),
            package: W::PACKAGE.to_owned(),
            path: type_name::<W>(),
            adopts: false,
        }
    }

    fn differs(&self, stored: &Origin, new: &NewRun, codec: &dyn Codec) -> Option<Differs> {
        differs::<W>(stored, new, codec)
    }

    fn has_effects(&self) -> bool {
        W::GRAPH.has_effects()
    }

    fn keep_history(&self) -> Option<u32> {
        W::HISTORY
    }

    fn explain(&self) -> Explain {
        attempt::<W::Error>
    }

    fn drive(self: Arc<Self>, task: RunTask) -> Pin<Box<dyn Future<Output = Settled> + Send>> {
        Box::pin(async move {
            let (held, mut loss) = (task.held, task.loss);
            let orders = (task.cancellation, task.termination, task.tasks);
            let mut driven = pin!(Some(self.to_end(task.claimed, &held, orders)));
            let mut panicked: Option<Pin<Box<dyn Future<Output = Loss> + Send + '_>>> = None;
            let settled = poll_fn(|cx| {
                // Before, so that no handler is called for a run that another holds.
                if let Poll::Ready(loss) = Pin::new(&mut loss).poll(cx) {
                    return Poll::Ready(Settled::Lost(loss.unwrap_or(Loss::Fenced)));
                }
                if panicked.is_none()
                    && let Some(driven) = driven.as_mut().as_pin_mut()
                {
                    match catch_unwind(AssertUnwindSafe(|| driven.poll(cx))) {
                        Ok(Poll::Ready(Ok(()))) => return Poll::Ready(Settled::Ended),
                        Ok(Poll::Ready(Err(loss))) => return Poll::Ready(Settled::Lost(loss)),
                        Ok(Poll::Pending) => {}
                        // A panic that is not of a handler: those were caught.
                        Err(panic) => {
                            forget_panic(|| drop(panic));
                            panicked = Some(Box::pin(held.park(PANICKED)));
                        }
                    }
                }
                if let Some(parked) = &mut panicked
                    && let Poll::Ready(loss) = parked.as_mut().poll(cx)
                {
                    return Poll::Ready(Settled::Lost(loss));
                }
                // And afterwards, because the run may have been lost in this poll.
                Pin::new(&mut loss)
                    .poll(cx)
                    .map(|loss| Settled::Lost(loss.unwrap_or(Loss::Fenced)))
            })
            .await;
            // A handler that is stopped half-way may panic as it is dropped.
            forget_panic(|| driven.set(None));
            settled
        })
    }
}

/// The reason for parking a run whose data panicked.
const PANICKED: &str = "something of it panicked, and the panic hook was told of it";

/// The tokens that stop a run from outside, and the tasks of its branches.
type Orders = (CancellationToken, CancellationToken, TaskTracker);

impl<W, C> Handlers<W, C>
where
    W: Durable + Drive<C, Error: Display>,
    C: Send + Sync + 'static,
{
    /// Drives a run to its end.
    ///
    /// # Errors
    /// The reason why it is not driven any longer.
    async fn to_end(
        &self,
        mut claimed: Claimed,
        held: &Arc<HeldRun>,
        (cancellation, termination, tasks): Orders,
    ) -> Result<(), Loss> {
        let row = &claimed.row;
        if row.stop == Some(Stop::Terminate) {
            if !row.rolls_back {
                doubt::settle::<W>(held, None, &VisitEffects::default());
            }
            return held.record(terminated(row)).await;
        }
        if held.is_to_pause() {
            // Its holder died before it reached a boundary, or somebody asked since it was claimed.
            return Err(held.wait(Some(held.now())).await);
        }
        let (input, mut place) = match take_up::<W>(&claimed, held.settings()) {
            Ok(taken_up) => taken_up,
            Err(reason) => return Err(held.park(&reason).await),
        };
        let logs = restored::<W>(held).await?;
        let is_late = is_late::<W>(row);
        let options = Options {
            cancellation: Some(cancellation),
            termination: Some(termination),
            context: Some(Arc::clone(&self.context) as Arc<dyn Any + Send + Sync>),
            stored: Some(Resumed {
                id: row.id.clone(),
                incarnation: row.incarnation,
                workflow: W::NAME,
                visit: row.visit,
                age: held.settings().clock.since(row.started),
                is_late,
                logs,
                recorder: Arc::clone(held) as _,
                tasks,
            }),
            mailbox: None,
        };
        let ending = ending(row);
        let inbox = std::mem::take(&mut claimed.inbox);
        drop(claimed);
        held.set_deadline(W::GRAPH.deadline.filter(|_| !is_late));
        let run = OwnedRun::<W>::new(input, options);
        let mut stop = StopSignals::new(&run);
        let mut journal = StoreJournal::new(held, inbox);
        let context = &*self.context;
        let outcome = if place.is_none() {
            // Its rollback has begun.
            roll_back(context, &run, &mut stop, &mut journal, ending).await
        } else {
            let ended = to_end(&mut place, context, &run, &mut stop, &mut journal).await;
            let mut end = None;
            let outcome = ended.map(|ended| end = Some(ended));
            forget_panic(|| drop(end));
            outcome
        };
        // The recorded end is not lost to data that panics as it is dropped.
        forget_panic(|| drop(place));
        forget_panic(|| drop(run));
        outcome
    }
}
