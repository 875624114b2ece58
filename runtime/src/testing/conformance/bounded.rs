//! Bounded histories: old rows are removed, except those that are still needed.

use super::bench::{
    AnyStore, at, claim, commit, end, get, go, history, hold, message, new, run_id, step, undoable,
};
use crate::store::{Commit, Created, Event, MessageState, NewRun, Purge, RunRow, Sent, Status};

/// Returns a run that keeps this number of rows.
fn keeps(commit: Commit, rows: u32) -> Commit {
    Commit {
        keep_history: Some(rows),
        ..commit
    }
}

async fn numbers(store: &AnyStore, row: &RunRow) -> Vec<u64> {
    let history = history(store, &row.id).await;
    history.iter().map(|row| row.number).collect()
}

/// Takes this number of transitions, each of which keeps `rows`.
async fn walk(store: &AnyStore, mut row: RunRow, transitions: u32, rows: u32) -> RunRow {
    for _ in 0..transitions {
        row = go(store, keeps(step(&row, "Reserved"), rows)).await;
    }
    row
}

pub async fn a_transition_removes_what_is_behind_the_last_rows(store: AnyStore) {
    let mut row = hold(&store, "a").await;
    let other = walk(&store, hold(&store, "b").await, 1, 1).await;
    for number in 1..=9u64 {
        row = walk(&store, row, 1, 3).await;
        let mut expected = vec![0];
        expected.extend(1.max(number.saturating_sub(2))..=number);
        assert_eq!(numbers(&store, &row).await, expected, "and the first stays");
        assert_eq!(row.rows, number, "they are counted on");
    }
    assert_eq!(row.history_from, 7);
    assert_eq!(numbers(&store, &other).await, [0, 1], "others keep theirs");
    let row = walk(&store, row, 1, 1).await;
    assert_eq!(
        numbers(&store, &row).await,
        [0, 10],
        "the newest stays always"
    );
    let found = get(&store, &row.id).await;
    assert_eq!(found.payload, b"Reserved");
}

pub async fn a_history_that_is_not_bounded_is_kept(store: AnyStore) {
    let mut row = hold(&store, "a").await;
    for _ in 0..5 {
        row = go(&store, step(&row, "Reserved")).await;
    }
    assert_eq!(numbers(&store, &row).await.len(), 6);
    assert_eq!(row.history_from, 0);
    let row = walk(&store, row, 1, 100).await;
    assert_eq!(numbers(&store, &row).await.len(), 7, "fewer than its bound");
}

pub async fn a_bound_that_is_raised_keeps_more_from_then_on(store: AnyStore) {
    let row = walk(&store, hold(&store, "a").await, 6, 2).await;
    let row = walk(&store, row, 3, 4).await;
    assert_eq!(numbers(&store, &row).await, [0, 6, 7, 8, 9]);
    let row = go(&store, step(&row, "Reserved")).await;
    assert_eq!(numbers(&store, &row).await, [0, 6, 7, 8, 9, 10]);
}

/// The cost of a commit does not depend on the length of the history.
pub async fn one_commit_removes_no_more_than_a_page(store: AnyStore) {
    let mut row = hold(&store, "a").await;
    for _ in 0..150 {
        row = go(&store, step(&row, "Reserved")).await;
    }
    let mut left = Vec::new();
    for _ in 0..4 {
        row = walk(&store, row, 1, 5).await;
        let rows = numbers(&store, &row).await;
        assert_eq!(rows.last(), Some(&row.rows));
        left.push((rows.len() as u64, row.history_from));
    }
    let most = Commit::MOST_REMOVED;
    let expected = [
        (152 - most, 1 + most),
        (153 - 2 * most, 1 + 2 * most),
        (6, 149),
        (6, 150),
    ];
    assert_eq!(left, expected, "the oldest go first");
}

pub async fn a_bounded_history_comes_in_pages(store: AnyStore) {
    let mut row = hold(&store, "a").await;
    for number in 0..12u32 {
        let moves = if number.is_multiple_of(4) {
            undoable(&row, "Reserved")
        } else {
            step(&row, "Reserved")
        };
        row = go(&store, keeps(moves, 3)).await;
    }
    let all = [0, 1, 5, 9, 10, 11, 12];
    assert_eq!(numbers(&store, &row).await, all);
    for from in 0..=13 {
        for limit in 0..=8 {
            let page = store.history(&row.id, from, limit).await;
            let page: Vec<u64> = page
                .expect("it is read")
                .iter()
                .map(|it| it.number)
                .collect();
            let behind = all.iter().copied().filter(|it| *it >= from);
            assert_eq!(
                page,
                behind.take(limit).collect::<Vec<_>>(),
                "{from}, {limit}"
            );
        }
    }
}

pub async fn what_is_to_be_undone_is_kept(store: AnyStore) {
    let row = hold(&store, "a").await;
    let row = go(&store, keeps(undoable(&row, "Reserved"), 2)).await;
    let row = walk(&store, row, 3, 2).await;
    let row = go(&store, keeps(undoable(&row, "Charged"), 2)).await;
    let row = walk(&store, row, 5, 2).await;
    assert_eq!(numbers(&store, &row).await, [0, 1, 5, 9, 10]);
    let to_undo = async || {
        let rows = store.undoable(&row.id, 10).await.expect("it is read");
        let read = |row: &crate::store::HistoryRow| match &row.event {
            Event::Transition { payload, .. } => (row.number, payload.clone()),
            event => panic!("{event:?}"),
        };
        rows.iter().map(read).collect::<Vec<_>>()
    };
    let both = [(5, b"Charged".to_vec()), (1, b"Reserved".to_vec())];
    assert_eq!(to_undo().await, both);
    // No row that a rollback adds is removed: an entry that was undone is not undone again.
    let begins = keeps(commit(&row, Event::RollbackBegan, Status::RollingBack), 2);
    let rolls = go(&store, begins).await;
    let undone = Event::Undone { of: 5, attempts: 1 };
    let rolls = go(
        &store,
        keeps(commit(&rolls, undone, Status::RollingBack), 2),
    )
    .await;
    let cause = "no".into();
    let not_undone = Event::NotUndone {
        of: 1,
        attempts: 1,
        cause,
    };
    let ended = go(&store, keeps(commit(&rolls, not_undone, Status::Failed), 2)).await;
    assert_eq!(numbers(&store, &ended).await, [0, 1, 5, 9, 10, 11, 12, 13]);
    let retried = store.retry_rollback(&ended.id, at(50).into()).await;
    retried.expect("one is left");
    assert_eq!(to_undo().await, both[1..]);
}

pub async fn only_a_transition_removes_rows(store: AnyStore) {
    let row = walk(&store, hold(&store, "a").await, 4, 2).await;
    let reason = "why".into();
    let parked = keeps(commit(&row, Event::Parked { reason }, Status::Parked), 2);
    let row = go(&store, parked).await;
    assert_eq!(numbers(&store, &row).await, [0, 3, 4, 5]);
    store
        .unpark(&row.id, at(40).into())
        .await
        .expect("it is parked");
    let claimed = claim(&store, 40).await;
    assert_eq!(claimed.payload, b"Reserved");
    assert_eq!(numbers(&store, &row).await, [0, 3, 4, 5, 6]);
    let row = walk(&store, claimed.row, 1, 2).await;
    assert_eq!(numbers(&store, &row).await, [0, 6, 7]);
}

pub async fn a_repeated_transition_removes_nothing_more(store: AnyStore) {
    let row = walk(&store, hold(&store, "a").await, 4, 2).await;
    let moves = keeps(step(&row, "Charged"), 2);
    let row = go(&store, moves.clone()).await;
    let asked = store.pause(&row.id, at(30).into()).await;
    asked.expect("it goes on");
    let again = store.commit(moves).await;
    assert!(again.is_ok(), "law 5: {again:?}");
    assert_eq!(numbers(&store, &row).await, [0, 4, 5, 6]);
    assert_eq!(get(&store, &row.id).await.row.history_from, 4);
}

pub async fn a_message_is_known_though_its_row_is_removed(store: AnyStore) {
    let row = hold(&store, "a").await;
    for id in ["m", "n"] {
        let sent = store.send(message("a", id).into()).await;
        assert_eq!(sent.expect("it is kept"), Sent::Kept);
    }
    let takes = Commit {
        consumed: vec!["m".to_owned()],
        ..keeps(step(&row, "Reserved"), 2)
    };
    let row = go(&store, takes).await;
    let stands = async |id| store.message(&row.id, id).await.expect("it is answered");
    assert!(matches!(stands("m").await, Some(MessageState::Taken(_))));
    walk(&store, row.clone(), 3, 2).await;
    assert_eq!(stands("m").await, Some(MessageState::Forgotten));
    assert_eq!(stands("n").await, Some(MessageState::Waits));
    let again = store.send(message("a", "m").into()).await;
    assert_eq!(again.expect("it is answered"), Sent::Known);
    let rows = numbers(&store, &row).await;
    assert_eq!(rows, [0, 3, 4]);
}

pub async fn a_bounded_history_goes_with_its_run(store: AnyStore) {
    for replaces in [false, true] {
        let row = hold(&store, "a").await;
        let row = go(&store, keeps(undoable(&row, "Reserved"), 2)).await;
        let row = walk(&store, row, 5, 2).await;
        end(&store, &row).await;
        if !replaces {
            let purge = Purge {
                workflow: None,
                ended_before: at(9_999),
                limit: 100,
            };
            assert_eq!(store.purge(purge).await.expect("it is answered"), 1);
        }
        let created = store.create(NewRun {
            again: replaces,
            at: at(90),
            ..new("a")
        });
        let created = created.await;
        assert!(matches!(created, Ok(Created::New(_))), "{created:?}");
        let row = claim(&store, 90).await.row;
        assert_eq!(
            (numbers(&store, &row).await, row.history_from),
            (vec![0], 0)
        );
        let left = store.undoable(&run_id("a"), 10).await;
        assert_eq!(left.expect("it is read"), []);
        let row = walk(&store, row, 4, 2).await;
        assert_eq!(numbers(&store, &row).await, [0, 3, 4]);
        end(&store, &row).await;
        let purge = Purge {
            workflow: None,
            ended_before: at(9_999),
            limit: 100,
        };
        assert_eq!(store.purge(purge).await.expect("it is answered"), 1);
    }
}
