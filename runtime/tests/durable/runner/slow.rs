//! A store that answers slowly, or a process that is frozen meanwhile: the times of a run are those of the clock all the same.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use stateway::store::{
    Beat, Claim, Claims, Commit, Created, Declaration, Declared, Delivery, Event, Filter, Found,
    Heartbeat, HistoryRow, Hold, NewRun, Note, Purge, Release, Request, RunRow, Sent, Stop, Store,
    StoreFuture,
};
use stateway::{Clock, MemoryStore, RunId, Runner};

use crate::support::shop::*;

/// The store has done what it was asked for, and its answer takes this long.
const DELAY: Duration = Duration::from_secs(3);

#[derive(Default)]
struct Slow {
    store: MemoryStore,
    creates: bool,
    claims: bool,
    commits: bool,
}

async fn delayed<T>(is_slow: bool, answer: StoreFuture<'_, T>) -> Result<T, stateway::StoreError> {
    let answer = answer.await;
    if is_slow {
        tokio::time::sleep(DELAY).await;
    }
    answer
}

impl Store for Slow {
    fn create(&self, run: NewRun) -> StoreFuture<'_, Created> {
        Box::pin(delayed(self.creates, self.store.create(run)))
    }

    fn claim(&self, claim: Claim) -> StoreFuture<'_, Claims> {
        Box::pin(async move {
            let claims = self.store.claim(claim).await?;
            if self.claims && !claims.taken.is_empty() {
                tokio::time::sleep(DELAY).await;
            }
            Ok(claims)
        })
    }

    fn commit(&self, commit: Commit) -> StoreFuture<'_, Hold> {
        let enters = matches!(commit.event, Event::Transition { .. });
        Box::pin(delayed(self.commits && enters, self.store.commit(commit)))
    }

    passed_on! {
        declare(declaration: Declaration) -> Declared;
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
        log(run: &RunId, from: u64, limit: usize) -> Vec<stateway::store::LogRow>;
        message(run: &RunId, id: &str) -> Option<stateway::store::MessageState>;
        inbox(run: &RunId) -> Vec<stateway::store::Message>;
        undoable(run: &RunId, limit: usize) -> Vec<HistoryRow>;
        purge(purge: Purge) -> u64;
    }
}

async fn launch(store: Slow, shop: &Shop) -> Runner<Order> {
    let runner = Runner::<Order>::builder(shop.clone()).clock(Clock::tokio());
    runner.store(Arc::new(store)).launch().await.unwrap()
}

/// The time after its begin at which a run is known to have failed, whose handler `failing` fails at once.
async fn fails_after(store: Slow, failing: &str, start: Duration) -> Duration {
    let shop = Shop::new();
    let began: SystemTime = Clock::tokio().now();
    let runner = launch(store, &shop).await;
    shop.tell(failing, &[Act::Fail]);
    let start = runner.start("o-1", input(), Placed).at(began + start);
    let run = start.await.unwrap();
    assert!(run.end().await.is_err());
    let history = runner.history("o-1").await.unwrap();
    let failed = history.iter().find(|row| row.failure.is_some());
    failed.unwrap().at.duration_since(began).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_started_slowly_has_the_time_of_the_clock() {
    let store = Slow {
        creates: true,
        ..Slow::default()
    };
    assert_eq!(fails_after(store, "reserve", Duration::ZERO).await, DELAY);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_claimed_slowly_has_the_time_of_the_clock() {
    let store = Slow {
        claims: true,
        ..Slow::default()
    };
    let failed = fails_after(store, "reserve", DELAY * 2).await;
    assert_eq!(failed, DELAY * 3);
}

#[tokio::test(start_paused = true)]
async fn a_transition_that_is_recorded_slowly_takes_nothing_from_the_times_behind_it() {
    let store = Slow {
        commits: true,
        ..Slow::default()
    };
    let failed = fails_after(store, "ship", Duration::ZERO).await;
    assert_eq!(failed, DELAY * 2);
}
