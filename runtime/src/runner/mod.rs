//! Runs that are stored, and outlive the process.

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

/// Drives the stored runs of one workflow. For those of several see [`Runners`].
///
/// It is made by [`builder`](Runner::builder) and [`launch`](Builder::launch), and may be cloned: all clones are
/// the same runner. When the last is dropped, everything stops where it is, as if the process had died;
/// [`shut_down`](Runner::shut_down) lets what is under way come to its next boundary.
pub struct Runner<W> {
    engine: Arc<StopOnDrop>,
    /// Who asks, for the history.
    by: Option<Arc<str>>,
    workflow: PhantomData<fn() -> W>,
}

/// What stops the engine when the last runner goes.
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

    /// Names who is behind what is asked of this runner: [`cancel`](Runner::cancel), [`terminate`](Runner::terminate),
    /// [`pause`](Runner::pause), [`resume`](Runner::resume), [`retry_now`](Runner::retry_now), [`unpark`](Runner::unpark) and
    /// [`retry_rollback`](Runner::retry_rollback). The history of the run says so ([`HistoryRow::by`]), in plain text.
    ///
    /// ```no_run
    /// # use stateway::{Durable, Runner};
    /// # async fn cancel<W: Durable>(runner: Runner<W>) -> Result<(), Box<dyn std::error::Error>> {
    /// runner.by("operator 7").cancel("o-42").await?;
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
    /// Something that is asked now, by whoever the runner was told.
    fn request(&self) -> Request {
        Request {
            at: self.engine().settings.clock.now(),
            by: self.by.as_deref().map(str::to_owned),
        }
    }

    fn engine(&self) -> &Arc<Engine> {
        &self.engine.0
    }

    /// Starts a run in one of the start states of its workflow. It is stored when what this gives has been awaited, and
    /// driven from then on; before that more can be said of it: [`Start`].
    ///
    /// A run that exists with this id, the same input and the same start state is returned, wherever it is by now. So
    /// starting the same run twice is safe; [`Run::is_new`] tells which it was.
    ///
    /// Inputs and start states are the same if they are equal by `PartialEq`, which `#[derive(PartialEq)]` on the workflow
    /// gives them. Without it they are compared as JSON: then a list in another order is another input, and a `HashSet` in
    /// another order is not. What nests deeper than a codec reads, which is 127 levels for [`Json`](crate::Json), is not
    /// started.
    ///
    /// # Errors
    /// [`StartError`], which says what is wrong and whether something may have been stored.
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

    /// The run with this id; `None` if there is none of this workflow.
    ///
    /// # Errors
    /// [`StoreError`] if the store does not say.
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

    /// Sends a signal by its name: for HTTP and command lines. The JSON is what the signal carries, and is decoded and checked
    /// before anything is stored; of a signal that carries nothing it is empty or `null`.
    ///
    /// ```no_run
    /// # use stateway::{Durable, Runner, SignalError};
    /// # async fn approve<W: Durable>(runner: &Runner<W>, body: &[u8]) -> Result<(), SignalError> {
    /// runner.signal_json("o-42", "approve", body).message_id("request-17").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`SignalError`]: of HTTP, `Id`, `Unknown` and `NotFound` are 404, `Ended`, `NeverAccepted` and `NotAcceptedNow` 409, and
    /// `Payload` 422.
    pub fn signal_json(
        &self,
        id: impl IntoRunId,
        signal: impl Into<String>,
        json: impl Into<Vec<u8>>,
    ) -> SignalJson<'_, W> {
        let id = id.into_run_id();
        SignalJson::new(self, id, signal.into(), json.into())
    }

    /// The runs of this workflow that pass the filter, in the order of their ids or the newest first; as many as its `limit` says, which
    /// is 100 if nothing is said.
    ///
    /// # Errors
    /// [`StoreError`] if the store does not say.
    pub async fn list(&self, filter: Filter) -> Result<Vec<RunInfo>, StoreError> {
        let workflow = Some(W::NAME.to_owned());
        let filter = Filter { workflow, ..filter };
        let rows = self.engine().store.list(filter).await?.into_iter();
        let settings = &self.engine().settings;
        Ok(rows.map(|row| RunInfo::listed(row, settings)).collect())
    }

    /// How many runs of this workflow pass the filter, by status and state, whatever its limit and its order.
    ///
    /// # Errors
    /// [`StoreError`] if the store does not say.
    pub async fn count(&self, filter: Filter) -> Result<Vec<RunCount>, StoreError> {
        let workflow = Some(W::NAME.to_owned());
        let filter = Filter { workflow, ..filter };
        self.engine().store.count(filter).await
    }

    /// Everything that happened to a run, from its start on.
    ///
    /// # Errors
    /// [`StoreError`] if the store does not say, or has no such run.
    pub async fn history(&self, id: impl IntoRunId) -> Result<Vec<HistoryRow>, StoreError> {
        let id = valid(id)?;
        self.find(&id).await?;
        let history = history(&*self.engine().store, &id).await?.into_iter();
        let settings = &self.engine().settings;
        Ok(history.map(|row| settings.read_history(row)).collect())
    }

    /// A run of this workflow.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for a run of another.
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
    /// A boundary is a recorded transition, or the wait between two attempts; the handler under way learns of it by its
    /// [`cancellation`](crate::Step::cancellation) and is not dropped. If it goes on and leads to a final state, the
    /// run ends there: a cancellation that comes while the last handler runs undoes nothing, and the run is
    /// [`Done`](crate::store::Status::Done). A rollback is never cancelled.
    ///
    /// If another runner drives the run, that one hears of it with its next heartbeat, after a third of its
    /// [lease](Builder::lease) at most. A parked run is cancelled when it goes on, and a paused one at once. The run stays in the store, as
    /// [`Cancelled`](crate::store::Status::Cancelled) in the end.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Ended`], or that the store does not answer.
    pub async fn cancel(&self, id: impl IntoRunId) -> Result<(), StoreError> {
        self.stop(&valid(id)?, Stop::Cancel).await
    }

    /// Terminates a run: the handler under way is dropped where it waits, and nothing is undone. A run that
    /// is parked ends as well, whatever it is parked for: also one that cannot be read, of which the store has nothing
    /// but the reason then.
    ///
    /// # Errors
    /// Those of [`cancel`](Runner::cancel).
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

    /// Lets a parked run go on, in the state it was parked in.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::NotParked`], or that the store does not answer.
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

    /// Rolls a run back again that has ended and was not undone as a whole. The undo handlers of the transitions that were
    /// not undone are called, the last transition first, with their retries and timeouts anew and with the
    /// [keys](crate::Undo::key) that they had before. Handlers that have undone theirs are never called again. The request is
    /// stored when this returns.
    ///
    /// It is for a run of which an undo failed for good ([`RunInfo::not_undone`], [`Filter::not_undone`]), when somebody has
    /// seen to why, and for a run that was terminated, of which nothing was undone from then on. What its last handler had
    /// begun when it was terminated was not recorded, and is not undone.
    ///
    /// The run ends again in the status and with the failure that it had; if its rollback was terminated, in the status that
    /// it would have had without that. What is not undone then can be tried again. Until it ends again, it has not ended:
    /// [`end`](Run::end) waits for it, a second [`start`](Runner::start) gives it, [`purge`](Runner::purge) spares it, and
    /// it can be terminated.
    ///
    /// ```no_run
    /// # use stateway::{Durable, Runner, store::Filter};
    /// # async fn retry<W: Durable>(runner: Runner<W>) -> Result<(), Box<dyn std::error::Error>> {
    /// let not_undone = Filter::new().not_undone();
    /// for row in runner.list(not_undone).await? {
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

    /// Removes the runs of this workflow that ended longer ago than this, with their histories, and says
    /// how many they were.
    ///
    /// # Errors
    /// [`StoreError`] if the store does not answer. What was removed by then is.
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

    /// Shuts the runner down: no run is claimed or started any more, and those under way stop at their next
    /// boundary, which is a recorded transition, or a wait between two attempts. What has not come that far
    /// `within` this time is stopped where it is. All of them wait in the store for the next launch. The store is
    /// given 5 seconds more to take them back, and branches that compute to end; what it has not taken by then waits until
    /// its lease has passed.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the runner draining.
    pub async fn shut_down(&self, within: Duration) {
        self.engine().shut_down(within).await;
    }
}

/// The id that was given.
fn valid(id: impl IntoRunId) -> Result<RunId, StoreError> {
    id.into_run_id().map_err(StoreError::Id)
}

/// So many rows are asked for at a time.
const PAGE: usize = 1_000;

/// The whole history of a run.
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
