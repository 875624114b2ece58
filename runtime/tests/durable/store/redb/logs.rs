//! The logs of a run in a file: damage to an entry concerns who reads it, and a purge that is cut off leaves the rest.

use std::path::Path;

use redb::{ReadableTable as _, TableDefinition};
use stateway::store::{Commit, Created, LogEntry, LogRow, RunRow, Status, Store as _};
use stateway::{RedbStore, RunId, StoreError};

use crate::support::walk::{at, claim, held, purge, step};

const LOGS: TableDefinition<'_, (&str, u64), &[u8]> = TableDefinition::new("logs");

fn entry(text: &str) -> LogEntry {
    LogEntry {
        log: "steps".into(),
        entry: text.as_bytes().to_vec(),
    }
}

/// Adds these entries, with one transition.
async fn add(store: &RedbStore, row: &mut RunRow, entries: &[&str]) {
    let commit = Commit {
        logged: entries.iter().map(|text| entry(text)).collect(),
        ..step(row, Status::Running)
    };
    store.commit(commit.clone()).await.unwrap();
    let _ = row.apply(&commit, 0);
}

/// A run with five entries.
async fn begun(store: &RedbStore, id: &str) -> RunRow {
    let Created::New(mut row) = store.create(held(id)).await.unwrap() else {
        panic!("it is new")
    };
    add(store, &mut row, &["0", "1"]).await;
    add(store, &mut row, &["2"]).await;
    add(store, &mut row, &["3", "4"]).await;
    row
}

fn texts(rows: &[LogRow]) -> Vec<&str> {
    let texts = rows.iter().map(|row| str::from_utf8(&row.entry).unwrap());
    texts.collect()
}

fn id(text: &str) -> RunId {
    text.parse().unwrap()
}

/// Changes the entry 2 of run `b` behind the back of the store. Gives what an integrity check says of it.
async fn damaged(path: &Path, change: impl FnOnce(&[u8]) -> Option<Vec<u8>>) -> Vec<String> {
    let store = RedbStore::open(path).unwrap();
    for id in ["a", "b", "c"] {
        begun(&store, id).await;
    }
    drop(store);
    assert!(RedbStore::check_integrity(path).unwrap().is_intact());
    let database = redb::Database::open(path).unwrap();
    let write = database.begin_write().unwrap();
    {
        let mut logs = write.open_table(LOGS).unwrap();
        let entry = logs.get(("b", 2)).unwrap().unwrap().value().to_vec();
        match change(&entry) {
            Some(entry) => drop(logs.insert(("b", 2), &*entry).unwrap()),
            None => drop(logs.remove(("b", 2)).unwrap()),
        }
    }
    write.commit().unwrap();
    drop(database);
    let report = RedbStore::check_integrity(path).unwrap();
    report.damages.iter().map(ToString::to_string).collect()
}

/// Everything but the entry is as it was.
async fn concerns_the_entry_alone(path: &Path, reason: &str) {
    let store = RedbStore::open(path).unwrap();
    for other in ["a", "c"] {
        let rows = store.log(&id(other), 0, 10).await.unwrap();
        assert_eq!(texts(&rows), ["0", "1", "2", "3", "4"]);
    }
    for (from, limit) in [(0, 10), (2, 1), (1, 2)] {
        match store.log(&id("b"), from, limit).await {
            Err(StoreError::Broken { run, reason: found }) => {
                assert_eq!((run, &*found), (id("b"), reason));
            }
            other => panic!("{other:?}"),
        }
    }
    let rows = store.log(&id("b"), 3, 10).await.unwrap();
    assert_eq!(texts(&rows), ["3", "4"]);
    let rows = store.log(&id("b"), 0, 2).await.unwrap();
    assert_eq!(texts(&rows), ["0", "1"]);
    // The run goes on, and is removed with all its entries.
    let claimed = store.claim(claim(at(100))).await.unwrap().taken;
    let mut row = claimed
        .into_iter()
        .find(|it| it.row.id == id("b"))
        .unwrap()
        .row;
    assert_eq!(row.logged, 5);
    add(&store, &mut row, &["5"]).await;
    assert_eq!(
        texts(&store.log(&id("b"), 3, 10).await.unwrap()),
        ["3", "4", "5"]
    );
    store.commit(step(&row, Status::Done)).await.unwrap();
    assert_eq!(store.purge(purge(at(1_000))).await.unwrap(), 1);
    assert!(begun(&store, "b").await.logged == 5);
    drop(store);
    let report = RedbStore::check_integrity(path).unwrap();
    assert!(report.is_intact(), "{report}");
}

#[tokio::test]
async fn an_entry_that_is_damaged_concerns_who_reads_it() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = folder.path().join("runs.redb");
    let said = damaged(&path, |entry| {
        let mut entry = entry.to_vec();
        entry[5] ^= 1;
        Some(entry)
    });
    let reason = "entry 2 of its logs: it is damaged, or stands where it was not put";
    assert_eq!(said.await, [format!("run `b`: {reason}")]);
    concerns_the_entry_alone(&path, reason).await;
}

#[tokio::test]
async fn an_entry_that_is_missing_concerns_who_reads_it() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = folder.path().join("runs.redb");
    let said = damaged(&path, |_| None);
    assert_eq!(
        said.await,
        ["run `b`: its entries of logs: there are 4 of 5"]
    );
    concerns_the_entry_alone(&path, "entry 2 of its logs: it is not there").await;
}

#[tokio::test]
async fn a_commit_with_too_much_to_log_stops_nobody() {
    let store = RedbStore::options().open_backend(redb::backends::InMemoryBackend::new());
    let store = store.unwrap();
    let row = begun(&store, "a").await;
    let half = LogEntry {
        log: "steps".into(),
        entry: vec![0; 257 << 20],
    };
    let refused = Commit {
        logged: vec![half.clone(), half],
        ..step(&row, Status::Running)
    };
    let refused = store.commit(refused).await;
    assert!(
        matches!(refused, Err(StoreError::TooLarge { .. })),
        "its entries count together: {refused:?}"
    );
    assert_eq!(store.log(&id("a"), 0, 10).await.unwrap().len(), 5);
    store.commit(step(&row, Status::Running)).await.unwrap();
}
