//! A crash at every operation of the store, while runs are paused and resumed: the promise holds.

use std::sync::Arc;
use std::time::Duration;

use stateway::store::{Event, Status, Store};
use stateway::testing::{Crash, Crashes};
use stateway::{MemoryStore, StoreError};
use tokio::time::sleep;

use crate::support::bank::*;

/// Resumes the run whenever it is paused, as an operator does, until it has ended.
async fn resume_until_it_ends(store: Arc<dyn Store>, bank: &Bank, pauses: bool) -> TransferEnd {
    let runner = open(&store, bank).await;
    let run = loop {
        // A caller that gets no answer asks again.
        if let Ok(run) = runner.start("t-1", (), Begun).await {
            break run;
        }
    };
    while let Err(error) = run.approve(7).message_id("m-1").await {
        if matches!(error, stateway::SignalError::Ended { .. }) {
            break;
        }
        sleep(Duration::from_millis(10)).await;
    }
    loop {
        sleep(Duration::from_secs(5)).await;
        let Ok(info) = run.info().await else { continue };
        if info.status.is_ended() {
            return run.end().await.expect("it has ended well");
        }
        let answer = if info.status == Status::Paused {
            runner.resume("t-1").await
        } else if pauses && info.visit.is_multiple_of(2) {
            runner.pause("t-1").await
        } else {
            Ok(())
        };
        match answer {
            // It has moved on, or nobody answers: whoever asks looks again.
            Ok(())
            | Err(
                StoreError::Ended { .. }
                | StoreError::NotPaused { .. }
                | StoreError::Unavailable { .. },
            ) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

/// Takes a transfer through each crash at each operation.
async fn check(fails: u32, pauses: bool) -> u64 {
    let mut operations = 0;
    for crash in Crash::ALL {
        for n in 1.. {
            let bank = Bank::default();
            for stage in STAGES {
                bank.fails(stage, fails);
            }
            let crashes = Crashes::new(MemoryStore::new()).at(n, crash);
            let first = tokio::select! {
                ended = resume_until_it_ends(Arc::new(crashes.clone()), &bank, pauses) => Some(ended),
                () = crashes.crashed() => None,
            };
            let whole = crashes.restarted();
            let ended = match first {
                Some(ended) => ended,
                None => resume_until_it_ends(Arc::new(whole.clone()), &bank, pauses).await,
            };
            assert_eq!(
                ended,
                TransferEnd::Settled(Settled { by: 7 }),
                "{crash:?} at {n}"
            );
            check_history(&whole, &bank, &format!("{crash:?} at {n}")).await;
            if crashes.operations() < n {
                operations += n - 1;
                break;
            }
        }
    }
    operations
}

/// Each transition was recorded once, every handler was called under the key of one visit, and the numbers have no gap.
async fn check_history(store: &Crashes, bank: &Bank, when: &str) {
    let run = "t-1".parse().unwrap();
    let history = store.history(&run, 0, 1_000).await.unwrap();
    let numbers: Vec<_> = history.iter().map(|row| row.number).collect();
    assert_eq!(
        numbers,
        (0..numbers.len() as u64).collect::<Vec<_>>(),
        "{when}"
    );
    let visits = history.iter().filter_map(|row| match row.event {
        Event::Transition { visit, .. } => Some(visit),
        _ => None,
    });
    assert_eq!(visits.collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6], "{when}");
    for stage in ["charge", "approve", "send", "settle"] {
        let (_, mut keys) = bank.calls(stage);
        keys.dedup();
        assert_eq!(keys.len(), 1, "{when}: {stage} has one visit");
    }
    // A pause is followed by whoever resumed it.
    let paused = history.windows(2).filter(|it| it[0].event == Event::Paused);
    for rows in paused {
        let next = &rows[1].event;
        assert!(
            matches!(next, Event::Resumed | Event::PauseAsked),
            "{when}: {next:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_attempts_fail_is_paused_and_resumed_whatever_crashes() {
    let operations = check(3, false).await;
    assert!(operations > 100, "{operations}");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_paused_again_and_again_arrives_whatever_crashes() {
    let operations = check(1, true).await;
    assert!(operations > 100, "{operations}");
}
