//! The one thread that writes: it takes what waits, applies it in one transaction, and flushes once.
//!
//! So runs that are under way at the same time share a flush: while one batch is on its way to the disk,
//! the next gathers. (Group commit: Gawlick and Kinkade, 1985.)
//!
//! An operation that needs a page which is damaged takes the transaction of its batch with it. Then what is kept in
//! memory is read from the file again, and the operations are done one by one, each in a transaction of its own: that
//! one is refused, and the others are not kept from anything. Once a commit has begun this is too late, since what
//! is in the file is not known then: the store stops.

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

/// Something that the writer is asked to do.
pub(super) trait Operation: Send {
    /// Does it, and keeps what came of it. It may be done again if the transaction is not committed.
    fn apply(&mut self, changes: &mut Changes<'_>) -> Result<(), Fault>;

    /// Keeps that it could not be done for this reason, and nothing has changed.
    fn refuse(&mut self, reason: &str);

    /// Answers the caller, when the batch is on disk.
    fn answer(self: Box<Self>);
}

/// What waits for the writer.
pub(super) struct Queued {
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

/// A smaller one stays open for so long in all until it has as many operations as the one before: without this, a few
/// runs fall into two groups, each of which waits while the other is flushed. It yields its processor to them.
const GATHER: Duration = Duration::from_micros(60);

/// When nothing was asked for so long, the last commit is sealed. Each takes one flush, so that of the last one a file
/// cannot say whether the flush came to its end: if a page of it cannot be read when the file is opened after a crash,
/// it is undone, since it may never have been acknowledged. A commit in two phases, which takes two flushes, says
/// that it was, and damage is refused then. So there is one of those, of nothing, when it delays nobody.
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
    /// The batch under way, which is to be answered. If it fails they are dropped with the writer, when everybody
    /// can be told why.
    pub(super) applied: Vec<Box<dyn Operation>>,
    /// Whether its commit has begun.
    pub(super) commits: bool,
    /// How many operations the last batch had.
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
        // What is under way is dropped behind it, with the writer.
        waiting.stop(reason);
    }

    fn keep_writing(&mut self, waiting: &QueueEnd<Queued>) -> Result<(), Fault> {
        let requests = &waiting.requests;
        // Since when something was acknowledged that is not on disk.
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
                    // A store that is closed is sealed by that.
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

    /// Writes one batch, and answers it. Says whether there was something to write.
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

    /// Writes one by one what could not be written together.
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
                    // All of them hear of it.
                    self.applied.extend(apart);
                    return Err(fault);
                }
            }
            self.answer(waiting);
        }
        Ok(wrote)
    }

    /// Does what is asked, and what comes soon, in one transaction.
    fn attempt(
        &mut self,
        first: Queued,
        waiting: Option<&QueueEnd<Queued>>,
        flushes: bool,
    ) -> Result<bool, Fault> {
        self.commits = false;
        let mut bytes = first.weight;
        // Before it is done: where that fails, whoever asked is told why.
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
        // What was only asked, or kept in memory, needs no flush.
        if wrote {
            transaction.commit()?;
        } else {
            transaction.abort()?;
        }
        Ok(wrote)
    }

    /// Answers what is on disk.
    fn answer(&mut self, waiting: &QueueEnd<Queued>) {
        self.last = self.applied.len();
        waiting.leave(self.last);
        for operation in self.applied.drain(..) {
            operation.answer();
        }
    }

    /// Reads again what is kept in memory, after a transaction that was not committed.
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

    /// Brings to disk what was acknowledged, and that it was.
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

/// What waits, or comes soon.
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

/// What comes while a batch that `is_small` gathers, since it was `begun`.
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
