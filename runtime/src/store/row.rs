//! The row of a run: its place, and the right to move it.

use std::borrow::Cow;
use std::time::SystemTime;

use super::{IndexEntry, Parent, Text};
use crate::run::RunId;

/// A name of the declaration: borrowed if the program has it, owned if it was read.
pub type Name = Cow<'static, str>;

/// The row of a run: its place, and the right to move it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact that holds or not, whatever the others say"
)]
pub struct RunRow {
    /// The id that the run was started with.
    pub id: RunId,
    /// The number that tells the run apart from others that had its id before, or have it in another store.
    pub incarnation: u64,
    /// The name that its workflow is stored under.
    pub workflow: Name,
    /// The version of the declaration that it was started with.
    pub version: u32,
    /// The priority. Of the runs that are due, the one with the highest is claimed first.
    pub priority: i8,
    /// The run that has started this one.
    pub parent: Option<Parent>,
    /// The `#[index]` fields of the state that the run is in.
    pub index: Vec<IndexEntry>,
    /// The status.
    pub status: Status,
    /// The name of the state that it is in.
    pub state: Name,
    /// The number of times that the run was moved, by commits and by operators.
    pub sequence: u64,
    /// The number of the last row of its history.
    pub rows: u64,
    /// The number below which rows of its history were [removed](RunRow::removes), except the first row and those of transitions
    /// with an undo and of effects; 0 if all are there.
    pub history_from: u64,
    /// The number of entries of all its logs.
    pub logged: u64,
    /// The number of its last claim. Epochs do not begin with 1: see [`create`](crate::Store::create).
    pub epoch: u64,
    /// The number of the last visit that was recorded; keys are made of it.
    pub visit: u64,
    /// The number of transitions and [effects](super::Event::Effect) that a rollback would undo.
    pub undos: u64,
    /// The number of a history row. Transitions and effects of rows before it are still to be undone, except those that were undone
    /// before the rollback was [retried](super::Event::RollbackRetried).
    pub undo_before: u64,
    /// The number of transitions and effects whose undo failed for good. Somebody has to see to each. If the rollback was
    /// [retried](super::Event::RollbackRetried), those of the last one count.
    pub not_undone: u64,
    /// True if its rollback has begun. The run never goes forward again.
    pub rolls_back: bool,
    /// The number of times that its holder died while a handler of it may have been running, since its last commit.
    pub crashes: u32,
    /// True if the run only waits for its next attempt. The death of its holder then says nothing about the run.
    pub waits: bool,
    /// The time the run was started.
    pub started: SystemTime,
    /// The time the run entered the state that it is in.
    pub entered: SystemTime,
    /// The timers and the poll of that state that have fired since then and left the run in it, and the deadline of the workflow, if
    /// that has led the run to a state.
    pub fired: Vec<Fired>,
    /// The time the attempts of its visit began anew, if the run was resumed after the last of them had failed (`else pause`).
    pub attempts_since: Option<SystemTime>,
    /// The time the run is due; `None` if it has ended, is parked or paused, or waits for a message.
    pub due: Option<SystemTime>,
    /// The request to stop, if there is one.
    pub stop: Option<Stop>,
    /// True if the run was asked to pause while it was held. The next change by its holder pauses it.
    pub pause_asked: bool,
    /// True if the run was asked to make its next attempt at once, and waits for that attempt.
    pub retry_asked: bool,
    /// The reason why the run is parked.
    pub parked: Option<Text>,
    /// The failure because of which the run is, or was, rolled back, unless it had reached a `failed` state; or because of which
    /// it is paused, if its last attempt has failed (`else pause`).
    pub failure: Option<Failure>,
    /// The time the run ended.
    pub ended: Option<SystemTime>,
}

/// A timer or a poll that has fired since a run entered its state, and left it there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fired {
    /// The transition.
    pub transition: Name,
    /// The time it was last due; of a poll, the time it was last asked.
    pub at: SystemTime,
    /// The number of times that it has fired.
    pub made: u32,
}

/// The status of a run.
///
/// ```
#[doc = include_str!("../runner/example.md")]
/// # let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
/// # let _ = run.reached(|order| matches!(order, AnyOrder::Charged(_))).await?;
/// use stateway::store::Status;
///
/// match run.info().await?.status {
///     Status::Running | Status::RollingBack => println!("it continues by itself"),
///     Status::Parked => println!("call `unpark` when somebody has seen to it"),
///     Status::Paused => println!("call `resume`"),
///     ended => println!("it is {ended}"),
/// }
/// # Ok(())
/// # }
/// ```
///
/// It prints, and serde writes it, as its [name](Status::name), such as `rolling_back`, and it is read from that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// The run goes forward, or waits.
    Running,
    /// The run is being undone.
    RollingBack,
    /// The run cannot continue, and stands still until it is [unparked](crate::Store::unpark).
    Parked,
    /// The run stands still until it is [resumed](crate::Store::resume): an operator paused it, or its last attempt has failed
    /// and its declaration says `else pause`.
    Paused,
    /// The run ended in a `done` state.
    Done,
    /// The run failed, or reached a `failed` state, and was rolled back as far as possible.
    Failed,
    /// The run was cancelled and rolled back.
    Cancelled,
    /// The run was terminated; nothing was undone from then on.
    Terminated,
}

impl Status {
    /// Returns true if nothing more happens to such a run, unless its rollback is
    /// [retried](crate::Store::retry_rollback).
    #[must_use]
    pub const fn is_ended(self) -> bool {
        matches!(
            self,
            Status::Done | Status::Failed | Status::Cancelled | Status::Terminated
        )
    }

    /// Returns true if such a run may be claimed.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Status::Running | Status::RollingBack)
    }
}

/// A request to a run to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stop {
    /// The run stops at its next boundary and is rolled back.
    Cancel,
    /// The run stops at once, and nothing is undone.
    Terminate,
}

/// The failure of a run, as it is stored: an error of the user's own type is kept as its text.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Failure {
    /// The state that the run was in.
    pub state: Name,
    /// The transition that failed, if there was one.
    pub transition: Option<Name>,
    /// The number of calls of its handler.
    pub attempts: u32,
    /// The kind of the failure.
    pub kind: FailureKind,
    /// The error as `{:#}` prints it, the message of the panic, or the limit that was exceeded. Empty if the kind
    /// says it all.
    pub message: Text,
}

/// The kind of a failure; see [`Cause`](crate::Cause).
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
    /// The process died while a handler ran that is called only once.
    Crashed,
    /// The run was cancelled.
    Cancelled,
    /// The run was terminated.
    Terminated,
}
