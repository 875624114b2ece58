//! Failures: what is tried again, what is undone and what the caller
//! sees: the table of the documentation, line by line. Cancellation has a file of its own.

use std::time::Duration;

use stateway::prelude::*;
use stateway::{Given, Jitter, Scope};
use tokio::time::Instant;

use crate::support::desk::{Act, Desk, Oops};
use crate::support::order::{
    Charged, Order, OrderEnd, Placed, Rejected, Reserved, Shipped, assert_failed, run,
};

#[tokio::test(start_paused = true)]
async fn a_run_that_goes_well_calls_each_handler_once_and_undoes_nothing() {
    let desk = Desk::new();
    assert_eq!(
        run(&desk).await.expect("it ends"),
        OrderEnd::Shipped(Shipped)
    );
    assert_eq!(desk.calls(), ["reserve", "charge", "ship"]);
}

#[tokio::test(start_paused = true)]
async fn an_error_of_a_step_without_retry_ends_the_run_and_rolls_back_in_reverse() {
    let desk = Desk::new().then("ship", Act::Fail(Oops::Down));
    let error = assert_failed(
        run(&desk).await,
        "Charged",
        Some("ship"),
        1,
        &Cause::Handler(Oops::Down),
    );
    assert_eq!(
        desk.calls(),
        ["reserve", "charge", "ship", "refund", "release"]
    );
    assert!(error.rollback().is_complete());
    assert_eq!(error.rollback().to_string(), "undone: `charge`, `reserve`");
}

#[tokio::test(start_paused = true)]
async fn an_error_is_tried_again_after_the_delay_until_an_attempt_succeeds() {
    let desk = Desk::new()
        .then("charge", Act::Fail(Oops::Down))
        .then("charge", Act::Fail(Oops::Down));
    let began = Instant::now();
    assert!(run(&desk).await.is_ok());
    assert_eq!(
        desk.calls(),
        ["reserve", "charge", "charge", "charge", "ship"]
    );
    assert_eq!(began.elapsed(), Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn the_error_of_the_last_attempt_ends_the_run() {
    let desk = Desk::new()
        .then("charge", Act::Fail(Oops::Down))
        .then("charge", Act::Fail(Oops::Down))
        .then("charge", Act::Fail(Oops::Busy { seconds: 1 }));
    assert_failed(
        run(&desk).await,
        "Reserved",
        Some("charge"),
        3,
        &Cause::Handler(Oops::Busy { seconds: 1 }),
    );
    assert_eq!(
        desk.calls(),
        ["reserve", "charge", "charge", "charge", "release"]
    );
}

#[tokio::test(start_paused = true)]
async fn an_error_that_is_not_retryable_burns_no_attempts() {
    let desk = Desk::new().then("charge", Act::Fail(Oops::Final));
    let began = Instant::now();
    assert_failed(
        run(&desk).await,
        "Reserved",
        Some("charge"),
        1,
        &Cause::Handler(Oops::Final),
    );
    assert_eq!(desk.calls(), ["reserve", "charge", "release"]);
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_delay_that_the_error_asks_for_takes_the_place_of_the_backoff() {
    let desk = Desk::new().then("charge", Act::Fail(Oops::Busy { seconds: 7 }));
    let began = Instant::now();
    assert!(run(&desk).await.is_ok());
    assert_eq!(began.elapsed(), Duration::from_secs(7));
}

#[tokio::test(start_paused = true)]
async fn a_delay_that_would_pass_the_deadline_is_not_waited_for() {
    let desk = Desk::new().then("charge", Act::Fail(Oops::Busy { seconds: 60 }));
    let began = Instant::now();
    let last = Some(Oops::Busy { seconds: 60 });
    let cause = Cause::Deadline {
        limit: Duration::from_secs(20),
        scope: Scope::Transition,
        last,
        join: None,
    };
    let error = assert_failed(run(&desk).await, "Reserved", Some("charge"), 1, &cause);
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert!(error.rollback().is_complete());
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_a_step_without_retry_ends_the_run_and_rolls_back() {
    let desk = Desk::new().then("ship", Act::Panic);
    let cause = Cause::Panic("no parcel".into());
    assert_failed(run(&desk).await, "Charged", Some("ship"), 1, &cause);
    assert_eq!(
        desk.calls(),
        ["reserve", "charge", "ship", "refund", "release"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_a_step_with_retry_is_tried_again() {
    let desk = Desk::new().then("charge", Act::Panic);
    assert!(run(&desk).await.is_ok());
    assert_eq!(desk.calls(), ["reserve", "charge", "charge", "ship"]);
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_the_last_attempt_is_the_cause() {
    let desk = Desk::new()
        .then("charge", Act::Panic)
        .then("charge", Act::Fail(Oops::Down))
        .then("charge", Act::Panic);
    let cause = Cause::Panic("no parcel".into());
    assert_failed(run(&desk).await, "Reserved", Some("charge"), 3, &cause);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_drops_the_attempt_and_tries_again() {
    let desk = Desk::new().then("charge", Act::Hang);
    let began = Instant::now();
    assert!(run(&desk).await.is_ok());
    assert_eq!(
        desk.calls(),
        ["reserve", "charge", "charge dropped", "charge", "ship"]
    );
    assert_eq!(began.elapsed(), Duration::from_secs(11));
}

#[tokio::test(start_paused = true)]
async fn a_deadline_of_a_transition_ends_it_within_an_attempt() {
    let desk = Desk::new()
        .then("charge", Act::Hang)
        .then("charge", Act::Hang);
    let began = Instant::now();
    let cause = Cause::Deadline {
        limit: Duration::from_secs(20),
        scope: Scope::Transition,
        last: None,
        join: None,
    };
    assert_failed(run(&desk).await, "Reserved", Some("charge"), 2, &cause);
    assert_eq!(began.elapsed(), Duration::from_secs(20));
    assert_eq!(
        desk.calls(),
        [
            "reserve",
            "charge",
            "charge dropped",
            "charge",
            "charge dropped",
            "release"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_failed_state_is_an_end_and_rolls_back_what_came_before() {
    let desk = Desk::new().rejecting("ship");
    assert_eq!(
        run(&desk).await.expect("it ends"),
        OrderEnd::Rejected(Rejected)
    );
    assert_eq!(
        desk.calls(),
        ["reserve", "charge", "ship", "refund", "release"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_transition_that_led_to_a_failed_state_is_not_undone_itself() {
    let desk = Desk::new().rejecting("charge");
    assert_eq!(
        run(&desk).await.expect("it ends"),
        OrderEnd::Rejected(Rejected)
    );
    assert_eq!(desk.calls(), ["reserve", "charge", "release"]);
}

#[tokio::test(start_paused = true)]
async fn an_undo_that_fails_is_reported_and_the_others_still_run() {
    let desk = Desk::new()
        .then("ship", Act::Fail(Oops::Down))
        .then("refund", Act::Fail(Oops::Final));
    let error = assert_failed(
        run(&desk).await,
        "Charged",
        Some("ship"),
        1,
        &Cause::Handler(Oops::Down),
    );
    assert_eq!(
        desk.calls(),
        ["reserve", "charge", "ship", "refund", "release"]
    );
    assert_eq!(
        error.to_string(),
        "step `ship` failed in state `Charged` of `Order`: the other side is down (undone: `reserve`; not undone: `charge`)"
    );
    let failed = error.into_rollback().failed.pop().expect("one failed");
    assert_eq!(failed.cause, Cause::Handler(Oops::Final));
    assert_eq!(
        (
            failed.entry.transition,
            failed.entry.state,
            failed.entry.handler,
            failed.attempts
        ),
        ("charge", "Charged", "refund", 1)
    );
    assert_eq!(failed.into_state(), Some(Charged { payment: 9 }));
}

#[tokio::test(start_paused = true)]
async fn an_undo_that_panics_is_reported_and_the_others_still_run() {
    let desk = Desk::new()
        .then("ship", Act::Fail(Oops::Down))
        .then("refund", Act::Panic);
    let error = run(&desk).await.expect_err("the run fails");
    let rollback = error.into_rollback();
    assert_eq!(rollback.failed[0].cause, Cause::Panic("no parcel".into()));
    assert_eq!(rollback.undone[0].transition, "reserve");
}

#[tokio::test(start_paused = true)]
async fn a_failed_state_whose_rollback_fails_is_an_error_that_holds_the_end() {
    let desk = Desk::new()
        .rejecting("ship")
        .then("release", Act::Fail(Oops::Down));
    let error = assert_failed(run(&desk).await, "Rejected", None, 0, &Cause::NotUndone);
    assert_eq!(
        error.to_string(),
        "the run ended in the failed state `Rejected` of `Order` and could not be undone completely (undone: `charge`; not undone: `reserve`)"
    );
    let source = std::error::Error::source(&error).expect("the undo that failed");
    assert_eq!(
        source.to_string(),
        "undo `release` of `reserve` failed: the other side is down"
    );
    assert_eq!(error.into_end(), Some(OrderEnd::Rejected(Rejected)));
}

#[tokio::test(start_paused = true)]
async fn a_delay_that_no_clock_holds_passes_the_deadline_and_keeps_the_error() {
    let asked = Oops::Busy { seconds: u64::MAX };
    let desk = Desk::new().then("charge", Act::Fail(asked));
    let cause = Cause::Deadline {
        limit: Duration::from_secs(20),
        scope: Scope::Transition,
        last: Some(asked),
        join: None,
    };
    assert_failed(run(&desk).await, "Reserved", Some("charge"), 1, &cause);
}

#[tokio::test(start_paused = true)]
async fn an_error_before_a_timeout_in_the_last_attempt_is_kept() {
    let desk = Desk::new()
        .then("charge", Act::Fail(Oops::Busy { seconds: 0 }))
        .then("charge", Act::Fail(Oops::Busy { seconds: 0 }))
        .then("charge", Act::Hang);
    let cause = Cause::Timeout {
        limit: Duration::from_secs(10),
        last: Some(Oops::Busy { seconds: 0 }),
    };
    assert_failed(run(&desk).await, "Reserved", Some("charge"), 3, &cause);
}

#[test]
fn the_policies_are_data_in_the_graph() {
    let charge = &Order::GRAPH.transitions[1];
    let retry = charge.policy.retry.and_then(|it| it.written());
    let retry = retry.expect("it has a retry");
    assert_eq!((retry.attempts, retry.jitter), (Some(3), Jitter::None));
    assert_eq!(
        (retry.first, retry.cap),
        (Duration::from_secs(1), Duration::from_secs(1))
    );
    let timeout = Given::Written(Duration::from_secs(10));
    assert_eq!(charge.policy.timeout, Some(timeout));
    let deadline = Given::Written(Duration::from_secs(20));
    assert_eq!(charge.policy.deadline, Some(deadline));
    let undo = charge.policy.undo[0];
    let target = undo.target.expect("it led to a state");
    assert_eq!(Order::GRAPH.states[target].name, "Charged");
    assert_eq!(undo.handler, "refund");
    assert_eq!(Order::GRAPH.transitions[2].policy, stateway::Policy::NONE);
}

#[tokio::test(start_paused = true)]
async fn a_step_that_was_made_by_hand_before_the_run_is_not_undone() {
    let desk = Desk::new().rejecting("ship");
    let reserved = Order::start(Placed).reserve(|_| Reserved { hold: 7 });
    assert_eq!(
        reserved.run(&desk).await.unwrap(),
        OrderEnd::Rejected(Rejected)
    );
    assert_eq!(desk.calls(), ["charge", "ship", "refund"]);
}
