//! Runs that are stored, and outlive the process.
//!
//! The examples of this module drive the workflow `Order` with the context `Shop`. `step charge` leads from `Placed` to `Charged`, and
//! `refund` undoes it; `signal deliver(String)` leads from `Charged` to `Delivered`.

mod active;
mod again;
mod builder;
mod changes;
mod doubt;
mod driving;
mod ends;
mod engine;
mod error;
mod failure;
mod handle;
mod held;
mod host;
mod inbox;
mod info;
mod journal;
mod launch;
mod launch_error;
mod listeners;
mod moves;
mod pausing;
mod pulse;
mod rollback;
mod runners;
mod said;
mod sent;
mod settings;
mod siblings;
mod signal;
mod start;
mod starting;
mod suspected;
mod take_up;
mod takings;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use stateway_core::{StartState, State, Workflow};

use crate::payload::durable::Durable;
use crate::run::{IntoRunId, RunId};
use crate::store::{Filter, Found, HistoryRow, Purge, Request, RunCount, Stop, Store, StoreError};
use engine::Engine;
use rollback::can_undo;

pub use builder::{Builder, Handles};
pub use changes::{Changes, WatchError};
pub use error::{
    Differs, EndError, NotUndone, RetryRollbackError, RunFailure, RunRollback, StartError,
    StoredError,
};
pub use handle::Run;
pub use info::{AttemptInfo, RunInfo};
pub use launch::Launch;
#[doc(hidden)]
pub use launch::Launched;
pub use launch_error::LaunchError;
pub use runners::Runners;
pub use said::{LogError, StoredLog};
pub use sent::{AppliedSignal, NotApplied, SentSignal};
pub use signal::{SentMessage, SignalError, SignalJson};
pub use start::{NotStarted, Start};

/// Drives the stored runs of one workflow. [`Runners`] drive those of several.
///
/// ```
#[doc = include_str!("example.md")]
/// let runner = Runner::<Order>::builder(Shop).store(MemoryStore::new()).launch().await?;
/// let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
/// run.deliver("Ada".to_owned()).await?;
///
/// let OrderEnd::Delivered(delivered) = run.end().await?;
/// assert_eq!(delivered.signed_by, "Ada");
/// # Ok(())
/// # }
/// ```
///
/// The [module](self) describes the workflow of the examples.
///
/// [`builder`](Runner::builder) and [`launch`](Builder::launch) make one. Its clones are the same runner. When the last
/// clone is dropped, everything stops in place, as if the process had died; [`shut_down`](Runner::shut_down) lets
/// the runs come to their next boundary first.
pub struct Runner<W> {
    engine: Arc<StopOnDrop>,
    /// The name of the one who asks, for the history.
    by: Option<Arc<str>>,
    workflow: PhantomData<fn() -> W>,
}

/// Stops the engine when the last runner is dropped.
struct StopOnDrop(Arc<Engine>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stop();
    }
}

impl<W> Runner<W> {
    fn new(engine: Arc<StopOnDrop>) -> Self {
        Runner {
            by: None,
            engine,
            workflow: PhantomData,
        }
    }

    /// Names the one who asks this runner to [`cancel`](Runner::cancel), [`terminate`](Runner::terminate),
    /// [`pause`](Runner::pause), [`resume`](Runner::resume), [`retry_now`](Runner::retry_now), [`unpark`](Runner::unpark) or
    /// [`retry_rollback`](Runner::retry_rollback). The history of the run keeps the name ([`HistoryRow::by`]), in plain text.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// # let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
    /// runner.by("operator 7").cancel("o-42").await?;
    /// let history = runner.history("o-42").await?;
    /// assert!(history.iter().any(|row| row.by.as_deref() == Some("operator 7")));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn by(&self, who: impl Into<Arc<str>>) -> Self {
        Runner {
            by: Some(who.into()),
            ..self.clone()
        }
    }
}

impl<W: Durable> Runner<W> {
    /// Returns a request that is made now, in the name that [`by`](Runner::by) has set.
    fn request(&self) -> Request {
        Request {
            at: self.engine().settings.clock.now(),
            by: self.by.as_deref().map(str::to_owned),
        }
    }

    fn engine(&self) -> &Arc<Engine> {
        &self.engine.0
    }

    /// Starts a run in one of the start states of its workflow. The run is stored when the returned [`Start`] has been
    /// awaited, and is driven from then on; the methods of [`Start`] set more before that.
    ///
    /// Returns the run that exists with this id if it has the same input and the same start state, in whichever state it is
    /// by now. So starting the same run twice is safe; [`Run::is_new`] tells the two cases apart.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
    /// assert!(run.is_new());
    ///
    /// // A request that is repeated gets the run that it started.
    /// let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
    /// assert!(!run.is_new());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// A workflow without `input` is started with `()`: `runner.start("o-42", (), Placed)`.
    ///
    /// Inputs and start states are the same if they are equal by `PartialEq`, which `#[derive(PartialEq)]` on the workflow
    /// gives them. Without it they are compared as JSON: then a list in another order is another input, and a `HashSet` in
    /// another order is not. A value that nests deeper than the codec reads, which is 127 levels for
    /// [`Json`](crate::Json), is refused.
    ///
    /// # Errors
    /// [`StartError`], which says what is wrong and if something may have been stored.
    ///
    /// # Cancel safety
    /// Dropping the future starts the run or does not; starting it again with the same id is safe.
    pub fn start<S>(&self, id: impl IntoRunId, input: W::Input, state: S) -> Start<'_, W>
    where
        S: State<Workflow = W> + StartState<W>,
    {
        let id = id.into_run_id();
        Start::new(self.engine(), id, input, W::state(state))
    }

    /// Returns the run with this id; `None` if this workflow has no such run.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// # let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
    /// match runner.get("o-42").await? {
    ///     Some(run) => println!("it is {}", run.info().await?.state),
    ///     None => println!("there is no such order"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`StoreError`] if the store does not answer, or cannot read the run.
    ///
    /// # Cancel safety
    /// Dropping the future changes nothing.
    pub async fn get(&self, id: impl IntoRunId) -> Result<Option<Run<W>>, StoreError> {
        let id = valid(id)?;
        let found = self
            .engine()
            .store
            .get(&id)
            .await?
            .filter(|found| found.row.workflow == W::NAME);
        let incarnation = found.map(|found| found.row.incarnation);
        Ok(incarnation.map(|incarnation| Run::known(Arc::clone(self.engine()), id, incarnation)))
    }

    /// Sends a signal by its name, for HTTP and command lines. `json` is the payload of the signal, and is decoded and checked
    /// before anything is stored; it is empty or `null` for a signal without a payload.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// # let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
    /// // POST /orders/o-42/deliver
    /// let body = br#""Ada""#;
    /// let sent = runner.signal_json("o-42", "deliver", body).message_id("request-17").await?;
    /// assert!(sent.is_new);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`SignalError`]. In HTTP, `Id`, `Unknown` and `NotFound` are 404, `Ended`, `NeverAccepted` and `NotAcceptedNow` 409, and
    /// `Payload` 422.
    ///
    /// # Cancel safety
    /// Dropping the future sends the signal or does not; sending it again with the same
    /// [`message_id`](SignalJson::message_id) is safe.
    pub fn signal_json(
        &self,
        id: impl IntoRunId,
        signal: impl Into<String>,
        json: impl Into<Vec<u8>>,
    ) -> SignalJson<'_, W> {
        let id = id.into_run_id();
        SignalJson::new(self, id, signal.into(), json.into())
    }

    /// Returns the runs of this workflow that pass the filter, in the order of their ids or the newest first, up to its `limit`, which
    /// defaults to 100.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// # let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
    /// use stateway::store::Status;
    ///
    /// for row in runner.list(Filter::new().status(Status::Parked)).await? {
    ///     println!("{} is parked in {}: {}", row.id, row.state, row.parked.unwrap_or_default());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`StoreError`] if the store does not answer, or if the newest come first and the run to list
    /// [after](Filter::after) is not there.
    ///
    /// # Cancel safety
    /// Dropping the future changes nothing.
    pub async fn list(&self, filter: Filter) -> Result<Vec<RunInfo>, StoreError> {
        let workflow = Some(W::NAME.to_owned());
        let filter = Filter { workflow, ..filter };
        let rows = self.engine().store.list(filter).await?.into_iter();
        let settings = &self.engine().settings;
        Ok(rows.map(|row| RunInfo::listed(row, settings)).collect())
    }

    /// Counts the runs of this workflow that pass the filter, by status and state. The limit and the order of the filter do not
    /// matter.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// # let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
    /// # let _ = run.reached(|order| matches!(order, AnyOrder::Charged(_))).await?;
    /// for count in runner.count(Filter::new()).await? {
    ///     println!("{} orders are {} in {}", count.runs, count.status, count.state);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`StoreError`] if the store does not answer.
    ///
    /// # Cancel safety
    /// Dropping the future changes nothing.
    pub async fn count(&self, filter: Filter) -> Result<Vec<RunCount>, StoreError> {
        let workflow = Some(W::NAME.to_owned());
        let filter = Filter { workflow, ..filter };
        self.engine().store.count(filter).await
    }

    /// Returns everything that happened to a run, from its start on.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// # let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
    /// # let _ = run.reached(|order| matches!(order, AnyOrder::Charged(_))).await?;
    /// use stateway::store::Event;
    ///
    /// for row in runner.history("o-42").await? {
    ///     if let Event::Transition { transition, state, attempts, .. } = row.event {
    ///         println!("`{transition}` led to `{state}` after {attempts} attempts");
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if this workflow has no such run, and others if the store does not answer.
    ///
    /// # Cancel safety
    /// Dropping the future changes nothing.
    pub async fn history(&self, id: impl IntoRunId) -> Result<Vec<HistoryRow>, StoreError> {
        let id = valid(id)?;
        self.find(&id).await?;
        let history = history(&*self.engine().store, &id).await?.into_iter();
        let settings = &self.engine().settings;
        Ok(history.map(|row| settings.read_history(row)).collect())
    }

    /// Returns a run of this workflow.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for a run of another workflow.
    async fn find(&self, id: &RunId) -> Result<Found, StoreError> {
        let found = self
            .engine()
            .store
            .get(id)
            .await?
            .filter(|found| found.row.workflow == W::NAME);
        found.ok_or_else(|| StoreError::NotFound { run: id.clone() })
    }

    /// Cancels a run: it stops at its next boundary and is rolled back. The request is stored when this returns.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// # let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
    /// # let _ = run.reached(|order| matches!(order, AnyOrder::Charged(_))).await?;
    /// runner.by("customer 7").cancel("o-42").await?;
    /// assert!(run.end().await.is_err());
    /// assert_eq!(run.rollback().await?.undone[0].handler, "refund");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// A boundary is a recorded transition, or the wait between two attempts. The handler that is running learns of the request by its
    /// [`cancellation`](crate::Step::cancellation) and is not dropped. If it returns an outcome that leads to a final state, the
    /// run ends there: a cancellation that comes while the last handler runs undoes nothing, and the run is
    /// [`Done`](crate::store::Status::Done). A rollback is never cancelled.
    ///
    /// If another runner drives the run, that runner hears of the request with its next heartbeat, after a third of its
    /// [lease](Builder::lease) at most. A parked run is cancelled when it is unparked, and a paused one at once. The run stays in the
    /// store, as [`Cancelled`](crate::store::Status::Cancelled) in the end.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Ended`], and others if the store does not answer.
    ///
    /// # Cancel safety
    /// Dropping the future cancels the run or does not; cancelling it again is safe.
    pub async fn cancel(&self, id: impl IntoRunId) -> Result<(), StoreError> {
        self.stop(&valid(id)?, Stop::Cancel).await
    }

    /// Terminates a run: the handler that is running is dropped where it waits, and nothing is undone. A parked run ends as
    /// well, whatever it is parked for. If that run cannot be read, the store keeps only the reason.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// # let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
    /// # let _ = run.reached(|order| matches!(order, AnyOrder::Charged(_))).await?;
    /// use stateway::store::Status;
    ///
    /// // The customer was paid back by hand: no refund is to be made.
    /// runner.by("operator 7").terminate("o-42").await?;
    /// assert!(run.end().await.is_err());
    /// assert_eq!(run.info().await?.status, Status::Terminated);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Ended`], and others if the store does not answer.
    ///
    /// # Cancel safety
    /// Dropping the future terminates the run or does not; terminating it again is safe.
    pub async fn terminate(&self, id: impl IntoRunId) -> Result<(), StoreError> {
        let (engine, id) = (self.engine(), valid(id)?);
        self.stop(&id, Stop::Terminate).await?;
        match engine.store.unpark(&id, self.request()).await {
            Err(StoreError::NotParked { .. }) => Ok(()),
            other => {
                engine.wake();
                other
            }
        }
    }

    async fn stop(&self, id: &RunId, stop: Stop) -> Result<(), StoreError> {
        let incarnation = match self.find(id).await {
            Ok(found) => Some(found.row.incarnation),
            // Nobody drives it.
            Err(StoreError::Broken { .. }) if stop == Stop::Terminate => None,
            Err(error) => return Err(error),
        };
        let engine = self.engine();
        engine.store.stop(id, stop, self.request()).await?;
        if let Some(incarnation) = incarnation {
            engine.tell(id, incarnation, stop);
        }
        Ok(())
    }

    /// Lets a parked run continue, in the state it was parked in.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// # let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
    /// use stateway::store::Status;
    ///
    /// // A version of the program that reads these payloads is launched.
    /// for row in runner.list(Filter::new().status(Status::Parked)).await? {
    ///     runner.by("operator 7").unpark(row.id).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::NotParked`], and others if the store does not answer.
    ///
    /// # Cancel safety
    /// Dropping the future unparks the run or does not.
    pub async fn unpark(&self, id: impl IntoRunId) -> Result<(), StoreError> {
        let (engine, id) = (self.engine(), valid(id)?);
        match self.find(&id).await {
            // It is tried again.
            Ok(_) | Err(StoreError::Broken { .. }) => {}
            Err(error) => return Err(error),
        }
        engine.store.unpark(&id, self.request()).await?;
        engine.wake();
        Ok(())
    }

    /// Retries the rollback of a run that has ended and was not undone completely. The undo handlers of the transitions that were
    /// not undone are called, the last transition first, with their retries and timeouts anew and with the
    /// [keys](crate::Undo::key) that they had before. Handlers that have succeeded are never called again. The request is
    /// stored when this returns.
    ///
    /// It is for a run with an undo that failed for good ([`RunInfo::not_undone`], [`Filter::not_undone`]), once somebody has
    /// removed the cause, and for a run that was terminated and so skipped its undos. The call that was running when the
    /// run was terminated was not recorded, and is not undone.
    ///
    /// The run ends again in the status and with the failure that it had; if its rollback was terminated, in the status that
    /// it would have had without that. An undo that fails again can be retried again. Until the run ends again, it has not ended:
    /// [`end`](Run::end) waits for it, a second [`start`](Runner::start) returns it, [`purge`](Runner::purge) spares it, and
    /// it can be terminated.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// # let run = runner.start("o-13", OrderInput { customer: 13 }, Placed).await?;
    /// # let _ = run.reached(|order| matches!(order, AnyOrder::Charged(_))).await?;
    /// # runner.cancel("o-13").await?;
    /// # assert!(run.end().await.is_err());
    /// // The bank has opened the account again.
    /// for row in runner.list(Filter::new().not_undone()).await? {
    ///     println!("{}: {} transitions are not undone", row.id, row.not_undone);
    ///     runner.retry_rollback(row.id).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`RetryRollbackError`]. Nothing has changed then, unless the store could not be
    /// [reached](StoreError::Unavailable).
    ///
    /// # Cancel safety
    /// Dropping the future retries the rollback or does not.
    pub async fn retry_rollback(&self, id: impl IntoRunId) -> Result<(), RetryRollbackError> {
        let (engine, id) = (self.engine(), valid(id)?);
        let now = engine.settings.clock.now();
        let found = self.find(&id).await?;
        found.row.clone().retry_rollback(now)?;
        let history = history(&*engine.store, &id).await?;
        if let Err(reason) = can_undo::<W>(&found, &history, &*engine.settings.codec) {
            return Err(RetryRollbackError::Unable { run: id, reason });
        }
        engine.store.retry_rollback(&id, self.request()).await?;
        engine.wake();
        Ok(())
    }

    /// Removes the runs of this workflow that ended longer ago than `ended_longer_ago`, with their histories, and returns
    /// their number.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// let month = Duration::from_hours(30 * 24);
    /// let purged = runner.purge(month).await?;
    /// println!("{purged} orders are removed");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`StoreError`] if the store does not answer. Runs that were removed by then stay removed.
    ///
    /// # Cancel safety
    /// Dropping the future may leave some of the runs in the store.
    pub async fn purge(&self, ended_longer_ago: Duration) -> Result<u64, StoreError> {
        let engine = self.engine();
        let now = engine.settings.clock.now();
        let ended_before = now
            .checked_sub(ended_longer_ago)
            .unwrap_or(SystemTime::UNIX_EPOCH);
        let mut purged = 0;
        loop {
            let purge = Purge {
                workflow: Some(W::NAME.to_owned()),
                ended_before,
                limit: PAGE,
            };
            let count = engine.store.purge(purge).await?;
            purged += count;
            if count < PAGE as u64 {
                return Ok(purged);
            }
        }
    }

    /// Shuts the runner down: no run is claimed or started any more, and the runs that it drives stop at their next
    /// boundary, which is a recorded transition, or a wait between two attempts. Runs that do not reach a boundary
    /// `within` this time are stopped in place. All of them wait in the store for the next launch. The store has
    /// 5 seconds more to take them back, and branches that compute have them to end; a run that is not taken back by then
    /// waits until its lease has passed.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// // On SIGTERM, handlers have 20 seconds to return.
    /// runner.shut_down(Duration::from_secs(20)).await;
    /// let refused = runner.start("o-43", OrderInput { customer: 7 }, Placed).await;
    /// assert!(matches!(refused, Err(StartError::ShutDown)));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Cancel safety
    /// Dropping the future leaves the runner draining.
    pub async fn shut_down(&self, within: Duration) {
        self.engine().shut_down(within).await;
    }
}

/// Returns the id that was given, if it is one.
fn valid(id: impl IntoRunId) -> Result<RunId, StoreError> {
    id.into_run_id().map_err(StoreError::Id)
}

/// The number of rows that are read at a time.
const PAGE: usize = 1_000;

/// Reads the complete history of a run.
async fn history(store: &dyn Store, run: &RunId) -> Result<Vec<HistoryRow>, StoreError> {
    let mut history: Vec<HistoryRow> = Vec::new();
    loop {
        let from = history.last().map_or(0, |last| last.number + 1);
        let page = store.history(run, from, PAGE).await?;
        let is_last = page.len() < PAGE;
        history.extend(page);
        if is_last {
            return Ok(history);
        }
    }
}

impl<W> Clone for Runner<W> {
    fn clone(&self) -> Self {
        Runner {
            engine: Arc::clone(&self.engine),
            by: self.by.clone(),
            workflow: PhantomData,
        }
    }
}

impl<W: Workflow> fmt::Debug for Runner<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner")
            .field("workflow", &W::GRAPH.name)
            .finish_non_exhaustive()
    }
}
