//! A held run as policies and splits see it: attempts, and outputs of branches, are notes about the current visit.
//!
//! They are called between a handler and the future of the run, whose results are of the user's types. So this is the one place
//! where a lost claim is a future that is never ready: the driver of the run hears of the loss, and drops it.

use std::any::Any;
use std::convert::Infallible;
use std::future::pending;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::{HeldRun, Loss};
use crate::journal::{Begun, Decode, Encode, Recorded, Recorder};
use crate::payload::codec::Codec;
use crate::run::{PartName, PartOf};
use crate::store::{FailedAttempt, Progress};
use crate::support::time::later;

/// The shortest wait that is recorded as one, so that the run is no suspect if its process dies meanwhile. That
/// takes another change of the row when the wait is over.
const SHORT: Duration = Duration::from_secs(1);

impl HeldRun {
    /// Reports the loss, so that the future that waits for this is dropped.
    async fn halted(&self, loss: Loss) -> Infallible {
        self.lose(loss);
        pending().await
    }

    async fn noted(&self, part: &PartName, progress: Progress, is_boundary: bool) {
        if let Err(loss) = self.note(part.to_string(), progress, is_boundary).await {
            match self.halted(loss).await {}
        }
    }
}

impl HeldRun {
    /// Returns the note about the attempts of a part. A call before a pause is still in doubt, also if none was made since then.
    fn attempts(&self, part: &PartName, begun: Begun, waits: bool) -> Progress {
        let noted = self.now();
        Progress::Attempts {
            made: begun.made,
            called: begun.called.max(u32::from(self.was_called(part))),
            due: later(noted, begun.delay),
            noted,
            waits,
            failed: self.state().failed_of(part),
        }
    }
}

impl Recorder for HeldRun {
    fn begun(&self, part: &PartName) -> Option<Begun> {
        let (is_whole, part) = (part.of == PartOf::Whole, part.to_string());
        let mut state = self.state();
        let begun = match state.notes.get(&part)? {
            &Progress::Attempts {
                made,
                called,
                due,
                noted,
                ..
            } => Begun {
                made,
                called,
                delay: state.left(noted, due),
            },
            // The process died after the doubt was kept for a pause, and before the pause. If the run was resumed since then, the
            // attempts begin anew.
            Progress::Output { effect, .. }
                if is_whole && effect.is_some() && state.row.attempts_since.is_none() =>
            {
                Begun {
                    made: 0,
                    called: 1,
                    delay: Duration::ZERO,
                }
            }
            Progress::Output { .. } => return None,
        };
        state.notes.remove(&part);
        Some(begun)
    }

    fn failed(&self, part: &PartName, number: u32, cause: &dyn Any) {
        let attempt = FailedAttempt {
            branch: part.of.branch(),
            number,
            at: self.now(),
            error: (self.explain)(cause, &self.keeper.settings),
        };
        self.state().fail(part.to_string(), attempt);
    }

    fn attempted<'a>(
        &'a self,
        part: &'a PartName,
        begun: Begun,
        may_release: bool,
    ) -> Recorded<'a> {
        Box::pin(async move {
            let delay = begun.delay;
            let waits = may_release && delay >= SHORT;
            let due = later(self.now(), delay);
            let progress = self.attempts(part, begun, waits);
            self.forget_retry();
            self.noted(part, progress, may_release).await;
            if may_release && (delay >= self.keeper.settings.patience || self.is_draining()) {
                let loss = self.wait(Some(due)).await;
                match self.halted(loss).await {}
            }
        })
    }

    fn begins<'a>(&'a self, part: &'a PartName, begun: Begun) -> Recorded<'a> {
        Box::pin(async move {
            self.noted(part, self.attempts(part, begun, false), false)
                .await;
        })
    }

    fn goes_on<'a>(&'a self, part: &'a PartName, begun: Begun) -> Option<Recorded<'a>> {
        // Branches do not wait, so nothing comes in between.
        let waits = self.state().row.waits;
        waits.then(|| {
            Box::pin(self.noted(part, self.attempts(part, begun, false), true)) as Recorded<'a>
        })
    }

    fn was_called(&self, part: &PartName) -> bool {
        HeldRun::was_called(self, part)
    }

    fn given_back(&self, delay: Duration, may_release: bool) -> Recorded<'_> {
        let due = later(self.now(), delay);
        Box::pin(async move {
            if !may_release {
                self.keeper.draining.cancelled().await;
            } else if delay < self.keeper.settings.patience {
                tokio::select! {
                    () = self.keeper.draining.cancelled() => {}
                    () = self.is_told_to_pause(true) => {}
                }
            }
            let loss = self.wait(Some(due)).await;
            match self.halted(loss).await {}
        })
    }

    fn retried_now(&self) -> Recorded<'_> {
        Box::pin(self.is_told_to_retry())
    }

    fn is_recording(&self) -> bool {
        self.is_recording.load(Ordering::Relaxed) || self.is_lost.load(Ordering::Relaxed)
    }

    fn age(&self, visit: u64, event: Option<&str>) -> Duration {
        match (visit == self.visit, event) {
            (false, _) => Duration::ZERO,
            (true, None) => self.age,
            (true, Some(event)) => self.tried.get(event).copied().unwrap_or_default(),
        }
    }

    fn output(&self, part: &PartName) -> Option<Vec<u8>> {
        match self.state().notes.get(&part.to_string())? {
            Progress::Output { output, .. } => Some(output.clone()),
            Progress::Attempts { .. } => None,
        }
    }

    fn ended(&self, part: PartName, output: Vec<u8>, undo: Option<&'static str>) -> Recorded<'_> {
        let progress = self.branch_done(&part, output, undo);
        Box::pin(async move { self.noted(&part, progress, false).await })
    }

    fn encoded(
        &self,
        what: &str,
        encode: Encode<'_>,
        decode: Decode<'_>,
    ) -> Result<Vec<u8>, String> {
        let encoded = self.keeper.settings.encoded(what, encode, decode);
        encoded.map_err(|unfit| unfit.to_string())
    }

    fn park(&self, reason: String) -> Recorded<'_, Infallible> {
        Box::pin(async move {
            let loss = HeldRun::park(self, &reason).await;
            self.halted(loss).await
        })
    }

    fn codec(&self) -> &dyn Codec {
        &*self.keeper.settings.codec
    }
}
