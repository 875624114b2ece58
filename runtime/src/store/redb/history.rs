//! The histories of all runs, in one table, in the order in which they were written.
//!
//! Rows that are written together lie together, so a batch touches few pages however many runs it
//! changes. Each row has the number of the row before it of its own run, and the record of the run has
//! the number of its last. Every 64th row is noted by its number among those of the run, so that a long history need not be
//! walked from its end.
//!
//! If the history of a run is bounded, all its rows are noted in a table of their own, by the number of its first row, which is
//! different from that of a run that had its id before. Removed rows leave the chain broken at the oldest row that its record names;
//! older rows that stay are found only by that table.

use std::mem::take;
use std::ops::Range;

use redb::{ReadableTable, Table};

use super::damage::guarded;
use super::fault::{Fault, broken};
use super::format::{HistoryHead, Record, Row, read_row, write_row};
use super::lazy::Lazy;
use crate::run::RunId;
use crate::store::{
    Commit, Event, Failure, HistoryRow, LeftMessage, Name, NewRun, Request, TraceContext,
};

/// The number of rows of a run from one mark to the next.
pub(super) const EVERY: u64 = 64;

/// A table of rows by number.
pub(super) trait Rows: ReadableTable<u64, &'static [u8]> {}

impl<T: ReadableTable<u64, &'static [u8]>> Rows for T {}

/// A table of the numbers of rows, by id and mark.
pub(super) trait Marks: ReadableTable<(&'static str, u64), u64> {}

impl<T: ReadableTable<(&'static str, u64), u64>> Marks for T {}

/// A table of the numbers of rows, by the first row of a run and their number.
pub(super) trait KeptRows: ReadableTable<(u64, u64), u64> {}

impl<T: ReadableTable<(u64, u64), u64>> KeptRows for T {}

/// The tables, open for writing.
pub(super) struct History<'a> {
    pub(super) rows: Table<'a, u64, &'static [u8]>,
    pub(super) marks: Lazy<'a, (&'static str, u64), u64>,
    pub(super) kept: Lazy<'a, (u64, u64), u64>,
    /// The number of the next row.
    pub(super) next: &'a mut u64,
    /// The memory in which records and rows are written, one after the other.
    pub(super) buffer: Vec<u8>,
}

impl History<'_> {
    /// Adds the first row of a run, with its input and its start state. Returns its number.
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

    /// Adds the event of a request.
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
        self.append(record, head, event, false)
    }

    /// Adds the rows of a commit.
    pub(super) fn commit(
        &mut self,
        record: &mut Record,
        commit: &Commit,
        left: &[LeftMessage],
    ) -> Result<(), redb::Error> {
        let is_bounded = commit.keep_history.is_some();
        let last = record.row.rows;
        let first = last.saturating_sub(commit.effects.len() as u64);
        for (number, effect) in (first..).zip(&commit.effects) {
            let head = HistoryHead {
                number,
                before: record.last,
                at: commit.at,
                failure: None,
                by: None,
                failed_attempts: &[],
                left: &[],
            };
            self.append(record, head, effect, is_bounded)?;
        }
        let head = HistoryHead {
            number: last,
            before: record.last,
            at: commit.at,
            failure: commit.failure.as_ref(),
            by: None,
            failed_attempts: &commit.failed_attempts,
            left,
        };
        self.append(record, head, &commit.event, is_bounded)
    }

    /// Adds the last row of a run. The record has its number among those of the
    /// run, and gets its number in the table. A row of a bounded history is noted as kept.
    fn append(
        &mut self,
        record: &mut Record,
        head: HistoryHead<'_>,
        event: &Event,
        is_bounded: bool,
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
        if is_bounded {
            self.kept.open()?.insert((record.first, rows), number)?;
        }
        record.last = number;
        if let Event::Transition { .. } = event {
            record.payload_at = number;
        }
        Ok(())
    }

    /// Returns the rows of a run up to the last that moved it, in order, at most this many.
    pub(super) fn last_moved(
        &mut self,
        record: &Record,
        most: usize,
    ) -> Result<Vec<HistoryRow>, Fault> {
        let (marks, kept) = (self.marks.open()?, self.kept.open()?);
        let back = back_from(&self.rows, marks, kept, record, u64::MAX)?;
        let moved = back.skip_while(|row| row.as_ref().is_ok_and(|row| !row.event.moves()));
        let mut rows = moved.take(most).collect::<Result<Vec<_>, _>>()?;
        rows.reverse();
        Ok(rows)
    }

    fn insert(&mut self, row: Vec<u8>) -> Result<u64, redb::Error> {
        let number = *self.next;
        self.rows.insert(number, &*row)?;
        self.buffer = row;
        *self.next += 1;
        Ok(number)
    }
}

/// Returns the row of a run with this number.
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

/// Returns the payload of the state that a run is in.
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

/// The input and the start state of a run.
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

/// A row of a run that is about to be removed, or to be kept though it is old.
pub(super) struct OldRow {
    number: u64,
    place: u64,
    /// True if it is to be removed: it has no undo, and can be read.
    goes: bool,
    /// True if the table of kept rows has it.
    is_listed: bool,
}

impl History<'_> {
    /// Finds rows of a run that a commit removes, by their numbers.
    pub(super) fn old_rows(
        &mut self,
        record: &Record,
        numbers: Range<u64>,
    ) -> Result<Vec<OldRow>, Fault> {
        // Rows that the commit itself adds stay.
        let numbers = numbers.start..numbers.end.min(record.row.rows.saturating_add(1));
        if numbers.is_empty() {
            return Ok(Vec::new());
        }
        let kept = self.kept.open()?;
        let mut old = Vec::new();
        for number in numbers.clone() {
            let Some(place) = kept.get((record.first, number))? else {
                break;
            };
            let place = place.value();
            // A row that cannot be read stays, so that its readers get an error.
            let goes = match row(&self.rows, &record.row.id, place) {
                Ok(row) => row.history.number == number && !row.history.is_undoable(),
                Err(Fault::Answer(_) | Fault::Damaged(_)) => false,
                Err(fault) => return Err(fault),
            };
            old.push(OldRow {
                number,
                place,
                goes,
                is_listed: true,
            });
        }
        if old.len() as u64 == numbers.end - numbers.start {
            return Ok(old);
        }
        // Some rows were added while the history was not bounded, or by a request.
        old.clear();
        let marks = self.marks.open()?;
        for row in walk_back(&self.rows, marks, record, numbers.end - 1)? {
            let (place, row) = row?;
            if row.number < numbers.start {
                break;
            }
            old.push(OldRow {
                number: row.number,
                place,
                goes: !row.is_undoable(),
                is_listed: false,
            });
        }
        Ok(old)
    }

    /// Removes those of these rows that are to be removed, and notes the places of the others.
    pub(super) fn remove_old(&mut self, record: &Record, old: &[OldRow]) -> Result<(), Fault> {
        let run = &*record.row.id.text();
        for row in old {
            let key = (record.first, row.number);
            if row.goes {
                self.rows.remove(row.place)?;
                self.kept.open()?.remove(key)?;
                if row.number.is_multiple_of(EVERY) {
                    self.marks.open()?.remove((run, row.number / EVERY))?;
                }
            } else if !row.is_listed {
                self.kept.open()?.insert(key, row.place)?;
            }
        }
        Ok(())
    }
}

/// Returns the rows of a run with a number of at most this, backwards.
pub(super) fn back_from<'a, R: Rows, M: Marks, K: KeptRows>(
    rows: &'a R,
    marks: &M,
    kept: &'a K,
    record: &'a Record,
    most: u64,
) -> Result<impl Iterator<Item = Result<HistoryRow, Fault>> + use<'a, R, M, K>, Fault> {
    let newer = walk_back(rows, marks, record, most)?.map(|row| Ok(row?.1));
    let numbers = 1..record.row.history_from.min(most.saturating_add(1));
    let older = older(rows, kept, record, numbers)?.rev();
    let first = (record.row.history_from > 0).then(|| first(rows, record));
    Ok(newer.chain(older).chain(first))
}

/// Returns the rows of a run that are kept though those behind them were removed, by their numbers, without the first one.
pub(super) fn older<'a, R: Rows, K: KeptRows>(
    rows: &'a R,
    kept: &'a K,
    record: &'a Record,
    numbers: Range<u64>,
) -> Result<impl DoubleEndedIterator<Item = Result<HistoryRow, Fault>> + use<'a, R, K>, Fault> {
    let to = numbers.end.max(numbers.start);
    let all = kept.range((record.first, numbers.start)..(record.first, to))?;
    let run = &record.row.id;
    Ok(all.map(move |entry| {
        let (key, place) = entry?;
        let (number, place) = (key.value().1, place.value());
        let row = row(rows, run, place)?;
        if row.history.number != number {
            let reason = format!("row {place} is not that of number {number}");
            return Err(broken(run, "its history", &reason));
        }
        Ok(row.history)
    }))
}

/// Returns the first row of a run.
pub(super) fn first(rows: &impl Rows, record: &Record) -> Result<HistoryRow, Fault> {
    let run = &record.row.id;
    let row = row(rows, run, record.first)?;
    if row.history.number != 0 {
        let reason = format!("row {} is not its first", record.first);
        return Err(broken(run, "its history", &reason));
    }
    Ok(row.history)
}

/// Returns the rows of a run with a number of at most this, backwards until one is removed, with their places. The walk begins with
/// the row of its last commit, or of a mark, and follows the chain.
pub(super) fn walk_back<'a, R: Rows, M: Marks>(
    rows: &'a R,
    marks: &M,
    record: &'a Record,
    most: u64,
) -> Result<impl Iterator<Item = Result<(u64, HistoryRow), Fault>> + use<'a, R, M>, Fault> {
    let run = &record.row.id;
    let oldest = record.row.history_from;
    let mark = most.div_ceil(EVERY).max(1);
    let marked = marks.get((&*run.text(), mark))?.map(|row| row.value());
    let (mut next, begins_with) = match marked {
        _ if most < oldest => (0, 0),
        Some(marked) => (marked, mark * EVERY),
        None => (record.last, record.row.rows),
    };
    let mut after: Option<u64> = None;
    let all = std::iter::from_fn(move || {
        if next == 0 {
            return None;
        }
        let place = next;
        let row = match row(rows, run, place) {
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
        next = if found == oldest { 0 } else { row.before };
        Some(Ok((place, row.history)))
    });
    Ok(all.skip_while(move |row| row.as_ref().is_ok_and(|(_, row)| row.number > most)))
}
