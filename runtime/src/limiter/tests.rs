use std::panic::catch_unwind;

use proptest::prelude::*;
use proptest::sample::select;
use tokio::runtime::Builder;
use tokio::time::advance;

use super::*;

/// Plain counting in numbers that cannot overflow: when all of the capacity is back, in nanoseconds.
struct Model {
    each: u128,
    burst: u128,
    now: u128,
    whole_at: u128,
}

impl Model {
    fn admits(&mut self, cost: u32) -> bool {
        let whole_at = self.whole_at.max(self.now) + self.each * u128::from(cost);
        let admits = whole_at <= self.now + self.each * self.burst;
        if admits {
            self.whole_at = whole_at;
        }
        admits
    }
}

const YEAR: u64 = 365 * 24 * 3_600 * 1_000_000_000;

fn nanos() -> impl Strategy<Value = u64> {
    prop_oneof![
        0..=1_000_u64,
        0..=10_000_000_000_u64,
        select(vec![
            YEAR,
            99 * YEAR,
            100 * YEAR - 1,
            100 * YEAR,
            100 * YEAR + 1,
            u64::MAX
        ]),
    ]
}

fn count() -> impl Strategy<Value = u32> {
    prop_oneof![
        0..5_u32,
        0..40_000_u32,
        select(vec![213_504, u32::MAX - 1, u32::MAX])
    ]
}

/// Makes a limiter, if it is not refused.
fn limiter(period: u64, calls: u32, burst: Option<u32>) -> Option<Limiter> {
    let made = catch_unwind(|| {
        let limiter = Limiter::per(Duration::from_nanos(period), calls);
        match burst {
            None => limiter,
            Some(burst) => limiter.burst(burst),
        }
    });
    made.ok()
}

proptest! {
    #[test]
    fn it_admits_what_plain_counting_admits(
        period in nanos(),
        calls in count(),
        burst in prop::option::of(count()),
        steps in prop::collection::vec((nanos(), count()), 1..20),
    ) {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.unwrap().block_on(async {
            let capacity = burst.unwrap_or(calls);
            let each = u128::from(period).div_ceil(u128::from(calls.max(1)));
            let is_valid = calls > 0
                && capacity > 0
                && u128::from(period) >= u128::from(calls)
                && period <= 100 * YEAR
                && (burst.is_none() || each * u128::from(capacity) <= u128::from(100 * YEAR));
            let limiter = limiter(period, calls, burst);
            prop_assert_eq!(limiter.is_some(), is_valid);
            let Some(limiter) = limiter else { return Ok(()) };
            let mut model = Model { each, burst: capacity.into(), now: 0, whole_at: 0 };
            for (pause, cost) in steps {
                let pause = pause.min(20 * YEAR);
                advance(Duration::from_nanos(pause)).await;
                model.now += u128::from(pause);
                let Some(cost) = NonZeroU32::new(cost) else { continue };
                let admitted = limiter.take(cost);
                prop_assert_eq!(matches!(admitted, Ok(Ok(()))), model.admits(cost.get()));
                prop_assert_eq!(admitted.is_err(), cost.get() > capacity);
                if let Some(due) = limiter.due() {
                    prop_assert!(due > Instant::now());
                    prop_assert!(!model.admits(1));
                } else {
                    prop_assert!(model.admits(1));
                }
            }
            Ok(())
        })?;
    }
}

#[test]
fn what_its_algorithm_cannot_count_is_refused() {
    let day = Duration::from_hours(24);
    let text = |make: fn(Duration) -> Limiter| {
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        let _inside = runtime.enter();
        let panic = catch_unwind(|| make(Duration::from_hours(24))).unwrap_err();
        panic.downcast_ref::<String>().cloned().unwrap_or_default()
    };
    assert_eq!(
        text(|day| Limiter::per(day, 1).burst(213_504)),
        "a limiter's burst is back within 100 years, and 213504 calls are not"
    );
    assert_eq!(
        text(|day| Limiter::per(day * 365 * 585, 1)),
        "a limiter's period is 100 years at most, not 18448560000s"
    );
    let _ = Limiter::per(day, 1).burst(36_500);
}
