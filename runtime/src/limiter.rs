//! The rate limiter: a number of calls in a period.

use std::error::Error;
use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{NotUntil, Quota, RateLimiter};
use tokio::time::{Instant, sleep_until};

/// Lets a number of calls through in each period; the others wait for their turn.
///
/// It lives in the context and is shared by all runs. A step asks it before each attempt with
/// `with limit(name)`, where `fn name(&self) -> &Limiter` is a method of the context. It can be used without a
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
/// Capacity comes back evenly, not at the end of a period: the algorithm is the generic cell rate
/// algorithm (ITU-T I.371) of the crate `governor`. Times are those of [`tokio::time`], so tests can
/// pause them.
pub struct Limiter {
    quota: Quota,
    inner: RateLimiter<NotKeyed, InMemoryState, Timer, NoOpMiddleware<Duration>>,
}

/// A cost that a limiter can never admit.
///
/// ```
/// use std::time::Duration;
///
/// use stateway::Limiter;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// let rows = Limiter::per(Duration::from_secs(1), 1_000);
/// let mut batch = 2_500;
/// while let Err(error) = rows.acquire(batch).await {
///     // The batch is too large at any time: send a smaller one.
///     batch = error.capacity;
/// }
/// assert_eq!(batch, 1_000);
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct CostAboveCapacity {
    /// The cost of the call.
    pub cost: u32,
    /// The highest cost that the limiter admits.
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

/// The longest time that a limiter may take until all of its capacity is back.
///
/// Its algorithm counts nanoseconds from when it was made, and can count 584 years of them.
const LONGEST: Duration = Duration::from_hours(100 * 365 * 24);

impl Limiter {
    /// Returns a limiter that admits `calls` in each `period`, and as many at once.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use stateway::Limiter;
    /// use tokio::time::Instant;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let (mails, began) = (Limiter::per(Duration::from_secs(60), 2), Instant::now());
    /// for _ in 0..3 {
    ///     mails.acquire(1).await.expect("one is within its capacity");
    /// }
    /// assert!(began.elapsed() >= Duration::from_secs(30), "the third has waited");
    /// # }
    /// ```
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

    /// Sets the number of calls that are admitted at once after a time without any. Defaults to the calls of a period.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use stateway::Limiter;
    /// use tokio::time::Instant;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// // 60 a minute, and never two at once: one each second.
    /// let limiter = Limiter::per(Duration::from_secs(60), 60).burst(1);
    /// let began = Instant::now();
    /// for _ in 0..3 {
    ///     limiter.acquire(1).await.expect("one is within its capacity");
    /// }
    /// assert!(began.elapsed() >= Duration::from_secs(2));
    /// # }
    /// ```
    ///
    /// # Panics
    /// If `calls` is 0, or so large that it takes longer than 100 years until as many are admitted again.
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

    /// Waits until a call of this cost is admitted. A cost of 0 is admitted at once.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use stateway::Limiter;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// // The service counts rows and not requests.
    /// let rows = Limiter::per(Duration::from_secs(1), 1_000);
    /// for batch in [400, 600, 1_000] {
    ///     rows.acquire(batch).await.expect("no batch is above 1,000 rows");
    ///     println!("sending {batch} rows");
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`CostAboveCapacity`] at once, if the cost is above the capacity and would never be admitted.
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

    /// Takes the cost of a call, or returns the time when there may be as much capacity.
    fn take(&self, cost: NonZeroU32) -> Result<Result<(), Instant>, CostAboveCapacity> {
        let capacity = self.quota.burst_size();
        // Compared first, because the limiter would count more nanoseconds than it can for a cost far above.
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

    /// Takes the cost of one call, or returns the time when there may be as much capacity.
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
