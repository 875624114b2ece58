//! The one thread that writes: it takes what waits, applies it in one transaction, and flushes once.
//!
//! So runs that are under way at the same time share a flush: while one batch is on its way to the disk,
//! the next gathers. (Group commit: Gawlick and Kinkade, 1985.)

use std::hint::spin_loop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use super::changes::Changes;
use super::index::Index;
use super::tables::Tables;
use super::{Broken, Durability};
use crate::panic::message;
use crate::store::timeline::Timeline;

/// Something that the writer is asked to do.
pub(super) trait Operation: Send {
    /// Does it, and keeps what came of it.
    fn apply(&mut self, changes: &mut Changes<'_>) -> Result<(), redb::Error>;

    /// Answers the caller, when the batch is on disk.
    fn answer(self: Box<Self>);
}

/// What waits for the writer.
pub(super) struct Request {
    pub(super) operation: Box<dyn Operation>,
    /// About how many bytes it writes.
    pub(super) weight: usize,
}

/// A batch has at most so many operations, and about so many bytes.
const OPERATIONS: usize = 4096;
const BYTES: usize = 16 << 20;

/// A batch of at least so many operations stays open for so long when nothing waits: those who were answered last are
/// about to ask again, on other processors, and each that is too late costs a part of another flush.
/// The time is spent awake. To sleep, or to yield, would take many times as long where others have work.
const MANY: usize = 16;
const LINGER: Duration = Duration::from_micros(10);

/// Why the writer has stopped, if it has by itself.
pub(super) type Stopped = Arc<OnceLock<String>>;

pub(super) struct Writer {
    pub(super) database: Arc<redb::Database>,
    pub(super) durability: Durability,
    pub(super) index: Index,
    pub(super) timeline: Timeline,
    /// The free places of the queue.
    pub(super) places: Arc<Semaphore>,
    /// The number of the next row of the history.
    pub(super) next: u64,
    pub(super) broken: Arc<Broken>,
    pub(super) stopped: Stopped,
    /// The batch under way, which is to be answered. If it fails they are dropped with the writer, when everybody
    /// can be told why.
    pub(super) applied: Vec<Box<dyn Operation>>,
}

impl Writer {
    /// Writes until nobody can ask any more, or the file cannot be written.
    pub(super) fn work(mut self, requests: &Receiver<Request>) {
        let worked = catch_unwind(AssertUnwindSafe(|| self.keep_writing(requests)));
        let reason = match worked {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(panic) => format!("its writer panicked: {}", message(panic)),
        };
        let _ = self.stopped.set(reason);
        // Whoever waits for a place is told now, and whoever has one when it is dropped with the receiver.
        self.places.close();
    }

    fn keep_writing(&mut self, requests: &Receiver<Request>) -> Result<(), redb::Error> {
        // Since when something was acknowledged that is not on disk.
        let mut behind: Option<Instant> = None;
        loop {
            let first = match (self.durability, behind) {
                (Durability::MayLoseLatest { within }, Some(since)) => {
                    requests.recv_timeout(within.saturating_sub(since.elapsed()))
                }
                _ => requests.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match first {
                Ok(first) => {
                    let is_late = self.is_late(behind);
                    let flushes = self.durability == Durability::Flushed || is_late;
                    if self.write(first, requests, flushes)? {
                        let since = behind.unwrap_or_else(Instant::now);
                        behind = (!flushes).then_some(since);
                    } else if is_late {
                        self.flush()?;
                        behind = None;
                    }
                }
                Err(end) => {
                    if behind.take().is_some() {
                        self.flush()?;
                    }
                    if end == RecvTimeoutError::Disconnected {
                        return Ok(());
                    }
                }
            }
        }
    }

    fn is_late(&self, behind: Option<Instant>) -> bool {
        let Durability::MayLoseLatest { within } = self.durability else {
            return false;
        };
        behind.is_some_and(|since| since.elapsed() >= within)
    }

    /// Writes one batch, and answers it. Says whether there was something to write.
    fn write(
        &mut self,
        first: Request,
        requests: &Receiver<Request>,
        flushes: bool,
    ) -> Result<bool, redb::Error> {
        let mut transaction = self.database.begin_write()?;
        transaction.set_durability(if flushes {
            redb::Durability::Immediate
        } else {
            redb::Durability::None
        })?;
        let wrote = {
            let mut changes = Changes {
                tables: Tables::open(&transaction, &mut self.next)?,
                index: &mut self.index,
                timeline: &mut self.timeline,
                at: Instant::now().into(),
                broken: &self.broken,
                wrote: false,
            };
            let (mut next, mut bytes) = (Some(first), 0);
            while let Some(mut request) = next {
                bytes += request.weight;
                let applied = request.operation.apply(&mut changes);
                // Also where it failed: whoever asked is told why by then.
                self.applied.push(request.operation);
                applied?;
                next = if self.applied.len() < OPERATIONS && bytes < BYTES {
                    next_of(requests, self.applied.len() >= MANY)
                } else {
                    None
                };
            }
            changes.wrote
        };
        // What was only asked, or kept in memory, needs no flush.
        if wrote {
            transaction.commit()?;
        } else {
            transaction.abort()?;
        }
        // They have kept their places until they are on disk.
        self.places.add_permits(self.applied.len());
        for operation in self.applied.drain(..) {
            operation.answer();
        }
        Ok(wrote)
    }

    /// Brings to disk what was acknowledged.
    fn flush(&self) -> Result<(), redb::Error> {
        let mut transaction = self.database.begin_write()?;
        transaction.set_durability(redb::Durability::Immediate)?;
        transaction.commit()?;
        Ok(())
    }
}

/// What waits, or comes soon.
fn next_of(requests: &Receiver<Request>, lingers: bool) -> Option<Request> {
    let next = requests.try_recv().ok();
    if next.is_some() || !lingers {
        return next;
    }
    let since = Instant::now();
    while since.elapsed() < LINGER {
        if let Ok(next) = requests.try_recv() {
            return Some(next);
        }
        spin_loop();
    }
    None
}
