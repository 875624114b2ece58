//! Signals with answers: each is applied once, and a sender that repeats it gets the answer that was recorded.

use std::sync::Arc;

use stateway::prelude::*;
use stateway::runner::Run;
use stateway::store::{Event, Store as _};
use stateway::testing::Crashes;
use stateway::{Clock, NotApplied, SignalError, StartError};

use super::at_each_operation;
use crate::wait::basket::*;

/// Asks until the store answers.
async fn answered<T>(mut ask: impl AsyncFnMut() -> Result<T, NotApplied>) -> T {
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(NotApplied::Store(_) | NotApplied::NotSent(SignalError::Store(_))) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

/// Takes a run from where it is to its end: it starts it and sends its signals, again if they may have been sent.
async fn go(crashes: Crashes, shop: Arc<Shop>) -> BasketEnd {
    let runner = Runner::<Basket>::shared(shop).store(crashes);
    let runner = runner.clock(Clock::tokio()).max_crashes(100).launch();
    let runner = runner.await.expect("the store is there");
    let run: Run<Basket> = loop {
        match runner.start("b-1", (), Open { items: Vec::new() }).await {
            Ok(run) => break run,
            Err(error) => assert!(matches!(error, StartError::Store(_)), "{error}"),
        }
    };
    let add = async |id: &str, item: &str| {
        answered(async || run.add(item.into()).message_id(id).answered().await).await
    };
    assert_eq!(add("m-1", "cup").await, Ok(1));
    assert_eq!(add("m-2", "glass").await, Ok(2));
    assert_eq!(add("m-1", "vase").await, Ok(1), "it is the same message");
    let packed = answered(async || run.pack().message_id("m-3").answered().await).await;
    assert_eq!(packed, ["cup", "glass"]);
    let change = answered(async || run.pay(350).message_id("m-4").answered().await).await;
    assert_eq!(change, 150);
    let end = run.end().await.expect("nothing of it fails");
    let packed = answered(async || run.pack().message_id("m-3").answered().await).await;
    assert_eq!(packed, ["cup", "glass"], "also when the run has ended");
    end
}

#[tokio::test(start_paused = true)]
async fn signals_are_applied_once_and_keep_their_answers_whatever_crashes() {
    let operations = at_each_operation(go, async |ended, _, store: Crashes| {
        assert_eq!(ended, BasketEnd::Paid(Paid { cents: 200 }));
        let rows = store
            .history(&"b-1".parse().unwrap(), 0, 1_000)
            .await
            .unwrap();
        let messages = rows.iter().filter_map(|row| match &row.event {
            Event::Transition {
                message, answer, ..
            } => Some((message.as_deref(), answer.is_some())),
            _ => None,
        });
        let messages: Vec<_> = messages.collect();
        let expected = ["m-1", "m-2", "m-3", "m-4"].map(|id| (Some(id), true));
        assert_eq!(messages, expected);
    })
    .await;
    assert!(operations > 40, "{operations}");
}
