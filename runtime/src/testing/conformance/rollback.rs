//! Rollbacks: their entries, and their progress.

use super::bench::{
    AnyStore, at, claim, claim_at, commit, get, go, history, hold, list, message, park, run_id,
    step, undoable,
};
use crate::store::{
    Commit, Delivery, Event, Failure, FailureKind, Filter, RunRow, Sent, Status, StoreError, Text,
};

/// Adds a run with three transitions, the second of which has no undo.
pub(super) async fn moved(store: &AnyStore) -> RunRow {
    let row = hold(store, "a").await;
    let row = go(store, undoable(&row, "One")).await;
    let row = go(store, step(&row, "Two")).await;
    go(store, undoable(&row, "Three")).await
}

pub(super) fn failure() -> Failure {
    Failure {
        state: "Three".into(),
        transition: Some("to_Four".into()),
        attempts: 3,
        kind: FailureKind::Timeout,
        message: Text::Encoded(vec![0, 255, b'"']),
    }
}

pub(super) async fn begin(store: &AnyStore, row: &RunRow) -> RunRow {
    let began = commit(row, Event::RollbackBegan, Status::RollingBack);
    go(
        store,
        Commit {
            failure: Some(failure()),
            ..began
        },
    )
    .await
}

pub(super) fn undone(row: &RunRow, of: u64) -> Commit {
    commit(row, Event::Undone { of, attempts: 1 }, Status::RollingBack)
}

pub(super) fn not_undone(row: &RunRow, of: u64) -> Commit {
    let event = Event::NotUndone {
        of,
        attempts: 5,
        cause: "no".into(),
    };
    commit(row, event, Status::RollingBack)
}

pub(super) async fn left(store: &AnyStore, limit: usize) -> Vec<u64> {
    let rows = store
        .undoable(&run_id("a"), limit)
        .await
        .expect("it is answered");
    rows.iter().map(|row| row.number).collect()
}

pub async fn transitions_with_an_undo_are_undoable_the_last_first(store: AnyStore) {
    let row = moved(&store).await;
    assert_eq!((row.undos, left(&store, 10).await), (2, vec![3, 1]));
    let rows = store.undoable(&row.id, 1).await.expect("it is answered");
    let Event::Transition {
        state,
        payload,
        undo,
        visit,
        ..
    } = &rows[0].event
    else {
        panic!("a transition is undoable, and not {:?}", rows[0]);
    };
    assert_eq!(
        (&**state, payload, *visit),
        ("Three", &b"Three".to_vec(), 3)
    );
    assert_eq!(undo.as_deref(), Some("undo_Three"));
}

pub async fn an_undone_transition_is_not_undone_again(store: AnyStore) {
    let row = begin(&store, &moved(&store).await).await;
    let row = go(&store, undone(&row, 3)).await;
    assert_eq!((row.undos, left(&store, 10).await), (1, vec![1]));
    let row = go(&store, undone(&row, 1)).await;
    assert_eq!((row.undos, left(&store, 10).await), (0, vec![]));
}

pub async fn one_that_could_not_be_undone_is_not_tried_again(store: AnyStore) {
    let row = begin(&store, &moved(&store).await).await;
    let failed = not_undone(&row, 3);
    let row = go(&store, failed.clone()).await;
    assert_eq!((row.undos, left(&store, 10).await), (1, vec![1]));
    assert_eq!(row.not_undone, 1, "its row says so");
    let all = list(&store, Filter::default()).await;
    let filter = Filter::new().not_undone();
    assert_eq!(
        (list(&store, filter.clone()).await, all),
        (vec!["a".to_owned()], vec!["a".to_owned()])
    );
    hold(&store, "b").await;
    assert_eq!(list(&store, filter).await, ["a"], "and a filter finds it");
    let history = store
        .history(&row.id, row.sequence, 10)
        .await
        .expect("it is answered");
    assert_eq!(
        history[0].event, failed.event,
        "what it failed with is kept"
    );
}

pub async fn a_rollback_goes_on_after_a_crash(store: AnyStore) {
    let row = begin(&store, &moved(&store).await).await;
    go(&store, undone(&row, 3)).await;
    let claimed = claim(&store, 100).await;
    assert_eq!(
        (claimed.row.status, claimed.row.rolls_back),
        (Status::RollingBack, true)
    );
    assert_eq!((claimed.row.undos, left(&store, 10).await), (1, vec![1]));
    assert_eq!(claimed.row.failure, Some(failure()));
    let ends = Commit {
        status: Status::Failed,
        ..undone(&claimed.row, 1)
    };
    let row = go(&store, ends).await;
    assert_eq!((row.status, row.failure), (Status::Failed, Some(failure())));
    assert!(row.ended.is_some());
}

pub async fn a_rollback_that_was_parked_is_still_a_rollback(store: AnyStore) {
    let row = begin(&store, &moved(&store).await).await;
    park(&store, &row).await;
    store
        .unpark(&row.id, at(50).into())
        .await
        .expect("it is parked");
    let claimed = claim(&store, 50).await;
    assert_eq!(
        claimed.row.status,
        Status::RollingBack,
        "a run that is rolled back never goes forward again"
    );
}

pub async fn a_failed_state_begins_a_rollback(store: AnyStore) {
    let row = moved(&store).await;
    let failed = Commit {
        status: Status::RollingBack,
        ..step(&row, "Rejected")
    };
    let row = go(&store, failed).await;
    assert_eq!(
        (row.status, row.rolls_back, row.failure),
        (Status::RollingBack, true, None)
    );
    assert_eq!((row.undos, left(&store, 10).await), (2, vec![3, 1]));
    assert_eq!(
        claim_at(&store, 100, 10).await.len(),
        1,
        "it is taken up like any other"
    );
}

pub async fn undoable_transitions_come_in_pages(store: AnyStore) {
    let mut row = hold(&store, "a").await;
    for number in 0..9 {
        row = go(&store, undoable(&row, &format!("State{number}"))).await;
    }
    row = begin(&store, &row).await;
    let mut seen = Vec::new();
    loop {
        let page = left(&store, 2).await;
        assert!(page.len() <= 2, "two are asked for: {page:?}");
        if page.is_empty() {
            break;
        }
        for of in page {
            seen.push(of);
            assert!(seen.len() <= 9, "what was undone is seen again: {seen:?}");
            row = go(&store, undone(&row, of)).await;
        }
    }
    assert_eq!(seen, [9, 8, 7, 6, 5, 4, 3, 2, 1]);
}

pub async fn a_failure_is_kept(store: AnyStore) {
    let row = hold(&store, "a").await;
    let ends = commit(&row, Event::Ended, Status::Failed);
    let row = go(
        &store,
        Commit {
            failure: Some(failure()),
            ..ends
        },
    )
    .await;
    assert_eq!(get(&store, &row.id).await.row.failure, Some(failure()));
    assert_eq!((row.due, row.status), (None, Status::Failed));
    let last = history(&store, &row.id)
        .await
        .pop()
        .expect("it has a history");
    assert_eq!((last.event, last.failure), (Event::Ended, Some(failure())));
}

pub async fn a_run_that_is_rolled_back_is_in_no_state_that_a_message_demands(store: AnyStore) {
    let row = begin(&store, &moved(&store).await).await;
    let demands = Delivery {
        only_in: Some(vec!["Three".into()]),
        ..message("a", "m").into()
    };
    let refused = store.send(demands).await;
    assert!(
        matches!(refused, Err(StoreError::NotInState { .. })),
        "{refused:?}"
    );
    let kept = store.send(message("a", "n").into()).await;
    assert_eq!(kept.expect("it demands nothing"), Sent::Kept);
    assert!(get(&store, &row.id).await.row.rolls_back);
}
