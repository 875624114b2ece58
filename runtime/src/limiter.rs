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

impl Limiter {
    /// Admits `calls` in each `period`, and as many at once.
    ///
    /// # Panics
    /// If `calls` is 0, or `period` is so short that there is no nanosecond for each call.
    #[must_use]
    pub fn per(period: Duration, calls: u32) -> Self {
        let calls = NonZeroU32::new(calls).expect("a limiter that admits 0 calls admits none ever");
        let quota = Quota::with_period(period / calls.get())
            .expect("a limiter's period has a nanosecond for each call");
        Limiter::of(quota.allow_burst(calls))
    }

    /// Admits at most so many calls at once, after a time without any.
    ///
    /// # Panics
    /// If `calls` is 0.
    #[must_use]
    pub fn burst(self, calls: u32) -> Self {
        let calls =
            NonZeroU32::new(calls).expect("a limiter with a burst of 0 admits no call ever");
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
        loop {
            match self.inner.check_n(cost) {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(not_yet)) => sleep_until(self.due_at(&not_yet)).await,
                Err(_) => {
                    return Err(CostAboveCapacity {
                        cost: cost.get(),
                        capacity: self.quota.burst_size().get(),
                    });
                }
            }
        }
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
