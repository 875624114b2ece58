//! Releases: the waits of released runs, and their ends.

use super::bench::{
    AnyStore, at, claim, claim_at, get, give_back, go, history, hold, is_fenced, message, next,
    release, run_id, step,
};
use crate::store::{Commit, RunRow, Stop, StoreError, Wait};

pub async fn a_run_that_is_given_back_is_as_it_was(store: AnyStore) {
    let row = hold(&store, "a").await;
    let before = history(&store, &row.id).await;
    let back = give_back(&store, &row, 60).await;
    let expected = RunRow {
        due: Some(at(60)),
        ..row
    };
    assert_eq!(back, expected, "but for when it is due");
    assert_eq!(
        history(&store, &back.id).await,
        before,
        "waiting adds nothing"
    );
    assert_eq!(claim(&store, 60).await.row.crashes, 0);
}

pub async fn a_release_may_be_repeated(store: AnyStore) {
    let row = hold(&store, "a").await;
    let back = release(&row, Some(60), 0);
    for _ in 0..2 {
        store.release(back.clone()).await.expect("it is given back");
    }
    assert_eq!(claim_at(&store, 60, 10).await.len(), 1);
    is_fenced(&store.release(back).await, "it was claimed again");
}

pub async fn a_release_of_an_old_claim_is_refused(store: AnyStore) {
    let lost = hold(&store, "a").await;
    let taken = claim(&store, 100).await.row;
    is_fenced(
        &store.release(release(&lost, Some(5), 0)).await,
        "it was claimed again",
    );
    let moved = go(&store, step(&taken, "Reserved")).await;
    is_fenced(
        &store.release(release(&taken, Some(5), 0)).await,
        "it has moved on",
    );
    assert_eq!(get(&store, &moved.id).await.row, moved);
    let unknown = RunRow {
        id: run_id("b"),
        ..moved
    };
    let answer = store.release(release(&unknown, None, 0)).await;
    assert!(
        matches!(answer, Err(StoreError::NotFound { .. })),
        "{answer:?}"
    );
}

pub async fn a_run_may_wait_for_a_message_alone(store: AnyStore) {
    let row = hold(&store, "a").await;
    let waits = store.release(release(&row, None, 0)).await;
    waits.expect("it is given back");
    assert_eq!(get(&store, &row.id).await.row.due, None);
    assert!(
        claim_at(&store, 9_999_999, 10).await.is_empty(),
        "it is never due"
    );
    assert_eq!(next(&store, 9_999_999).await, None);
    let sent = store.send(message("a", "m").into()).await;
    sent.expect("it is taken");
    let claimed = claim(&store, 9_999_999).await;
    assert_eq!(claimed.inbox.len(), 1);
    // As a transition may leave it.
    let moved = Commit {
        release: Some(Wait {
            due: None,
            messages: 1,
        }),
        ..step(&claimed.row, "Reserved")
    };
    assert_eq!(go(&store, moved).await.due, None, "it knows of the message");
    assert!(claim_at(&store, 9_999_999, 10).await.is_empty());
}

pub async fn a_run_that_has_a_message_to_hear_does_not_wait(store: AnyStore) {
    let row = hold(&store, "a").await;
    let sent = store.send(message("a", "m").into()).await;
    sent.expect("it is taken");
    let waits = store.release(release(&row, None, 0)).await;
    waits.expect("it is given back");
    let claimed = claim(&store, 50).await;
    assert_eq!(
        claimed.inbox.len(),
        1,
        "it came before the run was given back"
    );
    let consumes = Commit {
        consumed: vec!["m".to_owned()],
        release: Some(Wait {
            due: None,
            messages: 0,
        }),
        ..step(&claimed.row, "Reserved")
    };
    assert_eq!(go(&store, consumes).await.due, None, "it is consumed");
}

pub async fn a_run_that_waits_for_a_message_hears_that_it_is_to_stop(store: AnyStore) {
    let row = hold(&store, "a").await;
    let waits = store.release(release(&row, None, 0)).await;
    waits.expect("it is given back");
    let asked = store.stop(&row.id, Stop::Cancel, at(20).into()).await;
    asked.expect("it has not ended");
    let row = claim(&store, 20).await.row;
    assert_eq!(row.stop, Some(Stop::Cancel));
    let waits = store.release(release(&row, None, 0)).await;
    waits.expect("it is given back");
    assert_eq!(
        claim(&store, 30).await.row.id,
        row.id,
        "it has not heard yet"
    );
}
