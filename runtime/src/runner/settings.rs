//! What a runner was told about how to run.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::codec::{Codec, Json};

/// What the runs of a runner have in common.
pub(crate) struct Settings {
    pub(super) clock: Clock,
    pub(super) codec: Arc<dyn Codec>,
    /// So many runs are driven at a time.
    pub(super) max_in_flight: usize,
    /// So long a claim holds without a heartbeat.
    pub(super) lease: Duration,
    /// So often the store is asked for runs that others have left.
    pub(super) poll: Duration,
    /// A run that waits this long for its next attempt waits in the store.
    pub(super) patience: Duration,
    /// After so many crashes in the same state a run is parked.
    pub(super) max_crashes: u32,
    /// The largest payload, in bytes.
    pub(super) max_payload: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            clock: Clock::system(),
            codec: Arc::new(Json),
            max_in_flight: 10_000,
            lease: Duration::from_secs(30),
            poll: Duration::from_secs(1),
            patience: Duration::from_secs(10),
            max_crashes: 10,
            max_payload: 1 << 20,
        }
    }
}

impl Settings {
    /// From how many deaths on a run is taken up alone, so that nothing beside it is parked for what it does.
    pub(super) fn alone_from(&self) -> u32 {
        (self.max_crashes / 2).max(1)
    }

    /// Checks that a payload is not too large to be stored.
    ///
    /// # Errors
    /// What there is to say about it.
    pub(super) fn fits(&self, what: impl Display, payload: Vec<u8>) -> Result<Vec<u8>, String> {
        let (length, most) = (payload.len(), self.max_payload);
        if length <= most {
            return Ok(payload);
        }
        Err(format!(
            "{what} takes {length} bytes, and a payload may have {most}: store large data elsewhere and keep \
             a reference, or raise `max_payload`"
        ))
    }
}
