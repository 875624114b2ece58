//! When the branches of a split are joined.
//!
//! Every strategy comes down to two facts: how many branches have to succeed, and whether those that
//! are under way by then are waited for.

use std::time::Duration;

use stateway_core::Strategy;
use tokio::time::Instant;

use crate::support::time::after;

/// The count of what has ended so far.
#[derive(Debug, Clone, Copy)]
pub struct Tally {
    pub(super) branches: usize,
    pub(super) needed: usize,
    settles: bool,
    pub(super) succeeded: usize,
    failed: usize,
    /// Branches that were stopped with the run: they say nothing for or against.
    stopped: usize,
    /// When the time of `within` is up, and whether that was seen.
    limit: Option<Instant>,
    is_late: bool,
    /// When the time of the whole run is up.
    deadline: Option<Instant>,
}

/// Whether the branches are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    Joined,
    /// So many branches as have to succeed cannot any more.
    Failed,
}

/// How a branch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Succeeded,
    Failed,
    Stopped,
}

impl Tally {
    pub(super) fn new(strategy: Strategy, branches: usize) -> Self {
        Tally {
            branches,
            needed: strategy.needed(branches),
            settles: strategy.settles(),
            succeeded: 0,
            failed: 0,
            stopped: 0,
            limit: None,
            is_late: false,
            deadline: None,
        }
    }

    /// Begins to measure the time that the branches have; gives when it is up.
    pub(super) fn begin(
        &mut self,
        within: Option<Duration>,
        deadline: Option<Instant>,
    ) -> Option<Instant> {
        self.deadline = deadline;
        if let (None, Some(within)) = (self.limit, within) {
            self.limit = Some(after(Instant::now(), within));
        }
        self.limit
    }

    /// Whether the time is up now. It is not at its very end.
    pub(super) fn is_late(&mut self) -> bool {
        // Not by a timer: that fires late where threads are busy.
        self.is_late = self.is_late || self.limit.is_some_and(|limit| limit < Instant::now());
        self.is_late
    }

    /// Whether the time of the whole run is up.
    pub(super) fn run_is_late(&self) -> bool {
        self.deadline
            .is_some_and(|deadline| deadline <= Instant::now())
    }

    /// When a branch may begin at the latest.
    pub(super) fn limit(&self) -> Option<Instant> {
        self.limit
    }

    /// Whether something was seen that came too late.
    pub(super) fn was_late(&self) -> bool {
        self.is_late
    }

    /// Counts a branch that has ended.
    pub(super) fn count(&mut self, end: End) {
        match end {
            End::Succeeded => self.succeeded += 1,
            End::Failed => self.failed += 1,
            End::Stopped => self.stopped += 1,
        }
    }

    /// What is known by now, whatever becomes of the others.
    pub(super) fn decided(&self) -> Option<Decision> {
        if self.is_late {
            return Some(self.out_of_time());
        }
        let is_open = self.settles && self.succeeded + self.failed < self.branches;
        if self.branches - self.failed < self.needed {
            Some(Decision::Failed)
        } else if is_open || self.succeeded < self.needed {
            None
        } else {
            Some(Decision::Joined)
        }
    }

    /// What is decided when no time is left: only what has ended counts.
    pub(super) fn out_of_time(&self) -> Decision {
        if self.succeeded < self.needed {
            Decision::Failed
        } else {
            Decision::Joined
        }
    }

    /// How many branches have ended.
    pub(super) fn ended(&self) -> usize {
        self.succeeded + self.failed + self.stopped
    }
}
