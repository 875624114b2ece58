//! A workflow whose step and split a signal may interrupt, and an office that handles it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use stateway::prelude::*;
use tokio::time::sleep;

workflow! {
    #[derive(Debug, Clone, PartialEq)]
    #[durable(version = 1)]
    pub(super) workflow Loan {
        start Asked { amount: u32 };
        state Checking { amount: u32 };
        state Rating { amount: u32 };
        done Granted { rate: u32 };
        done Aborted { why: String };
        failed Refused;

        step open: Asked -> Checking with undo(close);
        step check: Checking -> Rating with retry(3, every 10m);
        split rate: Rating -> Granted {
            branch market: u32;
            branch bank: u32 with spawn;
            join all;
        }
        signal abort(String) answers u32 interrupts Checking | Rating -> Aborted
            with retry(2, every 1s);
        signal change(u32) interrupts Checking -> Checking;
        signal refuse interrupts Rating -> Refused with deadline(5m), retry(3, every 1m);
    }
}

/// Takes this long for each handler, and notes what is called and what is dropped.
pub(super) struct Office {
    takes: Duration,
    pub(super) check_fails: AtomicU32,
    pub(super) refuse_fails: AtomicU32,
    said: Mutex<Vec<String>>,
}

impl Default for Office {
    fn default() -> Self {
        Office {
            takes: Duration::from_mins(1),
            check_fails: AtomicU32::new(0),
            refuse_fails: AtomicU32::new(0),
            said: Mutex::default(),
        }
    }
}

impl Office {
    pub(super) fn new(takes: Duration) -> Arc<Self> {
        Arc::new(Office {
            takes,
            ..Office::default()
        })
    }

    fn say(&self, what: impl Into<String>) {
        self.said.lock().unwrap().push(what.into());
    }

    pub(super) fn said(&self) -> Vec<String> {
        std::mem::take(&mut *self.said.lock().unwrap())
    }

    /// A handler that says whether it was dropped.
    async fn work(&self, name: &str) {
        struct Dropped<'a>(&'a Office, String);

        impl Drop for Dropped<'_> {
            fn drop(&mut self) {
                self.0.say(format!("{} dropped", self.1));
            }
        }

        self.say(name);
        let dropped = Dropped(self, name.to_owned());
        sleep(self.takes).await;
        std::mem::forget(dropped);
    }
}

impl LoanSteps for Office {
    type Error = String;

    async fn open(&self, asked: Asked, step: &Step<Open>) -> Result<Open, String> {
        Ok(step.to(Checking {
            amount: asked.amount,
        }))
    }

    async fn close(&self, checking: Checking, undo: &Undo<Open>) -> Result<(), String> {
        self.say(format!("closed {} {}", checking.amount, part(&undo.key())));
        Ok(())
    }

    async fn check(&self, checking: Checking, step: &Step<Check>) -> Result<Check, String> {
        self.work(&format!("check {}", part(&step.key()))).await;
        if self.check_fails.load(Ordering::Relaxed) > 0 {
            self.check_fails.fetch_sub(1, Ordering::Relaxed);
            return Err("the register is closed".into());
        }
        Ok(step.to(Rating {
            amount: checking.amount,
        }))
    }

    async fn market(&self, _: &Rating, _: &Branch<Rate>) -> Result<u32, String> {
        self.work("market").await;
        Ok(3)
    }

    async fn bank(&self, _: &Rating, _: &Branch<Rate>) -> Result<u32, String> {
        self.work("bank").await;
        Ok(1)
    }

    async fn rate(&self, _: Rating, joined: RateJoined, step: &Step<Rate>) -> Result<Rate, String> {
        Ok(step.to(Granted {
            rate: joined.market + joined.bank,
        }))
    }

    async fn abort(
        &self,
        from: AbortFrom,
        why: String,
        step: &Step<OnAbort>,
    ) -> Result<Answered<OnAbort, u32>, String> {
        let amount = match from {
            AbortFrom::Checking(Checking { amount }) | AbortFrom::Rating(Rating { amount }) => {
                amount
            }
        };
        self.say(format!("abort {amount} {}", part(&step.key())));
        if why == "try again" && step.attempt() == 1 {
            return Err("not yet".into());
        }
        Ok(step.to(Aborted { why }).answer(amount))
    }

    async fn change(
        &self,
        _: Checking,
        to: u32,
        step: &Step<OnChange>,
    ) -> Result<OnChange, String> {
        self.say(format!("change {}", part(&step.key())));
        Ok(step.to(Checking { amount: to }))
    }

    async fn refuse(&self, _: Rating, step: &Step<OnRefuse>) -> Result<OnRefuse, String> {
        self.say(format!("refuse {}", part(&step.key())));
        if self.refuse_fails.load(Ordering::Relaxed) > 0 {
            self.refuse_fails.fetch_sub(1, Ordering::Relaxed);
            return Err("no line".into());
        }
        Ok(step.to(Refused))
    }
}

/// A key without what it begins with.
fn part(key: &stateway::Key) -> String {
    let key = key.to_string();
    let mut texts: Vec<_> = key.split('/').skip(2).collect();
    if texts.first().is_some_and(|text| text.len() == 16) {
        texts.remove(0);
    }
    texts.join("/")
}
