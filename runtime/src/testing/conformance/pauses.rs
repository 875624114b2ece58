//! Requests to pause, to resume and to retry at once, from any caller.

use std::time::Duration;

use super::bench::{
    AnyStore, LONG, add, at, beat, claim, claim_at, commit, end, get, give_back, go, history, hold,
    hold_by, is_fenced, lease, list, message, note, park, release, run_id, step, undoable,
};
use crate::run::RunId;
use crate::store::{
    Commit, Event, Failure, FailureKind, Filter, Hold, Note, NoteRow, Progress, Purge, Request,
    RunRow, Status, Stop, StoreError,
};

async fn pause(store: &AnyStore, run: &RunId) -> RunRow {
    let paused = store.pause(run, at(7).into()).await;
    paused.expect("a run is asked to pause");
    get(store, run).await.row
}

async fn resume(store: &AnyStore, run: &RunId, now: u64) -> RunRow {
    let resumed = store.resume(run, at(now).into()).await;
    resumed.expect("a run is resumed");
    get(store, run).await.row
}

fn attempts(row: &RunRow, key: &str, due: u64) -> Note {
    let progress = Progress::Attempts {
        made: 2,
        called: 2,
        due: at(due),
        noted: at(5),
        waits: true,
        failed: Vec::new(),
    };
    Note {
        is_boundary: true,
        ..note(row, key, progress)
    }
}

/// Returns the commit of a last attempt that has failed, in a run with `else pause`.
fn failed(row: &RunRow) -> Commit {
    Commit {
        failure: Some(Failure {
            state: row.state.clone(),
            transition: Some("charge".into()),
            attempts: 3,
            kind: FailureKind::Handler,
            message: "no answer".into(),
        }),
        ..commit(row, Event::Paused, Status::Paused)
    }
}

async fn stands_still(store: &AnyStore, row: &RunRow) {
    assert_eq!((row.status, row.due), (Status::Paused, None));
    assert!(!row.pause_asked, "that is done");
    let claimed = claim_at(store, 90_000, 10).await;
    assert!(claimed.is_empty(), "nothing is due of it: {claimed:?}");
    let stale = store.commit(step(row, "Reserved")).await;
    is_fenced(&stale, "a paused run is moved by nobody");
}

async fn events(store: &AnyStore, run: &RunId) -> Vec<Event> {
    let rows = history(store, run).await.into_iter().skip(1);
    rows.map(|row| row.event).collect()
}

pub async fn a_run_that_nobody_holds_is_paused_at_once(store: AnyStore) {
    let row = add(&store, "a").await;
    let paused = pause(&store, &row.id).await;
    stands_still(&store, &paused).await;
    assert_eq!(paused.sequence, row.sequence, "a request moves nothing");
    let filter = Filter::new().status(Status::Paused);
    assert_eq!(list(&store, filter).await, ["a"]);
}

pub async fn a_run_that_is_held_is_paused_by_its_next_commit(store: AnyStore) {
    let row = hold_by(&store, "a", lease(LONG)).await;
    let asked = pause(&store, &row.id).await;
    assert_eq!((asked.status, asked.pause_asked), (Status::Running, true));
    let hold = store.commit(step(&row, "Reserved")).await;
    assert!(
        matches!(hold, Ok(Hold::Dropped)),
        "its holder hears of that with the answer: {hold:?}"
    );
    let paused = get(&store, &row.id).await.row;
    assert_eq!((&*paused.state, paused.sequence), ("Reserved", 1));
    stands_still(&store, &paused).await;
}

pub async fn a_commit_says_whether_the_run_is_still_held(store: AnyStore) {
    let row = hold_by(&store, "a", lease(LONG)).await;
    let commit = step(&row, "Reserved");
    let kept = store.commit(commit.clone()).await;
    assert!(matches!(kept, Ok(Hold::Kept)), "{kept:?}");
    let row = get(&store, &row.id).await.row;
    let kept = store.note(attempts(&row, "2/charge", 50)).await;
    assert!(matches!(kept, Ok(Hold::Kept)), "{kept:?}");
    let repeated = store.commit(commit).await;
    assert!(matches!(repeated, Ok(Hold::Kept)), "{repeated:?}");
    let ended = store
        .commit(Commit {
            status: Status::Done,
            ..step(&row, "Shipped")
        })
        .await;
    assert!(matches!(ended, Ok(Hold::Dropped)), "{ended:?}");
}

pub async fn a_repeated_commit_says_that_its_run_was_paused(store: AnyStore) {
    let row = hold_by(&store, "a", lease(LONG)).await;
    pause(&store, &row.id).await;
    let commit = step(&row, "Reserved");
    go(&store, commit.clone()).await;
    let repeated = store.commit(commit).await;
    assert!(matches!(repeated, Ok(Hold::Dropped)), "{repeated:?}");
}

pub async fn a_note_at_a_boundary_pauses_a_run(store: AnyStore) {
    let row = hold_by(&store, "a", lease(LONG)).await;
    pause(&store, &row.id).await;
    // A branch has ended, and others still run.
    let output = note(&row, "1/quote/1/air", Progress::output(vec![1]));
    let kept = store.note(output).await;
    assert!(matches!(kept, Ok(Hold::Kept)), "{kept:?}");
    assert_eq!(get(&store, &row.id).await.row.status, Status::Running);
    let dropped = store.note(attempts(&row, "1/charge", 50)).await;
    assert!(matches!(dropped, Ok(Hold::Dropped)), "{dropped:?}");
    let paused = get(&store, &row.id).await.row;
    stands_still(&store, &paused).await;
    resume(&store, &row.id, 60).await;
    let claimed = claim(&store, 60).await;
    assert_eq!(claimed.notes.len(), 2, "its attempts are counted on");
}

pub async fn a_release_pauses_a_run(store: AnyStore) {
    let row = hold_by(&store, "a", lease(LONG)).await;
    pause(&store, &row.id).await;
    let paused = give_back(&store, &row, 20).await;
    stands_still(&store, &paused).await;
}

pub async fn a_commit_that_gives_a_run_back_pauses_it(store: AnyStore) {
    let row = hold_by(&store, "a", lease(LONG)).await;
    pause(&store, &row.id).await;
    let release = Some(release(&row, Some(20), 0).until);
    let commit = Commit {
        release,
        ..step(&row, "Reserved")
    };
    let paused = go(&store, commit).await;
    stands_still(&store, &paused).await;
}

pub async fn a_run_that_ends_first_has_ended(store: AnyStore) {
    let row = hold_by(&store, "a", lease(LONG)).await;
    pause(&store, &row.id).await;
    let ended = end(&store, &row).await;
    assert_eq!((ended.status, ended.pause_asked), (Status::Done, false));
    let answer = store.pause(&row.id, at(8).into()).await;
    assert!(
        matches!(answer, Err(StoreError::Ended { .. })),
        "{answer:?}"
    );
    let answer = store.retry_now(&row.id, at(8).into()).await;
    assert!(
        matches!(answer, Err(StoreError::Ended { .. })),
        "{answer:?}"
    );
}

pub async fn the_holder_hears_of_a_request_to_pause(store: AnyStore) {
    let row = hold_by(&store, "a", lease(LONG)).await;
    pause(&store, &row.id).await;
    let beats = store.heartbeat(beat(&[&row], LONG)).await;
    let beats = beats.expect("it is answered");
    assert!(
        matches!(&*beats, [beat] if beat.pause && !beat.is_lost && !beat.retry),
        "it is to pause: {beats:?}"
    );
}

pub async fn a_request_to_pause_outlives_the_holder(store: AnyStore) {
    let row = hold(&store, "a").await;
    pause(&store, &row.id).await;
    let heir = claim(&store, 50).await.row;
    assert!(heir.pause_asked, "whoever claims it is told");
    let paused = give_back(&store, &heir, 50).await;
    stands_still(&store, &paused).await;
}

pub async fn what_falls_due_or_comes_does_not_move_a_paused_run(store: AnyStore) {
    let row = hold_by(&store, "a", lease(LONG)).await;
    give_back(&store, &row, 20).await;
    pause(&store, &row.id).await;
    let sent = store.send(message("a", "m").into()).await;
    sent.expect("a paused run is sent messages");
    let paused = get(&store, &row.id).await.row;
    stands_still(&store, &paused).await;
    resume(&store, &row.id, 60).await;
    assert_eq!(claim(&store, 60).await.inbox.len(), 1);
}

pub async fn a_resumed_run_goes_on_where_it_was(store: AnyStore) {
    let row = hold(&store, "a").await;
    let row = go(&store, step(&row, "Reserved")).await;
    let crashed = claim(&store, 20).await.row;
    assert_eq!(crashed.crashes, 1);
    give_back(&store, &crashed, 9_000).await;
    let paused = pause(&store, &row.id).await;
    let resumed = resume(&store, &row.id, 60).await;
    assert_eq!(
        (resumed.status, resumed.due, resumed.crashes),
        (Status::Running, Some(at(60)), 0)
    );
    assert_eq!(resumed.sequence, paused.sequence + 1);
    let claimed = claim(&store, 60).await.row;
    assert_eq!(&*claimed.state, "Reserved");
    let late = store.release(release(&crashed, Some(9_000), 0)).await;
    is_fenced(&late, "who held it before does not postpone it");
}

pub async fn a_request_to_pause_is_taken_back(store: AnyStore) {
    let row = hold_by(&store, "a", lease(LONG)).await;
    pause(&store, &row.id).await;
    let resumed = resume(&store, &row.id, 8).await;
    assert_eq!((resumed.pause_asked, resumed.sequence), (false, 0));
    let kept = store.commit(step(&row, "Reserved")).await;
    assert!(matches!(kept, Ok(Hold::Kept)), "{kept:?}");
    assert_eq!(
        events(&store, &row.id).await[..2],
        [Event::PauseAsked, Event::PauseWithdrawn]
    );
}

pub async fn a_second_request_to_pause_changes_nothing(store: AnyStore) {
    let held = hold_by(&store, "a", lease(LONG)).await;
    let free = add(&store, "b").await;
    for run in [&held.id, &free.id] {
        let before = pause(&store, run).await;
        assert_eq!(pause(&store, run).await, before);
        assert_eq!(events(&store, run).await, [Event::PauseAsked]);
    }
}

pub async fn what_is_not_paused_is_not_resumed(store: AnyStore) {
    let row = hold(&store, "a").await;
    for run in ["a", "b"] {
        let answer = store.resume(&run_id(run), at(1).into()).await;
        assert!(
            matches!(
                (run, &answer),
                ("a", Err(StoreError::NotPaused { .. })) | ("b", Err(StoreError::NotFound { .. }))
            ),
            "{answer:?}"
        );
    }
    end(&store, &row).await;
    let answer = store.resume(&row.id, at(1).into()).await;
    assert!(
        matches!(answer, Err(StoreError::NotPaused { .. })),
        "{answer:?}"
    );
}

pub async fn a_parked_run_is_not_paused(store: AnyStore) {
    let row = hold(&store, "a").await;
    let row = park(&store, &row).await;
    for answer in [
        store.pause(&row.id, at(1).into()).await,
        store.retry_now(&row.id, at(1).into()).await,
    ] {
        assert!(
            matches!(answer, Err(StoreError::Parked { .. })),
            "{answer:?}"
        );
    }
}

pub async fn a_paused_run_is_cancelled_and_terminated(store: AnyStore) {
    for (id, stop) in [("a", Stop::Cancel), ("b", Stop::Terminate)] {
        let row = add(&store, id).await;
        pause(&store, &row.id).await;
        let stopped = store.stop(&row.id, stop, at(8).into()).await;
        stopped.expect("it has not ended");
        let claimed = claim_at(&store, 8, 10).await.remove(0).row;
        assert_eq!(
            (claimed.status, claimed.stop),
            (Status::Running, Some(stop))
        );
        // Once more, after it was paused again.
        pause(&store, &row.id).await;
        let held = store.stop(&row.id, stop, at(9).into()).await;
        held.expect("it has not ended");
        assert!(!get(&store, &row.id).await.row.pause_asked);
    }
}

pub async fn a_rollback_is_paused_and_goes_on_as_a_rollback(store: AnyStore) {
    let row = hold_by(&store, "a", lease(LONG)).await;
    let row = go(&store, undoable(&row, "Reserved")).await;
    let row = go(&store, undoable(&row, "Charged")).await;
    let began = commit(&row, Event::RollbackBegan, Status::RollingBack);
    let row = go(&store, began).await;
    pause(&store, &row.id).await;
    let undone = Event::Undone { of: 2, attempts: 1 };
    let paused = go(&store, commit(&row, undone, Status::RollingBack)).await;
    assert!(paused.rolls_back);
    stands_still(&store, &paused).await;
    let stopped = store.stop(&row.id, Stop::Cancel, at(8).into()).await;
    stopped.expect("it has not ended");
    let paused = get(&store, &row.id).await.row;
    assert_eq!(
        paused.status,
        Status::Paused,
        "a rollback is never cancelled"
    );
    let resumed = resume(&store, &row.id, 60).await;
    assert_eq!(resumed.status, Status::RollingBack);
    let left = store.undoable(&row.id, 10).await.expect("it is read");
    assert_eq!(left.len(), 1);
}

pub async fn a_run_is_paused_when_its_last_attempt_has_failed(store: AnyStore) {
    let row = hold_by(&store, "a", lease(LONG)).await;
    let _ = store.note(attempts(&row, "1/charge", 6)).await;
    let paused = go(&store, failed(&row)).await;
    stands_still(&store, &paused).await;
    let failure = paused.failure.expect("the row says why");
    assert_eq!(&*failure.message.to_string(), "no answer");
    let last = history(&store, &row.id).await.pop();
    assert_eq!(last.and_then(|row| row.failure), Some(failure));
    let resumed = resume(&store, &row.id, 60).await;
    assert_eq!(
        (resumed.failure, resumed.attempts_since),
        (None, Some(at(60)))
    );
    let claimed = claim(&store, 60).await;
    assert!(claimed.notes.is_empty(), "its attempts begin anew");
    let moved = go(&store, step(&claimed.row, "Reserved")).await;
    assert_eq!(moved.attempts_since, None);
}

pub async fn what_is_to_stop_is_not_paused_instead(store: AnyStore) {
    for (id, stop) in [("a", Stop::Cancel), ("b", Stop::Terminate)] {
        let row = hold_by(&store, id, lease(LONG)).await;
        let asked = store.stop(&row.id, stop, at(7).into()).await;
        asked.expect("it has not ended");
        let row = go(&store, failed(&row)).await;
        assert_eq!((row.status, row.failure), (Status::Running, None));
        let claimed = claim_at(&store, 60, 10).await.remove(0).row;
        assert_eq!((claimed.id, claimed.stop), (row.id, Some(stop)));
    }
}

pub async fn a_run_that_waits_makes_its_next_attempt_at_once(store: AnyStore) {
    let row = hold_by(&store, "a", lease(LONG)).await;
    let _ = store.note(attempts(&row, "1/charge", 5_000)).await;
    let _ = store.note(attempts(&row, "1/charge/1/air", 5_000)).await;
    give_back(&store, &row, 5_000).await;
    let asked = store.retry_now(&row.id, at(30).into()).await;
    asked.expect("it waits for its attempt");
    let claimed = claim(&store, 30).await;
    let due = |note: &NoteRow| match note.progress {
        Progress::Attempts { made, due, .. } => (note.key.clone(), made, due),
        Progress::Output { .. } => unreachable!("they are of attempts"),
    };
    let due: Vec<_> = claimed.notes.iter().map(due).collect();
    assert_eq!(
        due,
        [
            ("1/charge".to_owned(), 2, at(30)),
            ("1/charge/1/air".to_owned(), 2, at(5_000))
        ],
        "its attempts are counted on, and a branch waits for its own"
    );
    assert!(!claimed.row.retry_asked, "whoever claims it makes it");
    assert_eq!(events(&store, &row.id).await, [Event::RetryAsked]);
}

pub async fn a_holder_that_waits_hears_that_it_is_to_retry(store: AnyStore) {
    let row = hold_by(&store, "a", lease(LONG)).await;
    let _ = store.note(attempts(&row, "1/charge", 5_000)).await;
    let asked = store.retry_now(&row.id, at(30).into()).await;
    asked.expect("it waits for its attempt");
    let beats = store.heartbeat(beat(&[&row], LONG)).await;
    let beats = beats.expect("it is answered");
    assert!(matches!(&*beats, [beat] if beat.retry), "{beats:?}");
    // The holder has not noticed, and releases the run for a long time.
    let waits = give_back(&store, &row, 9_000).await;
    assert!(waits.due < Some(at(9_000)), "it is due at once");
}

pub async fn a_run_that_waits_for_no_attempt_is_not_retried(store: AnyStore) {
    let free = add(&store, "a").await;
    let held = hold_by(&store, "b", lease(LONG)).await;
    // Its holder makes the attempt just now.
    let _ = store.note(attempts(&held, "1/charge", 6)).await;
    let paused = add(&store, "c").await;
    pause(&store, &paused.id).await;
    for run in [&free.id, &held.id, &paused.id] {
        let answer = store.retry_now(run, at(30).into()).await;
        assert!(
            matches!(answer, Err(StoreError::NotRetrying { .. })),
            "{answer:?}"
        );
    }
    let answer = store.retry_now(&run_id("d"), at(30).into()).await;
    assert!(
        matches!(answer, Err(StoreError::NotFound { .. })),
        "{answer:?}"
    );
}

pub async fn a_paused_run_that_is_retried_goes_on(store: AnyStore) {
    let row = hold_by(&store, "a", lease(LONG)).await;
    let waits = hold_by(&store, "b", lease(LONG)).await;
    go(&store, failed(&row)).await;
    pause(&store, &waits.id).await;
    let _ = store.note(attempts(&waits, "1/charge", 5_000)).await;
    for (run, now) in [(&row.id, 30), (&waits.id, 31)] {
        let asked = store.retry_now(run, at(now).into()).await;
        asked.expect("it waits for its attempt");
        let row = get(&store, run).await.row;
        assert_eq!((row.status, row.due), (Status::Running, Some(at(now))));
        let last = events(&store, run).await.pop();
        assert_eq!(last, Some(Event::Resumed));
    }
}

pub async fn the_history_says_who_paused_and_resumed(store: AnyStore) {
    let row = hold_by(&store, "a", lease(LONG)).await;
    let _ = store.note(attempts(&row, "1/charge", 5_000)).await;
    give_back(&store, &row, 5_000).await;
    let request = |seconds| Request {
        at: at(seconds),
        by: Some(format!("operator {seconds}")),
    };
    let asked = store.retry_now(&row.id, request(6)).await;
    asked.expect("it waits for its attempt");
    let asked = store.pause(&row.id, request(7)).await;
    asked.expect("it is live");
    let asked = store.resume(&row.id, request(8)).await;
    asked.expect("it is paused");
    let rows = history(&store, &row.id).await.into_iter().skip(1);
    let rows: Vec<_> = rows
        .map(|row| (row.event, row.at, row.by.unwrap_or_default()))
        .collect();
    assert_eq!(
        rows,
        [
            (Event::RetryAsked, at(6), "operator 6".to_owned()),
            (Event::PauseAsked, at(7), "operator 7".to_owned()),
            (Event::Resumed, at(8), "operator 8".to_owned()),
        ]
    );
}

pub async fn purge_spares_a_paused_run(store: AnyStore) {
    let row = add(&store, "a").await;
    pause(&store, &row.id).await;
    let purged = store.purge(Purge::new(at(0) + Duration::from_hours(9_000)));
    assert_eq!(purged.await.expect("it is answered"), 0);
    assert_eq!(get(&store, &row.id).await.row.status, Status::Paused);
}
