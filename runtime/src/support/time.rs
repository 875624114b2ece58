//! Times that cannot overflow.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// What stands for ever: a time that no program waits for.
pub(crate) const EVER: Duration = Duration::from_hours(1_000 * 365 * 24);

/// `delay` after `from`, 1,000 years at most; for what the clock cannot hold, 30 years. Close to the end of what it can
/// hold a timer would overflow.
pub(crate) fn after(from: Instant, delay: Duration) -> Instant {
    const LONG: Duration = Duration::from_hours(30 * 365 * 24);
    from.checked_add(delay.min(EVER))
        .unwrap_or_else(|| from + LONG)
}

/// `delay` after `from`, 1,000 years at most; `from` itself if the clock cannot hold that.
pub(crate) fn later(from: SystemTime, delay: Duration) -> SystemTime {
    from.checked_add(delay.min(EVER)).unwrap_or(from)
}
