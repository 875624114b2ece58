//! Who waits for the end of which run.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::key::RunId;
use crate::store::Name;

/// The `done` state that a run has ended in, as it was recorded.
pub(super) struct Reached {
    pub(super) state: Name,
    pub(super) payload: Vec<u8>,
}

/// What those who wait for a run hear: where it ended, if it ended well here. Otherwise they look into the store.
pub(super) type News = Option<Arc<Reached>>;

/// Those who wait, by run. They hear when a run is claimed in this process, and when it is driven here no
/// longer.
#[derive(Default)]
pub(super) struct Ends(Mutex<HashMap<RunId, watch::Sender<News>>>);

impl Ends {
    fn by_run(&self) -> MutexGuard<'_, HashMap<RunId, watch::Sender<News>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hears of a run from now on. What was told before is not news: it may be of a run that was purged since.
    pub(super) fn hear(&self, run: &RunId) -> watch::Receiver<News> {
        let mut by_run = self.by_run();
        if let Some(sender) = by_run.get(run) {
            return sender.subscribe();
        }
        let (sender, receiver) = watch::channel(None);
        by_run.insert(run.clone(), sender);
        receiver
    }

    /// Tells those who wait for this run.
    pub(super) fn tell(&self, run: &RunId, news: News) {
        if let Some(sender) = self.by_run().get(run) {
            sender.send_replace(news);
        }
    }

    /// Forgets runs that nobody waits for any more.
    pub(super) fn tidy(&self) {
        let mut by_run = self.by_run();
        by_run.retain(|_, sender| sender.receiver_count() > 0);
        by_run.shrink_to_fit();
    }
}
