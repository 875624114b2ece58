//! A transfer that is paused when the last attempt of any of its handlers has failed, and a bank whose handlers fail as
//! often as a test says.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use stateway::Clock;
use stateway::prelude::*;
use stateway::runner::Run;
use stateway::store::{Status, Store};
use tokio::time::sleep;

use super::shop::until;

workflow! {
    #[durable(version = 1)]
    #[derive(Debug, Clone, PartialEq)]
    pub(crate) workflow Transfer {
        start Begun;
        state Held;
        state Charged;
        state Quoted;
        state Approved { by: u32 };
        state Sent;
        done Settled { by: u32 };

        step hold: Begun -> Held with undo(free);
        step charge: Held -> Charged with retry(2, every 10s), deadline(1h), else pause, undo(refund);
        split quote: Charged -> Quoted with retry(2, every 10s), else pause {
            branch air: u32;
            branch sea: u32;
            join all;
        }
        signal approve(u32): Quoted -> Approved with retry(2, every 10s), else pause;
        timer send after 1m: Approved -> Sent with retry(2, every 10s), else pause;
        poll settle every 1m: Sent -> Settled with retry(2, every 10s), else pause;
    }
}

/// The handlers that may fail, in the order of their calls.
pub(crate) const STAGES: [&str; 5] = ["charge", "air", "approve", "send", "settle"];

/// The clones of one are the same bank.
#[derive(Clone, Default)]
pub(crate) struct Bank(Arc<Desk>);

#[derive(Default)]
struct Desk {
    /// The failures that are left for each handler.
    fails: Mutex<HashMap<&'static str, u32>>,
    /// The handler, its attempt and its key.
    calls: Mutex<Vec<(&'static str, u32, String)>>,
}

impl Bank {
    pub(crate) fn fails(&self, handler: &'static str, calls: u32) {
        self.0.fails.lock().unwrap().insert(handler, calls);
    }

    /// The attempts of a handler, and the keys that it had.
    pub(crate) fn calls(&self, handler: &str) -> (Vec<u32>, Vec<String>) {
        let calls = self.0.calls.lock().unwrap();
        let of = calls.iter().filter(|(name, ..)| *name == handler);
        let (attempts, mut keys): (Vec<_>, Vec<_>) =
            of.map(|(_, attempt, key)| (*attempt, key.clone())).unzip();
        keys.dedup();
        (attempts, keys)
    }

    fn call(&self, name: &'static str, attempt: u32, key: &impl ToString) -> Result<(), String> {
        let call = (name, attempt, key.to_string());
        self.0.calls.lock().unwrap().push(call);
        match self.0.fails.lock().unwrap().get_mut(name) {
            Some(left @ 1..) => {
                *left -= 1;
                Err(format!("{name} failed"))
            }
            _ => Ok(()),
        }
    }
}

impl TransferSteps for Bank {
    type Error = String;

    async fn hold(&self, _: Begun, step: &Step<Hold>) -> Result<Hold, String> {
        self.call("hold", step.attempt(), &step.key())?;
        Ok(step.to(Held))
    }

    async fn free(&self, _: Held, undo: &Undo<Hold>) -> Result<(), String> {
        self.call("free", undo.attempt(), &undo.key())
    }

    async fn charge(&self, _: Held, step: &Step<Charge>) -> Result<Charge, String> {
        self.call("charge", step.attempt(), &step.key())?;
        Ok(step.to(Charged))
    }

    async fn refund(&self, _: Charged, undo: &Undo<Charge>) -> Result<(), String> {
        self.call("refund", undo.attempt(), &undo.key())
    }

    async fn air(&self, _: &Charged, branch: &Branch<Quote>) -> Result<u32, String> {
        self.call("air", branch.attempt(), &branch.key())?;
        Ok(1)
    }

    async fn sea(&self, _: &Charged, branch: &Branch<Quote>) -> Result<u32, String> {
        self.call("sea", branch.attempt(), &branch.key())?;
        Ok(2)
    }

    async fn quote(&self, _: Charged, _: QuoteJoined, step: &Step<Quote>) -> Result<Quote, String> {
        Ok(step.to(Quoted))
    }

    async fn approve(
        &self,
        _: Quoted,
        by: u32,
        step: &Step<OnApprove>,
    ) -> Result<OnApprove, String> {
        self.call("approve", step.attempt(), &step.key())?;
        Ok(step.to(Approved { by }))
    }

    async fn send(&self, at: Approved, step: &Step<OnSend>) -> Result<OnSend, String> {
        self.call("send", step.attempt(), &step.key())?;
        assert_eq!(at.by, 7);
        Ok(step.to(Sent))
    }

    async fn settle(&self, _: &Sent, step: &Step<OnSettle>) -> Result<Option<OnSettle>, String> {
        self.call("settle", step.attempt(), &step.key())?;
        Ok(Some(step.to(Settled { by: 7 })))
    }
}

pub(crate) async fn open(store: &Arc<dyn Store>, bank: &Bank) -> Runner<Transfer> {
    let runner = Runner::<Transfer>::builder(bank.clone()).clock(Clock::tokio());
    let runner = runner.store(Arc::clone(store)).launch().await;
    runner.expect("the store answers")
}

/// Starts the run `t-1`, which is sent its signal before it waits for it.
pub(crate) async fn transfer(runner: &Runner<Transfer>) -> Run<Transfer> {
    let run = runner.start("t-1", (), Begun).await.unwrap();
    run.approve(7).message_id("m-1").await.unwrap();
    run
}

/// Waits until a run is paused.
pub(crate) async fn is_paused<W: stateway::Durable>(run: &Run<W>) {
    until(async || run.info().await.unwrap().status == Status::Paused).await;
    // Nothing of it is under way from then on.
    sleep(Duration::from_secs(1)).await;
}
