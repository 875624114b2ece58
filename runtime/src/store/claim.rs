//! The data that pass between a runner and its store so that runs are driven.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::{Message, NoteRow, RunRow, Stop, TraceContext};
use crate::run::RunId;

/// The declaration of a workflow by a runner that wants to drive its runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declaration {
    /// The name that runs are stored under.
    pub workflow: String,
    /// The package that declares it.
    pub package: String,
    /// The path in the program at which it is declared. It is compared with the earlier declarations of this process, and not stored,
    /// because a module may move.
    pub path: &'static str,
    /// True if the name is taken over from another package that has declared it.
    pub adopts: bool,
}

/// The answer to a [`Declaration`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Declared {
    /// The caller may drive the runs.
    Granted,
    /// The name was declared by another package.
    OtherPackage {
        /// The other package.
        package: String,
    },
    /// Another workflow of this process has the name.
    OtherPath {
        /// The path of the other workflow.
        path: &'static str,
    },
}

/// Names the holder of claims: one runner in one process.
///
/// A store never gives a holder a run that it holds already. So a runner whose heartbeats are late, because its process
/// or its disk stood still, never takes up a run a second time that it drives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Holder(u128);

impl Holder {
    /// Returns a holder that is different from those of all other programs, processes and runners.
    #[must_use]
    pub fn unique() -> Self {
        Holder(crate::run::unique())
    }

    /// Returns its number, which stores keep.
    #[must_use]
    pub const fn number(self) -> u128 {
        self.0
    }
}

/// The holder for whom a run is claimed, and the time that the claim holds without a heartbeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// The holder.
    pub holder: Holder,
    /// The time that the claim holds. A store measures it by a clock that nobody sets.
    pub duration: Duration,
}

/// The versions of a workflow that a caller can drive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkflowVersions {
    /// The name that the runs are stored under.
    pub workflow: String,
    /// The versions. Runs of other versions are left for other callers.
    pub versions: Vec<u32>,
}

impl WorkflowVersions {
    /// Returns one version of a workflow.
    #[must_use]
    pub fn one(workflow: impl Into<String>, version: u32) -> Self {
        WorkflowVersions {
            workflow: workflow.into(),
            versions: vec![version],
        }
    }
}

/// A request for runs that are due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The workflows whose runs the caller drives, each once.
    pub workflows: Arc<[WorkflowVersions]>,
    /// The time by the clock of the caller.
    pub now: SystemTime,
    /// The lease of the claims.
    pub lease: Lease,
    /// The largest number of runs. With 0 nothing is taken, and the caller asks only for [`next`](Claims::next).
    pub limit: usize,
    /// The suspects that the caller drives.
    pub suspects: Suspects,
}

/// Runs whose holder died while it held them: one of them may have killed it.
///
/// After one death nothing is known, and all are taken up. The more often in a row the holder of a run
/// died, the fewer other suspects are driven beside it, until it is alone. So the run that kills its process is
/// found, and those beside it reach their next commit, which clears them, before they are blamed for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suspects {
    /// The number of suspects that the caller drives.
    pub under_way: usize,
    /// The largest number of deaths in a row of the holder of one of these.
    pub deaths: u32,
    /// The number of deaths from which on a run is taken up alone.
    pub alone_from: u32,
}

/// The runs that were claimed, and news about others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Claims {
    /// The runs that the caller holds from now on.
    pub taken: Vec<Claimed>,
    /// The runs that the caller held already, though their lease had passed: it was extended, and their rows did not change. If the
    /// caller does not know of one, the answer to its claim was lost.
    pub own: Vec<RunRow>,
    /// The number of runs that are due and were left, because the caller drives too many suspects.
    pub left: usize,
    /// The time until another claim by this caller may find a run, if nothing changes before.
    /// Zero if more are due than the limit; `None` if nothing waits. Runs that were [left](Claims::left) do not count.
    pub next: Option<Duration>,
}

/// A run that the caller holds now, with everything that is needed to continue it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// Its row, with the new epoch.
    pub row: RunRow,
    /// The time by the clock that has set the times of the run. It differs from the caller's if the wall clock was set since.
    pub now: SystemTime,
    /// The encoded input.
    pub input: Vec<u8>,
    /// The payload of the state that it is in.
    pub payload: Vec<u8>,
    /// The trace that it belongs to.
    pub trace: Option<TraceContext>,
    /// The notes about the visit that has not ended, in the order of their keys.
    pub notes: Vec<NoteRow>,
    /// The messages that were not consumed, in the order they came.
    pub inbox: Vec<Message>,
}

/// A request to extend leases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heartbeat {
    /// The runs, and the epochs of their claims.
    pub claims: Vec<(RunId, u64)>,
    /// The time that they hold from now on.
    pub lease: Duration,
}

/// News for the holder of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beat {
    /// The run.
    pub run: RunId,
    /// True if it was claimed by another or has ended: its lease was not extended.
    pub is_lost: bool,
    /// The request to stop, if there is one.
    pub stop: Option<Stop>,
    /// True if it is to pause.
    pub pause: bool,
    /// True if it is to make its next attempt at once.
    pub retry: bool,
    /// The number of messages that wait for it.
    pub messages: usize,
}

impl Beat {
    /// Returns the news about a run with this row and this number of messages that wait. Without a row, the run is lost.
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

    /// Returns true if there are news.
    pub(crate) fn says_something(&self) -> bool {
        self.is_lost || self.stop.is_some() || self.pause || self.retry || self.messages > 0
    }
}
