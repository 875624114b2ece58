//! A runner that cannot go on: its tokio runtime is gone, or its store has stopped. It says so, and keeps nobody.

use std::sync::Arc;
use std::time::Duration;

use stateway::prelude::*;
use stateway::store::Status;
use stateway::{MemoryStore, RedbStore, StoreError};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use crate::support::disk::{Disk, Moment};
use crate::support::shop::*;

fn runtime() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(1).enable_all().build().unwrap()
}

/// Far longer than anything here takes.
const LONG: Duration = Duration::from_mins(1);

#[test]
fn a_runner_whose_runtime_is_gone_says_that_it_is_shut_down() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    shop.tell("charge", &[Act::Hang]);
    let (its_own, other) = (runtime(), runtime());
    let (runner, run) = its_own.block_on(async {
        let runner = Runner::<Order>::builder(shop.clone());
        let runner = runner.store(Arc::clone(&store)).launch().await.unwrap();
        let run = runner.start("o-1", input(), Placed).await.unwrap();
        called(&shop, "charge o-1 1").await;
        (runner, run)
    });
    let waits = {
        let run = run.clone();
        other.spawn(async move { run.end().await })
    };
    drop(its_own);
    other.block_on(async {
        let ended = timeout(LONG, waits).await.expect("it does not hang");
        assert!(matches!(ended.unwrap(), Err(EndError::ShutDown { .. })));
        let again = timeout(LONG, run.end()).await.expect("it does not hang");
        assert!(matches!(again, Err(EndError::ShutDown { .. })));
        let refused = timeout(LONG, runner.start("o-2", input(), Placed));
        let refused = refused.await.expect("it does not hang");
        assert!(matches!(refused, Err(StartError::ShutDown)));
        assert!(
            runner.get("o-2").await.unwrap().is_none(),
            "nothing is stored"
        );
    });
}

#[test]
fn a_run_that_is_started_from_a_runtime_that_goes_is_driven_on_that_of_the_runner() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    shop.tell("charge", &[Act::WaitForOpening]);
    let (its_own, other) = (runtime(), runtime());
    let runner = its_own.block_on(async {
        let runner = Runner::<Order>::builder(shop.clone());
        runner.store(Arc::clone(&store)).launch().await.unwrap()
    });
    let run = other.block_on(async {
        let run = runner.start("o-1", input(), Placed).await.unwrap();
        called(&shop, "charge o-1 1").await;
        run
    });
    drop(other);
    shop.open();
    let ended = its_own.block_on(async { timeout(LONG, run.end()).await });
    assert_eq!(ended.expect("it goes on").unwrap(), shipped());
    assert_eq!(shop.calls("charge o-1"), 2, "called, and went on");
}

#[test]
fn handlers_are_dropped_where_the_store_has_stopped_and_who_waits_is_answered() {
    let disk = Disk::with(Vec::new(), Moment::Never);
    runtime().block_on(async {
        let store = RedbStore::options().open_backend(disk.clone()).unwrap();
        let shop = Shop::new();
        shop.tell("charge o-1", &[Act::Hang]);
        let runner = Runner::<Order>::builder(shop.clone()).store(store);
        let runner = runner.launch().await.unwrap();
        let run = runner.start("o-1", input(), Placed).await.unwrap();
        called(&shop, "charge o-1 1").await;
        let waits = tokio::spawn(async move { run.end().await });
        // The disk is gone, and somebody writes.
        disk.lose();
        let refused = runner.start("o-2", input(), Placed).await;
        assert!(refused.is_err());
        let ended = timeout(LONG, waits).await.expect("it does not hang");
        let Err(EndError::Store(StoreError::Closed { reason: Some(_) })) = ended.unwrap() else {
            panic!("it says that the store has stopped")
        };
        let dropped = timeout(LONG, async {
            while shop.dropped() == 0 {
                tokio::task::yield_now().await;
            }
        });
        dropped
            .await
            .expect("the handler is dropped where it waits");
        let refused = runner.start("o-3", input(), Placed).await.unwrap_err();
        assert!(
            matches!(
                &refused,
                StartError::Store(StoreError::Closed { reason: Some(_) })
            ),
            "{refused:?}"
        );
    });
}

#[test]
fn a_run_of_a_runtime_that_is_gone_goes_on_with_the_next_runner() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    shop.tell("charge", &[Act::Hang]);
    let first = runtime();
    let gone = first.block_on(async {
        let runner = Runner::<Order>::builder(shop.clone());
        let runner = runner
            .store(Arc::clone(&store))
            .lease(Duration::from_millis(10));
        let runner = runner.launch().await.unwrap();
        runner.start("o-1", input(), Placed).await.unwrap();
        called(&shop, "charge o-1 1").await;
        runner
    });
    drop(first);
    runtime().block_on(async {
        let second = launch(&store, &shop).await;
        let run = second.get("o-1").await.unwrap().unwrap();
        let ended = timeout(LONG, run.end()).await.expect("it is claimed");
        assert_eq!(ended.unwrap(), shipped());
        assert_eq!(row(&store, "o-1").await.status, Status::Done);
    });
    drop(gone);
}
