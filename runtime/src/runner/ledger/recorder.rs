//! The ledger as policies and splits see it: attempts, and outputs of branches, are notes about the visit under way.

use std::convert::Infallible;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Ledger;
use crate::codec::Codec;
use crate::recorder::{Begun, Decode, Encode, Recorded, Recorder};
use crate::store::Progress;

/// A run that waits for at least this long is said to wait, so that it is no suspect if its process dies meanwhile. That
/// takes another change of the row when it goes on.
const SHORT: Duration = Duration::from_secs(1);

impl Recorder for Ledger {
    fn begun(&self, part: &str) -> Option<Begun> {
        let mut notes = self.notes();
        let &Progress::Attempts {
            made,
            called,
            due,
            noted,
            ..
        } = notes.get(part)?
        else {
            return None;
        };
        notes.remove(part);
        Some(Begun {
            made,
            called,
            delay: self.left(noted, due),
        })
    }

    fn attempted<'a>(&'a self, part: &'a str, begun: Begun, may_release: bool) -> Recorded<'a> {
        let Begun {
            made,
            called,
            delay,
        } = begun;
        Box::pin(async move {
            let noted = self.settings.clock.now();
            let due = self.settings.clock.after(delay);
            let waits = may_release && delay >= SHORT;
            let progress = Progress::Attempts {
                made,
                called,
                due,
                noted,
                waits,
            };
            self.note(part.to_owned(), progress).await;
            self.waits.store(waits, Ordering::Relaxed);
            if may_release && (delay >= self.settings.patience || self.is_draining()) {
                self.released(due).await;
            }
        })
    }

    fn goes_on<'a>(&'a self, part: &'a str, begun: Begun) -> Option<Recorded<'a>> {
        // Asked by the future of the run alone, so nothing comes in between.
        self.waits.load(Ordering::Relaxed).then(|| {
            self.waits.store(false, Ordering::Relaxed);
            let now = self.settings.clock.now();
            let progress = Progress::Attempts {
                made: begun.made,
                called: begun.called,
                due: now,
                noted: now,
                waits: false,
            };
            Box::pin(self.note(part.to_owned(), progress)) as Recorded<'a>
        })
    }

    fn given_back(&self, delay: Duration) -> Recorded<'_> {
        Box::pin(async move {
            if delay < self.settings.patience {
                self.draining.cancelled().await;
            }
            self.released(self.settings.clock.after(delay)).await;
        })
    }

    fn is_recording(&self) -> bool {
        self.is_recording.load(Ordering::Relaxed) || self.is_lost.load(Ordering::Relaxed)
    }

    fn age(&self, visit: u64) -> Duration {
        if visit == self.visit {
            self.age
        } else {
            Duration::ZERO
        }
    }

    fn output(&self, part: &str) -> Option<Vec<u8>> {
        match self.notes().get(part)? {
            Progress::Output(output) => Some(output.clone()),
            Progress::Attempts { .. } => None,
        }
    }

    fn ended(&self, part: String, output: Vec<u8>) -> Recorded<'_> {
        Box::pin(self.note(part, Progress::Output(output)))
    }

    fn encoded(
        &self,
        what: &str,
        encode: Encode<'_>,
        decode: Decode<'_>,
    ) -> Result<Vec<u8>, String> {
        let encoded = self.settings.encoded(what, encode, decode);
        encoded.map_err(|unfit| unfit.to_string())
    }

    fn park(&self, reason: String) -> Recorded<'_, Infallible> {
        Box::pin(self.parked(reason))
    }

    fn codec(&self) -> &dyn Codec {
        &*self.settings.codec
    }
}
