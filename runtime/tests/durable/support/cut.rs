//! A store that one runner cannot reach for a while, or reaches late.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use stateway::store::{
    Beat, Claim, Claims, Commit, Created, Declaration, Declared, Delivery, Filter, Found,
    Heartbeat, HistoryRow, Hold, LogRow, Message, MessageState, NewRun, Note, Purge, Request,
    RunRow, Sent, Stop, Store, StoreFuture,
};
use stateway::{MemoryStore, RunId, StoreError};

/// The clones of one are the same line to the store.
#[derive(Clone)]
pub(crate) struct Line(Arc<Inner>);

struct Inner {
    store: Arc<MemoryStore>,
    is_cut: AtomicBool,
    late: AtomicU64,
    hears: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl Line {
    pub(crate) fn to(store: &Arc<MemoryStore>) -> Self {
        Line(Arc::new(Inner {
            store: Arc::clone(store),
            is_cut: AtomicBool::new(false),
            late: AtomicU64::new(0),
            hears: Mutex::default(),
        }))
    }

    /// Nothing gets through any more, or does again.
    pub(crate) fn cut(&self, is_cut: bool) {
        self.0.is_cut.store(is_cut, Ordering::Relaxed);
    }

    /// Everything takes this long from now on.
    pub(crate) fn delay(&self, seconds: u64) {
        self.0.late.store(seconds, Ordering::Relaxed);
    }

    /// The action at the moment the runner hears that it has lost something.
    pub(crate) fn when_it_hears(&self, then: impl FnOnce() + Send + 'static) {
        *self.0.hears.lock().unwrap() = Some(Box::new(then));
    }

    fn send<'a, T: Send + 'a>(
        &'a self,
        ask: impl FnOnce(&'a MemoryStore) -> StoreFuture<'a, T> + Send + 'a,
    ) -> StoreFuture<'a, T> {
        Box::pin(async move {
            let late = self.0.late.load(Ordering::Relaxed);
            if late > 0 {
                tokio::time::sleep(Duration::from_secs(late)).await;
            }
            if self.0.is_cut.load(Ordering::Relaxed) {
                return Err(StoreError::unavailable("the line is cut"));
            }
            ask(&self.0.store).await
        })
    }
}

macro_rules! sent {
    ($($operation:ident($($argument:ident: $type:ty),*) -> $gives:ty;)*) => {
        $(fn $operation(&self, $($argument: $type),*) -> StoreFuture<'_, $gives> {
            self.send(move |store| store.$operation($($argument),*))
        })*
    };
}

impl Store for Line {
    fn heartbeat(&self, heartbeat: Heartbeat) -> StoreFuture<'_, Vec<Beat>> {
        Box::pin(async move {
            let beats = self.send(|store| store.heartbeat(heartbeat)).await?;
            if beats.iter().any(|beat| beat.is_lost)
                && let Some(then) = self.0.hears.lock().unwrap().take()
            {
                then();
            }
            Ok(beats)
        })
    }

    fn stop(&self, run: &RunId, stop: Stop, request: Request) -> StoreFuture<'_, ()> {
        let run = run.clone();
        self.send(move |store| store.stop(&run, stop, request))
    }

    fn unpark(&self, run: &RunId, request: Request) -> StoreFuture<'_, ()> {
        let run = run.clone();
        self.send(move |store| store.unpark(&run, request))
    }

    fn pause(&self, run: &RunId, request: Request) -> StoreFuture<'_, ()> {
        let run = run.clone();
        self.send(move |store| store.pause(&run, request))
    }

    fn resume(&self, run: &RunId, request: Request) -> StoreFuture<'_, ()> {
        let run = run.clone();
        self.send(move |store| store.resume(&run, request))
    }

    fn retry_now(&self, run: &RunId, request: Request) -> StoreFuture<'_, ()> {
        let run = run.clone();
        self.send(move |store| store.retry_now(&run, request))
    }

    fn retry_rollback(&self, run: &RunId, request: Request) -> StoreFuture<'_, ()> {
        let run = run.clone();
        self.send(move |store| store.retry_rollback(&run, request))
    }

    fn get(&self, run: &RunId) -> StoreFuture<'_, Option<Found>> {
        let run = run.clone();
        self.send(move |store| store.get(&run))
    }

    fn history(&self, run: &RunId, from: u64, limit: usize) -> StoreFuture<'_, Vec<HistoryRow>> {
        let run = run.clone();
        self.send(move |store| store.history(&run, from, limit))
    }

    fn log(&self, run: &RunId, from: u64, limit: usize) -> StoreFuture<'_, Vec<LogRow>> {
        let run = run.clone();
        self.send(move |store| store.log(&run, from, limit))
    }

    fn message(&self, run: &RunId, id: &str) -> StoreFuture<'_, Option<MessageState>> {
        let (run, id) = (run.clone(), id.to_owned());
        self.send(move |store| store.message(&run, &id))
    }

    fn inbox(&self, run: &RunId) -> StoreFuture<'_, Vec<Message>> {
        let run = run.clone();
        self.send(move |store| store.inbox(&run))
    }

    fn undoable(&self, run: &RunId, limit: usize) -> StoreFuture<'_, Vec<HistoryRow>> {
        let run = run.clone();
        self.send(move |store| store.undoable(&run, limit))
    }

    sent! {
        create(run: NewRun) -> Created;
        declare(declaration: Declaration) -> Declared;
        claim(claim: Claim) -> Claims;
        commit(commit: Commit) -> Hold;
        note(note: Note) -> Hold;
        release(release: stateway::store::Release) -> ();
        send(delivery: Delivery) -> Sent;
        list(filter: Filter) -> Vec<RunRow>;
        purge(purge: Purge) -> u64;
    }
}
