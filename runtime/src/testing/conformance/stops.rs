//! Requests to stop, from any caller.

use std::time::{Duration, SystemTime};

use super::bench::{
    AnyStore, at, beat, claim, claim_at, commit, end, get, give_back, go, history, hold, park,
    run_id, step, undoable,
};
use crate::store::{Event, Request, Status, Stop, StoreError};

async fn stop(store: &AnyStore, run: &str, stop: Stop) {
    store
        .stop(&run_id(run), stop, at(7).into())
        .await
        .expect("a run is asked to stop");
}

pub async fn a_request_to_stop_is_in_the_next_claim(store: AnyStore) {
    hold(&store, "a").await;
    stop(&store, "a", Stop::Cancel).await;
    assert_eq!(claim(&store, 100).await.row.stop, Some(Stop::Cancel));
}

pub async fn a_request_to_stop_makes_a_run_due(store: AnyStore) {
    let row = hold(&store, "a").await;
    give_back(&store, &row, 5_000).await;
    stop(&store, "a", Stop::Cancel).await;
    assert_eq!(
        claim_at(&store, 7, 10).await.len(),
        1,
        "it is to stop now, and not at 5000"
    );
}

pub async fn the_holder_hears_of_a_request_to_stop(store: AnyStore) {
    let row = hold(&store, "a").await;
    stop(&store, "a", Stop::Terminate).await;
    let beats = store
        .heartbeat(beat(&[&row], Duration::ZERO))
        .await
        .expect("it is answered");
    assert!(
        matches!(&*beats, [beat] if !beat.is_lost && beat.stop == Some(Stop::Terminate)),
        "it is to stop: {beats:?}"
    );
    let moved = go(&store, step(&row, "Reserved")).await;
    assert_eq!(
        moved.stop,
        Some(Stop::Terminate),
        "a transition does not forget it"
    );
}

pub async fn a_termination_replaces_a_cancellation(store: AnyStore) {
    hold(&store, "a").await;
    stop(&store, "a", Stop::Cancel).await;
    stop(&store, "a", Stop::Terminate).await;
    assert_eq!(
        get(&store, &run_id("a")).await.row.stop,
        Some(Stop::Terminate)
    );
}

pub async fn a_cancellation_replaces_no_termination(store: AnyStore) {
    hold(&store, "a").await;
    stop(&store, "a", Stop::Terminate).await;
    stop(&store, "a", Stop::Cancel).await;
    assert_eq!(
        get(&store, &run_id("a")).await.row.stop,
        Some(Stop::Terminate)
    );
}

pub async fn an_ended_run_is_not_stopped(store: AnyStore) {
    let row = hold(&store, "a").await;
    end(&store, &row).await;
    let answer = store.stop(&row.id, Stop::Cancel, at(7).into()).await;
    assert!(
        matches!(answer, Err(StoreError::Ended { .. })),
        "{answer:?}"
    );
}

pub async fn an_unknown_run_is_not_stopped(store: AnyStore) {
    let answer = store.stop(&run_id("a"), Stop::Cancel, at(7).into()).await;
    assert!(
        matches!(answer, Err(StoreError::NotFound { .. })),
        "{answer:?}"
    );
}

pub async fn a_parked_run_remembers_that_it_is_to_stop(store: AnyStore) {
    let row = hold(&store, "a").await;
    park(&store, &row).await;
    stop(&store, "a", Stop::Cancel).await;
    assert!(
        claim_at(&store, 50, 10).await.is_empty(),
        "it is still parked"
    );
    store
        .unpark(&row.id, at(60).into())
        .await
        .expect("it is parked");
    assert_eq!(claim(&store, 60).await.row.stop, Some(Stop::Cancel));
}

pub async fn a_run_that_is_to_stop_does_not_wait(store: AnyStore) {
    for (id, stop) in [("a", Stop::Cancel), ("b", Stop::Terminate)] {
        let row = hold(&store, id).await;
        let asked = store.stop(&row.id, stop, at(10).into()).await;
        asked.expect("it has not ended");
        // The holder has not noticed, and releases the run for a long time.
        give_back(&store, &row, 9_000).await;
        let heard = claim_at(&store, 60, 10).await;
        assert_eq!(heard[0].row.id, row.id, "{stop:?} is heard");
    }
}

pub async fn a_rollback_waits_though_its_run_was_cancelled(store: AnyStore) {
    let row = hold(&store, "a").await;
    let row = go(&store, undoable(&row, "Reserved")).await;
    let asked = store.stop(&row.id, Stop::Cancel, at(10).into()).await;
    asked.expect("it has not ended");
    let began = commit(&row, Event::RollbackBegan, Status::RollingBack);
    let row = go(&store, began).await;
    give_back(&store, &row, 90).await;
    assert!(
        claim_at(&store, 60, 10).await.is_empty(),
        "it would wait again"
    );
    assert_eq!(claim_at(&store, 90, 10).await.len(), 1);
}

pub async fn a_run_that_is_terminated_is_not_parked(store: AnyStore) {
    let row = hold(&store, "a").await;
    let asked = store.stop(&row.id, Stop::Terminate, at(10).into()).await;
    asked.expect("it has not ended");
    let row = park(&store, &row).await;
    assert_eq!(
        row.status,
        Status::Running,
        "it is to end, and not to stand still"
    );
    assert_eq!(claim(&store, 60).await.row.stop, Some(Stop::Terminate));
}

/// Returns the requests from outside that the history has, and their askers.
async fn requests(store: &AnyStore, run: &str) -> Vec<(Event, Option<String>)> {
    let rows = history(store, &run_id(run))
        .await
        .into_iter()
        .filter(|row| {
            matches!(
                row.event,
                Event::StopAsked { .. } | Event::Unparked | Event::RollbackRetried
            )
        });
    rows.map(|row| (row.event, row.by)).collect()
}

pub async fn a_request_to_stop_is_in_the_history(store: AnyStore) {
    hold(&store, "a").await;
    for asked in [Stop::Cancel, Stop::Cancel, Stop::Terminate, Stop::Cancel] {
        stop(&store, "a", asked).await;
    }
    let asked = |stop| (Event::StopAsked { stop }, None);
    assert_eq!(
        requests(&store, "a").await,
        [asked(Stop::Cancel), asked(Stop::Terminate)],
        "each that changes something, once"
    );
    let rows = history(&store, &run_id("a")).await;
    assert_eq!((rows[1].number, rows[1].at), (1, at(7)));
    assert_eq!(get(&store, &run_id("a")).await.row.rows, 2);
}

pub async fn a_request_to_stop_moves_nothing(store: AnyStore) {
    let row = hold(&store, "a").await;
    stop(&store, "a", Stop::Cancel).await;
    let row = go(&store, undoable(&row, "Reserved")).await;
    assert_eq!(
        (row.sequence, row.rows),
        (1, 2),
        "its holder goes on with what it knows"
    );
    stop(&store, "a", Stop::Terminate).await;
    let row = go(&store, undoable(&row, "Charged")).await;
    assert_eq!((row.sequence, row.rows), (2, 4));
    let numbers: Vec<_> = history(&store, &row.id).await;
    let numbers: Vec<_> = numbers.iter().map(|row| row.number).collect();
    assert_eq!(numbers, [0, 1, 2, 3, 4]);
    let undoable = store.undoable(&row.id, 10).await.expect("it is read");
    let undoable: Vec<_> = undoable.iter().map(|row| row.number).collect();
    assert_eq!(undoable, [4, 2]);
}

pub async fn a_commit_is_repeated_though_its_run_was_asked_to_stop(store: AnyStore) {
    let row = hold(&store, "a").await;
    let commit = step(&row, "Reserved");
    go(&store, commit.clone()).await;
    stop(&store, "a", Stop::Cancel).await;
    stop(&store, "a", Stop::Terminate).await;
    store.commit(commit).await.expect("it has taken place");
    let other = store.commit(step(&row, "Charged")).await;
    assert!(matches!(other, Err(StoreError::Fenced { .. })), "{other:?}");
    assert_eq!(history(&store, &row.id).await.len(), 4);
}

pub async fn the_history_says_who_asked(store: AnyStore) {
    let request = |at: SystemTime| Request {
        at,
        by: Some("operator 7".to_owned()),
    };
    let row = hold(&store, "a").await;
    let row = go(&store, undoable(&row, "Reserved")).await;
    let row = park(&store, &row).await;
    let unparked = store.unpark(&row.id, request(at(50))).await;
    unparked.expect("it is parked");
    let asked = store.stop(&row.id, Stop::Terminate, request(at(60))).await;
    asked.expect("it has not ended");
    let row = claim(&store, 70).await.row;
    go(&store, commit(&row, Event::Ended, Status::Terminated)).await;
    let retried = store.retry_rollback(&row.id, request(at(80))).await;
    retried.expect("it is left to be undone");
    let by = || Some("operator 7".to_owned());
    let stop = Stop::Terminate;
    assert_eq!(
        requests(&store, "a").await,
        [
            (Event::Unparked, by()),
            (Event::StopAsked { stop }, by()),
            (Event::RollbackRetried, by())
        ]
    );
}
