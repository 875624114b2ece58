//! Which runs to list or to remove.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::SystemTime;

use super::micros::micros;
use super::{IndexEntry, IndexValue, Name, RunRow, Status};
use crate::run::RunId;

/// Which runs to list. The default lists the first hundred of all.
///
/// ```
/// use stateway::store::{Filter, Status};
///
/// let parked = Filter::new().status(Status::Parked).newest_first().limit(20);
/// ```
///
/// A run whose record cannot be read passes whatever the filter asks of what could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Filter {
    /// Those of this workflow.
    pub workflow: Option<String>,
    /// Those that stand like this.
    pub status: Option<Status>,
    /// Those in this state.
    pub state: Option<String>,
    /// Those with this entry in their [index](RunRow::index).
    pub index: Option<IndexEntry>,
    /// Only those of which a transition [could not be undone](RunRow::not_undone).
    pub not_undone: bool,
    /// Those that were started before.
    pub started_before: Option<SystemTime>,
    /// Whether the runs that were started last come first, in place of the order of their ids. A store may have to look at all
    /// runs for that.
    pub newest_first: bool,
    /// Those that come after this run in that order: where the page before ended.
    pub after: Option<RunId>,
    /// How many at most.
    pub limit: usize,
}

impl Default for Filter {
    fn default() -> Self {
        Filter {
            workflow: None,
            status: None,
            state: None,
            index: None,
            not_undone: false,
            started_before: None,
            newest_first: false,
            after: None,
            limit: 100,
        }
    }
}

impl Filter {
    /// The first hundred of all runs.
    #[must_use]
    pub fn new() -> Self {
        Filter::default()
    }

    /// Only those of this workflow. A [`Runner`](crate::Runner) lists those of its own.
    #[must_use]
    pub fn workflow(mut self, name: impl Into<String>) -> Self {
        self.workflow = Some(name.into());
        self
    }

    /// Only those that stand like this.
    #[must_use]
    pub fn status(mut self, status: Status) -> Self {
        self.status = Some(status);
        self
    }

    /// Only those in the state of this name.
    #[must_use]
    pub fn state(mut self, name: impl Into<String>) -> Self {
        self.state = Some(name.into());
        self
    }

    /// Only those with this entry in their [index](RunRow::index).
    #[must_use]
    pub fn index(mut self, name: impl Into<String>, value: impl Into<IndexValue>) -> Self {
        self.index = Some(IndexEntry {
            name: name.into().into(),
            value: value.into(),
        });
        self
    }

    /// Only those of which a transition [could not be undone](RunRow::not_undone).
    #[must_use]
    pub fn not_undone(mut self) -> Self {
        self.not_undone = true;
        self
    }

    /// Only those that were started before.
    #[must_use]
    pub fn started_before(mut self, time: SystemTime) -> Self {
        self.started_before = Some(time);
        self
    }

    /// Those that were started last come first, in place of the order of their ids. A store may have to look at all
    /// runs for that.
    #[must_use]
    pub fn newest_first(mut self) -> Self {
        self.newest_first = true;
        self
    }

    /// Only those that come after this run: where the page before ended.
    #[must_use]
    pub fn after(mut self, run: RunId) -> Self {
        self.after = Some(run);
        self
    }

    /// So many at most.
    #[must_use]
    pub fn limit(mut self, runs: usize) -> Self {
        self.limit = runs;
        self
    }

    /// The run behind which a list in the order of ids begins.
    pub(crate) fn behind_id(&self) -> Option<&RunId> {
        self.after.as_ref().filter(|_| !self.newest_first)
    }

    /// The run behind which a list of the newest begins.
    pub(crate) fn behind_newer(&self) -> Option<&RunId> {
        self.after.as_ref().filter(|_| self.newest_first)
    }

    /// Whether a row passes.
    #[must_use]
    pub fn passes(&self, row: &RunRow) -> bool {
        self.workflow.as_ref().is_none_or(|it| *it == row.workflow)
            && self.status.is_none_or(|it| it == row.status)
            && self.state.as_ref().is_none_or(|it| *it == row.state)
            && self.index.as_ref().is_none_or(|it| row.index.contains(it))
            && (!self.not_undone || row.not_undone > 0)
            && self.started_before.is_none_or(|it| row.started < it)
    }
}

/// A page of a list, to which all rows that pass are offered in the order of their ids.
pub(crate) struct Page {
    is_by_id: bool,
    limit: usize,
    /// The place of the last row of the page before.
    after: Option<ListPlace>,
    rows: BTreeMap<ListPlace, RunRow>,
}

/// The place of a row in a list: when it was started, if the newest come first, and its id.
type ListPlace = (Reverse<i64>, RunId);

impl Page {
    /// The page that a filter asks for, with the row [behind](Filter::behind_newer) which it begins.
    pub(crate) fn new(filter: &Filter, behind: Option<RunRow>) -> Self {
        let place = |row: RunRow| (Reverse(micros(row.started)), row.id);
        Page {
            is_by_id: !filter.newest_first,
            limit: filter.limit,
            after: behind.map(place),
            rows: BTreeMap::new(),
        }
    }

    /// Whether no further row is on it.
    pub(crate) fn is_full(&self) -> bool {
        self.rows.len() >= self.limit && (self.is_by_id || self.limit == 0)
    }

    pub(crate) fn offer(&mut self, row: RunRow) {
        let started = if self.is_by_id {
            0
        } else {
            micros(row.started)
        };
        let place = (Reverse(started), row.id.clone());
        if self.after.as_ref().is_some_and(|after| place <= *after) {
            return;
        }
        self.rows.insert(place, row);
        if self.rows.len() > self.limit {
            self.rows.pop_last();
        }
    }

    pub(crate) fn into_rows(self) -> Vec<RunRow> {
        self.rows.into_values().collect()
    }
}

/// How many runs stand alike.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct RunCount {
    /// How they stand.
    pub status: Status,
    /// The state that they are in.
    pub state: Name,
    /// How many they are.
    pub runs: u64,
}

/// Which runs to remove.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Purge {
    /// Those of this workflow.
    pub workflow: Option<String>,
    /// Those that ended before.
    pub ended_before: SystemTime,
    /// How many at most, those that ended first.
    pub limit: usize,
}

impl Purge {
    /// Up to a thousand runs that ended before.
    #[must_use]
    pub fn new(ended_before: SystemTime) -> Self {
        Purge {
            workflow: None,
            ended_before,
            limit: 1_000,
        }
    }

    /// Only those of this workflow.
    #[must_use]
    pub fn workflow(mut self, name: impl Into<String>) -> Self {
        self.workflow = Some(name.into());
        self
    }

    /// So many at most, those that ended first.
    #[must_use]
    pub fn limit(mut self, runs: usize) -> Self {
        self.limit = runs;
        self
    }
}
