//! Effects: parts of a visit that are undone by themselves, recorded with the commit that ends it.

use super::bench::{
    AnyStore, all_of, at, claim, commit, end, failed_attempts, get, go, history, hold, is_fenced,
    message, new, run_id, step, undoable,
};
use super::rollback::{begin, failure, left, not_undone, undone};
use crate::store::{
    Commit, Created, Event, HistoryRow, MessageState, NewRun, Purge, RunRow, Sent, Source, Status,
    Stop,
};

/// Returns the effect of a branch of the current visit.
fn effect(row: &RunRow, branch: &str, source: Source) -> Event {
    Event::Effect {
        transition: "quote".into(),
        visit: row.visit + 1,
        branch: Some(branch.to_owned()),
        output: format!("{branch} of {}", row.id).into_bytes(),
        state: row.state.clone(),
        source,
        undo: format!("cancel_{branch}").into(),
    }
}

/// Effects of three branches, which share the payload of their state.
pub(super) fn three(row: &RunRow) -> Vec<Event> {
    vec![
        effect(row, "air", Source::Here(vec![0, 255, b'"'])),
        effect(row, "rail", Source::Before(1)),
        effect(row, "chunk[7]", Source::Before(2)),
    ]
}

/// Returns the effect of a step whose last call is in doubt.
fn doubt(row: &RunRow) -> Event {
    Event::Effect {
        transition: "charge".into(),
        visit: row.visit + 1,
        branch: None,
        output: Vec::new(),
        state: row.state.clone(),
        source: Source::Here(b"cart".to_vec()),
        undo: "refund".into(),
    }
}

pub(super) fn with(effects: Vec<Event>, commit: Commit) -> Commit {
    Commit { effects, ..commit }
}

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

/// Adds a run whose split has failed after three of its branches were done. The second of its transitions has an undo as well.
async fn failed(store: &AnyStore) -> RunRow {
    let row = hold(store, "a").await;
    let row = go(store, step(&row, "One")).await;
    let row = go(store, undoable(&row, "Two")).await;
    let began = commit(&row, Event::RollbackBegan, Status::RollingBack);
    go(store, with(three(&row), began)).await
}

pub async fn effects_are_rows_before_that_of_their_commit(store: AnyStore) {
    let other = hold(&store, "b").await;
    let row = hold(&store, "a").await;
    let effects = three(&row);
    let quotes = Commit {
        failure: Some(failure()),
        failed_attempts: failed_attempts(),
        ..with(effects.clone(), step(&row, "Quoted"))
    };
    let row = go(&store, quotes.clone()).await;
    assert_eq!((row.sequence, row.rows, row.undos), (1, 4, 3));
    let rows = history(&store, &row.id).await;
    for (number, event) in effects.into_iter().enumerate() {
        let expected = HistoryRow {
            number: number as u64 + 1,
            at: quotes.at,
            event,
            failure: None,
            by: None,
            failed_attempts: Vec::new(),
            left: Vec::new(),
        };
        assert_eq!(rows.get(number + 1), Some(&expected));
    }
    let last = rows.last().expect("it has rows");
    assert_eq!((last.number, &last.event), (4, &quotes.event));
    assert_eq!(
        (&last.failure, &last.failed_attempts),
        (&quotes.failure, &quotes.failed_attempts)
    );
    assert_eq!(get(&store, &row.id).await.payload, b"Quoted");
    assert_eq!(numbers(&store, &other).await, [0], "others have none");
    let row = go(&store, step(&row, "Charged")).await;
    assert_eq!((row.sequence, row.rows, row.undos), (2, 5, 3));
}

pub async fn effects_are_undoable_the_last_first(store: AnyStore) {
    let row = failed(&store).await;
    assert_eq!((row.undos, left(&store, 10).await), (4, vec![5, 4, 3, 2]));
    assert_eq!(left(&store, 2).await, [5, 4], "as many as are asked for");
    let rows = store.undoable(&row.id, 10).await.expect("it is answered");
    assert!(rows.iter().all(HistoryRow::is_undoable));
    let before = history(&store, &row.id).await;
    let effects: Vec<_> = rows[..3].iter().rev().collect();
    assert_eq!(effects, before[3..6].iter().collect::<Vec<_>>());
}

pub async fn effects_are_undone_one_by_one(store: AnyStore) {
    let mut row = failed(&store).await;
    for (of, rest) in [(5, vec![4, 3, 2]), (4, vec![3, 2]), (3, vec![2])] {
        row = go(&store, undone(&row, of)).await;
        assert_eq!(
            (row.undos, left(&store, 10).await),
            (rest.len() as u64, rest)
        );
    }
    let row = go(&store, not_undone(&row, 2)).await;
    assert_eq!((row.undos, left(&store, 10).await), (0, vec![]));
    assert_eq!(row.not_undone, 1);
}

pub async fn whatever_ends_a_visit_may_have_effects(store: AnyStore) {
    let reason = "why".into();
    let ends = [
        (Event::RollbackBegan, Status::RollingBack),
        (Event::Ended, Status::Terminated),
        (Event::Paused, Status::Paused),
        (Event::Parked { reason }, Status::Parked),
    ];
    for (number, (event, status)) in ends.into_iter().enumerate() {
        let row = hold(&store, &format!("run-{number}")).await;
        let effects = vec![doubt(&row)];
        let row = go(&store, with(effects.clone(), commit(&row, event, status))).await;
        assert_eq!((row.status, row.rows, row.undos), (status, 2, 1));
        let rows = store.undoable(&row.id, 10).await.expect("it is answered");
        let events: Vec<_> = rows.into_iter().map(|row| row.event).collect();
        assert_eq!(events, effects);
    }
}

pub async fn effects_outlive_the_holder(store: AnyStore) {
    let row = failed(&store).await;
    go(&store, undone(&row, 5)).await;
    let before = history(&store, &row.id).await;
    let row = claim(&store, 100).await.row;
    assert_eq!((row.undos, left(&store, 10).await), (3, vec![4, 3, 2]));
    assert_eq!(history(&store, &row.id).await, before);
    let row = go(&store, undone(&row, 4)).await;
    assert_eq!((row.undos, left(&store, 10).await), (2, vec![3, 2]));
}

pub async fn a_commit_that_is_repeated_adds_its_effects_once(store: AnyStore) {
    for bound in [None, Some(1)] {
        let id = format!("{bound:?}");
        let row = hold(&store, &id).await;
        // An effect of another commit follows the rows that are removed.
        let first = Commit {
            keep_history: bound,
            ..with(vec![doubt(&row)], step(&row, "One"))
        };
        let row = go(&store, first).await;
        for effects in [three(&row), Vec::new(), three(&row)] {
            let row = get(&store, &row.id).await.row;
            let moves = Commit {
                keep_history: bound,
                ..with(effects, step(&row, "Quoted"))
            };
            go(&store, moves.clone()).await;
            let asks = [None, Some(Stop::Cancel)];
            for asked in asks {
                if let Some(stop) = asked {
                    let asked = store.stop(&row.id, stop, at(50).into()).await;
                    asked.expect("it has not ended");
                }
                let all = all_of(&store, &row.id).await;
                let repeated = store.commit(moves.clone()).await;
                assert!(repeated.is_ok(), "law 5: {repeated:?}");
                assert_eq!(all_of(&store, &row.id).await, all);
            }
        }
    }
}

pub async fn a_commit_of_other_effects_is_another(store: AnyStore) {
    let row = hold(&store, "a").await;
    let moves = with(three(&row), step(&row, "Quoted"));
    go(&store, moves.clone()).await;
    let all = all_of(&store, &row.id).await;
    let mut others = vec![Vec::new(), moves.effects[1..].to_vec()];
    others.push(moves.effects[..2].to_vec());
    others.push([doubt(&row)].into_iter().chain(three(&row)).collect());
    others.push(moves.effects.iter().rev().cloned().collect());
    let change = |change: fn(&mut Event)| {
        let mut effects = three(&row);
        change(&mut effects[1]);
        effects
    };
    others.push(change(|event| {
        if let Event::Effect { output, .. } = event {
            output.push(0);
        }
    }));
    others.push(change(|event| {
        if let Event::Effect { source, .. } = event {
            *source = Source::Here(vec![0, 255, b'"']);
        }
    }));
    for effects in others {
        let other = with(effects, moves.clone());
        is_fenced(&store.commit(other).await, "it has other effects");
    }
    assert_eq!(all_of(&store, &row.id).await, all, "nothing has changed");
}

pub async fn a_commit_that_is_refused_adds_no_effects(store: AnyStore) {
    let lost = hold(&store, "a").await;
    let row = claim(&store, 100).await.row;
    let all = all_of(&store, &row.id).await;
    let late = with(three(&lost), step(&lost, "Quoted"));
    is_fenced(&store.commit(late).await, "the run was claimed again");
    let ahead = RunRow {
        sequence: row.sequence + 1,
        ..row.clone()
    };
    let early = with(three(&row), step(&ahead, "Quoted"));
    is_fenced(&store.commit(early).await, "it expects another sequence");
    assert_eq!(all_of(&store, &row.id).await, all);
    assert!(left(&store, 10).await.is_empty());
    let row = go(&store, step(&row, "Quoted")).await;
    assert_eq!((row.rows, row.undos), (1, 0));
}

pub async fn a_message_leads_to_the_event_that_has_taken_it_and_not_to_an_effect(store: AnyStore) {
    let row = hold(&store, "a").await;
    let sent = store.send(message("a", "m").into()).await;
    assert_eq!(sent.expect("it is kept"), Sent::Kept);
    let quotes = Commit {
        consumed: vec!["m".to_owned()],
        ..with(three(&row), step(&row, "Quoted"))
    };
    go(&store, quotes.clone()).await;
    let state = store.message(&row.id, "m").await.expect("it is answered");
    let Some(MessageState::Taken(taken)) = state else {
        panic!("a transition has taken it: {state:?}");
    };
    assert_eq!((taken.number, taken.event), (4, quotes.event));
}

pub async fn a_bounded_history_keeps_what_effects_need(store: AnyStore) {
    let row = hold(&store, "a").await;
    let row = go(&store, keeps(step(&row, "One"), 2)).await;
    let row = go(&store, keeps(with(three(&row), step(&row, "Quoted")), 2)).await;
    assert_eq!(numbers(&store, &row).await, [0, 2, 3, 4, 5], "1 is old");
    assert_eq!((row.rows, row.history_from), (5, 4));
    let mut row = row;
    for _ in 0..4 {
        row = go(&store, keeps(step(&row, "Charged"), 2)).await;
    }
    let kept = [0, 2, 3, 4, 8, 9];
    assert_eq!(numbers(&store, &row).await, kept);
    assert_eq!(left(&store, 10).await, [4, 3, 2]);
    let effects = three(&get(&store, &row.id).await.row);
    for (number, of) in [(2, 0), (3, 1), (4, 2)] {
        let rows = store.history(&row.id, number, 1).await;
        let [found] = &*rows.expect("it is read") else {
            panic!("row {number} is read by itself");
        };
        let (Event::Effect { source, .. }, Event::Effect { source: same, .. }) =
            (&found.event, &effects[of])
        else {
            panic!("row {number} is an effect: {found:?}");
        };
        assert_eq!((found.number, source), (number, same));
    }
    // The same holds for a run whose rollback is retried when all of them were tried.
    let row = begin(&store, &row).await;
    let row = go(&store, keeps(undone(&row, 4), 2)).await;
    let row = go(&store, keeps(not_undone(&row, 3), 2)).await;
    let last = Commit {
        status: Status::Failed,
        ..undone(&row, 2)
    };
    let row = go(&store, keeps(last, 2)).await;
    let retried = store.retry_rollback(&row.id, at(50).into()).await;
    retried.expect("one is left");
    assert_eq!(left(&store, 10).await, [3]);
    let rows = store.history(&row.id, 2, 1).await.expect("it is read");
    assert!(
        matches!(&rows[0].event, Event::Effect { source: Source::Here(here), .. } if *here == [0, 255, b'"']),
        "what 3 needs is there: {rows:?}"
    );
}

/// A commit that adds more rows removes as many more, so that the number of rows that are left to be removed does not grow.
pub async fn a_bound_keeps_up_with_effects(store: AnyStore) {
    let mut row = hold(&store, "a").await;
    let many = 2 * usize::try_from(Commit::MOST_REMOVED).expect("it is small");
    for _ in 0..4 {
        let effects = vec![doubt(&row); many];
        row = go(&store, keeps(with(effects, step(&row, "Quoted")), 3)).await;
    }
    assert_eq!(row.undos, 4 * many as u64);
    for _ in 0..3 {
        row = go(&store, keeps(step(&row, "Charged"), 3)).await;
    }
    assert_eq!(row.history_from, row.rows - 2);
    let kept = numbers(&store, &row).await.len();
    assert_eq!(kept, 1 + 4 * many + 3, "all others are removed");
}

pub async fn a_retried_rollback_undoes_the_effects_that_are_left(store: AnyStore) {
    let row = failed(&store).await;
    let row = go(&store, not_undone(&row, 5)).await;
    let row = go(&store, undone(&row, 4)).await;
    let row = go(&store, not_undone(&row, 3)).await;
    let last = Commit {
        status: Status::Failed,
        ..undone(&row, 2)
    };
    let ended = go(&store, last).await;
    assert_eq!((ended.undos, ended.not_undone), (0, 2));
    let retried = store.retry_rollback(&ended.id, at(50).into()).await;
    retried.expect("two are left");
    let row = claim(&store, 50).await.row;
    assert_eq!((row.undos, left(&store, 10).await), (2, vec![5, 3]));
    let row = go(&store, undone(&row, 5)).await;
    assert_eq!((row.undos, left(&store, 10).await), (1, vec![3]));
}

pub async fn effects_that_a_termination_skipped_are_undone_later(store: AnyStore) {
    let row = hold(&store, "a").await;
    let row = go(&store, undoable(&row, "One")).await;
    let ends = commit(&row, Event::Ended, Status::Terminated);
    let ended = go(&store, with(three(&row), ends)).await;
    assert_eq!((ended.undos, ended.status), (4, Status::Terminated));
    let retried = store.retry_rollback(&ended.id, at(50).into()).await;
    retried.expect("nothing was undone");
    let row = claim(&store, 50).await.row;
    assert_eq!((row.undos, left(&store, 10).await), (4, vec![4, 3, 2, 1]));
    let row = go(&store, undone(&row, 4)).await;
    let ended = go(&store, commit(&row, Event::Ended, Status::Terminated)).await;
    let retried = store.retry_rollback(&ended.id, at(70).into()).await;
    retried.expect("three are left");
    assert_eq!(left(&store, 10).await, [3, 2, 1]);
}

pub(super) fn all() -> Purge {
    Purge {
        workflow: None,
        ended_before: at(9_999),
        limit: 100,
    }
}

pub async fn effects_go_with_their_run(store: AnyStore) {
    for (bound, replaces) in [
        (None, false),
        (Some(2), false),
        (None, true),
        (Some(2), true),
    ] {
        let row = hold(&store, "a").await;
        let moves = Commit {
            keep_history: bound,
            ..with(three(&row), step(&row, "Quoted"))
        };
        let row = go(&store, moves).await;
        end(&store, &row).await;
        if !replaces {
            assert_eq!(store.purge(all()).await.expect("it is answered"), 1);
        }
        let again = NewRun {
            again: replaces,
            at: at(90),
            ..new("a")
        };
        let created = store.create(again).await;
        assert!(matches!(created, Ok(Created::New(_))), "{created:?}");
        let row = claim(&store, 90).await.row;
        assert_eq!((row.rows, row.undos), (0, 0));
        assert_eq!(numbers(&store, &row).await, [0]);
        let left = store.undoable(&run_id("a"), 10).await;
        assert_eq!(left.expect("it is read"), []);
        end(&store, &row).await;
        assert_eq!(store.purge(all()).await.expect("it is answered"), 1);
    }
}
