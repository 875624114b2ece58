//! Entries of logs: added once, with a transition, and never changed.

use super::bench::{
    AnyStore, at, claim, commit, end, get, give_back, go, hold, is_fenced, new, park, run_id, step,
    undoable,
};
use crate::store::{
    Commit, Created, Event, LogEntry, LogRow, NewRun, Purge, RunRow, Status, StoreError,
};

fn entry(log: &'static str, entry: &[u8]) -> LogEntry {
    LogEntry {
        log: log.into(),
        entry: entry.to_vec(),
    }
}

/// Returns a transition that adds these entries.
fn logs(row: &RunRow, entries: &[LogEntry]) -> Commit {
    Commit {
        logged: entries.to_vec(),
        ..step(row, "Reserved")
    }
}

async fn log(store: &AnyStore, row: &RunRow) -> Vec<LogRow> {
    log_from(store, row, 0, 1_000).await
}

async fn log_from(store: &AnyStore, row: &RunRow, from: u64, limit: usize) -> Vec<LogRow> {
    let rows = store.log(&row.id, from, limit).await;
    rows.expect("the logs of a run are read")
}

/// Adds a run with the entries `one`, `two` and `three` in two logs, which its holder continues.
async fn three(store: &AnyStore) -> RunRow {
    let row = hold(store, "a").await;
    let first = logs(&row, &[entry("said", b"one"), entry("done", b"two")]);
    let row = go(store, first).await;
    go(store, logs(&row, &[entry("said", b"three")])).await
}

fn is_three(rows: &[LogRow], why: &str) {
    let rows: Vec<_> = rows
        .iter()
        .map(|row| (row.number, &*row.log, &*row.entry))
        .collect();
    let expected: [(u64, &str, &[u8]); 3] = [
        (0, "said", b"one"),
        (1, "done", b"two"),
        (2, "said", b"three"),
    ];
    assert_eq!(rows, expected, "{why}");
}

pub async fn entries_are_read_in_the_order_in_which_they_were_added(store: AnyStore) {
    let row = three(&store).await;
    is_three(&log(&store, &row).await, "all logs of a run together");
    assert_eq!(row.logged, 3, "the row counts them");
    let other = hold(&store, "b").await;
    assert_eq!(log(&store, &other).await, [], "they are of one run alone");
    assert_eq!(other.logged, 0);
}

pub async fn entries_are_counted_over_all_commits(store: AnyStore) {
    let mut row = hold(&store, "a").await;
    for count in [2, 0, 1, 3, 0] {
        let entries: Vec<_> = (0..count).map(|number| entry("said", &[number])).collect();
        let before = row.logged;
        row = go(&store, logs(&row, &entries)).await;
        assert_eq!(row.logged, before + u64::from(count));
    }
    let rows = log(&store, &row).await;
    let numbers: Vec<u64> = rows.iter().map(|row| row.number).collect();
    assert_eq!(numbers, [0, 1, 2, 3, 4, 5], "without a gap");
    let entries: Vec<u8> = rows.iter().map(|row| row.entry[0]).collect();
    assert_eq!(entries, [0, 1, 0, 0, 1, 2], "in the order of their commits");
}

pub async fn entries_come_in_pages(store: AnyStore) {
    let mut row = hold(&store, "a").await;
    for number in 0..5 {
        let entries = [
            entry("said", &[2 * number]),
            entry("said", &[2 * number + 1]),
        ];
        row = go(&store, logs(&row, &entries)).await;
    }
    for (from, limit, expected) in [
        (0, 4, 0..4),
        (4, 4, 4..8),
        (8, 4, 8..10),
        (9, 1, 9..10),
        (10, 4, 0..0),
        (u64::MAX, usize::MAX, 0..0),
        (3, 0, 0..0),
        (7, usize::MAX, 7..10),
    ] {
        let page = log_from(&store, &row, from, limit).await;
        let numbers: Vec<u64> = page.iter().map(|row| row.number).collect();
        assert_eq!(numbers, expected.collect::<Vec<u64>>(), "from {from}");
        let is_that = |row: &LogRow| u64::from(row.entry[0]) == row.number;
        assert!(page.iter().all(is_that), "{page:?}");
    }
}

pub async fn any_bytes_are_an_entry(store: AnyStore) {
    let row = hold(&store, "a").await;
    let all: Vec<u8> = (0..=255).collect();
    let entries = [
        entry("", b""),
        entry("said ✗", &all),
        entry("\0", &[0; 5_000]),
    ];
    let row = go(&store, logs(&row, &entries)).await;
    let rows = log(&store, &row).await;
    for (row, entry) in rows.iter().zip(&entries) {
        assert_eq!((&row.log, &row.entry), (&entry.log, &entry.entry));
    }
    assert_eq!(rows.len(), 3);
}

pub async fn the_logs_of_an_unknown_run_are_not_found(store: AnyStore) {
    let answer = store.log(&run_id("a"), 0, 10).await;
    assert!(
        matches!(answer, Err(StoreError::NotFound { .. })),
        "{answer:?}"
    );
}

pub async fn a_transition_and_its_entries_are_one(store: AnyStore) {
    let mut row = hold(&store, "a").await;
    for number in 0..20 {
        row = go(&store, logs(&row, &[entry("said", &[number])])).await;
        let rows = log(&store, &row).await;
        assert_eq!(
            (
                rows.len() as u64,
                row.logged,
                get(&store, &row.id).await.row.visit
            ),
            (row.visit, row.visit, row.visit),
            "law 2: they are one change"
        );
    }
}

pub async fn only_a_transition_adds_entries(store: AnyStore) {
    let row = three(&store).await;
    let reason = "why".into();
    for (event, status) in [
        (Event::RollbackBegan, Status::RollingBack),
        (Event::Parked { reason }, Status::Parked),
    ] {
        let row = get(&store, &row.id).await.row;
        let adds = Commit {
            logged: vec![entry("said", b"more")],
            ..commit(&row, event, status)
        };
        let row = go(&store, adds).await;
        assert_eq!(row.logged, 3);
        is_three(&log(&store, &row).await, "and nothing else does");
    }
}

pub async fn a_commit_that_is_repeated_adds_its_entries_once(store: AnyStore) {
    let row = three(&store).await;
    let adds = logs(&row, &[entry("said", b"four"), entry("said", b"five")]);
    let row = go(&store, adds.clone()).await;
    for _ in 0..2 {
        let again = store.commit(adds.clone()).await;
        assert!(again.is_ok(), "law 5: {again:?}");
        assert_eq!(log(&store, &row).await.len(), 5, "law 5");
        assert_eq!(get(&store, &row.id).await.row, row, "law 5");
    }
}

pub async fn a_commit_of_other_entries_is_another(store: AnyStore) {
    let row = three(&store).await;
    let adds = logs(&row, &[entry("said", b"four"), entry("said", b"five")]);
    let row = go(&store, adds.clone()).await;
    for other in [
        vec![entry("said", b"four"), entry("said", b"six")],
        vec![entry("said", b"five"), entry("said", b"four")],
        vec![entry("said", b"four"), entry("done", b"five")],
        vec![
            entry("said", b"x"),
            entry("said", b"four"),
            entry("said", b"five"),
        ],
    ] {
        let other = Commit {
            logged: other,
            ..adds.clone()
        };
        let answer = store.commit(other).await;
        is_fenced(&answer, "law 5: it is not the same in every part");
        assert_eq!(log(&store, &row).await.len(), 5);
    }
}

pub async fn a_commit_that_is_refused_adds_no_entries(store: AnyStore) {
    let row = three(&store).await;
    let before = get(&store, &row.id).await;
    for (epoch, sequence) in [(row.epoch - 1, row.sequence), (row.epoch, row.sequence + 1)] {
        let refused = Commit {
            epoch,
            sequence,
            ..logs(&row, &[entry("said", b"four")])
        };
        is_fenced(&store.commit(refused).await, "it expects another row");
        is_three(&log(&store, &row).await, "law 4: nothing has changed");
        assert_eq!(get(&store, &row.id).await, before);
    }
}

pub async fn nothing_else_changes_what_was_logged(store: AnyStore) {
    let row = hold(&store, "a").await;
    let adds = Commit {
        logged: vec![entry("said", b"one"), entry("done", b"two")],
        ..undoable(&row, "Reserved")
    };
    let row = go(&store, adds).await;
    let row = go(&store, logs(&row, &[entry("said", b"three")])).await;
    let row = give_back(&store, &row, 40).await;
    is_three(&log(&store, &row).await, "it was given back");
    let row = park(&store, &claim(&store, 40).await.row).await;
    is_three(&log(&store, &row).await, "it was parked");
    store
        .unpark(&row.id, at(50).into())
        .await
        .expect("it is parked");
    let row = claim(&store, 50).await.row;
    is_three(&log(&store, &row).await, "it was claimed");
    store
        .pause(&row.id, at(55).into())
        .await
        .expect("it goes on");
    let row = give_back(&store, &row, 60).await;
    is_three(&log(&store, &row).await, "it was paused");
    store
        .resume(&row.id, at(60).into())
        .await
        .expect("it is paused");
    let row = claim(&store, 70).await.row;
    let row = go(
        &store,
        commit(&row, Event::RollbackBegan, Status::RollingBack),
    )
    .await;
    let undone = Event::Undone { of: 1, attempts: 1 };
    let row = go(&store, commit(&row, undone, Status::RollingBack)).await;
    let row = go(&store, commit(&row, Event::Ended, Status::Failed)).await;
    is_three(
        &log(&store, &row).await,
        "it was rolled back, and has ended",
    );
    assert_eq!(row.logged, 3);
}

fn purge() -> Purge {
    Purge {
        workflow: None,
        ended_before: at(9_999),
        limit: 100,
    }
}

pub async fn purge_removes_the_logs_of_a_run(store: AnyStore) {
    let row = end(&store, &three(&store).await).await;
    is_three(&log(&store, &row).await, "a run that has ended keeps them");
    let other = hold(&store, "b").await;
    let other = go(&store, logs(&other, &[entry("said", b"here")])).await;
    assert_eq!(store.purge(purge()).await.expect("it is answered"), 1);
    let gone = store.log(&row.id, 0, 10).await;
    assert!(matches!(gone, Err(StoreError::NotFound { .. })), "{gone:?}");
    assert_eq!(log(&store, &other).await.len(), 1, "others keep theirs");
    // Another run with the same id begins with empty logs.
    let row = hold(&store, "a").await;
    assert_eq!((row.logged, log(&store, &row).await), (0, vec![]));
    let row = go(&store, logs(&row, &[entry("done", b"new")])).await;
    let rows = log(&store, &row).await;
    assert_eq!((rows[0].number, &*rows[0].entry), (0, &b"new"[..]));
    assert_eq!(rows.len(), 1);
}

pub async fn a_run_that_replaces_another_has_none_of_its_entries(store: AnyStore) {
    let row = end(&store, &three(&store).await).await;
    let again = NewRun {
        again: true,
        at: at(90),
        ..new("a")
    };
    let created = store.create(again).await;
    assert!(matches!(created, Ok(Created::New(_))), "{created:?}");
    assert_eq!(log(&store, &row).await, []);
    let row = claim(&store, 90).await.row;
    assert_eq!(row.logged, 0);
    let row = go(&store, logs(&row, &[entry("done", b"new")])).await;
    let rows = log(&store, &row).await;
    assert_eq!((rows[0].number, &*rows[0].entry), (0, &b"new"[..]));
    assert_eq!(rows.len(), 1);
}
