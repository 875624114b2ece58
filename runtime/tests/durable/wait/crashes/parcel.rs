//! A poll, timers that fire again and again, and transitions that stay.

use std::collections::BTreeSet;
use std::sync::Arc;

use stateway::prelude::*;
use stateway::store::{Event, Store as _};
use stateway::testing::Crashes;
use stateway::{Clock, SignalError, StartError};

use super::at_each_operation;
use crate::wait::parcel::*;

/// Takes a run from where it is to its end: it starts it and sends its signals, again if they may have been sent.
async fn go(crashes: Crashes, depot: Arc<Depot>) -> ParcelEnd {
    let runner = Runner::<Parcel>::shared(depot).store(crashes);
    let runner = runner.clock(Clock::tokio()).max_crashes(100).launch();
    let runner = runner.await.expect("the store is there");
    let run = loop {
        match runner.start("p-1", (), Packed).await {
            Ok(run) => break run,
            Err(error) => assert!(matches!(error, StartError::Store(_)), "{error}"),
        }
    };
    while let Err(error) = run.send(MINUTE * 5).message_id("m-1").await {
        assert!(matches!(error, SignalError::Store(_)), "{error}");
    }
    loop {
        let text = "fragile".to_owned();
        match run.note(Note { text }).message_id("m-2").await {
            Ok(_) => break,
            Err(error) => assert!(matches!(error, SignalError::Store(_)), "{error}"),
        }
    }
    run.end().await.expect("nothing of it fails")
}

#[tokio::test(start_paused = true)]
async fn timers_fire_once_and_a_poll_goes_on_asking_whatever_crashes() {
    let operations = at_each_operation(go, async |ended, depot: Arc<Depot>, store: Crashes| {
        assert!(matches!(ended, ParcelEnd::Delivered(_)), "{ended:?}");
        let rows = store
            .history(&"p-1".parse().unwrap(), 0, 1_000)
            .await
            .unwrap();
        let began = rows[0].at;
        let taken = rows.iter().filter_map(|row| match &row.event {
            Event::Transition {
                transition,
                message,
                ..
            } => {
                let minute = row.at.duration_since(began).unwrap().as_secs() / 60;
                Some((transition.to_string(), minute, message.clone()))
            }
            _ => None,
        });
        let taken: Vec<_> = taken.collect();
        let of = |name: &'static str| taken.iter().filter(move |it| it.0 == name);
        assert_eq!(of("send").count(), 1);
        assert_eq!(of("note").count(), 1, "{taken:?}");
        assert_eq!(of("track").count(), 1, "{taken:?}");
        let called = of("call").count();
        assert!((1..=2).contains(&called), "{taken:?}");
        let reminded: BTreeSet<_> = of("remind").map(|it| it.1 / 10).collect();
        assert_eq!(reminded.len(), of("remind").count(), "{taken:?}");
        let askings: BTreeSet<_> = depot.said("track").into_iter().collect();
        assert!(askings.len() <= 1 + taken.len(), "{askings:?}");
    })
    .await;
    assert!(operations > 60, "{operations}");
}
