//! The times by which a store in this process hands out runs.
//!
//! Leases are measured by a clock that nobody sets: a wall clock that jumps, or a process that stood still, ends none of
//! them early. Due times are those of the wall clock, as long as that goes forward. When it is set back, time goes
//! on as before, so that nothing that waits has to wait for as long again. A due time that is set while the wall clock
//! is behind is kept with [how far it was](Timeline::behind), so that it is right whenever the clock is corrected.
//!
//! A store in a file begins with the time at which its last row was written, so a clock that is set back between two
//! openings is noticed as well. Only what a commit has recorded counts as seen, and never a due time. The hours before
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

/// Makes a run due at once that was woken by a clock which may be another than that which has set its times. That one is so far
/// behind.
pub(super) fn due_now(row: &mut RunRow, before: Option<SystemTime>, now: Moment, behind: Moment) {
    if behind > 0 && row.due.is_some() {
        let now = wall(now, behind);
        row.due = Some(before.map_or(now, |due| due.min(now)));
    }
}

/// Returns the time of a request by the clock that has set the times of a run, which is so far behind `now`.
pub(super) fn asked_at(request: SystemTime, now: Moment, behind: Moment) -> SystemTime {
    if behind > 0 {
        wall(now, behind)
    } else {
        request
    }
}

/// A wall clock that is less behind than this was not set back: what is asked takes a while to come here.
const SLACK: Moment = 1_000_000;

/// Turns the times of callers into moments that only grow.
#[derive(Debug)]
pub(super) struct Timeline {
    began: Instant,
    /// The most that a wall clock was ahead of the steady one.
    ahead: Option<Moment>,
}

impl Timeline {
    /// Begins now. It was `seen` already, if that is known.
    pub(super) fn new(seen: Option<Moment>) -> Self {
        Timeline {
            began: Instant::now(),
            ahead: seen,
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

    /// How far the clock of a caller to whom it is `wall` is behind: 0, unless it was set back. By this much a due time
    /// moves that it sets now.
    pub(super) fn behind(&mut self, wall: SystemTime, at: Instant) -> Moment {
        let behind = self.now(wall, at).saturating_sub(micros(wall));
        if behind > SLACK { behind } else { 0 }
    }
}
