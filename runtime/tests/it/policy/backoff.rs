//! How long a run waits between two attempts.

use std::sync::Mutex;
use std::time::Duration;

use stateway::prelude::*;
use tokio::time::Instant;

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

#[tokio::test(start_paused = true)]
async fn jitter_spreads_delays_over_all_that_the_cap_allows_and_never_above() {
    let clock = Clock::default();
    let run = jittered::Jittered::start(jittered::Begun).run(&clock);
    assert!(run.await.is_err());
    let delays = clock.delays();
    assert_eq!(delays.len(), 199);
    // Cano's D18: a delay above the cap. A millisecond more is the grain of the timer.
    assert!(delays.iter().all(|delay| *delay <= 81), "{delays:?}");
    // 195 of them are drawn between 0 and 80 ms: that none is in a quarter has odds of 10^-24.
    for quarter in 0..4 {
        let within = |delay: &&u128| (quarter * 20..quarter * 20 + 21).contains(*delay);
        assert!(delays[4..].iter().any(|delay| within(&delay)), "{delays:?}");
    }
}

#[test]
fn a_retry_that_says_nothing_of_delays_waits_longer_each_time_and_at_random() {
    let retry = unsaid::Unsaid::GRAPH.transitions[0].policy.retry;
    let retry = retry.expect("it has a retry");
    assert_eq!(
        (retry.first, retry.cap),
        (Duration::from_millis(100), Duration::from_secs(10))
    );
    assert!(retry.jitter);
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
