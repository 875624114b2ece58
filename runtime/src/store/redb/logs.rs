//! The entries of the logs of all runs, in one table, by run and number.

use redb::ReadableTable;

use super::damage::guarded;
use super::fault::{Fault, broken};
use super::format::{Record, read_logged, write_logged};
use super::tables::Tables;
use crate::run::RunId;
use crate::store::{Commit, LogRow};

/// Returns the entries of a run from this number on, at most `limit`: all that its record counts.
pub(super) fn log(
    table: &impl ReadableTable<(&'static str, u64), &'static [u8]>,
    record: &Record,
    from: u64,
    limit: usize,
) -> Result<Vec<LogRow>, Fault> {
    let run = &record.row.id;
    let id = &*run.text();
    let from = from.max(record.logged_from);
    let to = record.row.logged.min(from.saturating_add(limit as u64));
    let mut rows = Vec::new();
    if from >= to {
        return Ok(rows);
    }
    let what = |number: u64, reason: String| {
        let what = format!("entry {number} of its logs");
        broken(run, &what, &reason)
    };
    guarded(|| {
        let mut entries = table.range((id, from)..(id, to))?;
        for expected in from..to {
            let entry = entries.next().transpose()?;
            let entry = entry.filter(|(key, _)| key.value() == (id, expected));
            let Some((_, bytes)) = entry else {
                return Err(what(expected, "it is not there".to_owned()));
            };
            let row = read_logged(id, expected, bytes.value());
            rows.push(row.map_err(|reason| what(expected, reason))?);
        }
        Ok(rows)
    })
}

impl Tables<'_> {
    /// Adds the entries of a commit. The first of them gets this number.
    pub(super) fn add_entries(
        &mut self,
        run: &RunId,
        first: u64,
        commit: &Commit,
    ) -> Result<(), redb::Error> {
        let id = &*run.text();
        for (number, entry) in (first..).zip(commit.entries()) {
            let bytes = write_logged(id, number, entry);
            self.logs.open()?.insert((id, number), &*bytes)?;
        }
        Ok(())
    }

    /// Returns true if the last entries of a run are those of a commit.
    pub(super) fn has_entries(&mut self, record: &Record, commit: &Commit) -> Result<bool, Fault> {
        let entries = commit.entries().len();
        if entries == 0 {
            return Ok(true);
        }
        let Some(first) = record.row.logged.checked_sub(entries as u64) else {
            return Ok(false);
        };
        let last = log(self.logs.open()?, record, first, entries)?;
        Ok(commit.is_logged_as(&last))
    }

    /// Removes all entries of a run.
    pub(super) fn drop_entries(&mut self, run: &RunId) -> Result<(), redb::Error> {
        let id = &*run.text();
        let all = (id, 0)..=(id, u64::MAX);
        self.logs.open()?.retain_in(all, |_, _| false)?;
        Ok(())
    }
}
