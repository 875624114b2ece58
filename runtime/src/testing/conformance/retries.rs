//! Rollbacks that are retried after their runs have ended.

use std::sync::Arc;
use std::time::Duration;

use super::bench::{
    AnyStore, all_of, at, claim, claim_at, commit, end, get, go, history, hold, is_fenced, list,
    message, next, park, run_id, step, undoable,
};
use super::rollback::{begin, failure, left, moved, not_undone, undone};
use crate::store::{Commit, Event, Filter, RunRow, Status, Stop};
use crate::{RunId, StoreError};

/// Returns the commit as the last one of a run, which has failed.
fn last(commit: Commit) -> Commit {
    Commit {
        status: Status::Failed,
        ..commit
    }
}

/// Adds a run that has ended. Its second transition is undone; its first and third, with the numbers 1 and 4, are not.
async fn half_undone(store: &AnyStore) -> RunRow {
    let row = hold(store, "a").await;
    let row = go(store, undoable(&row, "One")).await;
    let row = go(store, undoable(&row, "Two")).await;
    let row = go(store, step(&row, "Between")).await;
    let row = go(store, undoable(&row, "Three")).await;
    let row = begin(store, &row).await;
    let row = go(store, not_undone(&row, 4)).await;
    let row = go(store, undone(&row, 2)).await;
    go(store, last(not_undone(&row, 1))).await
}

async fn retry(store: &AnyStore, run: &RunId, now: u64) -> RunRow {
    let retried = store.retry_rollback(run, at(now).into()).await;
    retried.expect("it has ended, and something is left to be undone");
    get(store, run).await.row
}

pub async fn a_retried_rollback_undoes_what_was_not_undone(store: AnyStore) {
    let ended = half_undone(&store).await;
    assert_eq!((ended.not_undone, left(&store, 10).await), (2, vec![]));
    let row = retry(&store, &ended.id, 50).await;
    assert_eq!(
        (row.status, row.rolls_back, row.ended, row.due),
        (Status::RollingBack, true, None, Some(at(50)))
    );
    assert_eq!((row.undos, row.not_undone), (2, 0));
    assert_eq!(row.failure, Some(failure()), "it failed as it did");
    assert_eq!((row.state, row.visit), (ended.state, ended.visit));
    assert_eq!(left(&store, 10).await, [4, 1], "and not what was undone");
    assert_eq!(left(&store, 1).await, [4]);
    let row = go(&store, undone(&claim(&store, 50).await.row, 4)).await;
    assert_eq!((row.undos, left(&store, 10).await), (1, vec![1]));
    let row = go(&store, last(undone(&row, 1))).await;
    assert_eq!(
        (row.status, row.undos, row.not_undone),
        (Status::Failed, 0, 0)
    );
    assert!(left(&store, 10).await.is_empty());
    assert!(row.ended.is_some() && row.failure == Some(failure()));
}

pub async fn a_rollback_is_retried_as_often_as_something_is_left(store: AnyStore) {
    let ended = half_undone(&store).await;
    retry(&store, &ended.id, 50).await;
    let row = go(&store, not_undone(&claim(&store, 50).await.row, 4)).await;
    let ended = go(&store, last(undone(&row, 1))).await;
    assert_eq!(ended.not_undone, 1);
    retry(&store, &ended.id, 60).await;
    assert_eq!(left(&store, 10).await, [4]);
    go(&store, last(undone(&claim(&store, 60).await.row, 4))).await;
    let again = store.retry_rollback(&ended.id, at(70).into()).await;
    assert!(
        matches!(again, Err(StoreError::NothingToUndo { .. })),
        "all of it is undone: {again:?}"
    );
}

pub async fn a_retried_rollback_goes_on_after_a_crash(store: AnyStore) {
    let ended = half_undone(&store).await;
    retry(&store, &ended.id, 50).await;
    go(&store, undone(&claim(&store, 50).await.row, 4)).await;
    let claimed = claim(&store, 100).await.row;
    assert_eq!(claimed.status, Status::RollingBack);
    assert_eq!((claimed.undos, left(&store, 10).await), (1, vec![1]));
    let row = go(&store, not_undone(&claimed, 1)).await;
    assert_eq!((row.not_undone, left(&store, 10).await), (1, vec![]));
}

pub async fn a_retried_rollback_is_in_the_history(store: AnyStore) {
    let ended = half_undone(&store).await;
    let before = history(&store, &ended.id).await;
    let row = retry(&store, &ended.id, 50).await;
    assert_eq!(row.sequence, ended.sequence + 1);
    let mut history = history(&store, &ended.id).await;
    let last = history.pop().expect("it has a row more");
    assert_eq!(
        (last.event, last.number, last.at),
        (Event::RollbackRetried, row.sequence, at(50))
    );
    assert_eq!(history, before, "nothing of what happened is lost");
}

pub async fn a_retried_rollback_was_not_asked_to_stop(store: AnyStore) {
    let row = moved(&store).await;
    for stop in [Stop::Cancel, Stop::Terminate] {
        let asked = store.stop(&row.id, stop, at(20).into()).await;
        asked.expect("it has not ended");
    }
    let ended = go(&store, commit(&row, Event::Ended, Status::Terminated)).await;
    assert_eq!(ended.stop, Some(Stop::Terminate));
    retry(&store, &ended.id, 50).await;
    let claimed = claim(&store, 50).await;
    assert_eq!((claimed.row.stop, claimed.row.crashes), (None, 0));
}

pub async fn what_a_termination_skipped_is_undone_later(store: AnyStore) {
    // Before its rollback began, and in the middle of it.
    let row = moved(&store).await;
    let ended = go(&store, commit(&row, Event::Ended, Status::Terminated)).await;
    let row = retry(&store, &ended.id, 50).await;
    assert!(row.rolls_back, "it never goes forward again");
    assert_eq!((row.undos, left(&store, 10).await), (2, vec![3, 1]));
    let row = go(&store, undone(&claim(&store, 50).await.row, 3)).await;
    let ended = go(&store, commit(&row, Event::Ended, Status::Terminated)).await;
    let row = retry(&store, &ended.id, 60).await;
    assert_eq!((row.undos, left(&store, 10).await), (1, vec![1]));
}

pub async fn a_rollback_is_not_retried_before_its_run_has_ended(store: AnyStore) {
    let row = moved(&store).await;
    let began = begin(&store, &row).await;
    let parked = park(&store, &began).await;
    store
        .unpark(&row.id, at(50).into())
        .await
        .expect("it is parked");
    let unparked = claim(&store, 50).await.row;
    let retried = {
        let row = go(&store, not_undone(&unparked, 3)).await;
        go(&store, last(undone(&row, 1))).await;
        retry(&store, &row.id, 60).await
    };
    for before in [row, began, parked, unparked, retried] {
        let all = all_of(&store, &before.id).await;
        let answer = store.retry_rollback(&before.id, at(70).into()).await;
        assert!(
            matches!(answer, Err(StoreError::NotEnded { .. })),
            "{answer:?}"
        );
        assert_eq!(all_of(&store, &before.id).await, all);
    }
}

pub async fn a_run_of_which_nothing_is_left_to_undo_stays_ended(store: AnyStore) {
    let done = go(&store, undoable(&hold(&store, "done").await, "One")).await;
    let done = end(&store, &done).await;
    assert_eq!(done.undos, 1, "it ended well, and this is no fault");
    let failed = hold(&store, "failed").await;
    let failed = go(&store, commit(&failed, Event::Ended, Status::Failed)).await;
    for before in [done, failed] {
        let all = all_of(&store, &before.id).await;
        let answer = store.retry_rollback(&before.id, at(70).into()).await;
        assert!(
            matches!(answer, Err(StoreError::NothingToUndo { .. })),
            "{answer:?}"
        );
        assert_eq!(all_of(&store, &before.id).await, all);
    }
    assert!(claim_at(&store, 9_999, 10).await.is_empty());
}

pub async fn a_rollback_of_an_unknown_run_is_not_retried(store: AnyStore) {
    let answer = store.retry_rollback(&run_id("b"), at(1).into()).await;
    assert!(
        matches!(answer, Err(StoreError::NotFound { .. })),
        "{answer:?}"
    );
}

pub async fn of_many_that_retry_a_rollback_one_does(store: AnyStore) {
    let ended = half_undone(&store).await;
    let mut tasks = Vec::new();
    for _ in 0..16 {
        let (store, run) = (Arc::clone(&store), ended.id.clone());
        tasks.push(tokio::spawn(async move {
            store.retry_rollback(&run, at(50).into()).await.is_ok()
        }));
    }
    let mut retried = 0;
    for task in tasks {
        retried += usize::from(task.await.expect("nothing panics"));
    }
    assert_eq!(retried, 1, "one of them was first");
    let row = get(&store, &ended.id).await.row;
    assert_eq!(row.sequence, ended.sequence + 1);
}

pub async fn who_ended_a_run_does_not_move_it_when_its_rollback_is_retried(store: AnyStore) {
    let ended = half_undone(&store).await;
    let row = retry(&store, &ended.id, 50).await;
    let before = all_of(&store, &ended.id).await;
    for sequence in [ended.sequence - 1, ended.sequence] {
        let late = RunRow {
            sequence,
            ..ended.clone()
        };
        is_fenced(&store.commit(undone(&late, 1)).await, "it has moved on");
    }
    assert_eq!(all_of(&store, &ended.id).await, before);
    let claimed = claim(&store, 50).await.row;
    assert!(claimed.epoch > row.epoch);
    is_fenced(&store.commit(undone(&row, 4)).await, "it is another's");
}

pub async fn a_run_whose_rollback_is_retried_is_like_any_other(store: AnyStore) {
    let ended = half_undone(&store).await;
    retry(&store, &ended.id, 50).await;
    let rolling_back = Filter::new().status(Status::RollingBack);
    assert_eq!(list(&store, rolling_back).await, ["a"]);
    assert_eq!(list(&store, Filter::default()).await, ["a"], "once");
    assert_eq!(next(&store, 50).await, Some(Duration::ZERO));
    store
        .send(message("a", "m").into())
        .await
        .expect("it is kept");
    let asked = store.stop(&ended.id, Stop::Terminate, at(60).into()).await;
    asked.expect("it has not ended");
    let claimed = claim(&store, 60).await;
    assert_eq!(claimed.inbox.len(), 1);
    assert_eq!(claimed.row.stop, Some(Stop::Terminate));
    assert_eq!(claimed.input, b"input");
}
