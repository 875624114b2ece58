//! Drives one claimed run from where it is to its end, with the types of its workflow.

use std::any::{Any, type_name};
use std::convert::Infallible;
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
use super::error::Differs;
use super::forward::{failure, forward};
use super::ledger::{Change, Ledger, Loss};
use super::rollback::roll_back;
use crate::codec::{Codec, guarded};
use crate::driver::{Drive, Stop, alone, poll};
use crate::durable::Durable;
use crate::error::{Cause, Place};
use crate::panic::forget_panic;
use crate::recorder::{Recorded, Recorder as _};
use crate::run::{Options, Owned, Run, Stored};
use crate::store::{
    Claimed, Declaration, Event, Failure, FailureKind, NewRun, RunRow, Status, Stop as Ask, Text,
    WorkflowVersions,
};

/// Whoever knows the types of a workflow.
pub(super) trait Host: Send + Sync {
    /// The name that its runs are stored under.
    fn workflow(&self) -> &'static str;

    /// The versions of it that this program drives.
    fn known(&self) -> WorkflowVersions;

    /// Who declares it.
    fn declaration(&self) -> Declaration;

    /// What differs between a stored run and one that was to be started with its id.
    fn differs(&self, stored: &Origin, new: &NewRun, codec: &dyn Codec) -> Option<Differs>;

    /// Drives a run to its end, or until its claim is lost.
    fn drive(self: Arc<Self>, flight: Flight) -> Pin<Box<dyn Future<Output = Settled> + Send>>;
}

/// A run that is to be driven.
pub(super) struct Flight {
    pub(super) claimed: Claimed,
    pub(super) ledger: Arc<Ledger>,
    pub(super) loss: oneshot::Receiver<Loss>,
    pub(super) cancellation: CancellationToken,
    pub(super) termination: CancellationToken,
    /// The tasks of its branches.
    pub(super) tasks: TaskTracker,
}

/// What became of a run that was driven.
#[derive(Debug)]
pub(super) enum Settled {
    /// It has ended like this.
    Ended,
    /// It is not driven any longer.
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

    fn drive(self: Arc<Self>, flight: Flight) -> Pin<Box<dyn Future<Output = Settled> + Send>> {
        Box::pin(async move {
            let Flight {
                claimed,
                ledger,
                loss,
                cancellation,
                termination,
                tasks,
            } = flight;
            let row = claimed.row.clone();
            let mut loss = loss;
            let mut driven = pin!(Some(async {
                if row.stop == Some(Ask::Terminate) {
                    // It goes nowhere any more, so nothing of it has to be readable.
                    return terminate(&row, &ledger).await;
                }
                let claimed = take_up::<W>(claimed, &ledger);
                match claimed {
                    Ok((input, state)) => {
                        let options = Options {
                            cancellation: Some(cancellation),
                            termination: Some(termination),
                            context: Some(Arc::clone(&self.context) as Arc<dyn Any + Send + Sync>),
                            stored: Some(Stored {
                                id: row.id.clone(),
                                incarnation: row.incarnation,
                                workflow: W::NAME,
                                visit: row.visit,
                                age: ledger.settings().clock.since(row.started),
                                recorder: Arc::clone(&ledger) as _,
                                tasks,
                            }),
                        };
                        let run = Owned::<W>::new(input, options);
                        drive(&row, state, &*self.context, &run, &ledger).await;
                    }
                    Err(reason) => match ledger.parked(reason).await {},
                }
            }));
            let mut panicked: Option<Recorded<'_, Infallible>> = None;
            let settled = poll_fn(|cx| {
                // Before, so that no handler is called of a run that is another's.
                if let Poll::Ready(loss) = Pin::new(&mut loss).poll(cx) {
                    return Poll::Ready(Settled::Lost(loss.unwrap_or(Loss::Fenced)));
                }
                if let Some(parked) = &mut panicked {
                    let _ = parked.as_mut().poll(cx);
                } else if let Some(driven) = driven.as_mut().as_pin_mut() {
                    match catch_unwind(AssertUnwindSafe(|| driven.poll(cx))) {
                        Ok(Poll::Ready(())) => return Poll::Ready(Settled::Ended),
                        Ok(Poll::Pending) => {}
                        // Not of a handler: those were caught.
                        Err(panic) => {
                            forget_panic(|| drop(panic));
                            let reason =
                                "something of it panicked, and the panic hook was told of it"
                                    .to_owned();
                            let parked = panicked.insert(ledger.park(reason));
                            let _ = parked.as_mut().poll(cx);
                        }
                    }
                }
                // And afterwards, since what was just polled may have lost it.
                Pin::new(&mut loss)
                    .poll(cx)
                    .map(|loss| Settled::Lost(loss.unwrap_or(Loss::Fenced)))
            })
            .await;
            // A handler that is stopped half-way may panic as it goes.
            forget_panic(|| driven.set(None));
            settled
        })
    }
}

/// What a claimed run goes on with.
///
/// # Errors
/// Why it cannot.
fn take_up<W: Durable>(
    claimed: Claimed,
    ledger: &Ledger,
) -> Result<(W::Input, Option<W::State>), String> {
    let row = claimed.row;
    let settings = ledger.settings();
    let way_out = "run a program of that version until it has ended, or terminate it";
    is_of_version::<W>(&row).map_err(|reason| format!("{reason}: {way_out}"))?;
    if row.crashes >= settings.max_crashes {
        let state = &row.state;
        return Err(match row.crashes {
            1 => format!("its process died once in state `{state}`: see to why, and unpark it"),
            crashes => {
                format!(
                    "its process died {crashes} times in state `{state}`: see to why, and unpark it"
                )
            }
        });
    }
    let codec = &*settings.codec;
    let way_out = "run a program that reads it, or terminate it";
    let input = read_input::<W>(&claimed.input, codec);
    let input = input.map_err(|reason| format!("{reason}; {way_out}"))?;
    let state = row.state;
    let position = position::<W>(&state);
    let position = position
        .map_err(|reason| format!("{reason}: run a program that has it, or terminate it"))?;
    if row.rolls_back {
        return Ok((input, None));
    }
    let payload = guarded(|| W::decode(position, &claimed.payload, codec));
    let payload =
        payload.map_err(|error| format!("state `{state}` does not decode: {error}; {way_out}"))?;
    Ok((input, Some(payload)))
}

/// Tells whether a run is of the version that this program has.
///
/// # Errors
/// That it is not.
pub(super) fn is_of_version<W: Durable>(row: &RunRow) -> Result<(), String> {
    if row.version == W::VERSION {
        return Ok(());
    }
    Err(format!(
        "it was started with version {} of `{}`, and this program has version {}",
        row.version,
        W::GRAPH.name,
        W::VERSION
    ))
}

/// The state of a run, by its position in the graph.
///
/// # Errors
/// That this program does not have it.
pub(super) fn position<W: Durable>(state: &str) -> Result<usize, String> {
    let mut states = W::GRAPH.states.iter();
    states.position(|it| it.name == state).ok_or_else(|| {
        let name = W::GRAPH.name;
        format!("it is in state `{state}`, which `{name}` does not have")
    })
}

/// The input of a run.
///
/// # Errors
/// That it does not decode.
pub(super) fn read_input<W: Durable>(input: &[u8], codec: &dyn Codec) -> Result<W::Input, String> {
    let input = guarded(|| W::decode_input(input, codec));
    input.map_err(|error| format!("its input does not decode: {error}"))
}

/// Ends a run that was terminated while nobody had it.
async fn terminate(row: &RunRow, ledger: &Ledger) {
    let mut ended = Change::new(Event::Ended, Status::Terminated);
    // One whose rollback had begun has failed for another reason, or is in a `failed` state.
    if !row.rolls_back {
        ended = ended.because(Failure {
            state: row.state.clone(),
            transition: None,
            attempts: 0,
            kind: FailureKind::Terminated,
            message: Text::from(""),
        });
    }
    ledger.record(ended).await;
}

/// Drives a run to its end.
async fn drive<W, C>(
    row: &RunRow,
    state: Option<W::State>,
    context: &C,
    run: &Run<W>,
    ledger: &Ledger,
) where
    W: Durable + Drive<C, Error: Display>,
{
    let mut stop = Stop::new(run);
    let ends = match state {
        // Its rollback has begun.
        None => row.failure.as_ref().map_or(Status::Failed, ended),
        Some(state) => match go_forward(state, context, run, ledger, &mut stop).await {
            Some(ends) => ends,
            None => return,
        },
    };
    roll_back(context, run, ledger, &mut stop, ends).await;
}

/// Takes a run forward. Gives how it ends when it has been rolled back; nothing if it has ended.
async fn go_forward<W, C>(
    state: W::State,
    context: &C,
    run: &Run<W>,
    ledger: &Ledger,
    stop: &mut Stop,
) -> Option<Status>
where
    W: Durable + Drive<C, Error: Display>,
{
    let mut place = Some(state);
    let reached = {
        let forward = forward::<W, C>(&mut place, context, run, ledger);
        let mut forward = pin!(Some(forward));
        let reached = poll_fn(|cx| {
            if ledger.is_recording() {
                // What is half-way in the store is waited for, whatever stops the run.
                return poll(forward.as_mut(), cx, run, None);
            }
            poll(forward.as_mut(), cx, run, Some(stop))
        })
        .await;
        forget_panic(|| forward.set(None));
        reached
    };
    let (place, cause) = match reached {
        Ok(_) if ledger.rolls_back() => return Some(Status::Failed),
        Ok(_) => return None,
        Err(stuck) => stuck,
    };
    stuck(place, *cause, run, ledger, stop).await
}

/// Records that a run has failed. Gives how it ends when it has been rolled back; nothing if there is
/// nothing to undo, and it has ended.
async fn stuck<W, C>(
    place: Place,
    cause: Cause<W::Error>,
    run: &Run<W>,
    ledger: &Ledger,
    stop: &mut Stop,
) -> Option<Status>
where
    W: Durable + Drive<C, Error: Display>,
{
    let failure = failure::<W, _>(place, &cause, ledger.settings());
    forget_panic(|| drop(cause));
    let ends = ended(&failure);
    if ends != Status::Terminated
        && let Some(tasks) = run.tasks()
    {
        alone(tasks, stop).await;
    }
    if ends == Status::Terminated || ledger.undos() == 0 {
        ledger
            .record(Change::new(Event::Ended, ends).because(failure))
            .await;
        return None;
    }
    let began = Change::new(Event::RollbackBegan, Status::RollingBack);
    ledger.record(began.because(failure)).await;
    Some(ends)
}

/// How a run ends that failed like this.
fn ended(failure: &Failure) -> Status {
    match failure.kind {
        FailureKind::Cancelled => Status::Cancelled,
        FailureKind::Terminated => Status::Terminated,
        _ => Status::Failed,
    }
}
