//! A signal that interrupts a step: it is applied once, under one key, and the step is not recorded.

use std::sync::Arc;
use std::time::Duration;

use stateway::prelude::*;
use stateway::store::{Event, Store as _};
use stateway::testing::Crashes;
use stateway::{Clock, SignalError, StartError};
use tokio::time::sleep;

use super::at_each_operation;
use crate::wait::loan::*;

/// Takes a run from where it is to its end: it starts it and sends its signals, again if they may have been sent.
async fn go(crashes: Crashes, office: Arc<Office>) -> LoanEnd {
    let runner = Runner::<Loan>::shared(office).store(crashes);
    let runner = runner.clock(Clock::tokio()).max_crashes(100).launch();
    let runner = runner.await.expect("the store is there");
    let run = loop {
        match runner.start("l-1", (), Asked { amount: 7 }).await {
            Ok(run) => break run,
            Err(error) => assert!(matches!(error, StartError::Store(_)), "{error}"),
        }
    };
    // The step is under way.
    sleep(Duration::from_secs(1)).await;
    for (id, amount) in [("m-1", 8), ("m-2", 9)] {
        while let Err(error) = run.change(amount).message_id(id).await {
            assert!(matches!(error, SignalError::Store(_)), "{error}");
        }
    }
    sleep(Duration::from_secs(1)).await;
    while let Err(error) = run.abort("try again".into()).message_id("m-3").await {
        assert!(matches!(error, SignalError::Store(_)), "{error}");
    }
    run.end().await.expect("nothing of it fails")
}

#[tokio::test(start_paused = true)]
async fn a_signal_interrupts_once_whatever_crashes() {
    let operations = at_each_operation(go, async |ended, office: Arc<Office>, store: Crashes| {
        assert!(matches!(ended, LoanEnd::Aborted(_)), "{ended:?}");
        let rows = store
            .history(&"l-1".parse().unwrap(), 0, 1_000)
            .await
            .unwrap();
        let taken = rows.iter().filter_map(|row| match &row.event {
            Event::Transition {
                transition,
                message,
                ..
            } => Some((&**transition, message.as_deref())),
            _ => None,
        });
        let expected = [
            ("open", None),
            ("change", Some("m-1")),
            ("change", Some("m-2")),
            ("abort", Some("m-3")),
        ];
        assert_eq!(taken.collect::<Vec<_>>(), expected);
        // A handler may be called again, with the same key; and so may a step, before it is interrupted.
        let allowed = [
            "check 2",
            "check 2 dropped",
            "change 2/signal/change",
            "check 3",
            "check 3 dropped",
            "change 3/signal/change",
            "check 4",
            "check 4 dropped",
            "abort 9 4/signal/abort",
        ];
        let said = office.said();
        let wrong = said.iter().find(|it| !allowed.contains(&it.as_str()));
        assert_eq!(wrong, None, "{said:?}");
    })
    .await;
    assert!(operations > 30, "{operations}");
}
