//! A rollback that is retried after its run has ended: who may, how the run ends then, and what it is meanwhile.

use std::sync::Arc;
use std::time::Duration;

use stateway::prelude::*;
use stateway::runner::Run;
use stateway::store::{Event, FailureKind, Filter, Status};
use stateway::{MemoryStore, RetryRollbackError, RunFailure, StoreError};

use crate::support::cut::Line;
use crate::support::shop::*;

async fn failure(run: &Run<Order>) -> RunFailure {
    match run.end().await {
        Err(EndError::Failed(failure)) => *failure,
        other => panic!("it failed: {other:?}"),
    }
}

fn handlers(failure: &RunFailure) -> [Vec<&'static str>; 3] {
    let not_undone = failure.rollback.failed.iter().map(|it| &it.entry);
    [
        failure
            .rollback
            .undone
            .iter()
            .map(|it| it.handler)
            .collect(),
        not_undone.map(|it| it.handler).collect(),
        failure
            .rollback
            .skipped
            .iter()
            .map(|it| it.handler)
            .collect(),
    ]
}

/// An order that was not shipped, and whose money was not given back.
async fn not_refunded(store: &Arc<MemoryStore>, shop: &Shop) -> (Runner<Order>, Run<Order>) {
    let runner = launch(store, shop).await;
    shop.tell("ship o-1", &[Act::Fail]);
    shop.tell("refund o-1", &[Act::Fail]);
    let run = runner.start("o-1", input(), Placed).await.unwrap();
    assert_eq!(
        handlers(&failure(&run).await),
        [vec!["release"], vec!["refund"], vec![]]
    );
    (runner, run)
}

fn store_error(retried: Result<(), RetryRollbackError>) -> StoreError {
    match retried {
        Err(RetryRollbackError::Store(error)) => error,
        other => panic!("the store refuses it: {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn an_undo_that_failed_for_good_is_tried_again() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let (runner, run) = not_refunded(&store, &shop).await;
    let before = run.info().await.unwrap();
    runner.retry_rollback("o-1").await.unwrap();
    let failure = failure(&run).await;
    assert_eq!(
        handlers(&failure),
        [vec!["refund", "release"], vec![], vec![]]
    );
    assert_eq!((shop.calls("refund"), shop.calls("release")), (2, 1));
    let after = run.info().await.unwrap();
    assert_eq!((after.status, after.not_undone), (Status::Failed, 0));
    assert_eq!(
        (&after.failure, &failure.failure),
        (&before.failure, &before.failure)
    );
    assert_eq!((after.state, after.visit), (before.state, before.visit));
    let left = Filter::new().not_undone();
    assert!(runner.list(left).await.unwrap().is_empty());
    let events: Vec<_> = runner.history("o-1").await.unwrap();
    let events: Vec<_> = events.into_iter().map(|row| row.event).skip(4).collect();
    let cause = "refund failed".into();
    let attempts = 1;
    assert_eq!(
        events,
        [
            Event::NotUndone {
                of: 2,
                attempts,
                cause
            },
            Event::Undone { of: 1, attempts },
            Event::RollbackRetried,
            Event::Undone { of: 2, attempts },
        ]
    );
}

/// A run in a `failed` state has ended as declared when all of it is undone, so there is no `RunError`.
#[tokio::test(start_paused = true)]
async fn a_refusal_that_is_undone_at_last_is_the_end_that_was_declared() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let runner = launch(&store, &shop).await;
    shop.tell("ship", &[Act::Large(0)]);
    shop.tell("release", &[Act::Panic, Act::Fail]);
    let run = runner.start("o-1", input(), Placed).await.unwrap();
    for cause in ["release panicked", "release failed"] {
        let failure = failure(&run).await;
        assert_eq!(failure.failure, None);
        let said = &failure.rollback.failed[0].cause;
        assert!(said.contains(cause), "the last of it: {said}");
        runner.retry_rollback("o-1").await.unwrap();
    }
    let rejected = OrderEnd::Rejected(Rejected { why: "lost".into() });
    assert_eq!(run.end().await.unwrap(), rejected);
    assert_eq!(shop.calls("refund"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_run_ends_cancelled_again() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let runner = launch(&store, &shop).await;
    shop.tell("ship", &[Act::GiveUp]);
    shop.tell("refund", &[Act::Fail]);
    let run = runner.start("o-1", input(), Placed).await.unwrap();
    called(&shop, "ship o-1 1").await;
    runner.cancel("o-1").await.unwrap();
    failure(&run).await;
    runner.retry_rollback("o-1").await.unwrap();
    let failure = failure(&run).await;
    assert_eq!(failure.failure.unwrap().kind, FailureKind::Cancelled);
    let row = row(&store, "o-1").await;
    assert_eq!((row.status, row.stop), (Status::Cancelled, None));
}

#[tokio::test(start_paused = true)]
async fn a_terminated_run_is_rolled_back_afterwards() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let runner = launch(&store, &shop).await;
    shop.tell("ship", &[Act::Hang]);
    let run = runner.start("o-1", input(), Placed).await.unwrap();
    called(&shop, "ship o-1 1").await;
    runner.terminate("o-1").await.unwrap();
    assert_eq!(handlers(&failure(&run).await)[2], ["refund", "release"]);
    runner.retry_rollback("o-1").await.unwrap();
    let failure = failure(&run).await;
    assert_eq!(
        handlers(&failure),
        [vec!["refund", "release"], vec![], vec![]]
    );
    assert_eq!(failure.failure.unwrap().kind, FailureKind::Terminated);
    assert_eq!(row(&store, "o-1").await.status, Status::Terminated);
    assert_eq!(shop.calls("ship"), 1, "it never goes forward again");
}

/// One that somebody drives, and one whose process is gone.
#[tokio::test(start_paused = true)]
async fn a_rollback_that_was_terminated_is_finished() {
    for (refused, is_gone) in [(false, false), (false, true), (true, false), (true, true)] {
        let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
        let mut runner = launch(&store, &shop).await;
        shop.tell("ship", &[if refused { Act::Large(0) } else { Act::Fail }]);
        shop.tell("refund", &[if is_gone { Act::Hang } else { Act::Take(60) }]);
        runner.start("o-1", input(), Placed).await.unwrap();
        called(&shop, "refund o-1 1").await;
        if is_gone {
            runner = launch(&store, &shop).await;
        }
        runner.terminate("o-1").await.unwrap();
        let run = runner.get("o-1").await.unwrap().unwrap();
        let why = failure(&run).await;
        assert_eq!(row(&store, "o-1").await.status, Status::Terminated);
        assert_eq!(
            why.failure.is_none(),
            refused,
            "it says why it failed: {why:?}"
        );
        runner.retry_rollback("o-1").await.unwrap();
        let ended = run.end().await;
        assert_eq!(ended.is_ok(), refused, "{ended:?}");
        assert_eq!(shop.calls("refund"), 1 + usize::from(is_gone));
        assert_eq!(shop.calls("release"), 1);
        let row = row(&store, "o-1").await;
        assert_eq!(
            (row.status, row.undos),
            (Status::Failed, 0),
            "as without it"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_retried_rollback_is_terminated_and_retried_again() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let (runner, run) = not_refunded(&store, &shop).await;
    shop.tell("refund", &[Act::Hang]);
    runner.retry_rollback("o-1").await.unwrap();
    called(&shop, "refund o-1 1").await;
    until(async || shop.calls("refund") == 2).await;
    drop(runner);
    let runner = launch(&store, &shop).await;
    runner.terminate("o-1").await.unwrap();
    let run = runner.get(run.id().clone()).await.unwrap().unwrap();
    assert_eq!(
        handlers(&failure(&run).await),
        [vec!["release"], vec![], vec!["refund"]],
        "nobody tried it to its end"
    );
    runner.retry_rollback("o-1").await.unwrap();
    assert_eq!(handlers(&failure(&run).await)[0], ["refund", "release"]);
    assert_eq!(row(&store, "o-1").await.status, Status::Failed);
}

/// A run that is open again has not ended, for anybody.
#[tokio::test(start_paused = true)]
async fn a_run_whose_rollback_is_retried_has_not_ended() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let (runner, run) = not_refunded(&store, &shop).await;
    shop.tell("refund", &[Act::Take(60), Act::Fail]);
    runner.retry_rollback("o-1").await.unwrap();
    until(async || shop.calls("refund") == 2).await;
    let row = run.info().await.unwrap();
    assert_eq!((row.status, row.ended), (Status::RollingBack, None));
    assert_eq!((row.undos, row.not_undone), (1, 0));
    assert_eq!(runner.purge(Duration::ZERO).await.unwrap(), 0);
    assert!(matches!(
        store_error(runner.retry_rollback("o-1").await),
        StoreError::NotEnded { .. }
    ));
    let same = runner.start("o-1", input(), Placed).await.unwrap();
    let other = launch(&store, &Shop::new()).await;
    let there = other.get("o-1").await.unwrap().unwrap();
    let (one, two, three) = tokio::join!(failure(&run), failure(&same), failure(&there));
    assert!(
        one == two && two == three && one.rollback.failed.is_empty(),
        "all wait for it"
    );
    // It is purged by when it ended again, and then it is gone.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(runner.purge(Duration::from_secs(30)).await.unwrap(), 0);
    assert_eq!(runner.purge(Duration::ZERO).await.unwrap(), 1);
    assert!(matches!(
        store_error(runner.retry_rollback("o-1").await),
        StoreError::NotFound { .. }
    ));
}

#[tokio::test(start_paused = true)]
async fn of_two_operators_one_retries_the_rollback() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let (here, run) = not_refunded(&store, &shop).await;
    let there = launch(&store, &shop).await;
    let (one, two) = tokio::join!(here.retry_rollback("o-1"), there.retry_rollback("o-1"));
    let refused = one.and(two).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "run `o-1` has not ended: its rollback can be retried when it has"
    );
    failure(&run).await;
    let history = here.history("o-1").await.unwrap();
    let retried = history
        .iter()
        .filter(|row| row.event == Event::RollbackRetried);
    assert_eq!((retried.count(), shop.calls("refund")), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_leaves_a_retried_rollback_to_the_next_launch() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let runner = launch(&store, &shop).await;
    shop.tell("ship", &[Act::Fail]);
    shop.tell("refund", &[Act::Fail, Act::Take(5)]);
    shop.tell("release", &[Act::Fail]);
    let run = runner.start("o-1", input(), Placed).await.unwrap();
    failure(&run).await;
    runner.retry_rollback("o-1").await.unwrap();
    until(async || shop.calls("refund") == 2).await;
    runner.shut_down(Duration::from_mins(1)).await;
    let left = row(&store, "o-1").await;
    assert_eq!((left.status, left.undos), (Status::RollingBack, 1));
    let second = launch(&store, &shop).await;
    let run = second.get("o-1").await.unwrap().unwrap();
    assert_eq!(handlers(&failure(&run).await)[0], ["refund", "release"]);
    assert_eq!((shop.calls("refund"), shop.calls("release")), (2, 2));
}

/// Between the row and the history, which are read one after the other.
#[tokio::test(start_paused = true)]
async fn an_end_is_told_as_it_was_though_the_rollback_is_retried_meanwhile() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let (runner, _) = not_refunded(&store, &shop).await;
    let line = Line::to(&store);
    let slow = over(line.clone(), &shop).launch().await.unwrap();
    let run = slow.get("o-1").await.unwrap().unwrap();
    line.delay(10);
    let asked = tokio::spawn(async move { failure(&run).await });
    tokio::time::sleep(Duration::from_secs(15)).await;
    runner.retry_rollback("o-1").await.unwrap();
    assert_eq!(
        handlers(&asked.await.unwrap()),
        [vec!["release"], vec!["refund"], vec![]]
    );
    assert_eq!(shop.calls("refund"), 2, "it is undone by now");
}
