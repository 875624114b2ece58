//! Durations at the ends of their types: nothing overflows, and what is longer than any program waits for ever.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;
use stateway::prelude::*;
use stateway::{BreakerState, Retry};
use tokio::time::{Instant, advance, sleep};

workflow! {
    #[derive(Debug, Clone, PartialEq)]
    workflow Far {
        input { after: Duration }

        deadline 18446744073709551615ms;
        start Near;
        state Between;
        done There;

        step walk: Near -> Between
            with retry(3, backoff 1ms..18446744073709551615ms, factor 1e300, no jitter),
                timeout(18446744073709551615ms), deadline(18446744073709551615ms), breaker(gate),
                undo(walk_back, timeout(18446744073709551615ms));
        split look: Between -> There with timeout(18446744073709551615ms) {
            branch left: u32 with timeout(18446744073709551615ms), deadline(18446744073709551615ms);
            branch right: u32;
            join settled within 18446744073709551615ms;
        }
    }
}

struct Walker {
    gate: Breaker,
    calls: AtomicU32,
}

impl Walker {
    fn new() -> Self {
        let gate = Breaker::new("gate")
            .failures(u32::MAX)
            .cool_down(Duration::MAX);
        Walker {
            gate: gate.failure_rate(1.0, u32::MAX, Duration::MAX),
            calls: AtomicU32::new(0),
        }
    }
}

impl FarSteps for Walker {
    type Error = &'static str;

    async fn walk(&self, _: Near, step: &Step<Walk>) -> Result<Walk, &'static str> {
        sleep(Duration::from_secs(1)).await;
        if self.calls.fetch_add(1, Ordering::Relaxed) < 2 {
            return Err("not yet");
        }
        Ok(step.to(Between))
    }

    async fn walk_back(&self, _: Between, _: &Undo<Walk>) -> Result<(), &'static str> {
        Ok(())
    }

    async fn left(&self, _: &Between, _: &Branch<Look>) -> Result<u32, &'static str> {
        sleep(Duration::from_secs(1)).await;
        Ok(1)
    }

    async fn right(&self, _: &Between, _: &Branch<Look>) -> Result<u32, &'static str> {
        sleep(Duration::from_secs(1)).await;
        Ok(1)
    }

    async fn look(
        &self,
        _: Between,
        _: LookJoined<&'static str>,
        step: &Step<Look>,
    ) -> Result<Look, &'static str> {
        Ok(step.to(There))
    }

    fn gate(&self) -> &Breaker {
        &self.gate
    }

    fn retry_after(&self, _: &&'static str) -> Option<Duration> {
        let calls = self.calls.load(Ordering::Relaxed);
        (calls == 1).then_some(Duration::MAX)
    }
}

const YEAR: Duration = Duration::from_hours(365 * 24);

/// The deadline of the transition is the first to pass, after 1,000 years.
#[tokio::test(start_paused = true)]
async fn a_time_that_no_program_waits_for_is_an_end_all_the_same() {
    let (walker, began) = (Walker::new(), Instant::now());
    let far = Far::start(
        FarInput {
            after: Duration::MAX,
        },
        Near,
    );
    let error = far.run(&walker).await.unwrap_err();
    assert!(matches!(error.cause(), Cause::Deadline { .. }), "{error}");
    assert_eq!(error.attempts(), 1);
    assert!(began.elapsed() < 1_001 * YEAR);
    walker.calls.store(2, Ordering::Relaxed);
    let far = Far::start(
        FarInput {
            after: Duration::MAX,
        },
        Near,
    );
    assert_eq!(far.run(&walker).await.unwrap(), FarEnd::There(There));
}

#[tokio::test(start_paused = true)]
async fn a_breaker_may_be_open_for_ever() {
    let breaker = Breaker::new("b").failures(1).cool_down(Duration::MAX);
    breaker.acquire().unwrap().failure();
    advance(30 * YEAR).await;
    assert!(matches!(breaker.state(), BreakerState::Open { .. }));
    assert!(breaker.acquire().is_err());
}

fn extreme() -> impl Strategy<Value = u64> {
    prop_oneof![
        0..10_u64,
        0..100_000_u64,
        select(vec![u64::MAX / 2, u64::MAX - 1, u64::MAX])
    ]
}

proptest! {
    #[test]
    fn delays_grow_and_stay_below_their_cap(
        first in extreme(),
        cap in extreme(),
        factor in prop_oneof![Just(1.0), 1.0..4.0, Just(1e300), Just(f64::MAX)],
        made in prop_oneof![1..20_u32, Just(u32::MAX)],
    ) {
        let retry = stateway_core::forever(first, cap, factor).written();
        let retry: Retry = retry.expect("all is written out");
        let delay = retry.delay(made);
        prop_assert!(delay <= retry.cap);
        prop_assert!(retry.delay(made.saturating_add(1)) >= delay);
        prop_assert_eq!(retry.delay(1), retry.first.min(retry.cap));
        // In numbers that cannot overflow, to the accuracy of what is added up.
        let grown = match first {
            0 => 0.0,
            _ => retry.first.as_secs_f64() * factor.powf(f64::from(made - 1)),
        };
        let expected = grown.min(retry.cap.as_secs_f64());
        let apart = (delay.as_secs_f64() - expected).abs();
        prop_assert!(apart <= expected * 1e-3 + 1e-3, "{:?} and {}", delay, expected);
    }
}
