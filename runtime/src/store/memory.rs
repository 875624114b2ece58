//! Runs in memory: the laws as a program.

use std::collections::{BTreeMap, BTreeSet};
use std::future::ready;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use super::apply::Fence;
use super::{
    Beat, Claim, Claimed, Commit, Created, Event, Filter, Found, Heartbeat, HistoryRow, Message,
    Name, NewRun, Note, NoteRow, Progress, Purge, RunRow, Sent, Stop, Store, StoreError,
    StoreFuture,
};
use crate::key::RunId;

/// Keeps runs in memory, for tests: they outlive a runner, and not the process.
///
/// It is the plain model that other stores are compared with. Every operation looks at all runs
/// if it has to.
#[derive(Default)]
pub struct MemoryStore {
    runs: Mutex<BTreeMap<RunId, Kept>>,
}

struct Kept {
    row: RunRow,
    lease: Option<SystemTime>,
    input: Vec<u8>,
    start: (Name, Vec<u8>),
    payload: Vec<u8>,
    history: Vec<HistoryRow>,
    notes: BTreeMap<String, Progress>,
    inbox: Vec<Message>,
    known: BTreeSet<String>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        MemoryStore::default()
    }

    fn with<T>(
        &self,
        change: impl FnOnce(&mut BTreeMap<RunId, Kept>) -> Result<T, StoreError>,
    ) -> StoreFuture<'_, T>
    where
        T: Send + 'static,
    {
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        Box::pin(ready(change(&mut runs)))
    }
}

fn find<'a>(runs: &'a mut BTreeMap<RunId, Kept>, run: &RunId) -> Result<&'a mut Kept, StoreError> {
    let not_found = || StoreError::NotFound { run: run.clone() };
    runs.get_mut(run).ok_or_else(not_found)
}

impl Kept {
    fn new(run: NewRun) -> Self {
        let row = RunRow::new(&run);
        let started = HistoryRow {
            sequence: 0,
            at: run.at,
            event: Event::Started {
                state: run.state.clone(),
            },
        };
        Kept {
            row,
            lease: run.lease,
            input: run.input,
            start: (run.state, run.payload.clone()),
            payload: run.payload,
            history: vec![started],
            notes: BTreeMap::new(),
            inbox: Vec::new(),
            known: BTreeSet::new(),
        }
    }

    fn claim(&mut self, lease: SystemTime) -> Claimed {
        self.row.claim(self.lease.replace(lease).is_some());
        let notes = self.notes.iter().map(|(key, progress)| NoteRow {
            key: key.clone(),
            progress: progress.clone(),
        });
        Claimed {
            row: self.row.clone(),
            input: self.input.clone(),
            payload: self.payload.clone(),
            notes: notes.collect(),
            inbox: self.inbox.clone(),
        }
    }

    fn record(&mut self, at: SystemTime, event: Event) {
        let sequence = self.row.sequence;
        self.history.push(HistoryRow {
            sequence,
            at,
            event,
        });
    }
}

impl Store for MemoryStore {
    fn create(&self, run: NewRun) -> StoreFuture<'_, Created> {
        self.with(|runs| {
            if let Some(kept) = runs.get(&run.id) {
                let (state, payload) = kept.start.clone();
                return Ok(Created::Known {
                    row: kept.row.clone(),
                    input: kept.input.clone(),
                    state,
                    payload,
                });
            }
            let id = run.id.clone();
            let kept = Kept::new(run);
            let row = kept.row.clone();
            runs.insert(id, kept);
            Ok(Created::New(row))
        })
    }

    fn claim(&self, claim: Claim) -> StoreFuture<'_, Vec<Claimed>> {
        self.with(|runs| {
            let of_workflow = |kept: &&mut Kept| kept.row.workflow == claim.workflow;
            let due = |kept: &&mut Kept| kept.row.is_claimable(kept.lease, claim.now);
            let mut due: Vec<_> = runs.values_mut().filter(of_workflow).filter(due).collect();
            due.sort_by_key(|kept| kept.row.claimable_from(kept.lease));
            let claimed = due.into_iter().take(claim.limit);
            Ok(claimed.map(|kept| kept.claim(claim.lease)).collect())
        })
    }

    fn commit(&self, commit: Commit) -> StoreFuture<'_, ()> {
        self.with(|runs| {
            let kept = find(runs, &commit.run)?;
            if kept.row.fence(commit.epoch, commit.sequence)? == Fence::Passed {
                let last = kept.history.last();
                return if last.is_some_and(|last| commit.is_in(last)) {
                    Ok(())
                } else {
                    Err(StoreError::Fenced { run: commit.run })
                };
            }
            if !kept.row.apply(&commit) {
                kept.lease = None;
            }
            if let Event::Transition { payload, .. } = &commit.event {
                kept.payload.clone_from(payload);
            }
            if !commit.event.keeps_notes() {
                kept.notes.clear();
            }
            kept.inbox.retain(|it| !commit.consumed.contains(&it.id));
            kept.record(commit.at, commit.event);
            Ok(())
        })
    }

    fn note(&self, note: Note) -> StoreFuture<'_, ()> {
        self.with(|runs| {
            let kept = find(runs, &note.run)?;
            if kept.row.fence(note.epoch, note.sequence)? != Fence::Open {
                return Err(StoreError::Fenced { run: note.run });
            }
            kept.notes.insert(note.note.key, note.note.progress);
            Ok(())
        })
    }

    fn heartbeat(&self, heartbeat: Heartbeat) -> StoreFuture<'_, Vec<Beat>> {
        self.with(|runs| {
            let mut beats = Vec::new();
            for (run, epoch) in heartbeat.claims {
                let held = runs.get_mut(&run);
                let held = held.filter(|kept| kept.row.epoch == epoch && kept.lease.is_some());
                let beat = match held {
                    None => Beat {
                        run,
                        is_lost: true,
                        stop: None,
                        messages: 0,
                    },
                    Some(kept) => {
                        kept.lease = Some(heartbeat.lease);
                        Beat {
                            run,
                            is_lost: false,
                            stop: kept.row.stop,
                            messages: kept.inbox.len(),
                        }
                    }
                };
                if beat.is_lost || beat.stop.is_some() || beat.messages > 0 {
                    beats.push(beat);
                }
            }
            Ok(beats)
        })
    }

    fn stop(&self, run: &RunId, stop: Stop, now: SystemTime) -> StoreFuture<'_, ()> {
        self.with(|runs| find(runs, run)?.row.ask(stop, now))
    }

    fn send(&self, message: Message) -> StoreFuture<'_, Sent> {
        self.with(|runs| {
            let kept = find(runs, &message.run)?;
            if kept.known.contains(&message.id) {
                return Ok(Sent::Known);
            }
            kept.row.wake(message.at)?;
            kept.known.insert(message.id.clone());
            kept.inbox.push(message);
            Ok(Sent::Kept)
        })
    }

    fn unpark(&self, run: &RunId, now: SystemTime) -> StoreFuture<'_, ()> {
        self.with(|runs| {
            let kept = find(runs, run)?;
            kept.row.unpark(now)?;
            kept.record(now, Event::Unparked);
            Ok(())
        })
    }

    fn get(&self, run: &RunId) -> StoreFuture<'_, Option<Found>> {
        self.with(|runs| {
            let kept = runs.get(run);
            Ok(kept.map(|kept| Found {
                row: kept.row.clone(),
                input: kept.input.clone(),
                payload: kept.payload.clone(),
            }))
        })
    }

    fn list(&self, filter: Filter) -> StoreFuture<'_, Vec<RunRow>> {
        self.with(|runs| {
            let rows = runs.values().map(|kept| &kept.row);
            let after = |row: &&RunRow| filter.after.as_ref().is_none_or(|after| row.id > *after);
            let rows = rows.filter(after).filter(|row| filter.passes(row));
            Ok(rows.take(filter.limit).cloned().collect())
        })
    }

    fn history(&self, run: &RunId, from: u64, limit: usize) -> StoreFuture<'_, Vec<HistoryRow>> {
        self.with(|runs| {
            let rows = find(runs, run)?.history.iter();
            let rows = rows.filter(|row| row.sequence >= from).take(limit);
            Ok(rows.cloned().collect())
        })
    }

    fn undoable(&self, run: &RunId, limit: usize) -> StoreFuture<'_, Vec<HistoryRow>> {
        self.with(|runs| {
            let kept = find(runs, run)?;
            let before = kept.row.undo_before;
            let rows = kept.history.iter().rev();
            let rows = rows.filter(|row| row.is_undoable() && row.sequence < before);
            Ok(rows.take(limit).cloned().collect())
        })
    }

    fn purge(&self, purge: Purge) -> StoreFuture<'_, u64> {
        self.with(|runs| {
            let ended = runs.values().map(|kept| &kept.row).filter(|row| {
                let is_of = |workflow: &String| *workflow == row.workflow;
                purge.workflow.as_ref().is_none_or(is_of)
                    && row.ended.is_some_and(|ended| ended < purge.ended_before)
            });
            let mut ended: Vec<_> = ended.map(|row| (row.ended, row.id.clone())).collect();
            ended.sort();
            ended.truncate(purge.limit);
            for (_, run) in &ended {
                runs.remove(run);
            }
            Ok(ended.len() as u64)
        })
    }

    fn next_due(&self, workflow: &str) -> StoreFuture<'_, Option<SystemTime>> {
        self.with(|runs| {
            let kept = runs.values().filter(|kept| kept.row.workflow == workflow);
            Ok(kept
                .filter_map(|kept| kept.row.claimable_from(kept.lease))
                .min())
        })
    }
}
