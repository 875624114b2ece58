//! A deadline of a workflow that leads to a state which is made of the machine.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use stateway::prelude::*;
use stateway::store::Store;
use stateway::{Cause, Clock};
use tokio::time::{Instant, sleep};

use super::claim::stores;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);

workflow! {
    #[derive(Debug, Clone, PartialEq)]
    #[durable(version = 1)]
    pub(super) workflow Loan {
        input { customer: u64 }
        start Asked { sum: u32 };
        state Checked { score: u8 };
        state Rated { score: u8, touchy: Touchy };
        state Overdue { customer: u64, was: String, score: Option<u8> };
        done Granted;
        done Closed { was: String, score: Option<u8> };

        deadline 30m -> Overdue;

        step check: Asked -> Checked with undo(uncheck);
        signal rate(u8): Checked -> Rated;
        signal wait_in_the_handler: Checked -> Granted;
        split grant: Rated -> Granted {
            branch bank: u32;
            branch books: u32 with spawn;
            join all;
        }
        step close: Overdue -> Closed;
    }
}

thread_local! {
    /// True while each copy panics. Each test has a thread of its own.
    static COPY_FAILS: Cell<bool> = const { Cell::new(false) };
}

#[derive(Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Touchy;

impl Clone for Touchy {
    fn clone(&self) -> Self {
        assert!(!COPY_FAILS.get(), "not now");
        Touchy
    }
}

impl From<AnyLoan> for Overdue {
    fn from(loan: AnyLoan) -> Self {
        let customer = loan.input().customer;
        assert!(customer != 13, "nobody has number 13");
        let was = loan.state().name.to_owned();
        let score = match loan {
            AnyLoan::Checked(it) => Some(it.score),
            AnyLoan::Rated(it) => Some(it.score),
            _ => None,
        };
        Overdue {
            customer,
            was,
            score,
        }
    }
}

/// Takes an hour for whatever the context says.
#[derive(Default)]
pub(super) struct Bank {
    checks_slowly: bool,
    unchecked: AtomicBool,
}

impl LoanSteps for Bank {
    type Error = String;

    async fn check(&self, asked: Asked, step: &Step<Check>) -> Result<Check, String> {
        if self.checks_slowly {
            sleep(MINUTE * 60).await;
        }
        let score = u8::try_from(asked.sum).unwrap_or(u8::MAX);
        Ok(step.to(Checked { score }))
    }

    async fn uncheck(&self, _: Checked, _: &Undo<Check>) -> Result<(), String> {
        self.unchecked.store(true, Ordering::Relaxed);
        Ok(())
    }

    async fn rate(&self, _: Checked, score: u8, step: &Step<OnRate>) -> Result<OnRate, String> {
        let touchy = Touchy;
        Ok(step.to(Rated { score, touchy }))
    }

    async fn wait_in_the_handler(
        &self,
        _: Checked,
        step: &Step<OnWaitInTheHandler>,
    ) -> Result<OnWaitInTheHandler, String> {
        sleep(MINUTE * 60).await;
        Ok(step.to(Granted))
    }

    async fn bank(&self, _: &Rated, _: &Branch<Grant>) -> Result<u32, String> {
        sleep(MINUTE * 60).await;
        Ok(1)
    }

    async fn books(&self, _: &Rated, _: &Branch<Grant>) -> Result<u32, String> {
        sleep(MINUTE * 60).await;
        Ok(1)
    }

    async fn grant(
        &self,
        _: Rated,
        joined: GrantJoined,
        step: &Step<Grant>,
    ) -> Result<Grant, String> {
        let _ = joined.bank + joined.books;
        Ok(step.to(Granted))
    }

    async fn close(&self, overdue: Overdue, step: &Step<Close>) -> Result<Close, String> {
        assert_eq!(overdue.customer, step.input().customer, "the run keeps it");
        let Overdue { was, score, .. } = overdue;
        Ok(step.to(Closed { was, score }))
    }
}

/// The work of a run as its deadline passes, and the state that it was in then.
const UNDER_WAY: [(&str, &str, Option<u8>); 4] = [
    ("step", "Asked", None),
    ("nothing", "Checked", Some(7)),
    ("signal", "Checked", Some(7)),
    ("split", "Rated", Some(9)),
];

fn asked(customer: u64) -> Loan<Asked> {
    Loan::start(LoanInput { customer }, Asked { sum: 7 })
}

fn bank(doing: &str) -> Arc<Bank> {
    Arc::new(Bank {
        checks_slowly: doing == "step",
        ..Bank::default()
    })
}

fn closed(was: &str, score: Option<u8>) -> LoanEnd {
    let was = was.to_owned();
    LoanEnd::Closed(Closed { was, score })
}

async fn launch(store: &Arc<dyn Store>, bank: &Arc<Bank>) -> Runner<Loan> {
    let runner = Runner::<Loan>::shared(Arc::clone(bank)).clock(Clock::tokio());
    runner.store(Arc::clone(store)).launch().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn in_memory_it_is_made_of_the_state_as_it_was_entered_and_of_the_input() {
    for (doing, was, score) in UNDER_WAY {
        let bank = bank(doing);
        let mut run = asked(5).run(&bank);
        let remote = run.remote();
        let sends = async {
            sleep(MINUTE).await;
            match doing {
                "signal" => remote.wait_in_the_handler().await.unwrap(),
                "split" => remote.rate(9).await.unwrap(),
                _ => (),
            }
        };
        let began = Instant::now();
        let (end, ()) = tokio::join!(run, sends);
        assert_eq!(end.unwrap(), closed(was, score), "{doing} is under way");
        assert_eq!(began.elapsed(), MINUTE * 30);
    }
}

#[tokio::test(start_paused = true)]
async fn stored_it_is_made_of_the_state_as_it_was_entered_and_of_the_input() {
    for (doing, was, score) in UNDER_WAY {
        for store in stores() {
            let runner = launch(&store, &bank(doing)).await;
            let input = LoanInput { customer: 5 };
            let run = runner.start("l-1", input, Asked { sum: 7 }).await.unwrap();
            match doing {
                "signal" => drop(run.wait_in_the_handler().await.unwrap()),
                "split" => drop(run.rate(9).await.unwrap()),
                _ => (),
            }
            assert_eq!(run.end().await.unwrap(), closed(was, score), "{doing}");
            runner.shut_down(SECOND).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn it_is_made_when_the_deadline_has_passed_while_no_process_ran() {
    for (doing, was, score) in UNDER_WAY {
        for store in stores() {
            let bank = bank(doing);
            let runner = launch(&store, &bank).await;
            let input = LoanInput { customer: 5 };
            let run = runner.start("l-1", input, Asked { sum: 7 }).await.unwrap();
            match doing {
                "signal" => drop(run.wait_in_the_handler().await.unwrap()),
                "split" => drop(run.rate(9).await.unwrap()),
                _ => (),
            }
            sleep(MINUTE).await;
            runner.shut_down(SECOND).await;
            sleep(MINUTE * 40).await;
            let runner = launch(&store, &bank).await;
            let run = runner.get("l-1").await.unwrap().unwrap();
            assert_eq!(run.end().await.unwrap(), closed(was, score), "{doing}");
            runner.shut_down(SECOND).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_state_cannot_be_made_fails_there_and_is_rolled_back() {
    let bank = bank("nothing");
    let mut run = asked(13).run(&bank);
    let _remote = run.remote();
    let error = run.await.unwrap_err();
    assert!(
        matches!(error.cause(), Cause::Panic(said) if said.contains("number 13")),
        "{error:?}"
    );
    assert!(error.to_string().contains("deadline"), "{error}");
    assert!(bank.unchecked.load(Ordering::Relaxed));
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_state_cannot_be_copied_fails_by_its_deadline() {
    COPY_FAILS.set(true);
    let bank = bank("split");
    let mut run = asked(5).run(&bank);
    let remote = run.remote();
    let (ended, sent) = tokio::join!(run, remote.rate(9));
    COPY_FAILS.set(false);
    sent.unwrap();
    let error = ended.unwrap_err();
    assert!(matches!(error.cause(), Cause::Deadline { .. }), "{error:?}");
    assert!(bank.unchecked.load(Ordering::Relaxed));
}

#[test]
fn by_hand_the_caller_gives_it() {
    let late = asked(5).deadline(|asked| Overdue {
        customer: 0,
        was: asked.sum.to_string(),
        score: None,
    });
    let end = late.close(|Overdue { was, score, .. }| Closed { was, score });
    assert_eq!(end.was, "7");
}
