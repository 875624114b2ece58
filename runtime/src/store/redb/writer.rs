//! The one thread that writes: it takes the operations that wait, applies them in one transaction, and flushes once.
//!
//! So concurrent commits share a flush: while one batch is on its way to the disk,
//! the next gathers. (Group commit: Gawlick and Kinkade, 1985.)
//!
//! An operation that needs a damaged page takes the transaction of its batch with it. Then the index in
//! memory is read from the file again, and the operations are done one by one, each in a transaction of its own: that
//! one is refused, and the others take place. After a commit has begun this is too late, because the content of
//! the file is not known then: the store stops.

use std::hint::spin_loop;
use std::mem::take;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::thread::yield_now;
use std::time::{Duration, Instant};

use redb::ReadableDatabase as _;
use tracing::warn;

use super::Durability;
use super::broken::Broken;
use super::changes::Changes;
use super::damage::{Database, guarded};
use super::fault::Fault;
use super::index::Index;
use super::lookup::Lookup as _;
use super::open::read_runs;
use super::queue::QueueEnd;
use super::tables::{RUNS, Tables};
use crate::store::declared::Paths;
use crate::store::timeline::Timeline;
use crate::support::panic::message;

/// A request to the writer.
pub(super) trait Operation: Send {
    /// Does it, and keeps the result. It may be done again if the transaction is not committed.
    fn apply(&mut self, changes: &mut Changes<'_>) -> Result<(), Fault>;

    /// Keeps that it could not be done for this reason, and that nothing has changed.
    fn refuse(&mut self, reason: &str);

    /// Answers the caller, when the batch is on disk.
    fn answer(self: Box<Self>);
}

/// An operation that waits for the writer.
pub(super) struct Queued {
    pub(super) operation: Box<dyn Operation>,
    /// The approximate number of bytes that it writes.
    pub(super) weight: usize,
}

/// The largest number of operations of a batch, and the approximate largest number of bytes.
const OPERATIONS: usize = 4096;
const BYTES: usize = 16 << 20;

/// The number of operations from which on a batch stays open for a while when nothing waits: callers that were answered last are
/// about to ask again, on other processors, and each that is too late costs a part of another flush.
/// The thread stays awake meanwhile. To sleep, or to yield, would take many times as long if others have work.
const MANY: usize = 16;
const LINGER: Duration = Duration::from_micros(10);

/// The time that a smaller batch stays open until it has as many operations as the one before. Without this, a few
/// runs fall into two groups, each of which waits while the other is flushed. The thread yields its processor to them.
const GATHER: Duration = Duration::from_micros(60);

/// The idle time after which the last commit is sealed. Each commit takes one flush, so that a file cannot tell if the flush of the
/// last one has ended: if a page of it cannot be read when the file is opened after a crash,
/// it is undone, because it may never have been acknowledged. A commit in two phases, which takes two flushes, tells
/// that it was, and damage is refused then. So an empty commit of that kind follows when it delays nobody.
const SEAL: Duration = Duration::from_millis(100);

pub(super) struct Writer {
    pub(super) database: Arc<Database>,
    pub(super) durability: Durability,
    pub(super) index: Index,
    pub(super) timeline: Timeline,
    pub(super) paths: Paths,
    /// The number of the next row of the history.
    pub(super) next: u64,
    pub(super) broken: Arc<Broken>,
    /// The operations of the current batch, which are to be answered. If it fails they are dropped with the writer, when all callers
    /// can be told the reason.
    pub(super) applied: Vec<Box<dyn Operation>>,
    /// True if its commit has begun.
    pub(super) commits: bool,
    /// The number of operations of the last batch.
    pub(super) last: usize,
}

impl Writer {
    /// Writes until nobody can ask any more, or the file cannot be written.
    pub(super) fn work(mut self, waiting: QueueEnd<Queued>) {
        let worked = catch_unwind(AssertUnwindSafe(|| self.keep_writing(&waiting)));
        let reason = match worked {
            Ok(Ok(())) => return,
            Ok(Err(Fault::Storage(error))) => error.to_string(),
            Ok(Err(Fault::Damaged(reason))) => {
                format!("{reason}; open it again, or restore it from a copy")
            }
            Ok(Err(Fault::Answer(error))) => error.to_string(),
            Err(panic) => format!("its writer panicked: {}", message(panic)),
        };
        // The current batch is dropped behind it, with the writer.
        waiting.stop(reason);
    }

    fn keep_writing(&mut self, waiting: &QueueEnd<Queued>) -> Result<(), Fault> {
        let requests = &waiting.requests;
        // The time since which acknowledged changes are not on disk.
        let mut behind: Option<Instant> = None;
        let mut is_sealed = true;
        loop {
            let first = match (self.durability, behind) {
                (Durability::MayLoseLatest { within }, Some(since)) => {
                    requests.recv_timeout(within.saturating_sub(since.elapsed()))
                }
                _ if !is_sealed => requests.recv_timeout(SEAL),
                _ => requests.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match first {
                Ok(first) => {
                    let is_late = self.is_late(behind);
                    let flushes = self.durability == Durability::Flushed || is_late;
                    if self.write(first, waiting, flushes)? {
                        let since = behind.unwrap_or_else(Instant::now);
                        behind = (!flushes).then_some(since);
                        is_sealed = false;
                    } else if is_late {
                        self.flush()?;
                        behind = None;
                        is_sealed = true;
                    }
                }
                Err(end) => {
                    // Closing a store seals it.
                    let seals = !is_sealed && end == RecvTimeoutError::Timeout;
                    if behind.take().is_some() || seals {
                        self.flush()?;
                        is_sealed = true;
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

    /// Writes one batch, and answers it. Returns true if there was something to write.
    fn write(
        &mut self,
        first: Queued,
        waiting: &QueueEnd<Queued>,
        flushes: bool,
    ) -> Result<bool, Fault> {
        let next = self.next;
        match guarded(|| self.attempt(first, Some(waiting), flushes)) {
            Ok(wrote) => {
                self.answer(waiting);
                Ok(wrote)
            }
            Err(Fault::Damaged(reason)) if !self.commits => {
                warn!(reason, "part of a batch is refused");
                self.next = next;
                self.renew()?;
                self.write_apart(waiting, flushes)
            }
            Err(fault) => Err(fault),
        }
    }

    /// Writes the operations one by one that could not be written together.
    fn write_apart(&mut self, waiting: &QueueEnd<Queued>, flushes: bool) -> Result<bool, Fault> {
        let mut wrote = false;
        let mut apart = take(&mut self.applied).into_iter();
        while let Some(operation) = apart.next() {
            let next = self.next;
            let request = Queued {
                operation,
                weight: 0,
            };
            let written = match guarded(|| self.attempt(request, None, flushes)) {
                Err(Fault::Damaged(reason)) if !self.commits => {
                    self.next = next;
                    for refused in &mut self.applied {
                        refused.refuse(&reason);
                    }
                    self.renew().map(|()| false)
                }
                written => written,
            };
            match written {
                Ok(written) => wrote |= written,
                Err(fault) => {
                    // All callers hear of it.
                    self.applied.extend(apart);
                    return Err(fault);
                }
            }
            self.answer(waiting);
        }
        Ok(wrote)
    }

    /// Does this operation, and those that come soon, in one transaction.
    fn attempt(
        &mut self,
        first: Queued,
        waiting: Option<&QueueEnd<Queued>>,
        flushes: bool,
    ) -> Result<bool, Fault> {
        self.commits = false;
        let mut bytes = first.weight;
        // Before it is done, so that its caller is told the reason if it fails.
        self.applied.push(first.operation);
        let mut transaction = self.database.begin_write()?;
        transaction.set_durability(if flushes {
            redb::Durability::Immediate
        } else {
            redb::Durability::None
        })?;
        let begun = Instant::now();
        let wrote = {
            let mut changes = Changes {
                tables: Tables::open(&transaction, &mut self.next)?,
                index: &mut self.index,
                timeline: &mut self.timeline,
                paths: &mut self.paths,
                at: begun.into(),
                broken: &self.broken,
                wrote: false,
            };
            while let Some(operation) = self.applied.last_mut() {
                operation.apply(&mut changes)?;
                let count = self.applied.len();
                let next = match waiting {
                    Some(waiting) if count < OPERATIONS && bytes < BYTES => {
                        let next = next_of(waiting, count >= MANY);
                        next.or_else(|| {
                            gathered(waiting, begun, count < self.last && self.last <= MANY)
                        })
                    }
                    _ => None,
                };
                let Some(next) = next else { break };
                bytes += next.weight;
                self.applied.push(next.operation);
            }
            changes.wrote
        };
        self.commits = true;
        // An operation that only read, or changed only memory, needs no flush.
        if wrote {
            transaction.commit()?;
        } else {
            transaction.abort()?;
        }
        Ok(wrote)
    }

    /// Answers the operations that are on disk.
    fn answer(&mut self, waiting: &QueueEnd<Queued>) {
        self.last = self.applied.len();
        waiting.leave(self.last);
        for operation in self.applied.drain(..) {
            operation.answer();
        }
    }

    /// Reads the index in memory again, after a transaction that was not committed.
    fn renew(&mut self) -> Result<(), Fault> {
        let (database, broken) = (&*self.database, &*self.broken);
        let before = take(&mut self.index);
        self.index = guarded(|| {
            let mut index = read_runs(database, broken)?;
            let runs = database.begin_read()?.open_table(RUNS)?;
            index.keep_claims(before, |run| match runs.find(run) {
                Err(Fault::Answer(_)) => Ok(None),
                found => found,
            })?;
            Ok(index)
        })?;
        Ok(())
    }

    /// Brings acknowledged changes to disk, with the mark that they were acknowledged.
    fn flush(&self) -> Result<(), Fault> {
        guarded(|| {
            let mut transaction = self.database.begin_write()?;
            transaction.set_durability(redb::Durability::Immediate)?;
            transaction.set_two_phase_commit(true);
            transaction.commit()?;
            Ok(())
        })
    }
}

/// Returns the next operation that waits, or comes soon.
fn next_of(QueueEnd { requests, .. }: &QueueEnd<Queued>, lingers: bool) -> Option<Queued> {
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

/// Returns the next operation while a batch that `is_small` gathers, since it was `begun`.
fn gathered(
    QueueEnd { requests, .. }: &QueueEnd<Queued>,
    begun: Instant,
    is_small: bool,
) -> Option<Queued> {
    while is_small && begun.elapsed() < GATHER {
        yield_now();
        if let Ok(next) = requests.try_recv() {
            return Some(next);
        }
    }
    None
}
