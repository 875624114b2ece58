//! Cancelling and terminating stored runs, and how others end that fail. Shutting their runner down is in `runner_shut_down.rs`.

use std::sync::Arc;
use std::time::Duration;

use stateway::prelude::*;
use stateway::store::{Event, FailureKind, Filter, Status, Stop, Store as _};
use stateway::{Clock, MemoryStore, StoreError};

use crate::support::shop::*;
use crate::support::stopped::{Scene, failure, undone};

#[tokio::test(start_paused = true)]
async fn a_cancelled_run_is_undone_and_stays() {
    let scene = Scene::at(&[("ship", Act::GiveUp)]).await;
    scene.runner.by("operator 7").cancel("o-1").await.unwrap();
    let ended = scene.run.end().await;
    assert_eq!(undone(ended), ["refund", "release"]);
    let why = failure(scene.run.end().await).failure.unwrap();
    assert_eq!(why.kind, FailureKind::Cancelled);
    // Cano's fault D15: nothing of it was left.
    assert_eq!(row(&scene.store, "o-1").await.status, Status::Cancelled);
    let events = scene.runner.history("o-1").await.unwrap();
    assert_eq!(events.len(), 7, "{events:?}");
    let asked = Event::StopAsked { stop: Stop::Cancel };
    assert_eq!(events[3].event, asked);
    assert_eq!(events[3].by.as_deref(), Some("operator 7"));
    let began = (
        &events[4].event,
        events[4].failure.as_ref().map(|it| it.kind),
    );
    assert_eq!(began, (&Event::RollbackBegan, Some(FailureKind::Cancelled)));
    let error = scene.runner.cancel("o-1").await.unwrap_err();
    assert!(matches!(error, StoreError::Ended { .. }), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_waits_in_the_store_is_cancelled_at_once() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let runner = launch(&store, &shop).await;
    shop.tell("charge", &[Act::Fail]);
    let run = runner.start("o-1", input(), Placed).await.unwrap();
    set_aside(&store, "o-1").await;
    let before = Clock::tokio().now();
    runner.cancel("o-1").await.unwrap();
    let failure = failure(run.end().await);
    assert_eq!(failure.rollback.undone.len(), 1, "it is released");
    assert_eq!(shop.calls("charge"), 1, "and not charged again");
    let took = row(&store, "o-1").await.ended.unwrap();
    let took = took.duration_since(before).unwrap_or_default();
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_reaches_the_process_that_has_the_run() {
    let there = Scene::at(&[("ship", Act::GiveUp)]).await;
    let here = launch(&there.store, &Shop::new()).await;
    here.cancel("o-1").await.unwrap();
    assert_eq!(
        failure(there.run.end().await).failure.unwrap().kind,
        FailureKind::Cancelled
    );
    let seen = here.get("o-1").await.unwrap().unwrap();
    assert_eq!(failure(seen.end().await).rollback.undone.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_terminated_run_is_dropped_where_it_is_and_not_undone() {
    let Scene {
        store,
        shop,
        runner,
        run,
    } = Scene::at(&[("ship", Act::Hang)]).await;
    runner.terminate("o-1").await.unwrap();
    let failure = failure(run.end().await);
    assert_eq!(failure.failure.unwrap().kind, FailureKind::Terminated);
    assert_eq!(failure.rollback.undone, []);
    let skipped: Vec<_> = failure
        .rollback
        .skipped
        .iter()
        .map(|it| it.handler)
        .collect();
    assert_eq!(skipped, ["refund", "release"], "it says what is not undone");
    assert_eq!(shop.calls("refund"), 0);
    assert_eq!(row(&store, "o-1").await.status, Status::Terminated);
}

#[tokio::test(start_paused = true)]
async fn a_rollback_is_terminated_between_two_undos() {
    let scene = Scene::at(&[("ship", Act::Fail), ("refund", Act::Take(60))]).await;
    scene.runner.terminate("o-1").await.unwrap();
    let failure = failure(scene.run.end().await);
    assert_eq!(
        (
            failure.rollback.undone.len(),
            failure.rollback.skipped.len()
        ),
        (1, 1)
    );
    assert_eq!(scene.shop.calls("release"), 0);
}

#[tokio::test(start_paused = true)]
async fn an_error_of_a_handler_is_told_as_a_text() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let runner = launch(&store, &shop).await;
    shop.tell("charge", &[Act::Fail, Act::Fail, Act::Fail]);
    let run = runner.start("o-1", input(), Placed).await.unwrap();
    let failure = failure(run.end().await);
    let why = failure.failure.clone().unwrap();
    assert_eq!(
        (why.kind, why.message.as_str()),
        (FailureKind::Handler, "charge failed")
    );
    assert_eq!(
        (&*why.state, why.transition.as_deref()),
        ("Reserved", Some("charge"))
    );
    assert_eq!(why.attempts, 3);
    assert_eq!(
        failure.to_string(),
        "run `o-1` of `Order` failed in state `Reserved` at `charge` after 3 attempts: charge failed"
    );
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_a_handler_is_a_failure_of_its_run() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let runner = launch(&store, &shop).await;
    shop.tell("ship", &[Act::Panic]);
    let run = runner.start("o-1", input(), Placed).await.unwrap();
    let failure = failure(run.end().await);
    let why = failure.failure.unwrap();
    assert_eq!(why.kind, FailureKind::Panic);
    assert!(
        why.message.as_str().contains("ship panicked"),
        "{}",
        why.message
    );
    let next = runner.start("o-2", input(), Placed).await.unwrap();
    assert_eq!(next.end().await.unwrap(), shipped());
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_undone_is_told() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let runner = launch(&store, &shop).await;
    shop.tell("ship", &[Act::Fail]);
    shop.tell("refund", &[Act::Fail]);
    let run = runner.start("o-1", input(), Placed).await.unwrap();
    let failure = failure(run.end().await);
    assert_eq!(failure.rollback.failed[0].entry.handler, "refund");
    assert_eq!(failure.rollback.failed[0].cause, "refund failed");
    assert_eq!(
        failure.rollback.undone[0].handler, "release",
        "the others are undone"
    );
    assert_eq!(row(&store, "o-1").await.status, Status::Failed);
}

#[tokio::test(start_paused = true)]
async fn a_failed_state_is_an_end_as_declared() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let runner = launch(&store, &shop).await;
    shop.tell("ship", &[Act::Large(0)]);
    let run = runner.start("o-1", input(), Placed).await.unwrap();
    let OrderEnd::Rejected(rejected) = run.end().await.unwrap() else {
        panic!("it is rejected")
    };
    assert_eq!(rejected.why, "lost");
    assert_eq!(shop.calls("refund") + shop.calls("release"), 2);
    assert_eq!(row(&store, "o-1").await.status, Status::Failed);
}

#[tokio::test(start_paused = true)]
async fn only_so_many_runs_are_driven_at_a_time() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let runner = over(Arc::clone(&store), &shop).max_in_flight(3);
    let runner = runner.launch().await.unwrap();
    shop.tell("reserve", &vec![Act::Wait; 3]);
    let mut runs = Vec::new();
    for number in 0..10 {
        let run = runner.start(format!("o-{number}"), input(), Placed).await;
        runs.push(run.unwrap());
    }
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(shop.calls("reserve"), 3, "the others wait in the store");
    runner.cancel("o-0").await.unwrap();
    for run in &runs[3..] {
        assert_eq!(run.end().await.unwrap(), shipped());
    }
    let running = Filter::new().status(Status::Running);
    assert_eq!(runner.list(running).await.unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_waits_for_long_takes_no_place() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let runner = over(Arc::clone(&store), &shop).max_in_flight(1);
    let runner = runner.launch().await.unwrap();
    shop.tell("charge", &[Act::Fail]);
    let first = runner.start("o-1", input(), Placed).await.unwrap();
    called(&shop, "charge o-1 1").await;
    let second = runner.start("o-2", input(), Placed).await.unwrap();
    assert_eq!(second.end().await.unwrap(), shipped());
    assert_eq!(shop.calls("charge o-1"), 1, "it still waits");
    assert_eq!(first.end().await.unwrap(), shipped());
    assert_eq!(next_due(&store, &Clock::tokio()).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_was_cancelled_is_not_left_to_wait() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let there = launch(&store, &shop).await;
    let here = launch(&store, &Shop::new()).await;
    shop.tell("charge", &[Act::FailAfter(5)]);
    let run = there.start("o-1", input(), Placed).await.unwrap();
    called(&shop, "charge o-1 1").await;
    // The one that has it has not heard when it gives it back for a minute.
    here.cancel("o-1").await.unwrap();
    let began = tokio::time::Instant::now();
    assert_eq!(failure(run.end().await).rollback.undone.len(), 1);
    assert!(began.elapsed() < Duration::from_secs(10));
    assert_eq!(shop.calls("charge"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_runner_leaves_the_runs_of_other_workflows_alone() {
    let store = Arc::new(MemoryStore::new());
    let other = stateway::store::NewRun {
        incarnation: 1,
        ..stateway::store::NewRun::new(
            "x".parse().unwrap(),
            "Refund",
            1,
            "Asked",
            Clock::tokio().now(),
        )
    };
    store.create(other).await.unwrap();
    let runner = launch(&store, &Shop::new()).await;
    for refused in [
        runner.cancel("x").await,
        runner.terminate("x").await,
        runner.unpark("x").await,
        runner.history("x").await.map(|_| ()),
    ] {
        assert!(
            matches!(refused, Err(StoreError::NotFound { .. })),
            "{refused:?}"
        );
    }
    assert_eq!(row(&store, "x").await.stop, None);
}

mod shown {
    use super::*;

    workflow! {
        #[durable(version = 1)]
        #[derive(Clone)]
        pub(crate) workflow Talk {
            start Begun;
            state Said;
            done Over;
            step say: Begun -> Said with undo(unsay);
            step end: Said -> Over;
        }
    }

    pub(crate) struct Mute;

    /// An error that cannot be shown.
    pub(crate) struct Unspeakable;

    impl std::fmt::Display for Unspeakable {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            panic!("it cannot be said")
        }
    }

    impl TalkSteps for Mute {
        type Error = Unspeakable;

        async fn say(&self, _: Begun, step: &Step<Say>) -> Result<Say, Unspeakable> {
            Ok(step.to(Said))
        }

        async fn unsay(&self, _: Said, _: &Undo<Say>) -> Result<(), Unspeakable> {
            Err(Unspeakable)
        }

        async fn end(&self, _: Said, _: &Step<End>) -> Result<End, Unspeakable> {
            Err(Unspeakable)
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_that_panics_as_it_is_shown_is_an_error() {
    use shown::*;

    let runner = Runner::<Talk>::builder(Mute).clock(Clock::tokio());
    let runner = runner.store(MemoryStore::new()).launch().await.unwrap();
    let run = runner.start("t-1", (), Begun).await.unwrap();
    let Err(EndError::Failed(failure)) = run.end().await else {
        panic!("it failed")
    };
    let said = "an error that panicked as it was shown: it cannot be said";
    assert_eq!(failure.failure.unwrap().message.as_str(), said);
    assert_eq!(failure.rollback.failed[0].cause, said);
}

#[tokio::test(start_paused = true)]
async fn a_rollback_that_is_terminated_still_says_why_the_run_failed() {
    let Scene {
        store,
        runner: first,
        ..
    } = Scene::at(&[("ship", Act::Fail), ("refund", Act::Hang)]).await;
    drop(first);
    let second = launch(&store, &Shop::new()).await;
    second.terminate("o-1").await.unwrap();
    let run = second.get("o-1").await.unwrap().unwrap();
    let failure = failure(run.end().await);
    assert_eq!(failure.failure.unwrap().message, "ship failed");
    assert_eq!(row(&store, "o-1").await.status, Status::Terminated);
}

/// It is in a `failed` state, which is no failure: whoever terminates its rollback, and where.
#[tokio::test(start_paused = true)]
async fn a_refusal_whose_rollback_is_terminated_has_no_other_failure() {
    for is_driven in [true, false] {
        let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
        let mut runner = launch(&store, &shop).await;
        shop.tell("ship", &[Act::Large(0)]);
        shop.tell(
            "refund",
            &[if is_driven { Act::Take(60) } else { Act::Hang }],
        );
        runner.start("o-1", input(), Placed).await.unwrap();
        called(&shop, "refund o-1 1").await;
        if !is_driven {
            runner = launch(&store, &shop).await;
        }
        runner.terminate("o-1").await.unwrap();
        let run = runner.get("o-1").await.unwrap().unwrap();
        let failure = failure(run.end().await);
        assert_eq!(failure.failure, None);
        assert!(!failure.rollback.skipped.is_empty());
    }
}

/// A refusal, whose money was not given back: in the row, and found by a filter.
#[tokio::test(start_paused = true)]
async fn an_undo_that_failed_for_good_is_seen_in_the_row_and_by_a_filter() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let runner = launch(&store, &shop).await;
    shop.tell("ship o-1", &[Act::Large(0)]);
    shop.tell("ship o-2", &[Act::Large(0)]);
    shop.tell("refund o-1", &[Act::Fail]);
    for id in ["o-1", "o-2", "o-3"] {
        let run = runner.start(id, input(), Placed).await.unwrap();
        let ended = run.end().await;
        assert_eq!(ended.is_err(), id == "o-1", "{id}: {ended:?}");
    }
    let row = row(&store, "o-1").await;
    assert_eq!((row.status, row.not_undone), (Status::Failed, 1));
    let filter = Filter::new().not_undone();
    let found = runner.list(filter).await.unwrap();
    let found: Vec<_> = found.iter().map(|row| row.id.to_string()).collect();
    assert_eq!(found, ["o-1"], "not the refusal that was undone");
}
