//! A deadline that leads to a state: it passes once.

use std::sync::Arc;
use std::time::Duration;

use stateway::prelude::*;
use stateway::store::{Event, Store as _};
use stateway::testing::Crashes;
use stateway::{Clock, SignalError, StartError};
use tokio::time::sleep;

use super::at_each_operation;
use crate::wait::late::*;

/// Takes a run from where it is to its end: it starts it and sends its signals, again if they may have been sent.
async fn go(crashes: Crashes, office: Arc<Office>) -> ClaimEnd {
    let runner = Runner::<Claim>::shared(office).store(crashes);
    let runner = runner.clock(Clock::tokio()).max_crashes(100).launch();
    let runner = runner.await.expect("the store is there");
    let run = loop {
        match runner.start("c-1", (), Filed { takes: 1 }).await {
            Ok(run) => break run,
            Err(error) => assert!(matches!(error, StartError::Store(_)), "{error}"),
        }
    };
    let is_early = |state: &str| ["Filed", "Checked"].contains(&state);
    while run.info().await.map_or(true, |info| is_early(&info.state)) {
        sleep(Duration::from_mins(1)).await;
    }
    while let Err(error) = run.close(1).message_id("m-1").await {
        assert!(matches!(error, SignalError::Store(_)), "{error}");
    }
    run.end().await.expect("nothing of it fails")
}

#[tokio::test(start_paused = true)]
async fn it_passes_once_whatever_crashes() {
    let operations = at_each_operation(go, async |ended, _, store: Crashes| {
        assert_eq!(ended, ClaimEnd::Closed(Closed { notes: 1 }));
        let rows = store
            .history(&"c-1".parse().unwrap(), 0, 1_000)
            .await
            .unwrap();
        let taken = rows.iter().filter_map(|row| match &row.event {
            Event::Transition { transition, .. } => Some(&**transition),
            _ => None,
        });
        assert_eq!(taken.collect::<Vec<_>>(), ["check", "deadline", "close"]);
    })
    .await;
    assert!(operations > 20, "{operations}");
}
