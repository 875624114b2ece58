//! An order whose handlers do what a test tells them, and a log of what they did.

use std::collections::{HashMap, VecDeque};
use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use stateway::prelude::*;
use stateway::runner::Builder;
use stateway::store::{Claim, Event, Holder, Lease, RunRow, Store, Suspects, WorkflowVersions};
use stateway::{Clock, MemoryStore};
use tokio::sync::Notify;

workflow! {
    /// An order: what is reserved is released, and what is charged is refunded, if it goes no further.
    #[durable(version = 1)]
    #[derive(Clone, Debug, PartialEq)]
    pub(crate) workflow Order {
        input { customer: String }

        start  Placed;
        start  Imported { hold: u64 };
        state  Reserved { hold: u64 };
        state  Charged { receipt: String };
        done   Shipped { parcel: String };
        failed Rejected { why: String };

        step reserve: Placed -> Reserved | Rejected with undo(release);
        step adopt: Imported -> Reserved;
        step charge: Reserved -> Charged with retry(3, every 1m), undo(refund);
        step ship: Charged -> Shipped | Reserved | Rejected;
    }
}

/// The behaviour of one call of a handler. It succeeds if nothing is said.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Act {
    Succeed,
    Fail,
    Panic,
    /// Never returns.
    Hang,
    /// Waits until the run is cancelled, and succeeds then.
    Wait,
    /// Waits until the run is cancelled, and fails then.
    GiveUp,
    /// Waits until the shop opens, logs that it went on, and succeeds.
    WaitForOpening,
    /// Takes `n` seconds, and fails.
    FailAfter(u64),
    /// Takes `n` seconds.
    Take(u64),
    /// Tells the test that the process dies of it, and never returns.
    Die,
    /// Goes to the state that is not the usual one.
    Otherwise,
    /// Makes a payload of `n` bytes.
    Large(usize),
}

/// The clones of one are the same shop.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shop(Arc<Desk>);

#[derive(Debug, Default)]
struct Desk {
    acts: Mutex<HashMap<String, VecDeque<Act>>>,
    log: Mutex<Vec<String>>,
    opening: Notify,
    death: Notify,
    dropped: AtomicUsize,
}

/// Counts a handler that is dropped where it waits.
struct Dropped<'a>(&'a AtomicUsize);

impl Drop for Dropped<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Shop {
    pub(crate) fn new() -> Self {
        Shop::default()
    }

    /// Sets the behaviour of the next calls of a handler, one after the other; `charge o-1` names the handler for one run.
    pub(crate) fn tell(&self, handler: &str, acts: &[Act]) {
        let mut all = self.0.acts.lock().unwrap();
        let of_handler = all.entry(handler.to_owned()).or_default();
        of_handler.extend(acts.iter().cloned());
    }

    /// Counts the hanging handlers that were dropped.
    pub(crate) fn dropped(&self) -> usize {
        self.0.dropped.load(Ordering::Relaxed)
    }

    /// Waits until a handler says that its process dies.
    pub(crate) async fn death(&self) {
        self.0.death.notified().await;
    }

    /// Lets the handler go on that waits for it.
    pub(crate) fn open(&self) {
        self.0.opening.notify_one();
    }

    /// Every call so far: the handler, the run and the attempt.
    pub(crate) fn log(&self) -> Vec<String> {
        self.0.log.lock().unwrap().clone()
    }

    /// Counts the calls of a handler.
    pub(crate) fn calls(&self, handler: &str) -> usize {
        let log = self.log();
        let calls = log.iter().filter(|call| call.starts_with(handler));
        calls.count()
    }

    async fn act(
        &self,
        handler: &'static str,
        run: &stateway::RunId,
        attempt: u32,
        cancellation: Option<&CancellationToken>,
    ) -> Result<Option<Act>, String> {
        let call = format!("{handler} {run} {attempt}");
        self.0.log.lock().unwrap().push(call);
        let act = {
            let mut acts = self.0.acts.lock().unwrap();
            let of_run = acts.get_mut(&format!("{handler} {run}"));
            let of_run = of_run.and_then(VecDeque::pop_front);
            of_run.or_else(|| acts.get_mut(handler).and_then(VecDeque::pop_front))
        };
        match act {
            Some(Act::Fail) => Err(format!("{handler} failed")),
            Some(Act::Panic) => panic!("{handler} panicked"),
            Some(Act::Hang) => {
                let _counts = Dropped(&self.0.dropped);
                pending().await
            }
            Some(Act::Die) => {
                self.0.death.notify_one();
                pending().await
            }
            Some(Act::Wait) => {
                cancellation
                    .expect("an undo is never cancelled")
                    .cancelled()
                    .await;
                Ok(None)
            }
            Some(Act::GiveUp) => {
                cancellation
                    .expect("an undo is never cancelled")
                    .cancelled()
                    .await;
                Err(format!("{handler} was given up"))
            }
            Some(Act::WaitForOpening) => {
                self.0.opening.notified().await;
                let went_on = format!("{handler} {run} went on");
                self.0.log.lock().unwrap().push(went_on);
                Ok(None)
            }
            Some(Act::FailAfter(seconds)) => {
                tokio::time::sleep(Duration::from_secs(seconds)).await;
                Err(format!("{handler} failed"))
            }
            Some(Act::Take(seconds)) => {
                tokio::time::sleep(Duration::from_secs(seconds)).await;
                Ok(None)
            }
            act => Ok(act),
        }
    }
}

impl OrderSteps for Shop {
    type Error = String;

    async fn reserve(&self, _: Placed, step: &Step<Reserve>) -> Result<Reserve, String> {
        let act = self.act(
            "reserve",
            step.run_id(),
            step.attempt(),
            Some(step.cancellation()),
        );
        Ok(match act.await? {
            Some(Act::Otherwise) => step.to(Rejected {
                why: "out of stock".into(),
            }),
            _ => step.to(Reserved { hold: 7 }),
        })
    }

    async fn release(&self, _: Reserved, undo: &Undo<Reserve>) -> Result<(), String> {
        let act = self.act("release", undo.run_id(), undo.attempt(), None);
        act.await.map(|_| ())
    }

    async fn adopt(&self, at: Imported, step: &Step<Adopt>) -> Result<Adopt, String> {
        let act = self.act(
            "adopt",
            step.run_id(),
            step.attempt(),
            Some(step.cancellation()),
        );
        act.await?;
        Ok(step.to(Reserved { hold: at.hold }))
    }

    async fn charge(&self, at: Reserved, step: &Step<Charge>) -> Result<Charge, String> {
        let act = self.act(
            "charge",
            step.run_id(),
            step.attempt(),
            Some(step.cancellation()),
        );
        Ok(match act.await? {
            Some(Act::Large(bytes)) => step.to(Charged {
                receipt: "x".repeat(bytes),
            }),
            _ => step.to(Charged {
                receipt: format!("receipt of {}", at.hold),
            }),
        })
    }

    async fn refund(&self, _: Charged, undo: &Undo<Charge>) -> Result<(), String> {
        let act = self.act("refund", undo.run_id(), undo.attempt(), None);
        act.await.map(|_| ())
    }

    async fn ship(&self, at: Charged, step: &Step<Ship>) -> Result<Ship, String> {
        let act = self.act(
            "ship",
            step.run_id(),
            step.attempt(),
            Some(step.cancellation()),
        );
        Ok(match act.await? {
            Some(Act::Otherwise) => step.to(Reserved { hold: 8 }),
            Some(Act::Large(_)) => step.to(Rejected { why: "lost".into() }),
            _ => step.to(Shipped {
                parcel: format!("for {} with {}", step.input().customer, at.receipt),
            }),
        })
    }
}

pub(crate) fn input() -> OrderInput {
    OrderInput {
        customer: "Ada".into(),
    }
}

pub(crate) fn shipped() -> OrderEnd {
    OrderEnd::Shipped(Shipped {
        parcel: "for Ada with receipt of 7".into(),
    })
}

/// A runner under tokio's clock, before it is launched.
pub(crate) fn over<S: Store>(store: S, shop: &Shop) -> Builder<Runner<Order>, Arc<dyn Store>> {
    Runner::<Order>::builder(shop.clone())
        .clock(Clock::tokio())
        .store(store)
}

pub(crate) async fn launch(store: &Arc<MemoryStore>, shop: &Shop) -> Runner<Order> {
    let runner = over(Arc::clone(store), shop).launch().await;
    runner.expect("the store answers")
}

/// Waits until something is so.
pub(crate) async fn until(mut is_so: impl AsyncFnMut() -> bool) {
    for _ in 0..100_000 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it is never so");
}

/// Waits until a handler has been called.
pub(crate) async fn called(shop: &Shop, call: &str) {
    until(async || shop.log().iter().any(|it| it == call)).await;
}

pub(crate) async fn row(store: &MemoryStore, run: &str) -> RunRow {
    let found = store.get(&run.parse().unwrap()).await.unwrap();
    found.expect("the run is there").row
}

/// Waits until a run waits in the store.
pub(crate) async fn set_aside(store: &MemoryStore, run: &str) {
    let clock = Clock::tokio();
    until(async || row(store, run).await.due > Some(clock.now())).await;
}

/// The names of the states that a run has been in, as its history has them.
pub(crate) async fn states(store: &MemoryStore, run: &str) -> Vec<String> {
    let history = store
        .history(&run.parse().unwrap(), 0, 1_000)
        .await
        .unwrap();
    let states = history.into_iter().filter_map(|row| match row.event {
        Event::Started { state } | Event::Transition { state, .. } => Some(state),
        _ => None,
    });
    states.map(Into::into).collect()
}

/// Claims the one run that is due, as another process would.
pub(crate) async fn claim(store: &MemoryStore, clock: &Clock, lease: u64) -> RunRow {
    let claim = another_claim(clock, lease, 10);
    let mut claimed = store.claim(claim).await.unwrap().taken;
    assert_eq!(claimed.len(), 1, "one run is due");
    claimed.remove(0).row
}

/// When another process may claim a run.
pub(crate) async fn next_due(store: &MemoryStore, clock: &Clock) -> Option<Duration> {
    let claim = another_claim(clock, 60, 0);
    store.claim(claim).await.unwrap().next
}

fn another_claim(clock: &Clock, lease: u64, limit: usize) -> Claim {
    Claim {
        workflows: [WorkflowVersions::one("Order", 1)].into(),
        now: clock.now(),
        lease: Lease {
            holder: Holder::unique(),
            duration: Duration::from_secs(lease),
        },
        limit,
        suspects: Suspects::none(5),
    }
}
