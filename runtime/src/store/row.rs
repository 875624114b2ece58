//! The row of a run: where it is, and who may move it.

use std::borrow::Cow;
use std::time::SystemTime;

use super::{IndexEntry, Parent, Text};
use crate::run::RunId;

/// A name of the declaration: borrowed where the program has it, owned where it was read.
pub type Name = Cow<'static, str>;

/// The row of a run: where it is, and who may move it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact that holds or not, whatever the others say"
)]
pub struct RunRow {
    /// The id that it was started with.
    pub id: RunId,
    /// Tells it apart from runs that had its id before, or have it in another store.
    pub incarnation: u64,
    /// The name of its workflow.
    pub workflow: Name,
    /// The version of the declaration that it was started with.
    pub version: u32,
    /// Which of the runs that are due is claimed first: the one with the highest.
    pub priority: i8,
    /// The run that has started it.
    pub parent: Option<Parent>,
    /// What it is found by, beside its state.
    pub index: Vec<IndexEntry>,
    /// How it stands.
    pub status: Status,
    /// The name of the state that it is in.
    pub state: Name,
    /// How often it was moved: by commits, and by whoever let it go on.
    pub sequence: u64,
    /// The number of the last row of its history.
    pub rows: u64,
    /// Rows of its history with a smaller number were [removed](RunRow::removes), but for the first and those of transitions with an
    /// undo and of effects; 0 if all are there.
    pub history_from: u64,
    /// The number of entries that its logs have, all together.
    pub logged: u64,
    /// The number of its last claim. They do not begin with 1: see [`create`](crate::Store::create).
    pub epoch: u64,
    /// The number of the last visit that was recorded; keys are made of it.
    pub visit: u64,
    /// How many transitions and [effects](super::Event::Effect) would have to be undone.
    pub undos: u64,
    /// Transitions and effects with a smaller number in the history are still to be undone, but for those that were undone before the
    /// rollback was [retried](super::Event::RollbackRetried).
    pub undo_before: u64,
    /// How many transitions and effects could not be undone: their undo failed for good, and somebody has to see to each. Those of the
    /// last rollback, if it was [retried](super::Event::RollbackRetried).
    pub not_undone: u64,
    /// Whether its rollback has begun: it never goes forward again.
    pub rolls_back: bool,
    /// How often its holder died while a handler of it may have been under way, since its last commit.
    pub crashes: u32,
    /// Whether it only waits for its next attempt: then the death of its holder says nothing about it.
    pub waits: bool,
    /// When it was started.
    pub started: SystemTime,
    /// When it entered the state that it is in.
    pub entered: SystemTime,
    /// The timers of that state, and its poll, that were at work since then and left the run in it; and the deadline of the workflow, if
    /// it has led the run to a state.
    pub fired: Vec<Fired>,
    /// When the attempts of its visit began anew, if the run was resumed after the last of them had failed (`else pause`).
    pub attempts_since: Option<SystemTime>,
    /// When it is to be looked at; `None` for one that has ended, is parked or paused, or waits for a message.
    pub due: Option<SystemTime>,
    /// Whether it is to stop.
    pub stop: Option<Stop>,
    /// Whether it was asked to pause while somebody held it. The next change by its holder pauses it.
    pub pause_asked: bool,
    /// Whether it was asked to make its next attempt at once, since it waits for that.
    pub retry_asked: bool,
    /// Why it is parked.
    pub parked: Option<Text>,
    /// Why it is, or was, rolled back, unless it had reached a `failed` state; or why it is paused, if its last attempt has
    /// failed (`else pause`).
    pub failure: Option<Failure>,
    /// When it ended.
    pub ended: Option<SystemTime>,
}

/// A timer or a poll that was at work since a run entered its state, and left it there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fired {
    /// The transition.
    pub transition: Name,
    /// When it was due the last time; of a poll, when it was asked.
    pub at: SystemTime,
    /// The number of times that it was at work.
    pub made: u32,
}

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// It goes forward, or waits.
    Running,
    /// What it did is being undone.
    RollingBack,
    /// It stands still until somebody has seen to it.
    Parked,
    /// It stands still until it is [resumed](crate::Store::resume): somebody said so, or its last attempt has failed where
    /// its declaration says `else pause`.
    Paused,
    /// It ended in a `done` state.
    Done,
    /// It failed, or reached a `failed` state, and was rolled back as far as it could be.
    Failed,
    /// It was cancelled and rolled back.
    Cancelled,
    /// It was terminated; nothing was undone from then on.
    Terminated,
}

impl Status {
    /// Whether nothing more happens to such a run, unless its rollback is
    /// [retried](crate::Store::retry_rollback).
    #[must_use]
    pub const fn is_ended(self) -> bool {
        matches!(
            self,
            Status::Done | Status::Failed | Status::Cancelled | Status::Terminated
        )
    }

    /// Whether such a run may be claimed.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Status::Running | Status::RollingBack)
    }
}

/// What a run was asked from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stop {
    /// To stop at the next boundary and to be rolled back.
    Cancel,
    /// To stop at once. Nothing is undone.
    Terminate,
}

/// Why a run failed, as it is stored: an error of the user's own type is kept as its text.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Failure {
    /// The state that the run was in.
    pub state: Name,
    /// The transition under way, if there was one.
    pub transition: Option<Name>,
    /// How often its handler was called.
    pub attempts: u32,
    /// What kind of failure it was.
    pub kind: FailureKind,
    /// What it said: the error as `{:#}` prints it, the panic's message, or the limit that was exceeded. Empty if its kind
    /// says it all.
    pub message: Text,
}

/// What kind of failure it was; see [`Cause`](crate::Cause).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailureKind {
    /// A handler returned an error.
    Handler,
    /// Too few branches of a split succeeded.
    Join,
    /// A handler panicked.
    Panic,
    /// The last attempt took too long.
    Timeout,
    /// A deadline passed.
    Deadline,
    /// The circuit breaker let no call through.
    BreakerOpen,
    /// A field holds a number or a time that a clause cannot take.
    Policy,
    /// The process died while a handler ran that is called once.
    Crashed,
    /// The run was cancelled.
    Cancelled,
    /// The run was terminated.
    Terminated,
}
