//! Who waits for a run to move.

use std::collections::HashMap;

use crate::run::RunId;
use crate::support::sync::{Mutex, MutexGuard, PoisonError, watch};

/// Those who wait, by id. They hear of each change of a run that is driven in this process.
#[derive(Default)]
pub(super) struct Moves(Mutex<HashMap<RunId, watch::Sender<()>>>);

impl Moves {
    fn by_run(&self) -> MutexGuard<'_, HashMap<RunId, watch::Sender<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hears of a run.
    pub(super) fn hear(&self, run: &RunId) -> watch::Receiver<()> {
        let mut by_run = self.by_run();
        if let Some(sender) = by_run.get(run) {
            return sender.subscribe();
        }
        let (sender, receiver) = watch::channel(());
        by_run.insert(run.clone(), sender);
        receiver
    }

    /// Tells those who wait that the run has moved.
    pub(super) fn moved(&self, run: &RunId) {
        if let Some(sender) = self.by_run().get(run) {
            sender.send_replace(());
        }
    }

    /// Forgets runs that nobody waits for any more.
    pub(super) fn tidy(&self) {
        let mut by_run = self.by_run();
        by_run.retain(|_, sender| sender.receiver_count() > 0);
        by_run.shrink_to_fit();
    }
}
