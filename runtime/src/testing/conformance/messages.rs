//! Messages: kept until they are consumed, each once.

use std::time::Duration;

use super::bench::{
    AnyStore, at, beat, claim, claim_at, commit, end, give_back, go, history, hold, message, new,
    next, run_id, step,
};
use crate::store::{
    Commit, Created, Delivery, Event, LeftMessage, Message, MessageState, NewRun, Sent, Status,
    StoreError,
};

async fn send(store: &AnyStore, run: &str, id: &str) -> Sent {
    store
        .send(message(run, id).into())
        .await
        .expect("a message is taken")
}

fn ids(inbox: &[Message]) -> Vec<&str> {
    inbox.iter().map(|message| &*message.id).collect()
}

pub async fn a_message_is_given_to_the_next_claim(store: AnyStore) {
    hold(&store, "a").await;
    assert_eq!(send(&store, "a", "m").await, Sent::Kept);
    assert_eq!(claim(&store, 100).await.inbox, [message("a", "m")]);
}

pub async fn messages_come_in_order(store: AnyStore) {
    hold(&store, "a").await;
    let sent = ["z", "a", "m", "b"];
    for id in sent {
        send(&store, "a", id).await;
    }
    assert_eq!(
        ids(&claim(&store, 100).await.inbox),
        sent,
        "the order in which they came"
    );
}

pub async fn the_inbox_is_read_while_a_run_is_held(store: AnyStore) {
    let row = hold(&store, "a").await;
    let inbox = async || store.inbox(&run_id("a")).await.expect("it is read");
    assert_eq!(inbox().await, []);
    for id in ["z", "a", "m"] {
        send(&store, "a", id).await;
    }
    let all = inbox().await;
    assert_eq!(ids(&all), ["z", "a", "m"], "the order in which they came");
    assert_eq!(all[0], message("a", "z"));
    let takes = Commit {
        consumed: vec!["a".to_owned()],
        ..step(&row, "Approved")
    };
    let row = go(&store, takes).await;
    assert_eq!(ids(&inbox().await), ["z", "m"]);
    end(&store, &row).await;
    assert_eq!(ids(&inbox().await), ["z", "m"], "also what is left");
    let unknown = store.inbox(&run_id("b")).await;
    assert!(
        matches!(unknown, Err(StoreError::NotFound { .. })),
        "{unknown:?}"
    );
}

pub async fn a_message_is_kept_once(store: AnyStore) {
    hold(&store, "a").await;
    send(&store, "a", "m").await;
    let again = Message {
        payload: b"other".to_vec(),
        ..message("a", "m")
    };
    assert_eq!(
        store.send(again.into()).await.expect("it is answered"),
        Sent::Known
    );
    assert_eq!(
        claim(&store, 100).await.inbox,
        [message("a", "m")],
        "the first is the one that counts"
    );
}

pub async fn a_consumed_message_is_still_known(store: AnyStore) {
    let row = hold(&store, "a").await;
    send(&store, "a", "m").await;
    let consumes = Commit {
        consumed: vec!["m".into()],
        ..step(&row, "Approved")
    };
    go(&store, consumes).await;
    assert_eq!(
        send(&store, "a", "m").await,
        Sent::Known,
        "it was consumed, and comes late a second time"
    );
    assert!(claim(&store, 100).await.inbox.is_empty());
}

pub async fn a_message_that_is_not_consumed_stays(store: AnyStore) {
    let row = hold(&store, "a").await;
    for id in ["m", "n", "o"] {
        send(&store, "a", id).await;
    }
    let consumes = Commit {
        consumed: vec!["n".into()],
        ..step(&row, "Approved")
    };
    go(&store, consumes).await;
    assert_eq!(ids(&claim(&store, 100).await.inbox), ["m", "o"]);
    send(&store, "a", "p").await;
    assert_eq!(ids(&claim(&store, 200).await.inbox), ["m", "o", "p"]);
}

pub async fn a_message_makes_a_run_due(store: AnyStore) {
    let row = hold(&store, "a").await;
    give_back(&store, &row, 5_000).await;
    assert!(claim_at(&store, 50, 10).await.is_empty());
    send(&store, "a", "m").await;
    assert_eq!(
        claim_at(&store, 50, 10).await.len(),
        1,
        "it has something to do"
    );
}

pub async fn a_message_makes_a_run_due_whatever_its_clock_said(store: AnyStore) {
    // The clock was set back by an hour when the run was released.
    assert_eq!(next(&store, 3_600).await, None);
    let row = hold(&store, "a").await;
    give_back(&store, &row, 60).await;
    let message = Message {
        at: at(3_601),
        ..message("a", "m")
    };
    store
        .send(message.into())
        .await
        .expect("a message is taken");
    assert_eq!(claim_at(&store, 3_601, 10).await.len(), 1);
}

pub async fn a_message_to_an_unknown_run_is_not_found(store: AnyStore) {
    let answer = store.send(message("a", "m").into()).await;
    assert!(
        matches!(answer, Err(StoreError::NotFound { .. })),
        "{answer:?}"
    );
}

pub async fn a_message_to_an_ended_run_is_refused(store: AnyStore) {
    let row = hold(&store, "a").await;
    end(&store, &row).await;
    let answer = store.send(message("a", "m").into()).await;
    assert!(
        matches!(answer, Err(StoreError::Ended { .. })),
        "{answer:?}"
    );
}

pub async fn the_holder_hears_of_a_message(store: AnyStore) {
    let row = hold(&store, "a").await;
    send(&store, "a", "m").await;
    send(&store, "a", "n").await;
    let beats = store
        .heartbeat(beat(&[&row], Duration::ZERO))
        .await
        .expect("it is answered");
    assert!(
        matches!(&*beats, [beat] if !beat.is_lost && beat.messages == 2 && beat.run == row.id),
        "two messages wait: {beats:?}"
    );
    assert_eq!(
        claim(&store, 200).await.row.epoch,
        row.epoch + 1,
        "and the lease was set anew"
    );
}

pub async fn equal_ids_of_two_runs_are_two_messages(store: AnyStore) {
    for run in ["a", "b"] {
        hold(&store, run).await;
        assert_eq!(send(&store, run, "m").await, Sent::Kept);
    }
    for claimed in claim_at(&store, 100, 10).await {
        assert_eq!(ids(&claimed.inbox), ["m"]);
    }
    assert_eq!(message("a", "m").at, at(5));
}

pub async fn a_message_may_demand_a_state(store: AnyStore) {
    let row = hold(&store, "a").await;
    let demands = |id, states: &[&'static str]| Delivery {
        message: message("a", id),
        only_in: Some(states.iter().map(|state| (*state).into()).collect()),
        only_to: None,
    };
    let refused = store.send(demands("m", &["Reserved", "Charged"])).await;
    assert!(
        matches!(&refused, Err(StoreError::NotInState { state, .. }) if state == "Placed"),
        "{refused:?}"
    );
    let row = go(&store, step(&row, "Reserved")).await;
    let sent = store.send(demands("m", &["Reserved", "Charged"])).await;
    assert_eq!(
        sent.expect("it is taken"),
        Sent::Kept,
        "nothing of it was kept before"
    );
    go(&store, step(&row, "Shipped")).await;
    let again = store.send(demands("m", &["Reserved"])).await;
    assert_eq!(
        again.expect("it is answered"),
        Sent::Known,
        "it was sent in time"
    );
    assert_eq!(ids(&claim(&store, 100).await.inbox), ["m"]);
}

pub async fn a_message_may_demand_the_run_that_had_the_id(store: AnyStore) {
    let row = hold(&store, "a").await;
    let to = |incarnation, id| Delivery {
        only_to: Some(incarnation),
        ..message("a", id).into()
    };
    let sent = store.send(to(row.incarnation, "m")).await;
    assert_eq!(sent.expect("it is taken"), Sent::Kept);
    for id in ["m", "n"] {
        let refused = store.send(to(row.incarnation.wrapping_add(1), id)).await;
        assert!(
            matches!(refused, Err(StoreError::NotFound { .. })),
            "of another run it is neither taken nor known: {refused:?}"
        );
    }
    assert_eq!(ids(&claim(&store, 100).await.inbox), ["m"]);
}

/// Returns the state of a message of run `a`.
async fn stands(store: &AnyStore, id: &str) -> Option<MessageState> {
    let state = store.message(&run_id("a"), id).await;
    state.expect("the store says it")
}

pub async fn a_message_leads_to_the_row_that_has_taken_it(store: AnyStore) {
    assert_eq!(stands(&store, "m").await, None, "there is no such run");
    let row = hold(&store, "a").await;
    assert_eq!(stands(&store, "m").await, None, "it was sent none");
    for id in ["m", "n"] {
        send(&store, "a", id).await;
    }
    let mut takes = step(&row, "Approved");
    if let Event::Transition {
        message, answer, ..
    } = &mut takes.event
    {
        *message = Some("n".to_owned());
        *answer = Some(b"granted".to_vec());
    }
    takes.consumed = vec!["n".to_owned()];
    let row = go(&store, takes.clone()).await;
    go(&store, step(&row, "Paid")).await;
    let Some(MessageState::Taken(taken_by)) = stands(&store, "n").await else {
        panic!("it was taken")
    };
    assert_eq!((taken_by.number, &taken_by.event), (1, &takes.event));
    assert_eq!(stands(&store, "m").await, Some(MessageState::Waits));
    hold(&store, "b").await;
    let other = store.message(&run_id("b"), "n").await;
    assert_eq!(other.expect("the store says it"), None, "of another run");
}

pub async fn a_message_that_nothing_has_taken_waits_or_is_left(store: AnyStore) {
    let row = hold(&store, "a").await;
    send(&store, "a", "m").await;
    assert_eq!(stands(&store, "m").await, Some(MessageState::Waits));
    let row = go(
        &store,
        commit(&row, Event::RollbackBegan, Status::RollingBack),
    )
    .await;
    assert_eq!(
        stands(&store, "m").await,
        Some(MessageState::Left),
        "a run that is rolled back goes to no state"
    );
    go(&store, commit(&row, Event::Ended, Status::Failed)).await;
    assert_eq!(stands(&store, "m").await, Some(MessageState::Left));
}

pub async fn the_end_names_the_messages_that_are_left(store: AnyStore) {
    let row = hold(&store, "a").await;
    let most = LeftMessage::MOST;
    let ids = (0..most + 3).map(|number| format!("m{number}"));
    for id in ids {
        send(&store, "a", &id).await;
    }
    let takes = Commit {
        consumed: vec!["m1".to_owned()],
        ..step(&row, "Approved")
    };
    let row = go(&store, takes).await;
    end(&store, &row).await;
    let rows = history(&store, &row.id).await;
    assert_eq!(rows[1].left, [], "it had not ended");
    let left: Vec<_> = rows[2].left.iter().map(|left| &*left.id).collect();
    assert_eq!(
        (left.len(), left[0], left[1]),
        (most, "m0", "m2"),
        "the oldest"
    );
    assert_eq!(rows[2].left[0].signal, message("a", "m").signal);
}

pub async fn a_run_may_begin_with_messages(store: AnyStore) {
    let of = |ids: &[&str]| ids.iter().map(|id| message("a", id)).collect();
    let run = NewRun {
        due: Some(at(60)),
        messages: of(&["z", "m"]),
        ..new("a")
    };
    let created = store.create(run).await;
    assert!(matches!(created, Ok(Created::New(_))), "{created:?}");
    assert!(
        claim_at(&store, 50, 10).await.is_empty(),
        "they do not make it due"
    );
    assert_eq!(send(&store, "a", "m").await, Sent::Known);
    assert_eq!(send(&store, "a", "b").await, Sent::Kept);
    assert_eq!(stands(&store, "z").await, Some(MessageState::Waits));
    let claimed = claim(&store, 70).await;
    assert_eq!(ids(&claimed.inbox), ["z", "m", "b"]);
    assert_eq!(claimed.inbox[0], message("a", "z"));
    let again = NewRun {
        messages: of(&["n"]),
        ..new("a")
    };
    let known = store.create(again).await;
    assert!(matches!(known, Ok(Created::Known { .. })), "{known:?}");
    assert_eq!(stands(&store, "n").await, None, "it is there already");
}
