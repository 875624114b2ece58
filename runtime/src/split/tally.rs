//! The count that decides when the branches of a split are joined.
//!
//! Every strategy comes down to two facts: the number of branches that have to succeed, and if the join then waits for
//! those that still run.

use std::time::Duration;

use stateway_core::Strategy;
use tokio::time::Instant;

use crate::support::time::after;

/// The count of the branches that have ended so far.
#[derive(Debug, Clone, Copy)]
pub struct Tally {
    pub(super) branches: usize,
    pub(super) needed: usize,
    settles: bool,
    pub(super) succeeded: usize,
    failed: usize,
    /// The number of branches that were stopped with the run: they count neither way.
    stopped: usize,
    /// The time at which `within` is up, and a flag that is set once that was seen.
    limit: Option<Instant>,
    is_late: bool,
    /// The deadline of the run.
    deadline: Option<Instant>,
}

/// The decision about a join.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    Joined,
    /// The branches that have to succeed cannot any more.
    Failed,
}

/// The way in which a branch ended.
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

    /// Begins to measure the time that the branches have, and returns the time when it is up.
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

    /// Returns true if the time is up now. It is not up at its very end.
    pub(super) fn is_late(&mut self) -> bool {
        // Not by a timer, which fires late if threads are busy.
        self.is_late = self.is_late || self.limit.is_some_and(|limit| limit < Instant::now());
        self.is_late
    }

    /// Returns true if the deadline of the run has passed.
    pub(super) fn run_is_late(&self) -> bool {
        self.deadline
            .is_some_and(|deadline| deadline <= Instant::now())
    }

    /// Returns the latest time at which a branch may begin.
    pub(super) fn limit(&self) -> Option<Instant> {
        self.limit
    }

    /// Returns true if a branch was seen to end too late.
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

    /// Returns the decision, if it does not depend on the other branches any more.
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

    /// Returns the decision when no time is left: only branches that have ended count.
    pub(super) fn out_of_time(&self) -> Decision {
        if self.succeeded < self.needed {
            Decision::Failed
        } else {
            Decision::Joined
        }
    }

    /// Returns the number of branches that have ended.
    pub(super) fn ended(&self) -> usize {
        self.succeeded + self.failed + self.stopped
    }
}
