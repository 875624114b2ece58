//! Removes runs that have ended, a page at a time, so that a long history does not hold up the writer.
//!
//! The records beside the history of a run are removed first, because nobody needs them after its end. Then the run is removed,
//! as one change. The rest of its history is noted, and removed page by page, after a crash with the next purge.

use std::ops::Bound;

use redb::{ReadableTable as _, Value};

use super::changes::Changes;
use super::fault::Fault;
use super::format::{Record, read_rest, write_rest};
use super::history::row;
use super::lazy::Lazy;
use super::lookup::Lookup as _;
use crate::run::RunId;
use crate::store::Purge;
use crate::store::micros::micros;

/// The largest number of entries of tables that are touched in one operation.
const PAGE: usize = 1_000;

/// The time a run ended, and its id: its place in the table by which runs are purged.
type PurgePlace = (i64, String);

/// The result of one page.
#[derive(Debug, Default)]
pub(super) struct Purged {
    /// The number of runs that were removed.
    pub(super) runs: u64,
    /// True if there is nothing more to do.
    pub(super) is_done: bool,
    /// The last place that was examined, and need not be again.
    pub(super) after: Option<PurgePlace>,
}

impl Changes<'_> {
    /// Removes runs, or a part of one, and the rest of an earlier purge.
    pub(super) fn purge(
        &mut self,
        purge: &Purge,
        after: Option<PurgePlace>,
    ) -> Result<Purged, Fault> {
        let mut page = Purged {
            after,
            ..Purged::default()
        };
        let mut work = PAGE;
        self.sweep(&mut work)?;
        while work > 0 {
            if page.runs == purge.limit as u64 {
                page.is_done = true;
                break;
            }
            let Some((at, id)) =
                self.next_ended(micros(purge.ended_before), page.after.as_ref())?
            else {
                page.is_done = true;
                break;
            };
            work -= 1;
            let run = RunId::unchecked(&id);
            if let Some((last, first)) = self.is_to_go(purge, at, &run)? {
                self.wrote = true;
                let last = self.last_row(&run, last)?;
                if !self.strip(&run, &mut work)? {
                    // The rest of it is for the next page.
                    break;
                }
                self.tables.ended_at.open()?.remove((at, &*id))?;
                self.tables.ended.open()?.remove(&*id)?;
                self.broken.remove(&run);
                page.runs += 1;
                self.leave(&run, last, first)?;
                self.sweep(&mut work)?;
            }
            page.after = Some((at, id));
        }
        Ok(page)
    }

    /// Removes a run that has ended, as one change. The part of its history for which one page has no room is removed with the next.
    pub(super) fn remove(&mut self, record: &Record) -> Result<(), Fault> {
        let run = &record.row.id;
        let last = self.last_row(run, record.last)?;
        self.wrote = true;
        self.strip(run, &mut usize::MAX.clone())?;
        self.tables.take_back(record)?;
        self.leave(run, last, record.first)?;
        self.sweep(&mut PAGE.clone())
    }

    /// Returns the first run behind the place that ended before.
    fn next_ended(
        &mut self,
        before: i64,
        after: Option<&PurgePlace>,
    ) -> Result<Option<PurgePlace>, Fault> {
        let from = after.map_or(Bound::Unbounded, |(at, id)| Bound::Excluded((*at, &**id)));
        let mut ended = self
            .tables
            .ended_at
            .open()?
            .range::<(i64, &str)>((from, Bound::Excluded((before, ""))))?;
        let next = ended.next().transpose()?;
        Ok(next.map(|(key, _)| {
            let (at, id) = key.value();
            (at, id.to_owned())
        }))
    }

    /// Returns the numbers of the last row and of the first of a run that is to be removed; 0 if that cannot be read.
    fn is_to_go(
        &mut self,
        purge: &Purge,
        at: i64,
        run: &RunId,
    ) -> Result<Option<(u64, u64)>, Fault> {
        let ended = self.tables.ended.open()?;
        match ended.find(run) {
            Ok(Some(record)) => {
                let workflow = &record.row.workflow;
                // The workflow of a run that could not be read and was terminated is not known.
                let is_of = |it: &String| it == workflow || workflow.is_empty();
                let is_right = record.row.ended.map(micros) == Some(at);
                let goes = is_right && purge.workflow.as_ref().is_none_or(is_of);
                Ok(goes.then_some((record.last, record.first)))
            }
            // A run that cannot be read passes every condition.
            Err(Fault::Answer(_)) => Ok(Some((0, 0))),
            // A damaged place, or a damaged page: others are removed.
            Ok(None) | Err(Fault::Damaged(_)) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Returns the number of the last row of a run, as far as it is known.
    fn last_row(&mut self, run: &RunId, last: u64) -> Result<u64, Fault> {
        if last != 0 {
            return Ok(last);
        }
        let id = &*run.text();
        let marks = self.tables.history.marks.open()?;
        let last = marks.range((id, 0)..=(id, u64::MAX))?.next_back();
        Ok(last.transpose()?.map_or(0, |(_, row)| row.value()))
    }

    /// Removes the records of a run beside its history. Returns true if all are removed. If not, the record counts the
    /// rest, because the next page may never come, and the rollback of the run may be retried.
    fn strip(&mut self, run: &RunId, work: &mut usize) -> Result<bool, Fault> {
        let id = &*run.text();
        let numbers = (id, 0)..=(id, u64::MAX);
        let inbox = self.tables.inbox.open()?;
        let messages = drain(inbox.extract_from_if(numbers.clone(), |_, _| true)?, work)?;
        let marks = self.tables.history.marks.open()?;
        drain(marks.extract_from_if(numbers.clone(), |_, _| true)?, work)?;
        let logs = self.tables.logs.open()?;
        let entries = drain(logs.extract_from_if(numbers, |_, _| true)?, work)?;
        strip_names(&mut self.tables.notes, id, work)?;
        strip_names(&mut self.tables.messages, id, work)?;
        if *work > 0 {
            return Ok(true);
        }
        match self.tables.ended.open()?.find(run) {
            Ok(Some(mut record)) => {
                record.messages = record.messages.saturating_sub(messages);
                record.logged_from = record.logged_from.saturating_add(entries.into());
                self.tables.put(&record)?;
                Ok(false)
            }
            // A run that cannot be read counts nothing.
            Ok(None) | Err(Fault::Answer(_) | Fault::Damaged(_)) => Ok(false),
            Err(fault) => Err(fault),
        }
    }

    /// Notes that the history of a run is to be removed, from its last row on.
    fn leave(&mut self, run: &RunId, last: u64, first: u64) -> Result<(), Fault> {
        if last != 0 {
            let rest = write_rest(run, last, first);
            self.tables.purged.open()?.insert(last, &*rest)?;
        }
        Ok(())
    }

    /// Removes the rests of histories.
    fn sweep(&mut self, work: &mut usize) -> Result<(), Fault> {
        while *work > 0 {
            let rest = {
                let first = self.tables.purged.open()?.first()?;
                first.map(|(last, rest)| (last.value(), read_rest(last.value(), rest.value())))
            };
            let Some((last, rest)) = rest else {
                return Ok(());
            };
            self.wrote = true;
            self.tables.purged.open()?.remove(last)?;
            // If it cannot be read, its rows belong to nobody.
            if let Ok((run, first)) = rest {
                let left = self.remove_rows(&run, last, first, work)?;
                self.leave(&run, left, first)?;
            }
        }
        Ok(())
    }

    /// Removes rows of a run from this one on backwards, until one cannot be read, then those that were kept though others were
    /// removed, and the first. Returns the number of the next; 0 if there is none.
    fn remove_rows(
        &mut self,
        run: &RunId,
        last: u64,
        first: u64,
        work: &mut usize,
    ) -> Result<u64, Fault> {
        let rows = &mut self.tables.history.rows;
        let kept = self.tables.history.kept.open()?;
        let mut next = last;
        while next != first && next != 0 && *work > 0 {
            next = match row(rows, run, next) {
                Ok(row) => {
                    rows.remove(next)?;
                    kept.remove((first, row.history.number))?;
                    *work -= 1;
                    row.before
                }
                // A row that was removed, or is damaged.
                Err(Fault::Answer(_) | Fault::Damaged(_)) => first,
                Err(fault) => return Err(fault),
            };
        }
        if next != first || first == 0 {
            return Ok(next);
        }
        while *work > 0 {
            let entry = {
                let entry = kept
                    .range((first, 0)..=(first, u64::MAX))?
                    .next()
                    .transpose()?;
                entry.map(|(key, place)| (key.value().1, place.value()))
            };
            let Some((number, place)) = entry else {
                let is_first = row(rows, run, first);
                if is_first.is_ok_and(|row| row.history.number == 0) {
                    rows.remove(first)?;
                }
                return Ok(0);
            };
            kept.remove((first, number))?;
            *work -= 1;
            let is_that = row(rows, run, place).is_ok_and(|row| row.history.number == number);
            if is_that {
                rows.remove(place)?;
            }
        }
        Ok(first)
    }
}

/// Removes the extracted entries, until the work of a page is done. Returns their number.
fn drain<T>(
    extracted: impl Iterator<Item = Result<T, redb::StorageError>>,
    work: &mut usize,
) -> Result<u32, Fault> {
    let (mut extracted, mut removed) = (extracted, 0);
    while *work > 0 {
        let Some(entry) = extracted.next() else { break };
        entry?;
        *work -= 1;
        removed += 1;
    }
    Ok(removed)
}

/// Removes the entries of a run from a table of ids and names.
fn strip_names<V: Value + 'static>(
    table: &mut Lazy<'_, (&'static str, &'static str), V>,
    id: &str,
    work: &mut usize,
) -> Result<(), Fault> {
    let table = table.open()?;
    while *work > 0 {
        let name = {
            let first = table.range((id, "")..)?.next().transpose()?;
            let key = first.as_ref().map(|(key, _)| key.value());
            key.filter(|(of, _)| *of == id)
                .map(|(_, name)| name.to_owned())
        };
        let Some(name) = name else { break };
        table.remove((id, &*name))?;
        *work -= 1;
    }
    Ok(())
}
