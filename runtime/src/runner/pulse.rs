//! Tells if this runner stood still until leases have passed.
//!
//! Other runners of this process, or of this machine, may have stood still with it. Their runs must not be
//! taken from them before they had time to extend their leases.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The time that others have to extend their leases, unless a third of a lease is less.
const OTHERS_WAKE: Duration = Duration::from_secs(1);

/// The heartbeats of a runner.
pub(super) struct Pulse {
    lease: Duration,
    state: Mutex<PulseState>,
}

#[derive(Clone, Copy)]
struct PulseState {
    last: Instant,
    quiet_until: Instant,
}

impl Pulse {
    pub(super) fn new(lease: Duration) -> Self {
        let now = Instant::now();
        let state = PulseState {
            last: now,
            quiet_until: now,
        };
        Pulse {
            lease,
            state: Mutex::new(state),
        }
    }

    fn is_late(&self, state: PulseState, now: Instant) -> bool {
        now.duration_since(state.last) > self.lease / 3 * 2
    }

    fn pause(&self) -> Duration {
        (self.lease / 3).min(OTHERS_WAKE)
    }

    /// Notes that the leases were extended, or that there were none.
    pub(super) fn beats(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if self.is_late(*state, now) {
            state.quiet_until = now + self.pause();
        }
        state.last = now;
    }

    /// Returns the time to wait before this is asked again; `None` if runs may be claimed.
    pub(super) fn rest(&self) -> Option<Duration> {
        let state = *self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if self.is_late(state, now) {
            return Some(self.pause());
        }
        let rest = state.quiet_until.saturating_duration_since(now);
        (!rest.is_zero()).then_some(rest)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_standstill_is_noticed_before_and_after_the_heartbeat_that_ends_it() {
        for (lease, pause) in [(30_000, 1_000), (300, 100)] {
            let (lease, pause) = (Duration::from_millis(lease), Duration::from_millis(pause));
            let pulse = Pulse::new(lease);
            for _ in 0..3 {
                advance(lease / 3).await;
                assert_eq!(pulse.rest(), None, "in time");
                pulse.beats();
            }
            advance(lease * 2).await;
            assert_eq!(pulse.rest(), Some(pause), "it stood still");
            pulse.beats();
            assert_eq!(pulse.rest(), Some(pause), "others have not said so yet");
            advance(pause).await;
            assert_eq!(pulse.rest(), None);
        }
    }
}
