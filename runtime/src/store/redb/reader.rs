//! What is read outside of the writer, from a snapshot of the file.

use std::time::UNIX_EPOCH;

use super::format::Record;
use super::history::{back_from, origin, payload};
use super::tables::{Fault, Views};
use crate::key::RunId;
use crate::store::{Filter, Found, HistoryRow, Name, RunRow, Status, StoreError};

impl Views {
    pub(super) fn get(&self, run: &RunId) -> Result<Option<Found>, Fault> {
        let Some(record) = self.find(run)? else {
            return Ok(None);
        };
        let (input, ..) = origin(&self.history, &record)?;
        let payload = payload(&self.history, &record)?;
        Ok(Some(Found {
            row: record.row,
            input,
            payload,
        }))
    }

    pub(super) fn list(&self, filter: &Filter) -> Result<Vec<RunRow>, Fault> {
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
            let run = RunId::unchecked(id.value());
            let row = match Record::read(&run, bytes.value()) {
                Ok(record) => match self.broken.reason(&run) {
                    None if filter.passes(&record.row) => record.row,
                    None => continue,
                    Some(reason) => RunRow {
                        status: Status::Parked,
                        parked: Some(reason.into()),
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
        let record = self.must_find(run)?;
        let Some(more) = limit.checked_sub(1) else {
            return Ok(Vec::new());
        };
        let to = from.saturating_add(more as u64);
        let back = back_from(&self.history, &self.marks, &record, to)?;
        let back = back.take_while(|row| row.as_ref().map_or(true, |row| row.sequence >= from));
        let mut rows = back.collect::<Result<Vec<_>, _>>()?;
        rows.reverse();
        Ok(rows)
    }

    pub(super) fn undoable(&self, run: &RunId, limit: usize) -> Result<Vec<HistoryRow>, Fault> {
        let record = self.must_find(run)?;
        let Some(last) = record.row.undo_before.checked_sub(1) else {
            return Ok(Vec::new());
        };
        let back = back_from(&self.history, &self.marks, &record, last)?;
        back.filter(|row| row.as_ref().map_or(true, HistoryRow::is_undoable))
            .take(limit)
            .collect()
    }

    fn must_find(&self, run: &RunId) -> Result<Record, Fault> {
        let record = self.find(run)?;
        record.ok_or_else(|| {
            let run = run.clone();
            Fault::Answer(StoreError::NotFound { run })
        })
    }
}

/// The row of a run whose record cannot be read.
fn unreadable(run: RunId, reason: &str) -> RunRow {
    RunRow {
        id: run,
        incarnation: 0,
        workflow: Name::default(),
        version: 0,
        status: Status::Parked,
        state: Name::default(),
        sequence: 0,
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
        due: None,
        stop: None,
        parked: Some(format!("what is stored of it cannot be read: {reason}").into()),
        failure: None,
        ended: None,
    }
}
