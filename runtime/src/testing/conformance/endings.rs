//! Runs that have ended, and their removal.

use std::time::Duration;

use super::bench::{
    AnyStore, LONG, add, at, claim, claim_at, commit, end, get, go, history, hold, hold_by,
    is_fenced, lease, list, message, new, next, note, run_id, step, undoable,
};
use crate::store::{
    Commit, Created, Event, Filter, NewRun, Progress, Purge, RunRow, Sent, Status, StoreError,
};

fn purge(before: u64) -> Purge {
    Purge {
        workflow: None,
        ended_before: at(before),
        limit: 100,
    }
}

/// Adds a run that ended at this time.
async fn ended(store: &AnyStore, id: &str, time: u64) {
    let row = hold(store, id).await;
    let ends = Commit {
        status: Status::Done,
        at: at(time),
        ..step(&row, "Shipped")
    };
    go(store, ends).await;
}

pub async fn an_ended_run_is_not_claimed(store: AnyStore) {
    let row = hold(&store, "a").await;
    let row = end(&store, &row).await;
    assert_eq!(
        (row.status, row.due, row.ended),
        (Status::Done, None, Some(at(10)))
    );
    assert!(claim_at(&store, 9_999, 10).await.is_empty());
    assert_eq!(next(&store, 9_999).await, None, "and nothing waits");
}

pub async fn an_ended_run_is_still_read(store: AnyStore) {
    let row = hold(&store, "a").await;
    end(&store, &row).await;
    let found = get(&store, &row.id).await;
    assert_eq!(
        (&*found.row.state, found.payload),
        ("Shipped", b"Shipped".to_vec())
    );
    assert_eq!(found.input, b"input");
    assert_eq!(list(&store, Filter::default()).await, ["a"]);
    assert!(matches!(
        store.create(new("a")).await,
        Ok(Created::Known { .. })
    ));
}

pub async fn an_ended_run_keeps_its_history(store: AnyStore) {
    let row = hold(&store, "a").await;
    let row = go(&store, undoable(&row, "Reserved")).await;
    end(&store, &row).await;
    assert_eq!(history(&store, &row.id).await.len(), 3);
}

pub async fn purge_removes_what_ended_before(store: AnyStore) {
    for (id, time) in [("a", 10), ("b", 20), ("c", 30)] {
        ended(&store, id, time).await;
    }
    assert_eq!(
        store.purge(purge(20)).await.expect("it is answered"),
        1,
        "`a` ended before 20"
    );
    assert_eq!(list(&store, Filter::default()).await, ["b", "c"]);
    assert_eq!(store.purge(purge(99)).await.expect("it is answered"), 2);
    assert!(list(&store, Filter::default()).await.is_empty());
}

pub async fn purge_removes_no_more_than_it_is_asked_for(store: AnyStore) {
    for (id, time) in [("a", 30), ("b", 20), ("c", 10)] {
        ended(&store, id, time).await;
    }
    let some = Purge {
        limit: 2,
        ..purge(99)
    };
    assert_eq!(store.purge(some).await.expect("it is answered"), 2);
    assert_eq!(
        list(&store, Filter::default()).await,
        ["a"],
        "those that ended first go first"
    );
}

pub async fn purge_spares_other_workflows(store: AnyStore) {
    ended(&store, "a", 10).await;
    let others = Purge {
        workflow: Some("Other".into()),
        ..purge(99)
    };
    assert_eq!(store.purge(others).await.expect("it is answered"), 0);
    let own = Purge {
        workflow: Some("Order".into()),
        ..purge(99)
    };
    assert_eq!(store.purge(own).await.expect("it is answered"), 1);
}

pub async fn purge_spares_what_has_not_ended(store: AnyStore) {
    add(&store, "a").await;
    let held = hold(&store, "b").await;
    go(&store, step(&held, "Reserved")).await;
    assert_eq!(store.purge(purge(9_999)).await.expect("it is answered"), 0);
    assert_eq!(list(&store, Filter::default()).await, ["a", "b"]);
    assert_eq!(history(&store, &run_id("b")).await.len(), 2);
}

pub async fn purge_spares_a_run_whose_rollback_is_retried(store: AnyStore) {
    let row = go(&store, undoable(&hold(&store, "a").await, "Reserved")).await;
    let terminated = commit(&row, Event::Ended, Status::Terminated);
    let row = go(&store, terminated).await;
    let retried = store.retry_rollback(&row.id, at(50).into()).await;
    retried.expect("its undo was skipped");
    assert_eq!(store.purge(purge(9_999)).await.expect("it is answered"), 0);
    assert_eq!(history(&store, &row.id).await.len(), 4, "nothing is gone");
    let again = store.create(new("a")).await;
    assert!(matches!(again, Ok(Created::Known { .. })), "{again:?}");
    // The time of its second end decides when it is purged.
    let row = claim(&store, 50).await.row;
    let undone = Event::Undone { of: 1, attempts: 1 };
    let ends = Commit {
        at: at(60),
        ..commit(&row, undone, Status::Failed)
    };
    go(&store, ends).await;
    assert_eq!(store.purge(purge(60)).await.expect("it is answered"), 0);
    assert_eq!(store.purge(purge(61)).await.expect("it is answered"), 1);
    let gone = store.retry_rollback(&row.id, at(70).into()).await;
    assert!(matches!(gone, Err(StoreError::NotFound { .. })), "{gone:?}");
}

pub async fn a_purged_id_begins_anew(store: AnyStore) {
    let row = hold(&store, "a").await;
    store
        .send(message("a", "m").into())
        .await
        .expect("it is kept");
    let row = go(&store, undoable(&row, "Reserved")).await;
    store
        .note(note(&row, "n", Progress::output(vec![1])))
        .await
        .expect("it is noted");
    let ends = Commit {
        consumed: vec![],
        ..step(&row, "Shipped")
    };
    go(
        &store,
        Commit {
            status: Status::Done,
            ..ends
        },
    )
    .await;
    hold_by(&store, "a0", lease(LONG)).await;
    assert_eq!(store.purge(purge(9_999)).await.expect("it is answered"), 1);
    let again = NewRun {
        input: b"new".to_vec(),
        at: at(50),
        lease: Some(lease(Duration::ZERO)),
        ..new("a")
    };
    assert!(
        matches!(store.create(again).await, Ok(Created::New(_))),
        "the id is free"
    );
    assert_eq!(
        history(&store, &run_id("a")).await.len(),
        1,
        "nothing is left of the one before"
    );
    assert_eq!(
        store
            .send(message("a", "m").into())
            .await
            .expect("it is kept"),
        Sent::Kept
    );
    for old in 0..3 {
        let row = RunRow {
            sequence: old,
            ..row.clone()
        };
        let late = store.commit(step(&row, "Reserved")).await;
        is_fenced(&late, "who held the one before does not hold this one");
    }
    let claimed = claim(&store, 60).await;
    assert_eq!(
        (claimed.input, claimed.notes, claimed.inbox.len()),
        (b"new".to_vec(), vec![], 1)
    );
}
