//! The wait of a run between two attempts.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use stateway::prelude::*;
use stateway::{Cause, Jitter};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

workflow! {
    #[derive(Clone)]
    workflow Doubling {
        start Begun;
        done Over;
        step go: Begun -> Over with retry(6, backoff 100ms..500ms, no jitter);
    }
}

mod tripling {
    stateway::workflow! {
        #[derive(Clone)]
        pub workflow Tripling {
            start Begun;
            done Over;
            step go: Begun -> Over with retry(5, backoff 100ms..1h, factor 3, no jitter);
        }
    }
}

mod jittered {
    stateway::workflow! {
        #[derive(Clone)]
        pub workflow Jittered {
            start Begun;
            done Over;
            step go: Begun -> Over with retry(200, backoff 10ms..80ms);
        }
    }
}

mod scattered {
    stateway::workflow! {
        #[derive(Clone)]
        pub workflow Scattered {
            start Begun;
            done Over;
            step go: Begun -> Over with retry(200, backoff 10ms..80ms, full jitter);
        }
    }
}

mod endless {
    stateway::workflow! {
        #[derive(Clone)]
        pub workflow Endless {
            start Begun;
            done Over;
            done GaveUp;
            step go: Begun -> Over | GaveUp with retry(forever, every 3s), catch(give_up);
        }
    }
}

mod unsaid {
    stateway::workflow! {
        #[derive(Clone)]
        pub workflow Unsaid {
            start Begun;
            done Over;
            step go: Begun -> Over with retry(3);
        }
    }
}

/// Remembers when it was called, and fails always.
#[derive(Default)]
struct Clock(Mutex<Vec<Instant>>);

impl Clock {
    fn fail(&self) -> &'static str {
        let mut calls = self.0.lock().expect("no handler holds it");
        calls.push(Instant::now());
        "no"
    }

    /// The delays between the calls, in milliseconds.
    fn delays(self) -> Vec<u128> {
        let calls = self.0.into_inner().expect("no handler holds it");
        let delays = calls.windows(2).map(|pair| pair[1] - pair[0]);
        delays.map(|delay| delay.as_millis()).collect()
    }
}

macro_rules! fails {
    ($($steps:path, $begun:path, $go:path;)*) => {$(
        impl $steps for Clock {
            type Error = &'static str;

            async fn go(&self, _: $begun, _: &Step<$go>) -> Result<$go, &'static str> {
                Err(self.fail())
            }
        }
    )*};
}

fails! {
    DoublingSteps, Begun, Go;
    tripling::TriplingSteps, tripling::Begun, tripling::Go;
    jittered::JitteredSteps, jittered::Begun, jittered::Go;
    scattered::ScatteredSteps, scattered::Begun, scattered::Go;
    unsaid::UnsaidSteps, unsaid::Begun, unsaid::Go;
}

#[tokio::test(start_paused = true)]
async fn delays_double_up_to_the_cap() {
    let clock = Clock::default();
    assert!(Doubling::start(Begun).run(&clock).await.is_err());
    assert_eq!(clock.delays(), [100, 200, 400, 500, 500]);
}

#[tokio::test(start_paused = true)]
async fn delays_grow_by_the_factor() {
    let clock = Clock::default();
    let run = tripling::Tripling::start(tripling::Begun).run(&clock);
    assert!(run.await.is_err());
    assert_eq!(clock.delays(), [100, 300, 900, 2700]);
}

/// Claims that each of the last 195 delays lies between `least` and 80 ms, and that some lie in each quarter of that.
fn spread_evenly(delays: &[u128], least: u128) {
    assert_eq!(delays.len(), 199);
    // Cano's D18: a delay above the cap. A millisecond more is the grain of the timer.
    assert!(delays.iter().all(|delay| *delay <= 81), "{delays:?}");
    let delays = &delays[4..];
    assert!(delays.iter().all(|delay| *delay >= least), "{delays:?}");
    // That none of 195 is in a quarter has odds of 10^-24.
    let quarter = (80 - least) / 4;
    for begin in (least..80).step_by(usize::try_from(quarter).unwrap()) {
        let within = |delay: &u128| (begin..=begin + quarter).contains(delay);
        assert!(delays.iter().any(within), "{delays:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_delay_is_drawn_between_its_half_and_the_whole_and_never_above() {
    let clock = Clock::default();
    let run = jittered::Jittered::start(jittered::Begun).run(&clock);
    assert!(run.await.is_err());
    spread_evenly(&clock.delays(), 40);
}

#[tokio::test(start_paused = true)]
async fn with_full_jitter_it_is_drawn_between_nothing_and_the_whole() {
    let clock = Clock::default();
    let run = scattered::Scattered::start(scattered::Begun).run(&clock);
    assert!(run.await.is_err());
    spread_evenly(&clock.delays(), 0);
}

/// Fails this often; the error says what is left.
struct Busy(AtomicU32);

impl endless::EndlessSteps for Busy {
    type Error = u32;

    async fn go(&self, _: endless::Begun, step: &Step<endless::Go>) -> Result<endless::Go, u32> {
        match self.0.fetch_sub(1, Ordering::Relaxed) {
            0 => Ok(step.to(endless::Over)),
            left => Err(left),
        }
    }

    async fn give_up(
        &self,
        _: endless::Begun,
        cause: Cause<u32>,
        step: &Step<endless::Go>,
    ) -> Result<endless::Go, u32> {
        assert!(matches!(cause, Cause::Handler(13)), "{cause:?}");
        Ok(step.to(endless::GaveUp))
    }

    fn retryable(&self, left: &u32) -> bool {
        *left != 13
    }
}

#[tokio::test(start_paused = true)]
async fn a_retry_without_an_end_ends_with_a_success() {
    let began = Instant::now();
    let busy = Busy(AtomicU32::new(12));
    let run = endless::Endless::start(endless::Begun).run(&busy);
    assert!(matches!(run.await, Ok(endless::EndlessEnd::Over(_))));
    assert_eq!(began.elapsed(), Duration::from_secs(36));
}

#[tokio::test(start_paused = true)]
async fn a_retry_without_an_end_ends_with_an_error_that_is_not_retryable() {
    let began = Instant::now();
    let busy = Busy(AtomicU32::new(10_000));
    let run = endless::Endless::start(endless::Begun).run(&busy);
    assert!(matches!(run.await, Ok(endless::EndlessEnd::GaveUp(_))));
    assert_eq!(began.elapsed(), Duration::from_secs(3 * (10_000 - 13)));
}

#[tokio::test(start_paused = true)]
async fn a_retry_without_an_end_ends_with_a_cancellation() {
    let token = CancellationToken::new();
    let busy = Busy(AtomicU32::new(u32::MAX));
    let run = endless::Endless::start(endless::Begun).run(&busy);
    let run = run.cancelled_by(token.clone());
    let (ended, ()) = tokio::join!(run, async {
        tokio::time::sleep(Duration::from_secs(24 * 3_600 - 1)).await;
        token.cancel();
    });
    let Err(error) = ended else {
        panic!("it was cancelled");
    };
    assert!(
        matches!(error.cause(), Cause::Cancelled { .. }),
        "{error:?}"
    );
    assert_eq!(error.attempts(), 24 * 3_600 / 3);
}

#[test]
fn the_graph_says_that_a_retry_has_no_end() {
    let retry = endless::Endless::GRAPH.transitions[0].policy.retry;
    assert_eq!(retry.expect("it has a retry").attempts, None);
}

#[test]
fn a_retry_that_says_nothing_of_delays_waits_longer_each_time_and_at_random() {
    let retry = unsaid::Unsaid::GRAPH.transitions[0].policy.retry;
    let retry = retry.and_then(|it| it.written()).expect("it has a retry");
    assert_eq!(
        (retry.first, retry.cap),
        (Duration::from_millis(100), Duration::from_secs(10))
    );
    assert_eq!(retry.jitter, Jitter::Equal);
    assert_eq!(retry.attempts, Some(3));
}

mod asked_once {
    use std::sync::atomic::{AtomicU32, Ordering};

    use stateway::prelude::*;

    workflow! {
        #[derive(Clone)]
        workflow Ask {
            start Begun;
            done Over;
            step go: Begun -> Over with retry(3, every 1s), breaker(gate);
        }
    }

    struct Judge {
        gate: Breaker,
        asked: AtomicU32,
    }

    impl AskSteps for Judge {
        type Error = ();

        async fn go(&self, _: Begun, _: &Step<Go>) -> Result<Go, ()> {
            Err(())
        }

        fn gate(&self) -> &Breaker {
            &self.gate
        }

        fn retryable(&self, (): &()) -> bool {
            self.asked.fetch_add(1, Ordering::Relaxed);
            true
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_context_is_asked_once_about_each_error() {
        let judge = Judge {
            gate: Breaker::new("gate"),
            asked: AtomicU32::new(0),
        };
        assert!(Ask::start(Begun).run(&judge).await.is_err());
        assert_eq!(judge.asked.load(Ordering::Relaxed), 3);
    }
}
