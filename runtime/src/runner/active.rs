//! A run that is driven in this process, under one claim.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::held::HeldRun;
use crate::store::Stop;

/// A run that is driven here.
#[derive(Clone)]
pub(super) struct Active {
    pub(super) epoch: u64,
    pub(super) held: Arc<HeldRun>,
    pub(super) cancellation: CancellationToken,
    pub(super) termination: CancellationToken,
    /// The tasks of its branches.
    pub(super) tasks: TaskTracker,
    /// Fires when none of its handlers runs any more, except those tasks.
    pub(super) gone: CancellationToken,
}

impl Active {
    pub(super) fn tell(&self, stop: Stop) {
        match stop {
            Stop::Cancel => self.cancellation.cancel(),
            Stop::Terminate => self.termination.cancel(),
        }
    }

    /// Hears that the store has recorded a request to stop, and has ended the pause. A rollback is never cancelled.
    pub(super) fn hear_of_a_stop(&self, stop: Stop) {
        if stop == Stop::Terminate || !self.held.rolls_back() {
            self.held.hear_of_a_pause(false);
        }
        self.tell(stop);
    }

    /// Waits until none of its handlers runs any more.
    pub(super) async fn gone(&self) {
        self.gone.cancelled().await;
        self.tasks.close();
        self.tasks.wait().await;
    }
}
