//! A trade whose branches and payment are undone, and the world that it has its effects in.

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use stateway::prelude::*;
use stateway::runner::Run;
use stateway::store::Store;
use stateway::{Clock, EndError, MemoryStore, RunFailure};
use tokio::time::sleep;

/// Where a trade goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Fault {
    None,
    /// A branch, after the others.
    Branch,
    /// A branch that is refused at once.
    AtOnce,
    /// The handler that joins.
    Join,
    /// The step, whose calls may have had their effect.
    Doubt,
    /// The step, whose call has had none.
    Refused,
    /// The step, which never comes back.
    Hangs,
    /// The same, and the signal that interrupts it fails at first.
    HangsUp,
    /// An item.
    Item,
    /// The last split leads to a `failed` state.
    Lost,
}

workflow! {
    #[durable(version = 1)]
    #[derive(Debug, Clone)]
    pub(crate) workflow Trade {
        input { fault: Fault, papers: Vec<u32> }

        start Asked { cart: u32 };
        state Reserved { cart: u32 };
        state Paid;
        state Called;
        done Sent;
        failed Lost;

        split reserve: Asked -> Reserved {
            branch stock: u32 with undo(restock);
            branch card: String with undo(refund), retry(2, every 1s);
            branch fraud: bool;
            join all;
        }
        step pay: Reserved -> Paid with undo(pay_back, in doubt), retry(2, every 1s), timeout(1m);
        signal call interrupts Reserved -> Called with retry(2, every 10m);
        step answer: Called -> Lost;
        split wrap: Paid -> Sent | Lost {
            each paper in input.papers: u32 => u32, at most 3 with undo(unwrap), spawn;
            join all;
        }
    }
}

/// The world outside: each effect by the key of who had it, and what was undone.
#[derive(Debug, Clone, Default)]
pub(crate) struct World(Arc<Mutex<Ledger>>);

#[derive(Debug, Default)]
struct Ledger {
    alive: BTreeMap<String, u32>,
    undone: Vec<String>,
    calls: Vec<String>,
}

impl World {
    pub(crate) fn has(&self, key: &impl ToString) {
        let key = key.to_string();
        let mut ledger = self.0.lock().unwrap();
        ledger.calls.push(short(&key));
        *ledger.alive.entry(key).or_default() += 1;
    }

    pub(crate) fn undo(&self, key: &impl ToString) {
        let key = key.to_string();
        let mut ledger = self.0.lock().unwrap();
        ledger.alive.remove(&key);
        ledger.undone.push(short(&key));
    }

    pub(crate) fn alive(&self) -> BTreeSet<String> {
        self.0
            .lock()
            .unwrap()
            .alive
            .keys()
            .map(|it| short(it))
            .collect()
    }

    pub(crate) fn undone(&self) -> Vec<String> {
        self.0.lock().unwrap().undone.clone()
    }

    pub(crate) fn calls(&self, key: &str) -> usize {
        let ledger = self.0.lock().unwrap();
        ledger.calls.iter().filter(|it| *it == key).count()
    }
}

/// The part of a key behind the workflow, the run and its incarnation.
fn short(key: &str) -> String {
    key.splitn(4, '/').nth(3).unwrap_or_default().to_owned()
}

impl TradeSteps for World {
    type Error = String;

    fn retryable(&self, error: &String) -> bool {
        error != "refused"
    }

    async fn stock(&self, asked: &Asked, branch: &Branch<Reserve>) -> Result<u32, String> {
        sleep(Duration::from_millis(10)).await;
        self.has(&branch.key());
        Ok(asked.cart + 1)
    }

    async fn restock(&self, asked: &Asked, stock: u32, undo: &Undo<Reserve>) -> Result<(), String> {
        assert_eq!(stock, asked.cart + 1);
        self.undo(&undo.done());
        Ok(())
    }

    async fn card(&self, _: &Asked, branch: &Branch<Reserve>) -> Result<String, String> {
        self.has(&branch.key());
        Ok("card".to_owned())
    }

    async fn refund(&self, _: &Asked, card: String, undo: &Undo<Reserve>) -> Result<(), String> {
        assert_eq!(card, "card");
        self.undo(&undo.done());
        Ok(())
    }

    async fn fraud(&self, _: &Asked, branch: &Branch<Reserve>) -> Result<bool, String> {
        match branch.input().fault {
            Fault::AtOnce => Err("refused".into()),
            Fault::Branch => {
                sleep(Duration::from_millis(20)).await;
                Err("refused".into())
            }
            _ => Ok(false),
        }
    }

    async fn reserve(
        &self,
        asked: Asked,
        _: ReserveJoined,
        step: &Step<Reserve>,
    ) -> Result<Reserve, String> {
        if step.input().fault == Fault::Join {
            return Err("refused".into());
        }
        Ok(step.to(Reserved { cart: asked.cart }))
    }

    async fn pay(&self, _: Reserved, step: &Step<Pay>) -> Result<Pay, String> {
        match step.input().fault {
            Fault::Refused => Err("refused".into()),
            Fault::Doubt => {
                self.has(&step.key());
                Err("no answer".into())
            }
            Fault::Hangs | Fault::HangsUp => {
                self.has(&step.key());
                pending().await
            }
            _ => {
                self.has(&step.key());
                Ok(step.to(Paid))
            }
        }
    }

    async fn pay_back(
        &self,
        undoing: Undoing<Reserved, Paid>,
        undo: &Undo<Pay>,
    ) -> Result<(), String> {
        if let Undoing::InDoubt(reserved) = undoing {
            assert_eq!(reserved.cart, 7);
        }
        self.undo(&undo.done());
        Ok(())
    }

    async fn call(&self, _: Reserved, step: &Step<OnCall>) -> Result<OnCall, String> {
        if step.input().fault == Fault::HangsUp && step.attempt() == 1 {
            return Err("no answer".into());
        }
        Ok(step.to(Called))
    }

    async fn answer(&self, _: Called, step: &Step<Answer>) -> Result<Answer, String> {
        Ok(step.to(Lost))
    }

    async fn paper(&self, _: &Paid, paper: &u32, branch: &Branch<Wrap>) -> Result<u32, String> {
        sleep(Duration::from_millis(u64::from(*paper))).await;
        if branch.input().fault == Fault::Item && *paper == 30 {
            return Err("refused".into());
        }
        self.has(&branch.key());
        Ok(*paper + 1)
    }

    async fn unwrap(
        &self,
        _: &Paid,
        paper: &u32,
        sheet: u32,
        undo: &Undo<Wrap>,
    ) -> Result<(), String> {
        assert_eq!(sheet, *paper + 1);
        self.undo(&undo.done());
        Ok(())
    }

    async fn wrap(&self, _: Paid, _: WrapJoined, step: &Step<Wrap>) -> Result<Wrap, String> {
        Ok(match step.input().fault {
            Fault::Lost => step.to(Lost),
            _ => step.to(Sent),
        })
    }
}

pub(crate) async fn open<S: Store>(store: S, world: &World, clock: &Clock) -> Runner<Trade> {
    let runner = Runner::builder(world.clone())
        .store(store)
        .clock(clock.clone());
    let runner = runner.max_crashes(100).launch().await;
    runner.expect("the store is there")
}

pub(crate) async fn start(runner: &Runner<Trade>, fault: Fault) -> Run<Trade> {
    let papers = vec![10, 20, 30, 40];
    let input = TradeInput { fault, papers };
    loop {
        // The store may have crashed: start it again.
        match runner.start("t", input.clone(), Asked { cart: 7 }).await {
            Ok(run) => return run,
            Err(error) => assert!(format!("{error:?}").contains("Unavailable"), "{error:?}"),
        }
    }
}

pub(crate) async fn run<S: Store>(
    store: S,
    world: &World,
    fault: Fault,
) -> Result<TradeEnd, EndError> {
    let runner = open(store, world, &Clock::tokio()).await;
    start(&runner, fault).await.end().await
}

pub(crate) async fn failed(world: &World, fault: Fault) -> RunFailure {
    match run(MemoryStore::new(), world, fault).await {
        Err(EndError::Failed(failure)) => *failure,
        ended => panic!("it fails, and not {ended:?}"),
    }
}
