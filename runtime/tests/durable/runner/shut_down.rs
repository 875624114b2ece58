//! Shutting a runner down, and dropping it.

use std::sync::Arc;
use std::time::Duration;

use stateway::MemoryStore;
use stateway::prelude::*;
use stateway::store::Status;

use crate::support::shop::*;
use crate::support::stopped::Scene;

#[tokio::test(start_paused = true)]
async fn a_shutdown_finishes_the_attempt_under_way_and_leaves_the_rest() {
    let Scene {
        store,
        shop,
        runner,
        run,
    } = Scene::at(&[("charge", Act::Wait)]).await;
    let shut = tokio::spawn({
        let runner = runner.clone();
        async move { runner.shut_down(Duration::from_mins(10)).await }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    let refused = runner.start("o-2", input(), Placed).await.unwrap_err();
    assert!(matches!(refused, StartError::ShutDown));
    // The attempt ends: what it did is recorded, and nothing begins.
    runner.cancel("o-1").await.unwrap();
    shut.await.unwrap();
    assert!(matches!(run.end().await, Err(EndError::ShutDown { .. })));
    let left = row(&store, "o-1").await;
    assert_eq!((&*left.state, left.status), ("Charged", Status::Running));
    assert_eq!(left.crashes, 0, "it was given back");
    assert_eq!(shop.calls("ship"), 0);
    let second = launch(&store, &shop).await;
    let run = second.get("o-1").await.unwrap().unwrap();
    let _ = run.end().await;
    assert_eq!(shop.calls("charge"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_stops_after_its_bound_what_does_not_end() {
    let Scene {
        store,
        shop,
        runner,
        ..
    } = Scene::at(&[("charge", Act::Hang)]).await;
    let began = tokio::time::Instant::now();
    runner.shut_down(Duration::from_secs(30)).await;
    assert_eq!(began.elapsed().as_secs(), 30);
    let left = row(&store, "o-1").await;
    assert_eq!((&*left.state, left.crashes), ("Reserved", 0), "given back");
    let second = launch(&store, &shop).await;
    let run = second.get("o-1").await.unwrap().unwrap();
    assert_eq!(run.end().await.unwrap(), shipped());
    assert_eq!(shop.calls("charge"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_waits_for_nobody_who_waits() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    // Waits in memory, for a minute.
    let runner = over(Arc::clone(&store), &shop).wait_in_store_from(Duration::from_hours(1));
    let runner = runner.launch().await.unwrap();
    shop.tell("charge", &[Act::Fail]);
    runner.start("o-1", input(), Placed).await.unwrap();
    called(&shop, "charge o-1 1").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let began = tokio::time::Instant::now();
    runner.shut_down(Duration::from_secs(30)).await;
    assert_eq!(began.elapsed().as_secs(), 0);
    let left = row(&store, "o-1").await;
    assert_eq!(left.crashes, 0);
    let second = launch(&store, &shop).await;
    let run = second.get("o-1").await.unwrap().unwrap();
    assert_eq!(run.end().await.unwrap(), shipped());
    assert_eq!(shop.log()[1..3], ["charge o-1 1", "charge o-1 2"]);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_last_runner_stops_everything_like_a_crash() {
    let Scene {
        store,
        shop,
        runner,
        run,
    } = Scene::at(&[("charge", Act::Hang)]).await;
    let before = row(&store, "o-1").await;
    drop(runner.clone());
    tokio::time::sleep(Duration::from_mins(1)).await;
    let after = row(&store, "o-1").await;
    assert_eq!(after.epoch, before.epoch, "a clone keeps it alive");
    drop(runner);
    assert!(matches!(run.end().await, Err(EndError::ShutDown { .. })));
    // Nobody gave it back: its lease has to pass.
    let began = tokio::time::Instant::now();
    let second = launch(&store, &shop).await;
    let run = second.get("o-1").await.unwrap().unwrap();
    assert_eq!(run.end().await.unwrap(), shipped());
    assert!((25..35).contains(&began.elapsed().as_secs()));
}

#[tokio::test(start_paused = true)]
async fn two_who_shut_a_runner_down_both_see_it_down() {
    let Scene { runner, .. } = Scene::at(&[("reserve", Act::Take(1))]).await;
    let began = tokio::time::Instant::now();
    tokio::join!(
        runner.shut_down(Duration::from_hours(1)),
        runner.shut_down(Duration::from_hours(1))
    );
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );
}
