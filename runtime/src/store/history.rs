//! The history of a run.

use std::time::SystemTime;

use super::{Failure, LeftMessage, Name, Source, Stop, Text};

/// One thing that happened to a run, and its meaning for the row of the run.
///
/// ```
#[doc = include_str!("../runner/example.md")]
/// # let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
/// # let _ = run.reached(|order| matches!(order, AnyOrder::Charged(_))).await?;
/// # runner.cancel("o-42").await?;
/// # assert!(run.end().await.is_err());
/// use stateway::store::Event;
///
/// for row in runner.history("o-42").await? {
///     match row.event {
///         Event::Transition { transition, state, .. } => println!("`{transition}` led to {state}"),
///         Event::StopAsked { stop } => println!("{stop}, by {}", row.by.unwrap_or_default()),
///         Event::Undone { of, .. } => println!("the transition of row {of} was undone"),
///         _ => {}
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// The run was started.
    Started {
        /// The state that it began in.
        state: Name,
    },
    /// A transition was taken: the row has this state, payload and visit, entered now, and no crashes.
    Transition {
        /// The name of the transition.
        transition: Name,
        /// True if the transition is an internal one: the run stays in its state, and [`RunRow::entered`](super::RunRow::entered) does
        /// not change.
        internal: bool,
        /// The number of the visit.
        visit: u64,
        /// The version of the declaration under which it was taken.
        version: u32,
        /// The number of calls of its handler.
        attempts: u32,
        /// The id of the message that caused it, if one did.
        message: Option<String>,
        /// The state that it led to.
        state: Name,
        /// The payload of that state, as the codec wrote it. Serde leaves it out.
        #[serde(skip)]
        payload: Vec<u8>,
        /// The answer to the message, as the codec wrote it, if the sender gets one. Serde leaves it out.
        #[serde(skip)]
        answer: Option<Vec<u8>>,
        /// The name of the handler that undoes it, if there is one. One more transition is to be undone then.
        undo: Option<Name>,
    },
    /// A visit has had an effect that can be undone by itself: a branch of a split that was done, or a call whose end nobody knows.
    /// The visit ends with the next row that is not an effect. One more is to be undone. An effect moves nothing: it is recorded
    /// with a [commit](super::Commit::effects), which does.
    Effect {
        /// The name of the step or split.
        transition: Name,
        /// The number of the visit.
        visit: u64,
        /// The branch as it prints, `credit` or `chunk[3]`; `None` for the step itself, whose last call is in doubt.
        branch: Option<String>,
        /// The output of the branch, as the codec wrote it; empty for a call in doubt. Serde leaves it out.
        #[serde(skip)]
        output: Vec<u8>,
        /// The state that the visit was made in.
        state: Name,
        /// The payload of that state. Serde leaves it out.
        #[serde(skip)]
        source: Source,
        /// The name of the handler that undoes it.
        undo: Name,
    },
    /// The rollback began. Everything that has an undo is still to be undone, and there are no crashes.
    RollbackBegan,
    /// The transition or effect with this number in the history was undone, and those before it are still to be. One less
    /// is to be undone, and there are no crashes.
    Undone {
        /// The number of its history row.
        of: u64,
        /// The number of calls of the handler.
        attempts: u32,
    },
    /// The transition or effect with this number in the history could not be undone, and those before it are still to be. One less
    /// is to be undone, and there are no crashes.
    NotUndone {
        /// The number of its history row.
        of: u64,
        /// The number of calls of the handler.
        attempts: u32,
        /// The error of the last attempt.
        cause: Text,
    },
    /// The run was parked.
    Parked {
        /// The reason.
        reason: Text,
    },
    /// The run was asked to stop. It moves nothing: the holder of the run continues with the sequence that it knows.
    StopAsked {
        /// The way to stop.
        stop: Stop,
    },
    /// The run was unparked.
    Unparked,
    /// The run was asked to pause. It moves nothing: the holder, if there is one, continues to its next boundary with the
    /// sequence that it knows. If nobody holds the run, it is paused from here on.
    PauseAsked,
    /// The request to pause was withdrawn before the run had reached a boundary. It moves nothing.
    PauseWithdrawn,
    /// The last attempt has failed, and the run is paused (`else pause`). The notes about the visit are dropped, so its attempts
    /// begin anew when it is resumed; the outputs of branches that have an [effect](super::EffectNote) are kept.
    Paused,
    /// The run was resumed after a pause.
    Resumed,
    /// The run was asked to make its next attempt at once. It moves nothing.
    RetryAsked,
    /// The run ended without another transition.
    Ended,
    /// The rollback was retried after the run had ended. Transitions that were not undone are still to be undone, and those that
    /// were are not undone again.
    RollbackRetried,
}

/// One row of the history of a run.
///
/// ```
#[doc = include_str!("../runner/example.md")]
/// # let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
/// # let _ = run.reached(|order| matches!(order, AnyOrder::Charged(_))).await?;
/// for row in runner.history("o-42").await? {
///     // Serde writes a row as one object.
///     println!("{}", serde_json::to_string(&row)?);
///     for attempt in row.failed_attempts {
///         println!("  attempt {} failed: {}", attempt.number, attempt.error);
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct HistoryRow {
    /// The number of the row. Rows are counted from 0, without a gap.
    pub number: u64,
    /// The time of the event.
    pub at: SystemTime,
    /// The event.
    #[serde(flatten)]
    pub event: Event,
    /// The failure of the run, if this row records it.
    pub failure: Option<Failure>,
    /// The name of the operator who asked for it, as [`Runner::by`](crate::Runner::by) gave it.
    pub by: Option<String>,
    /// The failed attempts of the visit that ends with this row, the last ones if there were many.
    pub failed_attempts: Vec<FailedAttempt>,
    /// The messages that no state has taken, if the run ends here; the [oldest](LeftMessage::MOST) if there are many.
    pub left: Vec<LeftMessage>,
}

/// An attempt that failed, and was not the end of its visit, because another attempt, a `catch` or a split followed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FailedAttempt {
    /// The branch that it was made for; `None` if it was made for the transition or the undo itself.
    pub branch: Option<String>,
    /// Its number, counted from 1.
    pub number: u32,
    /// The time it failed.
    pub at: SystemTime,
    /// The text of its error; the beginning, if that is long.
    pub error: Text,
}

/// A request to a run from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The time of the request.
    pub at: SystemTime,
    /// The name of the one who asks, for the history.
    pub by: Option<String>,
}

impl From<SystemTime> for Request {
    fn from(at: SystemTime) -> Self {
        Request { at, by: None }
    }
}

impl Event {
    /// Returns true if it counts up the sequence of the run.
    #[must_use]
    pub fn moves(&self) -> bool {
        !matches!(
            self,
            Event::Effect { .. }
                | Event::StopAsked { .. }
                | Event::PauseAsked
                | Event::PauseWithdrawn
                | Event::RetryAsked
        )
    }

    /// Returns true if the visit continues after it, so that all notes about it have to be kept. Some may have to be kept
    /// otherwise too: see [`keeps`](Event::keeps).
    #[must_use]
    pub fn keeps_notes(&self) -> bool {
        matches!(self, Event::Parked { .. }) || !self.moves()
    }
}

impl HistoryRow {
    /// Returns true for a transition that has an undo, and for an effect.
    #[must_use]
    pub fn is_undoable(&self) -> bool {
        matches!(
            &self.event,
            Event::Transition { undo: Some(_), .. } | Event::Effect { .. }
        )
    }

    /// Returns the number of the row that was undone, if this row says so.
    #[must_use]
    pub fn undone(&self) -> Option<u64> {
        match self.event {
            Event::Undone { of, .. } => Some(of),
            _ => None,
        }
    }
}
