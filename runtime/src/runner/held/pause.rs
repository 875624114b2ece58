//! The requests that reach a run while it waits: to pause, or to make its next attempt at once.
//!
//! A run that does not wait hears of a pause from the store, in the answer to its next change. So these only shorten a wait.

use super::HeldRun;

impl HeldRun {
    /// Hears that the run is to pause, or that the request was withdrawn.
    pub(in crate::runner) fn hear_of_a_pause(&self, pauses: bool) {
        self.pause.send_replace(pauses);
    }

    /// Returns true if the run is to pause, as far as this process knows.
    pub(in crate::runner) fn is_to_pause(&self) -> bool {
        *self.pause.borrow()
    }

    /// Waits until the run is to pause, or, if `pauses` is false, until it is not to any more.
    pub(in crate::runner) async fn is_told_to_pause(&self, pauses: bool) {
        // No error: the sender is in this run.
        let _ = self.pause.subscribe().wait_for(|it| *it == pauses).await;
    }

    /// Hears that the run is to make its next attempt at once.
    pub(in crate::runner) fn hear_of_a_retry(&self) {
        self.retry.send_replace(true);
    }

    /// Forgets earlier requests, which are not about the wait that begins.
    pub(super) fn forget_retry(&self) {
        self.retry.send_replace(false);
    }

    /// Waits until the run is to make its next attempt at once. Each request is heard once.
    pub(super) async fn is_told_to_retry(&self) {
        let _ = self.retry.subscribe().wait_for(|it| *it).await;
        self.forget_retry();
    }
}
