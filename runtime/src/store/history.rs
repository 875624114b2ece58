//! What has happened to a run.

use std::time::SystemTime;

use super::{Failure, LeftMessage, Name, Source, Stop, Text};

/// What happened to a run, and what it means for its row.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// It was started.
    Started {
        /// The state that it began in.
        state: Name,
    },
    /// A transition was taken: the row has this state, payload and visit, entered now, and no crashes.
    Transition {
        /// The name of the transition.
        transition: Name,
        /// True if the transition is an internal one: the run stays in its state, and [`RunRow::entered`](super::RunRow::entered) is as it was.
        internal: bool,
        /// The number of the visit.
        visit: u64,
        /// The version of the declaration under which it was taken.
        version: u32,
        /// How often its handler was called.
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
        /// The name of the handler that undoes it, if there is one: one more is to be undone then.
        undo: Option<Name>,
    },
    /// The visit that ends with the next row which is none of these has had an effect that can be undone by itself: a branch of a split
    /// that was done, or a call whose end nobody knows. One more is to be undone. It moves nothing: it is recorded with a
    /// [commit](super::Commit::effects), which does.
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
    /// The rollback began: everything that has an undo is still to be undone, and there are no crashes.
    RollbackBegan,
    /// The transition or effect with this number in the history was undone, and those before it are still to be: one less
    /// is to be undone, and there are no crashes.
    Undone {
        /// The number of its history row.
        of: u64,
        /// How often the handler was called.
        attempts: u32,
    },
    /// The same, but it could not be undone.
    NotUndone {
        /// The number of its history row.
        of: u64,
        /// How often the handler was called.
        attempts: u32,
        /// The error of the last attempt.
        cause: Text,
    },
    /// It was parked.
    Parked {
        /// Why.
        reason: Text,
    },
    /// It was asked to stop. It moves nothing: whoever holds the run goes on with the sequence that it knows.
    StopAsked {
        /// How.
        stop: Stop,
    },
    /// Somebody let it go on.
    Unparked,
    /// It was asked to pause. It moves nothing: if somebody holds the run, that holder goes on to its next boundary with the
    /// sequence that it knows. If nobody does, the run is paused from here on.
    PauseAsked,
    /// The request to pause was taken back before the run had come to a boundary. It moves nothing.
    PauseWithdrawn,
    /// The last attempt has failed, and the run is paused (`else pause`). The notes about the visit are dropped, so its attempts
    /// begin anew when it is resumed, but for the outputs of branches that have an [effect](super::EffectNote).
    Paused,
    /// Somebody let it go on after it was paused.
    Resumed,
    /// It was asked to make its next attempt at once. It moves nothing.
    RetryAsked,
    /// It ended without another transition.
    Ended,
    /// Somebody let it be rolled back again after it had ended: what was not undone is still to be undone, and what was
    /// is not undone again.
    RollbackRetried,
}

/// One row of the history of a run.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct HistoryRow {
    /// Its number: they are counted from 0, without a gap.
    pub number: u64,
    /// When it happened.
    pub at: SystemTime,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
    /// Why the run fails, if this is where that was recorded.
    pub failure: Option<Failure>,
    /// Who asked for it, if an operator did and said so.
    pub by: Option<String>,
    /// The attempts of the visit that ends with it which had failed before, the last ones if there were many.
    pub failed_attempts: Vec<FailedAttempt>,
    /// The messages that the run leaves, if it ends here: no state has taken them. The [oldest](LeftMessage::MOST), if there are
    /// many.
    pub left: Vec<LeftMessage>,
}

/// An attempt that failed, and was not the end of its visit: another was made, a `catch` or a split went on.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FailedAttempt {
    /// The branch that it was made for; `None` for the transition, or the undo, as a whole.
    pub branch: Option<String>,
    /// Its number, counted from 1.
    pub number: u32,
    /// When it had failed.
    pub at: SystemTime,
    /// What it failed with: the beginning, where that is long.
    pub error: Text,
}

/// When something is asked of a run from outside, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// When.
    pub at: SystemTime,
    /// Who is behind it. It is in the history then.
    pub by: Option<String>,
}

impl From<SystemTime> for Request {
    fn from(at: SystemTime) -> Self {
        Request { at, by: None }
    }
}

impl Event {
    /// Whether it counts up the sequence of the run.
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

    /// Returns true if the visit goes on after it, so that all that is known of it has to be kept. Some of that may have to be kept
    /// anyway: see [`keeps`](Event::keeps).
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

    /// Returns the number of the row that it says was undone.
    #[must_use]
    pub fn undone(&self) -> Option<u64> {
        match self.event {
            Event::Undone { of, .. } => Some(of),
            _ => None,
        }
    }
}
