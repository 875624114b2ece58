//! A saga of five transitions, with whatever a run may do: retries, undos, a split with tasks, a crash.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use stateway::prelude::*;

use crate::log::Log;

/// The fate of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Fate {
    Ends,
    Fails,
    Aborts,
}

workflow! {
    #[durable(version = 1)]
    #[derive(Clone, PartialEq)]
    pub(crate) workflow Job {
        input { fate: Fate, least: u64, most: u64, stumbles: bool }

        start  Asked;
        state  Quoted;
        state  Paid;
        state  Gathered { parts: u64 };
        state  Shipped;
        done   Closed;

        step quote: Asked -> Quoted with undo(unquote);
        step pay: Quoted -> Paid
            with retry(4, every 40ms), undo(refund, retry(9, every 20ms));
        split gather: Paid -> Gathered with undo(scatter) {
            branch left: u64 with spawn;
            branch right: u64 with retry(4, every 30ms), spawn;
            branch here: u64 with retry(4, every 30ms);
            join all;
        }
        // Long enough to be said to wait.
        step ship: Gathered -> Shipped with retry(3, every 1100ms);
        step close: Shipped -> Closed;
    }
}

/// The transitions in order.
pub(crate) const ORDER: [&str; 5] = ["quote", "pay", "gather", "ship", "close"];

/// The transition that a handler belongs to, and whether it undoes it.
pub(crate) fn transition(handler: &str) -> (&'static str, bool) {
    match handler {
        "left" | "right" | "here" => ("gather", false),
        "unquote" => ("quote", true),
        "refund" => ("pay", true),
        "scatter" => ("gather", true),
        step => {
            let known = ORDER.into_iter().find(|it| *it == step);
            (known.expect("there is no other handler"), false)
        }
    }
}

pub(crate) fn path(folder: &Path) -> PathBuf {
    folder.join("jobs.redb")
}

#[derive(Clone)]
pub(crate) struct Workshop(pub(crate) Arc<Log>);

impl Workshop {
    pub(crate) fn at(folder: &Path) -> Self {
        Workshop(Arc::new(Log::append_to(folder)))
    }
}

fn millis(input: &JobInput) -> Duration {
    Duration::from_millis(fastrand::u64(input.least..=input.most))
}

async fn take(input: &JobInput) {
    tokio::time::sleep(millis(input)).await;
}

/// Computes, and lets others compute only now and then.
async fn compute(input: &JobInput) {
    let mut left = millis(input);
    while !left.is_zero() {
        let part = left.min(Duration::from_millis(fastrand::u64(1..40)));
        thread::sleep(part);
        tokio::task::yield_now().await;
        left -= part;
    }
}

/// The first attempts fail, now and then.
fn stumble(input: &JobInput, attempt: u32) -> Result<(), String> {
    if input.stumbles && attempt <= 2 && fastrand::u8(..) < 100 {
        return Err("not now".to_owned());
    }
    Ok(())
}

macro_rules! begins {
    ($self:ident, $of:ident, $handler:literal) => {
        $self
            .0
            .begin($of.run_id(), $handler, $of.attempt(), $of.key())
    };
}

impl JobSteps for Workshop {
    type Error = String;

    async fn quote(&self, _: Asked, step: &Step<Quote>) -> Result<Quote, String> {
        let _call = begins!(self, step, "quote");
        take(step.input()).await;
        Ok(step.to(Quoted))
    }

    async fn pay(&self, _: Quoted, step: &Step<Pay>) -> Result<Pay, String> {
        let _call = begins!(self, step, "pay");
        take(step.input()).await;
        if step.input().fate == Fate::Aborts {
            std::process::abort();
        }
        stumble(step.input(), step.attempt())?;
        Ok(step.to(Paid))
    }

    async fn left(&self, _: &Paid, branch: &Branch<Gather>) -> Result<u64, String> {
        let _call = begins!(self, branch, "left");
        compute(branch.input()).await;
        Ok(1)
    }

    async fn right(&self, _: &Paid, branch: &Branch<Gather>) -> Result<u64, String> {
        let _call = begins!(self, branch, "right");
        take(branch.input()).await;
        stumble(branch.input(), branch.attempt())?;
        compute(branch.input()).await;
        Ok(2)
    }

    async fn here(&self, _: &Paid, branch: &Branch<Gather>) -> Result<u64, String> {
        let _call = begins!(self, branch, "here");
        take(branch.input()).await;
        stumble(branch.input(), branch.attempt())?;
        Ok(4)
    }

    async fn gather(
        &self,
        _: Paid,
        joined: GatherJoined,
        step: &Step<Gather>,
    ) -> Result<Gather, String> {
        let _call = begins!(self, step, "gather");
        take(step.input()).await;
        let parts = joined.left + joined.right + joined.here;
        Ok(step.to(Gathered { parts }))
    }

    async fn ship(&self, at: Gathered, step: &Step<Ship>) -> Result<Ship, String> {
        let _call = begins!(self, step, "ship");
        assert_eq!(at.parts, 7);
        take(step.input()).await;
        stumble(step.input(), step.attempt())?;
        Ok(step.to(Shipped))
    }

    async fn close(&self, _: Shipped, step: &Step<Close>) -> Result<Close, String> {
        let _call = begins!(self, step, "close");
        take(step.input()).await;
        if step.input().fate == Fate::Fails {
            return Err("nobody was there".to_owned());
        }
        Ok(step.to(Closed))
    }

    async fn unquote(&self, _: Quoted, undo: &Undo<Quote>) -> Result<(), String> {
        let _call = begins!(self, undo, "unquote");
        take(undo.input()).await;
        Ok(())
    }

    async fn refund(&self, _: Paid, undo: &Undo<Pay>) -> Result<(), String> {
        let _call = begins!(self, undo, "refund");
        take(undo.input()).await;
        stumble(undo.input(), undo.attempt())
    }

    async fn scatter(&self, _: Gathered, undo: &Undo<Gather>) -> Result<(), String> {
        let _call = begins!(self, undo, "scatter");
        take(undo.input()).await;
        Ok(())
    }
}
