//! The records of the file. `docs/format.md` describes them byte by byte.

use std::time::SystemTime;

use super::wire::{Place, Reader, Unread, Writer};
use crate::key::RunId;
use crate::store::timeline::Moment;
use crate::store::{
    Event, Failure, FailureKind, HistoryRow, IndexEntry, IndexValue, Message, NewRun, Parent,
    Progress, RunRow, Status, Stop, Text, TraceContext,
};

/// The version of the file and of every record.
pub(super) const VERSION: u8 = 1;

/// The row of a run, and what the store knows beside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) row: RunRow,
    /// Whether somebody has claimed it and not given it back.
    pub(super) is_held: bool,
    /// How far the clock was behind that set its due time.
    pub(super) behind: Moment,
    /// The numbers of its first and of its last row in the table of histories, and of the one that has the
    /// payload of its state.
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) payload_at: u64,
    /// The number of the row that says that its rollback was retried, the last if there are several; 0 if there is none.
    /// What was undone is looked for before it.
    pub(super) retried: u64,
    /// How many notes there are, and how many messages wait.
    pub(super) notes: u32,
    pub(super) messages: u32,
}

/// A row of the table of histories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) run: String,
    /// The number of the one before it of the same run; 0 for the first.
    pub(super) before: u64,
    pub(super) history: HistoryRow,
    /// The first has the input of the run, the payload of the state that it began with, and the trace that it belongs to.
    pub(super) origin: Option<(Vec<u8>, Vec<u8>, Option<TraceContext>)>,
}

impl Record {
    /// The record of a new run, whose first row has this number, by a clock that is so far behind.
    pub(super) fn new(run: &NewRun, is_held: bool, first: u64, behind: Moment) -> Self {
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
        }
    }

    /// The record as bytes, in the memory of the buffer.
    pub(super) fn write(&self, buffer: Vec<u8>) -> Vec<u8> {
        let row = &self.row;
        let mut to = Writer::over(buffer, VERSION);
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
            .option(row.due, |to, due| {
                to.time(due);
            })
            .u8(stop_number(row.stop))
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
            .u32(self.messages);
        to.finish(Place::Run)
    }

    /// The record that stands under the id of a run.
    pub(super) fn read(id: &RunId, bytes: &[u8]) -> Result<Self, Unread> {
        let record = Record::read_any(bytes)?;
        if record.row.id != *id {
            return Err(format!("it is that of run `{}`", record.row.id));
        }
        Ok(record)
    }

    /// A record, wherever it stands.
    pub(super) fn read_any(bytes: &[u8]) -> Result<Self, Unread> {
        let mut from = Reader::record(bytes, VERSION, Place::Run)?;
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
            due: from.option(Reader::time)?,
            stop: read_stop(from.u8()?)?,
            parked: from.option(read_text)?,
            failure: from.option(read_failure)?,
            ended: from.option(Reader::time)?,
        };
        let record = Record {
            row,
            is_held: from.flag()?,
            behind: from.option(read_behind)?.unwrap_or(0),
            first: from.count()?,
            last: from.count()?,
            payload_at: from.count()?,
            retried: from.count()?,
            notes: from.short_count()?,
            messages: from.short_count()?,
        };
        from.finish(record)
    }
}

fn read_parent(from: &mut Reader<'_>) -> Result<Parent, Unread> {
    Ok(Parent {
        run: RunId::unchecked(&from.text()?),
        key: from.text()?,
    })
}

fn write_entry(to: &mut Writer, entry: &IndexEntry) {
    to.text(&entry.name);
    match &entry.value {
        IndexValue::Text(text) => to.u8(0).text(text),
        IndexValue::Integer(number) => to.u8(1).u64(number.cast_unsigned()),
    };
}

fn read_entry(from: &mut Reader<'_>) -> Result<IndexEntry, Unread> {
    Ok(IndexEntry {
        name: from.name()?,
        value: match from.u8()? {
            0 => IndexValue::Text(from.text()?),
            1 => IndexValue::Integer(from.u64()?.cast_signed()),
            other => return Err(format!("{other} is no kind of value")),
        },
    })
}

fn write_trace(to: &mut Writer, trace: &TraceContext) {
    to.text(&trace.parent)
        .option(trace.state.as_ref(), |to, state| {
            to.text(state);
        });
}

fn read_trace(from: &mut Reader<'_>) -> Result<TraceContext, Unread> {
    Ok(TraceContext {
        parent: from.text()?,
        state: from.option(Reader::text)?,
    })
}

fn read_behind(from: &mut Reader<'_>) -> Result<Moment, Unread> {
    let behind = from.count()?;
    let behind = Moment::try_from(behind).ok().filter(|behind| *behind > 0);
    behind.ok_or_else(|| "a clock is behind by nothing".to_owned())
}

const STATUSES: [Status; 7] = [
    Status::Running,
    Status::RollingBack,
    Status::Parked,
    Status::Done,
    Status::Failed,
    Status::Cancelled,
    Status::Terminated,
];

fn status(status: Status) -> u8 {
    number(&STATUSES, &status)
}

fn read_status(number: u8) -> Result<Status, Unread> {
    let status = STATUSES.get(usize::from(number)).copied();
    status.ok_or_else(|| format!("{number} is no status"))
}

const KINDS: [FailureKind; 8] = [
    FailureKind::Handler,
    FailureKind::Join,
    FailureKind::Panic,
    FailureKind::Timeout,
    FailureKind::Deadline,
    FailureKind::BreakerOpen,
    FailureKind::Cancelled,
    FailureKind::Terminated,
];

fn stop_number(stop: Option<Stop>) -> u8 {
    match stop {
        None => 0,
        Some(Stop::Cancel) => 1,
        Some(Stop::Terminate) => 2,
    }
}

fn read_stop(number: u8) -> Result<Option<Stop>, Unread> {
    match number {
        0 => Ok(None),
        1 => Ok(Some(Stop::Cancel)),
        2 => Ok(Some(Stop::Terminate)),
        other => Err(format!("{other} is no request to stop")),
    }
}

fn number<T: PartialEq>(known: &[T], value: &T) -> u8 {
    let number = known.iter().position(|it| it == value);
    let number = number.expect("every variant has a number");
    u8::try_from(number).expect("there are less than 256")
}

/// The id in a record of a run, as bytes, without looking at the rest of it.
pub(super) fn owner(record: &[u8]) -> Option<&[u8]> {
    let (length, rest) = record.get(1..)?.split_first_chunk()?;
    rest.get(..u32::from_le_bytes(*length) as usize)
}

fn write_failure(to: &mut Writer, failure: &Failure) {
    to.text(&failure.state)
        .option(failure.transition.as_ref(), |to, transition| {
            to.text(transition);
        })
        .u32(failure.attempts)
        .u8(number(&KINDS, &failure.kind));
    write_text(to, &failure.message);
}

fn write_text(to: &mut Writer, text: &Text) {
    match text {
        Text::Plain(text) => to.u8(0).text(text),
        Text::Encoded(bytes) => to.u8(1).bytes(bytes),
    };
}

fn read_text(from: &mut Reader<'_>) -> Result<Text, Unread> {
    match from.u8()? {
        0 => from.text().map(Text::Plain),
        1 => from.bytes().map(Text::Encoded),
        other => Err(format!("{other} is no kind of text")),
    }
}

fn read_failure(from: &mut Reader<'_>) -> Result<Failure, Unread> {
    Ok(Failure {
        state: from.name()?,
        transition: from.option(Reader::name)?,
        attempts: from.u32()?,
        kind: {
            let kind = from.u8()?;
            let known = KINDS.get(usize::from(kind)).copied();
            known.ok_or_else(|| format!("{kind} is no kind of failure"))?
        },
        message: read_text(from)?,
    })
}

/// What each row of the table of histories begins with.
#[derive(Debug, Clone, Copy)]
pub(super) struct HistoryHead<'a> {
    /// Its number among the rows of its run.
    pub(super) number: u64,
    /// The place in the table of the one before it.
    pub(super) before: u64,
    pub(super) at: SystemTime,
    pub(super) failure: Option<&'a Failure>,
    pub(super) by: Option<&'a str>,
}

/// A row of the table of histories, without its place there, which is its key, in the memory of the buffer.
pub(super) fn write_row(
    buffer: Vec<u8>,
    place: u64,
    run: &RunId,
    head: HistoryHead<'_>,
    event: &Event,
    origin: Option<(&[u8], &[u8], Option<&TraceContext>)>,
) -> Vec<u8> {
    let mut to = Writer::over(buffer, VERSION);
    to.text(&run.text())
        .u64(head.number)
        .u64(head.before)
        .time(head.at)
        .option(head.failure, write_failure)
        .option(head.by, |to, by| {
            to.text(by);
        });
    match event {
        Event::Started { state } => {
            let (input, payload, trace) = origin.unwrap_or_default();
            to.u8(0)
                .text(state)
                .bytes(input)
                .bytes(payload)
                .option(trace, write_trace)
        }
        Event::Transition {
            transition,
            visit,
            version,
            attempts,
            message,
            state,
            payload,
            undo,
        } => to
            .u8(1)
            .text(transition)
            .u64(*visit)
            .u32(*version)
            .u32(*attempts)
            .option(message.as_ref(), |to, message| {
                to.text(message);
            })
            .text(state)
            .option(undo.as_ref(), |to, undo| {
                to.text(undo);
            })
            .bytes(payload),
        Event::RollbackBegan => to.u8(2),
        Event::Undone { of, attempts } => to.u8(3).u64(*of).u32(*attempts),
        Event::NotUndone {
            of,
            attempts,
            cause,
        } => {
            to.u8(4).u64(*of).u32(*attempts);
            write_text(&mut to, cause);
            &mut to
        }
        Event::StopAsked { stop } => to.u8(5).u8(stop_number(Some(*stop))),
        Event::Parked { reason } => {
            to.u8(6);
            write_text(&mut to, reason);
            &mut to
        }
        Event::Unparked => to.u8(7),
        Event::Ended => to.u8(8),
        Event::RollbackRetried => to.u8(9),
    };
    to.finish(Place::Row(place))
}

pub(super) fn read_row(number: u64, bytes: &[u8]) -> Result<Row, Unread> {
    let mut from = Reader::record(bytes, VERSION, Place::Row(number))?;
    let run = from.text()?;
    let (within, before) = (from.count()?, from.count()?);
    let at = from.time()?;
    let failure = from.option(read_failure)?;
    let by = from.option(Reader::text)?;
    let mut origin = None;
    let event = match from.u8()? {
        0 => {
            let state = from.name()?;
            origin = Some((from.bytes()?, from.bytes()?, from.option(read_trace)?));
            Event::Started { state }
        }
        1 => Event::Transition {
            transition: from.name()?,
            visit: from.u64()?,
            version: from.u32()?,
            attempts: from.u32()?,
            message: from.option(Reader::text)?,
            state: from.name()?,
            undo: from.option(Reader::name)?,
            payload: from.bytes()?,
        },
        2 => Event::RollbackBegan,
        3 => Event::Undone {
            of: from.u64()?,
            attempts: from.u32()?,
        },
        4 => Event::NotUndone {
            of: from.u64()?,
            attempts: from.u32()?,
            cause: read_text(&mut from)?,
        },
        5 => Event::StopAsked {
            stop: read_stop(from.u8()?)?.ok_or_else(|| "it asks for nothing".to_owned())?,
        },
        6 => Event::Parked {
            reason: read_text(&mut from)?,
        },
        7 => Event::Unparked,
        8 => Event::Ended,
        9 => Event::RollbackRetried,
        other => return Err(format!("{other} is no event")),
    };
    let history = HistoryRow {
        number: within,
        at,
        event,
        failure,
        by,
    };
    from.finish(Row {
        run,
        before,
        history,
        origin,
    })
}

pub(super) fn write_note(run: &str, key: &str, progress: &Progress) -> Vec<u8> {
    let mut to = Writer::record(VERSION);
    match progress {
        Progress::Attempts {
            made,
            called,
            due,
            noted,
            waits,
        } => to
            .u8(0)
            .u32(*made)
            .u32(*called)
            .time(*due)
            .time(*noted)
            .u8((*waits).into()),
        Progress::Output(output) => to.u8(1).bytes(output),
    };
    to.finish(Place::Note(run, key))
}

pub(super) fn read_note(run: &str, key: &str, bytes: &[u8]) -> Result<Progress, Unread> {
    let mut from = Reader::record(bytes, VERSION, Place::Note(run, key))?;
    let progress = match from.u8()? {
        0 => Progress::Attempts {
            made: from.short_count()?,
            called: from.short_count()?,
            due: from.time()?,
            noted: from.time()?,
            waits: from.flag()?,
        },
        1 => Progress::Output(from.bytes()?),
        other => return Err(format!("{other} is no kind of note")),
    };
    from.finish(progress)
}

pub(super) fn write_message(message: &Message, arrival: u64) -> Vec<u8> {
    let mut to = Writer::record(VERSION);
    to.text(&message.id)
        .text(&message.signal)
        .bytes(&message.payload)
        .time(message.at);
    to.finish(Place::Message(&message.run.text(), arrival))
}

pub(super) fn read_message(run: RunId, arrival: u64, bytes: &[u8]) -> Result<Message, Unread> {
    let place = Place::Message(&run.text(), arrival);
    let mut from = Reader::record(bytes, VERSION, place)?;
    let message = Message {
        run,
        id: from.text()?,
        signal: from.text()?,
        payload: from.bytes()?,
        at: from.time()?,
    };
    from.finish(message)
}

/// What is left of a run that was purged: the rows of its history, from this one on backwards.
pub(super) fn write_rest(run: &RunId, last: u64) -> Vec<u8> {
    let mut to = Writer::record(VERSION);
    to.text(&run.text());
    to.finish(Place::Rest(last))
}

pub(super) fn read_rest(last: u64, bytes: &[u8]) -> Result<RunId, Unread> {
    let mut from = Reader::record(bytes, VERSION, Place::Rest(last))?;
    let run = RunId::unchecked(&from.text()?);
    from.finish(run)
}

/// Who has declared the workflow of this name: the package.
pub(super) fn write_declaration(name: &str, package: &str) -> Vec<u8> {
    let mut to = Writer::record(VERSION);
    to.text(package);
    to.finish(Place::Workflow(name))
}

pub(super) fn read_declaration(name: &str, bytes: &[u8]) -> Result<String, Unread> {
    let mut from = Reader::record(bytes, VERSION, Place::Workflow(name))?;
    let package = from.text()?;
    from.finish(package)
}

#[cfg(feature = "testing")]
mod fuzzed;
#[cfg(test)]
mod tests;

#[cfg(feature = "testing")]
pub(crate) use fuzzed::records;
