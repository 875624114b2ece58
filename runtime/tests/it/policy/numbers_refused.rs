//! Values that a clause reads and cannot take: the handler is not called, and `catch` or `else` decides.

use std::time::Duration;

use stateway::prelude::*;
use stateway::{PolicyError, PolicyValue};
use tokio::time::Instant;

use super::numbers::Desk;

const SECOND: Duration = Duration::from_secs(1);

workflow! {
    #[derive(Debug, Clone, PartialEq)]
    workflow Order {
        input { tries: u64, limit: Duration }

        start  Asked { low: Duration, high: Duration };
        state  Charged { pause: Duration };
        state  Packed { patience: Duration };
        done   Sent;
        done   GivenUp;
        failed Refused;

        step charge: Asked -> Charged with retry(input.tries, backoff low..high), timeout(input.limit), undo(refund, retry(2, every pause));
        step pack: Charged -> Packed | GivenUp with retry(3, every pause), catch(late);
        step send: Packed -> Sent | Refused with deadline(patience), else Refused;
    }
}

impl OrderSteps for Desk {
    type Error = &'static str;

    async fn charge(&self, asked: Asked, step: &Step<Charge>) -> Result<Charge, &'static str> {
        self.acts("charge").await?;
        Ok(step.to(Charged { pause: asked.high }))
    }

    async fn refund(&self, _: Charged, _: &Undo<Charge>) -> Result<(), &'static str> {
        self.acts("refund").await
    }

    async fn pack(&self, _: Charged, step: &Step<Pack>) -> Result<Pack, &'static str> {
        self.acts("pack").await?;
        let patience = Duration::ZERO;
        Ok(step.to(Packed { patience }))
    }

    async fn late(
        &self,
        _: Charged,
        cause: Cause<&'static str>,
        step: &Step<Pack>,
    ) -> Result<Pack, &'static str> {
        self.acts("late").await?;
        let Cause::Policy(error) = cause else {
            panic!("{cause}");
        };
        assert_eq!(
            (error.clause, error.of, error.field),
            ("retry", "pack", "pause")
        );
        assert_eq!(step.attempt(), 0);
        Ok(step.to(GivenUp))
    }

    async fn send(&self, _: Packed, step: &Step<Send>) -> Result<Send, &'static str> {
        self.acts("send").await?;
        Ok(step.to(Sent))
    }
}

/// A run with these numbers, each of which would do.
struct Given {
    tries: u64,
    limit: Duration,
    low: Duration,
    high: Duration,
}

const GOOD: Given = Given {
    tries: 2,
    limit: SECOND,
    low: SECOND,
    high: SECOND,
};

impl Given {
    async fn run(self, desk: &Desk) -> Result<OrderEnd, RunError<&'static str>> {
        let Given {
            tries,
            limit,
            low,
            high,
        } = self;
        let input = OrderInput { tries, limit };
        Order::start(input, Asked { low, high }).run(desk).await
    }

    /// The value that was refused, and the text of the error.
    async fn refused(self) -> (PolicyError, String) {
        let desk = Desk {
            fails: &["charge"],
            ..Desk::default()
        };
        let begun = Instant::now();
        let error = self.run(&desk).await.expect_err("it is refused");
        // Nothing is called, and nothing is waited for.
        assert_eq!((desk.count("charge"), error.attempts()), (0, 0));
        assert_eq!(begun.elapsed(), Duration::ZERO);
        assert_eq!(
            (error.state(), error.transition()),
            ("Asked", Some("charge"))
        );
        let text = error.to_string();
        match error.into_cause() {
            Cause::Policy(refused) => (*refused, text),
            other => panic!("{other}"),
        }
    }
}

async fn check(given: Given, field: &str, value: PolicyValue, text: &str) {
    let (refused, said) = given.refused().await;
    assert_eq!((refused.field, refused.value), (field, value));
    let said = said.strip_prefix("step `charge` could not begin in state `Asked` of `Order`: ");
    assert_eq!(said, Some(text));
}

#[tokio::test(start_paused = true)]
async fn a_value_that_would_not_compile_if_it_were_written_out_is_refused() {
    let zero = Duration::ZERO;
    check(
        Given { tries: 0, ..GOOD },
        "input.tries",
        PolicyValue::Number(0),
        "`retry` of `charge` reads `input.tries`, which is 0: it must be from 1 to 4294967295",
    )
    .await;
    check(
        Given {
            tries: 1 << 40,
            ..GOOD
        },
        "input.tries",
        PolicyValue::Number(1 << 40),
        "`retry` of `charge` reads `input.tries`, which is 1099511627776: it must be from 1 to 4294967295",
    )
    .await;
    check(
        Given {
            limit: zero,
            ..GOOD
        },
        "input.limit",
        PolicyValue::Time(zero),
        "`timeout` of `charge` reads `input.limit`, which is 0s: it must be longer than 0s",
    )
    .await;
    check(
        Given { low: zero, ..GOOD },
        "low",
        PolicyValue::Time(zero),
        "`retry` of `charge` reads `low`, which is 0s: it must be longer than 0s",
    )
    .await;
    check(
        Given {
            low: SECOND * 90,
            ..GOOD
        },
        "low",
        PolicyValue::Time(SECOND * 90),
        "`retry` of `charge` reads `low`, which is 1m30s: it must be at most 1s",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn catch_is_asked_about_a_value_that_is_refused() {
    let desk = Desk::default();
    let given = Given {
        low: SECOND,
        ..GOOD
    };
    // The `pause` of `Charged` is the `high` of `Asked`.
    let end = given.run(&desk).await.expect("the deadline is refused");
    assert_eq!(end, OrderEnd::Refused(Refused));

    let charged = Order::start(
        OrderInput {
            tries: 1,
            limit: SECOND,
        },
        Asked {
            low: SECOND,
            high: SECOND,
        },
    );
    let charged = charged.charge(|_| Charged {
        pause: Duration::ZERO,
    });
    let desk = Desk::default();
    let end = charged.run(&desk).await;
    assert_eq!(end.expect("it is caught"), OrderEnd::GivenUp(GivenUp));
    assert_eq!((desk.count("pack"), desk.count("late")), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn else_applies_to_a_value_that_is_refused() {
    let desk = Desk::default();
    let end = GOOD.run(&desk).await.expect("it ends");
    assert_eq!(end, OrderEnd::Refused(Refused));
    assert_eq!((desk.count("pack"), desk.count("send")), (1, 0));
    // It is a failed end, so what was done is undone.
    assert_eq!(desk.count("refund"), 1);
}

/// An undo whose clause cannot take the value of its state.
mod undone {
    use super::*;

    workflow! {
        #[derive(Debug, Clone, PartialEq)]
        workflow Loan {
            start Asked;
            state Paid { refunds: u32 };
            done Closed;
            step pay: Asked -> Paid with undo(refund, retry(refunds));
            step close: Paid -> Closed;
        }
    }

    impl LoanSteps for Desk {
        type Error = &'static str;

        async fn pay(&self, _: Asked, step: &Step<Pay>) -> Result<Pay, &'static str> {
            Ok(step.to(Paid { refunds: 0 }))
        }

        async fn refund(&self, _: Paid, _: &Undo<Pay>) -> Result<(), &'static str> {
            self.acts("refund").await
        }

        async fn close(&self, _: Paid, _: &Step<Close>) -> Result<Close, &'static str> {
            Err("no")
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_undo_whose_value_is_refused_has_failed_with_its_state() {
        let desk = Desk::default();
        let error = Loan::start(Asked).run(&desk).await.expect_err("it fails");
        assert_eq!(desk.count("refund"), 0);
        assert_eq!(error.cause(), &Cause::Handler("no"));
        let failed = error.into_rollback().failed.remove(0);
        assert_eq!(
            failed.to_string(),
            "undo `refund` of `pay` could not begin: `retry` of `refund` reads `refunds`, which is 0: \
             it must be from 1 to 4294967295"
        );
        assert_eq!(failed.into_state::<Paid>(), Some(Paid { refunds: 0 }));
    }
}
