//! Waiting for the writer under tokio's paused clock.
//!
//! When a runtime is idle, its paused clock leaps to the next timer, and while a file is written it is idle: timeouts,
//! leases and deadlines would pass as the disk works. A task for blocking work holds the clock.

use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::spawn_blocking;
use tokio::time::Instant;

/// A clock that is paused is further behind by the time that this is asked.
const BEHIND: Duration = Duration::from_micros(1);

/// Whether the clock that has just said `now` is not that of the system. A thread that was interrupted in between is
/// mistaken for one whose clock is paused, which costs it a moment.
pub(super) fn is_paused(now: Instant) -> bool {
    let (now, system) = (now.into_std(), std::time::Instant::now());
    now > system || system - now > BEHIND
}

/// What the writer answers, without a leap of the clock meanwhile. `None` if it does not.
pub(super) async fn held<T: Send + 'static>(answered: oneshot::Receiver<T>) -> Option<T> {
    spawn_blocking(move || answered.blocking_recv().ok())
        .await
        .ok()?
}
