//! Who drives runs, and what passes between a runner and its store for that: plain data.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::{Message, NoteRow, RunRow, Stop, TraceContext};
use crate::run::RunId;

/// Who declares the workflow of this name, and wants to drive its runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declaration {
    /// The name that runs are stored under.
    pub workflow: String,
    /// The package that declares it.
    pub package: String,
    /// Where in the program it is declared. It is compared with what this process has declared before, and not stored: a
    /// module may move.
    pub path: &'static str,
    /// Takes over the name if another package has declared it.
    pub adopts: bool,
}

/// The answer to a [`Declaration`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Declared {
    /// It may.
    Granted,
    /// Another package has declared the name.
    OtherPackage {
        /// That package.
        package: String,
    },
    /// Another workflow of this process has the name.
    OtherPath {
        /// Where that is declared.
        path: &'static str,
    },
}

/// Names who holds claims: one runner in one process.
///
/// A store gives a holder nothing that it holds already. So a runner whose heartbeats are late, because its process
/// or its disk stood still, never takes up a run a second time that it drives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Holder(u128);

impl Holder {
    /// A holder that no other program, process or runner is.
    #[must_use]
    pub fn unique() -> Self {
        Holder(crate::run::unique())
    }

    /// Returns the number that stores keep of it.
    #[must_use]
    pub const fn number(self) -> u128 {
        self.0
    }
}

/// For whom a run is claimed, and for how long if nothing is heard of that holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// Who holds it.
    pub holder: Holder,
    /// How long the claim holds. A store measures that by a clock that nobody sets.
    pub duration: Duration,
}

/// The versions of a workflow that a caller can drive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkflowVersions {
    /// The name that the runs are stored under.
    pub workflow: String,
    /// The versions. Runs of others are left for those who know them.
    pub versions: Vec<u32>,
}

impl WorkflowVersions {
    /// One version of a workflow.
    #[must_use]
    pub fn one(workflow: impl Into<String>, version: u32) -> Self {
        WorkflowVersions {
            workflow: workflow.into(),
            versions: vec![version],
        }
    }
}

/// Asks for runs that are due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The workflows whose runs the caller drives, each once.
    pub workflows: Arc<[WorkflowVersions]>,
    /// What time it is for the caller.
    pub now: SystemTime,
    /// For whom they are claimed, and for how long.
    pub lease: Lease,
    /// How many at most. With 0 nothing is taken, and [`next`](Claims::next) is what is asked.
    pub limit: usize,
    /// What the caller drives of runs whose holder died.
    pub suspects: Suspects,
}

/// Runs whose holder died while it held them: one of them may be what killed it.
///
/// After one death nothing is known, and all are taken up. The more often in a row a run was there when its holder
/// died, the fewer others like it are under way beside it, until it is alone. So the one that kills its process is
/// found, and those beside it come to their next commit, which clears them, before they are blamed for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suspects {
    /// How many of them the caller drives.
    pub under_way: usize,
    /// How often in a row the holder of one of these has died at most.
    pub deaths: u32,
    /// From how many deaths on a run is taken up alone.
    pub alone_from: u32,
}

/// The runs that were claimed, and what else there is to know.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Claims {
    /// Those that the caller holds from now on.
    pub taken: Vec<Claimed>,
    /// Those that the caller held already, though its lease had passed: it was extended, and their rows are as they
    /// were. If the caller does not know of one, it never heard that it had claimed it.
    pub own: Vec<RunRow>,
    /// How many are due and were left, since too many suspects are under way.
    pub left: usize,
    /// When to ask again: how long it is until another claim by this caller may find a run, if nothing changes before.
    /// Zero if more are due than the limit; `None` if nothing waits. Those that were [left](Claims::left) do not count.
    pub next: Option<Duration>,
}

/// A run that the caller holds now, with all that it takes to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// Its row, with the new epoch.
    pub row: RunRow,
    /// The time by the clock that has set the times of the run. It differs from the caller's if the wall clock was set since.
    pub now: SystemTime,
    /// What it was started with.
    pub input: Vec<u8>,
    /// The payload of the state that it is in.
    pub payload: Vec<u8>,
    /// The trace that it belongs to.
    pub trace: Option<TraceContext>,
    /// The notes about the visit under way, in the order of their keys.
    pub notes: Vec<NoteRow>,
    /// The messages that were not consumed, in the order they came.
    pub inbox: Vec<Message>,
}

/// Extends leases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heartbeat {
    /// The runs, and the epochs of their claims.
    pub claims: Vec<(RunId, u64)>,
    /// How long they hold from now on.
    pub lease: Duration,
}

/// What the holder of a run has to hear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beat {
    /// The run.
    pub run: RunId,
    /// Whether it was claimed by another or has ended: its lease was not extended.
    pub is_lost: bool,
    /// Whether it is to stop.
    pub stop: Option<Stop>,
    /// Whether it is to pause.
    pub pause: bool,
    /// Whether it is to make its next attempt at once.
    pub retry: bool,
    /// How many messages wait for it.
    pub messages: usize,
}

impl Beat {
    /// What the holder of a run hears whose row this is, and for which this many messages wait. With no row, the run is lost.
    pub(crate) fn of(run: RunId, row: Option<&RunRow>, messages: usize) -> Self {
        Beat {
            run,
            is_lost: row.is_none(),
            stop: row.and_then(|row| row.stop),
            pause: row.is_some_and(|row| row.pause_asked),
            retry: row.is_some_and(|row| row.retry_asked),
            messages,
        }
    }

    /// Whether there is something to hear.
    pub(crate) fn says_something(&self) -> bool {
        self.is_lost || self.stop.is_some() || self.pause || self.retry || self.messages > 0
    }
}
