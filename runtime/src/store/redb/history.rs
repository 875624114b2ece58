//! The histories of all runs, in one table, in the order in which they were written.
//!
//! Rows that are written together lie together then, so a batch touches few pages however many runs it is
//! about. Each row knows the number of the one before it of its own run, and the record of the run knows
//! its last. So that a long history need not be walked from its end, every 64th row is noted by its number among those of the run.

use std::mem::take;

use redb::{ReadableTable, Table};

use super::damage::guarded;
use super::fault::{Fault, broken};
use super::format::{HistoryHead, Record, Row, read_row, write_row};
use super::lazy::Lazy;
use crate::run::RunId;
use crate::store::{
    Commit, Event, Failure, HistoryRow, LeftMessage, Name, NewRun, Request, TraceContext,
};

/// Every so many rows of a run there is a mark.
pub(super) const EVERY: u64 = 64;

/// A table of rows by number.
pub(super) trait Rows: ReadableTable<u64, &'static [u8]> {}

impl<T: ReadableTable<u64, &'static [u8]>> Rows for T {}

/// A table of the numbers of rows, by id and mark.
pub(super) trait Marks: ReadableTable<(&'static str, u64), u64> {}

impl<T: ReadableTable<(&'static str, u64), u64>> Marks for T {}

/// The tables, open for writing.
pub(super) struct History<'a> {
    pub(super) rows: Table<'a, u64, &'static [u8]>,
    pub(super) marks: Lazy<'a, (&'static str, u64), u64>,
    /// The number of the next row.
    pub(super) next: &'a mut u64,
    /// Memory for records and rows as they are written, one after the other.
    pub(super) buffer: Vec<u8>,
}

impl History<'_> {
    /// Adds the first row of a run, with what it was started with. Gives its number.
    pub(super) fn begin(&mut self, run: &NewRun) -> Result<u64, redb::Error> {
        let event = Event::Started {
            state: run.state.clone(),
        };
        let origin = Some((&*run.input, &*run.payload, run.trace.as_ref()));
        let buffer = take(&mut self.buffer);
        let started = HistoryHead {
            number: 0,
            before: 0,
            at: run.at,
            failure: None,
            by: None,
            failed_attempts: &[],
            left: &[],
        };
        let row = write_row(buffer, *self.next, &run.id, started, &event, origin);
        self.insert(row)
    }

    /// Adds what somebody asked for.
    pub(super) fn add(
        &mut self,
        record: &mut Record,
        request: &Request,
        event: &Event,
        failure: Option<&Failure>,
    ) -> Result<(), redb::Error> {
        let head = HistoryHead {
            number: record.row.rows,
            before: record.last,
            at: request.at,
            failure,
            by: request.by.as_deref(),
            failed_attempts: &[],
            left: &[],
        };
        self.append(record, head, event)
    }

    /// Adds what a commit says.
    pub(super) fn commit(
        &mut self,
        record: &mut Record,
        commit: &Commit,
        left: &[LeftMessage],
    ) -> Result<(), redb::Error> {
        let head = HistoryHead {
            number: record.row.rows,
            before: record.last,
            at: commit.at,
            failure: commit.failure.as_ref(),
            by: None,
            failed_attempts: &commit.failed_attempts,
            left,
        };
        self.append(record, head, &commit.event)
    }

    /// Adds a row to what a run has, as the last. The record has its number among those of the
    /// run, and is told its number in the table.
    fn append(
        &mut self,
        record: &mut Record,
        head: HistoryHead<'_>,
        event: &Event,
    ) -> Result<(), redb::Error> {
        let run = &record.row.id;
        let rows = head.number;
        let buffer = take(&mut self.buffer);
        let row = write_row(buffer, *self.next, run, head, event, None);
        let number = self.insert(row)?;
        if rows.is_multiple_of(EVERY) {
            let mark = (&*run.text(), rows / EVERY);
            self.marks.open()?.insert(mark, number)?;
        }
        record.last = number;
        if let Event::Transition { .. } = event {
            record.payload_at = number;
        }
        Ok(())
    }

    fn insert(&mut self, row: Vec<u8>) -> Result<u64, redb::Error> {
        let number = *self.next;
        self.rows.insert(number, &*row)?;
        self.buffer = row;
        *self.next += 1;
        Ok(number)
    }
}

/// The row of a run that has this number.
pub(super) fn row(rows: &impl Rows, run: &RunId, number: u64) -> Result<Row, Fault> {
    let what = |reason: String| broken(run, &format!("row {number} of its history"), &reason);
    guarded(|| {
        let bytes = rows
            .get(number)?
            .ok_or_else(|| what("it is not there".to_owned()))?;
        let row = read_row(number, bytes.value()).map_err(what)?;
        if row.run != run.text() {
            return Err(what(format!("it belongs to run `{}`", row.run)));
        }
        Ok(row)
    })
}

/// The payload of the state that a run is in.
pub(super) fn payload(rows: &impl Rows, record: &Record) -> Result<Vec<u8>, Fault> {
    let run = &record.row.id;
    let row = row(rows, run, record.payload_at)?;
    match (row.history.event, row.origin) {
        (Event::Transition { payload, .. }, _) | (_, Some((_, payload, _))) => Ok(payload),
        _ => {
            let reason = format!("row {} has no payload", record.payload_at);
            Err(broken(run, "its history", &reason))
        }
    }
}

/// What a run was started with.
pub(super) struct StartData {
    pub(super) input: Vec<u8>,
    pub(super) state: Name,
    pub(super) payload: Vec<u8>,
    pub(super) trace: Option<TraceContext>,
}

pub(super) fn origin(rows: &impl Rows, record: &Record) -> Result<StartData, Fault> {
    let run = &record.row.id;
    let row = row(rows, run, record.first)?;
    match (row.history.event, row.origin) {
        (Event::Started { state }, Some((input, payload, trace))) => Ok(StartData {
            input,
            state,
            payload,
            trace,
        }),
        _ => Err(broken(
            run,
            "its history",
            &format!("row {} is not its first", record.first),
        )),
    }
}

/// The rows of a run with a number of at most this, backwards. They begin with that of its last commit, or with that of
/// a mark, and each is the one before the one before.
pub(super) fn back_from<'a, R: Rows, M: Marks>(
    rows: &'a R,
    marks: &M,
    record: &'a Record,
    most: u64,
) -> Result<impl Iterator<Item = Result<HistoryRow, Fault>> + use<'a, R, M>, Fault> {
    let run = &record.row.id;
    let mark = most.div_ceil(EVERY).max(1);
    let marked = marks.get((&*run.text(), mark))?.map(|row| row.value());
    let (mut next, begins_with) = match marked {
        Some(marked) => (marked, mark * EVERY),
        None => (record.last, record.row.rows),
    };
    let mut after: Option<u64> = None;
    let all = std::iter::from_fn(move || {
        if next == 0 {
            return None;
        }
        let row = match row(rows, run, next) {
            Ok(row) => row,
            Err(fault) => {
                next = 0;
                return Some(Err(fault));
            }
        };
        let found = row.history.number;
        let expected = after.map_or(Some(begins_with), |after| after.checked_sub(1));
        if expected != Some(found) || (row.before == 0) != (found == 0) {
            let reason = format!("row {next} is out of order");
            next = 0;
            return Some(Err(broken(run, "its history", &reason)));
        }
        after = Some(found);
        next = row.before;
        Some(Ok(row.history))
    });
    Ok(all.skip_while(move |row| row.as_ref().is_ok_and(|row| row.number > most)))
}
