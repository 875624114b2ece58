//! The clock by which a store in this process hands out runs.
//!
//! Leases are measured by a clock that nobody sets: a wall clock that jumps, or a process that stood still, ends none of
//! them early. Due times are those of the wall clock, as long as that goes forward. When it is set back, time continues
//! as before, so that no run has to wait for the same time again. A due time that is set while the wall clock
//! is behind is kept with [its delay](Timeline::behind), so that it is right whenever the clock is corrected.
//!
//! A store in a file begins with the time its last row was written, so a clock that is set back between two
//! openings is noticed as well. Only recorded commits count as seen, and never a due time. Hours before
//! the opening in which nothing was recorded are not known, and pass again.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::RunRow;
use super::micros::{micros, time};

/// Microseconds on the time line of one store.
pub(super) type Moment = i64;

/// Turns a length of time on the time line into a duration; 0 if it is over.
pub(super) fn wait(length: Moment) -> Duration {
    Duration::from_micros(u64::try_from(length).unwrap_or(0))
}

/// Returns the time that a clock shows at this moment if it is behind by `behind`.
pub(super) fn wall(now: Moment, behind: Moment) -> SystemTime {
    time(now.saturating_sub(behind)).unwrap_or(SystemTime::UNIX_EPOCH)
}

/// Makes a woken run due at once. The clock that woke it may differ from the one that has set its times, which is `behind` by this
/// much.
pub(super) fn due_now(row: &mut RunRow, before: Option<SystemTime>, now: Moment, behind: Moment) {
    if behind > 0 && row.due.is_some() {
        let now = wall(now, behind);
        row.due = Some(before.map_or(now, |due| due.min(now)));
    }
}

/// Returns the time of a request by the clock that has set the times of a run, which is `behind` by this much.
pub(super) fn asked_at(request: SystemTime, now: Moment, behind: Moment) -> SystemTime {
    if behind > 0 {
        wall(now, behind)
    } else {
        request
    }
}

/// A wall clock that is less behind than this was not set back, because a request takes a while to arrive.
const SLACK: Moment = 1_000_000;

/// Turns the times of callers into moments that only grow.
#[derive(Debug)]
pub(super) struct Timeline {
    began: Instant,
    /// The largest lead of a wall clock over the steady one.
    ahead: Option<Moment>,
}

impl Timeline {
    /// Begins now. `seen` is the latest time that was recorded, if that is known.
    pub(super) fn new(seen: Option<Moment>) -> Self {
        Timeline {
            began: Instant::now(),
            ahead: seen,
        }
    }

    /// Returns the moment by the clock that nobody sets.
    pub(super) fn steady(&self, at: Instant) -> Moment {
        let since = at.saturating_duration_since(self.began).as_micros();
        Moment::try_from(since).unwrap_or(Moment::MAX)
    }

    /// Returns the moment of a caller whose clock shows `wall`.
    pub(super) fn now(&mut self, wall: SystemTime, at: Instant) -> Moment {
        let steady = self.steady(at);
        let ahead = micros(wall).saturating_sub(steady);
        let ahead = *self
            .ahead
            .insert(self.ahead.map_or(ahead, |it| it.max(ahead)));
        steady.saturating_add(ahead)
    }

    /// Returns the delay of the clock of a caller to whom it is `wall`: 0, unless it was set back. A due time that the caller sets now
    /// moves by this much.
    pub(super) fn behind(&mut self, wall: SystemTime, at: Instant) -> Moment {
        let behind = self.now(wall, at).saturating_sub(micros(wall));
        if behind > SLACK { behind } else { 0 }
    }
}
