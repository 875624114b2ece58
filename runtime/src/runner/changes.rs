//! The states of a run, one after the other.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;

use super::handle::{Run, Undecoded};
use crate::payload::codec::CodecError;
use crate::payload::durable::Durable;
use crate::run::RunId;
use crate::store::{Event, HistoryRow, Status, StoreError};

/// The states of a run in the order in which it comes to them, each with its typestate.
///
/// It is made by [`Run::changes`]. It reads the history, so no state is missed, also if the run is fast or another process drives it.
/// Of a transition that [stays](crate::TransitionInfo::is_internal) there is the state as it has changed.
///
/// ```no_run
/// # use stateway::{Durable, runner::{Run, WatchError}};
/// # async fn watch<W: Durable>(run: Run<W>) -> Result<(), WatchError> {
/// let mut changes = run.changes().await?;
/// while let Some(order) = changes.next().await? {
///     // A `match` over `AnyOrder`.
/// }
/// # Ok(())
/// # }
/// ```
pub struct Changes<W: Durable> {
    run: Run<W>,
    /// The input of the run, as it is stored.
    input: Vec<u8>,
    /// The state that it begins with, until that was given.
    first: Option<W::Any>,
    /// The rows that were read and not looked at.
    rows: VecDeque<HistoryRow>,
    /// The number of the first row that was not read.
    next: u64,
    /// The status of a run that has ended, once all rows were read.
    ended: Option<Status>,
}

/// Why a run is not in the state that was waited for.
#[derive(Debug)]
#[non_exhaustive]
pub enum WatchError {
    /// It has ended, and did not come to it.
    Ended {
        /// The run.
        run: RunId,
        /// How.
        status: Status,
    },
    /// It is parked: it goes on when somebody has seen to it and calls [`unpark`](super::Runner::unpark).
    Parked {
        /// The run.
        run: RunId,
        /// Why.
        reason: String,
    },
    /// The runner is shut down.
    ShutDown {
        /// The run.
        run: RunId,
    },
    /// A state, or the input, does not decode.
    Codec {
        /// The run.
        run: RunId,
        /// The state.
        state: String,
        /// Why.
        source: CodecError,
    },
    /// Rows that had not been read were removed from the history, which the declaration bounds by `#[durable(history = ..)]`: states
    /// were missed. If it is asked again, it goes on with the next one that is there.
    Missed {
        /// The run.
        run: RunId,
        /// How many rows.
        rows: u64,
    },
    /// The run was purged, or another has its id by now.
    NotFound {
        /// The run.
        run: RunId,
    },
    /// The store does not say.
    Store(StoreError),
}

/// The number of rows that are read at a time.
const PAGE: usize = 64;

impl<W: Durable> Run<W> {
    /// Follows the run: its states from the one that it is in.
    ///
    /// # Errors
    /// [`WatchError`].
    pub async fn changes(&self) -> Result<Changes<W>, WatchError> {
        let found = self.find_this().await?;
        let row = &found.row;
        let first = self.machine(&found.input, &row.state, &found.payload)?;
        Ok(Changes {
            run: self.clone(),
            first: Some(first),
            rows: VecDeque::new(),
            next: row.rows.saturating_add(1),
            ended: row.status.is_ended().then_some(row.status),
            input: found.input,
        })
    }

    /// Waits until the run comes to a state that `is_it` is true of: the one that it is in, or one that follows. Gives the machine as
    /// it was there.
    ///
    /// ```no_run
    /// # use stateway::{Durable, runner::{Run, WatchError}};
    /// # async fn wait<W: Durable>(run: Run<W>, is_reserved: fn(&W::Any) -> bool) -> Result<(), WatchError> {
    /// // `|order| matches!(order, AnyOrder::Reserved(_))`
    /// let order = run.reached(is_reserved).await?;
    /// // Where only the wait matters: a machine is not dropped by accident.
    /// let _ = run.reached(is_reserved).await?;
    /// # drop(order);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`WatchError::Ended`] if it ends without, and the others of [`WatchError`].
    ///
    /// # Cancel safety
    /// Dropping the future changes nothing.
    pub async fn reached(&self, is_it: impl Fn(&W::Any) -> bool) -> Result<W::Any, WatchError> {
        let mut changes = self.changes().await?;
        loop {
            match changes.step().await? {
                Ok(state) if is_it(&state) => return Ok(state),
                Ok(_) => {}
                Err(status) => {
                    let run = self.id().clone();
                    return Err(WatchError::Ended { run, status });
                }
            }
        }
    }
}

impl<W: Durable> Changes<W> {
    /// Waits for the next state; `None` when the run has ended. The first is the one that the run was in when it was asked for.
    ///
    /// # Errors
    /// [`WatchError`]. It may be asked again.
    ///
    /// # Cancel safety
    /// Dropping the future changes nothing, and loses no state.
    pub async fn next(&mut self) -> Result<Option<W::Any>, WatchError> {
        Ok(self.step().await?.ok())
    }

    /// The next state, or the status that the run has ended in.
    async fn step(&mut self) -> Result<Result<W::Any, Status>, WatchError> {
        if let Some(first) = self.first.take() {
            return Ok(Ok(first));
        }
        loop {
            while let Some(row) = self.rows.pop_front() {
                if let Event::Transition { state, payload, .. } = row.event {
                    let machine = self.run.machine(&self.input, &state, &payload)?;
                    return Ok(Ok(machine));
                }
            }
            if let Some(status) = self.ended {
                return Ok(Err(status));
            }
            self.read().await?;
        }
    }

    /// Reads rows, once there are some or the run has ended.
    async fn read(&mut self) -> Result<(), WatchError> {
        let (run, next) = (&self.run, self.next);
        match run.until(|| look(run, next)).await? {
            News::Rows(rows) => {
                let last = rows.last().map_or(next, |last| last.number);
                let missed = (last.saturating_add(1) - next).saturating_sub(rows.len() as u64);
                self.next = last.saturating_add(1);
                self.rows = rows.into();
                if missed > 0 {
                    let run = self.run.id().clone();
                    return Err(WatchError::Missed { run, rows: missed });
                }
            }
            News::Ended(status) => self.ended = Some(status),
        }
        Ok(())
    }
}

/// The news about a run, since it was looked at.
enum News {
    /// There are rows.
    Rows(Vec<HistoryRow>),
    /// There are none, and there will be none.
    Ended(Status),
}

/// The rows of a run from this one on; nothing if they are still to come.
async fn look<W: Durable>(run: &Run<W>, next: u64) -> Result<Option<News>, WatchError> {
    // Asked first: no rows are added to a run that had ended by then.
    let row = run.find_this().await?.row;
    let rows = run.engine().store.history(run.id(), next, PAGE).await?;
    // Another run may have its id by now, and these be the rows of that one.
    run.find_this().await?;
    if !rows.is_empty() {
        return Ok(Some(News::Rows(rows)));
    }
    match row.status {
        Status::Parked => {
            let settings = &run.engine().settings;
            let reason = row.parked.map(|reason| settings.read_text(&reason));
            Err(WatchError::Parked {
                run: row.id,
                reason: reason.unwrap_or_default(),
            })
        }
        status if status.is_ended() => Ok(Some(News::Ended(status))),
        _ => Ok(None),
    }
}

impl From<StoreError> for WatchError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound { run } => WatchError::NotFound { run },
            error => WatchError::Store(error),
        }
    }
}

impl From<Undecoded> for WatchError {
    fn from(error: Undecoded) -> Self {
        let Undecoded { run, state, source } = error;
        WatchError::Codec { run, state, source }
    }
}

impl<W: Durable> fmt::Debug for Changes<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changes")
            .field("run", self.run.id())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for WatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WatchError::Ended { run, status } => {
                write!(
                    f,
                    "run `{run}` is {}, and did not come to such a state",
                    status.name()
                )
            }
            WatchError::Parked { run, reason } => write!(f, "run `{run}` is parked: {reason}"),
            WatchError::ShutDown { run } => {
                write!(f, "the runner is shut down; run `{run}` is in the store")
            }
            WatchError::Codec { run, state, source } => write!(
                f,
                "state `{state}` of run `{run}`, or its input, does not decode: {source}"
            ),
            WatchError::Missed { run, rows } => write!(
                f,
                "{rows} rows of the history of run `{run}` were removed before they were read: raise `history = ..` of \
                 `#[durable(..)]`, or read sooner"
            ),
            WatchError::NotFound { run } => write!(f, "the store has no such run `{run}` any more"),
            WatchError::Store(error) => error.fmt(f),
        }
    }
}

impl Error for WatchError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            WatchError::Codec { source, .. } => source.source(),
            WatchError::Store(error) => error.source(),
            _ => None,
        }
    }
}
