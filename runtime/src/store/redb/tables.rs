//! The tables of the file.

use std::sync::Arc;

use redb::{ReadOnlyTable, ReadTransaction, Table, TableDefinition, WriteTransaction};

use super::broken::Broken;
use super::fault::Fault;
use super::format::Record;
use super::history::History;
use super::lazy::Lazy;
use super::lookup::Lookup as _;
use crate::run::RunId;

/// Runs that have not ended, by id.
pub(super) const RUNS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("runs");
/// Runs that have ended, by id.
pub(super) const ENDED: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("ended");
/// The histories of all of them, in the order in which they were written.
pub(super) const HISTORY: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("history");
/// The numbers of some rows of the history, by id and mark.
pub(super) const MARKS: TableDefinition<'_, (&str, u64), u64> = TableDefinition::new("marks");
/// The numbers of rows of histories that are bounded, by the number of the first row of the run and their numbers among
/// those of the run.
pub(super) const KEPT: TableDefinition<'_, (u64, u64), u64> = TableDefinition::new("kept");
/// Notes about current visits, by id and key.
pub(super) const NOTES: TableDefinition<'_, (&str, &str), &[u8]> = TableDefinition::new("notes");
/// Entries of logs, by id and number.
pub(super) const LOGS: TableDefinition<'_, (&str, u64), &[u8]> = TableDefinition::new("logs");
/// Messages that wait, by id and order of arrival.
pub(super) const INBOX: TableDefinition<'_, (&str, u64), &[u8]> = TableDefinition::new("inbox");
/// All messages of a run, by its id and theirs: the place that each has, or had, in the inbox, and the number of the row of
/// its history whose transition has taken it, or 0.
pub(super) const MESSAGES: TableDefinition<'_, (&str, &str), (u64, u64)> =
    TableDefinition::new("messages");
/// Runs by the time they ended, in microseconds.
pub(super) const ENDED_AT: TableDefinition<'_, (i64, &str), ()> = TableDefinition::new("ended_at");
/// The rests of histories of runs that were purged, by the number of the last row.
pub(super) const PURGED: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("purged");
/// The package that has declared each workflow, by the name that its runs are stored under.
pub(super) const WORKFLOWS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("workflows");
/// The version of the file.
pub(super) const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");

/// The tables, for writing. Those that every batch writes to are open.
pub(super) struct Tables<'a> {
    pub(super) runs: Table<'a, &'static str, &'static [u8]>,
    pub(super) ended: Lazy<'a, &'static str, &'static [u8]>,
    pub(super) history: History<'a>,
    pub(super) notes: Lazy<'a, (&'static str, &'static str), &'static [u8]>,
    pub(super) logs: Lazy<'a, (&'static str, u64), &'static [u8]>,
    pub(super) inbox: Lazy<'a, (&'static str, u64), &'static [u8]>,
    pub(super) messages: Lazy<'a, (&'static str, &'static str), (u64, u64)>,
    pub(super) ended_at: Lazy<'a, (i64, &'static str), ()>,
    pub(super) purged: Lazy<'a, u64, &'static [u8]>,
    pub(super) workflows: Lazy<'a, &'static str, &'static [u8]>,
}

impl<'a> Tables<'a> {
    /// Opens the tables. `next` is the number of the next row of the history.
    pub(super) fn open(
        transaction: &'a WriteTransaction,
        next: &'a mut u64,
    ) -> Result<Self, redb::Error> {
        Ok(Tables {
            runs: transaction.open_table(RUNS)?,
            ended: Lazy::new(transaction, ENDED),
            history: History {
                rows: transaction.open_table(HISTORY)?,
                marks: Lazy::new(transaction, MARKS),
                kept: Lazy::new(transaction, KEPT),
                next,
                buffer: Vec::with_capacity(512),
            },
            notes: Lazy::new(transaction, NOTES),
            logs: Lazy::new(transaction, LOGS),
            inbox: Lazy::new(transaction, INBOX),
            messages: Lazy::new(transaction, MESSAGES),
            ended_at: Lazy::new(transaction, ENDED_AT),
            purged: Lazy::new(transaction, PURGED),
            workflows: Lazy::new(transaction, WORKFLOWS),
        })
    }

    /// Makes the tables of a new file.
    pub(super) fn make(transaction: &'a WriteTransaction) -> Result<(), redb::Error> {
        let mut next = 0;
        let mut tables = Tables::open(transaction, &mut next)?;
        tables.ended.open()?;
        tables.history.marks.open()?;
        tables.history.kept.open()?;
        tables.notes.open()?;
        tables.logs.open()?;
        tables.inbox.open()?;
        tables.messages.open()?;
        tables.ended_at.open()?;
        tables.purged.open()?;
        tables.workflows.open()?;
        Ok(())
    }

    /// Checks that a file has all of them, each of its own type.
    pub(super) fn are_in(file: &ReadTransaction) -> Result<(), redb::TableError> {
        file.open_table(RUNS)?;
        file.open_table(ENDED)?;
        file.open_table(HISTORY)?;
        file.open_table(MARKS)?;
        file.open_table(KEPT)?;
        file.open_table(NOTES)?;
        file.open_table(LOGS)?;
        file.open_table(INBOX)?;
        file.open_table(MESSAGES)?;
        file.open_table(ENDED_AT)?;
        file.open_table(PURGED)?;
        file.open_table(WORKFLOWS)?;
        Ok(())
    }

    /// Returns the record of a run, ended or not.
    pub(super) fn find(&mut self, run: &RunId) -> Result<Option<Record>, Fault> {
        match self.runs.find(run)? {
            Some(record) => Ok(Some(record)),
            None => self.ended.open()?.find_surely(run),
        }
    }
}

/// The tables that are read outside of the writer.
pub(super) struct Views {
    pub(super) runs: ReadOnlyTable<&'static str, &'static [u8]>,
    pub(super) ended: ReadOnlyTable<&'static str, &'static [u8]>,
    pub(super) history: ReadOnlyTable<u64, &'static [u8]>,
    pub(super) marks: ReadOnlyTable<(&'static str, u64), u64>,
    pub(super) kept: ReadOnlyTable<(u64, u64), u64>,
    pub(super) notes: ReadOnlyTable<(&'static str, &'static str), &'static [u8]>,
    pub(super) logs: ReadOnlyTable<(&'static str, u64), &'static [u8]>,
    pub(super) inbox: ReadOnlyTable<(&'static str, u64), &'static [u8]>,
    pub(super) messages: ReadOnlyTable<(&'static str, &'static str), (u64, u64)>,
    pub(super) broken: Arc<Broken>,
}

impl Views {
    pub(super) fn open(
        transaction: &ReadTransaction,
        broken: Arc<Broken>,
    ) -> Result<Self, redb::Error> {
        Ok(Views {
            runs: transaction.open_table(RUNS)?,
            ended: transaction.open_table(ENDED)?,
            history: transaction.open_table(HISTORY)?,
            marks: transaction.open_table(MARKS)?,
            kept: transaction.open_table(KEPT)?,
            notes: transaction.open_table(NOTES)?,
            logs: transaction.open_table(LOGS)?,
            inbox: transaction.open_table(INBOX)?,
            messages: transaction.open_table(MESSAGES)?,
            broken,
        })
    }

    /// Returns the record of a run, ended or not. Fails if the record is known to stand elsewhere.
    pub(super) fn record(&self, run: &RunId) -> Result<Option<Record>, Fault> {
        let live = self.runs.find(run)?;
        live.map_or_else(|| self.ended.find_surely(run), |record| Ok(Some(record)))
    }

    /// Returns the record of a run, ended or not.
    pub(super) fn find(&self, run: &RunId) -> Result<Option<Record>, Fault> {
        let found = self.record(run)?;
        if found.is_none() {
            self.broken.check(run)?;
        }
        Ok(found)
    }
}
