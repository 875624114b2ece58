//! The tables of the file.

use std::cmp::Ordering;
use std::sync::Arc;

use redb::{
    Key, ReadOnlyTable, ReadTransaction, ReadableTable, Table, TableDefinition, Value,
    WriteTransaction,
};

use super::Broken;
use super::damage::guarded;
use super::format::{Record, owner};
use super::history::History;
use super::wire::Unread;
use crate::run::RunId;
use crate::store::StoreError;

/// Runs that have not ended, by id.
pub(super) const RUNS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("runs");
/// Runs that have ended, by id.
pub(super) const ENDED: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("ended");
/// What happened to all of them, in the order in which it was written.
pub(super) const HISTORY: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("history");
/// The numbers of some rows of the history, by id and mark.
pub(super) const MARKS: TableDefinition<'_, (&str, u64), u64> = TableDefinition::new("marks");
/// Notes about visits under way, by id and key.
pub(super) const NOTES: TableDefinition<'_, (&str, &str), &[u8]> = TableDefinition::new("notes");
/// Messages that wait, by id and order of arrival.
pub(super) const INBOX: TableDefinition<'_, (&str, u64), &[u8]> = TableDefinition::new("inbox");
/// The ids of all messages that a run has had, by its id and theirs.
pub(super) const MESSAGES: TableDefinition<'_, (&str, &str), ()> = TableDefinition::new("messages");
/// Runs by when they ended, in microseconds.
pub(super) const ENDED_AT: TableDefinition<'_, (i64, &str), ()> = TableDefinition::new("ended_at");
/// What is left of histories of runs that were purged, by the number of the last row.
pub(super) const PURGED: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("purged");
/// Who has declared which workflow, by the name that its runs are stored under.
pub(super) const WORKFLOWS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("workflows");
/// The version of the file.
pub(super) const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");

/// The tables, for writing. Those that every batch writes to are open.
pub(super) struct Tables<'a> {
    pub(super) runs: Table<'a, &'static str, &'static [u8]>,
    pub(super) ended: Lazy<'a, &'static str, &'static [u8]>,
    pub(super) history: History<'a>,
    pub(super) notes: Lazy<'a, (&'static str, &'static str), &'static [u8]>,
    pub(super) inbox: Lazy<'a, (&'static str, u64), &'static [u8]>,
    pub(super) messages: Lazy<'a, (&'static str, &'static str), ()>,
    pub(super) ended_at: Lazy<'a, (i64, &'static str), ()>,
    pub(super) purged: Lazy<'a, u64, &'static [u8]>,
    pub(super) workflows: Lazy<'a, &'static str, &'static [u8]>,
}

/// A table that is opened when it is asked for: each that is open costs the commit of a batch.
pub(super) struct Lazy<'a, K: Key + 'static, V: Value + 'static> {
    transaction: &'a WriteTransaction,
    definition: TableDefinition<'static, K, V>,
    table: Option<Table<'a, K, V>>,
}

impl<'a, K: Key + 'static, V: Value + 'static> Lazy<'a, K, V> {
    fn new(transaction: &'a WriteTransaction, definition: TableDefinition<'static, K, V>) -> Self {
        Lazy {
            transaction,
            definition,
            table: None,
        }
    }

    pub(super) fn open(&mut self) -> Result<&mut Table<'a, K, V>, redb::Error> {
        let table = match self.table.take() {
            Some(table) => table,
            None => self.transaction.open_table(self.definition)?,
        };
        Ok(self.table.insert(table))
    }
}

impl<'a> Tables<'a> {
    /// `next` is the number of the next row of the history.
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
                next,
                buffer: Vec::with_capacity(512),
            },
            notes: Lazy::new(transaction, NOTES),
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
        tables.notes.open()?;
        tables.inbox.open()?;
        tables.messages.open()?;
        tables.ended_at.open()?;
        tables.purged.open()?;
        tables.workflows.open()?;
        Ok(())
    }

    /// Whether a file has all of them, each of its own type.
    pub(super) fn are_in(file: &ReadTransaction) -> Result<(), redb::TableError> {
        file.open_table(RUNS)?;
        file.open_table(ENDED)?;
        file.open_table(HISTORY)?;
        file.open_table(MARKS)?;
        file.open_table(NOTES)?;
        file.open_table(INBOX)?;
        file.open_table(MESSAGES)?;
        file.open_table(ENDED_AT)?;
        file.open_table(PURGED)?;
        file.open_table(WORKFLOWS)?;
        Ok(())
    }

    /// The record of a run, ended or not.
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
    pub(super) notes: ReadOnlyTable<(&'static str, &'static str), &'static [u8]>,
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
            notes: transaction.open_table(NOTES)?,
            broken,
        })
    }

    /// The record of a run, ended or not, that is known of no table to be elsewhere.
    pub(super) fn record(&self, run: &RunId) -> Result<Option<Record>, Fault> {
        let live = self.runs.find(run)?;
        live.map_or_else(|| self.ended.find_surely(run), |record| Ok(Some(record)))
    }

    /// The record of a run, ended or not.
    pub(super) fn find(&self, run: &RunId) -> Result<Option<Record>, Fault> {
        let found = self.record(run)?;
        if found.is_none() {
            self.broken.check(run)?;
        }
        Ok(found)
    }
}

/// What went wrong in an operation: the store as a whole, a page that it needs, or the run.
#[derive(Debug)]
pub(super) enum Fault {
    Storage(redb::Error),
    Damaged(String),
    Answer(StoreError),
}

impl<E: Into<redb::Error>> From<E> for Fault {
    fn from(error: E) -> Self {
        match error.into() {
            redb::Error::Corrupted(reason) => {
                Fault::Damaged(format!("a page of the file is damaged ({reason})"))
            }
            error => Fault::Storage(error),
        }
    }
}

/// What cannot be read of a run, as the answer to whoever asks for it.
pub(super) fn broken(run: &RunId, what: &str, reason: &Unread) -> Fault {
    Fault::Answer(StoreError::Broken {
        run: run.clone(),
        reason: format!("{what}: {reason}"),
    })
}

/// A table of runs by id.
pub(super) trait Lookup {
    /// The record of a run.
    fn find(&self, run: &RunId) -> Result<Option<Record>, Fault>;

    /// The record of a run of a table that was not read as the file was opened. Fails if a damaged page may be why it is
    /// not found.
    ///
    /// A damaged key in a leaf leads the search to a place beside it, and one in a branch to a leaf whose entries are
    /// all on one side of the run. So a miss is believed if the entries on both sides of the place are in order, and
    /// each has the record of its own run.
    fn find_surely(&self, run: &RunId) -> Result<Option<Record>, Fault>;
}

impl<T: ReadableTable<&'static str, &'static [u8]>> Lookup for T {
    fn find(&self, run: &RunId) -> Result<Option<Record>, Fault> {
        guarded(|| {
            let Some(bytes) = self.get(&*run.text())? else {
                return Ok(None);
            };
            read(run, bytes.value()).map(Some)
        })
    }

    fn find_surely(&self, run: &RunId) -> Result<Option<Record>, Fault> {
        guarded(|| {
            let id = &*run.text();
            let before = self.range(..=id)?.next_back().transpose()?;
            if let Some((key, bytes)) = &before
                && key.value() == id
            {
                return read(run, bytes.value()).map(Some);
            }
            let after = self.range(id..)?.next().transpose()?;
            for (entry, side) in [(before, Ordering::Less), (after, Ordering::Greater)] {
                let Some((key, bytes)) = entry else { continue };
                let key = key.value();
                if key.cmp(id) != side || owner(bytes.value()) != Some(key.as_bytes()) {
                    let reason = format!("its place beside `{key}` is damaged");
                    return Err(broken(run, "its record", &reason));
                }
            }
            Ok(None)
        })
    }
}

fn read(run: &RunId, bytes: &[u8]) -> Result<Record, Fault> {
    Record::read(run, bytes).map_err(|reason| broken(run, "its record", &reason))
}
