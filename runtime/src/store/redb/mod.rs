//! A store in one file, without a server.

mod broken;
mod changes;
mod check;
mod claims;
mod commits;
mod damage;
mod fault;
mod file;
pub(crate) mod format;
mod gate;
mod history;
mod index;
mod lazy;
mod logs;
mod lookup;
mod open;
mod parts;
mod paused;
mod purge;
mod queue;
mod reader;
mod refused;
mod size;
mod tables;
mod unreadable;
mod wire;
mod writer;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use redb::ReadableDatabase as _;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;
use tokio::time::Instant;

use super::declared::Paths;
use super::timeline::Timeline;
use super::{
    Beat, Claim, Claims, Commit, Created, Declaration, Declared, Delivery, Filter, Found,
    Heartbeat, HistoryRow, Hold, LogRow, Message, MessageState, NewRun, Note, Purge, Release,
    Request, RunRow, Sent, Stop, Store, StoreError, StoreFuture,
};
use crate::run::RunId;
use broken::Broken;
use changes::Changes;
use damage::{Database, guarded};
use fault::Fault;
use index::Index;
use paused::{held, paused};
use queue::{Closed, Queue, queue};
use size::{LARGEST, RECORD};
use tables::Views;
use writer::{Operation, Queued, Writer};

pub use check::{Damage, IntegrityReport};
pub use open::{Durability, RedbOptions};
pub use refused::OpenError;

/// Keeps runs in one file, with the crate `redb`.
///
/// ```
#[doc = include_str!("../../runner/example.md")]
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("orders.redb");
/// use stateway::RedbStore;
///
/// let store = RedbStore::open(path)?;
/// let runner = Runner::<Order>::builder(Shop).store(store).launch().await?;
/// // Stored on disk when this returns.
/// let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
/// # Ok(())
/// # }
/// ```
///
/// A thread of its own writes. Changes that come together are written in one transaction and flushed once, so that
/// the commits of several runs share a flush. The workers of an
/// executor are never blocked: writes wait in a bounded queue, and reads have threads of their own.
///
/// One process at a time has the file. Leases are kept in memory: when the file is opened all are void,
/// because their holders are gone. A clone is the same store. When the last one is dropped, the changes that wait are written, and
/// the file is closed. Runners and the handles of their runs keep a clone as well.
///
/// A damaged file costs only the records that cannot be read: a run with a damaged record is listed as parked, and an
/// operation that needs a damaged page is refused with [`Broken`](StoreError::Broken), or with
/// [`Unavailable`](StoreError::Unavailable) if it is not about a single run. Nothing panics, as long as panics unwind; but damage
/// to the pages in which redb keeps the free space may end the process as it commits.
/// [`check_integrity`](RedbStore::check_integrity) finds the damage.
///
/// A run that is not found does not exist: if a bit that was flipped in a closed file hides a run, that is noticed, and the
/// operation is refused. Two kinds of damage are noticed by `check_integrity` and [`verify`](RedbOptions::verify) alone: a
/// damaged id of a message is forgotten, so that this message is taken again if it is sent again; and parts of runs that have
/// ended may be missing if a damaged pointer leads to another page that is whole.
///
/// `docs/format.md` in the repository describes the file.
#[derive(Clone)]
pub struct RedbStore {
    inner: Arc<Inner>,
}

struct Inner {
    database: Arc<Database>,
    /// `None` when it is closed.
    queue: Option<Queue<Queued>>,
    writer: Option<JoinHandle<()>>,
    broken: Arc<Broken>,
}

impl RedbStore {
    /// Opens a store, or makes it if there is no file. [`options`](RedbStore::options) opens one with other settings.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("orders.redb");
    /// use stateway::RedbStore;
    ///
    /// let store = RedbStore::open(path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`OpenError`], such as [`InUse`](OpenError::InUse) if another process has the file.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        RedbStore::options().open(path)
    }

    /// Returns the settings of a store before it is opened.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("orders.redb");
    /// use stateway::RedbStore;
    ///
    /// let store = RedbStore::options().cache_size(256 << 20).open(path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn options() -> RedbOptions {
        RedbOptions::default()
    }

    fn over(
        database: Arc<Database>,
        options: &RedbOptions,
        index: Index,
        timeline: Timeline,
        broken: Broken,
        next: u64,
    ) -> Self {
        let (queue, waiting) = queue(options.queue);
        let broken = Arc::new(broken);
        let writer = Writer {
            database: Arc::clone(&database),
            durability: options.durability,
            index,
            timeline,
            paths: Paths::default(),
            next,
            broken: Arc::clone(&broken),
            applied: Vec::new(),
            commits: false,
            last: 0,
        };
        let writer = thread::Builder::new()
            .name("stateway-redb".to_owned())
            .spawn(move || writer.work(waiting))
            .expect("the system has a thread for the writer");
        RedbStore {
            inner: Arc::new(Inner {
                database,
                queue: Some(queue),
                writer: Some(writer),
                broken,
            }),
        }
    }

    /// Writes, and waits until that is on disk. `run` is the run of the operation, and `weight` its size in bytes,
    /// approximately.
    fn write<T: Send + 'static>(
        &self,
        run: Option<RunId>,
        weight: usize,
        operation: impl Fn(&mut Changes<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> StoreFuture<'_, T> {
        Box::pin(async move {
            let run = match run {
                Some(run) if weight > LARGEST => {
                    let (size, limit) = (weight, LARGEST);
                    return Err(StoreError::TooLarge { run, size, limit });
                }
                run => run,
            };
            let (answer, answered) = oneshot::channel();
            let mut clock = None;
            let request = || {
                let at = Instant::now();
                // At once, because the work until the writer is asked takes longer than a paused clock is behind.
                clock = paused(at);
                let asked = Asked {
                    run,
                    operation,
                    at,
                    result: None,
                    answer: Some(answer),
                };
                Queued {
                    operation: Box::new(asked),
                    weight,
                }
            };
            let asked = self.queue().ask(request).await;
            asked.map_err(|Closed| self.closed())?;
            let answer = match clock {
                Some(runtime) => held(&runtime, answered).await,
                None => answered.await.ok(),
            };
            match answer {
                Some(asked) => asked.result.expect("it was applied"),
                // It was in a batch that was not committed, as far as is known.
                None => Err(StoreError::unavailable(self.closed())),
            }
        })
    }

    fn closed(&self) -> StoreError {
        StoreError::Closed {
            reason: self.stopped().cloned(),
        }
    }

    fn queue(&self) -> &Queue<Queued> {
        let queue = self.inner.queue.as_ref();
        queue.expect("it is closed when nobody has it")
    }

    /// Returns the reason why the writer has stopped, if it has by itself.
    fn stopped(&self) -> Option<&String> {
        self.queue().stopped()
    }

    /// Reads from a snapshot that has every change acknowledged so far. If nothing can be written any more, nothing
    /// is read either, because a caller that waits for a change would wait for ever.
    fn read<T: Send + 'static>(
        &self,
        run: Option<RunId>,
        read: impl FnOnce(&Views) -> Result<T, Fault> + Send + 'static,
    ) -> StoreFuture<'_, T> {
        Box::pin(async move {
            if self.stopped().is_some() {
                return Err(self.closed());
            }
            let database = Arc::clone(&self.inner.database);
            let broken = Arc::clone(&self.inner.broken);
            let read = spawn_blocking(move || {
                guarded(|| {
                    let transaction = database.begin_read()?;
                    read(&Views::open(&transaction, broken)?)
                })
            });
            match read.await {
                Ok(Ok(value)) => Ok(value),
                Ok(Err(Fault::Answer(error))) => Err(error),
                Ok(Err(Fault::Storage(error))) => Err(StoreError::unavailable(error)),
                Ok(Err(Fault::Damaged(reason))) => Err(refusal(run.as_ref(), &reason)),
                Err(error) => Err(StoreError::unavailable(error)),
            }
        })
    }
}

/// Returns the error of an operation that needs a damaged page.
fn refusal(run: Option<&RunId>, reason: &str) -> StoreError {
    match run {
        Some(run) => StoreError::Broken {
            run: run.clone(),
            reason: reason.to_owned(),
        },
        None => StoreError::unavailable(reason),
    }
}

/// An operation, its result, and the one who waits for it. All of it is sent back: memory that one thread allocates
/// and another frees makes both wait for the allocator.
struct Asked<T, F> {
    /// The run of the operation.
    run: Option<RunId>,
    operation: F,
    /// The time by the clock of the caller, which may be paused.
    at: Instant,
    result: Option<Result<T, StoreError>>,
    answer: Option<oneshot::Sender<Box<Self>>>,
}

impl<T, F> Operation for Asked<T, F>
where
    T: Send,
    F: Fn(&mut Changes<'_>) -> Result<T, Fault> + Send,
{
    fn apply(&mut self, changes: &mut Changes<'_>) -> Result<(), Fault> {
        changes.at = self.at;
        self.result = Some(match (self.operation)(changes) {
            Ok(value) => Ok(value),
            Err(Fault::Answer(error)) => Err(error),
            Err(fault) => return Err(fault),
        });
        Ok(())
    }

    fn refuse(&mut self, reason: &str) {
        self.result = Some(Err(refusal(self.run.as_ref(), reason)));
    }

    fn answer(mut self: Box<Self>) {
        let answer = self.answer.take().expect("it is answered once");
        // The caller may have gone.
        let _ = answer.send(self);
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(writer) = self.writer.take() {
            // It has caught its own panics.
            let _ = writer.join();
        }
    }
}

impl fmt::Debug for RedbStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedbStore").finish_non_exhaustive()
    }
}

impl Store for RedbStore {
    fn create(&self, run: NewRun) -> StoreFuture<'_, Created> {
        let weight = size::of_run(&run);
        self.write(Some(run.id.clone()), weight, move |changes| {
            changes.create(&run)
        })
    }

    fn declare(&self, declaration: Declaration) -> StoreFuture<'_, Declared> {
        self.write(None, RECORD, move |changes| changes.declare(&declaration))
    }

    fn claim(&self, claim: Claim) -> StoreFuture<'_, Claims> {
        let weight = RECORD * claim.limit.min(4096);
        self.write(None, weight, move |changes| changes.claim(&claim))
    }

    fn commit(&self, commit: Commit) -> StoreFuture<'_, Hold> {
        let weight = size::of_commit(&commit);
        self.write(Some(commit.run.clone()), weight, move |changes| {
            changes.commit(&commit)
        })
    }

    fn note(&self, note: Note) -> StoreFuture<'_, Hold> {
        let weight = size::of_note(&note);
        self.write(Some(note.run.clone()), weight, move |changes| {
            changes.note(&note)
        })
    }

    fn release(&self, release: Release) -> StoreFuture<'_, ()> {
        self.write(Some(release.run.clone()), RECORD, move |changes| {
            changes.release(&release)
        })
    }

    fn heartbeat(&self, heartbeat: Heartbeat) -> StoreFuture<'_, Vec<Beat>> {
        self.write(None, 0, move |changes| Ok(changes.heartbeat(&heartbeat)))
    }

    fn stop(&self, run: &RunId, stop: Stop, request: Request) -> StoreFuture<'_, ()> {
        let (id, weight) = (run.clone(), size::of_request(&request));
        self.write(Some(run.clone()), weight, move |changes| {
            changes.stop(&id, stop, &request)
        })
    }

    fn send(&self, delivery: Delivery) -> StoreFuture<'_, Sent> {
        let weight = size::of_message(&delivery.message);
        self.write(Some(delivery.message.run.clone()), weight, move |changes| {
            changes.send(&delivery)
        })
    }

    fn unpark(&self, run: &RunId, request: Request) -> StoreFuture<'_, ()> {
        let (id, weight) = (run.clone(), size::of_request(&request));
        self.write(Some(run.clone()), weight, move |changes| {
            changes.unpark(&id, &request)
        })
    }

    fn pause(&self, run: &RunId, request: Request) -> StoreFuture<'_, ()> {
        let (id, weight) = (run.clone(), size::of_request(&request));
        self.write(Some(run.clone()), weight, move |changes| {
            changes.pause(&id, &request)
        })
    }

    fn resume(&self, run: &RunId, request: Request) -> StoreFuture<'_, ()> {
        let (id, weight) = (run.clone(), size::of_request(&request));
        self.write(Some(run.clone()), weight, move |changes| {
            changes.resume(&id, &request)
        })
    }

    fn retry_now(&self, run: &RunId, request: Request) -> StoreFuture<'_, ()> {
        let (id, weight) = (run.clone(), size::of_request(&request));
        self.write(Some(run.clone()), weight, move |changes| {
            changes.retry_now(&id, &request)
        })
    }

    fn retry_rollback(&self, run: &RunId, request: Request) -> StoreFuture<'_, ()> {
        let (id, weight) = (run.clone(), size::of_request(&request));
        self.write(Some(run.clone()), weight, move |changes| {
            changes.retry_rollback(&id, &request)
        })
    }

    fn get(&self, run: &RunId) -> StoreFuture<'_, Option<Found>> {
        let id = run.clone();
        self.read(Some(run.clone()), move |views| views.get(&id))
    }

    fn list(&self, filter: Filter) -> StoreFuture<'_, Vec<RunRow>> {
        self.read(None, move |views| views.list(&filter))
    }

    fn history(&self, run: &RunId, from: u64, limit: usize) -> StoreFuture<'_, Vec<HistoryRow>> {
        let id = run.clone();
        self.read(Some(run.clone()), move |views| {
            views.history(&id, from, limit)
        })
    }

    fn log(&self, run: &RunId, from: u64, limit: usize) -> StoreFuture<'_, Vec<LogRow>> {
        let id = run.clone();
        self.read(Some(run.clone()), move |views| views.log(&id, from, limit))
    }

    fn message(&self, run: &RunId, id: &str) -> StoreFuture<'_, Option<MessageState>> {
        let (of, id) = (run.clone(), id.to_owned());
        self.read(Some(run.clone()), move |views| views.message(&of, &id))
    }

    fn inbox(&self, run: &RunId) -> StoreFuture<'_, Vec<Message>> {
        let id = run.clone();
        self.read(Some(run.clone()), move |views| views.inbox(&id))
    }

    fn undoable(&self, run: &RunId, limit: usize) -> StoreFuture<'_, Vec<HistoryRow>> {
        let id = run.clone();
        self.read(Some(run.clone()), move |views| views.undoable(&id, limit))
    }

    fn purge(&self, purge: Purge) -> StoreFuture<'_, u64> {
        Box::pin(async move {
            let (mut purged, mut after) = (0, None);
            loop {
                let rest = Purge {
                    limit: purge.limit - usize::try_from(purged).unwrap_or(purge.limit),
                    ..purge.clone()
                };
                let page = move |changes: &mut Changes<'_>| changes.purge(&rest, after.clone());
                let page = self.write(None, RECORD, page).await?;
                purged += page.runs;
                after = page.after;
                if page.is_done {
                    return Ok(purged);
                }
            }
        })
    }
}
