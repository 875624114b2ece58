//! Entries of logs, which transitions add and nothing changes.

use super::{Commit, Event, Name};

/// An entry of a log, as a transition adds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// The name of the log.
    pub log: Name,
    /// The entry, as the codec wrote it.
    pub entry: Vec<u8>,
}

/// An entry of a log of a run, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct LogRow {
    /// Its number among the entries of all logs of its run, counted from 0, without a gap.
    pub number: u64,
    /// The name of the log.
    pub log: Name,
    /// The entry, as the codec wrote it. Serde leaves it out.
    #[serde(skip)]
    pub entry: Vec<u8>,
}

impl Commit {
    /// Returns the entries that it adds: none, unless it is a transition.
    #[must_use]
    pub fn entries(&self) -> &[LogEntry] {
        match self.event {
            Event::Transition { .. } => &self.logged,
            _ => &[],
        }
    }

    /// Returns true if its entries have become these rows: the last ones of the run, if this was its last commit.
    #[must_use]
    pub fn is_logged_as(&self, rows: &[LogRow]) -> bool {
        let entries = self.entries();
        let is_row_of =
            |(entry, row): (&LogEntry, &LogRow)| entry.log == row.log && entry.entry == row.entry;
        entries.len() == rows.len() && entries.iter().zip(rows).all(is_row_of)
    }
}
