//! Signals on their way to a stored run: which are kept, which are refused, and which are known.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use stateway::store::{Status, Store as _};
use stateway::{Clock, SignalError};
use tokio::time::sleep;

use super::claim::*;

#[tokio::test(start_paused = true)]
async fn a_message_with_the_same_id_is_the_same_message() {
    for store in stores() {
        let office = Arc::new(Office::default());
        let runner = launch(&store, &office).await;
        let run = runner
            .start("c-1", ClaimInput { amount: 7 }, Draft)
            .await
            .unwrap();
        for is_new in [true, false, false] {
            let sent = run.submit(MINUTE).message_id("m-1").await.unwrap();
            assert_eq!(sent.is_new, is_new);
        }
        sleep(MINUTE / 2).await;
        // Also when no state takes it any more; another one is refused.
        let sent = run.submit(MINUTE).message_id("m-1").await.unwrap();
        assert!(!sent.is_new);
        let other = run.submit(MINUTE).message_id("m-2").await;
        assert!(
            matches!(&other, Err(SignalError::NeverAccepted { state, .. }) if state == "Submitted"),
            "{other:?}"
        );
        assert_eq!(office.said().len(), 1);
        assert_eq!(states(&runner).await.len(), 1);
        runner.shut_down(MINUTE).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_signal_that_no_state_takes_yet_waits_for_one_that_does() {
    for store in stores() {
        let office = Arc::new(Office::default());
        let runner = launch(&store, &office).await;
        let run = runner
            .start("c-1", ClaimInput { amount: 7 }, Draft)
            .await
            .unwrap();
        run.reject().await.unwrap();
        let now = run.reject().if_accepted_now().await;
        assert!(
            matches!(&now, Err(SignalError::NotAcceptedNow { state, .. }) if state == "Draft"),
            "{now:?}"
        );
        sleep(MINUTE).await;
        assert_eq!(run.info().await.unwrap().state, "Draft");
        run.submit(MINUTE).if_accepted_now().await.unwrap();
        assert_eq!(run.end().await.unwrap(), ClaimEnd::Rejected(Rejected));
        let late = run.reject().await;
        assert!(matches!(late, Err(SignalError::Ended { .. })), "{late:?}");
        runner.shut_down(MINUTE).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_payload_that_does_not_decode_parks_the_run_and_loses_nothing() {
    for store in stores() {
        let office = Arc::new(Office::default());
        let runner = launch(&store, &office).await;
        let run = runner
            .start("c-1", ClaimInput { amount: 7 }, Draft)
            .await
            .unwrap();
        let message = stateway::store::Message {
            run: run.id().clone(),
            id: "m-1".into(),
            signal: "submit".into(),
            payload: b"\"soon\"".into(),
            at: Clock::tokio().now(),
        };
        store.send(message.into()).await.unwrap();
        runner.shut_down(MINUTE).await;
        let runner = launch(&store, &office).await;
        let run = runner.get("c-1").await.unwrap().unwrap();
        let error = run.end().await.unwrap_err().to_string();
        assert!(
            error.contains("message `m-1` of signal `submit` does not decode"),
            "{error}"
        );
        assert_eq!(run.info().await.unwrap().status, Status::Parked);
        runner.shut_down(MINUTE).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_signal_by_its_name_is_checked_before_it_is_stored() {
    for store in stores() {
        let office = Arc::new(Office::default());
        let runner = launch(&store, &office).await;
        let input = ClaimInput { amount: 7 };
        let run = runner.start("c-1", input, Draft).await.unwrap();
        let refused = async |id: &str, signal: &str, json: &str| {
            let sent = runner.signal_json(id, signal, json).await;
            sent.unwrap_err().to_string()
        };
        let patience = r#"{"secs": 600, "nanos": 0}"#;
        assert_eq!(
            refused("c-2", "submit", patience).await,
            "there is no run `c-2` in the store"
        );
        assert_eq!(
            refused("c-1", "pay", "null").await,
            "there is no signal `pay`: there are `submit`, `approve`, `reject`"
        );
        assert!(refused("", "submit", "null").await.contains("id"));
        let wrong = refused("c-1", "submit", r#"{"secs": "4111-1111"}"#).await;
        assert!(
            wrong.starts_with("signal `submit` cannot carry this: "),
            "{wrong}"
        );
        assert!(!wrong.contains("4111"), "{wrong}");
        assert!(refused("c-1", "reject", "7").await.contains("cannot carry"));
        let early = runner
            .signal_json("c-1", "reject", "")
            .if_accepted_now()
            .await;
        assert!(matches!(early, Err(SignalError::NotAcceptedNow { .. })));

        let sent = runner.signal_json("c-1", "submit", patience);
        assert!(sent.message_id("m-1").await.unwrap().is_new);
        assert!(!run.submit(MINUTE).message_id("m-1").await.unwrap().is_new);
        let approval = r#"{"by": "Ada"}"#;
        runner
            .signal_json("c-1", "approve", approval)
            .await
            .unwrap();
        assert!(matches!(run.end().await, Ok(ClaimEnd::Approved(_))));
        runner.shut_down(MINUTE).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_handle_of_a_run_that_was_replaced_signals_nobody() {
    for store in stores() {
        let office = Arc::new(Office::default());
        let runner = launch(&store, &office).await;
        let input = || ClaimInput { amount: 7 };
        let before = runner.start("c-1", input(), Draft).await.unwrap();
        runner.terminate("c-1").await.unwrap();
        assert!(before.end().await.is_err());
        let run = runner.start("c-1", input(), Draft).again().await.unwrap();
        let sent = before.submit(MINUTE).message_id("m-1").await;
        assert!(
            matches!(sent, Err(SignalError::NotFound { .. })),
            "{sent:?}"
        );
        assert!(run.submit(MINUTE).message_id("m-1").await.unwrap().is_new);
        runner.shut_down(MINUTE).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_rolled_back_takes_no_signal() {
    for store in stores() {
        let office = Arc::new(Office::default());
        office.failures.store(9, Ordering::Relaxed);
        let runner = launch(&store, &office).await;
        let run = runner
            .start("c-1", ClaimInput { amount: 7 }, Draft)
            .await
            .unwrap();
        run.submit(MINUTE * 9).await.unwrap();
        run.approve(approval()).await.unwrap();
        // `withdraw` takes a while.
        while run.info().await.unwrap().status != Status::RollingBack {
            sleep(Duration::from_millis(100)).await;
        }
        let sent = run.reject().await;
        assert!(
            matches!(sent, Err(SignalError::NeverAccepted { .. })),
            "{sent:?}"
        );
        let sent = run.reject().if_accepted_now().await;
        assert!(
            matches!(sent, Err(SignalError::NotAcceptedNow { .. })),
            "{sent:?}"
        );
        assert!(run.end().await.is_err());
        runner.shut_down(MINUTE).await;
    }
}
