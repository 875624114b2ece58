//! Opening and closing the file of a `RedbStore`, and what is broken in it. What else may lie under its path is in
//! `redb_file.rs`.

use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use redb::{Database, ReadableTable as _, TableDefinition};
use stateway::store::{Claim, Commit, Created, Filter, NewRun, Purge, Status, Stop, Store as _};
use stateway::{Durability, RedbStore, StoreError};

use crate::support::disk::{Disk, Moment};
use crate::support::walk::{at, claim, lease, new, step};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Folder(tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap())
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("runs.redb")
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect()
    }
}

/// Changes a file behind the back of the store.
fn tamper(path: &Path, change: impl FnOnce(&redb::WriteTransaction)) {
    let database = Database::open(path).unwrap();
    let write = database.begin_write().unwrap();
    change(&write);
    write.commit().unwrap();
}

const RUNS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("runs");
const HISTORY: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("history");

#[tokio::test]
async fn a_file_is_opened_again_with_everything_in_it() {
    let folder = Folder::new();
    let store = RedbStore::open(folder.file()).unwrap();
    store.create(new("a")).await.unwrap();
    let claimed = store.claim(claim(at(60))).await.unwrap().taken.remove(0);
    store
        .commit(step(&claimed.row, Status::Running))
        .await
        .unwrap();
    let before = store.get(&"a".parse().unwrap()).await.unwrap().unwrap();
    drop(store);
    assert_eq!(folder.names(), ["runs.redb"]);
    let store = RedbStore::open(folder.file()).unwrap();
    assert_eq!(
        store.get(&"a".parse().unwrap()).await.unwrap().unwrap(),
        before
    );
    // Who held it is gone, and its lease with it.
    let again = store.claim(claim(at(60))).await.unwrap().taken.remove(0);
    assert_eq!(again.row.epoch, claimed.row.epoch + 1);
    assert_eq!(again.row.crashes, 1);
    assert_eq!(again.payload, b"gone");
}

#[tokio::test]
async fn a_broken_record_concerns_its_own_run() {
    let folder = Folder::new();
    let store = RedbStore::open(folder.file()).unwrap();
    for id in ["a", "b", "c", "d", "e"] {
        let run = NewRun {
            lease: Some(lease()),
            ..new(id)
        };
        let Ok(Created::New(row)) = store.create(run).await else {
            panic!("it is new")
        };
        store.commit(step(&row, Status::Running)).await.unwrap();
    }
    drop(store);
    tamper(&folder.file(), |write| {
        let mut runs = write.open_table(RUNS).unwrap();
        let record = runs.get("a").unwrap().unwrap().value().to_vec();
        runs.insert("b", &b"nonsense"[..]).unwrap();
        // Of a version that is to come.
        let newer = [&[2], &record[1..]].concat();
        runs.insert("c", &*newer).unwrap();
        // The row with the payload of `d`, whose second commit was the eighth of all.
        let mut history = write.open_table(HISTORY).unwrap();
        history.insert(8, &b"\x01torn"[..]).unwrap();
    });
    let store = RedbStore::open(folder.file()).unwrap();
    let claimed = store.claim(claim(at(60))).await.unwrap().taken;
    let claimed: Vec<_> = claimed.iter().map(|it| it.row.id.to_string()).collect();
    assert_eq!(claimed, ["a", "e"], "nobody else is kept");
    let parked = Filter::new().status(Status::Parked);
    let parked = store.list(parked).await.unwrap();
    let parked: Vec<_> = parked
        .iter()
        .map(|row| {
            format!(
                "{}: {}",
                row.id,
                row.parked
                    .as_ref()
                    .map_or("", stateway::store::Text::as_str)
            )
        })
        .collect();
    assert_eq!(
        parked,
        [
            "b: what is stored of it cannot be read: its record: it has version 110, and this program knows \
             version 1",
            "c: what is stored of it cannot be read: its record: it has version 2, and this program knows \
             version 1",
            "d: what is stored of it cannot be read: row 8 of its history: it is damaged, or stands where it was not \
             put",
        ]
    );
    for run in ["b", "c"] {
        let run = run.parse().unwrap();
        for error in [
            store.get(&run).await.map(|_| ()),
            store.history(&run, 0, 10).await.map(|_| ()),
            store.unpark(&run, at(30).into()).await,
            store.stop(&run, Stop::Cancel, at(30).into()).await,
            store.create(new(&run.text())).await.map(|_| ()),
        ] {
            assert!(
                matches!(&error, Err(StoreError::Broken { run: named, .. }) if *named == run),
                "{error:?}"
            );
        }
    }
    // It is tried again, and stands still again.
    assert!(store.claim(claim(at(60))).await.unwrap().taken.is_empty());
    store
        .unpark(&"d".parse().unwrap(), at(30).into())
        .await
        .unwrap();
    assert!(store.claim(claim(at(60))).await.unwrap().taken.is_empty());
    let row = store.list(Filter::default()).await.unwrap().remove(3);
    assert_eq!((row.id, row.status), ("d".parse().unwrap(), Status::Parked));
    let purge = Purge::new(at(1_000));
    assert_eq!(store.purge(purge).await.unwrap(), 0);
}

#[tokio::test]
async fn what_comes_together_is_flushed_together() {
    let disk = Disk::with(Vec::new(), Moment::Never);
    let store = RedbStore::options().open_backend(disk.clone()).unwrap();
    let before = disk.flushes();
    disk.hold_up();
    let asked: Vec<_> = (0..200).map(|run| new(&format!("run-{run}"))).collect();
    let all = asked.into_iter().map(|run| store.create(run));
    // All of them are asked before the gate opens, on this one thread.
    let (created, ()) = tokio::join!(tokio::task::unconstrained(join_all(all)), async {
        disk.let_through();
    });
    assert!(created.iter().all(Result::is_ok));
    let flushes = disk.flushes() - before;
    // One for what came first, one for the others, and what redb itself may need as its file grows.
    assert!(flushes <= 5, "200 runs took {flushes} flushes");
}

#[tokio::test]
async fn a_full_queue_lets_others_wait() {
    let disk = Disk::with(Vec::new(), Moment::Never);
    let options = RedbStore::options().queue(4);
    let store = options.open_backend(disk.clone()).unwrap();
    let before = disk.flushes();
    disk.hold_up();
    let asked: Vec<_> = (0..40).map(|run| new(&format!("run-{run}"))).collect();
    let all = asked.into_iter().map(|run| store.create(run));
    let (created, ()) = tokio::join!(tokio::task::unconstrained(join_all(all)), async {
        disk.let_through();
    });
    assert!(created.iter().all(Result::is_ok), "none is turned away");
    let flushes = disk.flushes() - before;
    assert!(flushes >= 10, "40 runs, four at a time, took {flushes}");
}

#[tokio::test]
async fn who_waits_for_a_place_is_told_when_the_disk_fails() {
    let disk = Disk::with(Vec::new(), Moment::Never);
    let options = RedbStore::options().queue(2);
    let store = options.open_backend(disk.clone()).unwrap();
    disk.hold_up();
    let asked: Vec<_> = (0..10).map(|run| new(&format!("run-{run}"))).collect();
    let all = asked.into_iter().map(|run| store.create(run));
    let (created, ()) = tokio::join!(tokio::task::unconstrained(join_all(all)), async {
        disk.lose();
        disk.let_through();
    });
    assert_eq!(created.len(), 10);
    for refused in created {
        let error = refused.unwrap_err();
        let why = format!("{error:?}");
        assert!(why.contains("the power has gone"), "{why}");
    }
}

/// Polls all of them in turn, on this task.
async fn join_all<F: Future>(all: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut all: Vec<_> = all.map(Box::pin).collect();
    let mut outputs: Vec<_> = all.iter().map(|_| None).collect();
    std::future::poll_fn(|cx| {
        let mut is_ready = true;
        for (future, output) in all.iter_mut().zip(&mut outputs) {
            if output.is_none() {
                match future.as_mut().poll(cx) {
                    std::task::Poll::Ready(value) => *output = Some(value),
                    std::task::Poll::Pending => is_ready = false,
                }
            }
        }
        if is_ready {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    outputs.into_iter().flatten().collect()
}

#[tokio::test]
async fn a_store_that_is_dropped_leaves_everything_on_disk() {
    let disk = Disk::with(Vec::new(), Moment::Never);
    let behind = Durability::MayLoseLatest {
        within: Duration::from_hours(1),
    };
    let options = RedbStore::options().durability(behind);
    let store = options.open_backend(disk.clone()).unwrap();
    store.create(new("a")).await.unwrap();
    let lost = disk.left(0, Moment::Never);
    drop(store);
    let left = disk.left(0, Moment::Never);
    let store = RedbStore::options().open_backend(left).unwrap();
    assert!(store.get(&"a".parse().unwrap()).await.unwrap().is_some());
    let store = RedbStore::options().open_backend(lost).unwrap();
    assert!(
        store.get(&"a".parse().unwrap()).await.unwrap().is_none(),
        "it was not on disk before"
    );
}

#[tokio::test]
async fn a_store_whose_disk_fails_says_so_and_does_nothing_more() {
    let disk = Disk::with(Vec::new(), Moment::Never);
    let store = RedbStore::options().open_backend(disk.clone()).unwrap();
    store.create(new("a")).await.unwrap();
    disk.lose();
    let first = store.create(new("b")).await.unwrap_err();
    assert!(matches!(first, StoreError::Unavailable { .. }), "{first:?}");
    for refused in [
        store.create(new("c")).await.map(|_| ()),
        store.claim(claim(at(60))).await.map(|_| ()),
        store.get(&"a".parse().unwrap()).await.map(|_| ()),
    ] {
        let Err(StoreError::Closed { reason: Some(why) }) = &refused else {
            panic!("{refused:?}")
        };
        assert!(why.contains("the power has gone"), "{why}");
    }
}

/// Whatever a caller names, it concerns that caller alone.
#[tokio::test]
async fn numbers_at_the_end_of_their_type_stop_nobody() {
    let disk = Disk::with(Vec::new(), Moment::Never);
    let store = RedbStore::options().open_backend(disk).unwrap();
    store.create(new("a")).await.unwrap();
    let claimed = store.claim(claim(at(60))).await.unwrap().taken.remove(0);
    for (epoch, sequence) in [
        (u64::MAX, 0),
        (claimed.row.epoch, u64::MAX),
        (u64::MAX, u64::MAX),
    ] {
        let refused = Commit {
            epoch,
            sequence,
            ..step(&claimed.row, Status::Running)
        };
        assert!(store.commit(refused).await.is_err());
    }
    let all = store
        .history(&"a".parse().unwrap(), u64::MAX, usize::MAX)
        .await;
    assert!(all.unwrap().is_empty());
    let far = Claim {
        now: UNIX_EPOCH + Duration::from_secs(u64::MAX >> 1),
        ..claim(at(60))
    };
    store.claim(far).await.unwrap();
    store.create(new("b")).await.unwrap();
}
