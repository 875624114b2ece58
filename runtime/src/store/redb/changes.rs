//! The operations that change something, inside the transaction of a batch.
//!
//! Later operations of a batch see the changes of an earlier one, in the tables and in the index. If
//! the batch cannot be committed the store is closed, so the index is never ahead of the file.

use std::time::SystemTime;

use redb::ReadableTable as _;
use tokio::time::Instant;

use super::fault::{Fault, broken};
use super::format::{Record, read_declaration, write_declaration, write_message, write_note};
use super::history::{StartData, origin};
use super::index::Index;
use super::lookup::Lookup as _;
use super::tables::Tables;
use crate::run::RunId;
use crate::store::declared::Paths;
use crate::store::timeline::{Timeline, asked_at, due_now};
use crate::store::{
    Beat, Created, Declaration, Declared, Delivery, Event, Heartbeat, Hold, Lease, NewRun, Note,
    NoteRow, Release, Request, RunRow, Sent, Stop, StoreError,
};

/// The tables and the index, while a batch is applied.
pub(super) struct Changes<'a> {
    pub(super) tables: Tables<'a>,
    pub(super) index: &'a mut Index,
    pub(super) timeline: &'a mut Timeline,
    pub(super) paths: &'a mut Paths,
    /// The time the caller asked for the operation that is applied.
    pub(super) at: Instant,
    pub(super) broken: &'a super::Broken,
    /// True if the tables have changed.
    pub(super) wrote: bool,
}

impl Changes<'_> {
    pub(super) fn create(&mut self, run: &NewRun) -> Result<Created, Fault> {
        let known = self.find(&run.id)?;
        if let Some(record) = &known
            && run.again
            && record.row.status.is_ended()
        {
            self.remove(record)?;
        } else if let Some(record) = known {
            let StartData {
                input,
                state,
                payload,
                ..
            } = origin(&self.tables.history.rows, &record)?;
            return Ok(Created::Known {
                row: record.row,
                input,
                state,
                payload,
            });
        }
        self.add(run, run.lease).map(Created::New)
    }

    /// Adds a run that does not exist, held by the holder of the lease.
    pub(super) fn add(&mut self, run: &NewRun, lease: Option<Lease>) -> Result<RunRow, Fault> {
        let first = self.tables.history.begin(run)?;
        let behind = self.timeline.behind(run.at, self.at);
        let mut record = Record::new(run, lease.is_some(), first, behind);
        record.messages = self.tables.begin_inbox(&run.id, &run.messages)?;
        let row = record.row.clone();
        self.tables.put(&record)?;
        self.wrote = true;
        match lease {
            Some(lease) => {
                let now = self.timeline.steady(self.at);
                self.index.hold(record, lease, now);
            }
            None => self.index.place(&record),
        }
        Ok(row)
    }

    pub(super) fn declare(&mut self, declaration: &Declaration) -> Result<Declared, Fault> {
        let name = &*declaration.workflow;
        let workflows = self.tables.workflows.open()?;
        // A record that cannot be read refuses nobody, and is written anew.
        let package = match workflows.get(name)? {
            Some(bytes) => read_declaration(name, bytes.value()).ok(),
            None => None,
        };
        let declared = self.paths.judge(declaration, package.as_deref());
        if declared == Declared::Granted {
            self.paths.keep(declaration);
            if package.as_ref() != Some(&declaration.package) {
                self.wrote = true;
                let bytes = write_declaration(name, &declaration.package);
                workflows.insert(name, &*bytes)?;
            }
        }
        Ok(declared)
    }

    pub(super) fn note(&mut self, note: &Note) -> Result<Hold, Fault> {
        let before = self.live(&note.run)?;
        let open = before.row.open(note.epoch, note.sequence);
        open.map_err(Fault::Answer)?;
        let key = (&*note.run.text(), &*note.note.key);
        let progress = write_note(key.0, key.1, &note.note.progress);
        self.wrote = true;
        let known = self.tables.notes.open()?.insert(key, &*progress)?.is_some();
        let mut record = before.clone();
        record.notes += u32::from(!known);
        record.is_held &= record.row.note(note);
        if record != before {
            self.keep(&before, &record)?;
        }
        Ok(Hold::kept_if(record.is_held))
    }

    pub(super) fn release(&mut self, release: &Release) -> Result<(), Fault> {
        // A clock counts as seen, here and below, also if the operation is refused.
        let behind = self.timeline.behind(release.at, self.at);
        let before = self.live(&release.run)?;
        let open = before.row.open(release.epoch, release.sequence);
        open.map_err(Fault::Answer)?;
        let mut record = before.clone();
        record.row.release(release, record.messages as usize);
        record.is_held = false;
        record.behind = behind;
        self.wrote = true;
        if record.notes > 0 && release.asked.is_some() {
            self.tables.drop_all_notes(&release.run)?;
            record.notes = 0;
        }
        self.tables.put(&record)?;
        self.index.forget(&before);
        self.index.place(&record);
        Ok(())
    }

    /// Extends leases, which are in memory only.
    pub(super) fn heartbeat(&mut self, heartbeat: &Heartbeat) -> Vec<Beat> {
        let now = self.timeline.steady(self.at);
        let mut beats = Vec::new();
        for (run, epoch) in &heartbeat.claims {
            let held = self
                .index
                .held(run)
                .filter(|held| held.record.row.epoch == *epoch);
            let messages = held.map_or(0, |held| held.record.messages as usize);
            let beat = Beat::of(run.clone(), held.map(|held| &held.record.row), messages);
            if !beat.is_lost {
                self.index.extend(run, heartbeat.lease, now);
            }
            if beat.says_something() {
                beats.push(beat);
            }
        }
        beats
    }

    pub(super) fn stop(&mut self, run: &RunId, stop: Stop, request: &Request) -> Result<(), Fault> {
        let now = request.at;
        self.timeline.behind(now, self.at);
        if stop == Stop::Terminate && self.end_unreadable(run, request)? {
            return Ok(());
        }
        let before = self.find(run)?.ok_or_else(|| not_found(run))?;
        let mut record = before.clone();
        if record.row.ask(stop, now).map_err(Fault::Answer)? {
            let history = &mut self.tables.history;
            history.add(&mut record, request, &Event::StopAsked { stop }, None)?;
        }
        self.wake(&before, record, now)
    }

    pub(super) fn send(&mut self, delivery: &Delivery) -> Result<Sent, Fault> {
        let message = &delivery.message;
        let run = &message.run;
        self.timeline.behind(message.at, self.at);
        let before = self.find(run)?.ok_or_else(|| not_found(run))?;
        before.row.is_meant(delivery).map_err(Fault::Answer)?;
        let key = (&*run.text(), &*message.id);
        if self.tables.messages.open()?.get(key)?.is_some() {
            return Ok(Sent::Known);
        }
        let mut record = before.clone();
        record.row.receive(delivery).map_err(Fault::Answer)?;
        record.messages += 1;
        let last = {
            let mut waiting = self
                .tables
                .inbox
                .open()?
                .range((&*run.text(), 0)..=(&*run.text(), u64::MAX))?;
            match waiting.next_back() {
                Some(last) => {
                    let next = last?.0.value().1.checked_add(1);
                    next.ok_or_else(|| broken(run, "its messages", &"their keys".to_owned()))?
                }
                None => 0,
            }
        };
        self.tables.messages.open()?.insert(key, (last, 0))?;
        self.tables
            .inbox
            .open()?
            .insert((&*run.text(), last), &*write_message(message, last))?;
        self.wake(&before, record, message.at)?;
        Ok(Sent::Kept)
    }

    pub(super) fn unpark(&mut self, run: &RunId, request: &Request) -> Result<(), Fault> {
        let now = request.at;
        let behind = self.timeline.behind(now, self.at);
        let before = self.find(run)?.ok_or_else(|| not_found(run))?;
        if self.broken.remove(run) && before.row.status.is_live() {
            // It stood still because something beside its record could not be read. That is tried again.
            self.index.place(&before);
            return Ok(());
        }
        let mut record = before.clone();
        record.row.unpark(now).map_err(Fault::Answer)?;
        let history = &mut self.tables.history;
        history.add(&mut record, request, &Event::Unparked, None)?;
        record.behind = behind;
        self.keep(&before, &record)
    }

    pub(super) fn pause(&mut self, run: &RunId, request: &Request) -> Result<(), Fault> {
        self.timeline.behind(request.at, self.at);
        let before = self.find(run)?.ok_or_else(|| not_found(run))?;
        if self.broken.reason(run).is_some() && before.row.status.is_live() {
            // It stands still by law 6.
            return Err(Fault::Answer(StoreError::Parked { run: run.clone() }));
        }
        let mut record = before.clone();
        if !record.row.pause(before.is_held).map_err(Fault::Answer)? {
            return Ok(());
        }
        let history = &mut self.tables.history;
        history.add(&mut record, request, &Event::PauseAsked, None)?;
        self.keep(&before, &record)
    }

    pub(super) fn resume(&mut self, run: &RunId, request: &Request) -> Result<(), Fault> {
        let now = request.at;
        let behind = self.timeline.behind(now, self.at);
        let before = self.find(run)?.ok_or_else(|| not_found(run))?;
        let mut record = before.clone();
        let event = record.row.resume(now).map_err(Fault::Answer)?;
        let history = &mut self.tables.history;
        history.add(&mut record, request, &event, None)?;
        if !before.is_held {
            record.behind = behind;
        }
        self.keep(&before, &record)
    }

    pub(super) fn retry_now(&mut self, run: &RunId, request: &Request) -> Result<(), Fault> {
        let now = self.timeline.now(request.at, self.at);
        let before = self.find(run)?.ok_or_else(|| not_found(run))?;
        let now = asked_at(request.at, now, before.behind);
        let notes = if before.notes > 0 {
            self.tables.notes(&before)?
        } else {
            Vec::new()
        };
        let next = notes.iter().filter_map(NoteRow::next_attempt).max();
        let mut record = before.clone();
        let event = record.row.retry_now(next, before.is_held, now);
        let event = event.map_err(Fault::Answer)?;
        self.wrote = true;
        for note in notes.into_iter().filter_map(|note| note.hurried(now)) {
            let key = (&*run.text(), &*note.key);
            let progress = write_note(key.0, key.1, &note.progress);
            self.tables.notes.open()?.insert(key, &*progress)?;
        }
        let history = &mut self.tables.history;
        history.add(&mut record, request, &event, None)?;
        self.keep(&before, &record)
    }

    pub(super) fn retry_rollback(&mut self, run: &RunId, request: &Request) -> Result<(), Fault> {
        let now = request.at;
        let behind = self.timeline.behind(now, self.at);
        let before = self.find(run)?.ok_or_else(|| not_found(run))?;
        let mut record = before.clone();
        record.row.retry_rollback(now).map_err(Fault::Answer)?;
        record.retried = record.row.rows;
        let history = &mut self.tables.history;
        history.add(&mut record, request, &Event::RollbackRetried, None)?;
        self.tables.take_back(&before)?;
        record.behind = behind;
        self.keep(&before, &record)
    }

    /// Returns the record of a run, ended or not.
    pub(super) fn find(&mut self, run: &RunId) -> Result<Option<Record>, Fault> {
        if let Some(held) = self.index.held(run) {
            return Ok(Some(held.record.clone()));
        }
        let found = self.tables.find(run)?;
        if found.is_none() {
            self.broken.check(run)?;
        }
        Ok(found)
    }

    /// Returns the record of a run that has not ended.
    pub(super) fn live(&mut self, run: &RunId) -> Result<Record, Fault> {
        if let Some(held) = self.index.held(run) {
            return Ok(held.record.clone());
        }
        if let Some(record) = self.tables.runs.find(run)? {
            return Ok(record);
        }
        Err(match self.tables.ended.open()?.find_surely(run)? {
            Some(_) => Fault::Answer(StoreError::Fenced { run: run.clone() }),
            None => not_found(run),
        })
    }

    /// Writes the record of a run that is due from `now` on, also if its times were set by another clock.
    fn wake(&mut self, before: &Record, mut record: Record, now: SystemTime) -> Result<(), Fault> {
        let now = self.timeline.now(now, self.at);
        due_now(&mut record.row, before.row.due, now, record.behind);
        self.keep(before, &record)
    }

    /// Writes a record that has changed.
    fn keep(&mut self, before: &Record, record: &Record) -> Result<(), Fault> {
        self.wrote = true;
        self.tables.put(record)?;
        let run = &record.row.id;
        if let Some(held) = self.index.held_mut(run) {
            held.record.clone_from(record);
            if record.is_held {
                self.index.refresh(run);
            } else {
                self.index.settle(run);
            }
        } else if (record.row.live_due(), record.behind) != (before.row.live_due(), before.behind) {
            self.index.forget(before);
            self.index.place(record);
        }
        Ok(())
    }
}

pub(super) fn not_found(run: &RunId) -> Fault {
    Fault::Answer(StoreError::NotFound { run: run.clone() })
}
