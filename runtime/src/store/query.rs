//! Which runs to list or to remove.

use std::time::SystemTime;

use super::{IndexEntry, RunRow, Status};
use crate::run::RunId;

/// Which runs to list. The default lists the first hundred of all.
///
/// A run whose record cannot be read passes whatever the filter asks of what could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// Those with a greater id: where the page before ended.
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
            after: None,
            limit: 100,
        }
    }
}

impl Filter {
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

/// Which runs to remove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purge {
    /// Those of this workflow.
    pub workflow: Option<String>,
    /// Those that ended before.
    pub ended_before: SystemTime,
    /// How many at most, those that ended first.
    pub limit: usize,
}
