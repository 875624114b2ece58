//! The way to the writer: a queue with a number of places, and the reason why it is closed, if the writer stopped by itself.
//!
//! A place is taken until the request is answered. When the writer stops, callers that wait for a place hear it from
//! the places, later callers from the queue, and callers that wait for an answer when that is dropped; the reason
//! is known before any of them.

use crate::support::sync::mpsc::{Receiver, Sender, channel};
use crate::support::sync::{Arc, OnceLock, Semaphore};

/// The end of the callers. It is open until it is dropped.
pub(super) struct Queue<R> {
    requests: Sender<R>,
    shared: Arc<Shared>,
}

/// The end of the writer.
pub(super) struct QueueEnd<R> {
    pub(super) requests: Receiver<R>,
    shared: Arc<Shared>,
}

struct Shared {
    /// The free places.
    places: Semaphore,
    /// The reason why the writer has stopped, if it has by itself.
    stopped: OnceLock<String>,
}

/// The error of a queue whose writer has stopped.
#[derive(Debug)]
pub(super) struct Closed;

/// Returns a queue with this number of places.
pub(super) fn queue<R>(places: usize) -> (Queue<R>, QueueEnd<R>) {
    let (sender, requests) = channel();
    let shared = Arc::new(Shared {
        places: Semaphore::new(places),
        stopped: OnceLock::new(),
    });
    let queue = Queue {
        requests: sender,
        shared: Arc::clone(&shared),
    };
    (queue, QueueEnd { requests, shared })
}

impl<R> Queue<R> {
    /// Waits for a place, and asks. If this is dropped before, nothing is asked.
    pub(super) async fn ask(&self, request: impl FnOnce() -> R) -> Result<(), Closed> {
        if self.stopped().is_some() {
            return Err(Closed);
        }
        let place = self.shared.places.acquire().await.map_err(|_| Closed)?;
        self.requests.send(request()).map_err(|_| Closed)?;
        // The writer gives it back.
        place.forget();
        Ok(())
    }

    /// Returns the reason why the writer has stopped, if it has by itself.
    pub(super) fn stopped(&self) -> Option<&String> {
        self.shared.stopped.get()
    }
}

impl<R> QueueEnd<R> {
    /// Frees the places of requests that are about to be answered.
    pub(super) fn leave(&self, requests: usize) {
        self.shared.places.add_permits(requests);
    }

    /// Stops the queue: nothing is written any more. The writer drops its unanswered requests afterwards.
    pub(super) fn stop(self, reason: String) {
        let _ = self.shared.stopped.set(reason);
        self.shared.places.close();
    }
}
