//! The circuit breaker, alone and before a step.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use stateway::prelude::*;
use stateway::{BreakerState, Refused};
use tokio::time::{advance, sleep};

const SECOND: Duration = Duration::from_secs(1);

fn breaker() -> Breaker {
    Breaker::new("bank").failures(3).cool_down(30 * SECOND)
}

fn fail(breaker: &Breaker, times: u32) {
    for _ in 0..times {
        breaker.acquire().expect("it is not open").failure();
    }
}

fn succeed(breaker: &Breaker) {
    breaker.acquire().expect("it is not open").success();
}

fn open_for(breaker: &Breaker) -> Duration {
    breaker.acquire().expect_err("it is open").retry_in
}

#[tokio::test(start_paused = true)]
async fn it_opens_after_so_many_failures_in_a_row_and_says_for_how_long() {
    let breaker = breaker();
    fail(&breaker, 2);
    assert_eq!(breaker.state(), BreakerState::Closed);
    fail(&breaker, 1);
    assert_eq!(open_for(&breaker), 30 * SECOND);
    advance(10 * SECOND).await;
    assert_eq!(open_for(&breaker), 20 * SECOND);
    let retry_in = 20 * SECOND;
    assert_eq!(breaker.state(), BreakerState::Open { retry_in });
}

#[tokio::test(start_paused = true)]
async fn a_success_between_failures_keeps_it_closed() {
    let breaker = breaker();
    fail(&breaker, 2);
    succeed(&breaker);
    fail(&breaker, 2);
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn it_opens_at_a_failure_rate_of_enough_calls() {
    let breaker = Breaker::new("bank")
        .failures(100)
        .failure_rate(0.5, 4, 10 * SECOND);
    for _ in 0..3 {
        succeed(&breaker);
        fail(&breaker, 1);
        if breaker.state() != BreakerState::Closed {
            break;
        }
    }
    // Two of four.
    assert_eq!(open_for(&breaker), 30 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_is_older_than_the_window_does_not_count() {
    let breaker = Breaker::new("bank")
        .failures(100)
        .failure_rate(0.5, 4, 10 * SECOND);
    fail(&breaker, 3);
    advance(11 * SECOND).await;
    for _ in 0..4 {
        succeed(&breaker);
    }
    fail(&breaker, 3);
    assert_eq!(breaker.state(), BreakerState::Closed, "3 of 7");
    fail(&breaker, 1);
    assert!(breaker.acquire().is_err(), "4 of 8");
}

#[tokio::test(start_paused = true)]
async fn too_few_calls_are_no_rate() {
    let breaker = Breaker::new("bank")
        .failures(100)
        .failure_rate(0.5, 4, 10 * SECOND);
    fail(&breaker, 3);
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn half_open_it_lets_its_probes_through_and_closes_when_they_succeed() {
    let breaker = breaker().probes(2);
    fail(&breaker, 3);
    advance(30 * SECOND).await;
    assert_eq!(breaker.state(), BreakerState::HalfOpen);
    let first = breaker.acquire().expect("a probe");
    let second = breaker.acquire().expect("a probe");
    assert_eq!(open_for(&breaker), Duration::ZERO);
    first.success();
    assert_eq!(
        open_for(&breaker),
        Duration::ZERO,
        "one probe is enough of two to fail"
    );
    second.success();
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_fails_opens_it_again() {
    let breaker = breaker().probes(2);
    fail(&breaker, 3);
    advance(31 * SECOND).await;
    let first = breaker.acquire().expect("a probe");
    fail(&breaker, 1);
    assert_eq!(open_for(&breaker), 30 * SECOND);
    // The other probe belongs to the time before.
    first.success();
    assert_eq!(open_for(&breaker), 30 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_permit_that_is_dropped_is_a_failure() {
    let breaker = breaker();
    for _ in 0..3 {
        drop(breaker.acquire());
    }
    assert_eq!(open_for(&breaker), 30 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_permit_of_an_earlier_state_is_void() {
    let breaker = breaker();
    let slow = breaker.acquire().expect("it is closed");
    let slower = breaker.acquire().expect("it is closed");
    fail(&breaker, 3);
    advance(30 * SECOND).await;
    let probe = breaker.acquire().expect("a probe");
    slow.success();
    assert_eq!(
        breaker.state(),
        BreakerState::HalfOpen,
        "no probe has succeeded"
    );
    probe.success();
    fail(&breaker, 2);
    slower.failure();
    assert_eq!(
        breaker.state(),
        BreakerState::Closed,
        "two in a row, not three"
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_counts_as_it_ends_and_one_that_is_dropped_as_a_failure() {
    let breaker = breaker();
    let error = breaker.call(async { Err::<(), _>("no") }).await;
    assert_eq!(error, Err(Refused::Failed("no")));
    assert_eq!(breaker.call(async { Ok::<_, ()>(7) }).await, Ok(7));
    for _ in 0..3 {
        let hangs = breaker.call(std::future::pending::<Result<(), ()>>());
        assert!(tokio::time::timeout(SECOND, hangs).await.is_err());
    }
    let refused = breaker.call(async { Ok::<_, ()>(7) }).await;
    let error = refused.expect_err("it is open");
    assert_eq!(error.to_string(), "breaker `bank` is open for another 30s");
}

#[test]
fn a_cool_down_that_no_clock_holds_is_for_ever() {
    let breaker = Breaker::new("bank").failures(1).cool_down(Duration::MAX);
    fail(&breaker, 1);
    assert!(open_for(&breaker) > 365 * 24 * 3600 * SECOND);
}

workflow! {
    #[derive(Debug, Clone, PartialEq)]
    workflow Payment {
        start Due;
        done Paid;
        step pay: Due -> Paid with breaker(bank);
    }
}

mod patient {
    stateway::workflow! {
        #[derive(Debug, Clone, PartialEq)]
        pub workflow Patient {
            start Due;
            done Paid;
            step pay: Due -> Paid with breaker(bank), retry(4, every 1s), timeout(5s);
        }
    }
}

struct Till {
    bank: Breaker,
    /// So many calls fail.
    down: AtomicU32,
    hangs: bool,
    /// True if the calls fail because the request is wrong.
    wrong: bool,
    calls: AtomicU32,
}

impl Till {
    fn new(down: u32) -> Self {
        Till {
            bank: breaker(),
            down: AtomicU32::new(down),
            hangs: false,
            wrong: false,
            calls: AtomicU32::new(0),
        }
    }

    async fn call(&self) -> Result<(), &'static str> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        if self.hangs {
            std::future::pending::<()>().await;
        }
        let left = |down: u32| down.checked_sub(1);
        let down = self
            .down
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, left);
        down.map_or(Ok(()), |_| Err("down"))
    }
}

impl PaymentSteps for Till {
    type Error = &'static str;

    async fn pay(&self, _: Due, step: &Step<Pay>) -> Result<Pay, &'static str> {
        self.call().await?;
        Ok(step.to(Paid))
    }

    fn bank(&self) -> &Breaker {
        &self.bank
    }

    fn retryable(&self, _: &&'static str) -> bool {
        !self.wrong
    }
}

impl patient::PatientSteps for Till {
    type Error = &'static str;

    async fn pay(
        &self,
        _: patient::Due,
        step: &Step<patient::Pay>,
    ) -> Result<patient::Pay, &'static str> {
        self.call().await?;
        Ok(step.to(patient::Paid))
    }

    fn bank(&self) -> &Breaker {
        &self.bank
    }
}

#[tokio::test(start_paused = true)]
async fn an_open_breaker_ends_a_step_without_retry_at_once_and_says_when_to_try_again() {
    let till = Till::new(3);
    for _ in 0..3 {
        let error = Payment::start(Due).run(&till).await.expect_err("down");
        assert_eq!(error.cause(), &Cause::Handler("down"));
    }
    advance(10 * SECOND).await;
    let error = Payment::start(Due).run(&till).await.expect_err("open");
    let retry_in = 20 * SECOND;
    let (breaker, last) = ("bank", None);
    assert_eq!(
        error.cause(),
        &Cause::BreakerOpen {
            breaker,
            retry_in,
            last
        }
    );
    assert_eq!(error.attempts(), 0);
    assert_eq!(
        error.to_string(),
        "step `pay` was not called in state `Due` of `Payment`: breaker `bank` is open for another 20s"
    );
    assert_eq!(till.calls.load(Ordering::Relaxed), 3);
}

#[tokio::test(start_paused = true)]
async fn a_step_with_retry_waits_for_an_open_breaker() {
    let till = Till::new(3);
    let began = tokio::time::Instant::now();
    let end = patient::Patient::start(patient::Due).run(&till).await;
    // Three calls with a second between, then the breaker opens: a second, its refusal would be the
    // fourth attempt.
    let error = end.expect_err("the refusal was the last attempt");
    let retry_in = 29 * SECOND;
    let (breaker, last) = ("bank", Some("down"));
    assert_eq!(
        error.cause(),
        &Cause::BreakerOpen {
            breaker,
            retry_in,
            last
        }
    );
    assert_eq!((error.attempts(), began.elapsed()), (3, 3 * SECOND));

    // Another run comes with all its attempts, and has to spend one for the wait.
    let began = tokio::time::Instant::now();
    let end = patient::Patient::start(patient::Due).run(&till).await;
    assert!(end.is_ok());
    assert_eq!(began.elapsed(), 29 * SECOND);
    assert_eq!(till.bank.state(), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn an_error_that_is_not_retryable_is_an_answer_and_no_failure() {
    let till = Till {
        wrong: true,
        ..Till::new(9)
    };
    for _ in 0..9 {
        let error = Payment::start(Due).run(&till).await.expect_err("wrong");
        assert_eq!(error.cause(), &Cause::Handler("down"));
    }
    assert_eq!(till.bank.state(), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_counts_as_a_failure() {
    let till = Till {
        hangs: true,
        ..Till::new(0)
    };
    let end = patient::Patient::start(patient::Due).run(&till).await;
    assert!(end.is_err());
    assert_eq!(till.calls.load(Ordering::Relaxed), 3);
    assert!(till.bank.acquire().is_err());
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_dropped_counts_as_a_failure() {
    let till = Till {
        hangs: true,
        ..Till::new(0)
    };
    for _ in 0..3 {
        let run = Payment::start(Due).run(&till);
        assert!(tokio::time::timeout(SECOND, run).await.is_err());
    }
    sleep(SECOND).await;
    assert_eq!(open_for(&till.bank), 29 * SECOND);
}
