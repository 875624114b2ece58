//! Waits for a run to move, in this process or another.

use tokio::time::sleep;

use super::changes::WatchError;
use super::handle::Run;
use super::listeners::Listeners;
use super::sent::NotApplied;
use crate::run::RunId;
use crate::store::StoreError;

/// Those who wait, by id. They hear of each change of a run that is driven in this process.
pub(super) type Moves = Listeners<()>;

/// The error of one who waits for a run to move.
pub(super) trait StopsWaiting {
    /// Returns true if the store was not reached, and may be asked again.
    fn is_unavailable(&self) -> bool;

    /// Returns the error for a run that does not move in this process any more.
    fn shut_down(run: RunId) -> Self;
}

impl<W> Run<W> {
    /// Asks until there is an answer: when the run has moved in this process, and now and then, because another may drive it.
    pub(super) async fn until<T, E, Asking>(&self, mut ask: impl FnMut() -> Asking) -> Result<T, E>
    where
        Asking: Future<Output = Result<Option<T>, E>>,
        E: StopsWaiting,
    {
        let engine = self.engine();
        loop {
            let mut moves = engine.moves.hear(self.id());
            match ask().await {
                Ok(Some(answer)) => return Ok(answer),
                Ok(None) if engine.is_closed() => return Err(E::shut_down(self.id().clone())),
                Ok(None) => {}
                Err(error) if error.is_unavailable() && !engine.is_closed() => {
                    sleep(engine.settings.poll).await;
                    continue;
                }
                Err(error) => return Err(error),
            }
            tokio::select! {
                _ = moves.changed() => {}
                () = sleep(engine.settings.poll) => {}
                () = engine.stopped() => {}
            }
        }
    }
}

impl StopsWaiting for WatchError {
    fn is_unavailable(&self) -> bool {
        matches!(self, WatchError::Store(StoreError::Unavailable { .. }))
    }

    fn shut_down(run: RunId) -> Self {
        WatchError::ShutDown { run }
    }
}

impl StopsWaiting for NotApplied {
    fn is_unavailable(&self) -> bool {
        matches!(self, NotApplied::Store(StoreError::Unavailable { .. }))
    }

    fn shut_down(run: RunId) -> Self {
        NotApplied::ShutDown { run }
    }
}
