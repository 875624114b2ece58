//! Who waits for the end of which run.

use crate::run::RunId;
use crate::store::Name;
use crate::support::sync::{Arc, Mutex, MutexGuard, PoisonError, watch};
use std::collections::HashMap;

/// The `done` state that a run has ended in, as it was recorded.
pub(super) struct Reached {
    /// Which run it is: the id may have been that of another, which was purged.
    pub(super) incarnation: u64,
    pub(super) state: Name,
    pub(super) payload: Vec<u8>,
}

/// What those who wait for a run hear: where it ended, if it ended well here. Otherwise they look into the store.
pub(super) type Notice = Option<Arc<Reached>>;

/// Those who wait, by id. They hear when a run is claimed in this process, and when it is driven here no
/// longer.
#[derive(Default)]
pub(super) struct Ends(Mutex<HashMap<RunId, watch::Sender<Notice>>>);

impl Ends {
    fn by_run(&self) -> MutexGuard<'_, HashMap<RunId, watch::Sender<Notice>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hears of a run until it is driven here no longer.
    pub(super) fn hear(&self, run: &RunId) -> watch::Receiver<Notice> {
        let mut by_run = self.by_run();
        if let Some(sender) = by_run.get(run) {
            return sender.subscribe();
        }
        let (sender, receiver) = watch::channel(None);
        by_run.insert(run.clone(), sender);
        receiver
    }

    /// Tells those who wait for this run that it is driven here.
    pub(super) fn taken_up(&self, run: &RunId) {
        if let Some(sender) = self.by_run().get(run) {
            sender.send_replace(None);
        }
    }

    /// Tells those who wait for this run that it is driven here no longer, for the last time: what they hear is kept
    /// by them alone.
    pub(super) fn left(&self, run: &RunId, notice: Notice) {
        let sender = self.by_run().remove(run);
        if let Some(sender) = sender {
            sender.send_replace(notice);
        }
    }

    /// Forgets runs that nobody waits for any more.
    pub(super) fn tidy(&self) {
        let mut by_run = self.by_run();
        by_run.retain(|_, sender| sender.receiver_count() > 0);
        by_run.shrink_to_fit();
    }
}
