//! The messages of a held run, as far as they are known here.

use std::sync::atomic::Ordering;

use super::{HeldRun, Loss};
use crate::store::Message;

impl HeldRun {
    /// Hears that the store has this many messages for the run.
    pub(in crate::runner) fn hear_of_messages(&self, count: usize) {
        if count > self.messages.load(Ordering::Relaxed) {
            self.hear_of_a_message();
        }
    }

    /// Hears that the store may have a message for the run that is not known here.
    pub(in crate::runner) fn hear_of_a_message(&self) {
        self.more_messages.notify_one();
    }

    /// Waits until there may be messages that are not known here.
    ///
    /// # Cancel safety
    /// A future that is dropped before it is ready has taken no news.
    pub(in crate::runner) async fn may_have_messages(&self) {
        self.more_messages.notified().await;
    }

    /// Reads the messages that wait for the run.
    ///
    /// # Errors
    /// The reason why the run is not driven any longer.
    pub(in crate::runner) async fn inbox(&self) -> Result<Vec<Message>, Loss> {
        let inbox = self.asked(|| self.keeper.store.inbox(&self.run)).await?;
        self.messages.store(inbox.len(), Ordering::Relaxed);
        Ok(inbox)
    }
}
