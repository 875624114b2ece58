//! A snapshot of a run, for its users.

use std::time::SystemTime;

use super::settings::Settings;
use crate::run::{PartName, PartOf, RunId};
use crate::store::{Failure, Found, IndexEntry, NoteRow, Parent, Progress, RunRow, Status, Stop};

/// A snapshot of a stored run: its status, its state and its times, by [`Run::info`](super::Run::info) and
/// [`Runner::list`](super::Runner::list).
///
/// ```
#[doc = include_str!("example.md")]
/// # let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
/// # let _ = run.reached(|order| matches!(order, AnyOrder::Charged(_))).await?;
/// let info = run.info().await?;
/// println!("{} is {} in {} since {:?}", info.id, info.status, info.state, info.entered);
/// if info.not_undone > 0 {
///     println!("{} transitions could not be undone", info.not_undone);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct RunInfo {
    /// The id that the run was started with.
    pub id: RunId,
    /// The number that tells the run apart from others that had its id before; part of its [keys](crate::Key). Serde writes it as
    /// 16 hexadecimal digits, as the keys do, because many readers of JSON know no such numbers.
    #[serde(serialize_with = "hexadecimal")]
    pub incarnation: u64,
    /// The name under which its workflow is stored.
    pub workflow: String,
    /// The version of the declaration that it was started with.
    pub version: u32,
    /// The status.
    pub status: Status,
    /// The name of the state that it is in.
    pub state: String,
    /// The number of its last visit that was recorded.
    pub visit: u64,
    /// The time the run was started.
    pub started: SystemTime,
    /// The time the run entered the state that it is in.
    pub entered: SystemTime,
    /// The time the run is due; `None` if it has ended, is parked or paused, or waits for a message.
    pub due: Option<SystemTime>,
    /// The time the run ended.
    pub ended: Option<SystemTime>,
    /// The priority. Of the runs that are due, the one with the highest is taken up first.
    pub priority: i8,
    /// The run that has started this one.
    pub parent: Option<Parent>,
    /// The `#[index]` fields of the state that the run is in.
    pub index: Vec<IndexEntry>,
    /// The failed attempts of the visit that has not ended, and of its branches. Empty in a [`list`](super::Runner::list).
    pub attempts: Vec<AttemptInfo>,
    /// The number of times that its process died in the state that it is in.
    pub crashes: u32,
    /// The request to stop, if there is one.
    pub stop: Option<Stop>,
    /// True if the run was asked to pause and has not reached a boundary, where it will be [`Paused`](Status::Paused).
    pub pause_asked: bool,
    /// The reason why the run is parked.
    pub parked: Option<String>,
    /// The failure because of which the run is, or was, rolled back, unless it had reached a `failed` state; or because of which
    /// it is paused, if its last attempt has failed (`else pause`).
    pub failure: Option<Failure>,
    /// The number of transitions, undone branches included, that a rollback would still undo. A run that is done keeps its number.
    pub undos: u64,
    /// The number of transitions that could not be undone. Somebody has to see to each.
    pub not_undone: u64,
}

/// The failed attempts of a visit that has not ended, or of one of its branches.
///
/// ```
#[doc = include_str!("example.md")]
/// # let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
/// for attempt in run.info().await?.attempts {
///     println!(
///         "`{}` has failed {} times ({}), and is called again at {:?}",
///         attempt.transition,
///         attempt.made,
///         attempt.error.unwrap_or_default(),
///         attempt.next,
///     );
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct AttemptInfo {
    /// The name of the transition.
    pub transition: String,
    /// The name of the branch, if these are attempts of one.
    pub branch: Option<String>,
    /// True if these are attempts to undo the transition.
    pub undoes: bool,
    /// The number of attempts that have failed.
    pub made: u32,
    /// The text of the error of the last attempt.
    pub error: Option<String>,
    /// The time the next attempt is due.
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
