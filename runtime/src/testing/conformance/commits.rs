//! Commits: all their changes at once.

use super::bench::{
    AnyStore, LONG, add, all_of, at, claim, claim_at, end, failed_attempts, get, give_back, go,
    history, hold, hold_by, lease, new, park, run_id, step,
};
use crate::store::{Commit, Event, Status, StoreError, Wait};

pub async fn a_transition_moves_the_row(store: AnyStore) {
    let row = hold_by(&store, "a", lease(LONG)).await;
    let row = go(&store, step(&row, "Reserved")).await;
    assert_eq!(
        (&*row.state, row.visit, row.status),
        ("Reserved", 1, Status::Running)
    );
    assert_eq!(
        (row.started, row.entered),
        (at(0), at(10)),
        "it entered the state when it was committed"
    );
    assert_eq!(get(&store, &row.id).await.payload, b"Reserved");
    assert!(
        claim_at(&store, 50, 10).await.is_empty(),
        "whoever moved it still holds it"
    );
}

pub async fn a_commit_counts_the_sequence(store: AnyStore) {
    let mut row = hold(&store, "a").await;
    for sequence in 1..=5 {
        row = go(&store, step(&row, "Reserved")).await;
        assert_eq!(row.sequence, sequence);
    }
}

pub async fn a_commit_is_in_the_history(store: AnyStore) {
    let row = hold(&store, "a").await;
    let moved = step(&row, "Reserved");
    let row = go(&store, moved.clone()).await;
    let parked = park(&store, &row).await;
    let history = history(&store, &row.id).await;
    let numbers: Vec<u64> = history.iter().map(|row| row.number).collect();
    assert_eq!(numbers, [0, 1, 2], "a row for each commit, with its number");
    assert_eq!((&history[1].event, history[1].at), (&moved.event, moved.at));
    assert!(matches!(history[2].event, Event::Parked { .. }));
    assert_eq!(parked.sequence, 2);
}

pub async fn failed_attempts_are_in_the_history(store: AnyStore) {
    let row = hold(&store, "a").await;
    let attempts = failed_attempts();
    let moved = Commit {
        failed_attempts: attempts.clone(),
        ..step(&row, "Reserved")
    };
    let row = go(&store, moved).await;
    go(&store, step(&row, "Charged")).await;
    let history = history(&store, &row.id).await;
    assert_eq!(history[1].failed_attempts, attempts);
    assert_eq!(
        history[2].failed_attempts,
        [],
        "they are of one commit alone"
    );
}

pub async fn a_state_and_its_history_are_one(store: AnyStore) {
    let mut row = hold(&store, "a").await;
    for number in 0..20 {
        row = go(&store, step(&row, &format!("State{number}"))).await;
        let (found, history) = all_of(&store, &row.id).await;
        let last = history.last().expect("there is a history");
        let Event::Transition {
            state,
            payload,
            visit,
            ..
        } = &last.event
        else {
            panic!("law 2: the last row is the transition, and not {last:?}");
        };
        assert_eq!(
            last.number, found.row.sequence,
            "law 2: the row and its history are one change"
        );
        assert_eq!(
            (state, payload, *visit),
            (&found.row.state, &found.payload, found.row.visit)
        );
    }
}

pub async fn a_commit_that_is_repeated_takes_place_once(store: AnyStore) {
    let row = hold(&store, "a").await;
    let moved = step(&row, "Reserved");
    go(&store, moved.clone()).await;
    let before = all_of(&store, &row.id).await;
    let again = store.commit(moved).await;
    assert!(
        again.is_ok(),
        "law 5: whoever did not hear the answer asks again: {again:?}"
    );
    assert_eq!(
        all_of(&store, &row.id).await,
        before,
        "law 5: and nothing has changed"
    );
}

pub async fn a_repeated_end_takes_place_once(store: AnyStore) {
    let row = hold(&store, "a").await;
    let ends = Commit {
        status: Status::Done,
        ..step(&row, "Shipped")
    };
    go(&store, ends.clone()).await;
    let before = all_of(&store, &row.id).await;
    let again = store.commit(ends).await;
    assert!(
        again.is_ok(),
        "law 5: also of a run that has ended by it: {again:?}"
    );
    assert_eq!(all_of(&store, &row.id).await, before);
}

pub async fn a_commit_of_an_unknown_run_is_not_found(store: AnyStore) {
    let row = hold(&store, "a").await;
    let unknown = Commit {
        run: run_id("b"),
        ..step(&row, "Reserved")
    };
    let answer = store.commit(unknown).await;
    assert!(
        matches!(answer, Err(StoreError::NotFound { .. })),
        "{answer:?}"
    );
}

pub async fn a_given_back_run_waits_until_it_is_due(store: AnyStore) {
    let row = hold(&store, "a").await;
    let row = give_back(&store, &row, 60).await;
    assert_eq!(
        (row.due, row.status, &*row.state),
        (Some(at(60)), Status::Running, "Placed")
    );
    assert!(claim_at(&store, 59, 10).await.is_empty());
    let moved = Commit {
        at: at(60),
        release: Some(Wait {
            due: Some(at(80)),
            messages: 0,
        }),
        ..step(&claim(&store, 60).await.row, "Reserved")
    };
    go(&store, moved).await;
    assert!(
        claim_at(&store, 79, 10).await.is_empty(),
        "a transition may give back as well"
    );
    assert_eq!(&*claim(&store, 80).await.row.state, "Reserved");
}

pub async fn a_parked_run_stands_still(store: AnyStore) {
    let row = hold(&store, "a").await;
    let row = park(&store, &row).await;
    assert_eq!((row.status, row.due), (Status::Parked, None));
    assert_eq!(row.parked, Some("somebody has to look".into()));
    assert!(
        claim_at(&store, 9_999, 10).await.is_empty(),
        "nobody claims it"
    );
}

pub async fn a_parked_run_goes_on_where_it_was(store: AnyStore) {
    hold(&store, "a").await;
    let row = go(&store, step(&claim(&store, 100).await.row, "Reserved")).await;
    let row = park(&store, &row).await;
    store
        .unpark(&row.id, at(40).into())
        .await
        .expect("it is parked");
    let claimed = claim(&store, 40).await;
    assert_eq!(
        (&*claimed.row.state, claimed.payload),
        ("Reserved", b"Reserved".to_vec())
    );
    assert_eq!(
        (claimed.row.status, claimed.row.parked, claimed.row.crashes),
        (Status::Running, None, 0)
    );
    let last = history(&store, &row.id)
        .await
        .pop()
        .expect("there is a history");
    assert_eq!(
        (last.event, last.number),
        (Event::Unparked, row.sequence + 1)
    );
    assert_eq!(claimed.row.sequence, row.sequence + 1);
}

pub async fn what_is_not_parked_is_not_unparked(store: AnyStore) {
    let row = hold(&store, "a").await;
    let before = all_of(&store, &row.id).await;
    let answer = store.unpark(&row.id, at(1).into()).await;
    assert!(
        matches!(answer, Err(StoreError::NotParked { .. })),
        "{answer:?}"
    );
    assert_eq!(all_of(&store, &row.id).await, before);
    let ended = end(&store, &row).await;
    let answer = store.unpark(&ended.id, at(1).into()).await;
    assert!(
        matches!(answer, Err(StoreError::NotParked { .. })),
        "{answer:?}"
    );
    let answer = store.unpark(&run_id("b"), at(1).into()).await;
    assert!(
        matches!(answer, Err(StoreError::NotFound { .. })),
        "{answer:?}"
    );
}

pub async fn a_self_transition_is_a_commit_like_any_other(store: AnyStore) {
    let mut row = hold(&store, "a").await;
    for number in 1..=3u8 {
        let mut moved = step(&row, "Placed");
        if let Event::Transition { payload, .. } = &mut moved.event {
            *payload = vec![number];
        }
        row = go(&store, moved).await;
        assert_eq!(
            get(&store, &row.id).await.payload,
            [number],
            "the payload is the last one"
        );
    }
    assert_eq!(row.visit, 3);
}

pub async fn many_runs_do_not_mix(store: AnyStore) {
    let mut rows = Vec::new();
    for number in 0..30 {
        add(&store, &format!("run-{number:02}")).await;
    }
    for claimed in claim_at(&store, 1, 30).await {
        rows.push(claimed.row);
    }
    for (number, row) in rows.iter().enumerate() {
        go(&store, step(row, &format!("State{number}"))).await;
    }
    for (number, row) in rows.iter().enumerate() {
        let found = get(&store, &row.id).await;
        assert_eq!(found.row.state, format!("State{number}"));
        assert_eq!(history(&store, &row.id).await.len(), 2);
    }
    assert_eq!(new("x").workflow, "Order");
}
