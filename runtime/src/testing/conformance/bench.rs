//! Helpers of the checks: a run, a time, and short forms of the operations.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::run::RunId;
use crate::store::{
    Claim, Claimed, Claims, Commit, Created, Event, FailedAttempt, Filter, Found, Heartbeat,
    HistoryRow, Holder, Lease, Message, NewRun, Note, NoteRow, Progress, Release, RunRow, Status,
    Store, StoreError, Suspects, Text, Wait, WorkflowVersions,
};

pub(super) type AnyStore = Arc<dyn Store>;

/// The workflow of the runs.
pub(super) const WORKFLOW: &str = "Order";
pub(super) const VERSION: u32 = 1;

/// Returns the time this number of seconds after the checks began.
pub(super) fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000 + seconds)
}

pub(super) fn new(id: &str) -> NewRun {
    NewRun {
        incarnation: 1,
        input: b"input".to_vec(),
        payload: b"placed".to_vec(),
        ..NewRun::new(run_id(id), WORKFLOW, VERSION, "Placed", at(0))
    }
}

/// Adds a run that nobody holds.
pub(super) async fn add(store: &AnyStore, id: &str) -> RunRow {
    created(store.create(new(id)).await)
}

/// A time that is longer than a check takes.
pub(super) const LONG: Duration = Duration::from_hours(1);

/// Returns the lease of a holder that has no rival.
pub(super) fn lease(duration: Duration) -> Lease {
    Lease {
        holder: Holder::unique(),
        duration,
    }
}

/// Adds a run that is held by a claim whose lease has passed at once: its holder may move it, and others may claim it.
pub(super) async fn hold(store: &AnyStore, id: &str) -> RunRow {
    hold_by(store, id, lease(Duration::ZERO)).await
}

/// Adds a run that is held by this holder for this lease.
pub(super) async fn hold_by(store: &AnyStore, id: &str, lease: Lease) -> RunRow {
    let run = NewRun {
        lease: Some(lease),
        ..new(id)
    };
    created(store.create(run).await)
}

fn created(created: Result<Created, StoreError>) -> RunRow {
    match created {
        Ok(Created::New(row)) => row,
        other => panic!("a new run was not added: {other:?}"),
    }
}

/// Claims runs for a holder of their own, with a long lease.
pub(super) async fn claim_at(store: &AnyStore, now: u64, limit: usize) -> Vec<Claimed> {
    claims(store, now, limit, lease(LONG)).await.taken
}

pub(super) async fn claims(store: &AnyStore, now: u64, limit: usize, lease: Lease) -> Claims {
    let known = [WorkflowVersions::one(WORKFLOW, VERSION)];
    claims_of(store, known, now, limit, lease).await
}

/// Claims runs of the workflows that a caller knows.
pub(super) async fn claims_of(
    store: &AnyStore,
    known: impl Into<Arc<[WorkflowVersions]>>,
    now: u64,
    limit: usize,
    lease: Lease,
) -> Claims {
    let claim = Claim {
        workflows: known.into(),
        now: at(now),
        lease,
        limit,
        suspects: Suspects::none(5),
    };
    store.claim(claim).await.expect("a claim is answered")
}

/// Returns the time at which a claim may find something, for a caller that holds nothing.
pub(super) async fn next(store: &AnyStore, now: u64) -> Option<Duration> {
    claims(store, now, 0, lease(LONG)).await.next
}

/// Claims the one run that is due, with a lease that has passed at once.
pub(super) async fn claim(store: &AnyStore, now: u64) -> Claimed {
    let mut claimed = claims(store, now, 10, lease(Duration::ZERO)).await.taken;
    assert_eq!(claimed.len(), 1, "one run is due at {now}");
    claimed.remove(0)
}

/// Returns a transition into this state.
pub(super) fn step(row: &RunRow, state: &str) -> Commit {
    let event = Event::Transition {
        transition: format!("to_{state}").into(),
        internal: false,
        visit: row.visit + 1,
        attempts: 1,
        state: state.to_owned().into(),
        payload: state.as_bytes().to_vec(),
        undo: None,
        version: 1,
        message: None,
        answer: None,
    };
    commit(row, event, Status::Running)
}

/// Returns a transition into this state, with an undo.
pub(super) fn undoable(row: &RunRow, state: &str) -> Commit {
    let mut commit = step(row, state);
    if let Event::Transition { undo, .. } = &mut commit.event {
        *undo = Some(format!("undo_{state}").into());
    }
    commit
}

/// Returns one attempt of a transition, and one of a branch, whose error is encoded.
pub(super) fn failed_attempts() -> Vec<FailedAttempt> {
    vec![
        FailedAttempt {
            branch: None,
            number: 1,
            at: at(3),
            error: "no carrier".into(),
        },
        FailedAttempt {
            branch: Some("chunk[7]".to_owned()),
            number: u32::MAX,
            at: at(4),
            error: Text::Encoded(vec![0, 255]),
        },
    ]
}

pub(super) fn commit(row: &RunRow, event: Event, status: Status) -> Commit {
    Commit::new(row, event, status, at(10 + row.sequence))
}

/// Commits, and returns the row after it.
pub(super) async fn go(store: &AnyStore, commit: Commit) -> RunRow {
    let run = commit.run.clone();
    store
        .commit(commit)
        .await
        .expect("whoever holds the run moves it");
    get(store, &run).await.row
}

/// Releases a run until then.
pub(super) async fn give_back(store: &AnyStore, row: &RunRow, due: u64) -> RunRow {
    let released = store.release(release(row, Some(due), 0)).await;
    released.expect("whoever holds the run gives it back");
    get(store, &row.id).await.row
}

/// Releases a run until then, for a caller who knows of this number of messages.
pub(super) fn release(row: &RunRow, due: Option<u64>, messages: usize) -> Release {
    Release {
        at: at(10 + row.sequence),
        until: Wait {
            due: due.map(at),
            messages,
        },
        ..Release::now(row, at(0))
    }
}

/// Ends a run well.
pub(super) async fn end(store: &AnyStore, row: &RunRow) -> RunRow {
    let end = Commit {
        status: Status::Done,
        ..step(row, "Shipped")
    };
    go(store, end).await
}

pub(super) async fn park(store: &AnyStore, row: &RunRow) -> RunRow {
    let reason = "somebody has to look".into();
    go(store, commit(row, Event::Parked { reason }, Status::Parked)).await
}

pub(super) async fn get(store: &AnyStore, run: &RunId) -> Found {
    let found = store.get(run).await.expect("a run is read");
    found.expect("a run that was added is there")
}

pub(super) async fn history(store: &AnyStore, run: &RunId) -> Vec<HistoryRow> {
    let history = store.history(run, 0, 1_000).await;
    history.expect("a history is read")
}

pub(super) async fn list(store: &AnyStore, filter: Filter) -> Vec<String> {
    let rows = store.list(filter).await.expect("runs are listed");
    rows.iter().map(|row| row.id.to_string()).collect()
}

pub(super) fn note(row: &RunRow, key: &str, progress: Progress) -> Note {
    Note {
        run: row.id.clone(),
        epoch: row.epoch,
        sequence: row.sequence,
        note: NoteRow {
            key: key.into(),
            progress,
        },
        is_boundary: false,
    }
}

pub(super) fn message(run: &str, id: &str) -> Message {
    Message {
        run: run_id(run),
        id: id.into(),
        signal: "approve".into(),
        payload: id.as_bytes().to_vec(),
        at: at(5),
    }
}

pub(super) fn beat(rows: &[&RunRow], lease: Duration) -> Heartbeat {
    Heartbeat {
        claims: rows.iter().map(|row| (row.id.clone(), row.epoch)).collect(),
        lease,
    }
}

/// Checks that an operation was refused because the run has another holder, or has moved on.
#[track_caller]
pub(super) fn is_fenced<T: std::fmt::Debug>(answer: &Result<T, StoreError>, why: &str) {
    assert!(
        matches!(answer, Err(StoreError::Fenced { .. })),
        "law 4: {why}, so it is fenced, and not {answer:?}"
    );
}

/// Returns everything that can be read of a run.
pub(super) async fn all_of(store: &AnyStore, run: &RunId) -> (Found, Vec<HistoryRow>) {
    (get(store, run).await, history(store, run).await)
}

/// Returns the id with this text.
pub(super) fn run_id(text: &str) -> RunId {
    text.parse().expect("it is an id")
}
