//! A store that answers slowly, or a process that is frozen meanwhile: the times of a run are those of the clock all the same.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use stateway::store::{
    Claim, Claims, Commit, Created, Event, Found, Hold, NewRun, Note, Request, Stop, Store,
    StoreFuture,
};
use stateway::{Clock, MemoryStore, RunId, Runner};

use crate::support::shop::*;

/// The store has done what it was asked for, and its answer takes this long.
const DELAY: Duration = Duration::from_secs(3);

#[derive(PartialEq)]
enum At {
    Create,
    Claim,
    /// It has a claim only after that time, and answers at once.
    BeforeClaim,
    Transition,
}

struct Slow {
    store: MemoryStore,
    at: At,
}

impl Slow {
    fn at(at: At) -> Self {
        let store = MemoryStore::new();
        Slow { store, at }
    }
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
        Box::pin(delayed(self.at == At::Create, self.store.create(run)))
    }

    fn claim(&self, claim: Claim) -> StoreFuture<'_, Claims> {
        Box::pin(async move {
            if self.at == At::BeforeClaim {
                tokio::time::sleep(DELAY).await;
            }
            let claims = self.store.claim(claim).await?;
            if self.at == At::Claim && !claims.taken.is_empty() {
                tokio::time::sleep(DELAY).await;
            }
            Ok(claims)
        })
    }

    fn commit(&self, commit: Commit) -> StoreFuture<'_, Hold> {
        let enters = matches!(commit.event, Event::Transition { .. });
        Box::pin(delayed(
            self.at == At::Transition && enters,
            self.store.commit(commit),
        ))
    }

    passed_on! {
        note(note: Note) -> Hold;
        stop(run: &RunId, stop: Stop, request: Request) -> ();
        get(run: &RunId) -> Option<Found>;
    }
    passed_on! { @but_creates }
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
    let ended = Clock::tokio().now().duration_since(began).unwrap();
    let history = runner.history("o-1").await.unwrap();
    let failed = history.iter().find(|row| row.failure.is_some());
    let failed = failed.unwrap().at.duration_since(began).unwrap();
    assert_eq!(failed.as_millis(), ended.as_millis(), "it ended at once");
    failed
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_started_slowly_has_the_time_of_the_clock() {
    let store = Slow::at(At::Create);
    assert_eq!(fails_after(store, "reserve", Duration::ZERO).await, DELAY);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_claimed_slowly_has_the_time_of_the_clock() {
    let store = Slow::at(At::Claim);
    let failed = fails_after(store, "reserve", DELAY * 2).await;
    assert_eq!(failed, DELAY * 3);
}

#[tokio::test(start_paused = true)]
async fn the_time_that_a_claim_waits_for_the_store_is_counted_once() {
    let store = Slow::at(At::BeforeClaim);
    let failed = fails_after(store, "reserve", DELAY * 2).await;
    assert!((DELAY * 2..=DELAY * 4).contains(&failed), "{failed:?}");
}

#[tokio::test(start_paused = true)]
async fn a_transition_that_is_recorded_slowly_takes_nothing_from_the_times_behind_it() {
    let store = Slow::at(At::Transition);
    let failed = fails_after(store, "ship", Duration::ZERO).await;
    assert_eq!(failed, DELAY * 2);
}
