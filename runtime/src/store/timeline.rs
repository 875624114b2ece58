//! The times by which a store in this process hands out runs.
//!
//! Leases are measured by a clock that nobody sets: a wall clock that jumps, or a process that stood still, ends none of
//! them early. Due times are those of the wall clock, as long as that goes forward. When it is set back, time goes
//! on as before, so that nothing that waits has to wait for as long again.

use std::time::SystemTime;

use tokio::time::Instant;

use super::apply::micros;

/// Microseconds on the time line of one store.
pub(super) type Moment = i64;

/// A wall clock that is less behind than this was not set back: what is asked takes a while to come here.
const SLACK: Moment = 1_000_000;

/// Turns the times of callers into moments that only grow.
#[derive(Debug)]
pub(super) struct Timeline {
    began: Instant,
    /// What a wall clock was ahead of the steady one at most, since it first was told.
    ahead: Option<Moment>,
}

impl Timeline {
    pub(super) fn new() -> Self {
        Timeline {
            began: Instant::now(),
            ahead: None,
        }
    }

    /// The moment by the clock that nobody sets.
    pub(super) fn steady(&self, at: Instant) -> Moment {
        let since = at.saturating_duration_since(self.began).as_micros();
        Moment::try_from(since).unwrap_or(Moment::MAX)
    }

    /// The moment at which a caller says that it is `wall`.
    pub(super) fn now(&mut self, wall: SystemTime, at: Instant) -> Moment {
        let steady = self.steady(at);
        let ahead = micros(wall).saturating_sub(steady);
        let ahead = *self
            .ahead
            .insert(self.ahead.map_or(ahead, |it| it.max(ahead)));
        steady.saturating_add(ahead)
    }

    /// By how much a due time moves that is set when a caller says that it is `wall`: nothing, unless its clock was
    /// set back.
    pub(super) fn shift(&mut self, wall: SystemTime, at: Instant) -> Moment {
        let behind = self.now(wall, at).saturating_sub(micros(wall));
        if behind > SLACK { behind } else { 0 }
    }
}
