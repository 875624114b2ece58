//! What is read outside of the writer, from a snapshot of the file.

use std::borrow::Cow;
use std::time::UNIX_EPOCH;

use super::Broken;
use super::changes::payload;
use super::format::{Record, read_history};
use super::tables::{Fault, Views, broken, find, origin};
use crate::key::RunId;
use crate::store::{Filter, Found, HistoryRow, RunRow, Status, StoreError};

impl Views {
    pub(super) fn get(&self, run: &RunId) -> Result<Option<Found>, Fault> {
        let Some(record) = find((&self.runs, &self.ended), run)? else {
            return Ok(None);
        };
        let origin = origin(&self.origins, run)?;
        let input = origin.input.clone();
        let payload = payload(&self.history, &record, Cow::Owned(origin))?;
        Ok(Some(Found {
            row: record.row,
            input,
            payload,
        }))
    }

    pub(super) fn list(&self, filter: &Filter, broken: &Broken) -> Result<Vec<RunRow>, Fault> {
        let after = filter.after.as_ref().map(RunId::text);
        let from = match &after {
            Some(after) => std::ops::Bound::Excluded(&**after),
            None => std::ops::Bound::Unbounded,
        };
        let range = (from, std::ops::Bound::Unbounded);
        let mut live = self.runs.range::<&str>(range)?.peekable();
        let mut ended = self.ended.range::<&str>(range)?.peekable();
        let mut rows = Vec::new();
        while rows.len() < filter.limit {
            // A failed read ends it as well: it comes first, and is returned.
            let live_first = match (live.peek(), ended.peek()) {
                (None, None) => break,
                (Some(Ok(one)), Some(Ok(other))) => one.0.value() < other.0.value(),
                (Some(_), None) | (Some(Err(_)), _) => true,
                (None, Some(_)) | (_, Some(Err(_))) => false,
            };
            let entry = if live_first {
                live.next()
            } else {
                ended.next()
            };
            let Some(entry) = entry else { break };
            let (id, bytes) = entry?;
            let run = RunId::from(id.value());
            let row = match Record::read(run.clone(), bytes.value()) {
                Ok(record) => match broken.reason(&run) {
                    None if filter.passes(&record.row) => record.row,
                    None => continue,
                    Some(reason) => RunRow {
                        status: Status::Parked,
                        parked: Some(reason),
                        ..record.row
                    },
                },
                Err(reason) => unreadable(run, &format!("its record: {reason}")),
            };
            let has_status = filter.status.is_none_or(|status| status == row.status);
            if has_status {
                rows.push(row);
            }
        }
        Ok(rows)
    }

    pub(super) fn history(
        &self,
        run: &RunId,
        from: u64,
        limit: usize,
    ) -> Result<Vec<HistoryRow>, Fault> {
        self.must_exist(run)?;
        let id = &*run.text();
        let mut rows = Vec::new();
        for entry in self.history.range((id, from)..=(id, u64::MAX))?.take(limit) {
            let (key, bytes) = entry?;
            let row = read_history(key.value().1, bytes.value());
            rows.push(row.map_err(|reason| broken(run, "its history", &reason))?);
        }
        Ok(rows)
    }

    pub(super) fn undoable(&self, run: &RunId, limit: usize) -> Result<Vec<HistoryRow>, Fault> {
        let record = find((&self.runs, &self.ended), run)?;
        let not_found = || StoreError::NotFound { run: run.clone() };
        let record = record.ok_or_else(|| Fault::Answer(not_found()))?;
        let id = &*run.text();
        let mut rows = Vec::new();
        let before = (id, 0)..(id, record.row.undo_before);
        for entry in self.history.range(before)?.rev() {
            if rows.len() == limit {
                break;
            }
            let (key, bytes) = entry?;
            let row = read_history(key.value().1, bytes.value());
            let row = row.map_err(|reason| broken(run, "its history", &reason))?;
            if row.is_undoable() {
                rows.push(row);
            }
        }
        Ok(rows)
    }

    fn must_exist(&self, run: &RunId) -> Result<(), Fault> {
        let id = &*run.text();
        if self.runs.get(id)?.is_none() && self.ended.get(id)?.is_none() {
            let run = run.clone();
            return Err(Fault::Answer(StoreError::NotFound { run }));
        }
        Ok(())
    }
}

/// The row of a run whose record cannot be read.
fn unreadable(run: RunId, reason: &str) -> RunRow {
    RunRow {
        id: run,
        workflow: String::new(),
        version: 0,
        status: Status::Parked,
        state: String::new(),
        sequence: 0,
        epoch: 0,
        visit: 0,
        undos: 0,
        undo_before: u64::MAX,
        rolls_back: false,
        crashes: 0,
        started: UNIX_EPOCH,
        entered: UNIX_EPOCH,
        due: None,
        stop: None,
        parked: Some(format!("what is stored of it cannot be read: {reason}")),
        failure: None,
        ended: None,
    }
}
