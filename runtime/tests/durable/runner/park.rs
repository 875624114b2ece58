//! Runs that cannot go on by themselves: they are parked, nothing of them is lost, and nobody else is kept.

use std::sync::Arc;
use std::time::Duration;

use stateway::prelude::*;
use stateway::store::{Commit, Created, Event, NewRun, Status, Store as _, Wait};
use stateway::{Clock, MemoryStore, StoreError};

use crate::support::shop::*;

/// The record of a run of this program in this state.
fn stored(id: &str) -> NewRun {
    NewRun {
        incarnation: 1,
        input: br#"{"customer":"Ada"}"#.to_vec(),
        payload: br#"{"hold":7}"#.to_vec(),
        ..NewRun::new(
            id.parse().unwrap(),
            "Order",
            1,
            "Reserved",
            Clock::tokio().now(),
        )
    }
}

/// Why the run is parked with which a store begins; another run ends in spite of it.
async fn reason(run: NewRun) -> String {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let id = run.id.clone();
    assert!(matches!(store.create(run).await, Ok(Created::New(_))));
    assert!(matches!(
        store.create(stored("good")).await,
        Ok(Created::New(_))
    ));
    let runner = launch(&store, &shop).await;
    let good = runner.get("good").await.unwrap().unwrap();
    assert_eq!(good.end().await.unwrap(), shipped(), "the others go on");
    let run = runner.get(id.clone()).await.unwrap().unwrap();
    let EndError::Parked { run, reason } = run.end().await.unwrap_err() else {
        panic!("it is parked")
    };
    assert_eq!(run, id);
    let row = row(&store, &id.text()).await;
    assert_eq!(row.status, Status::Parked);
    assert!(row.parked.is_some());
    reason
}

#[tokio::test(start_paused = true)]
async fn a_run_of_another_version_is_left_for_those_who_know_it() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let other = NewRun {
        version: 2,
        ..stored("o-1")
    };
    store.create(other).await.unwrap();
    store.create(stored("o-2")).await.unwrap();
    let before = row(&store, "o-1").await;
    let runner = launch(&store, &shop).await;
    let known = runner.get("o-2").await.unwrap().unwrap();
    assert_eq!(known.end().await.unwrap(), shipped());
    tokio::time::sleep(Duration::from_hours(1)).await;
    assert_eq!(
        row(&store, "o-1").await,
        before,
        "neither claimed nor parked"
    );
    assert_eq!(shop.calls("reserve o-1"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_run_in_a_state_that_is_not_known_is_parked() {
    let run = NewRun {
        state: "Weighed".into(),
        ..stored("o-1")
    };
    assert_eq!(
        reason(run).await,
        "it is in state `Weighed`, which `Order` does not have: run a program that has it, or terminate it"
    );
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_state_does_not_decode_is_parked() {
    let run = NewRun {
        payload: br#"{"holt":7}"#.to_vec(),
        ..stored("o-1")
    };
    let reason = reason(run).await;
    assert!(
        reason.starts_with("state `Reserved` does not decode: missing field `hold`"),
        "{reason}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_input_does_not_decode_is_parked() {
    let run = NewRun {
        input: b"{}".to_vec(),
        ..stored("o-1")
    };
    let reason = reason(run).await;
    assert!(
        reason.starts_with("its input does not decode: missing field `customer`"),
        "{reason}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_run_with_a_state_that_is_too_large_is_parked_and_goes_on_with_room_for_it() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let small = over(Arc::clone(&store), &shop).max_payload(1_000);
    let small = small.launch().await.unwrap();
    shop.tell("charge", &[Act::Large(2_000), Act::Large(2_000)]);
    let run = small.start("o-1", input(), Placed).await.unwrap();
    let parked = run.end().await.unwrap_err();
    assert_eq!(
        parked.to_string(),
        "run `o-1` is parked: state `Charged` takes 2014 bytes, and a payload may have 1000: store large data \
         elsewhere and keep a reference, or raise `max_payload`"
    );
    assert_eq!(row(&store, "o-1").await.state, "Reserved");
    small.shut_down(Duration::ZERO).await;
    let large = launch(&store, &shop).await;
    large.unpark("o-1").await.unwrap();
    let run = large.get("o-1").await.unwrap().unwrap();
    assert!(matches!(run.end().await.unwrap(), OrderEnd::Shipped(_)));
    assert_eq!(
        states(&store, "o-1").await,
        ["Placed", "Reserved", "Charged", "Shipped"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_process_dies_too_often_is_parked() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    store.create(stored("o-1")).await.unwrap();
    let clock = Clock::tokio();
    let dies = async || {
        // It is claimed, and never heard of again.
        claim(&store, &clock, 1).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
    };
    for _ in 0..3 {
        dies().await;
    }
    let runner = over(Arc::clone(&store), &shop).max_crashes(3);
    let runner = runner.launch().await.unwrap();
    let run = runner.get("o-1").await.unwrap().unwrap();
    let EndError::Parked { reason, .. } = run.end().await.unwrap_err() else {
        panic!("it is parked")
    };
    let said = "its process died 3 times in state `Reserved`: find out why, and unpark it";
    assert_eq!(reason, said);
    assert_eq!(shop.log(), [""; 0], "its handler is not called once more");
    runner.unpark("o-1").await.unwrap();
    assert_eq!(run.end().await.unwrap(), shipped());
    assert_eq!(row(&store, "o-1").await.crashes, 0);
}

#[tokio::test(start_paused = true)]
async fn a_transition_forgets_the_crashes_before_it() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    store.create(stored("o-1")).await.unwrap();
    let clock = Clock::tokio();
    for _ in 0..2 {
        claim(&store, &clock, 1).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    let runner = over(Arc::clone(&store), &shop).max_crashes(3);
    let runner = runner.launch().await.unwrap();
    shop.tell("ship", &[Act::Wait]);
    called(&shop, "ship o-1 1").await;
    assert_eq!(row(&store, "o-1").await.crashes, 0);
    runner.cancel("o-1").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_parked_run_is_parked_again_as_long_as_nothing_has_changed() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let run = NewRun {
        state: "Weighed".into(),
        ..stored("o-1")
    };
    store.create(run).await.unwrap();
    let runner = launch(&store, &shop).await;
    let run = runner.get("o-1").await.unwrap().unwrap();
    for _ in 0..3 {
        assert!(matches!(run.end().await, Err(EndError::Parked { .. })));
        runner.unpark("o-1").await.unwrap();
    }
    assert!(matches!(run.end().await, Err(EndError::Parked { .. })));
    assert_eq!(runner.history("o-1").await.unwrap().len(), 8);
    let error = runner.unpark("o-2").await.unwrap_err();
    assert!(matches!(error, StoreError::NotFound { .. }));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_not_parked_is_not_unparked() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let runner = launch(&store, &shop).await;
    let run = runner.start("o-1", input(), Placed).await.unwrap();
    let _ = run.end().await.unwrap();
    let error = runner.unpark("o-1").await.unwrap_err();
    assert!(matches!(error, StoreError::NotParked { .. }), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_parked_run_can_be_terminated() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let run = NewRun {
        state: "Weighed".into(),
        ..stored("o-1")
    };
    store.create(run).await.unwrap();
    let runner = launch(&store, &shop).await;
    let run = runner.get("o-1").await.unwrap().unwrap();
    assert!(matches!(run.end().await, Err(EndError::Parked { .. })));
    runner.terminate("o-1").await.unwrap();
    assert!(matches!(run.end().await, Err(EndError::Failed(_))));
    assert_eq!(row(&store, "o-1").await.status, Status::Terminated);
}

#[tokio::test(start_paused = true)]
async fn an_undo_that_the_program_does_not_have_parks_the_rollback() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    store.create(stored("o-1")).await.unwrap();
    let clock = Clock::tokio();
    let row = claim(&store, &clock, 100).await;
    // As a program would have recorded it that had another undo.
    let event = Event::Transition {
        transition: "charge".into(),
        internal: false,
        visit: 1,
        attempts: 1,
        state: "Charged".into(),
        payload: br#"{"receipt":"r"}"#.to_vec(),
        undo: Some("pay_back".into()),
        version: 1,
        message: None,
        answer: None,
    };
    let commit = Commit {
        release: Some(Wait {
            due: Some(clock.now()),
            messages: 0,
        }),
        ..Commit::new(&row, event, Status::Running, clock.now())
    };
    store.commit(commit).await.unwrap();
    shop.tell("ship", &[Act::Fail]);
    let runner = launch(&store, &shop).await;
    let run = runner.get("o-1").await.unwrap().unwrap();
    let EndError::Parked { reason, .. } = run.end().await.unwrap_err() else {
        panic!("it is parked")
    };
    assert_eq!(
        reason,
        "`pay_back` is to undo `charge`, which led to `Charged`, and this program has no such undo"
    );
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_process_died_once_says_so() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    store.create(stored("o-1")).await.unwrap();
    claim(&store, &Clock::tokio(), 1).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let runner = over(Arc::clone(&store), &shop).max_crashes(1);
    let runner = runner.launch().await.unwrap();
    let run = runner.get("o-1").await.unwrap().unwrap();
    let EndError::Parked { reason, .. } = run.end().await.unwrap_err() else {
        panic!("it is parked")
    };
    let said = "its process died once in state `Reserved`: find out why, and unpark it";
    assert_eq!(reason, said);
}
