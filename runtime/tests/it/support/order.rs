//! The order that the table of policies is shown by, and how a run of it failed.

use std::time::Duration;

use stateway::prelude::*;

use super::desk::{Desk, Oops};

workflow! {
    #[derive(Debug, Clone, PartialEq)]
    pub(crate) workflow Order {
        start Placed;
        state Reserved { hold: u32 };
        state Charged { payment: u32 };
        done Shipped;
        failed Rejected;

        step reserve: Placed -> Reserved
            with undo(release);
        step charge: Reserved -> Charged | Rejected
            with retry(3, every 1s), timeout(10s), deadline(20s), undo(refund);
        step ship: Charged -> Shipped | Rejected;
    }
}

impl OrderSteps for Desk {
    type Error = Oops;

    async fn reserve(&self, _: Placed, step: &Step<Reserve>) -> Result<Reserve, Oops> {
        self.act("reserve").await?;
        Ok(step.to(Reserved { hold: 7 }))
    }

    async fn release(&self, reserved: Reserved, _: &Undo<Reserve>) -> Result<(), Oops> {
        assert_eq!(reserved.hold, 7);
        self.act("release").await
    }

    async fn charge(&self, _: Reserved, step: &Step<Charge>) -> Result<Charge, Oops> {
        self.act("charge").await?;
        Ok(if self.rejects("charge") {
            step.to(Rejected)
        } else {
            step.to(Charged { payment: 9 })
        })
    }

    async fn refund(&self, charged: Charged, _: &Undo<Charge>) -> Result<(), Oops> {
        assert_eq!(charged.payment, 9);
        self.act("refund").await
    }

    async fn ship(&self, _: Charged, step: &Step<Ship>) -> Result<Ship, Oops> {
        self.act("ship").await?;
        Ok(if self.rejects("ship") {
            step.to(Rejected)
        } else {
            step.to(Shipped)
        })
    }

    fn retryable(&self, error: &Oops) -> bool {
        *error != Oops::Final
    }

    fn retry_after(&self, error: &Oops) -> Option<Duration> {
        match error {
            Oops::Busy { seconds } => Some(Duration::from_secs(*seconds)),
            _ => None,
        }
    }
}

pub(crate) type Outcome = Result<OrderEnd, RunError<Oops>>;

pub(crate) async fn run(desk: &Desk) -> Outcome {
    Order::start(Placed).run(desk).await
}

/// Checks where a run failed, why, and after how many attempts.
#[track_caller]
pub(crate) fn assert_failed(
    outcome: Outcome,
    state: &str,
    transition: Option<&str>,
    attempts: u32,
    cause: &Cause<Oops>,
) -> RunError<Oops> {
    let error = outcome.expect_err("the run fails");
    assert_eq!(error.cause(), cause);
    assert_eq!(
        (error.state(), error.transition(), error.attempts()),
        (state, transition, attempts)
    );
    error
}
