//! The records of one run beside its history: its row, its notes, and its messages.

use std::mem::take;

use redb::{ReadableTable, Value};

use super::damage::guarded;
use super::fault::{Fault, broken};
use super::format::{Record, read_message, read_note, write_message};
use super::tables::Tables;
use crate::run::RunId;
use crate::store::micros::micros;
use crate::store::{Event, LeftMessage, Message, NoteRow};

/// Returns the messages of a run that wait, all that its record counts.
pub(super) fn inbox(
    table: &impl ReadableTable<(&'static str, u64), &'static [u8]>,
    record: &Record,
) -> Result<Vec<Message>, Fault> {
    let run = &record.row.id;
    let id = &*run.text();
    let mut inbox = Vec::new();
    for entry in table.range((id, 0)..=(id, u64::MAX))? {
        let (key, message) = entry?;
        let message = read_message(run.clone(), key.value().1, message.value());
        inbox.push(message.map_err(|reason| broken(run, "a message", &reason))?);
    }
    complete(run, "messages", inbox.len(), record.messages)?;
    Ok(inbox)
}

/// Returns the notes of a run, all that its record counts except those that are skipped.
pub(super) fn notes(
    table: &impl ReadableTable<(&'static str, &'static str), &'static [u8]>,
    record: &Record,
    passes: fn(&[u8]) -> bool,
) -> Result<Vec<NoteRow>, Fault> {
    let run = &record.row.id;
    let id = &*run.text();
    let (mut notes, mut count) = (Vec::new(), 0);
    if record.notes == 0 {
        return Ok(notes);
    }
    for entry in table.range((id, "")..)? {
        let (key, progress) = entry?;
        if key.value().0 != id {
            break;
        }
        count += 1;
        if !passes(progress.value()) {
            continue;
        }
        let progress = read_note(id, key.value().1, progress.value());
        notes.push(NoteRow {
            key: key.value().1.to_owned(),
            progress: progress.map_err(|reason| broken(run, "a note", &reason))?,
        });
    }
    complete(run, "notes", count, record.notes)?;
    Ok(notes)
}

impl Tables<'_> {
    /// Writes its record into the table of its status.
    pub(super) fn put(&mut self, record: &Record) -> Result<(), redb::Error> {
        let id = &*record.row.id.text();
        let bytes = record.write(take(&mut self.history.buffer));
        if let Some(ended) = record.row.ended {
            self.runs.remove(id)?;
            self.ended.open()?.insert(id, &*bytes)?;
            self.ended_at.open()?.insert((micros(ended), id), ())?;
        } else {
            self.runs.insert(id, &*bytes)?;
        }
        self.history.buffer = bytes;
        Ok(())
    }

    /// Removes the record of a run from those that have ended.
    pub(super) fn take_back(&mut self, record: &Record) -> Result<(), redb::Error> {
        let id = &*record.row.id.text();
        self.ended.open()?.remove(id)?;
        if let Some(ended) = record.row.ended {
            self.ended_at.open()?.remove((micros(ended), id))?;
        }
        Ok(())
    }

    /// Returns its notes, all that its record counts.
    pub(super) fn notes(&mut self, record: &Record) -> Result<Vec<NoteRow>, Fault> {
        if record.notes == 0 {
            return Ok(Vec::new());
        }
        notes(self.notes.open()?, record, |_| true)
    }

    /// Returns the keys of its notes that an event drops, and the number of those that it keeps.
    pub(super) fn dropped_notes(
        &mut self,
        record: &Record,
        event: &Event,
    ) -> Result<(Vec<String>, u32), Fault> {
        if record.notes == 0 || event.keeps_notes() {
            return Ok((Vec::new(), record.notes));
        }
        if !event.keeps_some_notes() {
            // None of them need be readable.
            return Ok((names(self.notes.open()?, &record.row.id.text())?, 0));
        }
        let (mut dropped, mut kept) = (Vec::new(), 0);
        for note in self.notes(record)? {
            if event.keeps(&note.progress) {
                kept += 1;
            } else {
                dropped.push(note.key);
            }
        }
        Ok((dropped, kept))
    }

    /// Removes these of its notes.
    pub(super) fn drop_notes(&mut self, run: &RunId, keys: &[String]) -> Result<(), Fault> {
        let id = &*run.text();
        for key in keys {
            self.notes.open()?.remove((id, &**key))?;
        }
        Ok(())
    }

    /// Removes all its notes.
    pub(super) fn drop_all_notes(&mut self, run: &RunId) -> Result<(), Fault> {
        let keys = names(self.notes.open()?, &run.text())?;
        self.drop_notes(run, &keys)
    }

    /// Returns its messages that wait, all that its record counts.
    pub(super) fn inbox(&mut self, record: &Record) -> Result<Vec<Message>, Fault> {
        if record.messages == 0 {
            return Ok(Vec::new());
        }
        inbox(self.inbox.open()?, record)
    }

    /// Adds the messages of a new run. Returns their number.
    pub(super) fn begin_inbox(&mut self, run: &RunId, messages: &[Message]) -> Result<u32, Fault> {
        let id = &*run.text();
        let mut arrival = 0;
        for message in messages {
            let known = self.messages.open()?.get((id, &*message.id))?.is_some();
            if known {
                continue;
            }
            let place = (u64::from(arrival), 0);
            self.messages.open()?.insert((id, &*message.id), place)?;
            let bytes = write_message(message, place.0);
            self.inbox.open()?.insert((id, place.0), &*bytes)?;
            arrival += 1;
        }
        Ok(arrival)
    }

    /// Removes messages that were consumed by the row of the history with this number. Returns their number.
    pub(super) fn consume(
        &mut self,
        run: &RunId,
        consumed: &[String],
        row: u64,
    ) -> Result<u32, Fault> {
        let mut gone = 0;
        for message in consumed {
            let arrival = match self.noted_arrival(run, message)? {
                Some(arrival) => Some(arrival),
                None => self.found_arrival(run, message)?,
            };
            if let Some(arrival) = arrival {
                let id = &*run.text();
                self.inbox.open()?.remove((id, arrival))?;
                let taken = (arrival, row);
                self.messages.open()?.insert((id, &**message), taken)?;
                gone += 1;
            }
        }
        Ok(gone)
    }

    /// Returns the place of a message in the inbox, if it is at the place that is noted for its id.
    fn noted_arrival(&mut self, run: &RunId, message: &str) -> Result<Option<u64>, Fault> {
        let id = &*run.text();
        let noted = self.messages.open()?.get((id, message))?;
        let Some((arrival, _)) = noted.map(|noted| noted.value()) else {
            return Ok(None);
        };
        let there = self.inbox.open()?.get((id, arrival))?;
        let there = there.and_then(|it| read_message(run.clone(), arrival, it.value()).ok());
        // The numbers of an inbox begin anew after it was empty.
        Ok(there.filter(|it| it.id == message).map(|_| arrival))
    }

    /// Searches the place of a message in the inbox that is not at its noted place: the file is damaged, or it was consumed before.
    fn found_arrival(&mut self, run: &RunId, message: &str) -> Result<Option<u64>, Fault> {
        let id = &*run.text();
        let inbox = self.inbox.open()?;
        guarded(|| {
            for entry in inbox.range((id, 0)..=(id, u64::MAX))? {
                let (key, there) = entry?;
                let arrival = key.value().1;
                let there = read_message(run.clone(), arrival, there.value());
                if there
                    .map_err(|reason| broken(run, "a message", &reason))?
                    .id
                    == message
                {
                    return Ok(Some(arrival));
                }
            }
            Ok(None)
        })
    }

    /// Returns the messages that are left of a run that has ended.
    pub(super) fn left(&mut self, run: &RunId) -> Result<Vec<LeftMessage>, Fault> {
        let id = &*run.text();
        let inbox = self.inbox.open()?;
        guarded(|| {
            let mut left = Vec::new();
            for entry in inbox
                .range((id, 0)..=(id, u64::MAX))?
                .take(LeftMessage::MOST)
            {
                let (key, message) = entry?;
                let message = read_message(run.clone(), key.value().1, message.value());
                let message = message.map_err(|reason| broken(run, "a message", &reason))?;
                left.push(LeftMessage::from(&message));
            }
            Ok(left)
        })
    }

    /// Removes its messages that wait, and the ids of all its messages.
    pub(super) fn drop_messages(&mut self, run: &RunId) -> Result<(), Fault> {
        let id = &*run.text();
        let all = (id, 0)..=(id, u64::MAX);
        self.inbox.open()?.retain_in(all, |_, _| false)?;
        let messages = names(self.messages.open()?, id)?;
        for message in messages {
            self.messages.open()?.remove((id, &*message))?;
        }
        Ok(())
    }
}

/// Fails for a run with missing parts, which cannot be read.
fn complete(run: &RunId, what: &str, found: usize, counted: u32) -> Result<(), Fault> {
    if u32::try_from(found) == Ok(counted) {
        return Ok(());
    }
    let reason = format!("there are {found} of {counted}");
    Err(broken(run, &format!("its {what}"), &reason))
}

/// Returns the second parts of the keys of a run.
fn names<V: Value + 'static>(
    table: &impl ReadableTable<(&'static str, &'static str), V>,
    id: &str,
) -> Result<Vec<String>, Fault> {
    guarded(|| {
        let mut names = Vec::new();
        for entry in table.range((id, "")..)? {
            let key = entry?.0;
            let (of, name) = key.value();
            if of != id {
                break;
            }
            names.push(name.to_owned());
        }
        Ok(names)
    })
}
