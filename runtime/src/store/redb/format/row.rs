//! The record of a row of the table of histories.

use std::time::SystemTime;

use super::failure::{
    read_attempt, read_failure, read_stop, read_text, stop_number, write_attempt, write_failure,
    write_text,
};
use super::{RecordPlace, RecordReader, RecordWriter, Unread, VERSION, unknown};
use crate::run::RunId;
use crate::store::{Event, FailedAttempt, Failure, HistoryRow, LeftMessage, Source, TraceContext};

/// A row of the table of histories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store::redb) struct Row {
    pub(in crate::store::redb) run: String,
    /// The number of the row before it of the same run; 0 for the first.
    pub(in crate::store::redb) before: u64,
    pub(in crate::store::redb) history: HistoryRow,
    /// The input of the run, the payload of its start state, and the trace that it belongs to, if this is its first row.
    pub(in crate::store::redb) origin: Option<(Vec<u8>, Vec<u8>, Option<TraceContext>)>,
}

/// The head of each row of the table of histories.
#[derive(Debug, Clone, Copy)]
pub(in crate::store::redb) struct HistoryHead<'a> {
    /// Its number among the rows of its run.
    pub(in crate::store::redb) number: u64,
    /// The place in the table of the row before it.
    pub(in crate::store::redb) before: u64,
    pub(in crate::store::redb) at: SystemTime,
    pub(in crate::store::redb) failure: Option<&'a Failure>,
    pub(in crate::store::redb) by: Option<&'a str>,
    pub(in crate::store::redb) failed_attempts: &'a [FailedAttempt],
    pub(in crate::store::redb) left: &'a [LeftMessage],
}

/// The input of a run, the payload of its start state, and the trace that it belongs to.
type StartedWith<'a> = (&'a [u8], &'a [u8], Option<&'a TraceContext>);

/// Writes a row of the table of histories, without its place there, which is its key, into the memory of the buffer.
pub(in crate::store::redb) fn write_row(
    buffer: Vec<u8>,
    place: u64,
    run: &RunId,
    head: HistoryHead<'_>,
    event: &Event,
    origin: Option<StartedWith<'_>>,
) -> Vec<u8> {
    let mut to = RecordWriter::over(buffer, VERSION);
    to.text(&run.text())
        .u64(head.number)
        .u64(head.before)
        .time(head.at)
        .option(head.failure, write_failure)
        .option(head.by, |to, by| {
            to.text(by);
        })
        .list(head.failed_attempts, write_attempt)
        .list(head.left, |to, left| {
            to.text(&left.id).text(&left.signal);
        });
    write_event(&mut to, event, origin);
    to.finish(RecordPlace::Row(place))
}

fn write_event(to: &mut RecordWriter, event: &Event, origin: Option<StartedWith<'_>>) {
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
            internal,
            visit,
            version,
            attempts,
            message,
            state,
            payload,
            answer,
            undo,
        } => to
            .u8(1)
            .text(transition)
            .u8((*internal).into())
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
            .bytes(payload)
            .option(answer.as_ref(), |to, answer| {
                to.bytes(answer);
            }),
        Event::RollbackBegan => to.u8(2),
        Event::Undone { of, attempts } => to.u8(3).u64(*of).u32(*attempts),
        Event::NotUndone {
            of,
            attempts,
            cause,
        } => {
            to.u8(4).u64(*of).u32(*attempts);
            write_text(to, cause);
            to
        }
        Event::StopAsked { stop } => to.u8(5).u8(stop_number(Some(*stop))),
        Event::Parked { reason } => {
            to.u8(6);
            write_text(to, reason);
            to
        }
        Event::Unparked => to.u8(7),
        Event::Ended => to.u8(8),
        Event::RollbackRetried => to.u8(9),
        Event::PauseAsked => to.u8(10),
        Event::PauseWithdrawn => to.u8(11),
        Event::Paused => to.u8(12),
        Event::Resumed => to.u8(13),
        Event::RetryAsked => to.u8(14),
        Event::Effect {
            transition,
            visit,
            branch,
            output,
            state,
            source,
            undo,
        } => {
            to.u8(15)
                .text(transition)
                .u64(*visit)
                .option(branch.as_ref(), |to, branch| {
                    to.text(branch);
                })
                .text(state)
                .text(undo)
                .bytes(output);
            match source {
                Source::Here(payload) => to.u8(0).bytes(payload),
                Source::Before(back) => to.u8(1).u32(*back),
            }
        }
    };
}

pub(in crate::store::redb) fn read_row(number: u64, bytes: &[u8]) -> Result<Row, Unread> {
    let (version, mut from) = RecordReader::record(bytes, RecordPlace::Row(number))?;
    let row = match version {
        1 => read_row_1(&mut from)?,
        other => return Err(unknown(other)),
    };
    from.finish(row)
}

fn read_row_1(from: &mut RecordReader<'_>) -> Result<Row, Unread> {
    let run = from.text()?;
    let (within, before) = (from.count()?, from.count()?);
    let at = from.time()?;
    let failure = from.option(read_failure)?;
    let by = from.option(RecordReader::text)?;
    let failed_attempts = from.list(read_attempt)?;
    let left = from.list(read_left)?;
    let mut origin = None;
    let event = match from.u8()? {
        0 => {
            let state = from.name()?;
            origin = Some((from.bytes()?, from.bytes()?, from.option(read_trace)?));
            Event::Started { state }
        }
        1 => Event::Transition {
            transition: from.name()?,
            internal: from.flag()?,
            visit: from.u64()?,
            version: from.u32()?,
            attempts: from.u32()?,
            message: from.option(RecordReader::text)?,
            state: from.name()?,
            undo: from.option(RecordReader::name)?,
            payload: from.bytes()?,
            answer: from.option(RecordReader::bytes)?,
        },
        2 => Event::RollbackBegan,
        3 => Event::Undone {
            of: from.u64()?,
            attempts: from.u32()?,
        },
        4 => Event::NotUndone {
            of: from.u64()?,
            attempts: from.u32()?,
            cause: read_text(from)?,
        },
        5 => Event::StopAsked {
            stop: read_stop(from.u8()?)?.ok_or_else(|| "it asks for nothing".to_owned())?,
        },
        6 => Event::Parked {
            reason: read_text(from)?,
        },
        7 => Event::Unparked,
        8 => Event::Ended,
        9 => Event::RollbackRetried,
        10 => Event::PauseAsked,
        11 => Event::PauseWithdrawn,
        12 => Event::Paused,
        13 => Event::Resumed,
        14 => Event::RetryAsked,
        15 => Event::Effect {
            transition: from.name()?,
            visit: from.u64()?,
            branch: from.option(RecordReader::text)?,
            state: from.name()?,
            undo: from.name()?,
            output: from.bytes()?,
            source: match from.u8()? {
                0 => Source::Here(from.bytes()?),
                1 => Source::Before(from.u32()?),
                other => return Err(format!("{other} is no place of a state")),
            },
        },
        other => return Err(format!("{other} is no event")),
    };
    let history = HistoryRow {
        number: within,
        at,
        event,
        failure,
        by,
        failed_attempts,
        left,
    };
    Ok(Row {
        run,
        before,
        history,
        origin,
    })
}

fn read_left(from: &mut RecordReader<'_>) -> Result<LeftMessage, Unread> {
    Ok(LeftMessage {
        id: from.text()?,
        signal: from.text()?,
    })
}

fn write_trace(to: &mut RecordWriter, trace: &TraceContext) {
    to.text(&trace.parent)
        .option(trace.state.as_ref(), |to, state| {
            to.text(state);
        });
}

fn read_trace(from: &mut RecordReader<'_>) -> Result<TraceContext, Unread> {
    Ok(TraceContext {
        parent: from.text()?,
        state: from.option(RecordReader::text)?,
    })
}
