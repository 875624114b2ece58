//! Rows of the workflow `Walk`, for tests that ask a store without a runner.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use stateway::store::{
    Claim, Commit, Event, Holder, Lease, NewRun, Purge, RunRow, Status, Suspects, WorkflowVersions,
};

/// The time at which these runs begin, and `n` seconds.
pub(crate) fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_hours(500_000) + Duration::from_secs(seconds)
}

/// A run that nobody holds.
pub(crate) fn new(id: &str) -> NewRun {
    NewRun {
        incarnation: 1,
        input: b"input".to_vec(),
        payload: b"begun".to_vec(),
        ..NewRun::new(id.parse().unwrap(), "Walk", 1, "Begun", at(0))
    }
}

/// A run that somebody holds.
pub(crate) fn held(id: &str) -> NewRun {
    NewRun {
        lease: Some(lease()),
        ..new(id)
    }
}

/// A lease that is longer than any test.
pub(crate) fn lease() -> Lease {
    Lease {
        holder: Holder::unique(),
        duration: Duration::from_hours(1),
    }
}

/// Claims all that are due at `now`.
pub(crate) fn claim(now: SystemTime) -> Claim {
    Claim {
        workflows: [WorkflowVersions::one("Walk", 1)].into(),
        now,
        lease: lease(),
        limit: 1_000,
        suspects: Suspects::none(5),
    }
}

/// Removes all runs of `Walk` that ended before.
pub(crate) fn purge(ended_before: SystemTime) -> Purge {
    Purge::new(ended_before).workflow("Walk")
}

/// Takes a transition to the state `Gone`.
pub(crate) fn step(row: &RunRow, status: Status) -> Commit {
    let event = Event::Transition {
        transition: "go".into(),
        internal: false,
        visit: row.visit + 1,
        version: 1,
        attempts: 1,
        message: None,
        state: "Gone".into(),
        payload: b"gone".to_vec(),
        undo: None,
        answer: None,
    };
    Commit::new(row, event, status, at(20 + row.sequence))
}
