//! Which runs are due, and who holds them: what the store keeps in memory.
//!
//! One process at a time has the file, so the claims of a process that died are void. Of a run that waits,
//! this is all there is in memory: its id, and when it is due.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use super::format::Record;
use super::tables::Fault;
use crate::key::RunId;
use crate::store::apply::micros;
use crate::store::timeline::Moment;
use crate::store::{Holder, Lease};

/// The runs that have not ended.
#[derive(Default)]
pub(super) struct Index {
    queues: HashMap<Box<str>, Queue>,
    /// The claims that were not given back, of this process.
    held: HashMap<RunId, Held>,
}

/// The runs of one workflow, by when they may be claimed.
#[derive(Default)]
struct Queue {
    /// Those that nobody holds.
    due: BTreeSet<(Moment, RunId)>,
    /// Those that somebody holds, by the end of the lease.
    leased: BTreeSet<(Moment, RunId)>,
    /// Those that only waited when their holder went, by the end of the lease.
    left: BTreeSet<(Moment, RunId)>,
    /// Those whose holder is gone, by their crashes and the end of the lease.
    suspects: BTreeSet<(u32, Moment, RunId)>,
    /// Those whose lease had passed when another asked than their holder, by that.
    lapsed: HashMap<Holder, BTreeSet<RunId>>,
}

/// A claim, with the record of its run, so that a commit need not read it.
pub(super) struct Held {
    pub(super) record: Record,
    holder: Holder,
    place: Place,
}

/// Where a run is in its queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Due(Moment),
    Leased(Moment),
    Left(Moment),
    Suspect(u32, Moment),
}

impl Queue {
    fn enter(&mut self, place: Place, run: &RunId) {
        let run = run.clone();
        match place {
            Place::Due(due) => self.due.insert((due, run)),
            Place::Leased(until) => self.leased.insert((until, run)),
            Place::Left(until) => self.left.insert((until, run)),
            Place::Suspect(crashes, until) => self.suspects.insert((crashes, until, run)),
        };
    }

    /// Takes out a run that this holder had claimed.
    fn release(&mut self, held: &Held, run: &RunId) {
        self.leave(held.place, run);
        self.unlapse(held.holder, run);
    }

    fn lapse(&mut self, holder: Holder, run: RunId) {
        self.lapsed.entry(holder).or_default().insert(run);
    }

    fn unlapse(&mut self, holder: Holder, run: &RunId) {
        if let Some(lapsed) = self.lapsed.get_mut(&holder) {
            lapsed.remove(run);
            if lapsed.is_empty() {
                self.lapsed.remove(&holder);
            }
        }
    }

    fn leave(&mut self, place: Place, run: &RunId) {
        let run = run.clone();
        match place {
            Place::Due(due) => self.due.remove(&(due, run)),
            Place::Leased(until) => self.leased.remove(&(until, run)),
            Place::Left(until) => self.left.remove(&(until, run)),
            Place::Suspect(crashes, until) => self.suspects.remove(&(crashes, until, run)),
        };
    }
}

/// When a run is due that nobody holds.
fn due(record: &Record) -> Option<Moment> {
    let due = micros(record.row.live_due()?);
    Some(due.saturating_add(record.behind))
}

/// Where a run belongs whose holder went at `until`.
fn left_behind(record: &Record, until: Moment) -> Place {
    if record.row.waits {
        Place::Left(until)
    } else {
        Place::Suspect(record.row.crashes, until)
    }
}

/// Where a run is that has no claim of this process.
fn place_of(record: &Record) -> Option<Place> {
    let due = due(record)?;
    Some(if record.is_held {
        left_behind(record, Moment::MIN)
    } else {
        Place::Due(due)
    })
}

impl Index {
    /// The claim of a run, if there is one.
    pub(super) fn held(&self, run: &RunId) -> Option<&Held> {
        self.held.get(run)
    }

    /// The same, to be changed where it lies. A run that is given back by that is [settled](Self::settle).
    pub(super) fn held_mut(&mut self, run: &RunId) -> Option<&mut Held> {
        self.held.get_mut(run)
    }

    /// Puts a run of the file where its record says; who held one is gone.
    pub(super) fn place(&mut self, record: &Record) {
        if let Some(place) = place_of(record) {
            self.queue(&record.row.workflow)
                .enter(place, &record.row.id);
        }
    }

    /// Takes a run out of its queue; `record` is what is stored of it.
    pub(super) fn forget(&mut self, record: &Record) {
        let run = &record.row.id;
        let held = self.held.remove(run);
        let queue = self.queue(&record.row.workflow);
        match (held, place_of(record)) {
            (Some(held), _) => queue.release(&held, run),
            (None, Some(place)) => queue.leave(place, run),
            (None, None) => {}
        }
    }

    /// Takes a run that stands still out of the queue of its workflow, from the place where it was found.
    pub(super) fn discard(&mut self, workflow: &str, place: Place, run: &RunId) {
        let held = self.held.remove(run);
        let queue = self.queue(workflow);
        queue.leave(place, run);
        if let Some(held) = held {
            queue.release(&held, run);
        }
    }

    /// Takes a run out wherever it is.
    pub(super) fn evict(&mut self, run: &RunId) {
        self.held.remove(run);
        for queue in self.queues.values_mut() {
            queue.due.retain(|(_, it)| it != run);
            queue.leased.retain(|(_, it)| it != run);
            queue.left.retain(|(_, it)| it != run);
            queue.suspects.retain(|(.., it)| it != run);
            queue.lapsed.retain(|_, lapsed| {
                lapsed.remove(run);
                !lapsed.is_empty()
            });
        }
    }

    /// Keeps a claim that begins `now`, of a run that is in no queue.
    pub(super) fn hold(&mut self, record: Record, lease: Lease, now: Moment) {
        let run = record.row.id.clone();
        let place = Place::Leased(end(now, lease.duration));
        self.queue(&record.row.workflow).enter(place, &run);
        let holder = lease.holder;
        let held = Held {
            record,
            holder,
            place,
        };
        self.held.insert(run, held);
    }

    /// Puts a run whose claim was given back by a change of its record where that says.
    pub(super) fn settle(&mut self, run: &RunId) {
        if let Some(held) = self.held.remove(run) {
            self.queue(&held.record.row.workflow).release(&held, run);
            self.place(&held.record);
        }
    }

    /// Puts a claim whose lease has passed where its record says by now.
    pub(super) fn refresh(&mut self, run: &RunId) {
        if let Some(held) = self.held.get_mut(run)
            && let Place::Left(until) | Place::Suspect(_, until) = held.place
            && let Some(queue) = self.queues.get_mut(&*held.record.row.workflow)
        {
            queue.leave(held.place, run);
            held.place = left_behind(&held.record, until);
            queue.enter(held.place, run);
        }
    }

    /// Keeps the claims of another index as far as the file has them; `find` gives the record that a run has there.
    pub(super) fn keep_claims(
        &mut self,
        other: Index,
        find: impl Fn(&RunId) -> Result<Option<Record>, Fault>,
    ) -> Result<(), Fault> {
        for (run, held) in other.held {
            let epoch = held.record.row.epoch;
            let record = find(&run)?;
            if let Some(record) = record.filter(|it| it.is_held && it.row.epoch == epoch) {
                self.forget(&record);
                let queue = self.queue(&record.row.workflow);
                queue.enter(held.place, &run);
                if !matches!(held.place, Place::Leased(_)) {
                    queue.lapse(held.holder, run.clone());
                }
                self.held.insert(run, Held { record, ..held });
            }
        }
        Ok(())
    }

    /// Extends a claim from `now` on.
    pub(super) fn extend(&mut self, run: &RunId, duration: Duration, now: Moment) {
        if let Some(held) = self.held.get_mut(run)
            && let Some(queue) = self.queues.get_mut(&*held.record.row.workflow)
        {
            queue.release(held, run);
            held.place = Place::Leased(end(now, duration));
            queue.enter(held.place, run);
        }
    }

    /// Puts the claims of a workflow whose lease has passed `now` where others may take them. Gives those of this
    /// holder, which stay as they are.
    pub(super) fn lapse(&mut self, workflow: &str, holder: Holder, now: Moment) -> Vec<RunId> {
        let Some(queue) = self.queues.get_mut(workflow) else {
            return Vec::new();
        };
        let passed = queue.leased.iter().take_while(|(until, _)| *until <= now);
        let passed: Vec<_> = passed.cloned().collect();
        let mut own = Vec::new();
        for (until, run) in passed {
            let Some(held) = self.held.get_mut(&run) else {
                continue;
            };
            if held.holder == holder {
                own.push(run);
                continue;
            }
            queue.leave(held.place, &run);
            held.place = left_behind(&held.record, until);
            queue.enter(held.place, &run);
            queue.lapse(held.holder, run);
        }
        own.extend(queue.lapsed.get(&holder).into_iter().flatten().cloned());
        own.sort();
        own
    }

    /// The suspects of a workflow, those with the fewest crashes first.
    pub(super) fn suspects(&self, workflow: &str) -> impl Iterator<Item = (u32, Place, &RunId)> {
        let queue = self.queues.get(workflow);
        let suspects = queue.into_iter().flat_map(|queue| &queue.suspects);
        suspects.map(|(crashes, until, run)| (*crashes, Place::Suspect(*crashes, *until), run))
    }

    /// How many suspects a workflow has.
    pub(super) fn count_suspects(&self, workflow: &str) -> usize {
        self.queues
            .get(workflow)
            .map_or(0, |queue| queue.suspects.len())
    }

    /// The runs of a workflow that are due, the one that might have been claimed for longest first.
    pub(super) fn due(
        &self,
        workflow: &str,
        now: Moment,
        steady: Moment,
    ) -> impl Iterator<Item = (Place, &RunId)> {
        let queue = self.queues.get(workflow);
        let due = queue.into_iter().flat_map(|queue| &queue.due);
        let mut due = due.take_while(move |(due, _)| *due <= now).peekable();
        let left = queue.into_iter().flat_map(|queue| &queue.left);
        let mut left = left.peekable();
        // They are on two time lines, so they are compared by how long ago that was.
        let ago = |now: Moment, then: Moment| now.saturating_sub(then);
        std::iter::from_fn(move || {
            let is_due = match (due.peek(), left.peek()) {
                (Some((at, run)), Some((until, other))) => {
                    (Reverse(ago(now, *at)), run) < (Reverse(ago(steady, *until)), other)
                }
                (is_due, _) => is_due.is_some(),
            };
            if is_due {
                due.next().map(|(at, run)| (Place::Due(*at), run))
            } else {
                left.next().map(|(until, run)| (Place::Left(*until), run))
            }
        })
    }

    /// How long it is until a run of a workflow may be claimed.
    pub(super) fn next(&self, workflow: &str, now: Moment, steady: Moment) -> Option<Moment> {
        let queue = self.queues.get(workflow)?;
        let suspect = queue.suspects.first().map(|_| 0);
        let left = queue.left.first().map(|_| 0);
        let due = queue.due.first().map(|(due, _)| due.saturating_sub(now));
        let leased = queue.leased.first();
        let leased = leased.map(|(until, _)| until.saturating_sub(steady));
        let next = [suspect, left, due, leased].into_iter().flatten().min();
        next.map(|wait| wait.max(0))
    }

    fn queue(&mut self, workflow: &str) -> &mut Queue {
        // Asked first, since most have one.
        if !self.queues.contains_key(workflow) {
            self.queues.insert(workflow.into(), Queue::default());
        }
        let queue = self.queues.get_mut(workflow);
        queue.expect("it was just made")
    }
}

/// The end of a lease that begins `now`.
fn end(now: Moment, duration: Duration) -> Moment {
    let duration = Moment::try_from(duration.as_micros()).unwrap_or(Moment::MAX);
    now.saturating_add(duration)
}
