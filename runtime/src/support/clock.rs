//! What time it is, for everything that outlives the process.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// Tells a runner what time it is.
///
/// Times that outlive the process are those of the wall clock. Clocks of different machines may
/// differ: leases then begin and end at different times, and no run moves twice for it.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> SystemTime + Send + Sync>);

impl Clock {
    /// The clock of the system.
    #[must_use]
    pub fn system() -> Self {
        Clock::new(SystemTime::now)
    }

    /// A clock that goes with tokio's: under `#[tokio::test(start_paused = true)]` a test of a timer of 14 days
    /// waits for nothing. A runner still asks its store as often as it says, so give that of such a test a long
    /// [`poll_every`](crate::runner::Builder::poll_every) and [`lease`](crate::runner::Builder::lease), such as an hour.
    /// All of them in a process agree, so that a runner which is launched after another goes on
    /// with its time.
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

    /// A clock of your own.
    pub fn new(now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Clock(Arc::new(now))
    }

    /// What time it is.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        (self.0)()
    }

    /// How long ago that was; nothing if it is still to come.
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
