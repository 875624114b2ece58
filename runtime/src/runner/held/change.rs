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
    /// The timers and the poll that were at work in that state.
    pub(super) fired: Vec<Fired>,
    /// What is added to its logs.
    pub(super) logged: Vec<LogEntry>,
    /// When it happens, and until when the run waits then, if it is given back.
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

    /// The run is found by this in its new state.
    pub(in crate::runner) fn found_by(mut self, index: Vec<IndexEntry>) -> Self {
        self.index = index;
        self
    }

    /// This was at work in its state since that was entered.
    pub(in crate::runner) fn where_fired(mut self, fired: Vec<Fired>) -> Self {
        self.fired = fired;
        self
    }

    /// The run has said this on its way.
    pub(in crate::runner) fn saying(mut self, logged: Vec<LogEntry>) -> Self {
        self.logged = logged;
        self
    }

    /// The run waits in its new state from now until then, or until a message comes that is not known.
    pub(in crate::runner) fn waiting(mut self, now: SystemTime, due: Option<SystemTime>) -> Self {
        self.waits = Some((now, due));
        self
    }

    pub(in crate::runner) fn because(mut self, failure: Failure) -> Self {
        self.failure = Some(failure);
        self
    }
}
