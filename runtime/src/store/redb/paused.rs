//! Waits for the writer under tokio's paused clock.
//!
//! When a runtime is idle, its paused clock leaps to the next timer, and it is idle while a file is written: timeouts,
//! leases and deadlines would pass as the disk works. A task for blocking work holds the clock.

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// Returns the runtime, if its clock is paused: it still shows `now`, though the clock of the system has moved since. Outside of a
/// runtime no clock is paused.
pub(super) fn paused(now: Instant) -> Option<Handle> {
    let since = std::time::Instant::now();
    while std::time::Instant::now() == since {}
    let is_paused = Instant::now() == now;
    is_paused.then(Handle::try_current)?.ok()
}

/// Returns the answer of the writer, without a leap of the clock meanwhile. `None` if it does not answer.
pub(super) async fn held<T: Send + 'static>(
    runtime: &Handle,
    answered: oneshot::Receiver<T>,
) -> Option<T> {
    let waits = runtime.spawn_blocking(move || answered.blocking_recv().ok());
    waits.await.ok()?
}
