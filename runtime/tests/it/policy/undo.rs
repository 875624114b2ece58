//! The clauses of an `undo`, and the arguments of its handler.

use std::sync::Mutex;
use std::time::Duration;

use stateway::prelude::*;
use stateway::{Key, RunId};
use tokio::time::Instant;

use crate::support::desk::{Act, Desk, Oops};

workflow! {
    #[derive(Clone)]
    workflow Trip {
        input { traveller: &'static str }

        start Planned;
        state Flown { leg: u32 };
        state Railed { leg: u32 };
        state Lodged;
        done Home;
        failed Stranded;

        step travel: Planned -> Flown | Railed | Stranded
            with undo(Flown => fly_back, Railed => ride_back, retry(3, every 1s), timeout(5s));
        step lodge: Flown -> Lodged with undo(check_out);
        step camp: Railed -> Lodged with undo(strike_tents);
        step leave: Lodged -> Home;
    }
}

/// The calls that the handlers saw.
#[derive(Default)]
struct Agency {
    desk: Desk,
    by_rail: bool,
    /// True if `retryable` panics.
    judges_badly: bool,
    seen: Mutex<Vec<(Key, RunId, u32)>>,
}

impl Agency {
    fn see(&self, key: Key, run: &RunId, attempt: u32) {
        let mut seen = self.seen.lock().expect("no handler holds it");
        seen.push((key, run.clone(), attempt));
    }
}

impl TripSteps for Agency {
    type Error = Oops;

    async fn travel(&self, _: Planned, step: &Step<Travel>) -> Result<Travel, Oops> {
        self.see(step.key(), step.run_id(), step.attempt());
        self.desk.act("travel").await?;
        Ok(if self.by_rail {
            step.to(Railed { leg: 2 })
        } else {
            step.to(Flown { leg: 1 })
        })
    }

    async fn fly_back(&self, flown: Flown, step: &Undo<Travel>) -> Result<(), Oops> {
        assert_eq!((flown.leg, step.input().traveller), (1, "Ada"));
        self.see(step.key(), step.run_id(), step.attempt());
        assert_eq!(step.done(), self.seen.lock().expect("free")[0].0);
        self.desk.act("fly_back").await
    }

    async fn ride_back(&self, railed: Railed, _: &Undo<Travel>) -> Result<(), Oops> {
        assert_eq!(railed.leg, 2);
        self.desk.act("ride_back").await
    }

    async fn lodge(&self, _: Flown, step: &Step<Lodge>) -> Result<Lodge, Oops> {
        self.desk.act("lodge").await?;
        Ok(step.to(Lodged))
    }

    async fn check_out(&self, _: Lodged, _: &Undo<Lodge>) -> Result<(), Oops> {
        self.desk.act("check_out").await
    }

    async fn camp(&self, _: Railed, step: &Step<Camp>) -> Result<Camp, Oops> {
        self.desk.act("camp").await?;
        Ok(step.to(Lodged))
    }

    async fn strike_tents(&self, _: Lodged, _: &Undo<Camp>) -> Result<(), Oops> {
        self.desk.act("strike_tents").await
    }

    async fn leave(&self, _: Lodged, step: &Step<Leave>) -> Result<Leave, Oops> {
        self.desk.act("leave").await?;
        Ok(step.to(Home))
    }

    fn retryable(&self, error: &Oops) -> bool {
        assert!(!self.judges_badly, "judged badly");
        *error != Oops::Final
    }
}

async fn fail(agency: &Agency) -> RunError<Oops> {
    let input = TripInput { traveller: "Ada" };
    let run = Trip::start(input, Planned).run(agency);
    run.await.map(drop).expect_err("the trip fails")
}

fn agency(desk: Desk) -> Agency {
    Agency {
        desk: desk.then("leave", Act::Fail(Oops::Down)),
        ..Agency::default()
    }
}

#[tokio::test(start_paused = true)]
async fn each_target_of_a_transition_is_undone_by_its_own_handler() {
    let agency = Agency {
        by_rail: true,
        ..agency(Desk::new())
    };
    fail(&agency).await;
    // Also, two transitions to one state: the one that was taken is undone (Cano's D6).
    assert_eq!(
        agency.desk.calls(),
        ["travel", "camp", "leave", "strike_tents", "ride_back"]
    );
}

#[tokio::test(start_paused = true)]
async fn an_undo_is_tried_again_as_its_own_retry_says() {
    let desk = Desk::new()
        .then("fly_back", Act::Fail(Oops::Down))
        .then("fly_back", Act::Panic);
    let agency = agency(desk);
    let began = Instant::now();
    let error = fail(&agency).await;
    assert!(error.rollback().is_complete());
    assert_eq!(
        agency.desk.calls(),
        [
            "travel",
            "lodge",
            "leave",
            "check_out",
            "fly_back",
            "fly_back",
            "fly_back"
        ]
    );
    assert_eq!(began.elapsed(), Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn an_undo_that_is_not_retryable_is_tried_once() {
    let agency = agency(Desk::new().then("fly_back", Act::Fail(Oops::Final)));
    let error = fail(&agency).await;
    assert_eq!(error.rollback().failed[0].attempts, 1);
}

#[tokio::test(start_paused = true)]
async fn an_undo_that_hangs_times_out_and_the_report_says_so() {
    let hangs = Desk::new()
        .then("fly_back", Act::Hang)
        .then("fly_back", Act::Hang)
        .then("fly_back", Act::Hang);
    let agency = agency(hangs);
    let began = Instant::now();
    let error = fail(&agency).await;
    let failed = &error.rollback().failed[0];
    assert_eq!(
        failed.cause,
        Cause::Timeout {
            limit: Duration::from_secs(5),
            last: None
        }
    );
    assert_eq!(
        failed.to_string(),
        "undo `fly_back` of `travel` timed out after 3 attempts: an attempt may take 5s"
    );
    assert_eq!(began.elapsed(), Duration::from_secs(5 + 1 + 5 + 1 + 5));
}

#[tokio::test(start_paused = true)]
async fn an_undo_without_retry_is_called_once() {
    let agency = agency(Desk::new().then("check_out", Act::Fail(Oops::Down)));
    let error = fail(&agency).await;
    assert_eq!(
        error.rollback().to_string(),
        "undone: `travel`; not undone: `lodge`"
    );
    assert_eq!(
        agency.desk.calls(),
        ["travel", "lodge", "leave", "check_out", "fly_back"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_run_still_waits_between_the_attempts_of_an_undo() {
    let desk = Desk::new()
        .then("lodge", Act::Cancel)
        .then("fly_back", Act::Fail(Oops::Down));
    let agency = agency(desk);
    let token = agency.desk.token.clone();
    let input = TripInput { traveller: "Ada" };
    let run = Trip::start(input, Planned).run(&agency).cancelled_by(token);
    let error = run.await.map(drop).expect_err("it is cancelled");
    assert!(error.rollback().is_complete());
    assert_eq!(
        agency.desk.calls(),
        ["travel", "lodge", "check_out", "fly_back", "fly_back"]
    );
}

#[tokio::test(start_paused = true)]
async fn an_undo_has_one_key_for_all_its_attempts_and_another_than_what_it_undoes() {
    let agency = agency(Desk::new().then("fly_back", Act::Fail(Oops::Down)));
    let error = fail(&agency).await;
    let seen = agency.seen.into_inner().expect("no handler holds it");
    let attempts: Vec<u32> = seen.iter().map(|(_, _, attempt)| *attempt).collect();
    assert_eq!(attempts, [1, 1, 2]);
    assert!(seen.iter().all(|(_, run, _)| run == error.run_id()));
    assert_eq!(seen[1].0, seen[2].0);
    assert_ne!(seen[0].0, seen[1].0);
    assert_eq!(seen[1].0.to_string(), format!("{}/undo", seen[0].0));
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_retryable_loses_neither_the_error_nor_the_state() {
    let agency = Agency {
        judges_badly: true,
        ..agency(Desk::new().then("fly_back", Act::Fail(Oops::Down)))
    };
    let failed = fail(&agency).await.into_rollback().failed.pop();
    let failed = failed.expect("it was not undone");
    assert_eq!(failed.cause, Cause::Handler(Oops::Down));
    assert!(failed.into_state::<Flown>().is_some());
}

/// Panics when it is copied for the first time.
#[derive(Debug)]
struct Brittle {
    copied: std::sync::Arc<std::sync::atomic::AtomicBool>,
}

impl Clone for Brittle {
    fn clone(&self) -> Self {
        let was = self.copied.swap(true, std::sync::atomic::Ordering::Relaxed);
        assert!(was, "it broke");
        Brittle {
            copied: self.copied.clone(),
        }
    }
}

workflow! {
    #[derive(Clone)]
    workflow Vase {
        start Clay;
        state Fired { vase: Brittle };
        done Sold;
        step fire: Clay -> Fired with undo(crush);
        step sell: Fired -> Sold;
    }
}

impl VaseSteps for Desk {
    type Error = Oops;

    async fn fire(&self, _: Clay, step: &Step<Fire>) -> Result<Fire, Oops> {
        self.act("fire").await?;
        let copied = std::sync::Arc::default();
        Ok(step.to(Fired {
            vase: Brittle { copied },
        }))
    }

    async fn crush(&self, fired: Fired, _: &Undo<Fire>) -> Result<(), Oops> {
        assert!(fired.vase.copied.load(std::sync::atomic::Ordering::Relaxed));
        self.act("crush").await
    }

    async fn sell(&self, _: Fired, step: &Step<Sell>) -> Result<Sell, Oops> {
        self.act("sell").await?;
        Ok(step.to(Sold))
    }
}

#[tokio::test(start_paused = true)]
async fn a_transition_whose_state_could_not_be_copied_is_undone_as_well() {
    let desk = Desk::new();
    let run = Vase::start(Clay).run(&desk).await;
    let error = run.map(drop).expect_err("its `Clone` panics");
    assert_eq!(error.cause(), &Cause::Panic("it broke".into()));
    assert_eq!(desk.calls(), ["fire", "crush"]);
    assert!(error.rollback().is_complete());
}
