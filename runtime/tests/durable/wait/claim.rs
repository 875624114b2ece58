//! A workflow that waits, an office that handles it, and the stores that it is tried on.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use stateway::prelude::*;
use stateway::store::{Event, Store};
use stateway::{Clock, MemoryStore, RedbStore};
use tokio::time::sleep;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Approval {
    pub(super) by: String,
}

workflow! {
    #[derive(Debug, Clone, PartialEq)]
    #[durable(version = 1)]
    pub(super) workflow Claim {
        input { amount: u32 }

        start Draft;
        state Submitted { patience: Duration };
        state Checked;
        state Escalated { until: SystemTime };
        done Approved { by: String };
        done Rejected;
        failed Expired;

        deadline 20m;

        signal submit(Duration): Draft -> Submitted with undo(withdraw);
        signal approve(Approval): Submitted | Escalated -> Checked | Rejected with retry(3, every 1m);
        step finish: Checked -> Approved;
        signal reject: Submitted | Escalated -> Rejected;
        timer escalate after patience: Submitted -> Escalated;
        timer expire at until: Escalated -> Expired;
    }
}

#[derive(Default)]
pub(super) struct Office {
    pub(super) failures: AtomicU32,
    said: Mutex<Vec<String>>,
}

impl Office {
    fn say(&self, what: impl Into<String>) {
        self.said.lock().unwrap().push(what.into());
    }

    pub(super) fn said(&self) -> Vec<String> {
        self.said.lock().unwrap().clone()
    }
}

impl ClaimSteps for Office {
    type Error = String;

    async fn submit(
        &self,
        _: Draft,
        patience: Duration,
        step: &Step<OnSubmit>,
    ) -> Result<OnSubmit, String> {
        self.say(step.key().to_string());
        Ok(step.to(Submitted { patience }))
    }

    async fn withdraw(&self, _: Submitted, _: &Undo<OnSubmit>) -> Result<(), String> {
        sleep(Duration::from_secs(1)).await;
        self.say("withdrawn");
        Ok(())
    }

    async fn approve(
        &self,
        from: ApproveFrom,
        approval: Approval,
        step: &Step<OnApprove>,
    ) -> Result<OnApprove, String> {
        let left = self.failures.load(Ordering::Relaxed);
        if left > 0 {
            self.failures.store(left - 1, Ordering::Relaxed);
            self.say(format!("attempt {} failed", step.attempt()));
            return Err("the register is closed".into());
        }
        self.say(format!("{} approved", approval.by));
        Ok(match from {
            ApproveFrom::Submitted(_) => step.to(Checked),
            ApproveFrom::Escalated(_) => step.to(Rejected),
        })
    }

    async fn finish(&self, _: Checked, step: &Step<Finish>) -> Result<Finish, String> {
        Ok(step.to(Approved { by: "Ada".into() }))
    }

    async fn reject(&self, _: RejectFrom, step: &Step<OnReject>) -> Result<OnReject, String> {
        Ok(step.to(Rejected))
    }

    async fn escalate(&self, _: Submitted, step: &Step<OnEscalate>) -> Result<OnEscalate, String> {
        self.say("escalated");
        let until = Clock::tokio().now() + MINUTE * 10;
        Ok(step.to(Escalated { until }))
    }

    async fn expire(&self, _: Escalated, step: &Step<OnExpire>) -> Result<OnExpire, String> {
        Ok(step.to(Expired))
    }
}

pub(super) const MINUTE: Duration = Duration::from_mins(1);

pub(super) async fn launch(store: &Arc<dyn Store>, office: &Arc<Office>) -> Runner<Claim> {
    let runner = Runner::<Claim>::shared(Arc::clone(office)).clock(Clock::tokio());
    runner.store(Arc::clone(store)).launch().await.unwrap()
}

/// Both kinds of stores.
pub(super) fn stores() -> [Arc<dyn Store>; 2] {
    let folder = tempfile::tempdir().unwrap().keep();
    [
        Arc::new(MemoryStore::new()),
        Arc::new(RedbStore::open(folder.join("claims.redb")).unwrap()),
    ]
}

pub(super) fn approval() -> Approval {
    Approval { by: "Ada".into() }
}

pub(super) async fn states(runner: &Runner<Claim>) -> Vec<(String, Option<String>)> {
    let history = runner.history("c-1").await.unwrap();
    let states = history.into_iter().filter_map(|row| match row.event {
        Event::Transition { state, message, .. } => Some((state.to_string(), message)),
        _ => None,
    });
    states.collect()
}
