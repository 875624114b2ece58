//! Runners of several workflows with one engine.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use stateway::prelude::*;
use stateway::store::{
    Beat, Claim, Claims, Commit, Created, Declaration, Declared, Found, Heartbeat, Hold, NewRun,
    Note, Request, Stop, Store, StoreFuture,
};
use stateway::{Clock, LaunchError, MemoryStore, RunId, Runners, StoreError};

mod sale {
    use super::*;

    workflow! {
        #[durable(version = 2)]
        #[derive(Debug, Clone, PartialEq)]
        pub(super) workflow Sale {
            start Offered { price: u32 };
            done  Sold { price: u32 };

            step sell: Offered -> Sold;
        }
    }

    pub(super) struct Till;

    impl SaleSteps for Till {
        type Error = Infallible;

        async fn sell(&self, offered: Offered, step: &Step<Sell>) -> Result<Sell, Infallible> {
            Ok(step.to(Sold {
                price: offered.price,
            }))
        }
    }
}

mod trip {
    use super::*;

    workflow! {
        #[durable(version = 1)]
        #[derive(Debug, Clone, PartialEq)]
        pub(super) workflow Trip {
            start Packed;
            done  Home;

            step go: Packed -> Home;
        }
    }

    /// Goes home when it is told to.
    #[derive(Default)]
    pub(super) struct Driver(pub(super) tokio::sync::Notify);

    impl TripSteps for Driver {
        type Error = String;

        async fn go(&self, _: Packed, step: &Step<Go>) -> Result<Go, String> {
            self.0.notified().await;
            Ok(step.to(Home))
        }
    }
}

use sale::{Offered, Sale, SaleEnd, Sold, Till};
use trip::{Driver, Home, Packed, Trip, TripEnd};

/// Counts what it is asked.
#[derive(Default)]
struct Counted {
    store: MemoryStore,
    claims: AtomicUsize,
    beats: AtomicUsize,
}

impl Store for Counted {
    fn claim(&self, claim: Claim) -> StoreFuture<'_, Claims> {
        self.claims.fetch_add(1, Ordering::Relaxed);
        self.store.claim(claim)
    }

    fn heartbeat(&self, heartbeat: Heartbeat) -> StoreFuture<'_, Vec<Beat>> {
        self.beats.fetch_add(1, Ordering::Relaxed);
        self.store.heartbeat(heartbeat)
    }

    passed_on! {
        create(run: NewRun) -> Created;
        commit(commit: Commit) -> Hold;
        note(note: Note) -> Hold;
        stop(run: &RunId, stop: Stop, request: Request) -> ();
        get(run: &RunId) -> Option<Found>;
    }
    passed_on! { @but_beats }
}

async fn launch(store: &Arc<Counted>) -> Runners {
    let runners = Runners::builder(Arc::clone(store)).clock(Clock::tokio());
    let runners = runners
        .workflow::<Sale>(Till)
        .workflow::<Trip>(Driver::default());
    runners.launch().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn each_workflow_has_its_runner() {
    let runners = launch(&Arc::default()).await;
    let sale = runners
        .of::<Sale>()
        .start("s-1", (), Offered { price: 3 })
        .await
        .unwrap();
    let trip = runners.of::<Trip>().start("t-1", (), Packed).await.unwrap();
    assert_eq!(sale.end().await.unwrap(), SaleEnd::Sold(Sold { price: 3 }));
    assert_eq!(sale.info().await.unwrap().version, 2);
    runners.of::<Trip>().cancel("t-1").await.unwrap();
    let of_sale = runners.of::<Sale>().list(Filter::default()).await.unwrap();
    assert_eq!(
        of_sale.len(),
        1,
        "a runner sees the runs of its workflow alone"
    );
    let known = runners.of::<Sale>().get("t-1").await.unwrap();
    assert!(known.is_none());
    let cancelled = runners.of::<Sale>().cancel("t-1").await;
    assert!(matches!(cancelled, Err(StoreError::NotFound { .. })));
    drop(trip);
}

#[tokio::test(start_paused = true)]
async fn a_context_may_handle_several() {
    struct Both(Driver);

    impl sale::SaleSteps for Both {
        type Error = Infallible;

        async fn sell(
            &self,
            it: Offered,
            step: &Step<sale::Sell>,
        ) -> Result<sale::Sell, Infallible> {
            Ok(step.to(Sold { price: it.price }))
        }
    }

    impl trip::TripSteps for Both {
        type Error = String;

        async fn go(&self, _: Packed, step: &Step<trip::Go>) -> Result<trip::Go, String> {
            self.0.0.notified().await;
            Ok(step.to(Home))
        }
    }

    let both = Arc::new(Both(Driver::default()));
    let runners = Runners::builder(MemoryStore::new())
        .workflow_shared::<Sale>(Arc::clone(&both))
        .workflow_shared::<Trip>(Arc::clone(&both));
    let runners = runners.launch().await.unwrap();
    let trip = runners.of::<Trip>().start("t-1", (), Packed).await.unwrap();
    both.0.0.notify_one();
    assert_eq!(trip.end().await.unwrap(), TripEnd::Home(Home));
}

#[tokio::test(start_paused = true)]
async fn they_claim_together_and_share_a_heartbeat() {
    let store = Arc::<Counted>::default();
    let runners = launch(&store).await;
    for number in 0..10 {
        let trips = runners.of::<Trip>();
        trips
            .start(format!("t-{number}"), (), Packed)
            .await
            .unwrap();
    }
    // Of both workflows some come from another process, which has no time for them.
    let clock = Clock::tokio();
    for (id, workflow, version, state, payload) in [
        ("s-1", "Sale", 2, "Offered", &br#"{"price":1}"#[..]),
        ("t-x", "Trip", 1, "Packed", b"null"),
    ] {
        let new = NewRun {
            input: b"null".to_vec(),
            payload: payload.to_vec(),
            ..NewRun::new(
                RunId::from_static(id),
                workflow,
                version,
                state,
                clock.now(),
            )
        };
        store.create(new).await.unwrap();
    }
    let before = (
        store.claims.load(Ordering::Relaxed),
        store.beats.load(Ordering::Relaxed),
    );
    tokio::time::sleep(Duration::from_mins(1)).await;
    let claims = store.claims.load(Ordering::Relaxed) - before.0;
    let beats = store.beats.load(Ordering::Relaxed) - before.1;
    // One a second, and one more that has found something.
    assert!((59..=62).contains(&claims), "{claims}");
    assert!((5..=6).contains(&beats), "{beats}");
    let sale = runners.of::<Sale>().get("s-1").await.unwrap().unwrap();
    assert!(sale.end().await.is_ok());
    let trip = store
        .get(&RunId::from_static("t-x"))
        .await
        .unwrap()
        .unwrap();
    let began = u64::try_from(
        trip.row
            .started
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap()
            .as_micros(),
    )
    .unwrap();
    assert_eq!(trip.row.epoch, began + 1, "it was claimed");
}

/// Workflows of one shape under names of their own, and a builder that has them all.
macro_rules! jobs {
    ($($module:ident $name:tt)*) => {
        $(mod $module {
            use super::*;

            workflow! {
                #[durable(version = 1, name = $name)]
                pub(super) workflow Job {
                    start Asked;
                    done  Made;

                    step make: Asked -> Made;
                }
            }

            impl JobSteps for Till {
                type Error = Infallible;

                async fn make(&self, _: Asked, step: &Step<Make>) -> Result<Make, Infallible> {
                    Ok(step.to(Made))
                }
            }
        })*

        async fn launch_all(store: &Arc<Counted>) -> Runners {
            let runners = Runners::builder(Arc::clone(store)).clock(Clock::tokio());
            $(let runners = runners.workflow::<$module::Job>(Till);)*
            runners.launch().await.unwrap()
        }
    };
}

jobs! {
    job1 "job-1" job2 "job-2" job3 "job-3" job4 "job-4" job5 "job-5" job6 "job-6" job7 "job-7"
    job8 "job-8" job9 "job-9" job10 "job-10" job11 "job-11" job12 "job-12" job13 "job-13"
    job14 "job-14" job15 "job-15" job16 "job-16" job17 "job-17" job18 "job-18" job19 "job-19"
    job20 "job-20"
}

#[tokio::test(start_paused = true)]
async fn fifty_processes_of_twenty_workflows_claim_once_a_second_each() {
    let store = Arc::<Counted>::default();
    let mut fleet = Vec::new();
    for _ in 0..50 {
        fleet.push(launch_all(&store).await);
    }
    let before = store.claims.load(Ordering::Relaxed);
    tokio::time::sleep(Duration::from_mins(1)).await;
    let claims = store.claims.load(Ordering::Relaxed) - before;
    assert!((50 * 59..=50 * 61).contains(&claims), "{claims}");
    let beats = store.beats.load(Ordering::Relaxed);
    assert_eq!(beats, 0, "who holds no run has nothing to tell");
}

#[tokio::test(start_paused = true)]
async fn a_runner_outlives_the_runners_that_it_is_of() {
    let runners = launch(&Arc::default()).await;
    let sales = runners.of::<Sale>();
    drop(runners);
    let sale = sales.start("s-1", (), Offered { price: 3 }).await.unwrap();
    assert!(sale.end().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn where_one_name_is_anothers_nothing_is_launched() {
    let store = Arc::<Counted>::default();
    let taken = Declaration {
        workflow: "Trip".to_owned(),
        package: "travel".to_owned(),
        path: "travel::Trip",
        adopts: false,
    };
    assert_eq!(store.declare(taken).await.unwrap(), Declared::Granted);
    let runners = Runners::builder(Arc::clone(&store)).workflow::<Sale>(Till);
    let runners = runners.workflow::<Trip>(Driver::default()).adopt::<Trip>();
    let refused = runners.launch().await.unwrap_err();
    assert!(
        matches!(refused, LaunchError::OtherWorkflow { .. }),
        "{refused}"
    );
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(store.claims.load(Ordering::Relaxed), 0);
}

#[tokio::test(start_paused = true)]
#[should_panic(
    expected = "`Trip` is none of the workflows that were launched: add it by `.workflow::<Trip>(..)`"
)]
async fn there_is_no_runner_of_a_workflow_that_was_not_added() {
    let runners = Runners::builder(MemoryStore::new()).workflow::<Sale>(Till);
    drop(runners.launch().await.unwrap().of::<Trip>());
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "the runs of two workflows are stored as `Sale`")]
async fn a_workflow_is_added_once() {
    let runners = Runners::builder(MemoryStore::new()).workflow::<Sale>(Till);
    drop(runners.workflow::<Sale>(Till));
}
