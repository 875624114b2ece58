//! Numbers and times of clauses that are in the state or in the input of a stored run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use stateway::prelude::*;
use stateway::store::{Failure, FailureKind, Store};
use stateway::{Clock, MemoryStore};
use tokio::time::{Instant, sleep};

const SECOND: Duration = Duration::from_secs(1);

workflow! {
    #[durable(version = 1)]
    #[derive(Debug, Clone, PartialEq)]
    workflow Errand {
        input { tries: u32, pause: Duration, patience: Duration }
        start Begun;
        state Paid { often: Duration, least: u32, doors: Vec<u32> };
        state Waiting { often: Duration };
        done  Over;
        failed Late;

        step pay: Begun -> Paid with retry(input.tries, every input.pause), undo(refund);
        split ring: Paid -> Waiting {
            each door in doors: u32 => u32, at most least;
            join quorum(least);
        }
        poll look every often..input.patience: Waiting -> Over;
        timer give_up after input.patience: Waiting -> Late;
    }
}

struct Office {
    pays: AtomicU32,
    /// The call of `pay` that goes well.
    paid_at: u32,
    least: u32,
    often: Duration,
    looks: AtomicU32,
    refunds: AtomicU32,
}

impl Office {
    fn new(paid_at: u32) -> Self {
        Office {
            pays: AtomicU32::new(0),
            paid_at,
            least: 2,
            often: SECOND * 10,
            looks: AtomicU32::new(0),
            refunds: AtomicU32::new(0),
        }
    }
}

impl ErrandSteps for Office {
    type Error = String;

    async fn pay(&self, _: Begun, step: &Step<Pay>) -> Result<Pay, String> {
        let pays = self.pays.fetch_add(1, Ordering::Relaxed) + 1;
        if pays < self.paid_at {
            return Err(format!("closed {pays}"));
        }
        Ok(step.to(Paid {
            often: self.often,
            least: self.least,
            doors: vec![1, 2, 3],
        }))
    }

    async fn refund(&self, _: Paid, _: &Undo<Pay>) -> Result<(), String> {
        self.refunds.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    async fn door(&self, _: &Paid, door: &u32, _: &Branch<Ring>) -> Result<u32, String> {
        Ok(*door)
    }

    async fn ring(
        &self,
        paid: Paid,
        joined: RingJoined<String>,
        step: &Step<Ring>,
    ) -> Result<Ring, String> {
        let rung = joined.iter().filter(|it| it.is_done()).count();
        assert_eq!(rung, 2);
        Ok(step.to(Waiting { often: paid.often }))
    }

    async fn look(&self, _: &Waiting, _: &Step<OnLook>) -> Result<Option<OnLook>, String> {
        self.looks.fetch_add(1, Ordering::Relaxed);
        Ok(None)
    }

    async fn give_up(&self, _: Waiting, step: &Step<OnGiveUp>) -> Result<OnGiveUp, String> {
        Ok(step.to(Late))
    }
}

async fn launch(store: &Arc<dyn Store>, office: &Arc<Office>) -> Runner<Errand> {
    let runner = Runner::<Errand>::shared(Arc::clone(office)).clock(Clock::tokio());
    runner.store(Arc::clone(store)).launch().await.unwrap()
}

fn input(tries: u32) -> ErrandInput {
    ErrandInput {
        tries,
        pause: SECOND * 20,
        patience: SECOND * 100,
    }
}

/// Runs to its end, in two processes: the first is shut down after `n` seconds.
async fn ends(office: &Arc<Office>, input: ErrandInput, first: u64) -> Result<ErrandEnd, EndError> {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let runner = launch(&store, office).await;
    runner.start("e-1", input, Begun).await.unwrap();
    sleep(Duration::from_secs(first)).await;
    runner.shut_down(SECOND).await;
    let runner = launch(&store, office).await;
    let run = runner.get("e-1").await.unwrap().unwrap();
    run.end().await
}

/// The cause that ended the run, and the whole text.
fn failure(ended: Result<ErrandEnd, EndError>) -> (Failure, String) {
    match ended {
        Err(EndError::Failed(failed)) => {
            let text = failed.to_string();
            (failed.failure.expect("it says what ended it"), text)
        }
        other => panic!("it failed: {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_retry_has_the_same_attempts_and_delays_after_a_restart() {
    for restart in [5, 25, 45] {
        let (office, begun) = (Arc::new(Office::new(9)), Instant::now());
        let (failed, _) = failure(ends(&office, input(4), restart).await);
        assert_eq!((failed.attempts, failed.message.as_str()), (4, "closed 4"));
        assert_eq!(office.pays.load(Ordering::Relaxed), 4);
        let taken = begun.elapsed().as_secs();
        assert!((60..63).contains(&taken), "{taken} seconds");
    }
}

#[tokio::test(start_paused = true)]
async fn a_timer_and_a_poll_are_due_when_their_fields_say_also_after_a_restart() {
    for restart in [5, 35, 95] {
        let (office, begun) = (Arc::new(Office::new(1)), Instant::now());
        let end = ends(&office, input(1), restart).await;
        assert_eq!(end.unwrap(), ErrandEnd::Late(Late));
        // At 0, 10, 30 and 70 seconds.
        assert_eq!(office.looks.load(Ordering::Relaxed), 4);
        let taken = begun.elapsed().as_secs();
        assert!((100..103).contains(&taken), "{taken} seconds");
        assert_eq!(office.refunds.load(Ordering::Relaxed), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_value_that_is_refused_ends_a_stored_run_and_says_so() {
    let office = Arc::new(Office::new(1));
    let (failed, text) = failure(ends(&office, input(0), 1).await);
    assert_eq!(failed.kind, FailureKind::Policy);
    assert_eq!(
        text,
        "run `e-1` of `Errand` could not begin in state `Begun` at `pay`: `retry` of `pay` reads `input.tries`, \
         which is 0: it must be from 1 to 4294967295"
    );
    assert_eq!(office.pays.load(Ordering::Relaxed), 0);
}

#[tokio::test(start_paused = true)]
async fn a_number_of_a_join_and_a_pause_that_are_refused_undo_what_was_done() {
    let mut office = Office::new(1);
    office.least = 0;
    let office = Arc::new(office);
    let (failed, _) = failure(ends(&office, input(1), 1).await);
    let transition = failed.transition.as_deref();
    assert_eq!(
        (failed.kind, transition),
        (FailureKind::Policy, Some("ring"))
    );
    assert_eq!(office.refunds.load(Ordering::Relaxed), 1);

    let mut office = Office::new(1);
    office.often = SECOND * 101;
    let office = Arc::new(office);
    let (failed, _) = failure(ends(&office, input(1), 1).await);
    let transition = failed.transition.as_deref();
    assert_eq!(
        (failed.kind, transition),
        (FailureKind::Policy, Some("look"))
    );
    assert_eq!(&*failed.state, "Waiting");
    assert_eq!(
        failed.message.as_str(),
        "`every` of `look` reads `often`, which is 1m41s: it must be at most 1m40s"
    );
    assert_eq!(office.looks.load(Ordering::Relaxed), 0);
    assert_eq!(office.refunds.load(Ordering::Relaxed), 1);
}
