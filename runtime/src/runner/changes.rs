//! The states of a run, one after the other.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;

use super::handle::{Run, Undecoded};
use crate::payload::codec::CodecError;
use crate::payload::durable::Durable;
use crate::run::RunId;
use crate::store::{Event, HistoryRow, Status, StoreError};

/// The states of a run in the order in which it comes to them, each with its typestate, from [`Run::changes`].
///
/// ```
#[doc = include_str!("example.md")]
/// # let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
/// # run.deliver("Ada".to_owned()).await?;
/// let mut changes = run.changes().await?;
/// while let Some(order) = changes.next().await? {
///     println!("the order is {}", order.state().name);
/// }
/// # Ok(())
/// # }
/// ```
///
/// It reads the history, so no state is missed, also if the run is fast or another process drives it.
/// A transition that [stays](crate::TransitionInfo::is_internal) gives the changed state.
pub struct Changes<W: Durable> {
    run: Run<W>,
    /// The input of the run, as it is stored.
    input: Vec<u8>,
    /// The state that it begins with, until that was returned.
    first: Option<W::Any>,
    /// Rows that were read and not examined.
    rows: VecDeque<HistoryRow>,
    /// The number of the first row that was not read.
    next: u64,
    /// The status of a run that has ended, once all rows were read.
    ended: Option<Status>,
}

/// Why a run did not come to the state that was waited for.
///
/// ```
#[doc = include_str!("example.md")]
/// use stateway::runner::WatchError;
///
/// let run = runner.start("o-42", OrderInput { customer: 0 }, Placed).await?;
/// match run.reached(|order| matches!(order, AnyOrder::Charged(_))).await {
///     Ok(_) => println!("charged"),
///     Err(WatchError::Ended { status, .. }) => println!("never charged: the order is {status}"),
///     Err(error) => return Err(error.into()),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum WatchError {
    /// The run has ended without coming to the state.
    Ended {
        /// The run.
        run: RunId,
        /// The status that it has ended in.
        status: Status,
    },
    /// The run is parked. It continues after [`unpark`](super::Runner::unpark).
    Parked {
        /// The run.
        run: RunId,
        /// The reason why it is parked.
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
        /// The error of the codec.
        source: CodecError,
    },
    /// States were missed, because their rows were removed from the history, which the declaration bounds by
    /// `#[durable(history = ..)]`, before they were read. The next call continues with the next state that is there.
    Missed {
        /// The run.
        run: RunId,
        /// The number of rows.
        rows: u64,
    },
    /// The run was purged, or another has its id by now.
    NotFound {
        /// The run.
        run: RunId,
    },
    /// The store did not answer.
    Store(StoreError),
}

/// The number of rows that are read at a time.
const PAGE: usize = 64;

impl<W: Durable> Run<W> {
    /// Follows the states of the run from the one that it is in.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// # let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
    /// # run.deliver("Ada".to_owned()).await?;
    /// let mut changes = run.changes().await?;
    /// while let Some(order) = changes.next().await? {
    ///     println!("the order is {}", order.state().name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`WatchError`].
    ///
    /// # Cancel safety
    /// Dropping the future changes nothing.
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

    /// Waits until the run comes to a state for which `is_it` returns true: the one that it is in, or one that follows. Returns the
    /// machine as it was there.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// # let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
    /// // A machine is `#[must_use]`, so `let _` says that only the wait matters.
    /// let _ = run.reached(|order| matches!(order, AnyOrder::Charged(_))).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`WatchError::Ended`] if the run ends before, and the others of [`WatchError`].
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
    /// Waits for the next state; `None` when the run has ended. The first is the one that the run was in at [`Run::changes`].
    ///
    /// # Errors
    /// [`WatchError`]. It may be called again.
    ///
    /// # Cancel safety
    /// Dropping the future changes nothing, and loses no state.
    pub async fn next(&mut self) -> Result<Option<W::Any>, WatchError> {
        Ok(self.step().await?.ok())
    }

    /// Returns the next state, or the status that the run has ended in.
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

    /// Reads rows as soon as there are some or the run has ended.
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

/// The news about a run since it was last read.
enum News {
    /// New rows.
    Rows(Vec<HistoryRow>),
    /// The end: there are no more rows.
    Ended(Status),
}

/// Reads the rows of a run from number `next` on; `None` if they are still to come.
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
