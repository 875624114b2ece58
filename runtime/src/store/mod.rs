//! Stores keep runs so that they outlive the process.
//!
//! A [`Store`] keeps one row for each run, which is the only authority on the state of the run, and the other records of the
//! run: its input, its history, its logs, notes about the visit that has not ended, and messages.
//! Everything that a runner does to a run is a compare-and-set on two numbers of that row:
//!
//! - the **epoch** counts the claims. Each claim of a run gets a new one, and from then on no change with an older one is
//!   accepted. Leases decide only who may claim, never who may commit: clocks may
//!   differ, and a run still moves once. A [`Holder`] is never given a run that it holds already.
//! - the **sequence** counts the commits. Each commit names the number that it expects. The rows of the history have numbers of
//!   their own, because some of them move nothing, such as a request to stop.
//!
//! Nothing is locked while a handler runs. [`MemoryStore`] is the law as a program, for tests;
//! [`RedbStore`] keeps runs in a file. Every store has to pass the suite `stateway::testing::store_conformance!`.
//!
//! # Which types grow
//!
//! The records that a store keeps and the requests that it gets ([`RunRow`], [`HistoryRow`], [`NewRun`], [`Commit`], [`Claim`] and
//! their parts) have public fields, on purpose: a store that takes them apart does not compile when one is added,
//! and so cannot forget to keep it. A new field is a change of the laws, and a new major version. The requests of users
//! ([`Filter`], [`Purge`]) and all errors may grow in any version.

pub(crate) mod apply;
mod change;
mod claim;
mod declared;
mod effect;
mod error;
mod history;
mod log;
mod memory;
mod message;
pub(crate) mod micros;
mod names;
mod query;
#[cfg(feature = "redb")]
pub(crate) mod redb;
mod row;
mod start;
mod text;
mod timeline;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::run::RunId;

#[cfg(feature = "redb")]
pub use self::redb::{Damage, Durability, IntegrityReport, OpenError, RedbOptions, RedbStore};
pub use apply::Fence;
pub use change::{Commit, Hold, Note, NoteRow, Outbox, Progress, Release, Wait};
pub use claim::{
    Beat, Claim, Claimed, Claims, Declaration, Declared, Heartbeat, Holder, Lease, Suspects,
    WorkflowVersions,
};
pub use effect::{EffectNote, Source};
pub use error::StoreError;
pub use history::{Event, FailedAttempt, HistoryRow, Request};
pub use log::{LogEntry, LogRow};
pub use memory::MemoryStore;
pub use message::{Delivery, LeftMessage, Message, MessageState, Sent};
pub use names::UnknownName;
pub(crate) use query::Page;
pub use query::{Filter, Purge, RunCount};
pub use row::{Failure, FailureKind, Fired, Name, RunRow, Status, Stop};
pub use start::{Created, Found, IndexEntry, IndexValue, NewRun, Parent, TraceContext};
pub use text::Text;

/// The result of an operation of a store.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Keeps runs.
///
/// [`RedbStore`] and [`MemoryStore`] are stores. Programs call one for things that no [`Runner`](crate::Runner) does, such as a
/// list of the runs of all workflows:
///
/// ```
/// use stateway::store::{Filter, Status};
/// use stateway::{Store, StoreError};
///
/// async fn page_operators(store: &dyn Store) -> Result<(), StoreError> {
///     for row in store.list(Filter::new().status(Status::Parked)).await? {
///         println!("{} of {} is parked", row.id, row.workflow);
///     }
///     Ok(())
/// }
/// ```
///
/// A runner claims runs and commits their changes:
///
/// ```
/// # use std::time::{Duration, SystemTime};
/// # use stateway::store::*;
/// # use stateway::{MemoryStore, RunId, StoreError};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), StoreError> {
/// # let (store, now) = (MemoryStore::new(), SystemTime::now());
/// # let lease = Lease { holder: Holder::unique(), duration: Duration::from_secs(30) };
/// # let workflows = [WorkflowVersions::one("Order", 1)].into();
/// # let suspects = Suspects { under_way: 0, deaths: 0, alone_from: 5 };
/// # let claim = Claim { workflows, now, lease, limit: 10, suspects };
/// store.create(NewRun::new(RunId::unique(), "Order", 1, "Placed", now)).await?;
///
/// let Claimed { row, .. } = store.claim(claim).await?.taken.remove(0);
/// let park = Event::Parked { reason: "no such customer".into() };
/// let commit = Commit::new(&row, park, Status::Parked, now);
/// assert_eq!(store.commit(commit.clone()).await?, Hold::Dropped);
///
/// // Law 5: its answer was lost, and it is repeated.
/// assert_eq!(store.commit(commit).await?, Hold::Dropped);
/// // Law 4: another change with the same epoch and sequence.
/// let late = Commit::new(&row, Event::RollbackBegan, Status::RollingBack, now);
/// assert!(matches!(store.commit(late).await, Err(StoreError::Fenced { .. })));
/// # Ok(())
/// # }
/// ```
///
/// # The laws
///
/// 1. **Durable.** When an operation that changes something has returned `Ok`, the change outlives the
///    process, as far as the store promises that at all. When it has returned an error other than
///    [`Unavailable`](StoreError::Unavailable), nothing has changed.
/// 2. **Atomic.** An operation takes place completely or not at all, also if the process dies.
/// 3. **Ordered.** Operations on one run take place one after the other. An operation that begins after another has
///    returned sees the effects of that one.
/// 4. **Fenced.** [`commit`](Store::commit), [`note`](Store::note) and [`release`](Store::release) change nothing unless the row has
///    exactly the epoch and the sequence that they name; if not, they are [`Fenced`](StoreError::Fenced). The lease
///    does not matter.
/// 5. **Repeatable.** A commit that has taken place and is repeated, equal in every part, is `Ok` and
///    changes nothing, so that a commit can be repeated if its answer was lost. Another commit with the same epoch and
///    sequence is fenced.
/// 6. **Apart.** A record that cannot be read affects only its own run. That run is listed as parked, with the reason, and
///    is never claimed; no other run is held up. If it is [terminated](Stop::Terminate), it has ended at
///    once, with that reason as its failure, and with no workflow and no state if those cannot be read; then it is
///    purged like any other run, whatever workflow is purged.
/// 7. **Cancel safe.** An operation whose future is dropped has taken place completely or not at all.
///
/// 8. **On time.** Times are those of the caller's wall clock, kept to the microsecond. Leases are lengths of time, and
///    a store measures them by a clock that nobody sets: the steady clock of its process, or that of a database server
///    that all callers share. A wall clock that jumps ends no lease. A store in the process of its callers lets no
///    run wait for longer than was left when its due time was set, also if the clock is set back meanwhile. A store in a
///    file keeps this across openings; only time between its last record and the opening, while such a clock is still
///    behind, does not count.
///
/// # Errors
/// Each operation may fail with [`Closed`](StoreError::Closed) and [`Unavailable`](StoreError::Unavailable), one on a single run with
/// [`Broken`](StoreError::Broken), and one that writes with [`TooLarge`](StoreError::TooLarge). Its own errors are listed at the
/// operation.
#[diagnostic::on_unimplemented(
    message = "a runner keeps its runs in a store, and `{Self}` is none",
    label = "no store",
    note = "give it one before `.launch()`: `.store(RedbStore::open(\"runs.redb\")?)`, or `.store(MemoryStore::new())` in a test"
)]
pub trait Store: Send + Sync + 'static {
    /// Adds a run, unless one with this id exists, of whatever workflow.
    ///
    /// The row begins with sequence 0 and the given state; its first history row has number 0. With a
    /// [`lease`](NewRun::lease) it is claimed by that holder; without one it is due at its [due time](NewRun::due). Its epochs begin
    /// with the microseconds of [`at`](NewRun::at), so that the holder of a purged run with this id is fenced.
    ///
    /// If a run with this id exists, its input and its start state are returned, and nothing changes: the caller
    /// compares. A run that has ended is replaced if [`again`](NewRun::again) is set.
    fn create(&self, run: NewRun) -> StoreFuture<'_, Created>;

    /// Declares who drives the runs of a workflow from now on. A name belongs to the package that has declared it first, which
    /// the store keeps, until another [adopts](Declaration::adopts) it; and in one process, as long as the store is open,
    /// to one [path](Declaration::path). So no workflow drives the runs of another one of the same name. Nothing changes
    /// if the declaration is refused.
    fn declare(&self, declaration: Declaration) -> StoreFuture<'_, Declared>;

    /// Claims runs of the workflows and versions that the caller knows: those that are
    /// [`Running`](Status::Running) or [`RollingBack`](Status::RollingBack), and are either due at `now` and held by nobody, or
    /// held by a claim whose lease has passed. A run of a version that the caller does not know is neither taken nor changed.
    ///
    /// Each run that is taken has its epoch counted up and belongs to the caller; at most `limit` are. The
    /// *suspects* come first: the holder of such a run died or stalled, so its [`crashes`](RunRow::crashes) count up, unless it
    /// only [waited](RunRow::waits). [`Suspects::admit`] decides how many of them are taken, those with the fewest
    /// crashes first; its `n` counts these and the ones that the caller drives. All others follow, those with the highest
    /// [priority](RunRow::priority) first, and among them the one that has been due for longest. Runs that are left because there is
    /// no room are [counted](Claims::left).
    ///
    /// A run that the caller holds already is never taken, however long ago its lease has passed. Its lease is extended
    /// instead, which changes nothing else, and it is listed in [`own`](Claims::own).
    ///
    /// No run is taken by two claims, unless its lease passes between them. The answer says when to ask
    /// [again](Claims::next).
    fn claim(&self, claim: Claim) -> StoreFuture<'_, Claims>;

    /// Records an event of a run, as one change: the row with its sequence counted up, the history
    /// rows of its [effects](Commit::effects) and, behind them, of its event, the entries of logs that a transition [adds](Commit::logged),
    /// the messages that were consumed, the notes, which are dropped unless the event
    /// [keeps](Event::keeps) them, and the [outbox](Outbox). If the run ends with it, the history row of the event
    /// names the messages that are [left](HistoryRow::left).
    ///
    /// A transition of a run whose history is [bounded](Commit::keep_history) removes old rows in the same change.
    ///
    /// [`Event`] describes the meaning of each event for the row, and [`RunRow::apply`] does it. A run that would continue and
    /// [was asked to pause](RunRow::pause_asked) is [`Paused`](Status::Paused) by it.
    ///
    /// Returns [`Hold::Kept`] if the caller still holds the run. A caller that does not begins no handler, attempt or undo of it any
    /// more. A repeated commit returns the hold as it is by now.
    ///
    /// # Errors
    /// [`Fenced`](StoreError::Fenced) by law 4, [`NotFound`](StoreError::NotFound) if the run does not exist.
    fn commit(&self, commit: Commit) -> StoreFuture<'_, Hold>;

    /// Keeps a note about the visit that has not ended: the attempts that were made, or the output of a branch. It
    /// replaces the note with the same key. The row changes by [`RunRow::note`]: its sequence stays as it is, and
    /// [`waits`](RunRow::waits) is set. The next transition drops all notes of the run.
    ///
    /// A run that was asked to pause is paused by a note at a [boundary](Note::is_boundary). Returns the hold, as a
    /// [`commit`](Store::commit) does.
    ///
    /// # Errors
    /// Those of [`commit`](Store::commit).
    fn note(&self, note: Note) -> StoreFuture<'_, Hold>;

    /// Releases a run until it is due, or pauses it if it was asked to pause. The row changes by [`RunRow::release`]: waiting adds
    /// nothing to the history. If a poll was [asked](Release::asked), the notes are dropped. It may be repeated until somebody claims
    /// the run.
    ///
    /// # Errors
    /// Those of [`commit`](Store::commit).
    fn release(&self, release: Release) -> StoreFuture<'_, ()>;

    /// Extends the leases of these claims, also those that have passed and whose runs nobody else has claimed since. Returns the runs
    /// with news for the holder: those that it has lost, that are to stop, to pause or to retry at once, or that have a
    /// message.
    fn heartbeat(&self, heartbeat: Heartbeat) -> StoreFuture<'_, Vec<Beat>>;

    /// Asks a run to stop, and makes it due. Its holder hears of the request with the next
    /// heartbeat, another when it claims the run. A termination replaces a cancellation, and is not
    /// replaced by one. The history has the request ([`StopAsked`](Event::StopAsked)), unless the run was asked the same
    /// before; the sequence stays as it is.
    ///
    /// A paused run is resumed, so that it stops; and a run that was asked to pause does not pause any more. A rollback is never
    /// cancelled: it stays paused.
    ///
    /// # Errors
    /// [`NotFound`](StoreError::NotFound), and [`Ended`](StoreError::Ended) if the run has ended.
    fn stop(&self, run: &RunId, stop: Stop, request: Request) -> StoreFuture<'_, ()>;

    /// Keeps a message for a run until a commit consumes it, and makes the run due. A message whose id the
    /// run had before, consumed or not, is [`Known`](Sent::Known) and changes nothing.
    ///
    /// # Errors
    /// [`NotFound`](StoreError::NotFound), also if the run is not [the one that is meant](Delivery::only_to),
    /// [`Ended`](StoreError::Ended) if the run has ended, and
    /// [`NotInState`](StoreError::NotInState) if the run is in none of the [demanded](Delivery::only_in) states.
    fn send(&self, delivery: Delivery) -> StoreFuture<'_, Sent>;

    /// Unparks a run: it is [`Running`](Status::Running) again, or
    /// [`RollingBack`](Status::RollingBack) if its rollback had begun, due at once, without crashes.
    /// Its sequence counts up, and its history has [`Unparked`](Event::Unparked). A run that stands still by law 6 may be claimed again,
    /// if its row can be read: its payload or its notes may have been mended.
    ///
    /// # Errors
    /// [`NotFound`](StoreError::NotFound), and [`NotParked`](StoreError::NotParked).
    fn unpark(&self, run: &RunId, request: Request) -> StoreFuture<'_, ()>;

    /// Asks a run to pause. A run that nobody holds is [`Paused`](Status::Paused) at once. A run that is held is
    /// [asked](RunRow::pause_asked): its holder hears of the request with the next heartbeat, and the next [`commit`](Store::commit),
    /// [`release`](Store::release) or [`note`](Store::note) at a boundary records its change and pauses the run, which
    /// drops the claim. If the holder dies before, the next holder releases the run without calling a handler, which pauses it.
    /// [`RunRow::pause`] is the law.
    ///
    /// A paused run is never claimed, whatever falls due or arrives for it. Messages to it are kept. The history has the request
    /// ([`PauseAsked`](Event::PauseAsked)); the sequence stays as it is. Nothing changes if the run is paused, was asked to
    /// pause before, or is to be terminated.
    ///
    /// # Errors
    /// [`NotFound`](StoreError::NotFound), [`Ended`](StoreError::Ended), and [`Parked`](StoreError::Parked).
    fn pause(&self, run: &RunId, request: Request) -> StoreFuture<'_, ()>;

    /// Resumes a paused run: it is [`Running`](Status::Running) again, or [`RollingBack`](Status::RollingBack) if its
    /// rollback had begun, due at once, without crashes. Its sequence counts up, and its history has
    /// [`Resumed`](Event::Resumed). If the run was asked to pause and its holder has not reached a boundary yet, the request
    /// is withdrawn ([`PauseWithdrawn`](Event::PauseWithdrawn)), and the sequence stays as it is. [`RunRow::resume`] is the law.
    ///
    /// # Errors
    /// [`NotFound`](StoreError::NotFound), and [`NotPaused`](StoreError::NotPaused).
    fn resume(&self, run: &RunId, request: Request) -> StoreFuture<'_, ()>;

    /// Asks a run that waits for its next attempt to make it at once. Each note with a
    /// [next attempt](NoteRow::next_attempt) is due now by the clock that has set the times of the run, and a run that nobody
    /// holds is due as well; the attempts made so far still count. A holder hears of the request with the next heartbeat. A run that is
    /// released meanwhile is due at once. A paused run is [resumed](Store::resume) by it. [`RunRow::retry_now`] is the law.
    ///
    /// # Errors
    /// [`NotFound`](StoreError::NotFound), [`Ended`](StoreError::Ended), [`Parked`](StoreError::Parked), and
    /// [`NotRetrying`](StoreError::NotRetrying) if the run does not wait for an attempt.
    fn retry_now(&self, run: &RunId, request: Request) -> StoreFuture<'_, ()>;

    /// Retries the rollback of a run that has ended: it is [`RollingBack`](Status::RollingBack), due at once, without
    /// crashes and without a request to stop. [`undoable`](Store::undoable) then returns the transitions and effects that are to be
    /// undone: those whose undo failed, and those that nobody tried to undo because the run was terminated. Its
    /// sequence counts up, and its history has [`RollbackRetried`](Event::RollbackRetried). [`RunRow::retry_rollback`] is the law. The
    /// run has not ended any more, so it is not purged.
    ///
    /// # Errors
    /// [`NotFound`](StoreError::NotFound), [`NotEnded`](StoreError::NotEnded), and
    /// [`NothingToUndo`](StoreError::NothingToUndo) if the run ended well or was undone completely.
    fn retry_rollback(&self, run: &RunId, request: Request) -> StoreFuture<'_, ()>;

    /// Returns a run; `None` if there is no such run.
    ///
    /// # Errors
    /// [`Broken`](StoreError::Broken) if its record cannot be read.
    fn get(&self, run: &RunId) -> StoreFuture<'_, Option<Found>>;

    /// Returns the rows that pass the filter, in the order of their ids or the [newest first](Filter::newest_first).
    ///
    /// # Errors
    /// [`NotFound`](StoreError::NotFound) if the newest come first, and the run to list [after](Filter::after) does not exist.
    fn list(&self, filter: Filter) -> StoreFuture<'_, Vec<RunRow>>;

    /// Counts the runs that pass the filter, by status and state. Its limit and its order do not matter. The provided method lists all
    /// of them, page by page.
    fn count(&self, filter: Filter) -> StoreFuture<'_, Vec<RunCount>> {
        Box::pin(async move {
            let mut counts = BTreeMap::<_, u64>::new();
            let mut page = Filter {
                newest_first: false,
                after: None,
                limit: 1_000,
                ..filter
            };
            loop {
                let rows = self.list(page.clone()).await?;
                page.after = rows.last().map(|row| row.id.clone());
                let is_last = rows.len() < page.limit;
                for row in rows {
                    *counts.entry((row.status.name(), row.state)).or_default() += 1;
                }
                if is_last {
                    break;
                }
            }
            let counts = counts.into_iter();
            let count = |((status, state), runs): ((&str, Name), u64)| RunCount {
                status: status.parse().expect("it is the name of one"),
                state,
                runs,
            };
            Ok(counts.map(count).collect())
        })
    }

    /// Returns the history of a run from the row with number `from` on, at most `limit` rows. Rows that were
    /// [removed](RunRow::removes) are skipped, so with a `limit` of 1 this reads one row by its number, if that row is kept.
    fn history(&self, run: &RunId, from: u64, limit: usize) -> StoreFuture<'_, Vec<HistoryRow>>;

    /// Returns the entries of the logs of a run from number `from` on, at most `limit`: all logs together, in the order in which
    /// they were added. Each commit gives its [entries](Commit::logged) the next numbers, in their order; nothing changes them
    /// after that, and they are removed when the run is purged or [replaced](NewRun::again).
    ///
    /// # Errors
    /// [`NotFound`](StoreError::NotFound), and [`Broken`](StoreError::Broken) if an entry cannot be read. The run continues.
    fn log(&self, run: &RunId, from: u64, limit: usize) -> StoreFuture<'_, Vec<LogRow>>;

    /// Returns the state of the message with this id; `None` if the run was sent no such message, or does not exist. A message that a
    /// commit has [consumed](Commit::consumed) leads to its history row.
    fn message(&self, run: &RunId, id: &str) -> StoreFuture<'_, Option<MessageState>>;

    /// Returns the messages of a run that nothing has consumed, in the order they came. A claim returns the same; this reads them again
    /// while the run is held.
    ///
    /// # Errors
    /// [`NotFound`](StoreError::NotFound).
    fn inbox(&self, run: &RunId) -> StoreFuture<'_, Vec<Message>>;

    /// Returns the transitions and effects of a run that are still to be undone, the last first, at most
    /// `limit` of them: rows of [`Event::Transition`] with an undo and of [`Event::Effect`], with a smaller number than
    /// [`undo_before`](RunRow::undo_before), that no [`Event::Undone`] of the run names.
    fn undoable(&self, run: &RunId, limit: usize) -> StoreFuture<'_, Vec<HistoryRow>>;

    /// Removes runs that have ended, with everything that belongs to them. Returns their number.
    fn purge(&self, purge: Purge) -> StoreFuture<'_, u64>;
}

macro_rules! shared {
    ($($operation:ident($($argument:ident: $type:ty),*) -> $gives:ty;)*) => {
        /// A store that several runners share.
        impl<S: Store + ?Sized> Store for Arc<S> {
            $(fn $operation(&self, $($argument: $type),*) -> StoreFuture<'_, $gives> {
                (**self).$operation($($argument),*)
            })*
        }
    };
}

shared! {
    create(run: NewRun) -> Created;
    declare(declaration: Declaration) -> Declared;
    claim(claim: Claim) -> Claims;
    commit(commit: Commit) -> Hold;
    note(note: Note) -> Hold;
    release(release: Release) -> ();
    heartbeat(heartbeat: Heartbeat) -> Vec<Beat>;
    stop(run: &RunId, stop: Stop, request: Request) -> ();
    send(delivery: Delivery) -> Sent;
    unpark(run: &RunId, request: Request) -> ();
    pause(run: &RunId, request: Request) -> ();
    resume(run: &RunId, request: Request) -> ();
    retry_now(run: &RunId, request: Request) -> ();
    retry_rollback(run: &RunId, request: Request) -> ();
    get(run: &RunId) -> Option<Found>;
    list(filter: Filter) -> Vec<RunRow>;
    history(run: &RunId, from: u64, limit: usize) -> Vec<HistoryRow>;
    log(run: &RunId, from: u64, limit: usize) -> Vec<LogRow>;
    message(run: &RunId, id: &str) -> Option<MessageState>;
    inbox(run: &RunId) -> Vec<Message>;
    undoable(run: &RunId, limit: usize) -> Vec<HistoryRow>;
    purge(purge: Purge) -> u64;
}
