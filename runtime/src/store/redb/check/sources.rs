//! The effects of a run, and the earlier ones that have the payload of their state.

use std::collections::BTreeMap;

use crate::store::{Event, HistoryRow, Source};

/// Follows the history of a run, from its last row to its first.
#[derive(Debug, Default)]
pub(super) struct Sources {
    /// The numbers of the rows that have to have a payload, each with the number of a row that needs it.
    wanted: BTreeMap<u64, u64>,
}

impl Sources {
    /// Follows the next row.
    ///
    /// # Errors
    /// The row lacks a payload that another needs, or names no row before it.
    pub(super) fn follow(&mut self, row: &HistoryRow) -> Result<(), String> {
        let source = match &row.event {
            Event::Effect { source, .. } => Some(source),
            _ => None,
        };
        if let Some(by) = self.wanted.remove(&row.number)
            && !matches!(source, Some(Source::Here(_)))
        {
            return Err(lack(row.number, by));
        }
        if let Some(Source::Before(back)) = source {
            let here = row.number.checked_sub((*back).into());
            match here.filter(|here| *here < row.number) {
                Some(here) => self.wanted.entry(here).or_insert(row.number),
                None => return Err(lack(row.number, row.number)),
            };
        }
        Ok(())
    }

    /// Ends the history.
    ///
    /// # Errors
    /// A row that another needs was not there.
    pub(super) fn end(self) -> Result<(), String> {
        match self.wanted.first_key_value() {
            Some((here, by)) => Err(lack(*here, *by)),
            None => Ok(()),
        }
    }
}

fn lack(here: u64, by: u64) -> String {
    format!("row {here} of its history has no payload of the state that row {by} needs")
}
