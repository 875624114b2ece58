//! A card payment: it is authorized, captured in parts, and refunded in parts, or voided if nothing was captured.
//!
//! The bank may challenge the holder of the card before it authorizes anything. An authorization lapses after a week: what was captured by then
//! stays. Each capture and refund answers with the sum that remains, or refuses one that is too large.
//!
//! Where money moves, the bank is called once: when a call fails, nobody knows what it has done, so the payment is paused until an
//! operator has looked.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use stateway::Clock;
use stateway::prelude::*;
use stateway::runner::Run;
use stateway::store::Status;
use tokio::time::sleep;

use crate::{SHUT_DOWN, launch, store};

/// The time for which a bank holds what it has authorized.
const HELD_FOR: Duration = Duration::from_hours(7 * 24);

/// A sum that is refused, with the largest one that is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TooLarge {
    at_most: u32,
}

type Remaining = Result<u32, TooLarge>;

workflow! {
    /// One payment.
    #[durable(version = 1)]
    #[derive(Debug, Clone, PartialEq)]
    pub(crate) workflow Payment {
        input { cents: u32 }

        start Fresh { card: String };
        /// The holder of the card has to answer a question of the bank.
        state Challenged { card: String };
        state Responded { card: String, answer: String };

        /// The bank holds the sum.
        group Held { hold: u64, until: SystemTime } {
            state Authorized;
            state PartlyCaptured { taken: u32, refunded: u32 };
        }
        state Captured { hold: u64, taken: u32, refunded: u32 };

        done   Closed { taken: u32, refunded: u32 };
        done   Voided;
        failed Declined;

        step authorize: Fresh | Responded -> Challenged | Authorized | Declined
            with retry(3), timeout(30s);
        signal answer(String): Challenged -> Responded;
        timer give_up after 15m: Challenged -> Declined;

        signal capture(u32) answers Remaining: Held -> Authorized | PartlyCaptured | Captured
            with once, else pause;
        signal refund(u32) answers Remaining:
            PartlyCaptured | Captured -> PartlyCaptured | Captured | Closed
            with once, else pause;
        signal void: Authorized -> Voided with once, else pause;

        timer lapse at until: Held -> Voided | Captured;
        timer close after 180d: Captured -> Closed;
    }
}

/// A bank that writes down what it is told to move.
#[derive(Clone, Default)]
struct Bank {
    moved: Arc<Mutex<Vec<i64>>>,
    /// True if its answers arrive.
    is_heard: bool,
}

impl Bank {
    fn answering() -> Self {
        Bank {
            is_heard: true,
            ..Bank::default()
        }
    }

    fn moves(&self, hold: u64, cents: i64) -> Result<(), String> {
        let mut moved = self.moved.lock().map_err(|error| error.to_string())?;
        moved.push(cents);
        match self.is_heard {
            true if hold == 1 => Ok(()),
            true => Err(format!("there is no hold {hold}")),
            false => Err("the answer is lost".to_owned()),
        }
    }

    fn moved(&self) -> Vec<i64> {
        self.moved
            .lock()
            .map_or_else(|_| Vec::new(), |moved| moved.clone())
    }
}

impl PaymentSteps for Bank {
    type Error = String;

    async fn authorize(
        &self,
        from: AuthorizeFrom,
        step: &Step<Authorize>,
    ) -> Result<Authorize, String> {
        Ok(match from {
            AuthorizeFrom::Fresh(Fresh { card }) if card == "stolen" => step.to(Declined),
            AuthorizeFrom::Fresh(Fresh { card }) if card == "new" => step.to(Challenged { card }),
            AuthorizeFrom::Responded(Responded { answer, .. }) if answer != "blue" => {
                step.to(Declined)
            }
            AuthorizeFrom::Fresh(_) | AuthorizeFrom::Responded(_) => {
                let until = Clock::tokio().now() + HELD_FOR;
                let held = Held { hold: 1, until };
                step.to(Authorized { held })
            }
        })
    }

    async fn answer(
        &self,
        Challenged { card }: Challenged,
        answer: String,
        step: &Step<OnAnswer>,
    ) -> Result<OnAnswer, String> {
        Ok(step.to(Responded { card, answer }))
    }

    async fn give_up(&self, _: Challenged, step: &Step<OnGiveUp>) -> Result<OnGiveUp, String> {
        Ok(step.to(Declined))
    }

    async fn capture(
        &self,
        from: CaptureFrom,
        cents: u32,
        step: &Step<OnCapture>,
    ) -> Result<Answered<OnCapture, Remaining>, String> {
        let (before, refunded) = match &from {
            CaptureFrom::Authorized(_) => (0, 0),
            CaptureFrom::PartlyCaptured(partly) => (partly.taken, partly.refunded),
        };
        let at_most = step.input().cents.saturating_sub(before);
        if cents > at_most {
            let unchanged = match from {
                CaptureFrom::Authorized(authorized) => step.to(authorized),
                CaptureFrom::PartlyCaptured(partly) => step.to(partly),
            };
            return Ok(unchanged.answer(Err(TooLarge { at_most })));
        }
        let held = from.into_held();
        self.moves(held.hold, i64::from(cents))?;
        let taken = before + cents;
        let outcome = if cents == at_most {
            step.to(Captured {
                hold: held.hold,
                taken,
                refunded,
            })
        } else {
            step.to(PartlyCaptured {
                held,
                taken,
                refunded,
            })
        };
        Ok(outcome.answer(Ok(at_most - cents)))
    }

    async fn refund(
        &self,
        from: RefundFrom,
        cents: u32,
        step: &Step<OnRefund>,
    ) -> Result<Answered<OnRefund, Remaining>, String> {
        let (hold, taken, before) = match &from {
            RefundFrom::PartlyCaptured(partly) => (partly.held.hold, partly.taken, partly.refunded),
            RefundFrom::Captured(all) => (all.hold, all.taken, all.refunded),
        };
        let at_most = taken - before;
        if cents > at_most {
            let unchanged = match from {
                RefundFrom::PartlyCaptured(partly) => step.to(partly),
                RefundFrom::Captured(all) => step.to(all),
            };
            return Ok(unchanged.answer(Err(TooLarge { at_most })));
        }
        self.moves(hold, -i64::from(cents))?;
        let refunded = before + cents;
        let outcome = match from {
            _ if refunded == step.input().cents => step.to(Closed { taken, refunded }),
            RefundFrom::PartlyCaptured(partly) => step.to(PartlyCaptured { refunded, ..partly }),
            RefundFrom::Captured(all) => step.to(Captured { refunded, ..all }),
        };
        Ok(outcome.answer(Ok(at_most - cents)))
    }

    async fn void(&self, authorized: Authorized, step: &Step<OnVoid>) -> Result<OnVoid, String> {
        self.moves(authorized.held.hold, 0)?;
        Ok(step.to(Voided))
    }

    async fn lapse(&self, from: LapseFrom, step: &Step<OnLapse>) -> Result<OnLapse, String> {
        Ok(match from {
            LapseFrom::Authorized(_) => step.to(Voided),
            LapseFrom::PartlyCaptured(partly) => step.to(Captured {
                hold: partly.held.hold,
                taken: partly.taken,
                refunded: partly.refunded,
            }),
        })
    }

    async fn close(&self, taken: Captured, step: &Step<OnClose>) -> Result<OnClose, String> {
        let Captured {
            taken, refunded, ..
        } = taken;
        Ok(step.to(Closed { taken, refunded }))
    }
}

async fn pay(runner: &Runner<Payment>, card: &str) -> Run<Payment> {
    let card = card.to_owned();
    let input = PaymentInput { cents: 1_000 };
    let started = runner.start("payment-1", input, Fresh { card }).await;
    started.expect("it is new")
}

#[tokio::test(start_paused = true)]
async fn parts_are_captured_and_refunded_and_a_sum_too_large_is_refused() {
    let bank = Bank::answering();
    let runner = launch::<Payment>(&store(), bank.clone()).await;
    let run = pay(&runner, "old").await;
    let refused = |at_most| Err(TooLarge { at_most });
    assert_eq!(run.capture(1_001).answered().await.unwrap(), refused(1_000));
    assert_eq!(run.capture(600).answered().await.unwrap(), Ok(400));
    assert_eq!(run.capture(401).answered().await.unwrap(), refused(400));
    assert_eq!(run.refund(100).answered().await.unwrap(), Ok(500));
    assert_eq!(run.capture(400).answered().await.unwrap(), Ok(0));
    assert_eq!(run.refund(901).answered().await.unwrap(), refused(900));
    assert_eq!(run.refund(900).answered().await.unwrap(), Ok(0));
    let closed = Closed {
        taken: 1_000,
        refunded: 1_000,
    };
    assert_eq!(run.end().await.unwrap(), PaymentEnd::Closed(closed));
    assert_eq!(bank.moved(), [600, -100, 400, -900]);
}

#[tokio::test(start_paused = true)]
async fn a_challenge_is_answered_or_given_up_and_then_authorized_by_the_same_step() {
    let runner = launch::<Payment>(&store(), Bank::answering()).await;
    let run = pay(&runner, "new").await;
    run.answer("blue".to_owned()).await.expect("it is asked");
    run.void().await.expect("it will be authorized");
    assert_eq!(run.end().await.unwrap(), PaymentEnd::Voided(Voided));

    let runner = launch::<Payment>(&store(), Bank::answering()).await;
    let run = pay(&runner, "new").await;
    assert_eq!(run.end().await.unwrap(), PaymentEnd::Declined(Declined));
}

#[tokio::test(start_paused = true)]
async fn a_capture_whose_answer_is_lost_is_not_made_again_before_somebody_has_looked() {
    let (store, bank) = (store(), Bank::default());
    let runner = launch::<Payment>(&store, bank.clone()).await;
    let run = pay(&runner, "old").await;
    run.capture(600).await.expect("it is authorized");
    until_paused(&run).await;
    runner.shut_down(SHUT_DOWN).await;

    let bank = Bank {
        is_heard: true,
        ..bank
    };
    let runner = launch::<Payment>(&store, bank.clone()).await;
    let run = runner
        .get("payment-1")
        .await
        .unwrap()
        .expect("it is stored");
    sleep(Duration::from_hours(1)).await;
    assert_eq!(bank.moved(), [600]);
    let info = run.info().await.unwrap();
    assert_eq!(info.status, Status::Paused);
    let failure = info.failure.expect("it says why");
    assert_eq!(failure.message.as_str(), "the answer is lost");

    // The bank has not moved it: the operator has asked.
    runner.by("operator 7").resume("payment-1").await.unwrap();
    let partly = |payment: &AnyPayment| matches!(payment, AnyPayment::PartlyCaptured(_));
    let _ = run.reached(partly).await.expect("it goes on");
    assert_eq!(bank.moved(), [600, 600]);
}

#[tokio::test(start_paused = true)]
async fn what_was_captured_stays_when_the_authorization_lapses() {
    let runner = launch::<Payment>(&store(), Bank::answering()).await;
    let run = pay(&runner, "old").await;
    assert_eq!(run.capture(300).answered().await.unwrap(), Ok(700));
    let closed = Closed {
        taken: 300,
        refunded: 0,
    };
    assert_eq!(run.end().await.unwrap(), PaymentEnd::Closed(closed));
}

async fn until_paused(run: &Run<Payment>) {
    while run.info().await.expect("it is stored").status != Status::Paused {
        sleep(Duration::from_secs(1)).await;
    }
}
