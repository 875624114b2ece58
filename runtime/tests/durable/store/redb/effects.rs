//! Effects in a file: they outlive an opening, share their state, and leave nothing behind.

use std::time::Duration;

use redb::{ReadableTable as _, TableDefinition};
use stateway::store::{
    Commit, Created, EffectNote, Event, HistoryRow, IntegrityReport, Note, NoteRow, Progress,
    RunRow, Source, Status, Store as _,
};
use stateway::{Durability, RedbStore, RunId, StoreError};

use crate::support::disk::{Disk, Moment};
use crate::support::walk::{at, claim, held, purge, step};

const HISTORY: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("history");
const NOTES: TableDefinition<'_, (&str, &str), &[u8]> = TableDefinition::new("notes");

fn open(disk: &Disk) -> RedbStore {
    let options = RedbStore::options().durability(Durability::MayLoseLatest {
        within: Duration::from_hours(1),
    });
    options.open_backend(disk.clone()).unwrap()
}

fn checked(disk: &Disk) -> IntegrityReport {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = folder.path().join("runs.redb");
    std::fs::write(&path, disk.bytes()).unwrap();
    RedbStore::check_integrity(&path).unwrap()
}

async fn begun(store: &RedbStore, id: &str) -> RunRow {
    let Created::New(row) = store.create(held(id)).await.unwrap() else {
        panic!("it is new")
    };
    row
}

/// The effects of a visit, which share a state of this length.
fn effects(row: &RunRow, number: u32, length: usize) -> Vec<Event> {
    let effect = |number: u32| Event::Effect {
        transition: "quote".into(),
        visit: row.visit + 1,
        branch: Some(format!("chunk[{number}]")),
        output: number.to_le_bytes().to_vec(),
        state: row.state.clone(),
        source: match number {
            0 => Source::Here(vec![7; length]),
            number => Source::Before(number),
        },
        undo: "cancel".into(),
    };
    (0..number).map(effect).collect()
}

async fn go(store: &RedbStore, row: &mut RunRow, effects: Vec<Event>, rows: Option<u32>) {
    let commit = Commit {
        effects,
        keep_history: rows,
        ..step(row, Status::Running)
    };
    store.commit(commit.clone()).await.unwrap();
    let _ = row.apply(&commit, 0);
}

fn numbers(rows: &[HistoryRow]) -> Vec<u64> {
    rows.iter().map(|row| row.number).collect()
}

#[tokio::test]
async fn effects_outlive_an_opening_and_go_with_their_run() {
    for rows in [None, Some(5)] {
        let disk = Disk::with(Vec::new(), Moment::Never);
        let store = open(&disk);
        let mut row = begun(&store, "a").await;
        // More than there are between two marks, and than one commit removes.
        for visit in 0..60 {
            let number = if visit % 7 == 0 { 40 } else { 0 };
            let of_visit = effects(&row, number, 9);
            go(&store, &mut row, of_visit, rows).await;
        }
        let run = row.id.clone();
        let history = store.history(&run, 0, 10_000).await.unwrap();
        let left = store.undoable(&run, 10_000).await.unwrap();
        assert_eq!((row.undos, left.len()), (360, 360));
        let expected = if rows.is_some() { 1 + 360 + 5 - 1 } else { 421 };
        assert!(history.len().abs_diff(expected) <= 1, "{}", history.len());
        drop(store);
        let report = checked(&disk);
        assert!(report.is_intact(), "{report}");
        assert_eq!((report.rows, report.loose_rows), (history.len() as u64, 0));

        let store = open(&disk);
        assert_eq!(store.history(&run, 0, 10_000).await.unwrap(), history);
        assert_eq!(store.undoable(&run, 10_000).await.unwrap(), left);
        for effect in &left {
            // The row that one needs is found by its number, wherever it is.
            let Event::Effect { source, .. } = &effect.event else {
                panic!("{effect:?}")
            };
            let here = match source {
                Source::Here(_) => effect.number,
                Source::Before(back) => effect.number - u64::from(*back),
            };
            let found = store.history(&run, here, 1).await.unwrap();
            assert_eq!(numbers(&found), [here]);
            let Event::Effect { source, .. } = &found[0].event else {
                panic!("{found:?}")
            };
            assert_eq!(*source, Source::Here(vec![7; 9]));
        }
        let mut claimed = store.claim(claim(at(9_999))).await.unwrap().taken;
        let ends = step(&claimed.remove(0).row, Status::Done);
        store.commit(ends).await.unwrap();
        assert_eq!(store.purge(purge(at(1_000_000))).await.unwrap(), 1);
        drop(store);
        let report = checked(&disk);
        assert!(report.is_intact(), "{report}");
        assert_eq!((report.runs, report.rows, report.loose_rows), (0, 0, 0));
    }
}

#[tokio::test]
async fn a_thousand_branches_store_their_state_once() {
    let disk = Disk::with(Vec::new(), Moment::Never);
    let store = open(&disk);
    let mut row = begun(&store, "a").await;
    let all = effects(&row, 1_000, 100_000);
    go(&store, &mut row, all.clone(), None).await;
    let left = store.undoable(&row.id, 2_000).await.unwrap();
    assert!(left.into_iter().rev().map(|row| row.event).eq(all));
    drop(store);
    let length = disk.bytes().len();
    assert!(length < 3 << 20, "{length} bytes");
}

/// A commit that was torn out of the middle would leave some of them.
#[tokio::test]
async fn a_crash_leaves_all_effects_of_a_commit_or_none() {
    let (mut none, mut all) = (0, 0);
    for write in 1..40 {
        let disk = Disk::with(Vec::new(), Moment::Never);
        let store = open(&disk);
        let mut row = begun(&store, "a").await;
        go(&store, &mut row, Vec::new(), None).await;
        drop(store);
        let disk = Disk::with(disk.bytes(), Moment::Write(write));
        let Ok(store) = RedbStore::options().open_backend(disk.clone()) else {
            continue;
        };
        let commit = Commit {
            effects: effects(&row, 300, 5_000),
            ..step(&row, Status::Running)
        };
        let answer = store.commit(commit).await;
        drop(store);
        let store = open(&disk.left(write, Moment::Never));
        let found = store.get(&row.id).await.unwrap().unwrap().row;
        let left = store.undoable(&row.id, 1_000).await.unwrap().len();
        assert_eq!(found.undos, left as u64);
        match left {
            0 => none += 1,
            300 => all += 1,
            _ => panic!("write {write}: {left} of 300"),
        }
        assert!(answer.is_err() || left == 300, "it was acknowledged");
    }
    assert!(none > 0 && all > 0, "{none}, {all}");
}

fn tamper(disk: &Disk, change: impl FnOnce(&redb::WriteTransaction)) -> Disk {
    let disk = Disk::with(disk.bytes(), Moment::Never);
    let database = redb::Builder::new()
        .create_with_backend(disk.clone())
        .unwrap();
    let write = database.begin_write().unwrap();
    change(&write);
    write.commit().unwrap();
    drop(database);
    disk
}

#[tokio::test]
async fn a_state_that_an_effect_needs_and_that_is_gone_is_found() {
    let disk = Disk::with(Vec::new(), Moment::Never);
    let store = open(&disk);
    let mut row = begun(&store, "a").await;
    // The second of them has one that is not there.
    for effects in [effects(&row, 3, 9), effects(&row, 3, 9).split_off(1)] {
        go(&store, &mut row, effects, None).await;
    }
    drop(store);
    let report = checked(&disk);
    let damages: Vec<_> = report.damages.iter().map(ToString::to_string).collect();
    let lack = "run `a`: row 4 of its history has no payload of the state that row 6 needs";
    assert_eq!(damages, [lack]);
}

#[tokio::test]
async fn a_damaged_effect_concerns_its_own_run() {
    let disk = Disk::with(Vec::new(), Moment::Never);
    let store = open(&disk);
    for id in ["a", "b"] {
        let mut row = begun(&store, id).await;
        let of_visit = effects(&row, 3, 9);
        go(&store, &mut row, of_visit, None).await;
    }
    drop(store);
    let disk = tamper(&disk, |write| {
        let mut history = write.open_table(HISTORY).unwrap();
        let places: Vec<u64> = history
            .iter()
            .unwrap()
            .map(|entry| entry.unwrap().0.value())
            .collect();
        let mut row = history.get(places[2]).unwrap().unwrap().value().to_vec();
        let last = row.len() - 9;
        row[last] ^= 1;
        history.insert(places[2], &*row).unwrap();
    });
    let store = open(&disk);
    let [a, b] = ["a", "b"].map(|id| id.parse::<RunId>().unwrap());
    let refused = store.undoable(&a, 10).await;
    assert!(
        matches!(refused, Err(StoreError::Broken { .. })),
        "{refused:?}"
    );
    assert_eq!(store.undoable(&a, 1).await.unwrap().len(), 1);
    assert_eq!(store.undoable(&b, 10).await.unwrap().len(), 3);
    drop(store);
    assert_eq!(checked(&disk).damages.len(), 2, "the row, and its run");
}

/// A note that cannot be read may be of a branch that was done: a pause does not lose it.
#[tokio::test]
async fn a_pause_refuses_to_drop_a_note_that_cannot_be_read() {
    let disk = Disk::with(Vec::new(), Moment::Never);
    let store = open(&disk);
    let row = begun(&store, "a").await;
    for (key, effect) in [("1/quote/1/air", Some("cancel")), ("1/quote/1/sea", None)] {
        let note = Note {
            run: row.id.clone(),
            epoch: row.epoch,
            sequence: row.sequence,
            note: NoteRow {
                key: key.to_owned(),
                progress: Progress::Output {
                    output: vec![1; 20],
                    effect: effect.map(|undo| EffectNote {
                        undo: undo.into(),
                        number: 0,
                    }),
                },
            },
            is_boundary: false,
        };
        store.note(note).await.unwrap();
    }
    drop(store);
    let damaged = tamper(&disk, |write| {
        let mut notes = write.open_table(NOTES).unwrap();
        notes
            .insert(("a", "1/quote/1/air"), &b"\x01\x01torn"[..])
            .unwrap();
    });
    let paused = Commit {
        event: Event::Paused,
        ..step(&row, Status::Paused)
    };
    let store = open(&damaged);
    let before = store.get(&row.id).await.unwrap();
    let refused = store.commit(paused.clone()).await;
    assert!(
        matches!(refused, Err(StoreError::Broken { .. })),
        "{refused:?}"
    );
    assert_eq!(store.get(&row.id).await.unwrap(), before);
    // A transition drops all of them, and need not read them.
    store.commit(step(&row, Status::Running)).await.unwrap();
    drop(store);
    assert!(checked(&damaged).is_intact());

    let store = open(&disk);
    store.commit(paused).await.unwrap();
    drop(store);
    let report = checked(&disk);
    assert!(
        report.is_intact(),
        "as many are there as are counted: {report}"
    );
}
