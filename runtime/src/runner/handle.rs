//! The handle of a stored run.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::sleep;

use super::ends::Notice;
use super::engine::Engine;
use super::error::{EndError, NotUndone, RunFailure, RunRollback};
use super::info::RunInfo;
use super::rollback::{left, undo_entry};
use crate::payload::codec::{Codec, CodecError, guarded};
use crate::payload::durable::Durable;
use crate::run::RunId;
use crate::store::{Event, Found, RunRow, Status, StoreError};

/// A handle of a stored run: cheap to clone, and dropping it does not affect the run.
///
/// ```
#[doc = include_str!("example.md")]
/// let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
/// run.deliver("Ada".to_owned()).await?;
/// assert!(matches!(run.end().await?, OrderEnd::Delivered(_)));
/// # Ok(())
/// # }
/// ```
///
/// [`Runner::start`](super::Runner::start) and [`Runner::get`](super::Runner::get) return one. If the run was purged and another
/// one started with its id, the handle leads to the new run; [`changes`](Run::changes), [`reached`](Run::reached) and signals
/// fail with `NotFound`.
pub struct Run<W> {
    engine: Arc<Engine>,
    id: RunId,
    /// The run that had the id when this was made.
    incarnation: u64,
    /// True if the run was added when this was made.
    is_new: bool,
    workflow: PhantomData<fn() -> W>,
}

impl<W> Run<W> {
    /// Returns the handle of a run that exists.
    pub(super) fn known(engine: Arc<Engine>, id: RunId, incarnation: u64) -> Self {
        Run::started(engine, id, incarnation, false)
    }

    pub(super) fn started(engine: Arc<Engine>, id: RunId, incarnation: u64, is_new: bool) -> Self {
        Run {
            engine,
            id,
            incarnation,
            is_new,
            workflow: PhantomData,
        }
    }

    /// Returns true if the [`start`](super::Runner::start) that returned this handle has added the run, and false if the run
    /// existed.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
    /// if !run.is_new() {
    ///     println!("order {} was sent twice", run.id());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// Returns the id that the run was started with.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
    /// assert_eq!(run.id().text(), "o-42");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn id(&self) -> &RunId {
        &self.id
    }

    pub(super) fn incarnation(&self) -> u64 {
        self.incarnation
    }

    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(super) fn codec(&self) -> &dyn Codec {
        &*self.engine.settings.codec
    }

    async fn find(&self) -> Result<Found, StoreError> {
        let found = self.engine.store.get(&self.id).await?;
        found.ok_or_else(|| StoreError::NotFound {
            run: self.id.clone(),
        })
    }

    /// Returns the run that this is a handle of, and no other that has its id by now.
    pub(super) async fn find_this(&self) -> Result<Found, StoreError> {
        let found = self.find().await?;
        if found.row.incarnation == self.incarnation {
            return Ok(found);
        }
        let run = self.id.clone();
        Err(StoreError::NotFound { run })
    }

    /// Returns a snapshot of the run: its status and state, its failed attempts since then, and the time it is due.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// # let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
    /// # let _ = run.reached(|order| matches!(order, AnyOrder::Charged(_))).await?;
    /// use stateway::store::Status;
    ///
    /// let info = run.info().await?;
    /// assert_eq!((info.status, &*info.state), (Status::Running, "Charged"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`StoreError`] if the store does not answer, or does not have the run any more.
    ///
    /// # Cancel safety
    /// Dropping the future changes nothing.
    pub async fn info(&self) -> Result<RunInfo, StoreError> {
        Ok(RunInfo::found(self.find().await?, &self.engine.settings))
    }
}

impl<W: Durable> Run<W> {
    /// Returns the machine as it was last recorded, with its typestate.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// # let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
    /// # let _ = run.reached(|order| matches!(order, AnyOrder::Charged(_))).await?;
    /// match run.state().await? {
    ///     AnyOrder::Charged(order) => assert_eq!(order.city, "Oslo"),
    ///     _ => println!("not charged, or delivered already"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Moving this machine by hand changes nothing in the store.
    ///
    /// # Errors
    /// [`EndError::Store`] if the store does not answer, or does not have the run any more, and
    /// [`EndError::Codec`] if its input or its state does not decode.
    ///
    /// # Cancel safety
    /// Dropping the future changes nothing.
    pub async fn state(&self) -> Result<W::Any, EndError> {
        let found = self.find().await?;
        Ok(self.machine(&found.input, &found.row.state, &found.payload)?)
    }

    /// Decodes the machine.
    pub(super) fn machine(
        &self,
        input: &[u8],
        state: &str,
        payload: &[u8],
    ) -> Result<W::Any, Undecoded> {
        let codec = self.codec();
        let input = guarded(|| W::decode_input(input, codec)).map_err(|error| {
            let error = CodecError::new(format!("its input: {error}"));
            self.undecoded(state, error)
        })?;
        let state = self.decode(state, payload)?;
        Ok(W::gather(&mut Some(input), &mut Some(state)))
    }

    /// Waits until the run has ended, and returns the final state.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// # let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
    /// # run.deliver("Ada".to_owned()).await?;
    /// match run.end().await {
    ///     Ok(OrderEnd::Delivered(delivered)) => println!("signed by {}", delivered.signed_by),
    ///     Err(EndError::Failed(failure)) => println!("{failure}"),
    ///     Err(error) => return Err(error.into()),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// If another process drives the run, or nobody does because no program knows its version or because it is
    /// [paused](super::Runner::pause), this waits, and looks into the store now and then.
    ///
    /// # Errors
    /// [`EndError::Failed`] if the run did not end in one of its final states, or could not be undone completely. A run that
    /// ended in a `failed` state and was undone has ended as declared: that is `Ok`. [`EndError::Parked`] if the run is
    /// parked, and [`EndError::ShutDown`] if the runner is shut down before the run has ended.
    ///
    /// # Cancel safety
    /// Dropping the future changes nothing.
    pub async fn end(&self) -> Result<W::End, EndError> {
        let settings = &self.engine.settings;
        loop {
            // Anew each time: the last notice closes what was heard of.
            let mut notice = self.engine.ends.hear(&self.id);
            if self.engine.drives(&self.id) {
                let heard = tokio::select! {
                    heard = heard(&mut notice) => heard,
                    () = self.engine.stopped() => None,
                };
                if let Some(end) = heard.filter(|end| end.incarnation == self.incarnation) {
                    return self.ended_in(&end.state, &end.payload);
                }
            }
            let found = match self.find().await {
                Ok(found) => found,
                Err(StoreError::Unavailable { .. }) if !self.engine.is_closed() => {
                    sleep(self.engine.settings.poll).await;
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let run = || self.id.clone();
            match found.row.status {
                Status::Done => return self.ended_in(&found.row.state, &found.payload),
                Status::Failed | Status::Cancelled | Status::Terminated => {
                    return self.failed(found).await;
                }
                Status::Parked => {
                    let reason = found
                        .row
                        .parked
                        .map(|reason| settings.read_text(&reason))
                        .unwrap_or_default();
                    return Err(EndError::Parked { run: run(), reason });
                }
                Status::Running | Status::RollingBack | Status::Paused
                    if self.engine.is_closed() =>
                {
                    return Err(EndError::ShutDown { run: run() });
                }
                Status::Running | Status::RollingBack | Status::Paused => {}
            }
            tokio::select! {
                _ = notice.changed() => {}
                () = sleep(self.engine.settings.poll) => {}
                () = self.engine.stopped() => {}
            }
        }
    }

    /// Returns the transitions that the rollback of the run has undone so far, and those that it could not undo.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// # let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
    /// # let _ = run.reached(|order| matches!(order, AnyOrder::Charged(_))).await?;
    /// # runner.cancel("o-42").await?;
    /// # assert!(run.end().await.is_err());
    /// let rollback = run.rollback().await?;
    /// for undone in &rollback.undone {
    ///     println!("`{undone}` was undone by `{}`", undone.handler);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [`EndError::Failed`] has the same. This is for a run that has ended in a `failed` state as declared, and for one that is
    /// being rolled back: `skipped` are then the transitions that follow. For a run that goes forward, or is done, all is empty.
    ///
    /// # Errors
    /// [`StoreError`] if the store does not answer, or does not have the run any more.
    ///
    /// # Cancel safety
    /// Dropping the future changes nothing.
    pub async fn rollback(&self) -> Result<RunRollback, StoreError> {
        let found = self.find().await?;
        self.rolled_back(&found.row).await
    }

    fn decode(&self, state: &str, payload: &[u8]) -> Result<W::State, Undecoded> {
        let position = W::GRAPH.states.iter().position(|it| it.name == state);
        let unknown = || CodecError::new(format!("`{}` has no such state", W::GRAPH.name));
        let codec = &*self.engine.settings.codec;
        let decoded = guarded(|| W::decode(position.ok_or_else(unknown)?, payload, codec));
        decoded.map_err(|error| self.undecoded(state, error))
    }

    fn undecoded(&self, state: &str, source: CodecError) -> Undecoded {
        Undecoded {
            run: self.id.clone(),
            state: state.to_owned(),
            source,
        }
    }

    /// Decodes the end of a run in one of its final states.
    fn ended_in(&self, state: &str, payload: &[u8]) -> Result<W::End, EndError> {
        let end = W::end(&mut Some(self.decode(state, payload)?));
        let no_end = || CodecError::new("it is no final state");
        let (end, _) = end.ok_or_else(|| self.undecoded(state, no_end()))?;
        Ok(end)
    }

    /// Returns the end of a run that did not end well.
    async fn failed(&self, found: Found) -> Result<W::End, EndError> {
        let report = self.report(&found.row).await?;
        if report.failure.is_none() && report.rollback.is_complete() {
            return self.ended_in(&found.row.state, &found.payload);
        }
        Err(EndError::Failed(Box::new(report)))
    }

    /// Reports how a run ended.
    async fn report(&self, row: &RunRow) -> Result<RunFailure, StoreError> {
        let failure = row.failure.clone();
        Ok(RunFailure {
            workflow: row.workflow.clone().into_owned(),
            run: row.id.clone(),
            state: row.state.clone().into_owned(),
            failure: failure.map(|failure| self.engine.settings.read_failure(failure)),
            rollback: self.rolled_back(row).await?,
        })
    }

    /// Reads the effects of its rollback from its history.
    async fn rolled_back(&self, row: &RunRow) -> Result<RunRollback, StoreError> {
        let settings = &self.engine.settings;
        let mut report = RunRollback::default();
        let is_nothing_undone = row.undo_before == u64::MAX && row.undos == 0;
        let goes_forward = !row.rolls_back && row.status != Status::Terminated;
        if is_nothing_undone || goes_forward {
            return Ok(report);
        }
        let mut history = super::history(&*self.engine.store, &self.id).await?;
        // Its rollback may have been retried since.
        history.retain(|it| it.number <= row.rows);
        let of = |number: u64| {
            let found = history.binary_search_by_key(&number, |row| row.number);
            found
                .ok()
                .and_then(|at| undo_entry::<W>(&history[at].event))
        };
        let (mut undone, mut failed) = (BTreeSet::new(), BTreeMap::new());
        for row in &history {
            match &row.event {
                Event::Undone { of, .. } => {
                    undone.insert(*of);
                }
                Event::NotUndone {
                    of,
                    attempts,
                    cause,
                } => {
                    failed.insert(*of, (*attempts, cause));
                }
                Event::RollbackRetried => failed.clear(),
                _ => {}
            }
        }
        let skipped = left(&history).filter(|row| !failed.contains_key(&row.number));
        report.skipped = skipped
            .filter_map(|row| undo_entry::<W>(&row.event))
            .collect();
        report.undone = undone.into_iter().rev().filter_map(of).collect();
        let failed = failed
            .into_iter()
            .rev()
            .filter_map(|(number, (attempts, cause))| {
                Some(NotUndone {
                    entry: of(number)?,
                    attempts,
                    cause: settings.read_text(cause),
                })
            });
        report.failed = failed.collect();
        Ok(report)
    }
}

/// A state, or the input, that does not decode.
pub(super) struct Undecoded {
    pub(super) run: RunId,
    pub(super) state: String,
    pub(super) source: CodecError,
}

impl From<Undecoded> for EndError {
    fn from(error: Undecoded) -> Self {
        let Undecoded { run, state, source } = error;
        EndError::Codec { run, state, source }
    }
}

/// Waits for the next notice.
async fn heard(notice: &mut watch::Receiver<Notice>) -> Notice {
    notice.changed().await.ok()?;
    notice.borrow().clone()
}

impl<W> Clone for Run<W> {
    fn clone(&self) -> Self {
        Run {
            engine: Arc::clone(&self.engine),
            id: self.id.clone(),
            incarnation: self.incarnation,
            is_new: self.is_new,
            workflow: PhantomData,
        }
    }
}

impl<W> fmt::Debug for Run<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
