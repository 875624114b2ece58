//! Calls in doubt before a pause, where no call is made after it, or none may be.
use std::sync::Arc;
use std::time::Duration;

use stateway::prelude::*;
use stateway::store::{Commit, Hold, Note, Request, Status, Stop, Store, StoreFuture};
use stateway::testing::{Crash, Crashes};
use stateway::{Clock, MemoryStore, RunId};
use tokio::time::sleep;

use crate::support::trade::World;

workflow! {
    #[durable(version = 1)]
    #[derive(Debug, Clone)]
    workflow Fax {
        start Asked;
        start Single;
        start Saved;
        done Over;
        failed Lost;
        step fax as Faxing: Asked -> Over with retry(2, every 1s), breaker(line), else pause, undo(in doubt => look);
        step once as Once: Single -> Over with once, else pause, undo(in doubt => look_once);
        step save as Saving: Saved -> Over with catch(think), undo(in doubt => look_saved);
        signal quit interrupts Asked | Saved -> Lost with retry(2, every 1m);
    }
}

#[derive(Clone)]
struct Office(World, Arc<Breaker>);

impl FaxSteps for Office {
    type Error = String;
    fn retryable(&self, error: &String) -> bool {
        error != "refused"
    }
    fn line(&self) -> &Breaker {
        &self.1
    }
    async fn fax(&self, _: Asked, step: &Step<Faxing>) -> Result<Faxing, String> {
        self.0.has(&step.key());
        Err("no answer".into())
    }
    async fn once(&self, _: Single, step: &Step<Once>) -> Result<Once, String> {
        self.0.has(&step.key());
        Err("no answer".into())
    }
    async fn quit(&self, _: QuitFrom, step: &Step<OnQuit>) -> Result<OnQuit, String> {
        if step.attempt() == 1 {
            Err("not yet".into())
        } else {
            Ok(step.to(Lost))
        }
    }
    async fn save(&self, _: Saved, _: &Step<Saving>) -> Result<Saving, String> {
        Err("refused".into())
    }

    async fn think(&self, _: Saved, _: Cause<String>, _: &Step<Saving>) -> Result<Saving, String> {
        std::future::pending().await
    }

    async fn look_saved(&self, _: Saved, undo: &Undo<Saving>) -> Result<(), String> {
        self.0.undo(&undo.done());
        Ok(())
    }

    async fn look(&self, _: Asked, undo: &Undo<Faxing>) -> Result<(), String> {
        self.0.undo(&undo.done());
        Ok(())
    }
    async fn look_once(&self, _: Single, undo: &Undo<Once>) -> Result<(), String> {
        self.0.undo(&undo.done());
        Ok(())
    }
}

async fn open(store: impl Store) -> (Runner<Fax>, World) {
    let line = Breaker::new("line")
        .failures(2)
        .cool_down(Duration::from_secs(9));
    let office = Office(World::default(), Arc::new(line));
    let runner = Runner::<Fax>::builder(office.clone())
        .store(store)
        .clock(Clock::tokio());
    (runner.launch().await.unwrap(), office.0)
}

async fn is_paused(run: &stateway::runner::Run<Fax>) {
    while run.info().await.unwrap().status != Status::Paused {
        sleep(Duration::from_millis(10)).await;
    }
}

/// After the resume the breaker lets no call through. What the calls before the pause may have done is still to be undone.
#[tokio::test(start_paused = true)]
async fn a_doubt_before_a_pause_outlives_a_breaker_that_refuses_after_it() {
    for signals in [false, true] {
        let (runner, world) = open(MemoryStore::new()).await;
        let run = runner.start("f", (), Asked).await.unwrap();
        is_paused(&run).await;
        runner.resume("f").await.unwrap();
        sleep(Duration::from_secs(1)).await;
        if signals {
            run.quit().await.unwrap();
        } else {
            runner.cancel("f").await.unwrap();
        }
        let _ = run.end().await;
        assert_eq!(
            (world.calls("1"), world.undone()),
            (2, vec!["1".to_owned()]),
            "{signals}"
        );
    }
}

/// The same, where the process dies at any operation of the store, and the run is cancelled before anybody takes it up.
#[tokio::test(start_paused = true)]
async fn a_doubt_before_a_pause_outlives_each_crash_behind_it() {
    let mut cases = 0;
    for (n, crash) in (1..30).flat_map(|n| [(n, Crash::Before), (n, Crash::After)]) {
        let crashes = Crashes::new(MemoryStore::new()).at(n, crash);
        let (runner, before) = open(crashes.clone()).await;
        let script = async {
            let run = runner.start("f", (), Asked).await.unwrap();
            is_paused(&run).await;
            runner.resume("f").await.unwrap();
            // The breaker refuses, twice.
            sleep(Duration::from_millis(10)).await;
            is_paused(&run).await;
        };
        let has_crashed = tokio::select! {
            () = script => false,
            () = crashes.crashed() => true,
        };
        drop(runner);
        let store: Arc<dyn Store> = Arc::new(crashes.restarted());
        let id = "f".parse().unwrap();
        if store.get(&id).await.unwrap().is_none() {
            continue;
        }
        let now = Clock::tokio().now();
        store.stop(&id, Stop::Cancel, now.into()).await.unwrap();
        let (runner, after) = open(Arc::clone(&store)).await;
        let run = runner.get("f").await.unwrap().unwrap();
        run.end().await.expect_err("it was cancelled");
        if before.calls("1") > 0 {
            assert_eq!(after.undone(), ["1"], "{crash:?} at {n}");
            cases += 1;
        }
        if !has_crashed {
            break;
        }
    }
    assert!(cases > 5, "only {cases} crashes came behind a call");
}

/// With `once` nothing is called a second time before somebody resumes it, whatever crashes.
#[tokio::test(start_paused = true)]
async fn once_and_else_pause_and_in_doubt_call_once_whatever_crashes() {
    for (n, crash) in (1..8).flat_map(|n| [(n, Crash::Before), (n, Crash::After)]) {
        let crashes = Crashes::new(MemoryStore::new()).at(n, crash);
        let (runner, world) = open(crashes.clone()).await;
        let first = async { is_paused(&runner.start("f", (), Single).await.unwrap()).await };
        tokio::select! {
            () = first => {}
            () = crashes.crashed() => {}
        }
        let calls = world.calls("1");
        drop(runner);
        let (runner, world) = open(crashes.restarted()).await;
        is_paused(&runner.start("f", (), Single).await.unwrap()).await;
        assert!(
            calls + world.calls("1") <= 1,
            "{crash:?} at {n}: called twice"
        );
    }
}

/// An error that is not retryable, then a signal in the `catch` whose handler waits in the store: nothing was done.
#[tokio::test(start_paused = true)]
async fn a_refused_call_is_not_in_doubt_after_the_wait_of_a_signal() {
    let (runner, world) = open(MemoryStore::new()).await;
    let run = runner.start("f", (), Saved).await.unwrap();
    sleep(Duration::from_secs(5)).await;
    run.quit().await.unwrap();
    let end = run.end().await.expect("a `failed` state is an end");
    assert!(matches!(end, FaxEnd::Lost(_)));
    assert_eq!(world.undone(), [""; 0]);
}

/// Its notes take a while.
struct Slow {
    store: MemoryStore,
}

impl Store for Slow {
    fn commit(&self, commit: Commit) -> StoreFuture<'_, Hold> {
        self.store.commit(commit)
    }

    fn note(&self, note: Note) -> StoreFuture<'_, Hold> {
        Box::pin(async move {
            let hold = self.store.note(note).await;
            sleep(Duration::from_secs(2)).await;
            hold
        })
    }

    passed_on! { stop(run: &RunId, stop: Stop, request: Request) -> (); }
    passed_on! { @but_notes }
}

/// The signal comes between the record of the call and the call, which is not made.
#[tokio::test(start_paused = true)]
async fn a_call_that_was_recorded_and_not_made_is_not_in_doubt() {
    let store = Slow {
        store: MemoryStore::new(),
    };
    let (runner, world) = open(store).await;
    let run = runner.start("f", (), Asked).await.unwrap();
    sleep(Duration::from_secs(1)).await;
    run.quit().await.unwrap();
    let end = run.end().await.expect("a `failed` state is an end");
    assert!(matches!(end, FaxEnd::Lost(_)));
    assert_eq!((world.calls("1"), world.undone()), (0, Vec::new()));
}
