//! The record of a run.

use std::time::SystemTime;

use super::failure::{
    number, read_failure, read_stop, read_text, stop_number, write_failure, write_text,
};
use super::{RecordPlace, RecordReader, RecordWriter, Unread, VERSION, unknown};
use crate::run::RunId;
use crate::store::timeline::{Moment, wall};
use crate::store::{Fired, IndexEntry, IndexValue, NewRun, Parent, RunRow, Status};

/// The row of a run, and the other facts that the store keeps about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store::redb) struct Record {
    pub(in crate::store::redb) row: RunRow,
    /// True if somebody has claimed it and not released it.
    pub(in crate::store::redb) is_held: bool,
    /// The delay of the clock that set its due time.
    pub(in crate::store::redb) behind: Moment,
    /// The numbers of its first and of its last row in the table of histories, and of the row with the
    /// payload of its state.
    pub(in crate::store::redb) first: u64,
    pub(in crate::store::redb) last: u64,
    pub(in crate::store::redb) payload_at: u64,
    /// The number of the last row that says that its rollback was retried; 0 if there is none.
    /// Rows that were undone are looked for before it.
    pub(in crate::store::redb) retried: u64,
    /// The number of its notes, and of its messages that wait.
    pub(in crate::store::redb) notes: u32,
    pub(in crate::store::redb) messages: u32,
    /// The number of the first entry of its logs that exists: an interrupted purge has removed those before.
    pub(in crate::store::redb) logged_from: u64,
}

impl Record {
    /// Returns the record of a new run, whose first row has this number, by a clock that is `behind` by this much.
    pub(in crate::store::redb) fn new(
        run: &NewRun,
        is_held: bool,
        first: u64,
        behind: Moment,
    ) -> Self {
        Record {
            row: RunRow::new(run),
            is_held,
            behind,
            first,
            last: first,
            payload_at: first,
            retried: 0,
            notes: 0,
            messages: 0,
            logged_from: 0,
        }
    }

    /// Returns the time by the clock that has set the times of the run, at this moment of the store.
    pub(in crate::store::redb) fn now(&self, now: Moment) -> SystemTime {
        wall(now, self.behind)
    }

    /// Writes the record into the memory of the buffer.
    pub(in crate::store::redb) fn write(&self, buffer: Vec<u8>) -> Vec<u8> {
        let row = &self.row;
        let mut to = RecordWriter::over(buffer, VERSION);
        to.text(&row.id.text())
            .u64(row.incarnation)
            .text(&row.workflow)
            .u32(row.version)
            .u8(row.priority.cast_unsigned())
            .option(row.parent.as_ref(), |to, parent| {
                to.text(&parent.run.text()).text(&parent.key);
            })
            .list(&row.index, write_entry)
            .u8(status(row.status))
            .text(&row.state)
            .u64(row.sequence)
            .u64(row.rows)
            .u64(row.history_from)
            .u64(row.logged)
            .u64(row.epoch)
            .u64(row.visit)
            .u64(row.undos)
            .u64(row.undo_before)
            .u64(row.not_undone)
            .u8(row.rolls_back.into())
            .u32(row.crashes)
            .u8(row.waits.into())
            .time(row.started)
            .time(row.entered)
            .list(&row.fired, write_fired)
            .option(row.attempts_since, |to, since| {
                to.time(since);
            })
            .option(row.due, |to, due| {
                to.time(due);
            })
            .u8(stop_number(row.stop))
            .u8(row.pause_asked.into())
            .u8(row.retry_asked.into())
            .option(row.parked.as_ref(), write_text)
            .option(row.failure.as_ref(), write_failure)
            .option(row.ended, |to, ended| {
                to.time(ended);
            })
            .u8(self.is_held.into())
            .option(
                (self.behind > 0).then(|| self.behind.unsigned_abs()),
                |to, behind| {
                    to.u64(behind);
                },
            )
            .u64(self.first)
            .u64(self.last)
            .u64(self.payload_at)
            .u64(self.retried)
            .u32(self.notes)
            .u32(self.messages)
            .u64(self.logged_from);
        to.finish(RecordPlace::Run)
    }

    /// Reads the record that stands under the id of a run.
    pub(in crate::store::redb) fn read(id: &RunId, bytes: &[u8]) -> Result<Self, Unread> {
        let record = Record::read_any(bytes)?;
        if record.row.id != *id {
            return Err(format!("it is that of run `{}`", record.row.id));
        }
        Ok(record)
    }

    /// Reads a record, wherever it stands.
    pub(in crate::store::redb) fn read_any(bytes: &[u8]) -> Result<Self, Unread> {
        let (version, mut from) = RecordReader::record(bytes, RecordPlace::Run)?;
        let record = match version {
            1 => Record::read_1(&mut from)?,
            other => return Err(unknown(other)),
        };
        from.finish(record)
    }

    fn read_1(from: &mut RecordReader<'_>) -> Result<Self, Unread> {
        let row = RunRow {
            id: RunId::unchecked(&from.text()?),
            incarnation: from.u64()?,
            workflow: from.name()?,
            version: from.u32()?,
            priority: from.u8()?.cast_signed(),
            parent: from.option(read_parent)?,
            index: from.list(read_entry)?,
            status: read_status(from.u8()?)?,
            state: from.name()?,
            sequence: from.count()?,
            rows: from.count()?,
            history_from: from.count()?,
            logged: from.count()?,
            epoch: from.count()?,
            visit: from.count()?,
            undos: from.count()?,
            undo_before: from.u64()?,
            not_undone: from.count()?,
            rolls_back: from.flag()?,
            crashes: from.short_count()?,
            waits: from.flag()?,
            started: from.time()?,
            entered: from.time()?,
            fired: from.list(read_fired)?,
            attempts_since: from.option(RecordReader::time)?,
            due: from.option(RecordReader::time)?,
            stop: read_stop(from.u8()?)?,
            pause_asked: from.flag()?,
            retry_asked: from.flag()?,
            parked: from.option(read_text)?,
            failure: from.option(read_failure)?,
            ended: from.option(RecordReader::time)?,
        };
        Ok(Record {
            row,
            is_held: from.flag()?,
            behind: from.option(read_behind)?.unwrap_or(0),
            first: from.count()?,
            last: from.count()?,
            payload_at: from.count()?,
            retried: from.count()?,
            notes: from.short_count()?,
            messages: from.short_count()?,
            logged_from: from.count()?,
        })
    }
}

fn read_parent(from: &mut RecordReader<'_>) -> Result<Parent, Unread> {
    Ok(Parent {
        run: RunId::unchecked(&from.text()?),
        key: from.text()?,
    })
}

fn write_entry(to: &mut RecordWriter, entry: &IndexEntry) {
    to.text(&entry.name);
    match &entry.value {
        IndexValue::Text(text) => to.u8(0).text(text),
        IndexValue::Integer(number) => to.u8(1).u64(number.cast_unsigned()),
    };
}

fn read_entry(from: &mut RecordReader<'_>) -> Result<IndexEntry, Unread> {
    Ok(IndexEntry {
        name: from.name()?,
        value: match from.u8()? {
            0 => IndexValue::Text(from.text()?),
            1 => IndexValue::Integer(from.u64()?.cast_signed()),
            other => return Err(format!("{other} is no kind of value")),
        },
    })
}

fn write_fired(to: &mut RecordWriter, fired: &Fired) {
    to.text(&fired.transition).time(fired.at).u32(fired.made);
}

fn read_fired(from: &mut RecordReader<'_>) -> Result<Fired, Unread> {
    Ok(Fired {
        transition: from.name()?,
        at: from.time()?,
        made: from.u32()?,
    })
}

fn read_behind(from: &mut RecordReader<'_>) -> Result<Moment, Unread> {
    let behind = from.count()?;
    let behind = Moment::try_from(behind).ok().filter(|behind| *behind > 0);
    behind.ok_or_else(|| "a clock is behind by nothing".to_owned())
}

pub(super) const STATUSES: [Status; 8] = [
    Status::Running,
    Status::RollingBack,
    Status::Parked,
    Status::Done,
    Status::Failed,
    Status::Cancelled,
    Status::Terminated,
    Status::Paused,
];

fn status(status: Status) -> u8 {
    number(&STATUSES, &status)
}

fn read_status(number: u8) -> Result<Status, Unread> {
    let status = STATUSES.get(usize::from(number)).copied();
    status.ok_or_else(|| format!("{number} is no status"))
}

/// Returns the id in a record of a run, as bytes, without reading the rest of it.
pub(in crate::store::redb) fn owner(record: &[u8]) -> Option<&[u8]> {
    let (length, rest) = record.get(1..)?.split_first_chunk()?;
    rest.get(..u32::from_le_bytes(*length) as usize)
}
