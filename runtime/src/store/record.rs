//! What a store keeps, and what it is asked: plain data.

use std::borrow::Cow;
use std::time::SystemTime;

use super::{Lease, Text};
use crate::key::RunId;

/// A name of the declaration: borrowed where the program has it, owned where it was read.
pub type Name = Cow<'static, str>;

/// The row of a run: where it is, and who may move it.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// The number of its last claim. They do not begin with 1: see [`create`](crate::Store::create).
    pub epoch: u64,
    /// The number of the last visit that was recorded; keys are made of it.
    pub visit: u64,
    /// How many transitions would have to be undone.
    pub undos: u64,
    /// Transitions with a smaller number in the history are still to be undone, but for those that were undone before the
    /// rollback was [retried](Event::RollbackRetried).
    pub undo_before: u64,
    /// How many transitions could not be undone: their undo failed for good, and somebody has to see to each. Those of the
    /// last rollback, if it was [retried](Event::RollbackRetried).
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
    /// When it is to be looked at; `None` for one that has ended, is parked, or waits for a message.
    pub due: Option<SystemTime>,
    /// Whether it is to stop.
    pub stop: Option<Stop>,
    /// Why it is parked.
    pub parked: Option<Text>,
    /// Why it is, or was, rolled back, unless it had reached a `failed` state.
    pub failure: Option<Failure>,
    /// When it ended.
    pub ended: Option<SystemTime>,
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
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// The run was cancelled.
    Cancelled,
    /// The run was terminated.
    Terminated,
}

/// A run to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRun {
    /// Its id.
    pub id: RunId,
    /// Tells it apart from others with this id: a random number.
    pub incarnation: u64,
    /// The name of its workflow.
    pub workflow: Name,
    /// The version of the declaration.
    pub version: u32,
    /// What it is started with.
    pub input: Vec<u8>,
    /// The name of the state that it begins in.
    pub state: Name,
    /// The payload of that state.
    pub payload: Vec<u8>,
    /// When it is started.
    pub at: SystemTime,
    /// When it is due. Defaults to when it is started.
    pub due: Option<SystemTime>,
    /// Which of the runs that are due is claimed first: the one with the highest. Defaults to 0.
    pub priority: i8,
    /// The run that starts it.
    pub parent: Option<Parent>,
    /// What it is found by in the state that it begins in.
    pub index: Vec<IndexEntry>,
    /// The trace that it belongs to.
    pub trace: Option<TraceContext>,
    /// Claims the run for the caller at once, also before it is due. With `None` it belongs to the first that claims it.
    pub lease: Option<Lease>,
}

impl NewRun {
    /// A run that is due at once, with an empty input and payload.
    #[must_use]
    pub fn new(
        id: RunId,
        workflow: impl Into<Name>,
        version: u32,
        state: impl Into<Name>,
        at: SystemTime,
    ) -> Self {
        NewRun {
            id,
            incarnation: crate::key::incarnation(),
            workflow: workflow.into(),
            version,
            input: Vec::new(),
            state: state.into(),
            payload: Vec::new(),
            at,
            due: None,
            priority: 0,
            parent: None,
            index: Vec::new(),
            trace: None,
            lease: None,
        }
    }
}

/// The run that has started another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parent {
    /// Its id.
    pub run: RunId,
    /// The key of the branch that the other is.
    pub key: String,
}

/// A value that runs are found by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexEntry {
    /// The name of the field.
    pub name: Name,
    /// What it holds.
    pub value: IndexValue,
}

/// What an indexed field holds. It is stored as it is, whatever the codec does with payloads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum IndexValue {
    /// A text.
    Text(String),
    /// A number.
    Integer(i64),
}

/// The trace that a run belongs to, as W3C's Trace Context passes it on: <https://www.w3.org/TR/trace-context/>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceContext {
    /// The header `traceparent`.
    pub parent: String,
    /// The header `tracestate`.
    pub state: Option<String>,
}

/// What became of a run to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created {
    /// It was added.
    New(RunRow),
    /// One with this id is there.
    Known {
        /// Its row.
        row: RunRow,
        /// What it was started with.
        input: Vec<u8>,
        /// The state that it began in.
        state: Name,
        /// The payload of that state.
        payload: Vec<u8>,
    },
}

/// A run, as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its row.
    pub row: RunRow,
    /// What it was started with.
    pub input: Vec<u8>,
    /// The payload of the state that it is in.
    pub payload: Vec<u8>,
    /// The trace that it belongs to.
    pub trace: Option<TraceContext>,
}

/// A change of a run by whoever holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// The run.
    pub run: RunId,
    /// The epoch of the claim.
    pub epoch: u64,
    /// The sequence that the row has by now.
    pub sequence: u64,
    /// When it happens.
    pub at: SystemTime,
    /// What happened.
    pub event: Event,
    /// How the run stands then. The due time of one that does not go on is dropped, and so is its claim.
    pub status: Status,
    /// Until when it waits, if the caller gives it back. `None` keeps the claim.
    pub release: Option<Wait>,
    /// Why it fails, where that is recorded.
    pub failure: Option<Failure>,
    /// The ids of the messages that were consumed.
    pub consumed: Vec<String>,
    /// What the run is found by in the state that a transition leads to. Nothing else changes it.
    pub index: Vec<IndexEntry>,
    /// What it sends and starts.
    pub outbox: Outbox,
}

impl Commit {
    /// Something that happens to a run whose row is like this, and keeps its claim.
    #[must_use]
    pub fn new(row: &RunRow, event: Event, status: Status, at: SystemTime) -> Self {
        Commit {
            run: row.id.clone(),
            epoch: row.epoch,
            sequence: row.sequence,
            at,
            event,
            status,
            release: None,
            failure: None,
            consumed: Vec::new(),
            index: Vec::new(),
            outbox: Outbox::default(),
        }
    }
}

/// What a commit sends and starts, in the same change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outbox {
    /// Runs to be added. One whose id is there is not, and their leases are not looked at: nobody holds them.
    pub runs: Vec<NewRun>,
    /// Messages to runs, also to those. One is dropped if it was sent before, or if its run is not there, cannot be read
    /// or has ended.
    pub messages: Vec<Message>,
}

/// Gives a run back: its state, its sequence and its notes stay as they are, and its history says nothing of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The run.
    pub run: RunId,
    /// The epoch of the claim.
    pub epoch: u64,
    /// The sequence that the row has.
    pub sequence: u64,
    /// When it happens.
    pub at: SystemTime,
    /// Until when it waits.
    pub until: Wait,
}

/// Until when a run waits that nobody holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// When it is due. With `None` it waits until a message comes, or until it is to stop.
    pub due: Option<SystemTime>,
    /// How many messages the caller knows of that wait for the run. If there are more, it is due at once.
    pub messages: usize,
}

impl Release {
    /// Gives a run back that is due at once.
    #[must_use]
    pub fn now(row: &RunRow, now: SystemTime) -> Self {
        Release {
            run: row.id.clone(),
            epoch: row.epoch,
            sequence: row.sequence,
            at: now,
            until: Wait {
                due: Some(now),
                messages: 0,
            },
        }
    }
}

/// What happened to a run, and what it means for its row.
#[derive(Debug, Clone, PartialEq, Eq)]
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
        /// The payload of that state.
        payload: Vec<u8>,
        /// The name of the handler that undoes it, if there is one: one more is to be undone then.
        undo: Option<Name>,
    },
    /// The rollback began: everything that has an undo is still to be undone, and there are no crashes.
    RollbackBegan,
    /// The transition with this number in the history was undone, and those before it are still to be: one less
    /// is to be undone, and there are no crashes.
    Undone {
        /// The number of the transition.
        of: u64,
        /// How often the handler was called.
        attempts: u32,
    },
    /// The same, but it could not be undone.
    NotUndone {
        /// The number of the transition.
        of: u64,
        /// How often the handler was called.
        attempts: u32,
        /// What the last attempt failed with.
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
    /// It ended without another transition.
    Ended,
    /// Somebody let it be rolled back again after it had ended: what was not undone is still to be undone, and what was
    /// is not undone again.
    RollbackRetried,
}

/// One row of the history of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryRow {
    /// Its number: they are counted from 0, without a gap.
    pub number: u64,
    /// When it happened.
    pub at: SystemTime,
    /// What happened.
    pub event: Event,
    /// Why the run fails, if this is where that was recorded.
    pub failure: Option<Failure>,
    /// Who asked for it, if an operator did and said so.
    pub by: Option<String>,
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
        !matches!(self, Event::StopAsked { .. })
    }

    /// Whether the visit goes on after it, so that what is known of it has to be kept.
    #[must_use]
    pub fn keeps_notes(&self) -> bool {
        matches!(self, Event::Parked { .. } | Event::StopAsked { .. })
    }
}

impl HistoryRow {
    /// Whether it is a transition that has an undo.
    #[must_use]
    pub fn is_undoable(&self) -> bool {
        matches!(&self.event, Event::Transition { undo: Some(_), .. })
    }

    /// The number of the transition that it says was undone.
    #[must_use]
    pub fn undone(&self) -> Option<u64> {
        match self.event {
            Event::Undone { of, .. } => Some(of),
            _ => None,
        }
    }
}

/// Something about the visit under way, by whoever holds the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The run.
    pub run: RunId,
    /// The epoch of the claim.
    pub epoch: u64,
    /// The sequence that the row has.
    pub sequence: u64,
    /// What is kept.
    pub note: NoteRow,
}

/// A note about the visit under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteRow {
    /// What it is about: nothing for the whole of the visit, or one of its branches.
    pub key: String,
    /// How far that has come.
    pub progress: Progress,
}

/// How far a visit, or one of its branches, has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Attempts that were made and failed.
    Attempts {
        /// How many.
        made: u32,
        /// How many of them called the handler: a breaker that is open lets none through.
        called: u32,
        /// When the next is due.
        due: SystemTime,
        /// When this was noted: the run waits from then on, and no longer though the clock is set back.
        noted: SystemTime,
        /// Whether the run does nothing but wait until then: its row says so too.
        waits: bool,
    },
    /// It has ended with this output.
    Output(Vec<u8>),
}

/// A message to a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The run.
    pub run: RunId,
    /// Its own id: a second one with the same is the same message.
    pub id: String,
    /// The signal that it is.
    pub signal: String,
    /// What it carries.
    pub payload: Vec<u8>,
    /// When it came.
    pub at: SystemTime,
}

/// A message as it is handed to a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The message.
    pub message: Message,
    /// Refuses it unless the run is in one of these states. With `None` it waits for a state that takes it.
    pub only_in: Option<Vec<Name>>,
}

impl From<Message> for Delivery {
    fn from(message: Message) -> Self {
        Delivery {
            message,
            only_in: None,
        }
    }
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// It is kept.
    Kept,
    /// The run has had one with this id.
    Known,
}

/// Which runs to list. The default lists the first hundred of all.
///
/// A run whose record cannot be read passes whatever the filter asks of what could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// Those of this workflow.
    pub workflow: Option<String>,
    /// Those that stand like this.
    pub status: Option<Status>,
    /// Those in this state.
    pub state: Option<String>,
    /// Those with this entry in their [index](RunRow::index).
    pub index: Option<IndexEntry>,
    /// Only those of which a transition [could not be undone](RunRow::not_undone).
    pub not_undone: bool,
    /// Those that were started before.
    pub started_before: Option<SystemTime>,
    /// Those with a greater id: where the page before ended.
    pub after: Option<RunId>,
    /// How many at most.
    pub limit: usize,
}

impl Default for Filter {
    fn default() -> Self {
        Filter {
            workflow: None,
            status: None,
            state: None,
            index: None,
            not_undone: false,
            started_before: None,
            after: None,
            limit: 100,
        }
    }
}

impl Filter {
    /// Whether a row passes.
    #[must_use]
    pub fn passes(&self, row: &RunRow) -> bool {
        self.workflow.as_ref().is_none_or(|it| *it == row.workflow)
            && self.status.is_none_or(|it| it == row.status)
            && self.state.as_ref().is_none_or(|it| *it == row.state)
            && self.index.as_ref().is_none_or(|it| row.index.contains(it))
            && (!self.not_undone || row.not_undone > 0)
            && self.started_before.is_none_or(|it| row.started < it)
    }
}

/// Which runs to remove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purge {
    /// Those of this workflow.
    pub workflow: Option<String>,
    /// Those that ended before.
    pub ended_before: SystemTime,
    /// How many at most, those that ended first.
    pub limit: usize,
}
