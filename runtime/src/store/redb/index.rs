//! The index of the store in memory: the runs that are due, and their holders.
//!
//! The runs of one workflow, one version and one priority are a queue. A claim names several, and takes from all of them
//! in one order, so that its cost depends on the runs that it takes and not on those that wait.
//!
//! One process at a time has the file, so the claims of a process that died are void. A waiting run takes only its id and
//! its due time in memory.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use itertools::{Either, kmerge_by};

use super::fault::Fault;
use super::format::Record;
use crate::run::RunId;
use crate::store::micros::micros;
use crate::store::timeline::Moment;
use crate::store::{Claim, Holder, Lease, RunRow};

/// The runs that have not ended.
#[derive(Default)]
pub(super) struct Index {
    queues: HashMap<Arc<str>, BTreeMap<Lane, RunQueue>>,
    /// The claims of this process that were not released.
    held: HashMap<RunId, CachedClaim>,
}

/// The runs of a workflow that are in one queue: those of a version and a priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Lane {
    version: u32,
    priority: i8,
}

impl Lane {
    fn of(row: &RunRow) -> Self {
        Lane {
            version: row.version,
            priority: row.priority,
        }
    }
}

/// A run that may be claimed, and the place where it was found.
pub(super) struct Candidate<'a> {
    pub(super) run: &'a RunId,
    pub(super) found: DueRun,
}

/// The place where a run was found.
#[derive(Debug, Clone)]
pub(super) struct DueRun {
    workflow: Arc<str>,
    lane: Lane,
    place: QueuePlace,
}

/// The runs of one lane of a workflow, by the time they may be claimed.
#[derive(Default)]
struct RunQueue {
    /// Runs that nobody holds.
    due: BTreeSet<(Moment, RunId)>,
    /// Runs that somebody holds, by the end of the lease.
    leased: BTreeSet<(Moment, RunId)>,
    /// Runs that only waited when their holder was lost, by the end of the lease.
    left: BTreeSet<(Moment, RunId)>,
    /// Runs whose holder was lost, by their crashes and the end of the lease.
    suspects: BTreeSet<(u32, Moment, RunId)>,
    /// Runs whose lease had passed when another than their holder asked, by their holder.
    lapsed: HashMap<Holder, BTreeSet<RunId>>,
}

/// A claim, with the record of its run, so that a commit need not read it.
pub(super) struct CachedClaim {
    pub(super) record: Record,
    holder: Holder,
    place: QueuePlace,
}

/// The place of a run in its queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum QueuePlace {
    Due(Moment),
    Leased(Moment),
    Left(Moment),
    Suspect(u32, Moment),
}

impl RunQueue {
    fn enter(&mut self, place: QueuePlace, run: &RunId) {
        let run = run.clone();
        match place {
            QueuePlace::Due(due) => self.due.insert((due, run)),
            QueuePlace::Leased(until) => self.leased.insert((until, run)),
            QueuePlace::Left(until) => self.left.insert((until, run)),
            QueuePlace::Suspect(crashes, until) => self.suspects.insert((crashes, until, run)),
        };
    }

    /// Removes a run that this holder had claimed.
    fn release(&mut self, held: &CachedClaim, run: &RunId) {
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

    fn leave(&mut self, place: QueuePlace, run: &RunId) {
        let run = run.clone();
        match place {
            QueuePlace::Due(due) => self.due.remove(&(due, run)),
            QueuePlace::Leased(until) => self.leased.remove(&(until, run)),
            QueuePlace::Left(until) => self.left.remove(&(until, run)),
            QueuePlace::Suspect(crashes, until) => self.suspects.remove(&(crashes, until, run)),
        };
    }
}

/// Returns the time a run that nobody holds is due.
fn due(record: &Record) -> Option<Moment> {
    let due = micros(record.row.live_due()?);
    Some(due.saturating_add(record.behind))
}

/// Returns the place of a run whose holder was lost at `until`.
fn left_behind(record: &Record, until: Moment) -> QueuePlace {
    if record.row.waits {
        QueuePlace::Left(until)
    } else {
        QueuePlace::Suspect(record.row.crashes, until)
    }
}

/// Returns the place of a run that has no claim of this process.
fn place_of(record: &Record) -> Option<QueuePlace> {
    let due = due(record)?;
    Some(if record.is_held {
        left_behind(record, Moment::MIN)
    } else {
        QueuePlace::Due(due)
    })
}

impl Index {
    /// Returns the claim of a run, if there is one.
    pub(super) fn held(&self, run: &RunId) -> Option<&CachedClaim> {
        self.held.get(run)
    }

    /// Returns the claim of a run to be changed in place. [`settle`](Self::settle) follows if the change releases the run.
    pub(super) fn held_mut(&mut self, run: &RunId) -> Option<&mut CachedClaim> {
        self.held.get_mut(run)
    }

    /// Puts a run of the file at the place of its record. Its holder is gone.
    pub(super) fn place(&mut self, record: &Record) {
        if let Some(place) = place_of(record) {
            self.queue(&record.row).enter(place, &record.row.id);
        }
    }

    /// Removes a run from its queue. `record` is the stored one.
    pub(super) fn forget(&mut self, record: &Record) {
        let run = &record.row.id;
        let held = self.held.remove(run);
        let queue = self.queue(&record.row);
        match (held, place_of(record)) {
            (Some(held), _) => queue.release(&held, run),
            (None, Some(place)) => queue.leave(place, run),
            (None, None) => {}
        }
    }

    /// Removes a run that stands still from its queue, at the place where it was found.
    pub(super) fn discard(&mut self, found: &DueRun, run: &RunId) {
        let held = self.held.remove(run);
        let queue = self.queues.get_mut(&found.workflow);
        let Some(queue) = queue.and_then(|lanes| lanes.get_mut(&found.lane)) else {
            return;
        };
        queue.leave(found.place, run);
        if let Some(held) = held {
            queue.release(&held, run);
        }
    }

    /// Removes a run from whichever place it has.
    pub(super) fn evict(&mut self, run: &RunId) {
        self.held.remove(run);
        for queue in self.queues.values_mut().flat_map(BTreeMap::values_mut) {
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
        let place = QueuePlace::Leased(end(now, lease.duration));
        self.queue(&record.row).enter(place, &run);
        let holder = lease.holder;
        let held = CachedClaim {
            record,
            holder,
            place,
        };
        self.held.insert(run, held);
    }

    /// Puts a run that was released by a change of its record at the place of that record.
    pub(super) fn settle(&mut self, run: &RunId) {
        if let Some(held) = self.held.remove(run) {
            self.queue(&held.record.row).release(&held, run);
            self.place(&held.record);
        }
    }

    /// Puts a claim whose lease has passed at the present place of its record.
    pub(super) fn refresh(&mut self, run: &RunId) {
        if let Some(held) = self.held.get_mut(run)
            && let QueuePlace::Left(until) | QueuePlace::Suspect(_, until) = held.place
            && let Some(queue) = queue_of(&mut self.queues, &held.record.row)
        {
            queue.leave(held.place, run);
            held.place = left_behind(&held.record, until);
            queue.enter(held.place, run);
        }
    }

    /// Keeps the claims of another index that the file still has. `find` returns the record that a run has there.
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
                let queue = self.queue(&record.row);
                queue.enter(held.place, &run);
                if !matches!(held.place, QueuePlace::Leased(_)) {
                    queue.lapse(held.holder, run.clone());
                }
                self.held.insert(run, CachedClaim { record, ..held });
            }
        }
        Ok(())
    }

    /// Extends a claim from `now` on.
    pub(super) fn extend(&mut self, run: &RunId, duration: Duration, now: Moment) {
        if let Some(held) = self.held.get_mut(run)
            && let Some(queue) = queue_of(&mut self.queues, &held.record.row)
        {
            queue.release(held, run);
            held.place = QueuePlace::Leased(end(now, duration));
            queue.enter(held.place, run);
        }
    }

    /// Puts the claims of the queues that a claim names, if their lease has passed `now`, where others may take them. Returns those of
    /// the claimer, which stay as they are.
    pub(super) fn lapse(&mut self, claim: &Claim, now: Moment) -> Vec<RunId> {
        let holder = claim.lease.holder;
        let mut own = Vec::new();
        for known in &*claim.workflows {
            let Some(lanes) = self.queues.get_mut(&*known.workflow) else {
                continue;
            };
            let lanes = lanes.iter_mut();
            for (_, queue) in lanes.filter(|(lane, _)| known.versions.contains(&lane.version)) {
                let passed: Vec<_> = queue
                    .leased
                    .iter()
                    .take_while(|(until, _)| *until <= now)
                    .cloned()
                    .collect();
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
            }
        }
        own.sort();
        own
    }

    /// Returns the queues that a claim names.
    fn queues<'a>(
        &'a self,
        claim: &'a Claim,
    ) -> impl Iterator<Item = (&'a Arc<str>, Lane, &'a RunQueue)> {
        claim.workflows.iter().flat_map(|known| {
            let lanes = self
                .queues
                .get_key_value(&*known.workflow)
                .into_iter()
                .flat_map(|(workflow, lanes)| {
                    lanes
                        .iter()
                        .map(move |(lane, queue)| (workflow, *lane, queue))
                });
            lanes.filter(|(_, lane, _)| known.versions.contains(&lane.version))
        })
    }

    /// Returns the suspects of the queues that a claim names, those with the fewest crashes first, and their crashes.
    pub(super) fn suspects<'a>(
        &'a self,
        claim: &'a Claim,
    ) -> impl Iterator<Item = (u32, Candidate<'a>)> {
        let queues = self.queues(claim).map(|(workflow, lane, queue)| {
            queue.suspects.iter().map(move |(crashes, until, run)| {
                let found = DueRun {
                    workflow: Arc::clone(workflow),
                    lane,
                    place: QueuePlace::Suspect(*crashes, *until),
                };
                ((*crashes, *until, run), found)
            })
        });
        let merged = kmerge_by(
            queues,
            |(one, _): &(_, DueRun), (other, _): &(_, DueRun)| one < other,
        );
        merged.map(|((crashes, _, run), found)| (crashes, Candidate { run, found }))
    }

    /// Returns the number of suspects of the queues that a claim names.
    pub(super) fn count_suspects(&self, claim: &Claim) -> usize {
        let queues = self.queues(claim);
        queues.map(|(.., queue)| queue.suspects.len()).sum()
    }

    /// Returns the runs of the queues that a claim names that are due: those with the highest priority first, and among them the one that
    /// has been due for longest.
    pub(super) fn due<'a>(
        &'a self,
        claim: &'a Claim,
        now: Moment,
        steady: Moment,
    ) -> impl Iterator<Item = Candidate<'a>> {
        // They are on two time lines, so they are compared by the time since then.
        let queues = self.queues(claim).flat_map(move |(workflow, lane, queue)| {
            let due = queue
                .due
                .iter()
                .take_while(move |(due, _)| *due <= now)
                .map(move |(due, run)| (now.saturating_sub(*due), run, QueuePlace::Due(*due)));
            let left = queue.left.iter().map(move |(until, run)| {
                (steady.saturating_sub(*until), run, QueuePlace::Left(*until))
            });
            let found = move |(ago, run, place)| {
                let workflow = Arc::clone(workflow);
                (
                    ((Reverse(lane.priority), Reverse(ago)), run),
                    DueRun {
                        workflow,
                        lane,
                        place,
                    },
                )
            };
            [Either::Left(due.map(found)), Either::Right(left.map(found))]
        });
        let merged = kmerge_by(
            queues,
            |(one, _): &(_, DueRun), (other, _): &(_, DueRun)| one < other,
        );
        merged.map(|((_, run), found)| Candidate { run, found })
    }

    /// Returns the time until a run of the queues that a claim names may be claimed, without suspects.
    pub(super) fn next(&self, claim: &Claim, now: Moment, steady: Moment) -> Option<Moment> {
        let next = self.queues(claim).flat_map(|(.., queue)| {
            let left = queue.left.first().map(|_| 0);
            let due = queue.due.first().map(|(due, _)| due.saturating_sub(now));
            let leased = queue
                .leased
                .first()
                .map(|(until, _)| until.saturating_sub(steady));
            [left, due, leased]
        });
        next.flatten().min()
    }

    fn queue(&mut self, row: &RunRow) -> &mut RunQueue {
        // Asked first, because most have one.
        if !self.queues.contains_key(&*row.workflow) {
            self.queues.insert((&*row.workflow).into(), BTreeMap::new());
        }
        let lanes = self
            .queues
            .get_mut(&*row.workflow)
            .expect("they were just made");
        lanes.entry(Lane::of(row)).or_default()
    }
}

/// Returns the queue of a run, if there is one.
fn queue_of<'a>(
    queues: &'a mut HashMap<Arc<str>, BTreeMap<Lane, RunQueue>>,
    row: &RunRow,
) -> Option<&'a mut RunQueue> {
    queues.get_mut(&*row.workflow)?.get_mut(&Lane::of(row))
}

/// Returns the end of a lease that begins `now`.
fn end(now: Moment, duration: Duration) -> Moment {
    let duration = Moment::try_from(duration.as_micros()).unwrap_or(Moment::MAX);
    now.saturating_add(duration)
}
