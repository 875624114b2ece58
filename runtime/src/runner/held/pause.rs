//! What the holder of a run hears while that waits: that it is to pause, or to make its next attempt at once.
//!
//! A run that does not wait hears of a pause from its next change, which the store answers. So these only shorten a wait.

use super::HeldRun;

impl HeldRun {
    /// The run is to pause, or that was taken back.
    pub(in crate::runner) fn hear_of_a_pause(&self, pauses: bool) {
        self.pause.send_replace(pauses);
    }

    /// Whether the run is to pause, as far as is known here.
    pub(in crate::runner) fn is_to_pause(&self) -> bool {
        *self.pause.borrow()
    }

    /// Waits until the run is to pause, or is not to any more.
    pub(in crate::runner) async fn is_told_to_pause(&self, pauses: bool) {
        // No error: what sends is in this run.
        let _ = self.pause.subscribe().wait_for(|it| *it == pauses).await;
    }

    /// The run is to make the attempt at once that it waits for.
    pub(in crate::runner) fn hear_of_a_retry(&self) {
        self.retry.send_replace(true);
    }

    /// A new wait for an attempt begins: what was asked before is not about this one.
    pub(super) fn forget_retry(&self) {
        self.retry.send_replace(false);
    }

    /// Waits until the run is to make its next attempt at once. That is heard once.
    pub(super) async fn is_told_to_retry(&self) {
        let _ = self.retry.subscribe().wait_for(|it| *it).await;
        self.forget_retry();
    }
}
