//! Pausing runs and letting them go on, by themselves and all of a workflow.

use std::sync::Arc;
use std::time::Duration;

use stateway::store::{Event, Filter, Status, Store};
use stateway::{Clock, MemoryStore, RedbStore, StoreError};
use tokio::time::{Instant, sleep};

use crate::support::bank::{Bank, is_paused, open};
use crate::support::shop::*;
use crate::support::stopped::{Scene, failure, undone};

#[tokio::test(start_paused = true)]
async fn a_run_that_waits_in_the_store_is_paused_at_once() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let runner = launch(&store, &shop).await;
    shop.tell("charge", &[Act::Fail]);
    let run = runner.start("o-1", input(), Placed).await.unwrap();
    set_aside(&store, "o-1").await;
    runner.pause("o-1").await.unwrap();
    let info = run.info().await.unwrap();
    assert_eq!((info.status, info.due), (Status::Paused, None));
    assert_eq!(info.attempts[0].made, 1, "what it has made is counted on");
    sleep(Duration::from_hours(2)).await;
    assert_eq!(shop.calls("charge"), 1);
    runner.resume("o-1").await.unwrap();
    assert_eq!(run.end().await.unwrap(), shipped());
    assert_eq!(shop.log()[1..3], ["charge o-1 1", "charge o-1 2"]);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_under_way_ends_first_and_is_recorded() {
    let Scene {
        store,
        shop,
        runner,
        run,
    } = Scene::at(&[("charge", Act::Take(60))]).await;
    runner.pause("o-1").await.unwrap();
    let info = run.info().await.unwrap();
    assert_eq!((info.status, info.pause_asked), (Status::Running, true));
    is_paused(&run).await;
    let info = run.info().await.unwrap();
    assert_eq!((&*info.state, info.pause_asked), ("Charged", false));
    sleep(Duration::from_hours(1)).await;
    assert_eq!(shop.calls("ship"), 0, "no other handler is called");
    assert_eq!(row(&store, "o-1").await.crashes, 0);
    runner.resume("o-1").await.unwrap();
    assert_eq!(run.end().await.unwrap(), shipped());
    assert_eq!(shop.log().len(), 3, "each was called once");
}

#[tokio::test(start_paused = true)]
async fn a_held_run_with_a_short_delay_is_paused_without_waiting_it_out() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let runner = over(Arc::clone(&store), &shop).wait_in_store_from(Duration::from_hours(1));
    let runner = runner.launch().await.unwrap();
    shop.tell("charge", &[Act::Fail]);
    let run = runner.start("o-1", input(), Placed).await.unwrap();
    called(&shop, "charge o-1 1").await;
    sleep(Duration::from_secs(1)).await;
    let began = Instant::now();
    runner.pause("o-1").await.unwrap();
    is_paused(&run).await;
    assert!(began.elapsed() < Duration::from_secs(5));
    runner.resume("o-1").await.unwrap();
    let before = Instant::now();
    assert_eq!(run.end().await.unwrap(), shipped());
    assert!(before.elapsed() > Duration::from_secs(20), "the delay is");
}

/// The other one hears of it with its heartbeat.
#[tokio::test(start_paused = true)]
async fn a_pause_reaches_the_process_that_waits() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let there = over(Arc::clone(&store), &shop)
        .wait_in_store_from(Duration::from_hours(1))
        .lease(Duration::from_secs(9));
    let there = there.launch().await.unwrap();
    shop.tell("charge", &[Act::Fail]);
    let run = there.start("o-1", input(), Placed).await.unwrap();
    called(&shop, "charge o-1 1").await;
    sleep(Duration::from_secs(1)).await;
    let here = launch(&store, &Shop::new()).await;
    let began = Instant::now();
    here.pause("o-1").await.unwrap();
    is_paused(&run).await;
    assert!(began.elapsed() < Duration::from_secs(6));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_taken_back_changes_nothing() {
    let scene = Scene::at(&[("charge", Act::Take(60))]).await;
    scene.runner.pause("o-1").await.unwrap();
    scene.runner.pause("o-1").await.unwrap();
    scene.runner.resume("o-1").await.unwrap();
    assert_eq!(scene.run.end().await.unwrap(), shipped());
    assert_eq!(scene.shop.log().len(), 3);
    let history = scene.runner.history("o-1").await.unwrap();
    let asked = history.iter().filter(|row| row.event == Event::PauseAsked);
    assert_eq!(asked.count(), 1, "a second one changes nothing");
    assert!(history.iter().any(|row| row.event == Event::PauseWithdrawn));
}

#[tokio::test(start_paused = true)]
async fn the_errors_say_how_the_run_stands() {
    let scene = Scene::at(&[("ship", Act::Wait)]).await;
    let runner = &scene.runner;
    let resumed = runner.resume("o-1").await.unwrap_err();
    assert_eq!(resumed.to_string(), "run `o-1` is not paused");
    let retried = runner.retry_now("o-1").await.unwrap_err();
    assert_eq!(
        retried.to_string(),
        "run `o-1` does not wait for its next attempt"
    );
    runner.terminate("o-1").await.unwrap();
    let _ = scene.run.end().await;
    let ended = runner.pause("o-1").await.unwrap_err();
    assert!(matches!(ended, StoreError::Ended { .. }), "{ended}");
    let unknown = runner.pause("o-2").await.unwrap_err();
    assert!(matches!(unknown, StoreError::NotFound { .. }), "{unknown}");
    let unparked = runner.unpark("o-1").await.unwrap_err();
    assert!(
        matches!(unparked, StoreError::NotParked { .. }),
        "{unparked}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_rollback_is_paused_between_two_undos_and_keeps_its_order() {
    let scene = Scene::at(&[("ship", Act::Fail), ("refund", Act::Take(60))]).await;
    scene.runner.pause("o-1").await.unwrap();
    is_paused(&scene.run).await;
    sleep(Duration::from_hours(1)).await;
    assert_eq!(scene.shop.calls("release"), 0);
    scene.runner.cancel("o-1").await.unwrap();
    let info = scene.run.info().await.unwrap();
    assert_eq!(info.status, Status::Paused, "a rollback is never cancelled");
    scene.runner.resume("o-1").await.unwrap();
    assert_eq!(undone(scene.run.end().await), ["refund", "release"]);
    assert_eq!(scene.shop.calls("refund"), 1);
    let info = scene.run.info().await.unwrap();
    assert_eq!(info.status, Status::Failed);
}

#[tokio::test(start_paused = true)]
async fn a_paused_run_is_cancelled() {
    let scene = Scene::at(&[("charge", Act::Take(60))]).await;
    scene.runner.pause("o-1").await.unwrap();
    is_paused(&scene.run).await;
    scene.runner.cancel("o-1").await.unwrap();
    assert_eq!(undone(scene.run.end().await), ["refund", "release"]);
    let info = scene.run.info().await.unwrap();
    assert_eq!(info.status, Status::Cancelled);
    assert_eq!(scene.shop.calls("ship"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_paused_run_and_a_paused_rollback_are_terminated() {
    for acts in [
        vec![("charge", Act::Take(60))],
        vec![("ship", Act::Fail), ("refund", Act::Take(60))],
    ] {
        let scene = Scene::at(&acts).await;
        scene.runner.pause("o-1").await.unwrap();
        is_paused(&scene.run).await;
        scene.runner.terminate("o-1").await.unwrap();
        let failure = failure(scene.run.end().await);
        assert!(
            failure
                .rollback
                .skipped
                .iter()
                .any(|it| it.handler == "release")
        );
        let info = scene.run.info().await.unwrap();
        assert_eq!(info.status, Status::Terminated);
    }
}

#[tokio::test(start_paused = true)]
async fn who_paused_and_resumed_is_in_the_history() {
    let scene = Scene::at(&[("charge", Act::Take(60))]).await;
    scene.runner.by("operator 7").pause("o-1").await.unwrap();
    is_paused(&scene.run).await;
    scene.runner.by("operator 8").resume("o-1").await.unwrap();
    let _ = scene.run.end().await.unwrap();
    let history = scene.runner.history("o-1").await.unwrap();
    let by = |event: Event| {
        let row = history.iter().find(|row| row.event == event);
        row.and_then(|row| row.by.as_deref())
    };
    assert_eq!(by(Event::PauseAsked), Some("operator 7"));
    assert_eq!(by(Event::Resumed), Some("operator 8"));
}

/// Several pages of runs, of which some are under way, some wait and some have ended.
#[tokio::test(start_paused = true)]
async fn all_runs_of_a_workflow_are_paused_and_resumed() {
    const RUNS: u64 = 2_100;
    let store = Arc::new(MemoryStore::new());
    let shop = Shop::new();
    let runner = launch(&store, &shop).await;
    let ended = runner.start("ended", input(), Placed).await.unwrap();
    let _ = ended.end().await.unwrap();
    shop.tell("ship rolls-back", &[Act::Fail]);
    shop.tell("refund rolls-back", &[Act::Take(600)]);
    runner.start("rolls-back", input(), Placed).await.unwrap();
    called(&shop, "refund rolls-back 1").await;
    shop.tell("charge held", &[Act::Take(600)]);
    let held = runner.start("held", input(), Placed).await.unwrap();
    called(&shop, "charge held 1").await;
    // Nobody drives these: they are due tomorrow.
    let tomorrow = Clock::tokio().now() + Duration::from_hours(24);
    for number in 0..RUNS {
        let id: stateway::RunId = format!("run-{number:04}").parse().unwrap();
        let run = stateway::store::NewRun {
            due: Some(tomorrow),
            ..stateway::store::NewRun::new(id, "Order", 1, "Placed", Clock::tokio().now())
        };
        store.create(run).await.unwrap();
    }
    let operator = runner.by("the bank is down");
    assert_eq!(operator.pause_all().await.unwrap(), RUNS + 2);
    assert_eq!(operator.pause_all().await.unwrap(), 0, "all of them are");
    is_paused(&held).await;
    let counts = async |status: Status| {
        let counts = runner.count(Filter::new().status(status)).await.unwrap();
        counts.iter().map(|count| count.runs).sum::<u64>()
    };
    assert_eq!(counts(Status::Paused).await, RUNS + 2);
    let later = runner.start("later", input(), Placed).await.unwrap();
    let _ = later.end().await.unwrap();
    assert_eq!(runner.resume_all().await.unwrap(), RUNS + 2);
    assert_eq!(held.end().await.unwrap(), shipped());
    assert_eq!(counts(Status::Paused).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_pause_outlives_the_file_that_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("runs.redb");
    let bank = Bank::default();
    {
        let store: Arc<dyn Store> = Arc::new(RedbStore::open(&file).unwrap());
        let runner = open(&store, &bank).await;
        let run = crate::support::bank::transfer(&runner).await;
        until(async || run.info().await.unwrap().state == "Approved").await;
        runner.pause("t-1").await.unwrap();
        is_paused(&run).await;
        runner.shut_down(Duration::from_secs(1)).await;
    }
    let store: Arc<dyn Store> = Arc::new(RedbStore::open(&file).unwrap());
    let runner = open(&store, &bank).await;
    let run = runner.get("t-1").await.unwrap().unwrap();
    sleep(Duration::from_hours(3)).await;
    assert_eq!(run.info().await.unwrap().status, Status::Paused);
    assert_eq!(bank.calls("send").0, [0; 0], "its timer does not fire");
    runner.resume("t-1").await.unwrap();
    let _ = run.end().await.unwrap();
}
