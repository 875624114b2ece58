//! The fence: a holder that lost a run, or is behind it, changes nothing.

use std::sync::Arc;

use super::bench::{
    AnyStore, add, all_of, at, claim, claim_at, commit, end, go, hold, is_fenced, park, step,
};
use crate::store::{Commit, Event, Status};

pub async fn an_old_epoch_is_refused(store: AnyStore) {
    let lost = hold(&store, "a").await;
    claim(&store, 100).await;
    is_fenced(
        &store.commit(step(&lost, "Reserved")).await,
        "the run was claimed again",
    );
}

pub async fn an_old_sequence_is_refused(store: AnyStore) {
    let old = hold(&store, "a").await;
    let row = go(&store, step(&old, "Reserved")).await;
    go(&store, step(&row, "Charged")).await;
    is_fenced(
        &store.commit(step(&old, "Reserved")).await,
        "the run has moved on twice",
    );
}

pub async fn a_sequence_ahead_is_refused(store: AnyStore) {
    let row = hold(&store, "a").await;
    let ahead = Commit {
        sequence: row.sequence + 1,
        ..step(&row, "Reserved")
    };
    is_fenced(&store.commit(ahead).await, "the run is not that far");
}

pub async fn another_commit_of_the_same_sequence_is_refused(store: AnyStore) {
    let row = hold(&store, "a").await;
    go(&store, step(&row, "Reserved")).await;
    let before = all_of(&store, &row.id).await;
    let other = store.commit(step(&row, "Rejected")).await;
    is_fenced(&other, "law 5: only the same commit is a repetition");
    let ended = store
        .commit(commit(&row, Event::Ended, Status::Terminated))
        .await;
    is_fenced(&ended, "law 5: only the same commit is a repetition");
    assert_eq!(all_of(&store, &row.id).await, before);
}

pub async fn a_refused_commit_changes_nothing(store: AnyStore) {
    let lost = hold(&store, "a").await;
    claim(&store, 100).await;
    let before = all_of(&store, &lost.id).await;
    for refused in [
        step(&lost, "Reserved"),
        commit(&lost, Event::Ended, Status::Done),
    ] {
        is_fenced(&store.commit(refused).await, "the run was claimed again");
        assert_eq!(
            all_of(&store, &lost.id).await,
            before,
            "law 1: nothing has changed"
        );
    }
}

pub async fn a_late_commit_after_a_takeover_is_refused(store: AnyStore) {
    let lost = hold(&store, "a").await;
    let late = step(&lost, "Reserved");
    let taken = claim(&store, 100).await;
    let row = go(&store, step(&taken.row, "Reserved")).await;
    is_fenced(
        &store.commit(late).await,
        "another has moved the run, in the very same way",
    );
    assert_eq!(all_of(&store, &row.id).await.1.len(), 2, "it moved once");
}

pub async fn a_commit_is_taken_by_epoch_and_not_by_lease(store: AnyStore) {
    let row = hold(&store, "a").await;
    let late = Commit {
        at: at(5_000),
        ..step(&row, "Reserved")
    };
    let row = go(&store, late).await;
    assert_eq!(
        &*row.state, "Reserved",
        "its lease had passed, and nobody else had claimed it"
    );
}

pub async fn of_two_holders_by_skewed_clocks_one_moves_the_run(store: AnyStore) {
    add(&store, "a").await;
    let one = claim(&store, 0).await;
    // The other's clock is an hour ahead.
    let other = claim_at(&store, 3_600, 1).await.remove(0);
    let (by_one, by_other) = (step(&one.row, "Reserved"), step(&other.row, "Reserved"));
    let moved = [store.commit(by_one).await, store.commit(by_other).await];
    is_fenced(&moved[0], "it was claimed by the other");
    assert!(
        moved[1].is_ok(),
        "who claimed it last moves it: {:?}",
        moved[1]
    );
    assert_eq!(
        all_of(&store, &one.row.id).await.1.len(),
        2,
        "it moved once"
    );
}

pub async fn a_run_that_ended_is_not_moved(store: AnyStore) {
    let row = hold(&store, "a").await;
    let ended = end(&store, &row).await;
    is_fenced(&store.commit(step(&ended, "Placed")).await, "it has ended");
}

pub async fn a_parked_run_is_not_moved(store: AnyStore) {
    let row = hold(&store, "a").await;
    let parked = park(&store, &row).await;
    is_fenced(
        &store.commit(step(&parked, "Reserved")).await,
        "it is parked",
    );
}

pub async fn of_many_commits_of_one_sequence_one_takes_place(store: AnyStore) {
    let row = hold(&store, "a").await;
    let mut tasks = Vec::new();
    for number in 0..16 {
        let (store, moved) = (Arc::clone(&store), step(&row, &format!("State{number}")));
        tasks.push(tokio::spawn(
            async move { store.commit(moved).await.is_ok() },
        ));
    }
    let mut moved = 0;
    for task in tasks {
        moved += usize::from(task.await.expect("nothing panics"));
    }
    assert_eq!(
        moved, 1,
        "law 4: one of them was first, and the others were fenced"
    );
    assert_eq!(all_of(&store, &row.id).await.1.len(), 2);
}
