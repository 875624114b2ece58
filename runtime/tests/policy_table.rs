//! What happens when something fails, what is tried again, what is undone and what the caller
//! sees: the table of the documentation, line by line.

mod support;

use std::time::Duration;

use stateway::Scope;
use stateway::prelude::*;
use support::{Act, Desk, Oops};
use tokio::time::Instant;

workflow! {
    #[derive(Debug, Clone, PartialEq)]
    workflow Order {
        start Placed;
        state Reserved { hold: u32 };
        state Charged { payment: u32 };
        done Shipped;
        failed Rejected;

        step reserve: Placed -> Reserved
            with undo(release);
        step charge: Reserved -> Charged | Rejected
            with retry(3, every 1s), timeout(10s), deadline(20s), undo(refund);
        step ship: Charged -> Shipped | Rejected;
    }
}

impl OrderSteps for Desk {
    type Error = Oops;

    async fn reserve(&self, _: Placed, step: &Step<Reserve>) -> Result<Reserve, Oops> {
        self.act("reserve").await?;
        Ok(step.to(Reserved { hold: 7 }))
    }

    async fn release(&self, reserved: Reserved, _: &Undo<Reserve>) -> Result<(), Oops> {
        assert_eq!(reserved.hold, 7);
        self.act("release").await
    }

    async fn charge(&self, _: Reserved, step: &Step<Charge>) -> Result<Charge, Oops> {
        self.act("charge").await?;
        Ok(if self.rejects("charge") {
            step.to(Rejected)
        } else {
            step.to(Charged { payment: 9 })
        })
    }

    async fn refund(&self, charged: Charged, _: &Undo<Charge>) -> Result<(), Oops> {
        assert_eq!(charged.payment, 9);
        self.act("refund").await
    }

    async fn ship(&self, _: Charged, step: &Step<Ship>) -> Result<Ship, Oops> {
        self.act("ship").await?;
        Ok(if self.rejects("ship") {
            step.to(Rejected)
        } else {
            step.to(Shipped)
        })
    }

    fn retryable(&self, error: &Oops) -> bool {
        *error != Oops::Final
    }

    fn retry_after(&self, error: &Oops) -> Option<Duration> {
        match error {
            Oops::Busy { seconds } => Some(Duration::from_secs(*seconds)),
            _ => None,
        }
    }
}

type Outcome = Result<OrderEnd, RunError<Oops>>;

async fn run(desk: &Desk) -> Outcome {
    Order::start(Placed).run(desk).await
}

/// Checks where a run failed, why, and after how many attempts.
#[track_caller]
fn assert_failed(
    outcome: Outcome,
    state: &str,
    transition: Option<&str>,
    attempts: u32,
    cause: &Cause<Oops>,
) -> RunError<Oops> {
    let error = outcome.expect_err("the run fails");
    assert_eq!(error.cause(), cause);
    assert_eq!(
        (error.state(), error.transition(), error.attempts()),
        (state, transition, attempts)
    );
    error
}

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
    assert_eq!(error.rollback().to_string(), "undone: charge, reserve");
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
        "step `ship` failed in state `Charged` of `Order` (undone: reserve; not undone: charge)"
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
        "the run ended in the failed state `Rejected` of `Order` and could not be undone as a whole (undone: charge; not undone: reserve)"
    );
    let source = std::error::Error::source(&error).expect("the undo that failed");
    assert_eq!(source.to_string(), "undo `release` of `reserve` failed");
    let source = source.source().expect("what it failed with");
    assert_eq!(source.to_string(), "the other side is down");
    assert_eq!(error.into_end(), Some(OrderEnd::Rejected(Rejected)));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_cancelled_before_it_begins_calls_nothing() {
    let desk = Desk::new();
    let token = CancellationToken::new();
    token.cancel();
    let run = Order::start(Placed).run(&desk).cancelled_by(token);
    let cause = Cause::Cancelled { last: None };
    let error = assert_failed(run.await, "Placed", None, 0, &cause);
    assert!(desk.calls().is_empty());
    assert_eq!(error.rollback().to_string(), "nothing to undo");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_cancelled_in_a_handler_stops_at_the_next_boundary_and_rolls_back() {
    let desk = Desk::new().then("charge", Act::Cancel);
    let token = desk.token.clone();
    let run = Order::start(Placed).run(&desk).cancelled_by(token);
    let cause = Cause::Cancelled { last: None };
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
        &Cause::Cancelled { last },
    );
    assert_eq!(desk.calls(), ["reserve", "charge", "release"]);
}

#[tokio::test(start_paused = true)]
async fn the_error_of_a_step_without_policies_is_kept_when_the_run_is_cancelled() {
    let desk = Desk::new().then("ship", Act::CancelAndFail(Oops::Down));
    let token = desk.token.clone();
    let run = Order::start(Placed).run(&desk).cancelled_by(token);
    let last = Some(Oops::Down);
    let cause = Cause::Cancelled { last };
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
    let cause = Cause::Cancelled { last };
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
    assert_eq!(error.rollback().to_string(), "left as it is: reserve");
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
async fn a_delay_that_no_clock_holds_passes_the_deadline_and_keeps_the_error() {
    let asked = Oops::Busy { seconds: u64::MAX };
    let desk = Desk::new().then("charge", Act::Fail(asked));
    let cause = Cause::Deadline {
        limit: Duration::from_secs(20),
        scope: Scope::Transition,
        last: Some(asked),
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
        "undone: charge; left as it is: reserve"
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

#[test]
fn the_policies_are_data_in_the_graph() {
    let charge = &Order::GRAPH.transitions[1];
    let retry = charge.policy.retry.expect("it has a retry");
    assert_eq!((retry.attempts, retry.jitter), (3, false));
    assert_eq!(
        (retry.first, retry.cap),
        (Duration::from_secs(1), Duration::from_secs(1))
    );
    assert_eq!(charge.policy.timeout, Some(Duration::from_secs(10)));
    assert_eq!(charge.policy.deadline, Some(Duration::from_secs(20)));
    let undo = charge.policy.undo[0];
    assert_eq!(Order::GRAPH.states[undo.target].name, "Charged");
    assert_eq!(undo.handler, "refund");
    assert_eq!(Order::GRAPH.transitions[2].policy, stateway::Policy::NONE);
}
