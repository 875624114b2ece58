//! Adding runs, once each.

use std::sync::Arc;
use std::time::Duration;

use super::bench::{
    AnyStore, LONG, add, all_of, at, claim, claim_at, commit, end, get, go, history, hold, hold_by,
    lease, message, new, next, run_id, step,
};
use crate::store::{
    Created, Event, IndexEntry, IndexValue, NewRun, Parent, Sent, Status, TraceContext,
};

pub async fn a_run_begins_in_the_state_it_was_created_in(store: AnyStore) {
    let row = add(&store, "a").await;
    let (found, history) = all_of(&store, &row.id).await;
    assert_eq!(found.row, row, "what was returned is what is stored");
    assert_eq!(
        (&*row.workflow, row.version, &*row.state),
        ("Order", 1, "Placed")
    );
    assert_eq!(
        (row.status, row.sequence, row.visit),
        (Status::Running, 0, 0)
    );
    assert_eq!((row.started, row.entered), (at(0), at(0)));
    assert_eq!(
        (found.input, found.payload),
        (b"input".to_vec(), b"placed".to_vec())
    );
    let started = Event::Started {
        state: "Placed".into(),
    };
    assert_eq!(history.len(), 1, "a history begins with its start");
    assert_eq!(
        (history[0].number, history[0].at, &history[0].event),
        (0, at(0), &started)
    );
}

pub async fn a_run_that_is_there_is_not_added_again(store: AnyStore) {
    let row = hold(&store, "a").await;
    let before = all_of(&store, &row.id).await;
    let other = NewRun {
        input: b"other".to_vec(),
        state: "Else".into(),
        lease: Some(lease(LONG)),
        ..new("a")
    };
    match store.create(other).await {
        Ok(Created::Known {
            row: known,
            input,
            state,
            payload,
        }) => {
            assert_eq!(known, row);
            assert_eq!(
                (input, &*state, payload),
                (b"input".to_vec(), "Placed", b"placed".to_vec())
            );
        }
        other => panic!("a run with this id is there, and it is not {other:?}"),
    }
    assert_eq!(
        all_of(&store, &row.id).await,
        before,
        "and nothing has changed"
    );
}

pub async fn an_id_belongs_to_one_run_of_all_workflows(store: AnyStore) {
    add(&store, "a").await;
    let other = NewRun {
        workflow: "Other".into(),
        ..new("a")
    };
    let created = store.create(other).await;
    assert!(
        matches!(&created, Ok(Created::Known { row, .. }) if row.workflow == "Order"),
        "an id is unique in the store: {created:?}"
    );
}

pub async fn of_many_that_create_one_run_one_is_first(store: AnyStore) {
    one_is_first(&store, false).await;
}

pub async fn of_many_that_replace_one_run_one_is_first(store: AnyStore) {
    let row = hold(&store, "a").await;
    end(&store, &row).await;
    one_is_first(&store, true).await;
}

/// Adds the same run many times at once.
async fn one_is_first(store: &AnyStore, again: bool) {
    let mut tasks = Vec::new();
    for number in 0..16u8 {
        let store = Arc::clone(store);
        let run = NewRun {
            input: vec![number],
            again,
            ..new("a")
        };
        tasks.push(tokio::spawn(
            async move { (number, store.create(run).await) },
        ));
    }
    let mut first = Vec::new();
    for task in tasks {
        let (number, created) = task.await.expect("nothing panics");
        if let Created::New(_) = created.expect("a run is created") {
            first.push(number);
        }
    }
    assert_eq!(first.len(), 1, "law 2: one of them was first");
    assert_eq!(
        get(store, &run_id("a")).await.input,
        first,
        "and the run is that one's"
    );
    assert_eq!(history(store, &run_id("a")).await.len(), 1);
}

pub async fn a_run_without_a_lease_is_due_at_once(store: AnyStore) {
    let row = add(&store, "a").await;
    let claimed = claim(&store, 0).await;
    assert_eq!((claimed.row.epoch, claimed.row.crashes), (row.epoch + 1, 0));
}

pub async fn a_run_with_a_lease_is_held_by_its_creator(store: AnyStore) {
    let row = hold_by(&store, "a", lease(LONG)).await;
    let first = add(&store, "b").await;
    assert_eq!(
        row.epoch,
        first.epoch + 1,
        "its creator has the first epoch"
    );
    let claimed = claim_at(&store, 99, 10).await;
    let claimed: Vec<_> = claimed.iter().map(|it| it.row.id.text()).collect();
    assert_eq!(claimed, ["b"], "the other is held");
}

pub async fn any_text_is_an_id(store: AnyStore) {
    let long = "x".repeat(255);
    let ids = [
        "a",
        "a/b",
        "ä ö",
        "%2F",
        "0123456789abcdef0123456789abcdef",
        "a\u{a0}b",
        "-",
        &long,
    ];
    for id in ids {
        hold(&store, id).await;
    }
    for id in ids {
        let found = get(&store, &run_id(id)).await;
        assert_eq!(found.row.id.text(), id);
    }
}

pub async fn any_bytes_are_a_payload(store: AnyStore) {
    let payloads = [
        Vec::new(),
        vec![0; 3],
        (0..=255).collect(),
        vec![7; 1 << 20],
    ];
    for (number, payload) in payloads.into_iter().enumerate() {
        let id = format!("run-{number}");
        let run = NewRun {
            input: payload.clone(),
            payload: payload.clone(),
            ..new(&id)
        };
        store.create(run).await.expect("it is created");
        let found = get(&store, &run_id(&id)).await;
        assert!(
            found.input == payload && found.payload == payload,
            "payload {number} comes back"
        );
    }
}

/// Returns a run with every option of a start.
fn full(id: &str) -> NewRun {
    NewRun {
        due: Some(at(300)),
        priority: -3,
        parent: Some(Parent {
            run: run_id("p"),
            key: "Order/p/1/2".to_owned(),
        }),
        index: vec![IndexEntry {
            name: "group".into(),
            value: IndexValue::Text("sales".to_owned()),
        }],
        trace: Some(TraceContext {
            parent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned(),
            state: Some("a=b".to_owned()),
        }),
        ..new(id)
    }
}

pub async fn what_a_run_was_started_with_is_kept(store: AnyStore) {
    let run = full("a");
    store.create(run.clone()).await.expect("it is created");
    let found = get(&store, &run.id).await;
    assert_eq!(found.trace, run.trace);
    let row = found.row;
    assert_eq!(
        (row.priority, &row.parent, &row.index, row.due),
        (run.priority, &run.parent, &run.index, run.due)
    );
    let claimed = claim(&store, 300).await;
    assert_eq!(claimed.trace, run.trace);
    assert_eq!(
        (claimed.row.parent, claimed.row.index),
        (run.parent, run.index)
    );
}

pub async fn a_run_may_be_due_later(store: AnyStore) {
    store.create(full("a")).await.expect("it is created");
    let next = next(&store, 200).await.expect("it waits");
    assert!(
        (Duration::from_secs(50)..=Duration::from_secs(100)).contains(&next),
        "{next:?}"
    );
    assert!(claim_at(&store, 299, 10).await.is_empty());
    assert_eq!(claim_at(&store, 300, 10).await.len(), 1);
}

pub async fn a_run_that_is_claimed_as_it_is_added_need_not_be_due(store: AnyStore) {
    let lease = Some(lease(LONG));
    let held = NewRun { lease, ..full("a") };
    let created = store.create(held).await.expect("it is created");
    let Created::New(row) = created else {
        panic!("it was not there: {created:?}")
    };
    let row = go(&store, step(&row, "Reserved")).await;
    assert_eq!((&*row.state, row.index), ("Reserved", Vec::new()));
}

pub async fn a_run_that_has_ended_is_replaced_if_that_is_asked_for(store: AnyStore) {
    let row = hold(&store, "a").await;
    let kept = store.send(message("a", "m").into()).await;
    kept.expect("it is there");
    let ended = end(&store, &row).await;
    let again = |again| NewRun {
        incarnation: 2,
        input: b"other".to_vec(),
        state: "Else".into(),
        at: at(50),
        again,
        ..new("a")
    };
    let known = store.create(again(false)).await;
    assert!(
        matches!(known, Ok(Created::Known { .. })),
        "it was not asked for: {known:?}"
    );
    let Ok(Created::New(row)) = store.create(again(true)).await else {
        panic!("one that has ended is replaced")
    };
    assert_eq!(
        (&*row.state, row.status, row.incarnation),
        ("Else", Status::Running, 2)
    );
    assert!(row.epoch > ended.epoch, "whoever held the other is fenced");
    let (found, rows) = all_of(&store, &row.id).await;
    assert_eq!((found.row, found.input), (row.clone(), b"other".to_vec()));
    assert_eq!(rows.len(), 1, "its history begins anew");
    let claimed = claim(&store, 50).await;
    assert!(claimed.inbox.is_empty(), "and it has none of the messages");
    let sent = store.send(message("a", "m").into()).await;
    assert_eq!(sent.ok(), Some(Sent::Kept), "nor has it seen one");
    let late = store.commit(step(&ended, "Late")).await;
    assert!(late.is_err(), "{late:?}");
}

pub async fn a_run_that_goes_on_is_never_replaced(store: AnyStore) {
    let row = hold(&store, "a").await;
    let again = NewRun {
        again: true,
        ..new("a")
    };
    for _ in 0..2 {
        let created = store.create(again.clone()).await;
        assert!(matches!(created, Ok(Created::Known { .. })), "{created:?}");
        assert_eq!(get(&store, &row.id).await.row.incarnation, row.incarnation);
        // Nor is one that is parked.
        let parks = commit(
            &row,
            Event::Parked {
                reason: "it is so".into(),
            },
            Status::Parked,
        );
        let _ = store.commit(parks).await;
    }
}
