//! A pause against everything that may happen to a run meanwhile: it is never turned back to running by that.

use std::sync::Arc;
use std::time::Duration;

use stateway::store::{Event, Status, Store};
use stateway::{Clock, MemoryStore};
use tokio::time::sleep;

use crate::support::bank::{Bank, TransferSignals as _, is_paused, open, transfer};
use crate::support::shop::*;
use crate::support::stopped::{Scene, failure};

/// Pauses a run whose handler does this, and lets two hours pass after it stands still.
async fn paused_at(handler: &'static str, act: Act) -> (Scene, usize) {
    let scene = Scene::at(&[(handler, act)]).await;
    scene.runner.pause("o-1").await.unwrap();
    is_paused(&scene.run).await;
    let calls = scene.shop.log().len();
    sleep(Duration::from_hours(2)).await;
    let info = scene.run.info().await.unwrap();
    assert_eq!(info.status, Status::Paused);
    assert_eq!(scene.shop.log().len(), calls, "nothing is called");
    (scene, calls)
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_fails_and_has_others_left() {
    let (scene, _) = paused_at("charge", Act::FailAfter(30)).await;
    let info = scene.run.info().await.unwrap();
    assert_eq!(info.attempts[0].made, 1, "the failure is recorded");
    assert_eq!(info.attempts[0].error.as_deref(), Some("charge failed"));
    scene.runner.resume("o-1").await.unwrap();
    assert_eq!(scene.run.end().await.unwrap(), shipped());
    assert_eq!(scene.shop.calls("charge"), 2);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_succeeds() {
    let (scene, _) = paused_at("reserve", Act::Take(30)).await;
    let info = scene.run.info().await.unwrap();
    assert_eq!(&*info.state, "Reserved");
    scene.runner.resume("o-1").await.unwrap();
    assert_eq!(scene.run.end().await.unwrap(), shipped());
}

#[tokio::test(start_paused = true)]
async fn a_last_attempt_that_fails_begins_the_rollback_and_undoes_nothing_yet() {
    let (scene, calls) = paused_at("ship", Act::FailAfter(30)).await;
    let row = row(&scene.store, "o-1").await;
    assert!(row.rolls_back && row.failure.is_some());
    assert_eq!(calls, 3);
    scene.runner.resume("o-1").await.unwrap();
    assert_eq!(failure(scene.run.end().await).rollback.undone.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_ends_the_run() {
    let scene = Scene::at(&[("ship", Act::Take(30))]).await;
    scene.runner.pause("o-1").await.unwrap();
    assert_eq!(scene.run.end().await.unwrap(), shipped());
    let info = scene.run.info().await.unwrap();
    assert_eq!((info.status, info.pause_asked), (Status::Done, false));
}

/// Who came last is heard.
#[tokio::test(start_paused = true)]
async fn a_cancellation_before_and_after() {
    let scene = Scene::at(&[("charge", Act::GiveUp)]).await;
    scene.runner.pause("o-1").await.unwrap();
    scene.runner.cancel("o-1").await.unwrap();
    assert_eq!(failure(scene.run.end().await).rollback.undone.len(), 1);

    let scene = Scene::at(&[("charge", Act::GiveUp)]).await;
    let cancelled = scene.runner.clone();
    let (paused, ()) = tokio::join!(scene.runner.pause("o-1"), async {
        // The handler hears of it when the run was asked to pause.
        sleep(Duration::from_millis(1)).await;
        cancelled.cancel("o-1").await.unwrap();
        cancelled.pause("o-1").await.unwrap();
    });
    paused.unwrap();
    is_paused(&scene.run).await;
    assert_eq!(scene.shop.calls("release"), 0, "its rollback stands still");
    scene.runner.resume("o-1").await.unwrap();
    assert_eq!(failure(scene.run.end().await).rollback.undone.len(), 1);
    let info = scene.run.info().await.unwrap();
    assert_eq!(info.status, Status::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn a_timer_that_falls_due_and_a_signal_that_comes() {
    for state in ["Quoted", "Approved", "Sent"] {
        let bank = Bank::default();
        // A poll is asked at once.
        bank.fails("settle", 1);
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let runner = open(&store, &bank).await;
        let run = if state == "Quoted" {
            let begun = crate::support::bank::Begun;
            runner.start("t-1", (), begun).await.unwrap()
        } else {
            transfer(&runner).await
        };
        until(async || run.info().await.unwrap().state == state).await;
        runner.pause("t-1").await.unwrap();
        let sent = run.approve(7).message_id("m-1").await;
        sent.expect("a signal to a paused run is stored");
        sleep(Duration::from_hours(2)).await;
        let info = run.info().await.unwrap();
        assert_eq!((info.status, &*info.state), (Status::Paused, state));
        let before = Clock::tokio().now();
        runner.resume("t-1").await.unwrap();
        until(async || run.info().await.unwrap().state != state).await;
        let waited = Clock::tokio().now().duration_since(before).unwrap();
        assert!(
            waited < Duration::from_secs(5),
            "{state}: what is due fires"
        );
        assert!(run.end().await.is_ok(), "{state}");
    }
}

/// The process that holds the run goes, and another takes it up.
#[tokio::test(start_paused = true)]
async fn the_death_of_the_holder_and_a_restart() {
    let scene = Scene::at(&[("charge", Act::Hang)]).await;
    scene.runner.pause("o-1").await.unwrap();
    let scene = scene.restart().await;
    is_paused(&scene.run).await;
    assert_eq!(scene.shop.calls("charge"), 1, "nobody calls it again");
    let scene = scene.restart().await;
    sleep(Duration::from_hours(1)).await;
    let info = scene.run.info().await.unwrap();
    assert_eq!(info.status, Status::Paused);
    scene.runner.resume("o-1").await.unwrap();
    assert_eq!(scene.run.end().await.unwrap(), shipped());
}

#[tokio::test(start_paused = true)]
async fn a_shutdown() {
    let scene = Scene::at(&[("charge", Act::Take(30))]).await;
    let shut = scene.runner.clone();
    let (paused, ()) = tokio::join!(
        scene.runner.pause("o-1"),
        shut.shut_down(Duration::from_mins(1))
    );
    paused.unwrap();
    let left = row(&scene.store, "o-1").await;
    assert_eq!((&*left.state, left.status), ("Charged", Status::Paused));
    let scene = scene.restart().await;
    sleep(Duration::from_hours(1)).await;
    assert_eq!(scene.shop.calls("ship"), 0);
    scene.runner.resume("o-1").await.unwrap();
    assert_eq!(scene.run.end().await.unwrap(), shipped());
}

#[tokio::test(start_paused = true)]
async fn two_pauses_and_a_resume() {
    let scene = Scene::at(&[("charge", Act::Take(30))]).await;
    let (first, second) = tokio::join!(scene.runner.pause("o-1"), scene.runner.pause("o-1"));
    first.and(second).unwrap();
    is_paused(&scene.run).await;
    scene.runner.pause("o-1").await.unwrap();
    scene.runner.resume("o-1").await.unwrap();
    assert_eq!(scene.run.end().await.unwrap(), shipped());
    let history = scene.runner.history("o-1").await.unwrap();
    let asked = history.iter().filter(|row| row.event == Event::PauseAsked);
    assert_eq!(asked.count(), 1);
}

/// A holder that has not heard of the pause hears of it with its commit.
#[tokio::test(start_paused = true)]
async fn another_process_pauses_what_is_driven_here() {
    let scene = Scene::at(&[("reserve", Act::Take(5))]).await;
    let elsewhere = launch(&scene.store, &Shop::new()).await;
    elsewhere.pause("o-1").await.unwrap();
    is_paused(&scene.run).await;
    sleep(Duration::from_hours(1)).await;
    assert_eq!(scene.shop.log().len(), 1);
    elsewhere.resume("o-1").await.unwrap();
    assert!(scene.run.end().await.is_ok());
}

mod courier {
    use std::sync::atomic::{AtomicU32, Ordering};

    use stateway::prelude::*;

    workflow! {
        #[durable(version = 1)]
        #[derive(Debug, Clone, PartialEq)]
        pub(crate) workflow Delivery {
            start Packed;
            transient state Weighed;
            state Gone;
            done Signed;
            step weigh: Packed -> Weighed;
            step drive: Weighed -> Gone with retry(3, every 5s);
            step sign: Gone -> Signed;
        }
    }

    #[derive(Default)]
    pub(crate) struct Courier {
        pub(crate) weighed: AtomicU32,
        pub(crate) driven: AtomicU32,
        pub(crate) signed: AtomicU32,
    }

    impl DeliverySteps for Courier {
        type Error = String;

        async fn weigh(&self, _: Packed, step: &Step<Weigh>) -> Result<Weigh, String> {
            self.weighed.fetch_add(1, Ordering::Relaxed);
            Ok(step.to(Weighed))
        }

        async fn drive(&self, _: Weighed, step: &Step<Drive>) -> Result<Drive, String> {
            match self.driven.fetch_add(1, Ordering::Relaxed) {
                0 => Err("a flat tyre".to_owned()),
                _ => Ok(step.to(Gone)),
            }
        }

        async fn sign(&self, _: Gone, step: &Step<Sign>) -> Result<Sign, String> {
            self.signed.fetch_add(1, Ordering::Relaxed);
            Ok(step.to(Signed))
        }
    }
}

/// Who takes it up again would begin before the state that is not stored.
#[tokio::test(start_paused = true)]
async fn a_wait_in_a_transient_state_is_no_boundary() {
    use std::sync::atomic::Ordering;

    use courier::*;

    let courier = Arc::new(Courier::default());
    let runner = stateway::Runner::<Delivery>::shared(Arc::clone(&courier)).clock(Clock::tokio());
    let runner = runner.store(MemoryStore::new()).launch().await.unwrap();
    let run = runner.start("d-1", (), Packed).await.unwrap();
    until(async || courier.driven.load(Ordering::Relaxed) == 1).await;
    runner.pause("d-1").await.unwrap();
    is_paused(&run).await;
    assert_eq!(run.info().await.unwrap().state, "Gone");
    let calls = [&courier.weighed, &courier.driven, &courier.signed];
    assert_eq!(calls.map(|it| it.load(Ordering::Relaxed)), [1, 2, 0]);
    runner.resume("d-1").await.unwrap();
    assert_eq!(run.end().await.unwrap(), DeliveryEnd::Signed(Signed));
}
