//! A change of a run that is to be recorded.

use std::time::SystemTime;

use crate::store::{Event, Failure, Fired, IndexEntry, LogEntry, Status};

/// A change of the run.
pub(in crate::runner) struct RunChange {
    pub(in crate::runner) event: Event,
    pub(in crate::runner) status: Status,
    pub(in crate::runner) failure: Option<Failure>,
    /// The index of the run in the state that it leads to.
    pub(super) index: Vec<IndexEntry>,
    /// The timers and the poll that have fired in that state.
    pub(super) fired: Vec<Fired>,
    /// The entries that are added to its logs.
    pub(super) logged: Vec<LogEntry>,
    /// The time of the change and the time until which the run waits, if it is released.
    pub(super) waits: Option<(SystemTime, Option<SystemTime>)>,
}

impl RunChange {
    pub(in crate::runner) fn new(event: Event, status: Status) -> Self {
        RunChange {
            event,
            status,
            failure: None,
            index: Vec::new(),
            fired: Vec::new(),
            logged: Vec::new(),
            waits: None,
        }
    }

    /// Sets the index of the run in its new state.
    pub(in crate::runner) fn found_by(mut self, index: Vec<IndexEntry>) -> Self {
        self.index = index;
        self
    }

    /// Sets the timers and the poll that have fired in its state.
    pub(in crate::runner) fn where_fired(mut self, fired: Vec<Fired>) -> Self {
        self.fired = fired;
        self
    }

    /// Sets the entries that are added to its logs.
    pub(in crate::runner) fn saying(mut self, logged: Vec<LogEntry>) -> Self {
        self.logged = logged;
        self
    }

    /// Releases the run, which waits in its new state until it is due, or until a message comes that is not known.
    pub(in crate::runner) fn waiting(mut self, now: SystemTime, due: Option<SystemTime>) -> Self {
        self.waits = Some((now, due));
        self
    }

    pub(in crate::runner) fn because(mut self, failure: Failure) -> Self {
        self.failure = Some(failure);
        self
    }
}
