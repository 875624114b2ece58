//! Faults of cancelling elsewhere: users of other engines have reported each.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use stateway::prelude::*;
use stateway::store::Status;
use stateway::{Clock, MemoryStore};

use crate::support::cut::Line;
use crate::support::shop::*;
use crate::support::stopped::{Scene, undone};

/// Elsewhere the compensation runs inside of what is cancelled, and is cancelled with it.
#[tokio::test(start_paused = true)]
async fn a_compensation_is_not_cancelled_by_what_it_compensates() {
    let scene = Scene::at(&[("ship", Act::GiveUp)]).await;
    // It has to wait, where one that is cancelled would stop.
    scene.shop.tell("refund", &[Act::Take(90)]);
    scene.runner.cancel("o-1").await.unwrap();
    called(&scene.shop, "refund o-1 1").await;
    // Somebody is impatient.
    scene.runner.cancel("o-1").await.unwrap();
    assert_eq!(undone(scene.run.end().await), ["refund", "release"]);
    assert_eq!(scene.shop.calls("refund"), 1);
}

/// Elsewhere a run that is resumed elsewhere starts with a clean slate, and goes on.
#[tokio::test(start_paused = true)]
async fn a_cancellation_survives_each_resume() {
    let first = Scene::at(&[("ship", Act::Hang)]).await;
    first.runner.cancel("o-1").await.unwrap();
    // The next process dies in the middle of the rollback.
    first.shop.tell("refund", &[Act::Hang]);
    let second = first.restart().await;
    called(&second.shop, "refund o-1 1").await;
    let third = second.restart().await;
    assert_eq!(undone(third.run.end().await), ["refund", "release"]);
    assert_eq!(third.shop.calls("ship"), 1, "it went nowhere any more");
    assert_eq!(row(&third.store, "o-1").await.status, Status::Cancelled);
}

/// Elsewhere the message that says so is lost once, and the run never hears of it.
#[tokio::test(start_paused = true)]
async fn a_lost_message_does_not_lose_a_cancellation() {
    let store = Arc::new(MemoryStore::new());
    let (here, there) = (Shop::new(), Shop::new());
    let line = Line::to(&store);
    let runner = over(line.clone(), &here).launch().await.unwrap();
    here.tell("ship", &[Act::GiveUp]);
    let run = runner.start("o-1", input(), Placed).await.unwrap();
    called(&here, "ship o-1 1").await;
    // The next heartbeat, which would say so, does not come through.
    line.cut(true);
    let other = launch(&store, &there).await;
    other.cancel("o-1").await.unwrap();
    tokio::time::sleep(Duration::from_secs(15)).await;
    assert!(here.calls("refund") == 0, "it has not heard");
    line.cut(false);
    assert_eq!(undone(run.end().await), ["refund", "release"]);
    assert_eq!(there.log().len(), 0, "its own runner has undone it");
}

/// Not a fault, but what the page of `Runner::cancel` says.
#[tokio::test(start_paused = true)]
async fn a_cancellation_that_comes_while_the_last_handler_runs_undoes_nothing() {
    let scene = Scene::at(&[("ship", Act::Wait)]).await;
    scene.runner.cancel("o-1").await.unwrap();
    assert_eq!(scene.run.end().await.unwrap(), shipped());
    assert_eq!(row(&scene.store, "o-1").await.status, Status::Done);
    assert_eq!(scene.shop.calls("refund"), 0);
}

mod fan {
    use stateway::prelude::*;

    workflow! {
        #[durable(version = 1)]
        #[derive(Clone)]
        pub(super) workflow Fan {
            start Asked;
            done  Replied;
            split ask as Asking: Asked -> Replied {
                branch here: ();
                branch there: () with spawn;
                join all;
            }
        }
    }
}

/// Counts the branches that are under way.
#[derive(Clone, Default)]
struct Office(Arc<AtomicUsize>);

struct UnderWay(Arc<AtomicUsize>);

impl Office {
    async fn hangs(&self) -> Result<(), String> {
        self.0.fetch_add(1, Ordering::SeqCst);
        let _counts = UnderWay(Arc::clone(&self.0));
        std::future::pending().await
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl fan::FanSteps for Office {
    type Error = String;

    async fn here(&self, _: &fan::Asked, branch: &Branch<fan::Asking>) -> Result<(), String> {
        tokio::select! {
            hangs = self.hangs() => hangs,
            () = branch.cancellation().cancelled() => Err("it was cancelled".to_owned()),
        }
    }

    async fn there(&self, _: &fan::Asked, branch: &Branch<fan::Asking>) -> Result<(), String> {
        tokio::select! {
            hangs = self.hangs() => hangs,
            () = branch.cancellation().cancelled() => Err("it was cancelled".to_owned()),
        }
    }

    async fn ask(
        &self,
        _: fan::Asked,
        _: fan::AskingJoined,
        step: &Step<fan::Asking>,
    ) -> Result<fan::Asking, String> {
        Ok(step.to(fan::Replied))
    }
}

/// Elsewhere children and tasks live on when their run has been cancelled or terminated.
#[tokio::test(start_paused = true)]
async fn branches_and_their_tasks_do_not_outlive_a_run_that_was_stopped() {
    for terminates in [false, true] {
        let (store, office) = (Arc::new(MemoryStore::new()), Office::default());
        let runner = Runner::<fan::Fan>::builder(office.clone()).clock(Clock::tokio());
        let runner = runner.store(store).launch().await.unwrap();
        let run = runner.start("f-1", (), fan::Asked).await.unwrap();
        until(async || office.0.load(Ordering::SeqCst) == 2).await;
        if terminates {
            runner.terminate("f-1").await.unwrap();
        } else {
            runner.cancel("f-1").await.unwrap();
        }
        assert!(run.end().await.is_err());
        until(async || office.0.load(Ordering::SeqCst) == 0).await;
    }
}
