//! The operations that change something, inside the transaction of a batch.
//!
//! What an operation of a batch does is seen by those that follow it, in the tables and in the index. If
//! the batch cannot be committed the store is closed, so the index is never ahead of the file.

use std::time::SystemTime;

use redb::ReadableTable as _;

use super::format::{Record, write_message, write_note};
use super::history::{origin, payload, row};
use super::index::{Index, claimable_from};
use super::tables::{Fault, Lookup as _, Tables};
use super::wire::micros;
use crate::key::RunId;
use crate::store::apply::Fence;
use crate::store::{
    Beat, Claim, Claimed, Commit, Created, Event, Heartbeat, Message, NewRun, Note, Purge, RunRow,
    Sent, Stop, StoreError,
};

/// The tables and the index, while a batch is applied.
pub(super) struct Changes<'a> {
    pub(super) tables: Tables<'a>,
    pub(super) index: &'a mut Index,
    pub(super) broken: &'a super::Broken,
    /// Whether the tables have changed.
    pub(super) wrote: bool,
}

impl Changes<'_> {
    pub(super) fn create(&mut self, run: &NewRun) -> Result<Created, Fault> {
        if let Some(record) = self.find(&run.id)? {
            let (input, state, payload) = origin(&self.tables.history.rows, &record)?;
            return Ok(Created::Known {
                row: record.row,
                input,
                state,
                payload,
            });
        }
        let first = self.tables.history.begin(run)?;
        let record = Record::new(run, first);
        let row = record.row.clone();
        self.keep(None, record, run.lease.map(micros))?;
        Ok(Created::New(row))
    }

    pub(super) fn claim(&mut self, claim: &Claim) -> Result<Vec<Claimed>, Fault> {
        let (now, lease) = (micros(claim.now), micros(claim.lease));
        let mut claimed = Vec::new();
        while claimed.len() < claim.limit {
            let missing = claim.limit - claimed.len();
            let due = self.index.due(&claim.workflow, now, missing);
            if due.is_empty() {
                break;
            }
            let mut is_stuck = true;
            for (from, run) in due {
                match self.take(&run, lease) {
                    Ok(taken) => {
                        is_stuck = false;
                        claimed.push(taken);
                    }
                    Err(Fault::Answer(error)) => {
                        // It stands still, and keeps nobody.
                        is_stuck = false;
                        self.broken.add(run.clone(), &error);
                        self.index.forget(&claim.workflow, from, &run);
                    }
                    Err(fault) => return Err(fault),
                }
            }
            // A lease that has passed already is claimed once.
            if is_stuck || lease <= now {
                break;
            }
        }
        Ok(claimed)
    }

    /// Claims one run.
    fn take(&mut self, run: &RunId, lease: i64) -> Result<Claimed, Fault> {
        let before = self.live(run)?;
        let rows = &self.tables.history.rows;
        let (input, ..) = origin(rows, &before)?;
        let payload = payload(rows, &before)?;
        let notes = if before.has_notes {
            self.tables.notes(run)?
        } else {
            Vec::new()
        };
        let inbox = if before.messages > 0 {
            self.tables.inbox(run)?
        } else {
            Vec::new()
        };
        let mut record = before.clone();
        record.row.claim(before.is_held);
        record.is_held = true;
        let row = record.row.clone();
        self.keep(Some(&before), record, Some(lease))?;
        Ok(Claimed {
            row,
            input,
            payload,
            notes,
            inbox,
        })
    }

    pub(super) fn commit(&mut self, commit: &Commit) -> Result<(), Fault> {
        let run = &commit.run;
        // Changed where it lies: this is what the store does most.
        if let Some(held) = self.index.held_mut(run) {
            let before = claimable_from(&held.record, Some(held.lease));
            if !advance(&mut self.tables, &mut held.record, commit)? {
                return Ok(());
            }
            self.wrote = true;
            self.tables.put(&held.record)?;
            let lease = held.record.is_held.then_some(held.lease);
            if lease.is_none() || claimable_from(&held.record, lease) != before {
                self.index.place_again(run, before, lease);
            }
            return Ok(());
        }
        // It has no claim, or had one before the file was opened.
        let record = self.tables.find(run)?;
        let mut record = record.ok_or_else(|| not_found(run))?;
        let before = claimable_from(&record, None);
        if advance(&mut self.tables, &mut record, commit)? {
            self.wrote = true;
            self.tables.put(&record)?;
            self.index.place(before, record, None);
        }
        Ok(())
    }

    pub(super) fn note(&mut self, note: &Note) -> Result<(), Fault> {
        let before = self.live(&note.run)?;
        let fence = before.row.fence(note.epoch, note.sequence);
        if fence.map_err(Fault::Answer)? != Fence::Open {
            let run = note.run.clone();
            return Err(Fault::Answer(StoreError::Fenced { run }));
        }
        let key = (&*note.run.text(), &*note.note.key);
        let progress = write_note(&note.note.progress);
        self.wrote = true;
        self.tables.notes.open()?.insert(key, &*progress)?;
        if before.has_notes {
            return Ok(());
        }
        let record = Record {
            has_notes: true,
            ..before.clone()
        };
        let lease = self.lease(&note.run);
        self.keep(Some(&before), record, lease)
    }

    /// Extends leases, which are in memory only.
    pub(super) fn heartbeat(&mut self, heartbeat: &Heartbeat) -> Vec<Beat> {
        let lease = micros(heartbeat.lease);
        let mut beats = Vec::new();
        for (run, epoch) in &heartbeat.claims {
            let beat = match self.index.extend(run, *epoch, lease) {
                None => Beat {
                    run: run.clone(),
                    is_lost: true,
                    stop: None,
                    messages: 0,
                },
                Some(held) => Beat {
                    run: run.clone(),
                    is_lost: false,
                    stop: held.record.row.stop,
                    messages: held.record.messages as usize,
                },
            };
            if beat.is_lost || beat.stop.is_some() || beat.messages > 0 {
                beats.push(beat);
            }
        }
        beats
    }

    pub(super) fn stop(&mut self, run: &RunId, stop: Stop, now: SystemTime) -> Result<(), Fault> {
        self.change(run, |row| row.ask(stop, now))
    }

    pub(super) fn send(&mut self, message: &Message) -> Result<Sent, Fault> {
        let run = &message.run;
        let before = self.find(run)?;
        let before = before.ok_or_else(|| not_found(run))?;
        let key = (&*run.text(), &*message.id);
        if self.tables.messages.open()?.get(key)?.is_some() {
            return Ok(Sent::Known);
        }
        let mut record = before.clone();
        record.row.wake(message.at).map_err(Fault::Answer)?;
        record.messages += 1;
        let last = {
            let mut waiting = self
                .tables
                .inbox
                .open()?
                .range((&*run.text(), 0)..=(&*run.text(), u64::MAX))?;
            match waiting.next_back() {
                Some(last) => last?.0.value().1 + 1,
                None => 0,
            }
        };
        self.tables.messages.open()?.insert(key, ())?;
        self.tables
            .inbox
            .open()?
            .insert((&*run.text(), last), &*write_message(message))?;
        let lease = self.lease(run);
        self.keep(Some(&before), record, lease)?;
        Ok(Sent::Kept)
    }

    pub(super) fn unpark(&mut self, run: &RunId, now: SystemTime) -> Result<(), Fault> {
        let before = self.find(run)?;
        let before = before.ok_or_else(|| not_found(run))?;
        if self.broken.remove(run) && before.row.status.is_live() {
            // It stood still because something beside its record could not be read: it is tried again.
            let from = self.index.from(run, None);
            self.index.place(from, before, None);
            return Ok(());
        }
        let mut record = before.clone();
        record.row.unpark(now).map_err(Fault::Answer)?;
        let history = &mut self.tables.history;
        history.add(&mut record, now, &Event::Unparked)?;
        self.keep(Some(&before), record, None)
    }

    pub(super) fn purge(&mut self, purge: &Purge) -> Result<u64, Fault> {
        let before = micros(purge.ended_before);
        let mut found = Vec::new();
        {
            let ended = self.tables.ended_at.open()?.range(..(before, ""))?;
            for entry in ended {
                if found.len() == purge.limit {
                    break;
                }
                let entry = entry?;
                let (at, id) = entry.0.value();
                let run = RunId::from(id);
                let is_of = match &purge.workflow {
                    None => true,
                    Some(workflow) => match self.tables.ended.open()?.find(&run) {
                        Ok(record) => record.is_none_or(|record| record.row.workflow == *workflow),
                        // Whose it is cannot be read.
                        Err(Fault::Answer(_)) => false,
                        Err(fault) => return Err(fault),
                    },
                };
                if is_of {
                    found.push((at, run));
                }
            }
        }
        for (at, run) in &found {
            self.remove(*at, run)?;
        }
        Ok(found.len() as u64)
    }

    fn remove(&mut self, at: i64, run: &RunId) -> Result<(), Fault> {
        self.wrote = true;
        let id = &*run.text();
        match self.tables.ended.open()?.find(run) {
            Ok(Some(record)) => self.tables.history.remove(run, record.last)?,
            // Where its history is cannot be read.
            Ok(None) | Err(Fault::Answer(_)) => {}
            Err(fault) => return Err(fault),
        }
        self.tables.ended_at.open()?.remove((at, id))?;
        self.tables.ended.open()?.remove(id)?;
        self.tables.drop_notes(run)?;
        self.tables.drop_messages(run)
    }

    /// The record of a run, ended or not.
    fn find(&mut self, run: &RunId) -> Result<Option<Record>, Fault> {
        match self.index.held(run) {
            Some(held) => Ok(Some(held.record.clone())),
            None => self.tables.find(run),
        }
    }

    /// The lease of a run that was claimed and not given back.
    fn lease(&self, run: &RunId) -> Option<i64> {
        self.index.held(run).map(|held| held.lease)
    }

    /// The record of a run that has not ended.
    fn live(&mut self, run: &RunId) -> Result<Record, Fault> {
        if let Some(held) = self.index.held(run) {
            return Ok(held.record.clone());
        }
        if let Some(record) = self.tables.runs.find(run)? {
            return Ok(record);
        }
        Err(match self.tables.ended.open()?.find(run)? {
            Some(_) => Fault::Answer(StoreError::Fenced { run: run.clone() }),
            None => not_found(run),
        })
    }

    /// Changes the row of a run, and nothing else.
    fn change(
        &mut self,
        run: &RunId,
        change: impl FnOnce(&mut RunRow) -> Result<(), StoreError>,
    ) -> Result<(), Fault> {
        let before = self.find(run)?;
        let before = before.ok_or_else(|| not_found(run))?;
        let mut record = before.clone();
        change(&mut record.row).map_err(Fault::Answer)?;
        let lease = self.lease(run);
        self.keep(Some(&before), record, lease)
    }

    /// Writes the record of a run where it belongs; `before` is what it was, of a run that nobody holds.
    fn keep(
        &mut self,
        before: Option<&Record>,
        record: Record,
        lease: Option<i64>,
    ) -> Result<(), Fault> {
        self.wrote = true;
        self.tables.put(&record)?;
        let from = self.index.from(&record.row.id, before);
        self.index.place(from, record, lease);
        Ok(())
    }
}

/// Does what a commit says. Gives `false`, and changes nothing, for one that took place before; neither does
/// it change anything where it is refused.
fn advance(tables: &mut Tables<'_>, record: &mut Record, commit: &Commit) -> Result<bool, Fault> {
    let run = &commit.run;
    let fence = record.row.fence(commit.epoch, commit.sequence);
    if fence.map_err(Fault::Answer)? == Fence::Passed {
        let last = row(&tables.history.rows, run, record.last)?;
        if commit.is_in(&last.history) {
            return Ok(false);
        }
        return Err(Fault::Answer(StoreError::Fenced { run: run.clone() }));
    }
    // First what may find a message that cannot be read.
    if record.messages > 0 && !commit.consumed.is_empty() {
        record.messages -= tables.consume(run, &commit.consumed)?;
    }
    let keeps = record.row.apply(commit);
    record.is_held &= keeps;
    if record.has_notes && !commit.event.keeps_notes() {
        tables.drop_notes(run)?;
        record.has_notes = false;
    }
    tables.history.add(record, commit.at, &commit.event)?;
    Ok(true)
}

fn not_found(run: &RunId) -> Fault {
    Fault::Answer(StoreError::NotFound { run: run.clone() })
}
