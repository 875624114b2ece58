//! The tables of the file.

use redb::{
    ReadOnlyTable, ReadTransaction, ReadableTable, Table, TableDefinition, WriteTransaction,
};

use super::format::{Origin, Record, read_history};
use super::wire::Unread;
use crate::key::RunId;
use crate::store::{HistoryRow, StoreError};

/// Runs that have not ended, by id.
pub(super) const RUNS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("runs");
/// Runs that have ended, by id.
pub(super) const ENDED: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("ended");
/// What runs were started with, by id.
pub(super) const ORIGINS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("origins");
/// What happened to them, by id and number.
pub(super) const HISTORY: TableDefinition<'_, (&str, u64), &[u8]> = TableDefinition::new("history");
/// Notes about visits under way, by id and key.
pub(super) const NOTES: TableDefinition<'_, (&str, &str), &[u8]> = TableDefinition::new("notes");
/// Messages that wait, by id and order of arrival.
pub(super) const INBOX: TableDefinition<'_, (&str, u64), &[u8]> = TableDefinition::new("inbox");
/// The ids of all messages that a run has had, by its id and theirs.
pub(super) const MESSAGES: TableDefinition<'_, (&str, &str), ()> = TableDefinition::new("messages");
/// Runs by when they ended, in microseconds.
pub(super) const ENDED_AT: TableDefinition<'_, (i64, &str), ()> = TableDefinition::new("ended_at");
/// The version of the file.
pub(super) const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");

/// The tables, open for writing.
pub(super) struct Tables<'a> {
    pub(super) runs: Table<'a, &'static str, &'static [u8]>,
    pub(super) ended: Table<'a, &'static str, &'static [u8]>,
    pub(super) origins: Table<'a, &'static str, &'static [u8]>,
    pub(super) history: Table<'a, (&'static str, u64), &'static [u8]>,
    pub(super) notes: Table<'a, (&'static str, &'static str), &'static [u8]>,
    pub(super) inbox: Table<'a, (&'static str, u64), &'static [u8]>,
    pub(super) messages: Table<'a, (&'static str, &'static str), ()>,
    pub(super) ended_at: Table<'a, (i64, &'static str), ()>,
}

impl<'a> Tables<'a> {
    pub(super) fn open(transaction: &'a WriteTransaction) -> Result<Self, redb::Error> {
        Ok(Tables {
            runs: transaction.open_table(RUNS)?,
            ended: transaction.open_table(ENDED)?,
            origins: transaction.open_table(ORIGINS)?,
            history: transaction.open_table(HISTORY)?,
            notes: transaction.open_table(NOTES)?,
            inbox: transaction.open_table(INBOX)?,
            messages: transaction.open_table(MESSAGES)?,
            ended_at: transaction.open_table(ENDED_AT)?,
        })
    }
}

/// The tables that are read outside of the writer.
pub(super) struct Views {
    pub(super) runs: ReadOnlyTable<&'static str, &'static [u8]>,
    pub(super) ended: ReadOnlyTable<&'static str, &'static [u8]>,
    pub(super) origins: ReadOnlyTable<&'static str, &'static [u8]>,
    pub(super) history: ReadOnlyTable<(&'static str, u64), &'static [u8]>,
}

impl Views {
    pub(super) fn open(transaction: &ReadTransaction) -> Result<Self, redb::Error> {
        Ok(Views {
            runs: transaction.open_table(RUNS)?,
            ended: transaction.open_table(ENDED)?,
            origins: transaction.open_table(ORIGINS)?,
            history: transaction.open_table(HISTORY)?,
        })
    }
}

/// What went wrong in an operation: the store as a whole, or the run.
#[derive(Debug)]
pub(super) enum Fault {
    Storage(redb::Error),
    Answer(StoreError),
}

impl<E: Into<redb::Error>> From<E> for Fault {
    fn from(error: E) -> Self {
        Fault::Storage(error.into())
    }
}

/// What cannot be read of a run, as the answer to whoever asks for it.
pub(super) fn broken(run: &RunId, what: &str, reason: &Unread) -> Fault {
    Fault::Answer(StoreError::Broken {
        run: run.clone(),
        reason: format!("{what}: {reason}"),
    })
}

type Rows<'a> = (&'a dyn Lookup, &'a dyn Lookup);

/// A table of runs by id.
pub(super) trait Lookup {
    /// The record of a run.
    fn find(&self, run: &RunId) -> Result<Option<Record>, Fault>;
}

impl<T: ReadableTable<&'static str, &'static [u8]>> Lookup for T {
    fn find(&self, run: &RunId) -> Result<Option<Record>, Fault> {
        let Some(bytes) = self.get(&*run.text())? else {
            return Ok(None);
        };
        let record = Record::read(run.clone(), bytes.value());
        record
            .map(Some)
            .map_err(|reason| broken(run, "its record", &reason))
    }
}

/// The record of a run, ended or not.
pub(super) fn find((runs, ended): Rows<'_>, run: &RunId) -> Result<Option<Record>, Fault> {
    match runs.find(run)? {
        Some(record) => Ok(Some(record)),
        None => ended.find(run),
    }
}

/// What a run was started with.
pub(super) fn origin(
    origins: &impl ReadableTable<&'static str, &'static [u8]>,
    run: &RunId,
) -> Result<Origin, Fault> {
    let missing = || {
        broken(
            run,
            "what it was started with",
            &"it is not there".to_owned(),
        )
    };
    let bytes = origins.get(&*run.text())?.ok_or_else(missing)?;
    Origin::read(bytes.value()).map_err(|reason| broken(run, "what it was started with", &reason))
}

/// A row of the history of a run.
pub(super) fn history_row(
    history: &impl ReadableTable<(&'static str, u64), &'static [u8]>,
    run: &RunId,
    number: u64,
) -> Result<Option<HistoryRow>, Fault> {
    let Some(bytes) = history.get((&*run.text(), number))? else {
        return Ok(None);
    };
    let row = read_history(number, bytes.value());
    row.map(Some)
        .map_err(|reason| broken(run, "its history", &reason))
}
