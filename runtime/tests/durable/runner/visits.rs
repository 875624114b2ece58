//! The parts of a visit that outlive the process: its attempts and their times, its deadline.

use std::sync::Arc;
use std::time::Duration;

use stateway::prelude::*;
use stateway::store::Event;
use stateway::{Clock, MemoryStore};

use crate::support::shop::*;

/// Cano's fault D8: a step that had been recorded ran again after a crash, as it had a compensation.
#[tokio::test(start_paused = true)]
async fn a_step_with_an_undo_that_was_recorded_does_not_run_again() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let first = launch(&store, &shop).await;
    shop.tell("ship", &[Act::Hang]);
    first.start("o-1", input(), Placed).await.unwrap();
    called(&shop, "ship o-1 1").await;
    drop(first);
    let second = launch(&store, &shop).await;
    let run = second.get("o-1").await.unwrap().unwrap();
    assert_eq!(run.end().await.unwrap(), shipped());
    assert_eq!((shop.calls("reserve"), shop.calls("charge")), (1, 1));
    assert_eq!(shop.calls("ship"), 2);
}

/// Cano's fault D10: a state that was visited again began where the visit before had ended.
#[tokio::test(start_paused = true)]
async fn a_state_that_is_visited_again_begins_anew() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let first = launch(&store, &shop).await;
    // Charged at the third attempt, sent back, and charged again: at the third attempt of that visit.
    let twice = [Act::Fail, Act::Fail, Act::Succeed];
    shop.tell("charge", &twice);
    shop.tell("charge", &twice);
    shop.tell("ship", &[Act::Otherwise]);
    let run = first.start("o-1", input(), Placed).await.unwrap();
    let OrderEnd::Shipped(shipped) = run.end().await.unwrap() else {
        panic!("it is shipped")
    };
    assert_eq!(shipped.parcel, "for Ada with receipt of 8");
    let attempts: Vec<_> = shop
        .log()
        .into_iter()
        .filter(|call| call.starts_with("charge"))
        .collect();
    assert_eq!(
        attempts,
        [
            "charge o-1 1",
            "charge o-1 2",
            "charge o-1 3",
            "charge o-1 1",
            "charge o-1 2",
            "charge o-1 3"
        ]
    );
}

/// Cano's fault D11: what tasks had shared was gone after a crash.
#[tokio::test(start_paused = true)]
async fn a_run_has_all_its_data_after_a_crash() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let first = launch(&store, &shop).await;
    shop.tell("ship", &[Act::Hang]);
    first
        .start("o-1", input(), Imported { hold: 1 })
        .await
        .unwrap();
    called(&shop, "ship o-1 1").await;
    drop(first);
    // Another process, which knows nothing but what is stored.
    let second = launch(&store, &Shop::new()).await;
    let run = second.get("o-1").await.unwrap().unwrap();
    let OrderEnd::Shipped(shipped) = run.end().await.unwrap() else {
        panic!("it is shipped")
    };
    assert_eq!(shipped.parcel, "for Ada with receipt of 1");
}

#[tokio::test(start_paused = true)]
async fn attempts_and_their_times_outlive_the_process() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let first = launch(&store, &shop).await;
    shop.tell("charge", &[Act::Fail, Act::Fail, Act::Fail]);
    let began = tokio::time::Instant::now();
    first.start("o-1", input(), Placed).await.unwrap();
    called(&shop, "charge o-1 2").await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    drop(first);
    let second = launch(&store, &shop).await;
    let run = second.get("o-1").await.unwrap().unwrap();
    assert!(matches!(run.end().await, Err(EndError::Failed(_))));
    assert_eq!(shop.calls("charge"), 3, "three in all");
    let took = began.elapsed().as_secs();
    assert!((120..123).contains(&took), "a minute apart: {took}");
}

#[tokio::test(start_paused = true)]
async fn what_fell_due_while_nothing_ran_is_done_at_launch() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let first = launch(&store, &shop).await;
    shop.tell("charge", &[Act::Fail]);
    first.start("o-1", input(), Placed).await.unwrap();
    set_aside(&store, "o-1").await;
    drop(first);
    tokio::time::sleep(Duration::from_hours(5)).await;
    let began = tokio::time::Instant::now();
    let second = launch(&store, &shop).await;
    let run = second.get("o-1").await.unwrap().unwrap();
    assert_eq!(run.end().await.unwrap(), shipped());
    assert!(began.elapsed() < Duration::from_secs(1));
}

mod limited {
    use super::*;

    workflow! {
        #[durable(version = 1)]
        #[derive(Clone)]
        pub(crate) workflow Offer {
            start Made;
            state Sent;
            done Taken;
            step send: Made -> Sent;
            step take: Sent -> Taken with retry(100, every 10m), deadline(30m);
        }
    }

    pub(crate) struct Nobody;

    impl OfferSteps for Nobody {
        type Error = String;

        async fn send(&self, _: Made, step: &Step<Send>) -> Result<Send, String> {
            Ok(step.to(Sent))
        }

        async fn take(&self, _: Sent, _: &Step<Take>) -> Result<Take, String> {
            Err("nobody is there".into())
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_deadline_counts_while_nothing_runs() {
    use limited::*;

    let store = Arc::new(MemoryStore::new());
    let launch = async || {
        let runner = Runner::<Offer>::builder(Nobody)
            .clock(Clock::tokio())
            .store(Arc::clone(&store));
        runner.launch().await.unwrap()
    };
    let first = launch().await;
    first.start("o-1", (), Made).await.unwrap();
    set_aside(&store, "o-1").await;
    drop(first);
    tokio::time::sleep(Duration::from_mins(31)).await;
    let second = launch().await;
    let run = second.get("o-1").await.unwrap().unwrap();
    let Err(EndError::Failed(failure)) = run.end().await else {
        panic!("it is too late")
    };
    let failure = failure.failure.unwrap();
    assert_eq!(
        failure.kind,
        stateway::store::FailureKind::Deadline,
        "{failure:?}"
    );
    let history = second.history("o-1").await.unwrap();
    let transitions = history
        .iter()
        .filter(|row| matches!(row.event, Event::Transition { .. }));
    assert_eq!(transitions.count(), 1);
}

mod passing {
    use std::sync::Mutex;

    use super::*;

    workflow! {
        #[durable(version = 1)]
        #[derive(Clone)]
        pub(crate) workflow Pass {
            start Here;
            transient state Between;
            done There;
            step one: Here -> Between with retry(2, every 1s);
            step two: Between -> There with retry(3, every 1m);
        }
    }

    #[derive(Clone, Default)]
    pub(crate) struct Legs(pub(crate) Arc<Mutex<Vec<String>>>);

    impl PassSteps for Legs {
        type Error = String;

        async fn one(&self, _: Here, step: &Step<One>) -> Result<One, String> {
            let call = format!("one {}", step.attempt());
            self.0.lock().unwrap().push(call);
            Ok(step.to(Between))
        }

        async fn two(&self, _: Between, step: &Step<Two>) -> Result<Two, String> {
            let call = format!("two {}", step.attempt());
            self.0.lock().unwrap().push(call);
            Err("not there".into())
        }
    }
}

/// The attempts of one visit were taken for those of another, behind a state that is not stored.
#[tokio::test(start_paused = true)]
async fn attempts_behind_a_transient_state_are_those_of_their_own_step() {
    use passing::*;

    let (store, legs) = (Arc::new(MemoryStore::new()), Legs::default());
    let launch = async || {
        let runner = Runner::<Pass>::builder(legs.clone()).clock(Clock::tokio());
        runner.store(Arc::clone(&store)).launch().await.unwrap()
    };
    let first = launch().await;
    first.start("p-1", (), Here).await.unwrap();
    tokio::time::sleep(Duration::from_secs(90)).await;
    first.shut_down(Duration::from_secs(1)).await;
    let second = launch().await;
    let run = second.get("p-1").await.unwrap().unwrap();
    assert!(matches!(run.end().await, Err(EndError::Failed(_))));
    assert_eq!(
        *legs.0.lock().unwrap(),
        ["one 1", "two 1", "two 2", "one 1", "two 3"],
        "a transient state is made again in another process, and its step has three attempts in all"
    );
}

/// A store that is not ready at once, as no real one is.
fn in_a_file() -> stateway::RedbStore {
    let options = stateway::RedbStore::options();
    let opened = options.open_backend(redb::backends::InMemoryBackend::new());
    opened.unwrap()
}

#[tokio::test]
async fn a_panic_of_the_handler_behind_a_recorded_transition_is_a_failure() {
    let shop = Shop::new();
    let runner = Runner::<Order>::builder(shop.clone()).store(in_a_file());
    let runner = runner.launch().await.unwrap();
    shop.tell("ship", &[Act::Panic]);
    let run = runner.start("o-1", input(), Placed).await.unwrap();
    let Err(EndError::Failed(failure)) = run.end().await else {
        panic!("it failed")
    };
    let why = failure.failure.unwrap();
    assert_eq!(why.kind, stateway::store::FailureKind::Panic);
    assert_eq!((shop.calls("ship"), failure.rollback.undone.len()), (1, 2));
}
