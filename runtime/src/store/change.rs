//! The data of a change by the holder of a run.

use std::time::SystemTime;

use super::{
    EffectNote, Event, FailedAttempt, Failure, Fired, IndexEntry, LogEntry, Message, NewRun,
    RunRow, Status,
};
use crate::run::{PartName, RunId};

/// A change of a run by its holder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// The run.
    pub run: RunId,
    /// The epoch of the claim.
    pub epoch: u64,
    /// The sequence that the row has before the change.
    pub sequence: u64,
    /// The time of the change.
    pub at: SystemTime,
    /// The event.
    pub event: Event,
    /// The effects of the visit that are to be undone by themselves, all of them an [`Event::Effect`], in the order in which they were
    /// done. They become history rows directly before that of the event, with the same time. Any event may have them, until
    /// the rollback has begun.
    pub effects: Vec<Event>,
    /// The status of the run after the change. If the run does not continue, its due time and its claim are dropped.
    pub status: Status,
    /// The wait of the run, if the caller releases it. `None` keeps the claim.
    pub release: Option<Wait>,
    /// The failure of the run, if this change records it.
    pub failure: Option<Failure>,
    /// The ids of the messages that were consumed.
    pub consumed: Vec<String>,
    /// The `#[index]` fields of the state that a transition leads to. Nothing else changes them.
    pub index: Vec<IndexEntry>,
    /// The timers and the poll that have fired in that state: none, unless the transition is an internal one. Also the deadline of
    /// the workflow, after it has led the run to a state.
    pub fired: Vec<Fired>,
    /// The messages and the runs that it sends and starts.
    pub outbox: Outbox,
    /// The failed attempts of the visit that ends with it.
    pub failed_attempts: Vec<FailedAttempt>,
    /// The entries that a transition adds to the logs of the run. Nothing else adds to them.
    pub logged: Vec<LogEntry>,
    /// The number of rows of the history that a transition keeps, beside those that an undo needs: see [`RunRow::removes`]. `None`
    /// keeps all.
    pub keep_history: Option<u32>,
}

impl Commit {
    /// Returns a change of the run with this row that keeps its claim.
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

/// The claim of a run after a change by its holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// The caller holds the run as before.
    Kept,
    /// Nobody holds the run: it stands still, has ended, or was released by the change.
    Dropped,
}

impl Hold {
    /// Returns `Kept` if this is true, and `Dropped` if not.
    #[must_use]
    pub const fn kept_if(is_kept: bool) -> Self {
        if is_kept { Hold::Kept } else { Hold::Dropped }
    }
}

/// The runs that a commit starts and the messages that it sends, in the same change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outbox {
    /// Runs to be added. A run whose id exists is not added. Their leases do not matter: nobody holds them.
    pub runs: Vec<NewRun>,
    /// Messages to runs, also to those that are added. A message is dropped if it was sent before, or if its run does not exist, cannot
    /// be read or has ended.
    pub messages: Vec<Message>,
}

/// Releases a run. Its state, its sequence and its history stay as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The run.
    pub run: RunId,
    /// The epoch of the claim.
    pub epoch: u64,
    /// The sequence that the row has.
    pub sequence: u64,
    /// The time of the change.
    pub at: SystemTime,
    /// The wait of the run.
    pub until: Wait,
    /// The timers and the poll that have fired in its state, if a poll was asked since the claim. The run then has no crashes and
    /// no notes any more.
    pub asked: Option<Vec<Fired>>,
}

/// The wait of a run that nobody holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// The time the run is due. With `None` it waits until a message comes, or until it is asked to stop.
    pub due: Option<SystemTime>,
    /// The number of waiting messages that the caller knows. If there are more, the run is due at once.
    pub messages: usize,
}

impl Release {
    /// Returns the release of a run that is due at once.
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

/// A note about the visit that has not ended, by the holder of the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The run.
    pub run: RunId,
    /// The epoch of the claim.
    pub epoch: u64,
    /// The sequence that the row has.
    pub sequence: u64,
    /// The row that is kept.
    pub note: NoteRow,
    /// True if no handler of the run is running: it waits between two attempts, and is paused here if it was asked to.
    pub is_boundary: bool,
}

/// A note about the visit that has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteRow {
    /// The part that it is about: the visit itself, or one of its branches.
    pub key: String,
    /// The progress of that part.
    pub progress: Progress,
}

impl NoteRow {
    /// Returns true if it is about attempts, and not the output of a branch.
    #[must_use]
    pub fn is_of_attempts(&self) -> bool {
        matches!(self.progress, Progress::Attempts { .. })
    }

    /// Returns the time the next attempt of a visit, or of an undo, is due; `None` for a note about a branch, or without a failed
    /// attempt.
    #[must_use]
    pub fn next_attempt(&self) -> Option<SystemTime> {
        let part: PartName = self.key.parse().ok()?;
        match self.progress {
            Progress::Attempts { made: 1.., due, .. } if part.of.branch().is_none() => Some(due),
            _ => None,
        }
    }

    /// Returns the note with its [next attempt](NoteRow::next_attempt) due `now`, if it has one.
    #[must_use]
    pub fn hurried(mut self, now: SystemTime) -> Option<Self> {
        self.next_attempt()?;
        if let Progress::Attempts { due, noted, .. } = &mut self.progress {
            (*due, *noted) = (now, now);
        }
        Some(self)
    }
}

/// The progress of a visit, or of one of its branches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Attempts that were made and failed.
    Attempts {
        /// The number of attempts.
        made: u32,
        /// The number of them that called the handler: an open breaker lets none through.
        called: u32,
        /// The time the next attempt is due.
        due: SystemTime,
        /// The time of this note. The run waits from then on, and no longer if the clock is set back.
        noted: SystemTime,
        /// True if the run only waits until then; its row has the same.
        waits: bool,
        /// The failed attempts, the last ones if there were many.
        failed: Vec<FailedAttempt>,
    },
    /// The branch has ended well.
    Output {
        /// The output, as the codec wrote it.
        output: Vec<u8>,
        /// The undo of the branch, if it can be undone by itself.
        effect: Option<EffectNote>,
    },
}
