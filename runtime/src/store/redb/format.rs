//! The records of the file. `docs/format.md` describes them byte by byte.

mod failure;
mod row;
mod run;

use super::wire::{RecordPlace, RecordReader, RecordWriter, Unread, unknown};
use crate::run::RunId;
use crate::store::{EffectNote, LogEntry, LogRow, Message, Progress};

pub(super) use row::{HistoryHead, Row, read_row, write_row};
pub(super) use run::{Record, owner};

/// The version of the file, and of every record that is written.
pub(super) const VERSION: u8 = 1;

pub(super) fn write_note(run: &str, key: &str, progress: &Progress) -> Vec<u8> {
    let mut to = RecordWriter::record(VERSION);
    match progress {
        Progress::Attempts {
            made,
            called,
            due,
            noted,
            waits,
            failed,
        } => to
            .u8(0)
            .u32(*made)
            .u32(*called)
            .time(*due)
            .time(*noted)
            .u8((*waits).into())
            .list(failed, failure::write_attempt),
        Progress::Output { output, effect } => to
            .u8(1)
            .option(effect.as_ref(), |to, effect| {
                to.text(&effect.undo).u32(effect.number);
            })
            .bytes(output),
    };
    to.finish(RecordPlace::Note(run, key))
}

/// Returns true if a note is the output of a branch, which may be large, without reading it.
pub(super) fn is_output(note: &[u8]) -> bool {
    matches!(note, [1, 1, ..])
}

pub(super) fn read_note(run: &str, key: &str, bytes: &[u8]) -> Result<Progress, Unread> {
    let (version, mut from) = RecordReader::record(bytes, RecordPlace::Note(run, key))?;
    let progress = match version {
        1 => match from.u8()? {
            0 => Progress::Attempts {
                made: from.short_count()?,
                called: from.short_count()?,
                due: from.time()?,
                noted: from.time()?,
                waits: from.flag()?,
                failed: from.list(failure::read_attempt)?,
            },
            1 => Progress::Output {
                effect: from.option(read_effect)?,
                output: from.bytes()?,
            },
            other => return Err(format!("{other} is no kind of note")),
        },
        other => return Err(unknown(other)),
    };
    from.finish(progress)
}

fn read_effect(from: &mut RecordReader<'_>) -> Result<EffectNote, Unread> {
    Ok(EffectNote {
        undo: from.name()?,
        number: from.u32()?,
    })
}

pub(super) fn write_message(message: &Message, arrival: u64) -> Vec<u8> {
    let mut to = RecordWriter::record(VERSION);
    to.text(&message.id)
        .text(&message.signal)
        .bytes(&message.payload)
        .time(message.at);
    to.finish(RecordPlace::Message(&message.run.text(), arrival))
}

pub(super) fn read_message(run: RunId, arrival: u64, bytes: &[u8]) -> Result<Message, Unread> {
    let place = RecordPlace::Message(&run.text(), arrival);
    let (version, mut from) = RecordReader::record(bytes, place)?;
    let message = match version {
        1 => Message {
            run,
            id: from.text()?,
            signal: from.text()?,
            payload: from.bytes()?,
            at: from.time()?,
        },
        other => return Err(unknown(other)),
    };
    from.finish(message)
}

pub(super) fn write_logged(run: &str, number: u64, entry: &LogEntry) -> Vec<u8> {
    let mut to = RecordWriter::record(VERSION);
    to.text(&entry.log).bytes(&entry.entry);
    to.finish(RecordPlace::Logged(run, number))
}

pub(super) fn read_logged(run: &str, number: u64, bytes: &[u8]) -> Result<LogRow, Unread> {
    let (version, mut from) = RecordReader::record(bytes, RecordPlace::Logged(run, number))?;
    let row = match version {
        1 => LogRow {
            number,
            log: from.name()?,
            entry: from.bytes()?,
        },
        other => return Err(unknown(other)),
    };
    from.finish(row)
}

/// Writes the rest of a purged run: the rows of its history, from this one backwards to the first.
pub(super) fn write_rest(run: &RunId, last: u64, first: u64) -> Vec<u8> {
    let mut to = RecordWriter::record(VERSION);
    to.text(&run.text()).u64(first);
    to.finish(RecordPlace::Rest(last))
}

pub(super) fn read_rest(last: u64, bytes: &[u8]) -> Result<(RunId, u64), Unread> {
    let (version, mut from) = RecordReader::record(bytes, RecordPlace::Rest(last))?;
    let run = match version {
        1 => (RunId::unchecked(&from.text()?), from.count()?),
        other => return Err(unknown(other)),
    };
    from.finish(run)
}

/// Writes the package that has declared the workflow of this name.
pub(super) fn write_declaration(name: &str, package: &str) -> Vec<u8> {
    let mut to = RecordWriter::record(VERSION);
    to.text(package);
    to.finish(RecordPlace::Workflow(name))
}

pub(super) fn read_declaration(name: &str, bytes: &[u8]) -> Result<String, Unread> {
    let (version, mut from) = RecordReader::record(bytes, RecordPlace::Workflow(name))?;
    let package = match version {
        1 => from.text()?,
        other => return Err(unknown(other)),
    };
    from.finish(package)
}

#[cfg(feature = "testing")]
mod fuzzed;
#[cfg(test)]
mod tests;

#[cfg(feature = "testing")]
pub(crate) use fuzzed::records;
