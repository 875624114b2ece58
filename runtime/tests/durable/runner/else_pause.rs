//! `else pause`: a run is paused when the last attempt has failed, and goes on when somebody resumes it.

use std::sync::Arc;
use std::time::Duration;

use stateway::prelude::*;
use stateway::store::{Event, FailureKind, Status, Store};
use stateway::{Clock, MemoryStore, RedbStore};
use tokio::time::sleep;

use crate::support::bank::*;
use crate::support::shop::until;

fn memory() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new())
}

/// Every stage fails as often as it is attempted, and once more after the resume.
#[tokio::test(start_paused = true)]
async fn each_kind_of_transition_is_paused_and_resumed_with_all_its_attempts() {
    let bank = Bank::default();
    let runner = open(&memory(), &bank).await;
    for stage in STAGES {
        bank.fails(stage, 3);
    }
    let run = transfer(&runner).await;
    for stage in STAGES {
        is_paused(&run).await;
        let info = run.info().await.unwrap();
        let failure = info.failure.expect("the row says why");
        assert_eq!(failure.attempts, 2, "{stage}");
        if stage == "air" {
            assert_eq!(failure.kind, FailureKind::Join);
        } else {
            assert_eq!(failure.message.as_str(), format!("{stage} failed"));
        }
        assert_eq!(bank.calls(stage).0.len(), 2, "{stage}");
        sleep(Duration::from_hours(2)).await;
        assert_eq!(bank.calls(stage).0.len(), 2, "it stands still: {stage}");
        runner.by("operator 7").resume("t-1").await.unwrap();
        until(async || bank.calls(stage).0.len() == 4).await;
        let (attempts, keys) = bank.calls(stage);
        if stage != "air" {
            assert_eq!(attempts, [1, 2, 1, 2], "{stage}: as many anew");
        }
        // A branch has a key for each attempt of its split.
        let most = if stage == "air" { 4 } else { 1 };
        assert!(
            keys.len() <= most,
            "{stage}: it is the same visit: {keys:?}"
        );
        assert_eq!(run.info().await.unwrap().failure, None, "{stage}");
    }
    let end = run.end().await.unwrap();
    assert_eq!(end, TransferEnd::Settled(Settled { by: 7 }));
    let history = runner.history("t-1").await.unwrap();
    let paused: Vec<_> = history
        .windows(2)
        .filter(|rows| rows[0].event == Event::Paused)
        .collect();
    assert_eq!(paused.len(), STAGES.len());
    for rows in paused {
        assert!(rows[0].failure.is_some(), "it says why");
        assert!(!rows[0].failed_attempts.is_empty(), "and what came before");
        assert_eq!(rows[1].event, Event::Resumed);
        assert_eq!(rows[1].by.as_deref(), Some("operator 7"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_paused_signal_is_not_consumed() {
    let bank = Bank::default();
    let store = memory();
    let runner = open(&store, &bank).await;
    bank.fails("approve", 2);
    let run = transfer(&runner).await;
    is_paused(&run).await;
    let inbox = store.inbox(run.id()).await.unwrap();
    assert_eq!(inbox.len(), 1, "it waits for the resume");
    runner.retry_now("t-1").await.unwrap();
    assert!(run.end().await.is_ok());
    assert_eq!(bank.calls("approve").0, [1, 2, 1]);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_cancelled_is_rolled_back() {
    let bank = Bank::default();
    let runner = open(&memory(), &bank).await;
    bank.fails("air", 2);
    let run = transfer(&runner).await;
    is_paused(&run).await;
    runner.cancel("t-1").await.unwrap();
    let Err(EndError::Failed(failure)) = run.end().await else {
        panic!("it was cancelled");
    };
    let undone: Vec<_> = failure
        .rollback
        .undone
        .iter()
        .map(|it| it.handler)
        .collect();
    assert_eq!(undone, ["refund", "free"]);
    assert_eq!(failure.failure.unwrap().kind, FailureKind::Cancelled);
    assert_eq!(run.info().await.unwrap().status, Status::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_terminated_ends_and_is_not_undone() {
    let bank = Bank::default();
    let runner = open(&memory(), &bank).await;
    bank.fails("charge", 2);
    let run = transfer(&runner).await;
    is_paused(&run).await;
    runner.terminate("t-1").await.unwrap();
    let Err(EndError::Failed(failure)) = run.end().await else {
        panic!("it was terminated");
    };
    assert_eq!(failure.failure.unwrap().kind, FailureKind::Terminated);
    assert_eq!(run.info().await.unwrap().status, Status::Terminated);
    assert_eq!(bank.calls("free").0, [0; 0]);
}

/// The deadline of the step is an hour.
#[tokio::test(start_paused = true)]
async fn a_deadline_of_the_step_counts_anew_from_the_resume() {
    let bank = Bank::default();
    let runner = open(&memory(), &bank).await;
    bank.fails("charge", 3);
    let run = transfer(&runner).await;
    is_paused(&run).await;
    sleep(Duration::from_hours(3)).await;
    runner.resume("t-1").await.unwrap();
    assert!(run.end().await.is_ok());
    assert_eq!(bank.calls("charge").0, [1, 2, 1, 2]);
}

#[tokio::test(start_paused = true)]
async fn it_outlives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("runs.redb");
    let bank = Bank::default();
    for stage in STAGES {
        bank.fails(stage, 2);
    }
    for (at, stage) in STAGES.into_iter().enumerate() {
        {
            let store: Arc<dyn Store> = Arc::new(RedbStore::open(&file).unwrap());
            let runner = open(&store, &bank).await;
            let run = if at == 0 {
                transfer(&runner).await
            } else {
                runner.get("t-1").await.unwrap().unwrap()
            };
            if at > 0 {
                let info = run.info().await.unwrap();
                assert_eq!(info.status, Status::Paused, "{stage}");
                assert!(info.failure.is_some());
                runner.resume("t-1").await.unwrap();
            }
            until(async || bank.calls(stage).0.len() == 2).await;
            is_paused(&run).await;
            runner.shut_down(Duration::from_secs(1)).await;
        }
    }
    let store: Arc<dyn Store> = Arc::new(RedbStore::open(&file).unwrap());
    let runner = open(&store, &bank).await;
    assert_eq!(runner.resume_all().await.unwrap(), 1);
    let run = runner.get("t-1").await.unwrap().unwrap();
    assert!(run.end().await.is_ok());
    drop((runner, run));
}

mod ways {
    use super::*;

    workflow! {
        #[durable(version = 1)]
        #[derive(Debug, Clone, PartialEq)]
        pub(crate) workflow Trial {
            start Begun { way: u8 };
            start Slow;
            done Over;
            step attempt: Begun -> Over with timeout(1m), else pause;
            step linger: Slow -> Over with deadline(3m), else pause;
        }
    }

    #[derive(Clone)]
    pub(crate) struct Court;

    impl TrialSteps for Court {
        type Error = String;

        async fn attempt(&self, at: Begun, _: &Step<Attempt>) -> Result<Attempt, String> {
            match at.way {
                0 => Err("no".to_owned()),
                1 => panic!("out of order"),
                _ => std::future::pending().await,
            }
        }

        async fn linger(&self, _: Slow, _: &Step<Linger>) -> Result<Linger, String> {
            std::future::pending().await
        }
    }
}

/// The causes for which a `catch` would be asked.
#[tokio::test(start_paused = true)]
async fn an_error_a_panic_a_timeout_and_a_deadline_pause_a_run() {
    use ways::*;

    let runner = Runner::<Trial>::builder(Court).clock(Clock::tokio());
    let runner = runner.store(MemoryStore::new()).launch().await.unwrap();
    let kinds = [
        FailureKind::Handler,
        FailureKind::Panic,
        FailureKind::Timeout,
    ];
    for (way, kind) in (0..).zip(kinds) {
        let id = format!("r-{way}");
        let run = runner.start(&*id, (), Begun { way }).await.unwrap();
        is_paused(&run).await;
        let failure = run.info().await.unwrap().failure;
        assert_eq!(failure.unwrap().kind, kind);
    }
    let run = runner.start("slow", (), Slow).await.unwrap();
    is_paused(&run).await;
    let failure = run.info().await.unwrap().failure;
    assert_eq!(failure.unwrap().kind, FailureKind::Deadline);
}

/// A cancellation is no failure of the visit.
#[tokio::test(start_paused = true)]
async fn what_is_cancelled_meanwhile_is_not_paused() {
    let bank = Bank::default();
    let runner = open(&memory(), &bank).await;
    bank.fails("charge", 9);
    let run = transfer(&runner).await;
    until(async || bank.calls("charge").0.len() == 1).await;
    runner.cancel("t-1").await.unwrap();
    assert!(matches!(run.end().await, Err(EndError::Failed(_))));
    assert_eq!(run.info().await.unwrap().status, Status::Cancelled);
}

/// Nobody could resume it there.
#[tokio::test(start_paused = true)]
async fn in_memory_the_run_fails() {
    let bank = Bank::default();
    bank.fails("charge", 2);
    let ended = Transfer::start(Begun).run(&bank).await;
    assert!(ended.is_err());
    assert_eq!(bank.calls("free").0, [1]);
}
