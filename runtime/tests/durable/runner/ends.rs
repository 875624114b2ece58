//! Who waits for the end of a run hears that of this run, also where its id is used again.

use std::sync::Arc;
use std::time::Duration;

use stateway::prelude::*;
use stateway::store::{Commit, Event, NewRun, Status, Store as _};
use stateway::{Clock, MemoryStore};

use crate::support::late::Late;
use crate::support::shop::*;

fn customer(name: &str) -> OrderInput {
    OrderInput {
        customer: name.into(),
    }
}

/// The customer that a run was for.
async fn ends_for(run: &stateway::runner::Run<Order>) -> String {
    match run.end().await {
        Ok(OrderEnd::Shipped(shipped)) => shipped.parcel,
        other => panic!("it is shipped: {other:?}"),
    }
}

/// A run has ended and was purged, and the next with its id was started, before the store's answer to its last
/// commit had come.
#[tokio::test(start_paused = true)]
async fn the_end_of_a_run_is_not_taken_for_that_of_the_next_with_its_id() {
    let (store, shop) = (Late::with_ends(), Shop::new());
    let one = over(store.clone(), &shop).launch().await.unwrap();
    let other = over(store.clone(), &shop).launch().await.unwrap();
    for runner in [&one, &other] {
        let first = one.start("o-1", customer("Ada"), Placed).await.unwrap();
        until(async || first.info().await.unwrap().status == Status::Done).await;
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert_eq!(one.purge(Duration::ZERO).await.unwrap(), 1);
        shop.tell("ship", &[Act::Take(60)]);
        let second = runner.start("o-1", customer("Grace"), Placed).await;
        let (second, same) = (second.unwrap(), one.get("o-1").await.unwrap().unwrap());
        let heard = tokio::spawn(async move { (ends_for(&second).await, ends_for(&same).await) });
        tokio::time::sleep(Duration::from_secs(1)).await;
        // To the first, and then to the second.
        store.answer();
        tokio::time::sleep(Duration::from_secs(1)).await;
        store.answer();
        let parcel = "for Grace with receipt of 7".to_owned();
        assert_eq!(heard.await.unwrap(), (parcel.clone(), parcel));
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert_eq!(one.purge(Duration::ZERO).await.unwrap(), 1);
    }
}

/// The answer to the request comes when the run has ended and the id is that of another.
#[tokio::test(start_paused = true)]
async fn a_request_to_stop_does_not_reach_the_next_run_with_the_id() {
    let (store, shop) = (Late::with_stops(), Shop::new());
    let runner = over(store.clone(), &shop).launch().await.unwrap();
    shop.tell("ship", &[Act::Take(5)]);
    let first = runner.start("o-1", customer("Ada"), Placed).await.unwrap();
    called(&shop, "ship o-1 1").await;
    let asked = tokio::spawn({
        let runner = runner.clone();
        async move { runner.cancel("o-1").await }
    });
    // It had not heard of it, and is shipped.
    assert_eq!(ends_for(&first).await, "for Ada with receipt of 7");
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(runner.purge(Duration::ZERO).await.unwrap(), 1);
    shop.tell("charge", &[Act::Take(60)]);
    let second = runner.start("o-1", customer("Grace"), Placed).await;
    until(async || shop.calls("charge o-1") == 2).await;
    store.answer();
    asked.await.unwrap().unwrap();
    assert_eq!(
        ends_for(&second.unwrap()).await,
        "for Grace with receipt of 7"
    );
}

/// A run whose claim, or whose row, is on its way from the store when somebody stops it. It hears of it at once and not with its next
/// heartbeat.
#[tokio::test(start_paused = true)]
async fn a_request_to_stop_reaches_a_run_that_is_just_being_taken_up() {
    let late = Late::default;
    for (store, asked_after) in [
        (late().with_claims(), Duration::from_millis(2_500)),
        (late().with_finds(), Duration::from_millis(1_500)),
    ] {
        let shop = Shop::new();
        let due = Clock::tokio().now() + Duration::from_secs(2);
        let runner = over(store.clone(), &shop).launch().await.unwrap();
        shop.tell("reserve", &[Act::GiveUp]);
        let run = runner.start("o-1", input(), Placed).at(due).await.unwrap();
        tokio::time::sleep(asked_after).await;
        let asked = tokio::spawn({
            let runner = runner.clone();
            async move { runner.cancel("o-1").await }
        });
        tokio::time::sleep(Duration::from_secs(1)).await;
        // And all that are asked for from now on.
        (0..100).for_each(|_| store.answer());
        asked.await.unwrap().unwrap();
        let end = tokio::time::timeout(Duration::from_secs(2), run.end()).await;
        let end = end.expect("it hears of it before its next heartbeat");
        end.expect_err("it was cancelled");
    }
}

/// The time is not asserted: a report that grows with the square of the undos takes a minute here.
#[tokio::test(start_paused = true)]
async fn a_rollback_of_many_transitions_is_reported_in_about_linear_time() {
    const MANY: u64 = 50_000;
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let clock = Clock::tokio();
    let new = NewRun {
        incarnation: 1,
        input: br#"{"customer":"Ada"}"#.to_vec(),
        payload: br#"{"hold":7}"#.to_vec(),
        ..NewRun::new("o-1".parse().unwrap(), "Order", 1, "Reserved", clock.now())
    };
    store.create(new).await.unwrap();
    let row = claim(&store, &clock, 1).await;
    let charged = |visit| Event::Transition {
        transition: "charge".into(),
        internal: false,
        visit,
        attempts: 1,
        state: "Charged".into(),
        payload: br#"{"receipt":"r"}"#.to_vec(),
        undo: Some("refund".into()),
        version: 1,
        message: None,
        answer: None,
    };
    let undone = |of| match of {
        MANY => Event::NotUndone {
            of,
            attempts: 2,
            cause: "it is gone".into(),
        },
        of => Event::Undone { of, attempts: 1 },
    };
    let went = (1..=MANY).map(|visit| (charged(visit), Status::Running));
    let began = [(Event::RollbackBegan, Status::RollingBack)];
    let back = (1..=MANY).rev().map(|of| match of {
        1 => (undone(of), Status::Cancelled),
        of => (undone(of), Status::RollingBack),
    });
    for (sequence, (event, status)) in (row.sequence..).zip(went.chain(began).chain(back)) {
        let commit = Commit {
            sequence,
            ..Commit::new(&row, event, status, clock.now())
        };
        store.commit(commit).await.unwrap();
    }
    let runner = launch(&store, &shop).await;
    let run = runner.get("o-1").await.unwrap().unwrap();
    let Err(EndError::Failed(failure)) = run.end().await else {
        panic!("one was not undone")
    };
    assert_eq!(failure.rollback.undone.len() as u64, MANY - 1);
    let [not_undone] = &*failure.rollback.failed else {
        panic!("{:?}", failure.rollback.failed)
    };
    assert_eq!((not_undone.attempts, &*not_undone.cause), (2, "it is gone"));
    assert!(failure.rollback.skipped.is_empty());
}
