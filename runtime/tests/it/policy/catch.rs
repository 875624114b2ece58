//! `catch`: what is asked when the last attempt has failed with an error.

use std::time::Duration;

use stateway::prelude::*;
use tokio::time::Instant;

use crate::support::desk::{Act, Desk, Oops};

workflow! {
    #[derive(Debug, Clone, PartialEq)]
    workflow Claim {
        start Filed { sum: u32 };
        state Held;
        done Paid;
        failed Refused;

        step hold: Filed -> Held with undo(unhold);
        step pay: Held -> Paid | Refused
            with retry(2, every 1s), timeout(5s), deadline(20s), catch(by_hand);
    }
}

impl ClaimSteps for Desk {
    type Error = Oops;

    async fn hold(&self, _: Filed, step: &Step<Hold>) -> Result<Hold, Oops> {
        Ok(step.to(Held))
    }

    async fn unhold(&self, _: Held, _: &Undo<Hold>) -> Result<(), Oops> {
        self.act("unhold").await
    }

    async fn pay(&self, _: Held, step: &Step<Pay>) -> Result<Pay, Oops> {
        self.act("pay").await?;
        Ok(step.to(Paid))
    }

    async fn by_hand(&self, _: Held, error: Oops, step: &Step<Pay>) -> Result<Pay, Oops> {
        assert_eq!(step.attempt(), if error == Oops::Final { 1 } else { 2 });
        self.act("by_hand").await?;
        Ok(if self.rejects("by_hand") {
            step.to(Refused)
        } else {
            step.to(Paid)
        })
    }

    fn retryable(&self, error: &Oops) -> bool {
        *error != Oops::Final
    }
}

async fn run(desk: &Desk) -> Result<ClaimEnd, RunError<Oops>> {
    Claim::start(Filed { sum: 3 }).run(desk).await
}

fn down() -> Desk {
    Desk::new()
        .then("pay", Act::Fail(Oops::Down))
        .then("pay", Act::Fail(Oops::Down))
}

#[tokio::test(start_paused = true)]
async fn it_is_not_asked_while_attempts_are_left() {
    let desk = Desk::new().then("pay", Act::Fail(Oops::Down));
    assert_eq!(run(&desk).await.expect("it ends"), ClaimEnd::Paid(Paid));
    assert_eq!(desk.calls(), ["pay", "pay"]);
}

#[tokio::test(start_paused = true)]
async fn it_leads_on_to_a_target_of_the_transition() {
    let desk = down();
    assert_eq!(run(&desk).await.expect("it ends"), ClaimEnd::Paid(Paid));
    assert_eq!(desk.calls(), ["pay", "pay", "by_hand"]);
}

#[tokio::test(start_paused = true)]
async fn it_is_asked_at_once_for_an_error_that_is_not_retryable() {
    let desk = Desk::new().then("pay", Act::Fail(Oops::Final));
    assert!(run(&desk).await.is_ok());
    assert_eq!(desk.calls(), ["pay", "by_hand"]);
}

#[tokio::test(start_paused = true)]
async fn it_may_lead_to_a_failed_state() {
    let desk = down().rejecting("by_hand");
    assert_eq!(
        run(&desk).await.expect("it ends"),
        ClaimEnd::Refused(Refused)
    );
    assert_eq!(desk.calls(), ["pay", "pay", "by_hand", "unhold"]);
}

#[tokio::test(start_paused = true)]
async fn its_own_error_ends_the_run() {
    let desk = down().then("by_hand", Act::Fail(Oops::Final));
    let error = run(&desk).await.expect_err("it fails");
    assert_eq!(error.cause(), &Cause::Handler(Oops::Final));
    assert_eq!(desk.calls(), ["pay", "pay", "by_hand", "unhold"]);
}

#[tokio::test(start_paused = true)]
async fn its_panic_ends_the_run() {
    let desk = down().then("by_hand", Act::Panic);
    let error = run(&desk).await.expect_err("it fails");
    assert_eq!(error.cause(), &Cause::Panic("no parcel".into()));
    assert_eq!(desk.calls(), ["pay", "pay", "by_hand", "unhold"]);
}

#[tokio::test(start_paused = true)]
async fn it_has_the_timeout_of_an_attempt() {
    let desk = down().then("by_hand", Act::Hang);
    let error = run(&desk).await.expect_err("it fails");
    assert_eq!(
        error.cause(),
        &Cause::Timeout {
            limit: Duration::from_secs(5),
            last: None
        }
    );
}

#[tokio::test(start_paused = true)]
async fn it_has_what_the_deadline_leaves() {
    let desk = Desk::new()
        .then("pay", Act::Hang)
        .then("pay", Act::Fail(Oops::Down))
        .then("by_hand", Act::Hang);
    let began = Instant::now();
    let error = run(&desk).await.expect_err("it fails");
    // 5 s, then 1 s, then the error, then 5 s.
    assert_eq!(
        error.cause(),
        &Cause::Timeout {
            limit: Duration::from_secs(5),
            last: None
        }
    );
    assert_eq!(began.elapsed(), Duration::from_secs(11));
}

#[tokio::test(start_paused = true)]
async fn a_panic_or_a_timeout_has_no_error_to_catch() {
    let panics = Desk::new().then("pay", Act::Panic).then("pay", Act::Panic);
    let error = run(&panics).await.expect_err("it fails");
    assert_eq!(error.cause(), &Cause::Panic("no parcel".into()));
    assert_eq!(panics.calls(), ["pay", "pay", "unhold"]);

    let hangs = Desk::new().then("pay", Act::Hang).then("pay", Act::Hang);
    let error = run(&hangs).await.expect_err("it fails");
    assert_eq!(
        error.cause(),
        &Cause::Timeout {
            limit: Duration::from_secs(5),
            last: None
        }
    );
    assert!(!hangs.calls().contains(&"by_hand".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_run_does_not_ask_it() {
    let desk = Desk::new().then("pay", Act::CancelAndFail(Oops::Final));
    let token = desk.token.clone();
    let run = Claim::start(Filed { sum: 3 })
        .run(&desk)
        .cancelled_by(token);
    let error = run.await.expect_err("it is cancelled");
    let last = Some(Oops::Final);
    assert_eq!(error.cause(), &Cause::Cancelled { last, join: None });
    assert_eq!(desk.calls(), ["pay", "unhold"]);
}
