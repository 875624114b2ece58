//! A store that fails on purpose.

use std::fmt;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio_util::sync::CancellationToken;

use crate::run::RunId;
use crate::store::{
    Beat, Claim, Claims, Commit, Created, Declaration, Declared, Delivery, Filter, Found,
    Heartbeat, HistoryRow, Hold, LogRow, Message, MessageState, NewRun, Note, Purge, Release,
    Request, RunRow, Sent, Stop, Store, StoreError, StoreFuture,
};

/// The way in which a store fails.
///
/// ```
/// use stateway::MemoryStore;
/// use stateway::testing::{Crash, Crashes};
///
/// for crash in Crash::ALL {
///     // The second operation fails in this way.
///     let store = Crashes::new(MemoryStore::new()).at(2, crash);
///     assert!(!store.has_crashed());
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crash {
    /// The machine is lost, and the operation has not taken place.
    Before,
    /// The machine is lost when the operation has taken place, and nobody gets the result.
    After,
    /// The operation has not taken place and the store does not answer; it answers again from the next operation on.
    OutageBefore,
    /// The operation has taken place and the store does not answer; it answers again from the next operation on.
    OutageAfter,
}

impl Crash {
    /// Every way to fail.
    pub const ALL: [Crash; 4] = [
        Crash::Before,
        Crash::After,
        Crash::OutageBefore,
        Crash::OutageAfter,
    ];

    fn is_loss(self) -> bool {
        matches!(self, Crash::Before | Crash::After)
    }

    fn takes_place(self) -> bool {
        matches!(self, Crash::After | Crash::OutageAfter)
    }
}

/// A store that wraps another one and fails at one chosen operation.
///
/// It counts the operations that may change something: [`create`](Store::create), [`claim`](Store::claim),
/// [`commit`](Store::commit), [`note`](Store::note), [`release`](Store::release), [`stop`](Store::stop), [`send`](Store::send),
/// [`unpark`](Store::unpark), [`pause`](Store::pause), [`resume`](Store::resume), [`retry_now`](Store::retry_now),
/// [`retry_rollback`](Store::retry_rollback) and [`purge`](Store::purge). A claim counts if it has found something.
///
/// A lost machine does not answer: operations from then on are never ready. Wait for
/// [`crashed`](Crashes::crashed), drop the runner, and launch another over the [same store](Crashes::restarted).
///
/// To take a workflow through every crash, let it run over [`Crashes::new`] with
/// [`at`](Crashes::at) 1, 2, 3 and so on, until it ends without having crashed:
///
/// ```
/// use std::sync::Arc;
///
/// use stateway::prelude::*;
/// use stateway::testing::{Crash, Crashes};
/// use stateway::{Clock, MemoryStore, StoreError};
///
/// workflow! {
///     #[durable(version = 1)]
///     workflow Greeting {
///         start Asked;
///         done  Replied;
///         step answer: Asked -> Replied;
///     }
/// }
///
/// #[derive(Clone)]
/// struct Porter;
///
/// impl GreetingSteps for Porter {
///     type Error = String;
///
///     async fn answer(&self, _: Asked, step: &Step<Answer>) -> Result<Answer, String> {
///         Ok(step.to(Replied))
///     }
/// }
///
/// async fn run(crashes: &Crashes) -> Result<GreetingEnd, String> {
///     let runner = Runner::<Greeting>::builder(Porter).store(crashes.clone()).clock(Clock::tokio());
///     let runner = runner.launch().await.map_err(|error| error.to_string())?;
///     // The same id is the same run: if the store does not answer, ask again.
///     let run = loop {
///         match runner.start("g-1", (), Asked).await {
///             Ok(run) => break run,
///             Err(StartError::Store(StoreError::Unavailable { .. })) => {}
///             Err(error) => return Err(error.to_string()),
///         }
///     };
///     run.end().await.map_err(|error| error.to_string())
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(async {
/// for crash in Crash::ALL {
///     for n in 1.. {
///         let crashes = Crashes::new(Arc::new(MemoryStore::new())).at(n, crash);
///         // A lost machine does not answer: everything on it is dropped.
///         let ended = tokio::select! {
///             ended = run(&crashes) => Some(ended),
///             () = crashes.crashed() => None,
///         };
///         let again = match ended {
///             Some(ended) => ended,
///             None => run(&crashes.restarted()).await,
///         };
///         assert!(matches!(again, Ok(GreetingEnd::Replied(_))), "{crash:?} at {n}: {:?}", again.err());
///         if crashes.operations() < n {
///             break;
///         }
///     }
/// }
/// # });
/// ```
#[derive(Clone)]
pub struct Crashes {
    store: Arc<dyn Store>,
    plan: Arc<Plan>,
}

struct Plan {
    at: u64,
    crash: Crash,
    operations: AtomicU64,
    lost: CancellationToken,
}

impl Crashes {
    /// Returns a store that does not fail yet.
    pub fn new(store: impl Store) -> Self {
        Crashes::over(Arc::new(store), u64::MAX, Crash::Before)
    }

    fn over(store: Arc<dyn Store>, at: u64, crash: Crash) -> Self {
        let plan = Plan {
            at,
            crash,
            operations: AtomicU64::new(0),
            lost: CancellationToken::new(),
        };
        Crashes {
            store,
            plan: Arc::new(plan),
        }
    }

    /// Returns the same store, which fails at this operation, counted from 1 and from now on.
    #[must_use]
    pub fn at(&self, operation: u64, crash: Crash) -> Self {
        Crashes::over(Arc::clone(&self.store), operation, crash)
    }

    /// Returns the same store on a machine that does not fail.
    #[must_use]
    pub fn restarted(&self) -> Self {
        self.at(u64::MAX, Crash::Before)
    }

    /// Returns the number of operations so far.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.plan.operations.load(Ordering::SeqCst)
    }

    /// Returns true if the machine was lost.
    #[must_use]
    pub fn has_crashed(&self) -> bool {
        self.plan.lost.is_cancelled()
    }

    /// Waits until the machine is lost.
    ///
    /// # Cancel safety
    /// Dropping the future changes nothing.
    pub async fn crashed(&self) {
        self.plan.lost.cancelled().await;
    }

    /// Counts an operation that may change something, and fails if it is the chosen one.
    fn change<'a, T: Send + 'a>(
        &'a self,
        operation: impl FnOnce(&'a dyn Store) -> StoreFuture<'a, T> + Send + 'a,
    ) -> StoreFuture<'a, T> {
        Box::pin(async move {
            self.alive().await;
            let number = self.plan.operations.fetch_add(1, Ordering::SeqCst) + 1;
            if number != self.plan.at {
                return operation(&*self.store).await;
            }
            let crash = self.plan.crash;
            if crash.takes_place() {
                let _ = operation(&*self.store).await;
            }
            if crash.is_loss() {
                self.plan.lost.cancel();
                self.alive().await;
            }
            Err(StoreError::unavailable("an outage on purpose"))
        })
    }

    fn read<'a, T: Send + 'a>(
        &'a self,
        operation: impl FnOnce(&'a dyn Store) -> StoreFuture<'a, T> + Send + 'a,
    ) -> StoreFuture<'a, T> {
        Box::pin(async move {
            self.alive().await;
            operation(&*self.store).await
        })
    }

    /// Is never ready on a lost machine.
    async fn alive(&self) {
        if self.has_crashed() {
            pending::<()>().await;
        }
    }
}

impl fmt::Debug for Crashes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Crashes")
            .field("at", &self.plan.at)
            .field("crash", &self.plan.crash)
            .field("operations", &self.operations())
            .field("has_crashed", &self.has_crashed())
            .finish_non_exhaustive()
    }
}

impl Store for Crashes {
    fn create(&self, run: NewRun) -> StoreFuture<'_, Created> {
        self.change(|store| store.create(run))
    }

    fn declare(&self, declaration: Declaration) -> StoreFuture<'_, Declared> {
        self.read(|store| store.declare(declaration))
    }

    fn claim(&self, claim: Claim) -> StoreFuture<'_, Claims> {
        Box::pin(async move {
            self.alive().await;
            // Asked first, because a claim that finds nothing is not a change.
            let asks = Claim {
                limit: 0,
                ..claim.clone()
            };
            let nothing = self.store.claim(asks).await?;
            if nothing.next.is_none_or(|next| !next.is_zero()) {
                return Ok(nothing);
            }
            let own = nothing.own;
            let claims = self.change(|store| store.claim(claim)).await?;
            Ok(Claims { own, ..claims })
        })
    }

    fn commit(&self, commit: Commit) -> StoreFuture<'_, Hold> {
        self.change(|store| store.commit(commit))
    }

    fn note(&self, note: Note) -> StoreFuture<'_, Hold> {
        self.change(|store| store.note(note))
    }

    fn release(&self, release: Release) -> StoreFuture<'_, ()> {
        self.change(|store| store.release(release))
    }

    fn heartbeat(&self, heartbeat: Heartbeat) -> StoreFuture<'_, Vec<Beat>> {
        self.read(|store| store.heartbeat(heartbeat))
    }

    fn stop(&self, run: &RunId, stop: Stop, request: Request) -> StoreFuture<'_, ()> {
        let run = run.clone();
        self.change(move |store| store.stop(&run, stop, request))
    }

    fn send(&self, delivery: Delivery) -> StoreFuture<'_, Sent> {
        self.change(|store| store.send(delivery))
    }

    fn unpark(&self, run: &RunId, request: Request) -> StoreFuture<'_, ()> {
        let run = run.clone();
        self.change(move |store| store.unpark(&run, request))
    }

    fn pause(&self, run: &RunId, request: Request) -> StoreFuture<'_, ()> {
        let run = run.clone();
        self.change(move |store| store.pause(&run, request))
    }

    fn resume(&self, run: &RunId, request: Request) -> StoreFuture<'_, ()> {
        let run = run.clone();
        self.change(move |store| store.resume(&run, request))
    }

    fn retry_now(&self, run: &RunId, request: Request) -> StoreFuture<'_, ()> {
        let run = run.clone();
        self.change(move |store| store.retry_now(&run, request))
    }

    fn retry_rollback(&self, run: &RunId, request: Request) -> StoreFuture<'_, ()> {
        let run = run.clone();
        self.change(move |store| store.retry_rollback(&run, request))
    }

    fn get(&self, run: &RunId) -> StoreFuture<'_, Option<Found>> {
        let run = run.clone();
        self.read(move |store| store.get(&run))
    }

    fn list(&self, filter: Filter) -> StoreFuture<'_, Vec<RunRow>> {
        self.read(|store| store.list(filter))
    }

    fn history(&self, run: &RunId, from: u64, limit: usize) -> StoreFuture<'_, Vec<HistoryRow>> {
        let run = run.clone();
        self.read(move |store| store.history(&run, from, limit))
    }

    fn log(&self, run: &RunId, from: u64, limit: usize) -> StoreFuture<'_, Vec<LogRow>> {
        let run = run.clone();
        self.read(move |store| store.log(&run, from, limit))
    }

    fn message(&self, run: &RunId, id: &str) -> StoreFuture<'_, Option<MessageState>> {
        let (run, id) = (run.clone(), id.to_owned());
        self.read(move |store| store.message(&run, &id))
    }

    fn inbox(&self, run: &RunId) -> StoreFuture<'_, Vec<Message>> {
        let run = run.clone();
        self.read(move |store| store.inbox(&run))
    }

    fn undoable(&self, run: &RunId, limit: usize) -> StoreFuture<'_, Vec<HistoryRow>> {
        let run = run.clone();
        self.read(move |store| store.undoable(&run, limit))
    }

    fn purge(&self, purge: Purge) -> StoreFuture<'_, u64> {
        self.change(|store| store.purge(purge))
    }
}
