//! Which runs are due, and who holds them: what the store keeps in memory.
//!
//! One process at a time has the file, so the leases of a process that died are void. Of a run that waits,
//! this is all there is in memory: its id, and when it is due.

use std::collections::{BTreeSet, HashMap};

use super::format::Record;
use super::wire::micros;
use crate::key::RunId;

/// The runs that have not ended.
#[derive(Default)]
pub(super) struct Index {
    /// By workflow, those that may be claimed at some time, and from when on.
    queues: HashMap<Box<str>, BTreeSet<(i64, RunId)>>,
    /// The claims that were not given back.
    held: HashMap<RunId, Held>,
}

/// A claim, with the record of its run, so that a commit need not read it.
pub(super) struct Held {
    pub(super) record: Record,
    pub(super) lease: i64,
}

/// From when on a run may be claimed, whose claim has this lease.
pub(super) fn claimable_from(record: &Record, lease: Option<i64>) -> Option<i64> {
    let due = record.row.due.filter(|_| record.row.status.is_live());
    let due = due.map(micros);
    due.map(|due| lease.map_or(due, |lease| lease.max(due)))
}

impl Index {
    /// The claim of a run, if there is one.
    pub(super) fn held(&self, run: &RunId) -> Option<&Held> {
        self.held.get(run)
    }

    /// The same, to be changed where it lies. [`place_again`](Self::place_again) where that changes from when on the
    /// run may be claimed.
    pub(super) fn held_mut(&mut self, run: &RunId) -> Option<&mut Held> {
        self.held.get_mut(run)
    }

    /// Puts a run whose claim was changed where its record says.
    pub(super) fn place_again(&mut self, run: &RunId, before: Option<i64>, lease: Option<i64>) {
        if let Some(held) = self.held.remove(run) {
            self.place(before, held.record, lease);
        }
    }

    /// From when on a run may be claimed as things are; `record` is that of a run that nobody holds.
    pub(super) fn from(&self, run: &RunId, record: Option<&Record>) -> Option<i64> {
        match self.held.get(run) {
            Some(held) => claimable_from(&held.record, Some(held.lease)),
            None => record.and_then(|record| claimable_from(record, None)),
        }
    }

    /// Puts a run where its record says; `lease` is that of a claim which has not been given back, and `before`
    /// from when on the run could be claimed so far.
    pub(super) fn place(&mut self, before: Option<i64>, record: Record, lease: Option<i64>) {
        let run = &record.row.id;
        let from = claimable_from(&record, lease);
        if before != from {
            let queue = self.queue(&record.row.workflow);
            if let Some(before) = before {
                queue.remove(&(before, run.clone()));
            }
            queue.extend(from.map(|from| (from, run.clone())));
        }
        match lease.filter(|_| from.is_some()) {
            Some(lease) => {
                self.held.insert(run.clone(), Held { record, lease });
            }
            None => {
                self.held.remove(run);
            }
        }
    }

    /// Takes a run out of the queue at the place where it was found.
    pub(super) fn forget(&mut self, workflow: &str, from: i64, run: &RunId) {
        self.held.remove(run);
        self.queue(workflow).remove(&(from, run.clone()));
    }

    /// Extends a claim, if it is still the one of this epoch.
    pub(super) fn extend(&mut self, run: &RunId, epoch: u64, lease: i64) -> Option<&Held> {
        let held = self.held.get_mut(run);
        let held = held.filter(|held| held.record.row.epoch == epoch)?;
        let before = claimable_from(&held.record, Some(held.lease));
        held.lease = lease;
        let after = claimable_from(&held.record, Some(lease));
        if before != after
            && let Some(queue) = self.queues.get_mut(&*held.record.row.workflow)
        {
            if let Some(before) = before {
                queue.remove(&(before, run.clone()));
            }
            queue.extend(after.map(|after| (after, run.clone())));
        }
        Some(held)
    }

    /// The runs of a workflow that may be claimed, the one that might be for longest first.
    pub(super) fn due(&self, workflow: &str, now: i64, limit: usize) -> Vec<(i64, RunId)> {
        let queue = self.queues.get(workflow).into_iter().flatten();
        let due = queue.take_while(|(from, _)| *from <= now);
        due.take(limit).cloned().collect()
    }

    /// When the first of them may be claimed.
    pub(super) fn next(&self, workflow: &str) -> Option<i64> {
        let first = self.queues.get(workflow)?.first()?;
        Some(first.0)
    }

    fn queue(&mut self, workflow: &str) -> &mut BTreeSet<(i64, RunId)> {
        // Asked first, since most have one.
        if !self.queues.contains_key(workflow) {
            self.queues.insert(workflow.into(), BTreeSet::new());
        }
        let queue = self.queues.get_mut(workflow);
        queue.expect("it was just made")
    }
}
