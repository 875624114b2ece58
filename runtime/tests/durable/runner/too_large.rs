//! A store that does not take what a run is to record: the run is parked with the reason.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use stateway::prelude::*;
use stateway::runner::Run;
use stateway::store::{Commit, Event, Hold, Note, Progress, Status, Stop, Store, StoreFuture};
use stateway::{Clock, Durable, MemoryStore, RunId, StoreError};

use crate::support::shop::*;

/// A store that takes `n` bytes at once.
struct Small {
    store: Arc<MemoryStore>,
    limit: AtomicUsize,
}

impl Small {
    fn new(limit: usize) -> Arc<Self> {
        Arc::new(Small {
            store: Arc::new(MemoryStore::new()),
            limit: AtomicUsize::new(limit),
        })
    }

    fn takes(&self, limit: usize) {
        self.limit.store(limit, Ordering::Relaxed);
    }

    fn refused(&self, run: &RunId, size: usize) -> Option<StoreError> {
        let limit = self.limit.load(Ordering::Relaxed);
        (size > limit).then(|| StoreError::TooLarge {
            run: run.clone(),
            size,
            limit,
        })
    }
}

impl Store for Small {
    fn commit(&self, commit: Commit) -> StoreFuture<'_, Hold> {
        let size = match &commit.event {
            Event::Transition { payload, .. } => payload.len(),
            Event::NotUndone { cause, .. } => format!("{cause:?}").len(),
            Event::Parked { .. } => 1,
            _ => 0,
        };
        match self.refused(&commit.run, size) {
            Some(error) => Box::pin(std::future::ready(Err(error))),
            None => self.store.commit(commit),
        }
    }

    fn note(&self, note: Note) -> StoreFuture<'_, Hold> {
        let size = match &note.note.progress {
            Progress::Output { output, .. } => output.len(),
            Progress::Attempts { .. } => 0,
        };
        match self.refused(&note.run, size) {
            Some(error) => Box::pin(std::future::ready(Err(error))),
            None => self.store.note(note),
        }
    }

    passed_on! { stop(run: &RunId, stop: Stop, request: stateway::store::Request) -> (); }
    passed_on! { @but_notes }
}

workflow! {
    #[durable(version = 1)]
    #[derive(Clone)]
    workflow Survey {
        start Open;
        state Asked { answers: Vec<String> };
        done Over;

        split ask: Open -> Asked with undo(forget) {
            branch short: String;
            branch long: String;
            join all;
        }
        step close: Asked -> Over;
    }
}

/// One of its answers is long, and so is what its undo fails with, of which the store takes no more than 100 bytes.
#[derive(Clone)]
struct Panel(Arc<Small>);

fn long_text() -> String {
    "x".repeat(1_000)
}

impl SurveySteps for Panel {
    type Error = String;

    async fn short(&self, _: &Open, _: &Branch<Ask>) -> Result<String, String> {
        Ok("yes".into())
    }

    async fn long(&self, _: &Open, _: &Branch<Ask>) -> Result<String, String> {
        Ok(long_text())
    }

    async fn ask(&self, _: Open, joined: AskJoined, step: &Step<Ask>) -> Result<Ask, String> {
        let answers = vec![joined.short];
        Ok(step.to(Asked { answers }))
    }

    async fn forget(&self, _: Asked, _: &Undo<Ask>) -> Result<(), String> {
        self.0.takes(100);
        Err(long_text())
    }

    async fn close(&self, _: Asked, _: &Step<Close>) -> Result<Close, String> {
        Err("nobody is there".into())
    }
}

/// Why a run is parked.
async fn parked<W: Durable<End: Send>>(run: &Run<W>) -> String {
    match run.end().await {
        Err(EndError::Parked { reason, .. }) => reason,
        Err(error) => panic!("it is parked: {error}"),
        Ok(_) => panic!("it is parked"),
    }
}

const REASON: &str = "what is to be stored of run `o-1` has 1014 bytes, and the store takes 100 at once: keep it \
                      elsewhere, and store where it is";

#[tokio::test(start_paused = true)]
async fn a_state_that_the_store_does_not_take_parks_the_run() {
    let (store, shop) = (Small::new(100), Shop::new());
    let runner = over(Arc::clone(&store), &shop).launch().await.unwrap();
    shop.tell("charge", &[Act::Large(1_000), Act::Succeed]);
    let run = runner.start("o-1", input(), Placed).await.unwrap();
    assert_eq!(parked(&run).await, REASON);
    let row = row(&store.store, "o-1").await;
    assert_eq!((row.status, &*row.state), (Status::Parked, "Reserved"));
    // Somebody has seen to it.
    runner.unpark("o-1").await.unwrap();
    assert_eq!(run.end().await.unwrap(), shipped());
    assert_eq!((shop.calls("reserve"), shop.calls("charge")), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn what_a_branch_gave_and_what_an_undo_said_park_the_run() {
    let store = Small::new(100);
    let runner = Runner::<Survey>::builder(Panel(Arc::clone(&store)));
    let runner = runner.clock(Clock::tokio()).store(Arc::clone(&store));
    let runner = runner.launch().await.unwrap();
    let run = runner.start("o-1", (), Open).await.unwrap();
    assert_eq!(parked(&run).await, REASON.replace("1014", "1002"));
    store.takes(2_000);
    runner.unpark("o-1").await.unwrap();
    let reason = parked(&run).await;
    assert!(
        reason.contains("and the store takes 100 at once"),
        "{reason}"
    );
    let row = row(&store.store, "o-1").await;
    assert!(row.rolls_back, "it does not go forward again");
    assert_eq!((row.status, row.undos), (Status::Parked, 1));
    runner.shut_down(Duration::from_secs(1)).await;
}
