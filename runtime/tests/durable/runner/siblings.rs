//! Several runners in one process: no two handlers of one visit are called at once in it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use stateway::MemoryStore;
use stateway::prelude::*;

use crate::support::cut::Line;
use crate::support::shop::*;

/// Heartbeats come every ten seconds; the old handler is gone before the new one begins.
#[tokio::test(start_paused = true)]
async fn a_handler_is_gone_before_another_runner_of_its_process_calls_it() {
    let store = Arc::new(MemoryStore::new());
    let (here, there) = (Shop::new(), Shop::new());
    let line = Line::to(&store);
    let one = over(line.clone(), &here).launch().await.unwrap();
    here.tell("charge", &[Act::Hang]);
    let run = one.start("o-1", input(), Placed).await.unwrap();
    called(&here, "charge o-1 1").await;
    let other = launch(&store, &there).await;
    there.tell("charge", &[Act::Hang]);
    line.cut(true);
    called(&there, "charge o-1 1").await;
    assert_eq!(here.dropped(), 1, "it has gone before");
    line.cut(false);
    other.shut_down(Duration::ZERO).await;
    assert_eq!(run.end().await.unwrap(), shipped(), "it comes back");
}

/// A copy of a file has runs of the same ids and the same keys, and each of both is its own.
#[tokio::test(start_paused = true)]
async fn runners_of_two_stores_leave_each_other_alone() {
    let (here, there) = (Shop::new(), Shop::new());
    for shop in [&here, &there] {
        shop.tell("charge", &[Act::Take(100)]);
        let store = Arc::new(MemoryStore::new());
        let runner = launch(&store, shop).await;
        runner.start("o-1", input(), Placed).await.unwrap();
        called(shop, "charge o-1 1").await;
        std::mem::forget(runner);
    }
    tokio::time::sleep(Duration::from_secs(200)).await;
    for shop in [here, there] {
        assert_eq!(shop.log(), ["reserve o-1 1", "charge o-1 1", "ship o-1 1"]);
    }
}

/// The first runner is never polled again, and its handler stays where it is.
#[test]
fn a_runtime_that_nobody_drives_keeps_no_run() {
    let current = || {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_all().build().unwrap()
    };
    let store = Arc::new(MemoryStore::new());
    let (here, there) = (Shop::new(), Shop::new());
    let lease = Duration::from_millis(50);
    here.tell("charge", &[Act::Hang]);
    let first = current();
    let _runner = first.block_on(async {
        let runner = over(Arc::clone(&store), &here).lease(lease);
        let runner = runner.launch().await.unwrap();
        runner.start("o-1", input(), Placed).await.unwrap();
        called(&here, "charge o-1 1").await;
        runner
    });
    current().block_on(async {
        let runner = over(Arc::clone(&store), &there).lease(lease);
        let runner = runner.launch().await.unwrap();
        let run = runner.get("o-1").await.unwrap().unwrap();
        assert_eq!(run.end().await.unwrap(), shipped());
    });
}

workflow! {
    #[durable(version = 1)]
    #[derive(Clone, PartialEq)]
    workflow Sum {
        start Asked;
        state Noted;
        done  Added { sum: u32 };
        step note: Asked -> Noted with undo(forget);
        split add as Adding: Noted -> Added {
            branch part: u32 with spawn;
            branch rest: u32;
            join all;
        }
    }
}

/// Computes until it is told to go on, whatever else it is told.
struct Abacus {
    begun: Sender<()>,
    goes_on: Mutex<Receiver<()>>,
    under_way: AtomicU32,
}

impl Abacus {
    /// And what hears that it has begun, and lets it go on.
    fn new() -> (Arc<Self>, Receiver<()>, Sender<()>) {
        let ((begun, begins), (goes_on, told)) = (channel(), channel());
        let abacus = Abacus {
            begun,
            goes_on: Mutex::new(told),
            under_way: AtomicU32::new(0),
        };
        (Arc::new(abacus), begins, goes_on)
    }
}

impl SumSteps for Abacus {
    type Error = String;

    async fn note(&self, _: Asked, step: &Step<Note>) -> Result<Note, String> {
        Ok(step.to(Noted))
    }

    async fn forget(&self, _: Noted, _: &Undo<Note>) -> Result<(), String> {
        let _ = self.begun.send(());
        match self.under_way.load(Ordering::SeqCst) {
            0 => Ok(()),
            _ => Err("a branch is still computed".into()),
        }
    }

    async fn part(&self, _: &Noted, _: &Branch<Adding>) -> Result<u32, String> {
        let others = self.under_way.fetch_add(1, Ordering::SeqCst);
        // Heard as long as the test asks.
        let _ = self.begun.send(());
        self.goes_on.lock().unwrap().recv().unwrap();
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        Ok(others)
    }

    async fn rest(&self, _: &Noted, _: &Branch<Adding>) -> Result<u32, String> {
        Ok(0)
    }

    async fn add(
        &self,
        _: Noted,
        joined: AddingJoined,
        step: &Step<Adding>,
    ) -> Result<Adding, String> {
        Ok(step.to(Added {
            sum: joined.part + joined.rest,
        }))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_branch_that_computes_is_not_called_again_before_it_has_ended() {
    let store = Arc::new(MemoryStore::new());
    let (abacus, begins, goes_on) = Abacus::new();
    let launch = || {
        let runner = Runner::<Sum>::shared(Arc::clone(&abacus)).store(Arc::clone(&store));
        runner.poll_every(Duration::from_millis(10)).launch()
    };
    let first = launch().await.unwrap();
    let second = launch().await.unwrap();
    first.start("sum", (), Asked).await.unwrap();
    let begins = tokio::task::spawn_blocking(move || {
        begins.recv().unwrap();
        begins
    });
    let begins = begins.await.unwrap();
    let stops = tokio::spawn(async move { first.shut_down(Duration::ZERO).await });
    let run = second.get("sum").await.unwrap().unwrap();
    let begins = tokio::task::spawn_blocking(move || {
        let early = begins.recv_timeout(Duration::from_millis(200));
        assert_eq!(early, Err(RecvTimeoutError::Timeout), "it still computes");
    });
    begins.await.unwrap();
    // Its output may be kept as it ends, and then it is not called again.
    goes_on.send(()).unwrap();
    goes_on.send(()).unwrap();
    stops.await.unwrap();
    let SumEnd::Added(added) = run.end().await.unwrap();
    assert_eq!(added.sum, 0, "no other was under way");
}

/// A termination waits for no branch, and the rollback of its run does, whoever drives it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_branch_of_a_terminated_run_has_ended_before_its_rollback_is_retried() {
    for of_another in [false, true] {
        let store = Arc::new(MemoryStore::new());
        let (abacus, begins, goes_on) = Abacus::new();
        let launch = |places| {
            let runner = Runner::<Sum>::shared(Arc::clone(&abacus)).store(Arc::clone(&store));
            let runner = runner.poll_every(Duration::from_millis(10));
            runner.max_in_flight(places).launch()
        };
        let first = launch(if of_another { 1 } else { 2 }).await.unwrap();
        let run = first.start("sum", (), Asked).await.unwrap();
        let begins = tokio::task::spawn_blocking(move || {
            begins.recv().unwrap();
            begins
        });
        let begins = begins.await.unwrap();
        first.terminate("sum").await.unwrap();
        assert!(run.end().await.is_err(), "it has ended");
        assert!(run.end().await.is_err(), "whoever asks");
        // The first has no place for it, as long as the branch takes one.
        let second = if of_another {
            Some(launch(1).await.unwrap())
        } else {
            None
        };
        first.retry_rollback("sum").await.unwrap();
        let begins = tokio::task::spawn_blocking(move || {
            let early = begins.recv_timeout(Duration::from_millis(200));
            assert_eq!(early, Err(RecvTimeoutError::Timeout), "it still computes");
        });
        begins.await.unwrap();
        goes_on.send(()).unwrap();
        let Err(EndError::Failed(failure)) = run.end().await else {
            panic!("it was terminated")
        };
        assert_eq!(failure.rollback.undone.len(), 1, "{failure:?}");
        drop(second);
    }
}
