//! Who waits for the end of which run.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::key::RunId;

/// Those who wait, by run. They hear when a run is claimed in this process, and when it is driven here no
/// longer: then they look.
#[derive(Default)]
pub(super) struct Ends(Mutex<HashMap<RunId, watch::Sender<()>>>);

impl Ends {
    fn by_run(&self) -> MutexGuard<'_, HashMap<RunId, watch::Sender<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hears of a run from now on.
    pub(super) fn hear(&self, run: &RunId) -> watch::Receiver<()> {
        let mut by_run = self.by_run();
        if let Some(sender) = by_run.get(run) {
            return sender.subscribe();
        }
        let (sender, receiver) = watch::channel(());
        by_run.insert(run.clone(), sender);
        receiver
    }

    /// Tells those who wait for this run.
    pub(super) fn tell(&self, run: &RunId) {
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
