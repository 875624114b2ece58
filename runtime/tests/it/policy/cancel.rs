//! Runs that are cancelled, terminated or dropped: those lines of the table.

use std::time::Duration;

use stateway::prelude::*;
use tokio::time::Instant;

use crate::support::desk::{Act, Desk, Oops};
use crate::support::order::{Order, OrderEnd, Placed, Shipped, assert_failed, run};

#[tokio::test(start_paused = true)]
async fn a_run_that_is_cancelled_before_it_begins_calls_nothing() {
    let desk = Desk::new();
    let token = CancellationToken::new();
    token.cancel();
    let run = Order::start(Placed).run(&desk).cancelled_by(token);
    let cause = Cause::Cancelled {
        last: None,
        join: None,
    };
    let error = assert_failed(run.await, "Placed", None, 0, &cause);
    assert!(desk.calls().is_empty());
    assert_eq!(error.rollback().to_string(), "nothing to undo");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_cancelled_in_a_handler_stops_at_the_next_boundary_and_rolls_back() {
    let desk = Desk::new().then("charge", Act::Cancel);
    let token = desk.token.clone();
    let run = Order::start(Placed).run(&desk).cancelled_by(token);
    let cause = Cause::Cancelled {
        last: None,
        join: None,
    };
    assert_failed(run.await, "Charged", None, 0, &cause);
    assert_eq!(desk.calls(), ["reserve", "charge", "refund", "release"]);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_returns_early_when_cancelled_is_not_tried_again() {
    let desk = Desk::new().then("charge", Act::CancelAndFail(Oops::Down));
    let token = desk.token.clone();
    let run = Order::start(Placed).run(&desk).cancelled_by(token);
    let last = Some(Oops::Down);
    assert_failed(
        run.await,
        "Reserved",
        Some("charge"),
        1,
        &Cause::Cancelled { last, join: None },
    );
    assert_eq!(desk.calls(), ["reserve", "charge", "release"]);
}

#[tokio::test(start_paused = true)]
async fn the_error_of_a_step_without_policies_is_kept_when_the_run_is_cancelled() {
    let desk = Desk::new().then("ship", Act::CancelAndFail(Oops::Down));
    let token = desk.token.clone();
    let run = Order::start(Placed).run(&desk).cancelled_by(token);
    let last = Some(Oops::Down);
    let cause = Cause::Cancelled { last, join: None };
    assert_failed(run.await, "Charged", Some("ship"), 1, &cause);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_cancelled_between_two_attempts_does_not_wait_for_the_next() {
    let desk = Desk::new().then("charge", Act::Fail(Oops::Busy { seconds: 15 }));
    let (began, token) = (Instant::now(), desk.token.clone());
    let run = Order::start(Placed).run(&desk).cancelled_by(token);
    let cancel = async {
        tokio::time::sleep(Duration::from_secs(4)).await;
        desk.token.cancel();
    };
    let (outcome, ()) = tokio::join!(run, cancel);
    let last = Some(Oops::Busy { seconds: 15 });
    let cause = Cause::Cancelled { last, join: None };
    assert_failed(outcome, "Reserved", Some("charge"), 1, &cause);
    assert_eq!(began.elapsed(), Duration::from_secs(4));
    assert_eq!(desk.calls(), ["reserve", "charge", "release"]);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_reached_its_end_when_it_is_cancelled_has_ended() {
    let desk = Desk::new().then("ship", Act::Cancel);
    let token = desk.token.clone();
    let run = Order::start(Placed).run(&desk).cancelled_by(token);
    assert_eq!(run.await.expect("it ends"), OrderEnd::Shipped(Shipped));
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_in_a_rollback_interrupts_nothing() {
    let desk = Desk::new()
        .then("ship", Act::Fail(Oops::Down))
        .then("refund", Act::Cancel);
    let token = desk.token.clone();
    let run = Order::start(Placed).run(&desk).cancelled_by(token);
    let error = run.await.expect_err("the run fails");
    assert_eq!(error.cause(), &Cause::Handler(Oops::Down));
    assert!(error.rollback().is_complete());
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_terminated_drops_its_handler_and_undoes_nothing() {
    let desk = Desk::new().then("charge", Act::Terminate);
    let token = desk.token.clone();
    let run = Order::start(Placed).run(&desk).terminated_by(token);
    let error = assert_failed(run.await, "Reserved", Some("charge"), 1, &Cause::Terminated);
    assert_eq!(desk.calls(), ["reserve", "charge", "charge dropped"]);
    assert_eq!(error.rollback().to_string(), "left as it is: `reserve`");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_terminated_between_two_steps_calls_no_other() {
    let desk = Desk::new();
    desk.token.cancel();
    let token = desk.token.clone();
    let run = Order::start(Placed).run(&desk).terminated_by(token);
    assert_failed(run.await, "Placed", None, 0, &Cause::Terminated);
    assert!(desk.calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_termination_in_a_rollback_lets_the_running_undo_end_and_skips_the_others() {
    let desk = Desk::new()
        .then("ship", Act::Fail(Oops::Down))
        .then("refund", Act::Cancel);
    let token = desk.token.clone();
    let run = Order::start(Placed).run(&desk).terminated_by(token);
    let error = run.await.expect_err("the run fails");
    assert_eq!(error.cause(), &Cause::Handler(Oops::Down));
    assert_eq!(
        error.rollback().to_string(),
        "undone: `charge`; left as it is: `reserve`"
    );
    assert_eq!(desk.calls(), ["reserve", "charge", "ship", "refund"]);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_dropped_undoes_nothing_and_leaves_nothing_behind() {
    let desk = Desk::new().then("charge", Act::Hang);
    let run = run(&desk);
    let gone = tokio::time::timeout(Duration::from_secs(5), run).await;
    assert!(gone.is_err());
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(desk.calls(), ["reserve", "charge", "charge dropped"]);
}
