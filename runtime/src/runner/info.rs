//! Where a run stands, as its users see it.

use std::time::SystemTime;

use super::settings::Settings;
use crate::run::{PartName, PartOf, RunId};
use crate::store::{Failure, Found, IndexEntry, NoteRow, Parent, Progress, RunRow, Status, Stop};

/// Where a stored run stands.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct RunInfo {
    /// The id that it was started with.
    pub id: RunId,
    /// Tells it apart from runs that had its id before; part of its [keys](crate::Key). Serde writes it as they do: many readers of
    /// JSON know no such numbers.
    #[serde(serialize_with = "hexadecimal")]
    pub incarnation: u64,
    /// The name that its workflow is stored under.
    pub workflow: String,
    /// The version of the declaration that it was started with.
    pub version: u32,
    /// How it stands.
    pub status: Status,
    /// The name of the state that it is in.
    pub state: String,
    /// The number of its last visit that was recorded.
    pub visit: u64,
    /// When it was started.
    pub started: SystemTime,
    /// When it entered the state that it is in.
    pub entered: SystemTime,
    /// When it is to be looked at; `None` for one that has ended, is parked or paused, or waits for a message.
    pub due: Option<SystemTime>,
    /// When it ended.
    pub ended: Option<SystemTime>,
    /// Which of the runs that are due is taken up first: that with the highest.
    pub priority: i8,
    /// The run that has started it.
    pub parent: Option<Parent>,
    /// What it is found by, beside its state.
    pub index: Vec<IndexEntry>,
    /// The attempts that have failed of what is under way, of the visit as a whole and of its branches. [`list`](super::Runner::list)
    /// does not know them.
    pub attempts: Vec<AttemptInfo>,
    /// How often its process died in the state that it is in.
    pub crashes: u32,
    /// What it was asked from outside.
    pub stop: Option<Stop>,
    /// Whether it was asked to pause and has not come to a boundary yet: it is [`Paused`](Status::Paused) then.
    pub pause_asked: bool,
    /// Why it is parked.
    pub parked: Option<String>,
    /// Why it is, or was, rolled back, unless it had reached a `failed` state; or why it is paused, if its last attempt has
    /// failed (`else pause`).
    pub failure: Option<Failure>,
    /// How many transitions are still to be undone, if it is rolled back.
    pub undos: u64,
    /// How many transitions could not be undone: somebody has to see to each.
    pub not_undone: u64,
}

/// Attempts that have failed of a visit under way, or of one of its branches.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct AttemptInfo {
    /// The name of the transition.
    pub transition: String,
    /// The name of the branch, if it is about one.
    pub branch: Option<String>,
    /// Whether it is about undoing the transition.
    pub undoes: bool,
    /// How many attempts have failed.
    pub made: u32,
    /// What the last of them failed with.
    pub error: Option<String>,
    /// When the next one is due.
    pub next: SystemTime,
}

impl RunInfo {
    pub(super) fn found(found: Found, settings: &Settings) -> Self {
        let attempts = found
            .attempts
            .into_iter()
            .filter_map(|note| AttemptInfo::of(&note, settings));
        RunInfo {
            attempts: attempts.collect(),
            ..RunInfo::listed(found.row, settings)
        }
    }

    pub(super) fn listed(row: RunRow, settings: &Settings) -> Self {
        RunInfo {
            id: row.id,
            incarnation: row.incarnation,
            workflow: row.workflow.into_owned(),
            version: row.version,
            status: row.status,
            state: row.state.into_owned(),
            visit: row.visit,
            started: row.started,
            entered: row.entered,
            due: row.due,
            ended: row.ended,
            priority: row.priority,
            parent: row.parent,
            index: row.index,
            attempts: Vec::new(),
            crashes: row.crashes,
            stop: row.stop,
            pause_asked: row.pause_asked,
            parked: row.parked.map(|reason| settings.read_text(&reason)),
            failure: row.failure.map(|failure| settings.read_failure(failure)),
            undos: row.undos,
            not_undone: row.not_undone,
        }
    }
}

impl AttemptInfo {
    fn of(note: &NoteRow, settings: &Settings) -> Option<Self> {
        let Progress::Attempts {
            made, due, failed, ..
        } = &note.progress
        else {
            return None;
        };
        // A name that is not ours was given by another program, and says nothing to this one.
        let part: PartName = note.key.parse().ok()?;
        let last = failed.last();
        Some(AttemptInfo {
            transition: part.transition.into_owned(),
            undoes: part.of == PartOf::Undo,
            branch: part.of.branch(),
            made: *made,
            error: last.map(|attempt| settings.read_text(&attempt.error)),
            next: *due,
        })
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives it so")]
fn hexadecimal<S: serde::Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{number:016x}"))
}
