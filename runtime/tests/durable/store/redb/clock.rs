//! A wall clock that is set back while the file of a `RedbStore` is open, or between two openings, keeps no run waiting
//! for longer, and lets none go early.

use std::time::{Duration, SystemTime};

use stateway::RedbStore;
use stateway::store::{Claim, Commit, Created, Message, NewRun, Release, Status, Store as _};

use crate::support::disk::{Disk, Moment};
use crate::support::walk;
use crate::support::walk::{at, claim, held, step};

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

fn disk() -> Disk {
    Disk::with(Vec::new(), Moment::Never)
}

fn open(disk: &Disk) -> RedbStore {
    RedbStore::options().open_backend(disk.clone()).unwrap()
}

/// Adds a run when it is `now` for its runner, and lets it wait in the store for that time.
async fn set_aside(store: &RedbStore, id: &str, now: SystemTime, wait: Duration) {
    let run = NewRun {
        at: now,
        ..held(id)
    };
    let Ok(Created::New(row)) = store.create(run).await else {
        panic!("it is new")
    };
    let mut released = Release::now(&row, now);
    released.until.due = Some(now + wait);
    store.release(released).await.unwrap();
}

/// Returns the wait of the next run, for a runner whose time is `now`.
async fn wait(store: &RedbStore, now: SystemTime) -> Duration {
    let nothing = Claim {
        limit: 0,
        ..claim(now)
    };
    let next = store.claim(nothing).await.unwrap().next;
    next.expect("a run waits")
}

/// The runs that are due.
async fn due(store: &RedbStore, now: SystemTime) -> Vec<String> {
    let taken = store.claim(claim(now)).await.unwrap().taken;
    taken.iter().map(|it| it.row.id.to_string()).collect()
}

async fn message(store: &RedbStore, run: &str, now: SystemTime) {
    let message = Message {
        run: run.parse().unwrap(),
        id: "m-1".into(),
        signal: "nudge".into(),
        payload: Vec::new(),
        at: now,
    };
    store.send(message.into()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_back_between_two_openings_keeps_no_run_waiting() {
    let disk = disk();
    let store = open(&disk);
    set_aside(&store, "a", at(0), HOUR).await;
    drop(store);
    // However often it is opened.
    for _ in 0..3 {
        let store = open(&disk);
        assert_eq!(wait(&store, at(0) - DAY).await, HOUR);
        tokio::time::advance(59 * MINUTE).await;
        let now = at(0) - DAY + 59 * MINUTE;
        assert_eq!(wait(&store, now).await, MINUTE);
        assert!(due(&store, now).await.is_empty());
        tokio::time::advance(MINUTE).await;
        assert_eq!(wait(&store, now + MINUTE).await, Duration::ZERO);
    }
    let store = open(&disk);
    assert_eq!(wait(&store, at(0) - DAY).await, HOUR);
    tokio::time::advance(HOUR).await;
    assert_eq!(due(&store, at(0) - DAY + HOUR).await, ["a"]);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_was_set_back_keeps_no_run_waiting_behind_later_openings() {
    let disk = disk();
    let store = open(&disk);
    set_aside(&store, "before", at(0), HOUR).await;
    // Records from now on have earlier times.
    set_aside(&store, "after", at(0) - DAY, 2 * HOUR).await;
    drop(store);
    for _ in 0..2 {
        let store = open(&disk);
        set_aside(&store, "other", at(0) - DAY, MINUTE).await;
        assert_eq!(wait(&store, at(0) - DAY).await, MINUTE);
        tokio::time::advance(MINUTE).await;
        let now = at(0) - DAY + MINUTE;
        assert_eq!(due(&store, now).await, ["other"]);
        let row = store.get(&"other".parse().unwrap()).await.unwrap();
        let end = Commit {
            at: now,
            ..step(&row.unwrap().row, Status::Done)
        };
        store.commit(end).await.unwrap();
        store.purge(walk::purge(at(0) + DAY)).await.unwrap();
        assert!(wait(&store, now).await <= HOUR);
    }
    let store = open(&disk);
    let now = at(0) - DAY + MINUTE;
    let first = wait(&store, now).await;
    assert!(first <= HOUR, "{first:?}");
    tokio::time::advance(first).await;
    assert_eq!(due(&store, now + first).await, ["before"]);
    let second = wait(&store, now + first).await;
    assert!((HOUR..=HOUR + 2 * MINUTE).contains(&second), "{second:?}");
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_back_and_corrected_lets_no_run_go_early() {
    let disk = disk();
    let store = open(&disk);
    set_aside(&store, "before", at(0), HOUR).await;
    set_aside(&store, "behind", at(0) - DAY, HOUR).await;
    drop(store);
    let store = open(&disk);
    // It is right again.
    assert_eq!(wait(&store, at(0)).await, HOUR);
    assert!(due(&store, at(0) + 59 * MINUTE).await.is_empty());
    let mut all = due(&store, at(0) + HOUR).await;
    all.sort();
    assert_eq!(all, ["before", "behind"]);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_waits_for_ever_moves_no_other() {
    let disk = disk();
    let store = open(&disk);
    set_aside(&store, "a", at(0), HOUR).await;
    set_aside(&store, "far", at(0), 3_000 * 365 * DAY).await;
    drop(store);
    let store = open(&disk);
    assert_eq!(wait(&store, at(0) + MINUTE).await, 59 * MINUTE);
    assert!(due(&store, at(0) + MINUTE).await.is_empty());
}

/// As a machine without a battery begins in 1970 until it is told.
#[tokio::test(start_paused = true)]
async fn a_clock_that_begins_anew_keeps_no_run_waiting() {
    let disk = disk();
    let store = open(&disk);
    set_aside(&store, "a", at(0), HOUR).await;
    drop(store);
    let store = open(&disk);
    assert_eq!(wait(&store, SystemTime::UNIX_EPOCH).await, HOUR);
    set_aside(&store, "b", SystemTime::UNIX_EPOCH, 2 * HOUR).await;
    tokio::time::advance(HOUR).await;
    // It is told.
    assert_eq!(due(&store, at(0) + HOUR).await, ["a"]);
    assert_eq!(wait(&store, at(0) + HOUR).await, HOUR);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_was_woken_is_due_behind_another_opening() {
    let disk = disk();
    let store = open(&disk);
    set_aside(&store, "before", at(0), HOUR).await;
    set_aside(&store, "behind", at(0) - DAY, HOUR).await;
    message(&store, "behind", at(0) + MINUTE).await;
    assert_eq!(wait(&store, at(0) + MINUTE).await, Duration::ZERO);
    drop(store);
    let store = open(&disk);
    assert_eq!(due(&store, at(0) + MINUTE).await, ["behind"]);
}
