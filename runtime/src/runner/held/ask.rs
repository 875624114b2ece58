//! Questions to the store, which may not answer at once.

use std::time::Duration;

use tokio::time::sleep;

use super::{HeldRun, Loss, Recording};
use crate::store::{StoreError, StoreFuture};

const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

impl HeldRun {
    /// Asks the store until it answers. Each operation may be repeated, by the laws of a store. If another runner claims the run
    /// meanwhile, the answer is [`Fenced`](StoreError::Fenced).
    pub(super) async fn answer<'a, T>(
        &self,
        mut ask: impl FnMut() -> StoreFuture<'a, T>,
    ) -> Result<T, StoreError> {
        let mut pause = FIRST_PAUSE;
        loop {
            match ask().await {
                Err(StoreError::Unavailable { .. }) => {
                    sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                answer => return answer,
            }
        }
    }

    /// Waits until the store has answered.
    pub(in crate::runner) async fn asked<'a, T>(
        &self,
        ask: impl FnMut() -> StoreFuture<'a, T>,
    ) -> Result<T, Loss> {
        Ok(self.answer(ask).await?)
    }

    /// Waits until the store has taken something. If that is too large for it, the run is parked.
    pub(super) async fn taken<'a, T>(
        &self,
        ask: impl FnMut() -> StoreFuture<'a, T>,
    ) -> Result<T, Loss> {
        match self.answer(ask).await {
            Err(error @ StoreError::TooLarge { .. }) => {
                let (parks, reason) = self.parks(&error.to_string());
                let commit = self.commit(parks);
                let _recording = Recording::new(&self.is_recording);
                let _ = self
                    .asked(|| self.keeper.store.commit(commit.clone()))
                    .await?;
                Err(Loss::Parked(reason))
            }
            answer => Ok(answer?),
        }
    }
}
