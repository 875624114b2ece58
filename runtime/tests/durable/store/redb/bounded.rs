//! Histories that are bounded, in a file: it does not grow, and nothing is left of what was removed.

use std::time::Duration;

use redb::{ReadableTable as _, TableDefinition};
use stateway::store::{
    Commit, Created, Event, HistoryRow, IntegrityReport, RunRow, Status, Store as _,
};
use stateway::{Durability, RedbStore, RunId, StoreError};

use crate::support::disk::{Disk, Moment};
use crate::support::walk::{at, claim, held, purge, step};

const HISTORY: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("history");

fn unflushed(disk: &Disk) -> RedbStore {
    let options = RedbStore::options().durability(Durability::MayLoseLatest {
        within: Duration::from_hours(1),
    });
    options.open_backend(disk.clone()).unwrap()
}

fn checked(disk: &Disk) -> IntegrityReport {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = folder.path().join("runs.redb");
    std::fs::write(&path, disk.bytes()).unwrap();
    let report = RedbStore::check_integrity(&path).unwrap();
    assert!(report.is_intact(), "{report}");
    report
}

async fn begun(store: &RedbStore, id: &str) -> RunRow {
    let Created::New(row) = store.create(held(id)).await.unwrap() else {
        panic!("it is new")
    };
    row
}

/// Takes transitions, each of which keeps `rows`; of those whose number `has_undo` is true of, there is an undo.
async fn walk(
    store: &RedbStore,
    row: &mut RunRow,
    transitions: u64,
    rows: Option<u32>,
    has_undo: impl Fn(u64) -> bool,
) {
    for _ in 0..transitions {
        let mut commit = step(row, Status::Running);
        commit.keep_history = rows;
        if let Event::Transition { undo, .. } = &mut commit.event
            && has_undo(row.rows + 1)
        {
            *undo = Some("unfasten".into());
        }
        store.commit(commit.clone()).await.unwrap();
        let _ = row.apply(&commit, 0);
    }
}

async fn history(store: &RedbStore, run: &RunId) -> Vec<HistoryRow> {
    store.history(run, 0, 10_000).await.unwrap()
}

#[tokio::test]
async fn a_file_does_not_grow_with_a_bounded_history() {
    let mut lengths = Vec::new();
    for transitions in [300, 3_000] {
        let disk = Disk::with(Vec::new(), Moment::Never);
        let store = RedbStore::options().open_backend(disk.clone()).unwrap();
        let mut row = begun(&store, "a").await;
        walk(&store, &mut row, transitions, Some(10), |_| false).await;
        assert_eq!(history(&store, &row.id).await.len(), 11);
        drop(store);
        let report = checked(&disk);
        assert_eq!((report.rows, report.loose_rows), (11, 0));
        lengths.push(disk.bytes().len());
    }
    // The last transaction decides about a page or two.
    assert!(lengths[1] < lengths[0] + (16 << 10), "{lengths:?}");
}

#[tokio::test]
async fn what_is_to_be_undone_outlives_an_opening_and_goes_with_its_run() {
    let disk = Disk::with(Vec::new(), Moment::Never);
    let store = unflushed(&disk);
    let mut row = begun(&store, "a").await;
    walk(&store, &mut row, 400, Some(10), |number| number % 64 == 0).await;
    let run = row.id.clone();
    let before = history(&store, &run).await;
    let numbers: Vec<u64> = before.iter().map(|row| row.number).collect();
    let mut expected = vec![0, 64, 128, 192, 256, 320, 384];
    expected.extend(391..=400);
    assert_eq!(numbers, expected);
    drop(store);
    let report = checked(&disk);
    assert_eq!((report.rows, report.loose_rows), (17, 0));

    let store = unflushed(&disk);
    assert_eq!(history(&store, &run).await, before);
    let left = store.undoable(&run, 4).await.unwrap();
    let left: Vec<u64> = left.iter().map(|row| row.number).collect();
    assert_eq!(left, [384, 320, 256, 192]);
    row = store
        .claim(claim(at(9_999)))
        .await
        .unwrap()
        .taken
        .remove(0)
        .row;
    walk(&store, &mut row, 20, Some(10), |_| false).await;
    store.commit(step(&row, Status::Done)).await.unwrap();
    assert_eq!(store.purge(purge(at(1_000_000))).await.unwrap(), 1);
    drop(store);
    let report = checked(&disk);
    assert_eq!((report.runs, report.rows, report.loose_rows), (0, 0, 0));
}

#[tokio::test]
async fn a_history_may_be_bounded_after_a_while() {
    let disk = Disk::with(Vec::new(), Moment::Never);
    let store = unflushed(&disk);
    let mut row = begun(&store, "a").await;
    walk(&store, &mut row, 500, None, |number| number % 50 == 3).await;
    for round in 0..12 {
        walk(&store, &mut row, 1, Some(7), |_| false).await;
        // A request is none of the rows that are noted.
        let request = at(1_000 + round).into();
        store.pause(&row.id, request).await.unwrap();
        store
            .resume(&row.id, at(1_000 + round).into())
            .await
            .unwrap();
        row = store.get(&row.id).await.unwrap().unwrap().row;
        let left = store.undoable(&row.id, 100).await.unwrap();
        assert_eq!(left.len(), 10);
    }
    walk(&store, &mut row, 40, Some(7), |_| false).await;
    let rows = history(&store, &row.id).await;
    assert_eq!(rows.len(), 1 + 10 + 7, "{:?}", row.history_from);
    drop(store);
    let report = checked(&disk);
    assert_eq!((report.rows, report.loose_rows), (18, 0));
}

#[tokio::test]
async fn a_crash_in_a_purge_leaves_a_bounded_history_whole_or_nothing_of_it() {
    let full = Disk::with(Vec::new(), Moment::Never);
    let store = unflushed(&full);
    let mut row = begun(&store, "a").await;
    walk(&store, &mut row, 2_600, Some(5), |number| number % 2 == 0).await;
    let run = row.id.clone();
    store.commit(step(&row, Status::Done)).await.unwrap();
    let rows = history(&store, &run).await;
    assert!(rows.len() > 1_300);
    drop(store);
    for crash in 0..6 {
        let disk = Disk::with(full.bytes(), Moment::Never);
        let store = RedbStore::options().open_backend(disk.clone()).unwrap();
        disk.lose_after(crash);
        let _ = store.purge(purge(at(1_000_000))).await;
        drop(store);
        let disk = disk.left(crash, Moment::Never);
        checked(&disk);
        let store = RedbStore::options().open_backend(disk.clone()).unwrap();
        match store.history(&run, 0, 10_000).await {
            Ok(found) => assert!(found == rows, "crash {crash}: {} rows", found.len()),
            Err(StoreError::NotFound { .. }) => {
                // Its id is free at once, and what is left of the other does not concern the new one.
                let mut row = begun(&store, "a").await;
                walk(&store, &mut row, 30, Some(5), |number| number == 4).await;
                assert_eq!(history(&store, &run).await.len(), 7);
                store.commit(step(&row, Status::Done)).await.unwrap();
            }
            Err(error) => panic!("crash {crash}: {error:?}"),
        }
        assert_eq!(store.purge(purge(at(1_000_000))).await.unwrap(), 1);
        drop(store);
        let report = checked(&disk);
        assert_eq!((report.rows, report.loose_rows), (0, 0), "crash {crash}");
    }
}

/// Nothing that a run goes on with is in its old rows.
#[tokio::test]
async fn an_old_row_that_is_damaged_keeps_no_run_from_going_on() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = folder.path().join("runs.redb");
    let store = RedbStore::open(&path).unwrap();
    let mut row = begun(&store, "a").await;
    walk(&store, &mut row, 8, Some(5), |_| false).await;
    drop(store);
    let database = redb::Database::open(&path).unwrap();
    let write = database.begin_write().unwrap();
    {
        let mut history = write.open_table(HISTORY).unwrap();
        let places = history.iter().unwrap();
        let places: Vec<u64> = places.map(|entry| entry.unwrap().0.value()).collect();
        history.insert(places[2], &b"\x01torn"[..]).unwrap();
    }
    write.commit().unwrap();
    drop(database);

    let store = RedbStore::open(&path).unwrap();
    row = store
        .claim(claim(at(9_999)))
        .await
        .unwrap()
        .taken
        .remove(0)
        .row;
    walk(&store, &mut row, 10, Some(5), |_| false).await;
    let rows = store.history(&row.id, 10, 100).await.unwrap();
    assert_eq!(rows.len(), 5);
    let refused = store.history(&row.id, 0, 100).await;
    assert!(
        matches!(refused, Err(StoreError::Broken { .. })),
        "it may have had an undo: {refused:?}"
    );
    let commit = Commit {
        keep_history: Some(5),
        ..step(&row, Status::Done)
    };
    store.commit(commit).await.unwrap();
    assert_eq!(store.purge(purge(at(1_000_000))).await.unwrap(), 1);
    assert!(begun(&store, "a").await.history_from == 0);
}
