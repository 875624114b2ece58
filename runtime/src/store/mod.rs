//! Where runs are kept so that they outlive the process.
//!
//! A [`Store`] keeps one row for each run, which is the only authority on where the run is, and beside
//! it what belongs to the run: its input, its history, its logs, notes about the visit under way, and messages.
//! Everything that a runner does to a run is a compare-and-set on two numbers of that row:
//!
//! - the **epoch** counts the claims. Whoever claims a run gets a new one, and from then on nothing that
//!   comes with an older one is accepted. Leases decide only who may claim, never who may commit: clocks may
//!   differ, and a run still moves once. A [`Holder`] is given nothing that it holds already.
//! - the **sequence** counts the commits. Each has the number that it expects. The rows of the history have numbers of
//!   their own, since it also has what moves nothing, such as a request to stop.
//!
//! Nothing is locked while a handler runs. [`MemoryStore`] is the law as a program, for tests;
//! [`RedbStore`] keeps runs in a file. `stateway::testing::store_conformance!` is the
//! suite that every store has to pass.
//!
//! # Which types grow
//!
//! The records that a store keeps and the requests that it gets ([`RunRow`], [`HistoryRow`], [`NewRun`], [`Commit`], [`Claim`] and
//! their parts) has all its fields in the open, on purpose: a store that takes them apart does not compile when one is added,
//! and so cannot forget to keep it. That is a change of the laws, and a new major version. What a user asks by
//! ([`Filter`], [`Purge`]), and every error, grows in any version.

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

/// What an operation of a store gives.
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
/// 2. **Atomic.** An operation takes place as a whole or not at all, also where the process dies.
/// 3. **Ordered.** Operations on one run take place one after the other. One that begins when another has
///    returned sees what that one did.
/// 4. **Fenced.** [`commit`](Store::commit), [`note`](Store::note) and [`release`](Store::release) change nothing unless the row has exactly
///    the epoch and the sequence that they name, and are [`Fenced`](StoreError::Fenced) otherwise. The lease
///    is not looked at.
/// 5. **Repeatable.** A commit that has taken place and is asked for again, the same in every part, is `Ok` and
///    changes nothing, so that one whose answer was lost can be repeated. Another one of the same epoch and
///    sequence is fenced.
/// 6. **Apart.** A record that cannot be read concerns its own run: it is listed as parked, with the reason,
///    is never claimed, and no other run is kept from anything. [Terminated](Stop::Terminate), it has ended at
///    once, with that reason as its failure and, where not even that can be read, no workflow and no state; then it is
///    purged like any other, whatever workflow is purged.
/// 7. **Cancel safe.** An operation whose future is dropped has taken place or not, as a whole.
///
/// 8. **On time.** Times are those of the caller's wall clock, kept to the microsecond. Leases are lengths of time, and
///    a store measures them by a clock that nobody sets: the steady clock of its process, or that of a database server
///    that all callers share. A wall clock that jumps ends no lease, and a store in the process of its callers lets no
///    run wait for longer than it had to when its due time was set, also if the clock is set back meanwhile. One in a
///    file keeps to that from one opening to the next; only time that passes between its last record and the opening,
///    while such a clock is still behind, does not count.
#[diagnostic::on_unimplemented(
    message = "a runner keeps its runs in a store, and `{Self}` is none",
    label = "no store",
    note = "give it one before `.launch()`: `.store(RedbStore::open(\"runs.redb\")?)`, or `.store(MemoryStore::new())` in a test"
)]
pub trait Store: Send + Sync + 'static {
    /// Adds a run, unless one with this id is there, of whatever workflow.
    ///
    /// The row begins with sequence 0 and the given state; its first history row has number 0. With a
    /// [`lease`](NewRun::lease) it is claimed by that holder; otherwise it is due when it [says](NewRun::due). Its epochs begin with the
    /// microseconds of [`at`](NewRun::at), so that who held a run of this id that was purged is fenced.
    ///
    /// Of a run that is there, what it was started with is returned, and nothing changes: the caller
    /// compares. One that has ended is replaced if [that is asked for](NewRun::again).
    fn create(&self, run: NewRun) -> StoreFuture<'_, Created>;

    /// Says who drives the runs of a workflow from now on. A name belongs to the package that has declared it first, which
    /// the store keeps, until another [adopts](Declaration::adopts) it; and in one process, as long as the store is open,
    /// to one [path](Declaration::path). So no workflow drives the runs of another that is called alike. Nothing changes
    /// where it is refused.
    fn declare(&self, declaration: Declaration) -> StoreFuture<'_, Declared>;

    /// Claims runs that are due, of the workflows and versions that the caller knows: those that are
    /// [`Running`](Status::Running) or [`RollingBack`](Status::RollingBack), and are either due at `now` and nobody's, or
    /// held by a claim whose lease has passed. A run of a version that the caller does not know is none of its concern: it
    /// is neither taken nor changed.
    ///
    /// Each run that is taken has its epoch counted up and belongs to the caller; at most `limit` are. First come the
    /// *suspects*: the holder of such a run died or stalled, so its [`crashes`](RunRow::crashes) count up, unless it
    /// only [waited](RunRow::waits). Of them as many are taken as [`Suspects::admit`] lets in, those with the fewest
    /// crashes first, `n` being how many there are with those under way. Then come all others, those with the highest
    /// [priority](RunRow::priority) first, and among them the one that might have been claimed for longest. Those that are left for want of room are [counted](Claims::left).
    ///
    /// A run that the caller holds already is never taken, however long ago its lease has passed. Its lease is extended
    /// instead, which changes nothing else, and it is among [`own`](Claims::own).
    ///
    /// No run is taken by two claims, unless its lease passes between them. The answer says when to ask
    /// [again](Claims::next).
    fn claim(&self, claim: Claim) -> StoreFuture<'_, Claims>;

    /// Records what happened to a run, as one change: the row with its sequence counted up, the history
    /// rows of its [effects](Commit::effects) and, behind them, of its event, the entries of logs that a transition [adds](Commit::logged),
    /// the messages that were consumed, the notes, which are dropped unless the event
    /// [keeps](Event::keeps) them, and what is in the [outbox](Outbox). Where the run ends with it, the history row of the event
    /// names the messages that are [left](HistoryRow::left).
    ///
    /// A transition of a run whose history is [bounded](Commit::keep_history) removes rows of it that are old, in the same change.
    ///
    /// What each [`Event`] means for the row is said there, and done by [`RunRow::apply`]. A run that would go on and
    /// [was asked to pause](RunRow::pause_asked) is [`Paused`](Status::Paused) by it.
    ///
    /// Says whether the caller still holds the run. A caller that does not begins no handler, attempt or undo of it any
    /// more. A commit that is repeated says how that is by now.
    ///
    /// # Errors
    /// [`Fenced`](StoreError::Fenced) by law 4, [`NotFound`](StoreError::NotFound) for a run that is not there.
    fn commit(&self, commit: Commit) -> StoreFuture<'_, Hold>;

    /// Keeps something about the visit under way: the attempts that were made, or the output of a branch. It
    /// replaces the note with the same key. The row changes by [`RunRow::note`]: its sequence stays as it is, and it
    /// says whether the run waits. The next transition drops all notes of the run.
    ///
    /// A run that was asked to pause is paused by a note at a [boundary](Note::is_boundary). Says whether the caller still
    /// holds the run, as a [`commit`](Store::commit) does.
    ///
    /// # Errors
    /// Those of [`commit`](Store::commit).
    fn note(&self, note: Note) -> StoreFuture<'_, Hold>;

    /// Gives a run back until it is due, or pauses it if it was asked to pause. The row changes by [`RunRow::release`]: waiting adds nothing to the history. Where a
    /// poll was [asked](Release::asked), the notes are dropped. It may be repeated, as long as nobody has claimed the run since.
    ///
    /// # Errors
    /// Those of [`commit`](Store::commit).
    fn release(&self, release: Release) -> StoreFuture<'_, ()>;

    /// Extends the leases of these claims, also of those that have passed and were not claimed by another since. Says of
    /// which runs the holder has to hear: those that it has lost, that are to stop, to pause or to retry at once, or that have a
    /// message.
    fn heartbeat(&self, heartbeat: Heartbeat) -> StoreFuture<'_, Vec<Beat>>;

    /// Asks that a run stops, and makes it due. Whoever holds it hears of it with the next
    /// heartbeat, others when they claim it. A termination replaces a cancellation, and is not
    /// replaced by one. The history has the request ([`StopAsked`](Event::StopAsked)), unless the run was asked as much
    /// before; the sequence stays as it is.
    ///
    /// A paused run goes on, so that it stops; and one that was asked to pause does not pause any more. A rollback is never
    /// cancelled: it is paused as before.
    ///
    /// # Errors
    /// [`NotFound`](StoreError::NotFound), and [`Ended`](StoreError::Ended) for a run that has.
    fn stop(&self, run: &RunId, stop: Stop, request: Request) -> StoreFuture<'_, ()>;

    /// Keeps a message for a run until a commit consumes it, and makes the run due. A message whose id the
    /// run has had before, consumed or not, is [`Known`](Sent::Known) and changes nothing.
    ///
    /// # Errors
    /// [`NotFound`](StoreError::NotFound), also where the run is not [the one that is meant](Delivery::only_to),
    /// [`Ended`](StoreError::Ended) for a run that has, and
    /// [`NotInState`](StoreError::NotInState) for one that is in none of the states that are
    /// [demanded](Delivery::only_in).
    fn send(&self, delivery: Delivery) -> StoreFuture<'_, Sent>;

    /// Lets a parked run go on: it is [`Running`](Status::Running) again, or
    /// [`RollingBack`](Status::RollingBack) if its rollback had begun, due at once, without crashes.
    /// Its sequence counts up, and its history says so. A run that stands still by law 6 may be claimed again, if its
    /// row can be read: its payload or its notes may have been mended.
    ///
    /// # Errors
    /// [`NotFound`](StoreError::NotFound), and [`NotParked`](StoreError::NotParked).
    fn unpark(&self, run: &RunId, request: Request) -> StoreFuture<'_, ()>;

    /// Asks that a run pauses. One that nobody holds is [`Paused`](Status::Paused) at once. One that is held is
    /// [asked](RunRow::pause_asked): its holder hears of it with the next heartbeat, and the next [`commit`](Store::commit),
    /// [`release`](Store::release) or [`note`](Store::note) at a boundary records what it came to and pauses the run then, which
    /// drops the claim. If the holder dies before, whoever claims the run gives it back without calling a handler, which pauses it.
    /// What [`RunRow::pause`] does is the law.
    ///
    /// A paused run is never claimed, whatever falls due or comes for it. Messages to it are kept. The history has the request
    /// ([`PauseAsked`](Event::PauseAsked)); the sequence stays as it is. Nothing changes for a run that is paused, was asked to
    /// pause before, or is to be terminated.
    ///
    /// # Errors
    /// [`NotFound`](StoreError::NotFound), [`Ended`](StoreError::Ended), and [`Parked`](StoreError::Parked).
    fn pause(&self, run: &RunId, request: Request) -> StoreFuture<'_, ()>;

    /// Lets a paused run go on: it is [`Running`](Status::Running) again, or [`RollingBack`](Status::RollingBack) if its
    /// rollback had begun, due at once, without crashes. Its sequence counts up, and its history says so
    /// ([`Resumed`](Event::Resumed)). If the run was asked to pause and its holder has not come to a boundary yet, the request
    /// is taken back ([`PauseWithdrawn`](Event::PauseWithdrawn)), and the sequence stays as it is. What [`RunRow::resume`] does
    /// is the law.
    ///
    /// # Errors
    /// [`NotFound`](StoreError::NotFound), and [`NotPaused`](StoreError::NotPaused).
    fn resume(&self, run: &RunId, request: Request) -> StoreFuture<'_, ()>;

    /// Asks that a run which waits for its next attempt makes it at once. Each note with a
    /// [next attempt](NoteRow::next_attempt) is due now by the clock that has set the times of the run, and a run that nobody
    /// holds is due as well; the attempts are counted on as before. A holder hears of it with the next heartbeat. A run that is
    /// given back meanwhile is due at once. A paused run is [resumed](Store::resume) by it. What [`RunRow::retry_now`] does is
    /// the law.
    ///
    /// # Errors
    /// [`NotFound`](StoreError::NotFound), [`Ended`](StoreError::Ended), [`Parked`](StoreError::Parked), and
    /// [`NotRetrying`](StoreError::NotRetrying) for a run that does not wait for an attempt.
    fn retry_now(&self, run: &RunId, request: Request) -> StoreFuture<'_, ()>;

    /// Lets a run that has ended be rolled back again: it is [`RollingBack`](Status::RollingBack), due at once, without
    /// crashes and without a request to stop. What is to be undone is what [`undoable`](Store::undoable) gives then: the
    /// transitions and effects that failed to be undone, and those that nobody tried to undo, since the run was terminated. Its
    /// sequence counts up, and its history says so ([`RollbackRetried`](Event::RollbackRetried)). What
    /// [`RunRow::retry_rollback`] does is the law. It is no run that has ended any more: it is not purged.
    ///
    /// # Errors
    /// [`NotFound`](StoreError::NotFound), [`NotEnded`](StoreError::NotEnded), and
    /// [`NothingToUndo`](StoreError::NothingToUndo) for a run that ended well or was undone as a whole.
    fn retry_rollback(&self, run: &RunId, request: Request) -> StoreFuture<'_, ()>;

    /// A run; `None` if there is no such run.
    ///
    /// # Errors
    /// [`Broken`](StoreError::Broken) for a record that cannot be read.
    fn get(&self, run: &RunId) -> StoreFuture<'_, Option<Found>>;

    /// The rows that pass the filter, in the order of their ids or the [newest first](Filter::newest_first).
    ///
    /// # Errors
    /// [`NotFound`](StoreError::NotFound) if the newest come first, and the run to go on [after](Filter::after) is not there.
    fn list(&self, filter: Filter) -> StoreFuture<'_, Vec<RunRow>>;

    /// How many runs pass the filter, by status and state, whatever its limit and its order. This one asks for all of them,
    /// page by page.
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

    /// What happened to a run, from the history row with number `from` on, at most `limit` rows. Rows that were
    /// [removed](RunRow::removes) are passed over, so with a `limit` of 1 this reads one row by its number, if that row is kept.
    fn history(&self, run: &RunId, from: u64, limit: usize) -> StoreFuture<'_, Vec<HistoryRow>>;

    /// Returns the entries of the logs of a run, from number `from` on, at most `limit`: all logs together, in the order in which
    /// they were added. Each commit gives its [entries](Commit::logged) the next numbers, in their order; nothing changes them
    /// after that, and they go when the run is purged or [replaced](NewRun::again).
    ///
    /// # Errors
    /// [`NotFound`](StoreError::NotFound), and [`Broken`](StoreError::Broken) for an entry that cannot be read. The run goes on.
    fn log(&self, run: &RunId, from: u64, limit: usize) -> StoreFuture<'_, Vec<LogRow>>;

    /// Returns the state of the message with this id; `None` if the run was sent no such message, or is not there. A message that a
    /// commit has [consumed](Commit::consumed) leads to its history row.
    fn message(&self, run: &RunId, id: &str) -> StoreFuture<'_, Option<MessageState>>;

    /// Returns the messages of a run that nothing has consumed, in the order they came: what a claim gives, read again while the run
    /// is held.
    ///
    /// # Errors
    /// [`NotFound`](StoreError::NotFound).
    fn inbox(&self, run: &RunId) -> StoreFuture<'_, Vec<Message>>;

    /// The transitions and effects of a run that are still to be undone, the last first, at most
    /// `limit` of them: rows of [`Event::Transition`] with an undo and of [`Event::Effect`], with a smaller number than
    /// [`undo_before`](RunRow::undo_before), that no [`Event::Undone`] of the run names.
    fn undoable(&self, run: &RunId, limit: usize) -> StoreFuture<'_, Vec<HistoryRow>>;

    /// Removes runs that have ended, with everything that belongs to them. Says how many.
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
