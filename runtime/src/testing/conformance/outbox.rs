//! The outbox: a commit sends its messages and starts its runs with its other changes, or not at all.

use std::time::Duration;

use super::bench::{
    AnyStore, LONG, at, claim_at, end, get, go, hold, hold_by, lease, list, message, new, next,
    run_id, step,
};
use crate::store::{Commit, Filter, Message, NewRun, Outbox, RunRow, Status, StoreError};

/// Returns a transition that starts these runs and sends these messages.
fn sends(row: &RunRow, runs: &[&str], messages: &[Message]) -> Commit {
    Commit {
        outbox: Outbox {
            runs: runs.iter().map(|id| new(id)).collect(),
            messages: messages.to_vec(),
        },
        ..step(row, "Sent")
    }
}

pub async fn an_outbox_takes_place_with_its_commit(store: AnyStore) {
    let (sender, other) = (
        hold(&store, "a").await,
        hold_by(&store, "b", lease(LONG)).await,
    );
    let commit = sends(&sender, &["c", "d"], &[message("b", "m")]);
    go(&store, commit).await;
    assert_eq!(list(&store, Filter::default()).await, ["a", "b", "c", "d"]);
    let child = get(&store, &run_id("c")).await;
    assert_eq!(
        (&*child.input, &*child.payload),
        (&b"input"[..], &b"placed"[..])
    );
    assert_eq!(next(&store, 50).await, Some(Duration::ZERO), "they are due");
    let claimed = claim_at(&store, 50, 10).await;
    let ids: Vec<_> = claimed.iter().map(|it| it.row.id.to_string()).collect();
    assert_eq!(ids, ["a", "c", "d"], "`b` is held");
    let beats = store.heartbeat(super::bench::beat(&[&other], LONG)).await;
    assert_eq!(
        beats.expect("it is answered")[0].messages,
        1,
        "its holder hears of it"
    );
}

pub async fn a_commit_that_is_refused_sends_nothing(store: AnyStore) {
    let row = hold(&store, "a").await;
    hold(&store, "b").await;
    let late = Commit {
        epoch: row.epoch + 1,
        ..sends(&row, &["c"], &[message("b", "m")])
    };
    let refused = store.commit(late).await;
    assert!(
        matches!(refused, Err(StoreError::Fenced { .. })),
        "{refused:?}"
    );
    assert_eq!(list(&store, Filter::default()).await, ["a", "b"]);
    let claimed = claim_at(&store, 50, 10).await;
    assert!(claimed.iter().all(|it| it.inbox.is_empty()));
}

pub async fn a_commit_that_is_repeated_sends_once(store: AnyStore) {
    let sender = hold_by(&store, "a", lease(LONG)).await;
    let other = hold_by(&store, "b", lease(LONG)).await;
    let commit = sends(&sender, &["c"], &[message("b", "m")]);
    go(&store, commit.clone()).await;
    let consumes = Commit {
        consumed: vec!["m".to_owned()],
        ..step(&other, "Answered")
    };
    go(&store, consumes).await;
    let child = claim_at(&store, 50, 10).await.remove(0).row;
    end(&store, &child).await;
    store.commit(commit).await.expect("it has taken place");
    assert_eq!(get(&store, &run_id("c")).await.row.status, Status::Done);
    let again = store.send(message("b", "m").into()).await;
    assert_eq!(again.expect("it is answered"), crate::store::Sent::Known);
}

pub async fn a_message_reaches_a_run_of_the_same_outbox(store: AnyStore) {
    let row = hold_by(&store, "a", lease(LONG)).await;
    go(&store, sends(&row, &["c"], &[message("c", "m")])).await;
    let claimed = claim_at(&store, 50, 10).await.remove(0);
    assert_eq!(claimed.row.id, run_id("c"));
    assert_eq!(claimed.inbox, [message("c", "m")]);
}

pub async fn a_run_may_send_a_message_to_itself(store: AnyStore) {
    let row = hold(&store, "a").await;
    let row = go(&store, sends(&row, &[], &[message("a", "m")])).await;
    assert_eq!((row.sequence, &*row.state), (1, "Sent"));
    assert_eq!(claim_at(&store, 50, 10).await[0].inbox, [message("a", "m")]);
}

pub async fn what_an_outbox_cannot_reach_is_dropped(store: AnyStore) {
    let ended = hold(&store, "ended").await;
    end(&store, &ended).await;
    let known = get(&store, &ended.id).await;
    let row = hold(&store, "a").await;
    let messages = [message("ended", "m"), message("nobody", "m")];
    let row = go(&store, sends(&row, &["ended"], &messages)).await;
    assert_eq!(&*row.state, "Sent", "the commit takes place");
    assert_eq!(
        get(&store, &ended.id).await,
        known,
        "a run that is there stays as it is"
    );
    assert_eq!(list(&store, Filter::default()).await, ["a", "ended"]);
}

pub async fn a_run_of_an_outbox_is_held_by_nobody(store: AnyStore) {
    let row = hold_by(&store, "a", lease(LONG)).await;
    let held = NewRun {
        lease: Some(lease(LONG)),
        at: at(10),
        ..new("c")
    };
    let commit = Commit {
        outbox: Outbox {
            runs: vec![held],
            messages: Vec::new(),
        },
        ..step(&row, "Sent")
    };
    go(&store, commit).await;
    let claimed = claim_at(&store, 50, 10).await.remove(0).row;
    assert_eq!((claimed.id, claimed.crashes), (run_id("c"), 0));
}
