//! A run that waits and stays in its state: its timers, its polls and its notes.

use std::time::{Duration, SystemTime};

use super::bench::{
    AnyStore, at, claim, claim_at, get, go, history, hold, hold_by, lease, message, next, note,
    release, step,
};
use crate::store::{Commit, Event, Fired, Message, Progress, Release, RunRow};

fn fired(transition: &'static str, seconds: u64, made: u32) -> Fired {
    Fired {
        transition: transition.into(),
        at: at(seconds),
        made,
    }
}

/// Returns a transition that stays in the state of the run.
fn stay(row: &RunRow, fired: Vec<Fired>) -> Commit {
    let mut commit = step(row, &row.state);
    if let Event::Transition {
        internal, payload, ..
    } = &mut commit.event
    {
        *internal = true;
        *payload = b"changed".to_vec();
    }
    Commit { fired, ..commit }
}

pub async fn a_transition_that_stays_is_no_entry(store: AnyStore) {
    let row = hold(&store, "a").await;
    let entered = go(&store, step(&row, "Sent")).await;
    let stays = stay(&entered, Vec::new());
    let stayed = go(&store, stays.clone()).await;
    assert!(stays.at > entered.entered);
    assert_eq!(stayed.entered, entered.entered, "its clocks run on");
    assert_eq!(
        (stayed.visit, stayed.sequence),
        (entered.visit + 1, entered.sequence + 1),
        "it is one more visit"
    );
    assert_eq!(get(&store, &row.id).await.payload, b"changed");
    let rows = history(&store, &row.id).await;
    assert_eq!(rows[2].event, stays.event, "and it is in the history");
}

pub async fn what_was_at_work_in_a_state_is_kept_until_that_is_left(store: AnyStore) {
    let row = hold(&store, "a").await;
    let first = vec![fired("remind", 20, 1), fired("ask", 21, 3)];
    let row = go(&store, stay(&row, first.clone())).await;
    assert_eq!(row.fired, first);
    let then = vec![fired("remind", 30, 2)];
    go(&store, stay(&row, then.clone())).await;
    let row = claim(&store, 100).await.row;
    assert_eq!(row.fired, then, "the next claim gets it");
    let row = go(&store, step(&row, "Done")).await;
    assert_eq!(row.fired, []);
}

pub async fn a_poll_that_was_asked_changes_the_row_alone(store: AnyStore) {
    hold_by(&store, "a", lease(Duration::ZERO)).await;
    // Its holder died.
    let row = claim(&store, 100).await.row;
    assert_eq!(row.crashes, 1);
    let noted = store
        .note(note(&row, "1", Progress::output(b"air".to_vec())))
        .await;
    noted.expect("the holder of a run notes it");
    let before = history(&store, &row.id).await;
    let asked = vec![fired("ask", 100, 4)];
    let back = Release {
        at: at(100),
        asked: Some(asked.clone()),
        ..release(&row, Some(160), 0)
    };
    for _ in 0..2 {
        store.release(back.clone()).await.expect("it is given back");
    }
    assert_eq!(
        history(&store, &row.id).await,
        before,
        "waiting adds nothing"
    );
    let claimed = claim(&store, 160).await;
    assert_eq!(claimed.row.fired, asked);
    assert_eq!(claimed.notes, [], "that asking is over");
    assert_eq!(claimed.row.crashes, 0, "and it has killed nobody");
    let given_back = store
        .release(Release {
            at: at(160),
            ..release(&claimed.row, Some(200), 0)
        })
        .await;
    given_back.expect("it is given back");
    let found = get(&store, &claimed.row.id).await;
    assert_eq!(found.row.fired, asked, "nothing was asked since");
}

pub async fn a_claim_says_what_time_it_is_for_the_run(store: AnyStore) {
    // By a clock that is set back afterwards by an hour.
    assert_eq!(next(&store, 3_600).await, None);
    let early = Release {
        at: at(3_600),
        ..release(&hold(&store, "a").await, Some(3_660), 0)
    };
    store.release(early).await.expect("it is given back");
    let sent = store.send(message("a", "m").into()).await;
    sent.expect("it is taken");
    let claimed = claim(&store, 10).await;
    let since = |now: SystemTime, then| now.duration_since(at(then)).expect("it is later");
    assert!(
        since(claimed.now, 3_600) < Duration::from_mins(1),
        "its times were set before: {:?}",
        claimed.now
    );
    // By the one that was set back.
    let late = Release {
        at: at(20),
        ..release(&claimed.row, Some(80), 1)
    };
    store.release(late).await.expect("it is given back");
    assert!(claim_at(&store, 30, 10).await.is_empty());
    let message = Message {
        at: at(3_630),
        ..message("a", "n")
    };
    // It was set right.
    store.send(message.into()).await.expect("it is taken");
    let claimed = claim(&store, 3_630).await;
    assert!(
        since(claimed.now, 20) < Duration::from_mins(2),
        "its times were set meanwhile: {:?}",
        claimed.now
    );
}
