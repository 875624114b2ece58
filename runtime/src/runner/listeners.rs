//! The callers that wait for news of a run.

use std::collections::HashMap;

use crate::run::RunId;
use crate::support::sync::{Mutex, MutexGuard, PoisonError, watch};

/// Those who wait, by id. They hear only of events in this process.
#[derive(Default)]
pub(super) struct Listeners<T>(Mutex<HashMap<RunId, watch::Sender<T>>>);

impl<T: Default> Listeners<T> {
    fn by_run(&self) -> MutexGuard<'_, HashMap<RunId, watch::Sender<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the news of a run.
    pub(super) fn hear(&self, run: &RunId) -> watch::Receiver<T> {
        let mut by_run = self.by_run();
        if let Some(sender) = by_run.get(run) {
            return sender.subscribe();
        }
        let (sender, receiver) = watch::channel(T::default());
        by_run.insert(run.clone(), sender);
        receiver
    }

    /// Tells those who wait for this run.
    pub(super) fn tell(&self, run: &RunId, news: T) {
        if let Some(sender) = self.by_run().get(run) {
            sender.send_replace(news);
        }
    }

    /// Tells those who wait for this run, for the last time: only they keep the news.
    pub(super) fn tell_last(&self, run: &RunId, news: T) {
        let sender = self.by_run().remove(run);
        if let Some(sender) = sender {
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
