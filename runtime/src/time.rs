//! Times that cannot overflow.

use std::time::Duration;

use tokio::time::Instant;

/// What stands for ever: a time that no program waits for.
const EVER: Duration = Duration::from_hours(30 * 365 * 24);

/// `delay` after `from`; for what the clock cannot hold, 30 years.
pub(crate) fn after(from: Instant, delay: Duration) -> Instant {
    from.checked_add(delay).unwrap_or_else(|| from + EVER)
}
