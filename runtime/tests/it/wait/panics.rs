//! States that panic as they are copied or dropped, where a signal interrupts them or the deadline leads on.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use stateway::prelude::*;

/// True if the next copy panics.
static COPY: AtomicBool = AtomicBool::new(false);

/// Panics as it is dropped, if it is armed.
#[derive(Debug)]
struct Touchy {
    is_armed: bool,
}

impl Clone for Touchy {
    fn clone(&self) -> Self {
        assert!(!COPY.swap(false, Ordering::Relaxed), "not now");
        Touchy { is_armed: false }
    }
}

impl Drop for Touchy {
    fn drop(&mut self) {
        assert!(!self.is_armed || std::thread::panicking(), "it is dropped");
    }
}

workflow! {
    #[derive(Debug, Clone)]
    workflow Parcel {
        start Waits { touchy: Touchy };
        start Moves { touchy: Touchy };
        start Tried { touchy: Touchy };
        state Overdue;
        done Arrived;

        deadline 30m -> Overdue;

        signal take: Waits -> Arrived;
        step carry: Moves -> Arrived;
        step hurry: Tried -> Arrived with retry(3);
        signal halt interrupts Moves -> Overdue;
        step find: Overdue -> Arrived;
    }
}

struct Depot;

impl ParcelSteps for Depot {
    type Error = String;

    async fn take(&self, waits: Waits, step: &Step<OnTake>) -> Result<OnTake, String> {
        drop(waits.touchy);
        Ok(step.to(Arrived))
    }

    async fn carry(&self, moves: Moves, step: &Step<Carry>) -> Result<Carry, String> {
        drop(moves.touchy);
        Ok(step.to(Arrived))
    }

    async fn hurry(&self, tried: Tried, step: &Step<Hurry>) -> Result<Hurry, String> {
        drop(tried.touchy);
        tokio::time::sleep(Duration::from_hours(1)).await;
        Ok(step.to(Arrived))
    }

    async fn halt(&self, _: Moves, step: &Step<OnHalt>) -> Result<OnHalt, String> {
        Ok(step.to(Overdue))
    }

    async fn find(&self, _: Overdue, step: &Step<Find>) -> Result<Find, String> {
        Ok(step.to(Arrived))
    }
}

#[tokio::test(start_paused = true)]
async fn a_state_that_panics_as_it_goes_keeps_no_run_from_where_its_deadline_leads() {
    let touchy = Touchy { is_armed: true };
    let mut run = Parcel::start(Waits { touchy }).run(&Depot);
    let _remote = run.remote();
    assert!(matches!(run.await, Ok(ParcelEnd::Arrived(_))));
}

#[tokio::test(start_paused = true)]
async fn nor_does_one_that_is_kept_for_the_next_attempt() {
    let touchy = Touchy { is_armed: true };
    let run = Parcel::start(Tried { touchy }).run(&Depot);
    assert!(matches!(run.await, Ok(ParcelEnd::Arrived(_))));
}

#[tokio::test(start_paused = true)]
async fn a_state_whose_copy_panics_is_interrupted_by_nothing() {
    COPY.store(true, Ordering::Relaxed);
    let touchy = Touchy { is_armed: false };
    let mut run = Parcel::start(Moves { touchy }).run(&Depot);
    let remote = run.remote();
    let late = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        remote.halt().await
    };
    let (end, _) = tokio::join!(run, late);
    assert!(matches!(end, Ok(ParcelEnd::Arrived(_))));
    assert!(!COPY.load(Ordering::Relaxed), "it was copied");
}
