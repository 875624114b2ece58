//! The operations that read, outside of the writer, from a snapshot of the file.

use std::collections::{BTreeMap, HashSet};
use std::ops::Bound::{Excluded, Unbounded};
use std::time::UNIX_EPOCH;

use redb::{AccessGuard, ReadOnlyTable};

use super::fault::{Fault, broken};
use super::format::{Record, is_output};
use super::history::{StartData, back_from, first, older, origin, payload, walk_back};
use super::logs::log;
use super::lookup::Lookup as _;
use super::parts::{inbox, notes};
use super::tables::Views;
use crate::run::RunId;
use crate::store::{
    Filter, Found, HistoryRow, LogRow, Message, MessageState, Name, Page, RunRow, Status,
    StoreError,
};

impl Views {
    pub(super) fn get(&self, run: &RunId) -> Result<Option<Found>, Fault> {
        let Some(record) = self.find(run)? else {
            return Ok(None);
        };
        let StartData { input, trace, .. } = origin(&self.history, &record)?;
        let payload = payload(&self.history, &record)?;
        let attempts = notes(&self.notes, &record, |note| !is_output(note))?;
        Ok(Some(Found {
            row: record.row,
            input,
            payload,
            trace,
            attempts,
        }))
    }

    pub(super) fn list(&self, filter: &Filter) -> Result<Vec<RunRow>, Fault> {
        let behind = filter
            .behind_newer()
            .map(|run| Ok::<_, Fault>(self.must_find(run)?.row));
        let mut page = Page::new(filter, behind.transpose()?);
        let after = filter.behind_id();
        if let Some(after) = after
            && self.ended.get(&*after.text())?.is_none()
        {
            // From a damaged place it would continue elsewhere.
            self.ended.find_surely(after)?;
        }
        let known = self.broken.after(after);
        let mut live = Healthy::of(&self.runs, after, &known)?.peekable();
        let mut ended = Healthy::of(&self.ended, after, &known)?.peekable();
        let mut broken = known.iter().peekable();
        let has_status = |row: &RunRow| filter.status.is_none_or(|it| it == row.status);
        while !page.is_full() {
            // A failed read ends it as well, because it comes first and is returned.
            let live_first = match (live.peek(), ended.peek()) {
                (Some(Ok(one)), Some(Ok(other))) => one.0 < other.0,
                (Some(_), None) | (Some(Err(_)), _) => true,
                (None, _) | (_, Some(Err(_))) => false,
            };
            let healthy = if live_first { &mut live } else { &mut ended };
            let broken_first = match (broken.peek(), healthy.peek()) {
                (Some((one, _)), Some(Ok(other))) => **one < other.0,
                (one, None) => one.is_some(),
                (_, Some(_)) => false,
            };
            if broken_first && let Some((run, reason)) = broken.next() {
                let row = match self.record(run) {
                    Ok(Some(record)) => RunRow {
                        status: Status::Parked,
                        parked: Some(reason.clone().into()),
                        ..record.row
                    },
                    Err(Fault::Storage(error)) => return Err(Fault::Storage(error)),
                    _ => unreadable(run.clone(), reason.clone()),
                };
                if has_status(&row) {
                    page.offer(row);
                }
                continue;
            }
            let Some(entry) = healthy.next() else { break };
            let (run, bytes) = entry?;
            match Record::read_any(bytes.value()) {
                Ok(record) if record.row.id != run => {
                    // The other run has another place in the list.
                    let owner = record.row.id;
                    let is_found = matches!(self.record(&owner), Ok(Some(_)));
                    self.broken.misplaced(run, &owner, is_found);
                    return self.list(filter);
                }
                Ok(record) if filter.passes(&record.row) => page.offer(record.row),
                Ok(_) => {}
                Err(reason) => {
                    let reason =
                        format!("what is stored of it cannot be read: its record: {reason}");
                    let row = unreadable(run, reason);
                    if has_status(&row) {
                        page.offer(row);
                    }
                }
            }
        }
        Ok(page.into_rows())
    }

    pub(super) fn history(
        &self,
        run: &RunId,
        from: u64,
        limit: usize,
    ) -> Result<Vec<HistoryRow>, Fault> {
        let record = self.must_find(run)?;
        let oldest = record.row.history_from;
        let mut rows = Vec::new();
        if oldest > 0 && limit > 0 {
            if from == 0 {
                rows.push(first(&self.history, &record)?);
            }
            let older = older(&self.history, &self.kept, &record, from.max(1)..oldest)?;
            for row in older.take(limit - rows.len()) {
                rows.push(row?);
            }
        }
        let Some(more) = (limit - rows.len()).checked_sub(1) else {
            return Ok(rows);
        };
        let (from, behind) = (from.max(oldest), rows.len());
        let to = from.saturating_add(more as u64);
        for row in walk_back(&self.history, &self.marks, &record, to)? {
            let (_, row) = row?;
            if row.number < from {
                break;
            }
            rows.push(row);
        }
        rows[behind..].reverse();
        Ok(rows)
    }

    pub(super) fn log(&self, run: &RunId, from: u64, limit: usize) -> Result<Vec<LogRow>, Fault> {
        let record = self.must_find(run)?;
        log(&self.logs, &record, from, limit)
    }

    pub(super) fn message(&self, run: &RunId, id: &str) -> Result<Option<MessageState>, Fault> {
        let Some(record) = self.find(run)? else {
            return Ok(None);
        };
        let noted = self.messages.get((&*run.text(), id))?;
        let Some((_, taken_by)) = noted.map(|noted| noted.value()) else {
            return Ok(None);
        };
        if taken_by == 0 {
            return Ok(Some(MessageState::untaken(&record.row)));
        }
        let mut rows = self.history(run, taken_by, 1)?;
        if rows.first().is_none_or(|row| row.number != taken_by)
            && taken_by < record.row.history_from
        {
            return Ok(Some(MessageState::Forgotten));
        }
        let row = rows.pop().ok_or_else(|| {
            let reason = format!("row {taken_by}, which has taken it, is not there");
            broken(run, "a message", &reason)
        })?;
        Ok(Some(MessageState::Taken(Box::new(row))))
    }

    pub(super) fn inbox(&self, run: &RunId) -> Result<Vec<Message>, Fault> {
        let record = self.must_find(run)?;
        inbox(&self.inbox, &record)
    }

    pub(super) fn undoable(&self, run: &RunId, limit: usize) -> Result<Vec<HistoryRow>, Fault> {
        let record = self.must_find(run)?;
        let Some(last) = record.row.undo_before.checked_sub(1) else {
            return Ok(Vec::new());
        };
        // Rows that were undone before a retry lie among those that are left, and the rows that name them come behind all of these.
        let from = last.max(record.retried);
        let mut undone = HashSet::new();
        let mut left = Vec::new();
        let mut back = back_from(&self.history, &self.marks, &self.kept, &record, from)?;
        while left.len() < limit
            && let Some(row) = back.next().transpose()?
        {
            undone.extend(row.undone());
            if row.is_undoable() && row.number <= last && !undone.contains(&row.number) {
                left.push(row);
            }
        }
        Ok(left)
    }

    fn must_find(&self, run: &RunId) -> Result<Record, Fault> {
        let record = self.find(run)?;
        record.ok_or_else(|| {
            let run = run.clone();
            Fault::Answer(StoreError::NotFound { run })
        })
    }
}

/// The entries of a table in order, without runs that are known to be unreadable.
struct Healthy<'a> {
    entries: redb::Range<'static, &'static str, &'static [u8]>,
    /// The last one, behind which the others follow.
    last: Option<RunId>,
    known: &'a BTreeMap<RunId, String>,
}

type Listed = (RunId, AccessGuard<'static, &'static [u8]>);

impl<'a> Healthy<'a> {
    fn of(
        table: &ReadOnlyTable<&'static str, &'static [u8]>,
        after: Option<&RunId>,
        known: &'a BTreeMap<RunId, String>,
    ) -> Result<Self, Fault> {
        let from = after.map(RunId::text);
        let from = from.as_deref().map_or(Unbounded, Excluded);
        Ok(Healthy {
            entries: table.range::<&str>((from, Unbounded))?,
            last: after.cloned(),
            known,
        })
    }
}

impl Iterator for Healthy<'_> {
    type Item = Result<Listed, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (id, bytes) = match self.entries.next()? {
                Ok(entry) => entry,
                Err(error) => return Some(Err(error.into())),
            };
            let run = RunId::unchecked(id.value());
            if self.known.contains_key(&run) {
                continue;
            }
            if self.last.as_ref().is_some_and(|last| *last >= run) {
                let reason = format!("a page of the file is damaged (`{run}` is out of order)");
                return Some(Err(Fault::Damaged(reason)));
            }
            self.last = Some(run.clone());
            return Some(Ok((run, bytes)));
        }
    }
}

/// Returns the row of a run whose record cannot be read.
fn unreadable(run: RunId, reason: String) -> RunRow {
    RunRow {
        id: run,
        incarnation: 0,
        workflow: Name::default(),
        version: 0,
        priority: 0,
        parent: None,
        index: Vec::new(),
        status: Status::Parked,
        state: Name::default(),
        sequence: 0,
        rows: 0,
        history_from: 0,
        logged: 0,
        epoch: 0,
        visit: 0,
        undos: 0,
        undo_before: u64::MAX,
        not_undone: 0,
        rolls_back: false,
        crashes: 0,
        waits: false,
        started: UNIX_EPOCH,
        entered: UNIX_EPOCH,
        fired: Vec::new(),
        attempts_since: None,
        due: None,
        stop: None,
        pause_asked: false,
        retry_asked: false,
        parked: Some(reason.into()),
        failure: None,
        ended: None,
    }
}
