//! Times that cannot overflow.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// The time that stands for "for ever", which no program waits for.
pub(crate) const EVER: Duration = Duration::from_hours(1_000 * 365 * 24);

/// Returns the time `delay` after `from`, at most 1,000 years. If the clock cannot hold that, it is 30 years: a timer close to the end
/// of the clock would overflow.
pub(crate) fn after(from: Instant, delay: Duration) -> Instant {
    const LONG: Duration = Duration::from_hours(30 * 365 * 24);
    from.checked_add(delay.min(EVER))
        .unwrap_or_else(|| from + LONG)
}

/// Returns the time `delay` after `from`, at most 1,000 years; `from` itself if the clock cannot hold that.
pub(crate) fn later(from: SystemTime, delay: Duration) -> SystemTime {
    from.checked_add(delay.min(EVER)).unwrap_or(from)
}
