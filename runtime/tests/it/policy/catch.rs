//! `catch`: what is asked when the last attempt has failed.

use std::time::Duration;

use stateway::Scope;
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

    async fn by_hand(&self, _: Held, cause: Cause<Oops>, step: &Step<Pay>) -> Result<Pay, Oops> {
        self.see(cause);
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
async fn it_gets_the_cause_of_the_last_attempt_whatever_that_is() {
    let timeout = |last| Cause::Timeout {
        limit: Duration::from_secs(5),
        last,
    };
    let down = Act::Fail(Oops::Down);
    let panicked = Cause::Panic("no parcel".into());
    for (first, second, cause) in [
        (
            down.clone(),
            Act::Fail(Oops::Final),
            Cause::Handler(Oops::Final),
        ),
        (down.clone(), Act::Panic, panicked),
        (down, Act::Hang, timeout(Some(Oops::Down))),
        (Act::Panic, Act::Hang, timeout(None)),
    ] {
        let desk = Desk::new().then("pay", first).then("pay", second);
        assert_eq!(run(&desk).await.expect("it ends"), ClaimEnd::Paid(Paid));
        assert_eq!(desk.seen(), [cause]);
        assert!(
            !desk.calls().contains(&"unhold".to_owned()),
            "nothing failed"
        );
    }
}

mod late {
    use super::*;

    workflow! {
        #[derive(Debug, Clone, PartialEq)]
        pub(super) workflow Call {
            start Ready;
            start Once;
            done Over;
            done Late;
            deadline 10s;

            step ring: Ready -> Over | Late
                with retry(5, every 2s), deadline(3s), breaker(line), catch(give_up);
            step ring_once: Once -> Over | Late with breaker(line), catch(give_up_once);
        }
    }

    pub(super) struct Phone(pub(super) Desk, pub(super) Breaker);

    impl CallSteps for Phone {
        type Error = Oops;

        async fn ring(&self, _: Ready, step: &Step<Ring>) -> Result<Ring, Oops> {
            self.0.act("ring").await?;
            Ok(step.to(Over))
        }

        async fn give_up(
            &self,
            _: Ready,
            cause: Cause<Oops>,
            step: &Step<Ring>,
        ) -> Result<Ring, Oops> {
            self.0.see(cause);
            self.0.act("give_up").await?;
            Ok(step.to(Late))
        }

        async fn ring_once(&self, _: Once, step: &Step<RingOnce>) -> Result<RingOnce, Oops> {
            self.0.act("ring_once").await?;
            Ok(step.to(Over))
        }

        async fn give_up_once(
            &self,
            _: Once,
            cause: Cause<Oops>,
            step: &Step<RingOnce>,
        ) -> Result<RingOnce, Oops> {
            self.0.see(cause);
            Ok(step.to(Late))
        }

        fn line(&self) -> &Breaker {
            &self.1
        }
    }

    pub(super) fn phone(acts: &[(&'static str, Act)]) -> Phone {
        let desk = acts
            .iter()
            .cloned()
            .fold(Desk::new(), |desk, (handler, act)| desk.then(handler, act));
        Phone(desk, Breaker::new("line").cool_down(Duration::from_mins(1)))
    }
}

use late::{Call, CallEnd, Late, Once, Ready, phone};

fn out_of_time(seconds: u64, scope: Scope, last: Option<Oops>) -> Cause<Oops> {
    Cause::Deadline {
        limit: Duration::from_secs(seconds),
        scope,
        last,
        join: None,
    }
}

#[tokio::test(start_paused = true)]
async fn it_is_asked_when_the_deadline_of_its_step_has_passed() {
    for (acts, last, after) in [
        // In the first call, in a later one, and since the next would come too late.
        (vec![("ring", Act::Hang)], None, 3),
        (
            vec![("ring", Act::Fail(Oops::Down)), ("ring", Act::Hang)],
            Some(Oops::Down),
            3,
        ),
        (
            vec![("ring", Act::Fail(Oops::Down)); 2],
            Some(Oops::Down),
            2,
        ),
    ] {
        let (phone, began) = (phone(&acts), Instant::now());
        let end = Call::start(Ready).run(&phone).await.expect("it ends");
        assert_eq!(end, CallEnd::Late(Late));
        assert_eq!(phone.0.seen(), [out_of_time(3, Scope::Transition, last)]);
        assert_eq!(began.elapsed(), Duration::from_secs(after));
    }
}

#[tokio::test(start_paused = true)]
async fn the_deadline_of_the_run_passes_without_it_and_over_it() {
    let phone = phone(&[("ring", Act::Hang), ("give_up", Act::Hang)]);
    let began = Instant::now();
    let error = Call::start(Ready).run(&phone).await.expect_err("it fails");
    assert_eq!(error.cause(), &out_of_time(10, Scope::Run, None));
    assert_eq!(
        phone.0.calls(),
        ["ring", "ring dropped", "give_up", "give_up dropped"]
    );
    assert_eq!(began.elapsed(), Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn it_is_asked_when_a_breaker_is_open() {
    let phone = phone(&[]);
    for _ in 0..100 {
        drop(phone.1.acquire());
    }
    let end = Call::start(Ready).run(&phone).await.expect("it ends");
    assert_eq!(end, CallEnd::Late(Late));
    let end = Call::start(Once).run(&phone).await.expect("it ends");
    assert_eq!(end, CallEnd::Late(Late));
    let open = Cause::BreakerOpen {
        breaker: "line",
        retry_in: Duration::from_mins(1),
        last: None,
    };
    // In the first the next attempt would be after the cool-down, and so after the deadline.
    let late = out_of_time(3, Scope::Transition, None);
    assert_eq!(phone.0.seen(), [late, open]);
    assert_eq!(phone.0.calls(), ["give_up"]);
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
    assert_eq!(desk.seen(), []);
}

mod bare {
    //! Nothing here derives `Clone`: a state without fields is made anew where others are copied.

    use super::*;

    workflow! {
        workflow Door {
            start Closed;
            state Unlocked;
            state Open { by: NotClone };
            done Passed;
            done Left;
            failed Broken;

            step unlock: Closed -> Unlocked | Left with retry(3), catch(leave);
            signal open: Unlocked -> Open with retry(2), undo(close);
            step pass: Open -> Passed | Broken;
        }
    }

    pub(crate) struct NotClone;

    #[derive(Default)]
    struct Hall {
        locks: u32,
        breaks: bool,
    }

    impl Clone for Open {
        fn clone(&self) -> Self {
            Open { by: NotClone }
        }
    }

    impl DoorSteps for Hall {
        type Error = u32;

        async fn unlock(&self, _: Closed, step: &Step<Unlock>) -> Result<Unlock, u32> {
            if step.attempt() <= self.locks {
                return Err(step.attempt());
            }
            Ok(step.to(Unlocked))
        }

        async fn leave(
            &self,
            _: Closed,
            _: Cause<u32>,
            step: &Step<Unlock>,
        ) -> Result<Unlock, u32> {
            Ok(step.to(Left))
        }

        async fn open(&self, _: Unlocked, step: &Step<OnOpen>) -> Result<OnOpen, u32> {
            if step.attempt() == 1 {
                return Err(1);
            }
            Ok(step.to(Open { by: NotClone }))
        }

        async fn close(&self, open: Open, _: &Undo<OnOpen>) -> Result<(), u32> {
            let NotClone = open.by;
            Ok(())
        }

        async fn pass(&self, _: Open, step: &Step<Pass>) -> Result<Pass, u32> {
            Ok(if self.breaks {
                step.to(Broken)
            } else {
                step.to(Passed)
            })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_state_without_fields_is_tried_again_and_caught_without_clone() {
        for (locks, breaks, end) in [
            (2, false, "passed"),
            (3, false, "left"),
            (0, true, "broken"),
        ] {
            let hall = Hall { locks, breaks };
            let mut run = Door::start(Closed).run(&hall);
            run.remote().open().await.unwrap();
            let ended = match run.await.unwrap() {
                DoorEnd::Passed(_) => "passed",
                DoorEnd::Left(_) => "left",
                DoorEnd::Broken(_) => "broken",
            };
            assert_eq!(ended, end);
        }
    }
}
