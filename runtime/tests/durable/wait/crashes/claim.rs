//! A run that waits, is signalled and times out: what was acknowledged is applied once, and what was not is sent again under
//! the same id.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use stateway::prelude::*;
use stateway::store::{Event, HistoryRow, Status, Store as _};
use stateway::testing::Crashes;
use stateway::{Clock, MemoryStore, SignalError, StartError};
use tokio::time::sleep;

use super::at_each_operation;
use crate::wait::claim::{
    Approval, Claim, ClaimEnd, ClaimInput, ClaimSignals as _, Draft, MINUTE, Office,
};

/// Takes a run from where it is to its end: it starts it and sends its signals, again if they may have been sent.
async fn go(crashes: &Crashes, office: &Arc<Office>, late: bool) -> ClaimEnd {
    let runner = Runner::<Claim>::shared(Arc::clone(office))
        .store(crashes.clone())
        .clock(Clock::tokio())
        .max_crashes(100)
        .launch()
        .await
        .expect("the store is there");
    let run = loop {
        match runner.start("c-1", ClaimInput { amount: 7 }, Draft).await {
            Ok(run) => break run,
            Err(error) => assert!(matches!(error, StartError::Store(_)), "{error}"),
        }
    };
    loop {
        match run.submit(MINUTE * 3).message_id("m-1").await {
            Ok(_) => break,
            Err(error) => assert!(matches!(error, SignalError::Store(_)), "{error}"),
        }
    }
    if late {
        // Its patience is over then, if it was not approved by a process that was not told.
        let waits = |state: &str| ["Draft", "Submitted"].contains(&state);
        while run.info().await.map_or(true, |info| waits(&info.state)) {
            sleep(MINUTE / 10).await;
        }
    }
    loop {
        let by = "Ada".into();
        match run.approve(Approval { by }).message_id("m-2").await {
            // It may have been applied before, by a process that was not told.
            Ok(_) | Err(SignalError::Ended { .. } | SignalError::NeverAccepted { .. }) => break,
            Err(error) => assert!(matches!(error, SignalError::Store(_)), "{error}"),
        }
    }
    run.end().await.expect("nothing of it fails")
}

/// Checks what is true of each run that was taken to its end.
fn check_history(history: &[HistoryRow], office: &Office) {
    let mut consumed: BTreeMap<String, u32> = BTreeMap::new();
    let mut taken: BTreeMap<String, u32> = BTreeMap::new();
    for row in history {
        if let Event::Transition {
            transition,
            message,
            ..
        } = &row.event
        {
            *taken.entry(transition.to_string()).or_default() += 1;
            if let Some(id) = message {
                *consumed.entry(id.clone()).or_default() += 1;
            }
        }
    }
    assert!(taken.values().all(|times| *times == 1), "{taken:?}");
    let expected = BTreeMap::from([("m-1".into(), 1), ("m-2".into(), 1)]);
    assert_eq!(consumed, expected, "each message is applied once");
    // A handler may be called again, with the same key.
    let keys: Vec<_> = office
        .said()
        .into_iter()
        .filter(|it| it.contains("c-1"))
        .collect();
    assert!(
        !keys.is_empty() && keys.iter().all(|key| *key == keys[0]),
        "{keys:?}"
    );
}

async fn check(late: bool, ends: fn(&ClaimEnd) -> bool) -> u64 {
    let go = async |crashes: Crashes, office: Arc<Office>| go(&crashes, &office, late).await;
    at_each_operation(go, async |ended, office: Arc<Office>, store: Crashes| {
        assert!(ends(&ended), "{ended:?}");
        let row = store
            .get(&"c-1".parse().unwrap())
            .await
            .unwrap()
            .unwrap()
            .row;
        assert_eq!(row.status, Status::Done);
        check_history(&store.history(&row.id, 0, 1_000).await.unwrap(), &office);
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn signals_are_applied_once_whatever_crashes() {
    let operations = check(false, |end| matches!(end, ClaimEnd::Approved(_))).await;
    assert!(operations > 30, "{operations}");
}

#[tokio::test(start_paused = true)]
async fn a_timer_fires_once_whatever_crashes() {
    // From `Escalated` the approval comes too late.
    let operations = check(true, |end| matches!(end, ClaimEnd::Rejected(_))).await;
    assert!(operations > 35, "{operations}");
}

/// A sender that is faster than the run: what is sent before anything was taken is taken in its order.
#[tokio::test(start_paused = true)]
async fn many_senders_with_repeats_are_applied_once_each() {
    let office = Arc::new(Office::default());
    let store = Arc::new(MemoryStore::new());
    let runner = Runner::<Claim>::shared(Arc::clone(&office)).clock(Clock::tokio());
    let runner = runner.store(Arc::clone(&store)).launch().await.unwrap();
    let runner = Arc::new(runner);
    let mut senders = Vec::new();
    for run in 0..40 {
        let id = format!("c-{run}");
        runner
            .start(&*id, ClaimInput { amount: run }, Draft)
            .await
            .unwrap();
        for sender in 0..3 {
            let (runner, id) = (Arc::clone(&runner), id.clone());
            senders.push(tokio::spawn(async move {
                let run = runner.get(&*id).await.unwrap().unwrap();
                sleep(Duration::from_millis(fastrand::u64(0..40))).await;
                let _ = run.submit(MINUTE).message_id("submit").await;
                sleep(Duration::from_millis(fastrand::u64(0..40))).await;
                let by = format!("sender {sender}");
                let _ = run.approve(Approval { by }).message_id("approve").await;
            }));
        }
    }
    for sender in senders {
        sender.await.unwrap();
    }
    for run in 0..40 {
        let id = format!("c-{run}");
        let run = runner.get(&*id).await.unwrap().unwrap();
        assert!(matches!(run.end().await, Ok(ClaimEnd::Approved(_))));
        let history = runner.history(&*id).await.unwrap();
        let messages = history.iter().filter_map(|row| match &row.event {
            Event::Transition { message, .. } => message.as_deref(),
            _ => None,
        });
        assert_eq!(messages.collect::<Vec<_>>(), ["submit", "approve"]);
    }
    runner.shut_down(MINUTE).await;
}
