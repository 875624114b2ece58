//! The rate limiter, alone and before a step.

use std::time::Duration;

use stateway::Scope;
use stateway::prelude::*;
use tokio::time::{Instant, advance};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn it_admits_its_burst_at_once_and_the_rest_evenly() {
    let limiter = Limiter::per(10 * SECOND, 5);
    let began = Instant::now();
    for _ in 0..5 {
        limiter.acquire(1).await.expect("1 of 5");
    }
    assert_eq!(began.elapsed(), Duration::ZERO);
    for _ in 0..3 {
        limiter.acquire(1).await.expect("1 of 5");
    }
    let waited = began.elapsed();
    assert!(
        (6 * SECOND..6 * SECOND + SECOND / 100).contains(&waited),
        "{waited:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_cost_above_its_capacity_is_an_error_and_not_an_endless_wait() {
    let limiter = Limiter::per(SECOND, 100).burst(10);
    let began = Instant::now();
    let error = limiter.acquire(11).await.expect_err("10 at most");
    assert_eq!((error.cost, error.capacity), (11, 10));
    assert_eq!(
        error.to_string(),
        "a call that costs 11 is never admitted: the limiter's capacity is 10"
    );
    assert_eq!(began.elapsed(), Duration::ZERO);
    limiter.acquire(10).await.expect("nothing was taken");
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_dropped_takes_nothing() {
    let limiter = Limiter::per(SECOND, 1);
    limiter.acquire(1).await.expect("1 of 1");
    let waits = tokio::time::timeout(SECOND / 2, limiter.acquire(1));
    assert!(waits.await.is_err());
    advance(SECOND / 2).await;
    let began = Instant::now();
    limiter.acquire(1).await.expect("1 of 1");
    assert!(began.elapsed() <= SECOND / 100);
}

#[tokio::test(start_paused = true)]
async fn a_cost_of_nothing_is_always_admitted() {
    let limiter = Limiter::per(SECOND, 1);
    limiter.acquire(1).await.expect("1 of 1");
    let began = Instant::now();
    limiter.acquire(0).await.expect("nothing");
    assert_eq!(began.elapsed(), Duration::ZERO);
}

workflow! {
    #[derive(Debug, Clone, PartialEq)]
    workflow Mail {
        input { fails: u32 }
        start Written;
        done Sent;
        step send as Sending: Written -> Sent
            with limit(quota), retry(3, every 1ms), deadline(60s);
    }
}

struct Post(Limiter);

impl MailSteps for Post {
    type Error = u32;

    async fn send(&self, _: Written, step: &Step<Sending>) -> Result<Sending, u32> {
        if step.attempt() <= step.input().fails {
            return Err(step.attempt());
        }
        Ok(step.to(Sent))
    }

    fn quota(&self) -> &Limiter {
        &self.0
    }
}

fn mail(fails: u32) -> Mail<Written> {
    Mail::start(MailInput { fails }, Written)
}

#[tokio::test(start_paused = true)]
async fn each_attempt_of_a_step_waits_for_its_turn() {
    let post = Post(Limiter::per(10 * SECOND, 1));
    let began = Instant::now();
    assert!(mail(2).run(&post).await.is_ok());
    let waited = began.elapsed();
    assert!(
        (20 * SECOND..20 * SECOND + SECOND / 100).contains(&waited),
        "{waited:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn runs_share_the_limiter_of_their_context() {
    let post = Post(Limiter::per(2 * SECOND, 1));
    let began = Instant::now();
    let (a, b, c) = tokio::join!(mail(0).run(&post), mail(0).run(&post), mail(0).run(&post));
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    let waited = began.elapsed();
    assert!(
        (4 * SECOND..4 * SECOND + SECOND / 100).contains(&waited),
        "{waited:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_would_pass_the_deadline_ends_the_step_at_once() {
    let post = Post(Limiter::per(90 * SECOND, 1));
    assert!(mail(0).run(&post).await.is_ok());
    let began = Instant::now();
    let error = mail(0).run(&post).await.expect_err("90 s are too long");
    let cause = Cause::Deadline {
        limit: 60 * SECOND,
        scope: Scope::Transition,
        last: None,
        join: None,
    };
    assert_eq!(error.cause(), &cause);
    assert_eq!((error.attempts(), began.elapsed()), (0, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_cancelled_does_not_wait_for_its_turn() {
    let post = Post(Limiter::per(50 * SECOND, 1));
    assert!(mail(0).run(&post).await.is_ok());
    let (began, token) = (Instant::now(), CancellationToken::new());
    let cancel = async {
        tokio::time::sleep(SECOND).await;
        token.cancel();
    };
    let run = mail(0).run(&post).cancelled_by(token.clone());
    let (outcome, ()) = tokio::join!(run, cancel);
    let error = outcome.expect_err("it is cancelled");
    assert_eq!(
        error.cause(),
        &Cause::Cancelled {
            last: None,
            join: None
        }
    );
    assert_eq!(began.elapsed(), SECOND);
}

workflow! {
    #[derive(Debug, Clone, PartialEq)]
    workflow Call {
        start Dialled;
        done Replied;
        step dial: Dialled -> Replied with breaker(line), limit(quota);
    }
}

struct Phone {
    line: Breaker,
    quota: Limiter,
}

impl CallSteps for Phone {
    type Error = &'static str;

    async fn dial(&self, _: Dialled, _: &Step<Dial>) -> Result<Dial, &'static str> {
        Err("busy")
    }

    fn line(&self) -> &Breaker {
        &self.line
    }

    fn quota(&self) -> &Limiter {
        &self.quota
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_the_breaker_refuses_takes_nothing_from_the_limiter() {
    let phone = Phone {
        line: Breaker::new("line").failures(1),
        quota: Limiter::per(100 * SECOND, 2),
    };
    let began = Instant::now();
    for _ in 0..5 {
        assert!(Call::start(Dialled).run(&phone).await.is_err());
    }
    phone.quota.acquire(1).await.expect("one call is left");
    assert_eq!(began.elapsed(), Duration::ZERO);
}
