//! What whoever holds a run changes of it: plain data.

use std::time::SystemTime;

use super::{
    EffectNote, Event, FailedAttempt, Failure, Fired, IndexEntry, LogEntry, Message, NewRun,
    RunRow, Status,
};
use crate::run::{PartName, RunId};

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
    /// The effects of the visit that are to be undone by themselves, all of them an [`Event::Effect`], in the order in which they were
    /// done. They become history rows directly before that of the event, with the same time. Any event may have them, until
    /// the rollback has begun.
    pub effects: Vec<Event>,
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
    /// The timers and the poll that were at work in that state: none, unless the transition is an internal one. And the deadline of
    /// the workflow, from when it has led the run to a state.
    pub fired: Vec<Fired>,
    /// What it sends and starts.
    pub outbox: Outbox,
    /// Attempts of the visit that ends with it which had failed.
    pub failed_attempts: Vec<FailedAttempt>,
    /// What a transition adds to the logs of the run. Nothing else adds to them.
    pub logged: Vec<LogEntry>,
    /// Keeps the last `n` rows of the history, and what an undo needs, if it is a transition: see [`RunRow::removes`]. `None` keeps all.
    pub keep_history: Option<u32>,
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
            effects: Vec::new(),
            status,
            release: None,
            failure: None,
            consumed: Vec::new(),
            index: Vec::new(),
            fired: Vec::new(),
            outbox: Outbox::default(),
            failed_attempts: Vec::new(),
            logged: Vec::new(),
            keep_history: None,
        }
    }
}

/// What a change by the holder of a run leaves of its claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// The caller holds the run as before.
    Kept,
    /// Nobody holds the run: it stands still, has ended, or was given back by the change.
    Dropped,
}

impl Hold {
    /// A claim that was kept if this is true.
    #[must_use]
    pub const fn kept_if(is_kept: bool) -> Self {
        if is_kept { Hold::Kept } else { Hold::Dropped }
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

/// Gives a run back: its state and its sequence stay as they are, and its history says nothing of it.
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
    /// The timers and the poll that were at work in its state, if a poll was asked since the claim. The run then has no crashes and
    /// no notes any more.
    pub asked: Option<Vec<Fired>>,
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
            asked: None,
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
    /// Whether nothing of the run is under way: it waits between two attempts, and is paused here if it was asked to.
    pub is_boundary: bool,
}

/// A note about the visit under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteRow {
    /// What it is about: nothing for the whole of the visit, or one of its branches.
    pub key: String,
    /// How far that has come.
    pub progress: Progress,
}

impl NoteRow {
    /// Whether it is about attempts, and not the output of a branch.
    #[must_use]
    pub fn is_of_attempts(&self) -> bool {
        matches!(self.progress, Progress::Attempts { .. })
    }

    /// When the next attempt of a visit is due, or of an undo; `None` for a note about one of its branches, or about no attempt that
    /// has failed.
    #[must_use]
    pub fn next_attempt(&self) -> Option<SystemTime> {
        let part: PartName = self.key.parse().ok()?;
        match self.progress {
            Progress::Attempts { made: 1.., due, .. } if part.of.branch().is_none() => Some(due),
            _ => None,
        }
    }

    /// The same note, if it has a [next attempt](NoteRow::next_attempt), which is due `now`.
    #[must_use]
    pub fn hurried(mut self, now: SystemTime) -> Option<Self> {
        self.next_attempt()?;
        if let Progress::Attempts { due, noted, .. } = &mut self.progress {
            (*due, *noted) = (now, now);
        }
        Some(self)
    }
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
        /// What they failed with, of the last ones if there were many.
        failed: Vec<FailedAttempt>,
    },
    /// It has ended well.
    Output {
        /// Its output, as the codec wrote it.
        output: Vec<u8>,
        /// The undo of the branch, if it can be undone by itself.
        effect: Option<EffectNote>,
    },
}
