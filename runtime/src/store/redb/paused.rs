//! Waiting for the writer under tokio's paused clock.
//!
//! When a runtime is idle, its paused clock leaps to the next timer, and while a file is written it is idle: timeouts,
//! leases and deadlines would pass as the disk works. A task for blocking work holds the clock.

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// The runtime, if its clock is paused: it still says `now`, though that of the system has moved since. Outside of a
/// runtime no clock is paused.
pub(super) fn paused(now: Instant) -> Option<Handle> {
    let since = std::time::Instant::now();
    while std::time::Instant::now() == since {}
    let is_paused = Instant::now() == now;
    is_paused.then(Handle::try_current)?.ok()
}

/// What the writer answers, without a leap of the clock meanwhile. `None` if it does not.
pub(super) async fn held<T: Send + 'static>(
    runtime: &Handle,
    answered: oneshot::Receiver<T>,
) -> Option<T> {
    let waits = runtime.spawn_blocking(move || answered.blocking_recv().ok());
    waits.await.ok()?
}
