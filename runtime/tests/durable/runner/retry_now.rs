//! An attempt that is made at once, whatever its delay.

use std::sync::Arc;
use std::time::Duration;

use stateway::MemoryStore;
use stateway::prelude::*;
use stateway::store::Event;
use tokio::time::{Instant, sleep};

use crate::support::bank::is_paused;
use crate::support::shop::*;

/// A run whose charge has failed once, and is to be tried again in a minute.
async fn waiting(patience: Duration) -> (Arc<MemoryStore>, Shop, Runner<Order>) {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let runner = over(Arc::clone(&store), &shop).wait_in_store_from(patience);
    let runner = runner.lease(Duration::from_secs(9)).launch().await.unwrap();
    shop.tell("charge", &[Act::Fail]);
    runner.start("o-1", input(), Placed).await.unwrap();
    called(&shop, "charge o-1 1").await;
    sleep(Duration::from_secs(1)).await;
    (store, shop, runner)
}

async fn ends_soon(runner: &Runner<Order>, shop: &Shop) {
    let began = Instant::now();
    let run = runner.get("o-1").await.unwrap().unwrap();
    assert_eq!(run.end().await.unwrap(), shipped());
    assert!(began.elapsed() < Duration::from_secs(6), "{began:?}");
    assert_eq!(shop.log()[1..3], ["charge o-1 1", "charge o-1 2"]);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_waits_in_the_store_is_retried_at_once() {
    let (_, shop, runner) = waiting(Duration::from_secs(10)).await;
    runner.by("operator 7").retry_now("o-1").await.unwrap();
    ends_soon(&runner, &shop).await;
    let history = runner.history("o-1").await.unwrap();
    let asked = history.iter().find(|row| row.event == Event::RetryAsked);
    assert_eq!(asked.unwrap().by.as_deref(), Some("operator 7"));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_waits_in_its_process_is_retried_at_once() {
    let (_, shop, runner) = waiting(Duration::from_hours(1)).await;
    runner.retry_now("o-1").await.unwrap();
    ends_soon(&runner, &shop).await;
}

#[tokio::test(start_paused = true)]
async fn a_run_that_waits_in_another_process_is_retried_with_the_next_heartbeat() {
    let (store, shop, runner) = waiting(Duration::from_hours(1)).await;
    let elsewhere = launch(&store, &Shop::new()).await;
    elsewhere.retry_now("o-1").await.unwrap();
    ends_soon(&runner, &shop).await;
}

#[tokio::test(start_paused = true)]
async fn a_paused_run_is_retried_at_once() {
    for patience in [Duration::from_secs(10), Duration::from_hours(1)] {
        let (_, shop, runner) = waiting(patience).await;
        runner.pause("o-1").await.unwrap();
        let run = runner.get("o-1").await.unwrap().unwrap();
        is_paused(&run).await;
        runner.retry_now("o-1").await.unwrap();
        ends_soon(&runner, &shop).await;
    }
}

/// One request is one attempt: the next one waits its own delay.
#[tokio::test(start_paused = true)]
async fn it_is_about_one_attempt() {
    for patience in [Duration::from_secs(10), Duration::from_hours(1)] {
        let (_, shop, runner) = waiting(patience).await;
        shop.tell("charge", &[Act::Fail]);
        runner.retry_now("o-1").await.unwrap();
        called(&shop, "charge o-1 2").await;
        let began = Instant::now();
        called(&shop, "charge o-1 3").await;
        assert!(began.elapsed() > Duration::from_secs(50), "{patience:?}");
        let run = runner.get("o-1").await.unwrap().unwrap();
        assert_eq!(run.end().await.unwrap(), shipped());
    }
}

#[tokio::test(start_paused = true)]
async fn an_undo_is_retried_at_once() {
    use crate::support::tower::{Empty, Place, World};

    let (world, store) = (World::default(), Arc::new(MemoryStore::new()));
    let place = Place::Memory(store);
    let runner = crate::support::tower::launch(place.open(), &world).await;
    world.fail(&["take_two"]);
    let run = runner.start("t-1", (), Empty).await.unwrap();
    until(async || !run.info().await.unwrap().attempts.is_empty()).await;
    let attempts = run.info().await.unwrap().attempts;
    assert!(attempts[0].undoes);
    let began = Instant::now();
    world.fail(&[]);
    runner.retry_now("t-1").await.unwrap();
    let Err(EndError::Failed(failure)) = run.end().await else {
        panic!("it has failed");
    };
    assert!(began.elapsed() < Duration::from_secs(1), "and not 2");
    assert!(failure.rollback.failed.is_empty());
}
