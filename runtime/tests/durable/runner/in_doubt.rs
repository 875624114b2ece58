//! Calls in doubt of runs that outlive their process.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use stateway::store::{RunRow, Status, Stop, Store};
use stateway::{Clock, EndError, MemoryStore};
use tokio::time::{sleep, timeout};

use crate::support::trade::*;

#[tokio::test(start_paused = true)]
async fn a_call_in_doubt_is_undone_and_one_that_was_refused_is_not() {
    for (fault, undone) in [
        (Fault::Doubt, &["pay, in doubt", "stock", "card"][..]),
        (Fault::Hangs, &["pay, in doubt", "stock", "card"]),
        (Fault::Refused, &["stock", "card"]),
        (Fault::Join, &["stock", "card"]),
    ] {
        let world = World::default();
        let failure = failed(&world, fault).await;
        let names: Vec<_> = failure
            .rollback
            .undone
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(names, undone, "{fault:?}");
        assert_eq!(failure.rollback.undone[0].in_doubt, undone.len() == 3);
        assert_eq!(world.alive(), BTreeSet::new());
    }
}

#[tokio::test(start_paused = true)]
async fn a_signal_that_interrupts_leaves_a_doubt() {
    let world = World::default();
    let runner = open(MemoryStore::new(), &world, &Clock::tokio()).await;
    let run = start(&runner, Fault::Hangs).await;
    is_called(&world, "2").await;
    run.call().await.expect("it is heard");
    let end = run.end().await.expect("a `failed` state is an end");
    assert!(matches!(end, TradeEnd::Lost(_)));
    assert_eq!(world.undone(), ["2", "1/branch/stock", "1/branch/card"]);
}

#[tokio::test(start_paused = true)]
async fn what_a_termination_leaves_is_undone_when_the_rollback_is_retried() {
    let world = World::default();
    let runner = open(MemoryStore::new(), &world, &Clock::tokio()).await;
    let run = start(&runner, Fault::Hangs).await;
    is_called(&world, "2").await;
    runner.terminate("t").await.unwrap();
    let Err(EndError::Failed(failure)) = run.end().await else {
        panic!("it was terminated");
    };
    let skipped: Vec<_> = failure
        .rollback
        .skipped
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(skipped, ["pay, in doubt", "stock", "card"]);
    assert_eq!(world.undone(), [""; 0]);
    runner.retry_rollback("t").await.unwrap();
    run.end().await.expect_err("it was terminated");
    assert_eq!(world.undone(), ["2", "1/branch/stock", "1/branch/card"]);
}

/// Cancels the run while nobody has it, and takes it to its end.
async fn cancelled(store: &Arc<dyn Store>, world: &World) -> RunRow {
    let id = "t".parse().unwrap();
    let now = Clock::tokio().now();
    store.stop(&id, Stop::Cancel, now.into()).await.unwrap();
    let runner = open(Arc::clone(store), world, &Clock::tokio()).await;
    let run = runner.get("t").await.unwrap().unwrap();
    run.end().await.expect_err("it was cancelled");
    store.get(&id).await.unwrap().unwrap().row
}

async fn is_called(world: &World, key: &str) {
    let called = async {
        while world.calls(key) == 0 {
            sleep(Duration::from_millis(1)).await;
        }
    };
    let called = timeout(Duration::from_mins(1), called).await;
    called.expect("it is called within a minute");
}

/// A run whose runner was stopped in the middle of its payment.
async fn stopped_in_its_call() -> (Arc<dyn Store>, World) {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let world = World::default();
    let runner = open(Arc::clone(&store), &world, &Clock::tokio()).await;
    start(&runner, Fault::Hangs).await;
    is_called(&world, "2").await;
    runner.shut_down(Duration::ZERO).await;
    (store, world)
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_stopped_with_its_runner_is_in_doubt() {
    let (store, world) = stopped_in_its_call().await;
    let row = cancelled(&store, &world).await;
    assert_eq!((row.status, row.crashes), (Status::Cancelled, 0));
    assert_eq!(world.undone(), ["2", "1/branch/stock", "1/branch/card"]);
}

/// The signal waits for its next attempt, and the run goes to another runner meanwhile.
#[tokio::test(start_paused = true)]
async fn a_doubt_that_a_signal_leaves_outlives_the_wait_of_its_handler() {
    for cancels in [false, true] {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let world = World::default();
        let runner = open(Arc::clone(&store), &world, &Clock::tokio()).await;
        let run = start(&runner, Fault::HangsUp).await;
        is_called(&world, "2").await;
        run.call().await.expect("it is heard");
        sleep(Duration::from_mins(1)).await;
        runner.shut_down(Duration::from_secs(1)).await;
        assert_eq!(world.undone(), [""; 0]);
        if cancels {
            cancelled(&store, &world).await;
        } else {
            let runner = open(Arc::clone(&store), &world, &Clock::tokio()).await;
            let run = runner.get("t").await.unwrap().unwrap();
            let end = run.end().await.expect("a `failed` state is an end");
            assert!(matches!(end, TradeEnd::Lost(_)));
        }
        assert_eq!(world.undone(), ["2", "1/branch/stock", "1/branch/card"]);
        assert_eq!(world.calls("2"), 1, "the step is not called again");
    }
}

/// The run is paused between, so that its crashes are forgotten.
#[tokio::test(start_paused = true)]
async fn a_call_in_doubt_outlives_a_pause() {
    let (store, world) = stopped_in_its_call().await;
    let (id, now) = ("t".parse().unwrap(), Clock::tokio().now());
    store.pause(&id, now.into()).await.unwrap();
    store.resume(&id, now.into()).await.unwrap();
    cancelled(&store, &world).await;
    assert_eq!(world.alive(), BTreeSet::new());
    assert_eq!(world.undone()[0], "2");
}

mod standstill {
    use super::*;

    use stateway::prelude::*;

    workflow! {
        #[durable(version = 1)]
        #[derive(Debug, Clone)]
        pub(super) workflow Wire {
            start Asked { heard: bool };
            done Sent;
            step send as Sending: Asked -> Sent
                with retry(2, every 1s), else pause, undo(in doubt => look);
        }
    }

    impl WireSteps for World {
        type Error = String;

        async fn send(&self, asked: Asked, step: &Step<Sending>) -> Result<Sending, String> {
            self.has(&step.key());
            // The third call is the first one after the pause.
            if asked.heard && self.calls("1") > 2 {
                return Ok(step.to(Sent));
            }
            Err("no answer".into())
        }

        async fn look(&self, _: Asked, undo: &Undo<Sending>) -> Result<(), String> {
            self.undo(&undo.done());
            Ok(())
        }
    }

    /// `else pause` begins the attempts anew, and does not forget those before.
    #[tokio::test(start_paused = true)]
    async fn a_run_that_stands_still_after_its_last_attempt_keeps_its_doubt() {
        for heard in [false, true] {
            let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
            let world = World::default();
            let runner = Runner::<Wire>::builder(world.clone()).store(Arc::clone(&store));
            let runner = runner.clock(Clock::tokio()).launch().await.unwrap();
            let run = runner.start("w", (), Asked { heard }).await.unwrap();
            while run.info().await.unwrap().status != Status::Paused {
                sleep(Duration::from_millis(100)).await;
            }
            if heard {
                runner.resume("w").await.unwrap();
                let end = run.end().await.expect("the third call is heard");
                assert!(matches!(end, WireEnd::Sent(_)));
                assert_eq!(world.undone(), [""; 0]);
            } else {
                runner.cancel("w").await.unwrap();
                run.end().await.expect_err("it was cancelled");
                assert_eq!(world.undone(), ["1"]);
            }
        }
    }
}
