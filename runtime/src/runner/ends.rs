//! The callers that wait for the end of a run.

use super::listeners::Listeners;
use crate::run::RunId;
use crate::store::Name;
use crate::support::sync::{Arc, watch};

/// The `done` state that a run has ended in, as it was recorded.
pub(super) struct Reached {
    /// The number of the run: its id may have been that of another, which was purged.
    pub(super) incarnation: u64,
    pub(super) state: Name,
    pub(super) payload: Vec<u8>,
}

/// The news for those who wait for a run: its final state, if it ended well here. If not, they look into the store.
pub(super) type Notice = Option<Arc<Reached>>;

/// Those who wait, by id. They hear when a run is claimed in this process, and when it is not driven here any
/// longer.
#[derive(Default)]
pub(super) struct Ends(Listeners<Notice>);

impl Ends {
    /// Returns the news of a run until it is not driven here any longer.
    pub(super) fn hear(&self, run: &RunId) -> watch::Receiver<Notice> {
        self.0.hear(run)
    }

    /// Tells those who wait for this run that it is driven here.
    pub(super) fn taken_up(&self, run: &RunId) {
        self.0.tell(run, None);
    }

    /// Tells those who wait for this run that it is not driven here any longer, for the last time.
    pub(super) fn left(&self, run: &RunId, notice: Notice) {
        self.0.tell_last(run, notice);
    }

    /// Forgets runs that nobody waits for any more.
    pub(super) fn tidy(&self) {
        self.0.tidy();
    }
}
