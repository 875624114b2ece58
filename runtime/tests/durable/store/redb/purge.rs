//! Purging a `RedbStore`: a long history keeps nobody from the writer, and a crash in the middle leaves nothing behind.

use std::cell::RefCell;
use std::time::Duration;

use stateway::store::{
    Claim, Commit, Created, Event, Filter, LogEntry, LogRow, Message, NewRun, Purge, RunRow,
    Status, Store as _, Suspects, WorkflowVersions,
};
use stateway::{Durability, RedbStore, StoreError};

use crate::support::disk::{Disk, Moment};
use crate::support::walk::{at, held, lease, purge, step};

/// The same, with an undo.
fn undoable_step(row: &RunRow) -> Commit {
    let mut commit = step(row, Status::Running);
    if let Event::Transition { undo, .. } = &mut commit.event {
        *undo = Some("unfasten".into());
    }
    commit
}

/// A run that has ended, with `n` rows of history beside its first, and `n` messages.
async fn ended(store: &RedbStore, id: &str, workflow: &'static str, rows: u64, messages: u64) {
    let run = NewRun {
        workflow: workflow.into(),
        ..held(id)
    };
    let Ok(Created::New(mut row)) = store.create(run).await else {
        panic!("it is new")
    };
    send(store, id, messages).await;
    for number in 1..=rows {
        let status = if number == rows {
            Status::Done
        } else {
            Status::Running
        };
        let commit = step(&row, status);
        store.commit(commit.clone()).await.unwrap();
        let _ = row.apply(&commit, 0);
    }
}

async fn send(store: &RedbStore, id: &str, messages: u64) {
    for number in 0..messages {
        let message = Message {
            run: id.parse().unwrap(),
            id: format!("message-{number}"),
            signal: "nudge".into(),
            payload: vec![1; 20],
            at: at(5),
        };
        store.send(message.into()).await.unwrap();
    }
}

/// A store on a disk, which flushes nothing while it is filled.
fn unflushed(disk: &Disk) -> RedbStore {
    let options = RedbStore::options().durability(Durability::MayLoseLatest {
        within: Duration::from_hours(1),
    });
    options.open_backend(disk.clone()).unwrap()
}

/// Gives how many rows belong to no run.
fn is_intact(disk: &Disk) -> u64 {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = folder.path().join("runs.redb");
    std::fs::write(&path, disk.bytes()).unwrap();
    let report = RedbStore::check_integrity(&path).unwrap();
    assert!(report.is_intact(), "{report}: {report:?}");
    report.loose_rows
}

async fn ids(store: &RedbStore) -> Vec<String> {
    let rows = store.list(Filter::default()).await.unwrap();
    rows.iter().map(|row| row.id.to_string()).collect()
}

#[tokio::test]
async fn a_purge_removes_the_runs_of_its_workflow_that_ended_before() {
    let disk = Disk::with(Vec::new(), Moment::Never);
    let store = unflushed(&disk);
    for number in 0..7 {
        ended(
            &store,
            &format!("walk-{number}"),
            "Walk",
            2 + number,
            number,
        )
        .await;
        ended(&store, &format!("run-{number}"), "Run", 2, 1).await;
    }
    store.create(held("walk-live")).await.unwrap();
    let two = purge(at(1_000_000)).limit(2);
    assert_eq!(store.purge(two).await.unwrap(), 2, "those that ended first");
    assert_eq!(ids(&store).await[7..9], ["walk-2", "walk-3"]);
    assert_eq!(store.purge(purge(at(25))).await.unwrap(), 2);
    assert_eq!(store.purge(purge(at(1_000_000))).await.unwrap(), 3);
    assert_eq!(store.purge(purge(at(1_000_000))).await.unwrap(), 0);
    let all = Purge::new(at(1_000_000));
    assert_eq!(store.purge(all).await.unwrap(), 7);
    assert_eq!(ids(&store).await, ["walk-live"]);
    drop(store);
    assert_eq!(is_intact(&disk), 0);
}

#[tokio::test]
async fn a_long_history_keeps_nobody_from_the_writer() {
    let disk = Disk::with(Vec::new(), Moment::Never);
    let store = unflushed(&disk);
    ended(&store, "long", "Walk", 5_000, 1_500).await;
    drop(store);
    let store = RedbStore::options().open_backend(disk.clone()).unwrap();
    let before = disk.flushes();
    let order = RefCell::new(Vec::new());
    let removed = async {
        assert_eq!(store.purge(purge(at(1_000_000))).await.unwrap(), 1);
        order.borrow_mut().push("purged");
    };
    let created = async {
        store.create(held("other")).await.unwrap();
        order.borrow_mut().push("created");
    };
    tokio::join!(removed, created);
    assert_eq!(*order.borrow(), ["created", "purged"]);
    let flushes = disk.flushes() - before;
    assert!(flushes >= 7, "6,500 entries went in {flushes} pages");
    drop(store);
    assert_eq!(is_intact(&disk), 0);
}

#[tokio::test]
async fn a_crash_in_a_purge_leaves_a_run_whole_or_nothing_of_it() {
    let full = Disk::with(Vec::new(), Moment::Never);
    let store = unflushed(&full);
    ended(&store, "a", "Walk", 10, 3).await;
    ended(&store, "long", "Walk", 3_500, 700).await;
    ended(&store, "z", "Walk", 3_600, 0).await;
    let history = store
        .history(&"long".parse().unwrap(), 0, 5_000)
        .await
        .unwrap();
    drop(store);
    for crash in 0..14 {
        let disk = Disk::with(full.bytes(), Moment::Never);
        let store = RedbStore::options().open_backend(disk.clone()).unwrap();
        // Opening it has flushed already.
        disk.lose_after(crash);
        let purged = store.purge(purge(at(1_000_000))).await;
        drop(store);
        let disk = disk.left(crash, Moment::Never);
        is_intact(&disk);
        let store = RedbStore::options().open_backend(disk.clone()).unwrap();
        match store.history(&"long".parse().unwrap(), 0, 5_000).await {
            Ok(found) => assert!(found == history, "crash {crash}: {} rows", found.len()),
            Err(StoreError::NotFound { .. }) => {
                // Its id is free at once, and what is left of the other does not concern the new one.
                ended(&store, "long", "Walk", 130, 2).await;
                let again = store
                    .history(&"long".parse().unwrap(), 0, 5_000)
                    .await
                    .unwrap();
                assert_eq!(again.len(), 131);
            }
            Err(error) => panic!("crash {crash}: {error:?}"),
        }
        let left = ids(&store).await.len() as u64;
        assert_eq!(store.purge(purge(at(1_000_000))).await.unwrap(), left);
        assert!(purged.is_err() || left == 1, "only the new one was left");
        drop(store);
        assert_eq!(is_intact(&disk), 0);
    }
}

/// Nobody misses what a purge has removed by then, because no state of a rollback takes a message.
#[tokio::test]
async fn a_run_that_is_half_purged_is_rolled_back_again() {
    let full = Disk::with(Vec::new(), Moment::Never);
    let store = unflushed(&full);
    let run = "long".parse().unwrap();
    let Ok(Created::New(mut row)) = store.create(held("long")).await else {
        panic!("it is new")
    };
    send(&store, "long", 1_500).await;
    for number in 0..130 {
        let entry = |of: u64| LogEntry {
            log: "steps".into(),
            entry: (10 * number + of).to_le_bytes().to_vec(),
        };
        let commit = Commit {
            logged: (0..10).map(entry).collect(),
            ..undoable_step(&row)
        };
        store.commit(commit.clone()).await.unwrap();
        let _ = row.apply(&commit, 0);
    }
    let ends = Commit {
        event: Event::Ended,
        ..step(&row, Status::Terminated)
    };
    store.commit(ends).await.unwrap();
    drop(store);
    let (mut messages, mut entries) = (Vec::new(), Vec::new());
    for crash in 0..8 {
        let disk = Disk::with(full.bytes(), Moment::Never);
        let store = RedbStore::options().open_backend(disk.clone()).unwrap();
        disk.lose_after(crash);
        let purged = store.purge(purge(at(1_000_000))).await;
        drop(store);
        let disk = disk.left(crash, Moment::Never);
        let store = RedbStore::options().open_backend(disk.clone()).unwrap();
        match store.retry_rollback(&run, at(1_000).into()).await {
            Err(StoreError::NotFound { .. }) => break,
            retried => retried.unwrap(),
        }
        assert!(purged.is_err());
        assert_eq!(store.purge(purge(at(1_000_000))).await.unwrap(), 0);
        let claim = Claim {
            workflows: [WorkflowVersions::one("Walk", 1)].into(),
            now: at(1_000),
            lease: lease(),
            limit: 1,
            suspects: Suspects::none(5),
        };
        let claimed = store.claim(claim).await.unwrap().taken.remove(0);
        messages.push(claimed.inbox.len());
        let left = store.undoable(&run, 1_000).await.unwrap();
        assert_eq!(left.len(), 130, "crash {crash}");
        // The rest of its logs is there as it was.
        let log = store.log(&run, 0, 2_000).await.unwrap();
        let numbered = |row: &LogRow| row.entry == row.number.to_le_bytes();
        assert!(log.iter().all(numbered) && claimed.row.logged == 1_300);
        assert!(log.last().is_none_or(|last| last.number == 1_299));
        entries.push(log.len());
        drop(store);
        is_intact(&disk);
    }
    messages.dedup();
    entries.dedup();
    assert_eq!(messages, [1_500, 501, 0], "a page touches 1,000 entries");
    assert_eq!(entries, [1_300, 804, 0]);
}

/// More than the store takes, and more than redb does, concerns its caller alone.
#[tokio::test]
async fn one_run_with_too_much_to_store_stops_nobody() {
    let disk = Disk::with(Vec::new(), Moment::Never);
    let store = unflushed(&disk);
    let Created::New(row) = store.create(held("a")).await.unwrap() else {
        panic!("it is new")
    };
    let long = "x".repeat((512 << 20) + 1);
    let parked = Commit {
        event: Event::Parked {
            reason: long.clone().into(),
        },
        ..step(&row, Status::Parked)
    };
    let started = NewRun {
        payload: long.into_bytes(),
        ..held("b")
    };
    for refused in [
        store.commit(parked).await.map(drop),
        store.create(started).await.map(drop),
    ] {
        let Err(StoreError::TooLarge { size, limit, .. }) = refused else {
            panic!("{refused:?}")
        };
        assert!(size > limit, "{size}, {limit}");
    }
    store.commit(step(&row, Status::Running)).await.unwrap();
    assert_eq!(ids(&store).await, ["a"]);
}
