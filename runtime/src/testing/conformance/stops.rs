//! Requests to stop, from whoever asks.

use std::time::Duration;

use super::bench::{
    AnyStore, at, beat, claim, claim_at, commit, end, get, give_back, go, hold, park, run_id, step,
    undoable,
};
use crate::store::{Event, Status, Stop, StoreError};

async fn stop(store: &AnyStore, run: &str, stop: Stop) {
    store
        .stop(&run_id(run), stop, at(7))
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
    let answer = store.stop(&row.id, Stop::Cancel, at(7)).await;
    assert!(
        matches!(answer, Err(StoreError::Ended { .. })),
        "{answer:?}"
    );
}

pub async fn an_unknown_run_is_not_stopped(store: AnyStore) {
    let answer = store.stop(&run_id("a"), Stop::Cancel, at(7)).await;
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
    store.unpark(&row.id, at(60)).await.expect("it is parked");
    assert_eq!(claim(&store, 60).await.row.stop, Some(Stop::Cancel));
}

pub async fn a_run_that_is_to_stop_does_not_wait(store: AnyStore) {
    for (id, stop) in [("a", Stop::Cancel), ("b", Stop::Terminate)] {
        let row = hold(&store, id).await;
        let asked = store.stop(&row.id, stop, at(10)).await;
        asked.expect("it has not ended");
        // Whoever holds it has not heard, and gives it back for long.
        give_back(&store, &row, 9_000).await;
        let heard = claim_at(&store, 60, 10).await;
        assert_eq!(heard[0].row.id, row.id, "{stop:?} is heard");
    }
}

pub async fn a_rollback_waits_though_its_run_was_cancelled(store: AnyStore) {
    let row = hold(&store, "a").await;
    let row = go(&store, undoable(&row, "Reserved")).await;
    let asked = store.stop(&row.id, Stop::Cancel, at(10)).await;
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
    let asked = store.stop(&row.id, Stop::Terminate, at(10)).await;
    asked.expect("it has not ended");
    let row = park(&store, &row).await;
    assert_eq!(
        row.status,
        Status::Running,
        "it is to end, and not to stand still"
    );
    assert_eq!(claim(&store, 60).await.row.stop, Some(Stop::Terminate));
}
