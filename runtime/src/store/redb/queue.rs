//! The way to the writer: a queue with a number of places, and the reason why it is closed, if the writer stopped by itself.
//!
//! A place is taken until the request is answered. Where the writer stops, whoever waits for a place is told by
//! the places, whoever comes later by the queue, and whoever waits for an answer by its being dropped; the reason
//! is known before any of that.

use crate::support::sync::mpsc::{Receiver, Sender, channel};
use crate::support::sync::{Arc, OnceLock, Semaphore};

/// The end of those who ask. It is open until it is dropped.
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
    /// Those that are free.
    places: Semaphore,
    /// Why the writer has stopped, if it has by itself.
    stopped: OnceLock<String>,
}

/// Nobody writes any more.
#[derive(Debug)]
pub(super) struct Closed;

/// A queue with this many places.
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
    /// Waits for a place, and asks. Where this is dropped before, nothing is asked.
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

    /// Why the writer has stopped, if it has by itself.
    pub(super) fn stopped(&self) -> Option<&String> {
        self.shared.stopped.get()
    }
}

impl<R> QueueEnd<R> {
    /// So many are about to be answered: until now they have kept their places.
    pub(super) fn leave(&self, requests: usize) {
        self.shared.places.add_permits(requests);
    }

    /// The writer has stopped: nothing is written any more. What it has taken and not answered it drops afterwards.
    pub(super) fn stop(self, reason: String) {
        let _ = self.shared.stopped.set(reason);
        self.shared.places.close();
    }
}
