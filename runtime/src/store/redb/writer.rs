//! Writes: takes what waits, applies it in one transaction, and flushes once.
//!
//! So runs that are under way at the same time share a flush: while one batch is on its way to the disk,
//! the next gathers. (Group commit: Gawlick and Kinkade, 1985.) A thread of its own does that, since it blocks; an
//! operation that comes alone may be written where it is asked for, if that thread may block, which
//! saves the way to the other one and back.

use std::mem::swap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};
use std::thread;
use std::time::Instant;

use tokio::sync::Semaphore;

use super::changes::Changes;
use super::index::Index;
use super::tables::Tables;
use super::{Broken, Durability};
use crate::panic::message;

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

/// Before a batch of several is closed, whoever else has work for this processor is let go first so many times: those
/// who were answered last may be about to ask again.
const COURTESIES: usize = 16;

/// Why the writer has stopped, if it has by itself.
pub(super) type Stopped = Arc<OnceLock<String>>;

/// Whoever has it writes.
pub(super) struct Writer {
    pub(super) database: Arc<redb::Database>,
    pub(super) durability: Durability,
    pub(super) index: Index,
    /// The free places of the queue.
    pub(super) places: Arc<Semaphore>,
    /// The number of the next row of the history.
    pub(super) next: u64,
    pub(super) broken: Arc<Broken>,
    pub(super) stopped: Stopped,
    /// The batch under way, which is to be answered. If it fails they are dropped when everybody can be told why.
    pub(super) applied: Vec<Box<dyn Operation>>,
    /// How many operations the last batch had.
    pub(super) latest: usize,
}

/// The writer has stopped.
pub(super) struct HasStopped;

/// The thread that writes, until nobody can ask any more or the file cannot be written.
pub(super) fn work(writer: &Mutex<Writer>, requests: &Receiver<Request>) {
    let (durability, places) = {
        let writer = lock(writer);
        (writer.durability, Arc::clone(&writer.places))
    };
    // Since when something was acknowledged that is not on disk.
    let mut behind: Option<Instant> = None;
    let mut written = Vec::new();
    loop {
        let first = match (durability, behind) {
            (Durability::MayLoseLatest { within }, Some(since)) => {
                requests.recv_timeout(within.saturating_sub(since.elapsed()))
            }
            _ => requests.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        let done = lock(writer).attempt(|writer| match first {
            Ok(first) => {
                let is_late = is_late(durability, behind);
                let flushes = durability == Durability::Flushed || is_late;
                if writer.write(first, requests, flushes)? {
                    let since = behind.unwrap_or_else(Instant::now);
                    behind = (!flushes).then_some(since);
                } else if is_late {
                    writer.flush()?;
                    behind = None;
                }
                swap(&mut written, &mut writer.applied);
                Ok(true)
            }
            Err(end) => {
                if behind.take().is_some() {
                    writer.flush()?;
                }
                Ok(end != RecvTimeoutError::Disconnected)
            }
        });
        // They have kept their places until they are on disk. Nobody has the writer any more when they are
        // answered: who asks again at once may have it.
        places.add_permits(written.len());
        for operation in written.drain(..) {
            operation.answer();
        }
        // Where it has stopped, whoever waits is dropped with the receiver, and told.
        if !matches!(done, Ok(true)) {
            return;
        }
    }
}

fn lock(writer: &Mutex<Writer>) -> MutexGuard<'_, Writer> {
    // What panicked has stopped it.
    writer.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_late(durability: Durability, behind: Option<Instant>) -> bool {
    let Durability::MayLoseLatest { within } = durability else {
        return false;
    };
    behind.is_some_and(|since| since.elapsed() >= within)
}

/// The writer, if nobody has it and the last batch had one operation only: where there were more, the next will have
/// more as well, which share a flush then.
pub(super) fn idle(writer: &Mutex<Writer>) -> Option<MutexGuard<'_, Writer>> {
    let writer = match writer.try_lock() {
        Ok(writer) => writer,
        Err(TryLockError::Poisoned(writer)) => writer.into_inner(),
        Err(TryLockError::WouldBlock) => return None,
    };
    (writer.durability == Durability::Flushed && writer.latest <= 1).then_some(writer)
}

impl Writer {
    /// Does something to the file. Where that fails nothing is written any more.
    fn attempt<T>(
        &mut self,
        attempt: impl FnOnce(&mut Self) -> Result<T, redb::Error>,
    ) -> Result<T, HasStopped> {
        if self.stopped.get().is_some() {
            return Err(HasStopped);
        }
        let reason = match catch_unwind(AssertUnwindSafe(|| attempt(self))) {
            Ok(Ok(done)) => return Ok(done),
            Ok(Err(error)) => error.to_string(),
            Err(panic) => format!("its writer panicked: {}", message(panic)),
        };
        let _ = self.stopped.set(reason);
        // Whoever waits for a place is told now, and so is the batch.
        self.places.close();
        self.applied.clear();
        Err(HasStopped)
    }

    /// Writes one operation on this thread. It has been flushed when this returns.
    pub(super) fn write_alone<T>(
        &mut self,
        operation: impl FnOnce(&mut Changes<'_>) -> Result<T, redb::Error>,
    ) -> Result<T, HasStopped> {
        self.attempt(|writer| {
            let mut done = None;
            writer.transact(true, |_, changes| {
                done = Some(operation(changes)?);
                Ok(())
            })?;
            writer.latest = 1;
            Ok(done.expect("it was done"))
        })
    }

    /// Writes one batch, which is then to be answered. Says whether there was something to write.
    fn write(
        &mut self,
        first: Request,
        requests: &Receiver<Request>,
        flushes: bool,
    ) -> Result<bool, redb::Error> {
        let wrote = self.transact(flushes, |applied, changes| {
            let (mut next, mut bytes) = (Some(first), 0);
            while let Some(mut request) = next {
                bytes += request.weight;
                let done = request.operation.apply(changes);
                // Also where it failed: whoever asked is told why by then.
                applied.push(request.operation);
                done?;
                next = if applied.len() < OPERATIONS && bytes < BYTES {
                    next_of(requests, applied.len() > 1)
                } else {
                    None
                };
            }
            Ok(())
        })?;
        self.latest = self.applied.len();
        Ok(wrote)
    }

    /// Makes changes in one transaction, and commits it. Says whether there was something to write: what was only
    /// asked, or kept in memory, needs no flush.
    fn transact(
        &mut self,
        flushes: bool,
        change: impl FnOnce(&mut Vec<Box<dyn Operation>>, &mut Changes<'_>) -> Result<(), redb::Error>,
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
                broken: &self.broken,
                wrote: false,
            };
            change(&mut self.applied, &mut changes)?;
            changes.wrote
        };
        if wrote {
            transaction.commit()?;
        } else {
            transaction.abort()?;
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

/// What waits, if something does.
fn next_of(requests: &Receiver<Request>, are_several: bool) -> Option<Request> {
    let courtesies = if are_several { COURTESIES } else { 0 };
    let mut next = requests.try_recv().ok();
    for _ in 0..courtesies {
        if next.is_some() {
            break;
        }
        thread::yield_now();
        next = requests.try_recv().ok();
    }
    next
}
