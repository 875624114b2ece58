//! The clock for times that outlive the process.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// Tells a runner the time.
///
/// Times that outlive the process are those of the wall clock. The clocks of different machines may
/// differ: leases then begin and end at different times, but no run moves twice because of it.
///
/// ```
/// # use stateway::prelude::*;
/// # workflow! {
/// #     #[durable(version = 1)]
/// #     workflow Order { start Placed; done Shipped; step ship: Placed -> Shipped; }
/// # }
/// # struct Shop;
/// # impl OrderSteps for Shop {
/// #     type Error = String;
/// #     async fn ship(&self, _: Placed, step: &Step<Ship>) -> Result<Ship, String> { Ok(step.to(Shipped)) }
/// # }
/// use stateway::{Clock, MemoryStore};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = MemoryStore::new();
/// let runner = Runner::<Order>::builder(Shop).store(store).clock(Clock::tokio()).launch().await?;
/// # let run = runner.start("o-1", (), Placed).await?;
/// # let _ = run.end().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> SystemTime + Send + Sync>);

impl Clock {
    /// Returns the clock of the system, which is the default.
    ///
    /// ```
    /// use std::time::SystemTime;
    ///
    /// use stateway::Clock;
    ///
    /// let before = SystemTime::now();
    /// assert!(Clock::system().now() >= before);
    /// ```
    #[must_use]
    pub fn system() -> Self {
        Clock::new(SystemTime::now)
    }

    /// Returns a clock that follows the clock of tokio: under `#[tokio::test(start_paused = true)]` a test of a timer of 14 days
    /// takes no time.
    ///
    /// A runner still asks its store at its interval, so give the runner of such a test a long
    /// [`poll_every`](crate::runner::Builder::poll_every) and [`lease`](crate::runner::Builder::lease), such as an hour.
    /// All these clocks of a process agree, so that a runner that is launched after another continues with its time.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use stateway::Clock;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let clock = Clock::tokio();
    /// let before = clock.now();
    /// tokio::time::sleep(Duration::from_hours(14 * 24)).await;
    /// assert_eq!(clock.now(), before + Duration::from_hours(14 * 24));
    /// # }
    /// ```
    #[must_use]
    pub fn tokio() -> Self {
        static BEGAN: OnceLock<(SystemTime, std::time::Instant)> = OnceLock::new();
        let (wall, began) = *BEGAN.get_or_init(|| (SystemTime::now(), std::time::Instant::now()));
        Clock::new(move || {
            let now = Instant::now().into_std();
            // It may have been paused before the first of these clocks was made.
            match now.checked_duration_since(began) {
                Some(since) => wall + since,
                None => wall - began.duration_since(now),
            }
        })
    }

    /// Returns a clock that asks `now` for the time.
    ///
    /// ```
    /// use std::sync::atomic::{AtomicU64, Ordering};
    /// use std::time::{Duration, SystemTime};
    ///
    /// use stateway::Clock;
    ///
    /// // A clock that a test sets.
    /// static SECONDS: AtomicU64 = AtomicU64::new(0);
    /// let clock = Clock::new(|| SystemTime::UNIX_EPOCH + Duration::from_secs(SECONDS.load(Ordering::Relaxed)));
    ///
    /// SECONDS.store(60, Ordering::Relaxed);
    /// assert_eq!(clock.now(), SystemTime::UNIX_EPOCH + Duration::from_secs(60));
    /// ```
    pub fn new(now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Clock(Arc::new(now))
    }

    /// Returns the time.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use stateway::Clock;
    ///
    /// // For a field that `timer .. at` names: the runner reads it by the same clock.
    /// let clock = Clock::system();
    /// let reminder = clock.now() + Duration::from_hours(24);
    /// # assert!(reminder > clock.now());
    /// ```
    #[must_use]
    pub fn now(&self) -> SystemTime {
        (self.0)()
    }

    /// Returns the time since `then`; zero if that is still to come.
    pub(crate) fn since(&self, then: SystemTime) -> Duration {
        self.now().duration_since(then).unwrap_or_default()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Clock::system()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Clock").field(&self.now()).finish()
    }
}
