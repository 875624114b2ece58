//! Waiting for the writer under tokio's paused clock.
//!
//! When a runtime is idle, its paused clock leaps to the next timer, and while a file is written it is idle: timeouts,
//! leases and deadlines would pass as the disk works. A task for blocking work holds the clock.

use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// A clock that is paused is further behind by the time that this is asked.
const BEHIND: Duration = Duration::from_micros(10);

/// The runtime whose clock has just said `now`, if that is not the time of the system. A thread that was interrupted in
/// between is mistaken for one whose clock is paused, which costs it a moment. Outside of a runtime no clock is paused.
pub(super) fn paused(now: Instant) -> Option<Handle> {
    let (now, system) = (now.into_std(), std::time::Instant::now());
    let is_paused = now > system || system - now > BEHIND;
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
