//! The deadline of a workflow of steps alone: what is made when it passes, and the rollback around it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use stateway::prelude::*;
use stateway::store::{Status, Store};
use stateway::{Cause, Clock, MemoryStore, RunId};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);

workflow! {
    #[derive(Debug, Clone, PartialEq)]
    #[durable(version = 1)]
    workflow Trip {
        start Asked { takes: u64 };
        state Booked { takes: u64 };
        done Over;
        done Late { was: String };

        deadline 30m -> Late;

        step book: Asked -> Booked with undo(unbook, retry(forever, every 20m));
        step fly: Booked -> Over;
    }
}

impl From<AnyTrip> for Late {
    fn from(trip: AnyTrip) -> Self {
        let was = trip.state().name.to_owned();
        Late { was }
    }
}

/// In the same module: each has a transition by the name of `deadline`.
mod other {
    stateway::workflow! {
        workflow One {
            start A;
            done B;
            done C;
            deadline 1h -> C;
            step go: A -> B;
        }
    }

    stateway::workflow! {
        workflow Two {
            start D;
            done E;
            done F;
            deadline 1h -> F;
            step leave: D -> E;
        }
    }
}

/// Its flights take as many minutes as the trip says, or fail at once. Unbooking fails this often.
#[derive(Default)]
struct Agency {
    failures: AtomicU32,
    unbooked: AtomicU32,
}

impl TripSteps for Agency {
    type Error = String;

    async fn book(&self, asked: Asked, step: &Step<Book>) -> Result<Book, String> {
        Ok(step.to(Booked { takes: asked.takes }))
    }

    async fn unbook(&self, _: Booked, _: &Undo<Book>) -> Result<(), String> {
        self.unbooked.fetch_add(1, Ordering::Relaxed);
        let left = self.failures.load(Ordering::Relaxed);
        self.failures
            .store(left.saturating_sub(1), Ordering::Relaxed);
        if left > 0 {
            Err("closed".into())
        } else {
            Ok(())
        }
    }

    async fn fly(&self, booked: Booked, step: &Step<Fly>) -> Result<Fly, String> {
        if booked.takes == 0 {
            return Err("fog".into());
        }
        sleep(MINUTE * u32::try_from(booked.takes).unwrap()).await;
        Ok(step.to(Over))
    }
}

fn agency(failures: u32) -> Arc<Agency> {
    Arc::new(Agency {
        failures: AtomicU32::new(failures),
        ..Agency::default()
    })
}

async fn launch(store: &Arc<dyn Store>, agency: &Arc<Agency>) -> Runner<Trip> {
    let runner = Runner::<Trip>::shared(Arc::clone(agency)).clock(Clock::tokio());
    runner.store(Arc::clone(store)).launch().await.unwrap()
}

fn store() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new())
}

#[tokio::test(start_paused = true)]
async fn a_made_state_needs_no_signals() {
    let ended = Trip::start(Asked { takes: 60 }).run(&*agency(0)).await;
    let was = "Booked".to_owned();
    assert_eq!(ended.unwrap(), TripEnd::Late(Late { was }));
}

mod fails {
    use super::*;

    workflow! {
        #[derive(Debug, Clone, PartialEq)]
        #[durable(version = 1)]
        workflow Trip {
            input { customer: u64 }
            start Asked;
            state Booked;
            done Over;
            done Late { was: String };

            deadline 30m -> Late;

            step book: Asked -> Booked with undo(unbook);
            step fly: Booked -> Over;
        }
    }

    impl From<AnyTrip> for Late {
        fn from(trip: AnyTrip) -> Self {
            unreachable!("customer {} has no late trips", trip.input().customer)
        }
    }

    #[derive(Default)]
    struct Agency(AtomicU32);

    impl TripSteps for Agency {
        type Error = String;

        async fn book(&self, _: Asked, step: &Step<Book>) -> Result<Book, String> {
            Ok(step.to(Booked))
        }

        async fn unbook(&self, _: Booked, _: &Undo<Book>) -> Result<(), String> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Ok(())
        }

        async fn fly(&self, _: Booked, step: &Step<Fly>) -> Result<Fly, String> {
            sleep(MINUTE * 60).await;
            Ok(step.to(Over))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_state_that_cannot_be_made_fails_the_run_where_it_was() {
        let agency = Agency::default();
        let run = Trip::start(TripInput { customer: 5 }, Asked).run(&agency);
        let error = run.await.unwrap_err();
        assert!(
            matches!(error.cause(), Cause::Panic(said) if said.contains("customer 5")),
            "{error:?}"
        );
        assert_eq!(
            (error.state(), error.transition()),
            ("Booked", Some("deadline"))
        );
        assert_eq!(agency.0.load(Ordering::Relaxed), 1, "it is rolled back");
    }

    #[tokio::test(start_paused = true)]
    async fn stored_it_is_failed_and_rolled_back_too() {
        let agency = Arc::new(Agency::default());
        let runner = Runner::<Trip>::shared(Arc::clone(&agency)).clock(Clock::tokio());
        let runner = runner.store(MemoryStore::new()).launch().await.unwrap();
        let input = TripInput { customer: 5 };
        let run = runner.start("t-1", input, Asked).await.unwrap();
        assert!(run.end().await.is_err());
        let info = run.info().await.unwrap();
        assert_eq!(info.status, Status::Failed, "{info:?}");
        let failure = info.failure.unwrap();
        assert_eq!(failure.state, "Booked");
        assert_eq!(failure.transition.as_deref(), Some("deadline"));
        assert_eq!(agency.0.load(Ordering::Relaxed), 1);
    }
}

/// Claimed again and again, the time of the test would stand still, and the test with it.
#[tokio::test(start_paused = true)]
async fn a_rollback_that_waits_in_the_store_has_no_deadline() {
    let (store, agency) = (store(), agency(3));
    let runner = launch(&store, &agency).await;
    let began = Instant::now();
    let run = runner.start("t-1", (), Asked { takes: 0 }).await.unwrap();
    let id = RunId::from_static("t-1");
    let epoch = async || store.get(&id).await.unwrap().unwrap().row.epoch;
    let first = epoch().await;
    let ended = timeout(MINUTE * 600, run.end()).await;
    assert!(ended.expect("it ends").is_err());
    assert_eq!(
        began.elapsed().as_secs() / 60,
        60,
        "three waits of 20 minutes"
    );
    assert!(epoch().await - first < 10, "it is claimed when it is due");
}

#[tokio::test(start_paused = true)]
async fn a_termination_ends_the_wait_of_an_undo() {
    let agency = agency(u32::MAX);
    let token = CancellationToken::new();
    let run = Trip::start(Asked { takes: 0 }).run(&*agency);
    let run = run.terminated_by(token.clone());
    let (ended, ()) = timeout(MINUTE * 600, async {
        tokio::join!(run, async {
            sleep(MINUTE * 50).await;
            token.cancel();
        })
    })
    .await
    .expect("it ends");
    let error = ended.unwrap_err();
    assert_eq!(agency.unbooked.load(Ordering::Relaxed), 3);
    assert_eq!(error.rollback().failed.len(), 1, "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn stored_a_termination_ends_the_wait_of_an_undo() {
    for patience in [SECOND, MINUTE * 60] {
        let (store, agency) = (store(), agency(u32::MAX));
        let runner = Runner::<Trip>::shared(Arc::clone(&agency)).clock(Clock::tokio());
        let runner = runner
            .wait_in_store_from(patience)
            .store(Arc::clone(&store));
        let runner = runner.launch().await.unwrap();
        let run = runner.start("t-1", (), Asked { takes: 0 }).await.unwrap();
        sleep(MINUTE * 50).await;
        runner.terminate("t-1").await.unwrap();
        let ended = timeout(MINUTE, run.end()).await;
        assert!(ended.expect("it ends").is_err());
        let info = run.info().await.unwrap();
        assert_eq!(info.status, Status::Terminated);
        assert_eq!(agency.unbooked.load(Ordering::Relaxed), 3);
    }
}

mod transient {
    use super::*;

    workflow! {
        #[derive(Debug, Clone, PartialEq)]
        #[durable(version = 1)]
        workflow Post {
            start Open;
            transient state Taken;
            done Sent;

            signal take: Open -> Taken;
            signal note(u32): Open;
            step send: Taken -> Sent with retry(4, every 1h);
        }
    }

    #[derive(Default)]
    struct Office {
        taken: AtomicU32,
        sent: AtomicU32,
    }

    impl PostSteps for Office {
        type Error = String;

        async fn take(&self, _: Open, step: &Step<OnTake>) -> Result<OnTake, String> {
            self.taken.fetch_add(1, Ordering::Relaxed);
            Ok(step.to(Taken))
        }

        async fn note(&self, _: &mut Open, _: u32, _: &Step<OnNote>) -> Result<(), String> {
            Ok(())
        }

        async fn send(&self, _: Taken, step: &Step<Send>) -> Result<Send, String> {
            match self.sent.fetch_add(1, Ordering::Relaxed) {
                3 => Ok(step.to(Sent)),
                _ => Err("closed".into()),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_retry_of_a_state_that_is_not_stored_repeats_nothing_before_it() {
        let (office, store) = (Arc::new(Office::default()), store());
        let launch = async || {
            let runner = Runner::<Post>::shared(Arc::clone(&office)).clock(Clock::tokio());
            runner.store(Arc::clone(&store)).launch().await.unwrap()
        };
        // The other is never to take it up: its holder is alive.
        let (runner, _other) = (launch().await, launch().await);
        let run = runner.start("p-1", (), Open).await.unwrap();
        run.take().await.unwrap();
        sleep(MINUTE * 90).await;
        assert_eq!(office.taken.load(Ordering::Relaxed), 1);
        assert_eq!(run.end().await.unwrap(), PostEnd::Sent(Sent));
        assert_eq!(office.taken.load(Ordering::Relaxed), 1);
        assert_eq!(office.sent.load(Ordering::Relaxed), 4);
    }
}

mod spawned {
    use std::future::pending;
    use std::sync::Mutex;
    use std::sync::mpsc::{Receiver, channel};

    use tokio::sync::Notify;

    use super::*;

    workflow! {
        #[derive(Debug, Clone, PartialEq)]
        workflow Count {
            start Begun;
            state Counted;
            done Over;
            done Late;

            deadline 20ms -> Late;

            split count as Tally: Begun -> Counted {
                branch here: u32;
                branch there: u32 with spawn;
                join all;
            }
            step end: Counted -> Over;
        }
    }

    /// One branch holds its thread, so that nobody stops it. The other tells when it is dropped, as the deadline has passed.
    struct Busy {
        holds: Mutex<Receiver<()>>,
        dropped: Arc<Notify>,
    }

    struct TellsOfDrop(Arc<Notify>);

    impl Drop for TellsOfDrop {
        fn drop(&mut self) {
            self.0.notify_one();
        }
    }

    impl CountSteps for Busy {
        type Error = String;

        async fn here(&self, _: &Begun, _: &Branch<Tally>) -> Result<u32, String> {
            let _tells = TellsOfDrop(Arc::clone(&self.dropped));
            pending().await
        }

        async fn there(&self, _: &Begun, _: &Branch<Tally>) -> Result<u32, String> {
            let _ = self.holds.lock().unwrap().recv();
            Ok(1)
        }

        async fn count(
            &self,
            _: Begun,
            _: TallyJoined,
            step: &Step<Tally>,
        ) -> Result<Tally, String> {
            Ok(step.to(Counted))
        }

        async fn end(&self, _: Counted, step: &Step<End>) -> Result<End, String> {
            Ok(step.to(Over))
        }
    }

    /// With threads and in real time, since one of them is held.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_run_that_is_terminated_as_its_deadline_waits_for_branches_goes_nowhere() {
        let (release, held) = channel();
        let dropped = Arc::new(Notify::new());
        let busy = Arc::new(Busy {
            holds: Mutex::new(held),
            dropped: Arc::clone(&dropped),
        });
        let token = CancellationToken::new();
        let run = Count::start(Begun).run(&busy);
        let run = run.terminated_by(token.clone());
        let (ended, ()) = tokio::join!(run, async {
            dropped.notified().await;
            token.cancel();
        });
        release.send(()).unwrap();
        let error = ended.unwrap_err();
        assert!(matches!(error.cause(), Cause::Terminated), "{error:?}");
    }
}
