//! The rate limiter: so many calls in so much time.

use std::error::Error;
use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{NotUntil, Quota, RateLimiter};
use tokio::time::{Instant, sleep_until};

/// Lets so many calls through in so much time; the others wait for their turn.
///
/// It lives in the context and is shared by all runs. A step asks it before each attempt by
/// `with limit(name)`, where `fn name(&self) -> &Limiter` is the context's. It can be used without a
/// workflow as well, with a cost for each call:
///
/// ```
/// # use std::time::Duration;
/// use stateway::Limiter;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// // 100 mails a minute, at most 10 at once.
/// let limiter = Limiter::per(Duration::from_secs(60), 100).burst(10);
/// limiter.acquire(10).await.expect("10 are within its capacity");
/// let error = limiter.acquire(11).await.expect_err("11 never are");
/// assert_eq!(error.capacity, 10);
/// # }
/// ```
///
/// Capacity comes back evenly, not at the end of a window: the algorithm is the generic cell rate
/// algorithm (ITU-T I.371), by the crate `governor`. Times are those of [`tokio::time`], so tests can
/// pause them.
pub struct Limiter {
    quota: Quota,
    inner: RateLimiter<NotKeyed, InMemoryState, Timer, NoOpMiddleware<Duration>>,
}

/// A cost that a limiter can never admit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct CostAboveCapacity {
    /// What the call was said to cost.
    pub cost: u32,
    /// The most that the limiter admits at once.
    pub capacity: u32,
}

/// The time since the limiter was made, by tokio's clock.
#[derive(Debug, Clone)]
struct Timer(Instant);

impl Clock for Timer {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

/// The longest that a limiter may take until its whole capacity is back.
///
/// Its algorithm counts nanoseconds from when it was made, 584 years of them.
const LONGEST: Duration = Duration::from_hours(100 * 365 * 24);

impl Limiter {
    /// Admits `calls` in each `period`, and as many at once.
    ///
    /// # Panics
    /// If `calls` is 0, or `period` is longer than 100 years or so short that there is no nanosecond for each call.
    #[must_use]
    pub fn per(period: Duration, calls: u32) -> Self {
        let calls = NonZeroU32::new(calls).expect("a limiter that admits 0 calls admits none ever");
        assert!(
            period.as_nanos() >= u128::from(calls.get()),
            "a limiter's period has a nanosecond for each call"
        );
        assert!(
            period <= LONGEST,
            "a limiter's period is 100 years at most, not {period:?}"
        );
        // Rounded up, so that it never admits more.
        let each = period.as_nanos().div_ceil(u128::from(calls.get()));
        let each = Duration::from_nanos_u128(each);
        let quota = Quota::with_period(each).expect("it is a nanosecond at least");
        Limiter::of(quota.allow_burst(calls))
    }

    /// Admits at most so many calls at once, after a time without any.
    ///
    /// # Panics
    /// If `calls` is 0, or so many that it takes longer than 100 years until as many may be admitted again.
    #[must_use]
    pub fn burst(self, calls: u32) -> Self {
        let calls =
            NonZeroU32::new(calls).expect("a limiter with a burst of 0 admits no call ever");
        let back = self.quota.replenish_interval().checked_mul(calls.get());
        assert!(
            back.is_some_and(|back| back <= LONGEST),
            "a limiter's burst is back within 100 years, and {calls} calls are not"
        );
        Limiter::of(self.quota.allow_burst(calls))
    }

    fn of(quota: Quota) -> Self {
        Limiter {
            quota,
            inner: RateLimiter::direct_with_clock(quota, Timer(Instant::now())),
        }
    }

    /// Waits until a call of this cost is admitted. A cost of 0 always is.
    ///
    /// # Errors
    /// [`CostAboveCapacity`] at once, if it never will be.
    ///
    /// # Cancel safety
    /// Dropping the future takes nothing from the limiter. Calls that wait are admitted in no
    /// particular order.
    pub async fn acquire(&self, cost: u32) -> Result<(), CostAboveCapacity> {
        let Some(cost) = NonZeroU32::new(cost) else {
            return Ok(());
        };
        while let Err(due) = self.take(cost)? {
            sleep_until(due).await;
        }
        Ok(())
    }

    /// Takes what a call costs, or says when there may be as much.
    fn take(&self, cost: NonZeroU32) -> Result<Result<(), Instant>, CostAboveCapacity> {
        let capacity = self.quota.burst_size();
        // Before it is asked: of a cost far above, it would reckon more nanoseconds than it can count.
        if cost <= capacity
            && let Ok(taken) = self.inner.check_n(cost)
        {
            return Ok(taken.map_err(|not_yet| self.due_at(&not_yet)));
        }
        Err(CostAboveCapacity {
            cost: cost.get(),
            capacity: capacity.get(),
        })
    }

    /// Takes one call's worth; or says when there may be as much.
    pub(crate) fn due(&self) -> Option<Instant> {
        let not_yet = self.inner.check().err()?;
        Some(self.due_at(&not_yet))
    }

    fn due_at(&self, not_yet: &NotUntil<Duration>) -> Instant {
        self.inner.clock().0 + not_yet.earliest_possible()
    }
}

impl fmt::Debug for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limiter")
            .field("each", &self.quota.replenish_interval())
            .field("burst", &self.quota.burst_size())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for CostAboveCapacity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CostAboveCapacity { cost, capacity } = self;
        write!(
            f,
            "a call that costs {cost} is never admitted: the limiter's capacity is {capacity}"
        )
    }
}

impl Error for CostAboveCapacity {}

#[cfg(test)]
mod tests;
