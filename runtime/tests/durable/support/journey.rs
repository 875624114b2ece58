//! A workflow with everything that a crash can meet, and a world outside that remembers what was done to it.

use std::collections::BTreeMap;
use std::future::ready;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use stateway::prelude::*;
use stateway::store::{
    Commit, Event, HistoryRow, Hold, Request, RunRow, Status, Stop, Store, StoreFuture,
};
use stateway::{Key, RunId};

workflow! {
    /// A journey: ten steps and splits, of which most can be undone.
    #[durable(version = 1)]
    #[derive(Clone, Debug, PartialEq)]
    pub(crate) workflow Journey {
        input { plan: Plan }

        start  Planned;
        state  Flown { legs: u32 };
        state  Packed { bags: Vec<u32> };
        state  Checked { weights: Vec<u64> };
        transient state Weighed { total: u64 };
        state  Insured { policy: String };
        state  Quoted { offers: u32 };
        state  Paid { receipt: String };
        done   Arrived { paid: String };
        failed Refused { total: u64 };

        step fly: Planned -> Flown with undo(return_ticket);
        step pack: Flown -> Flown | Packed with undo(Flown => give_leg_back, Packed => unpack);
        split check: Packed -> Checked {
            each bag in bags: u32 => u64, at most 2;
            join all;
        }
        step weigh: Checked -> Weighed;
        step insure: Weighed -> Insured | Refused
            with retry(3, every 50ms), undo(uninsure);
        split quote: Insured -> Quoted with undo(unquote) {
            branch hotel: u32 with retry(2, every 10ms);
            branch car: u32;
            branch boat: u32;
            join quorum(2);
        }
        step pay: Quoted -> Paid with retry(2, every 20s), undo(refund, retry(3, every 5ms));
        step arrive: Paid -> Arrived;
    }
}

/// The events that the journey meets.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Plan {
    pub(crate) legs: u32,
    pub(crate) bags: u32,
    /// Handlers that fail for good.
    pub(crate) fails: Vec<String>,
    /// Handlers that fail when they are called for the first time, by whatever process.
    #[serde(default)]
    pub(crate) fails_once: Vec<String>,
    /// Handlers that fail at their first attempt.
    pub(crate) stumbles: Vec<String>,
}

/// The events, in order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Seen {
    /// A handler was called.
    Called(String, String),
    /// Something was recorded.
    Recorded(RunId, Event),
}

/// The world outside, which lives on where a machine is lost.
#[derive(Clone, Default)]
pub(crate) struct World {
    log: Arc<Mutex<Vec<Seen>>>,
    done: Arc<Mutex<BTreeMap<String, u32>>>,
}

impl World {
    /// An effect. It takes place once for each key, however often it is asked for.
    fn effect(&self, name: &str, key: &Key) {
        let key = key.to_string();
        self.log
            .lock()
            .unwrap()
            .push(Seen::Called(name.to_owned(), key.clone()));
        *self
            .done
            .lock()
            .unwrap()
            .entry(format!("{name} {key}"))
            .or_default() += 1;
    }

    pub(crate) fn log(&self) -> Vec<Seen> {
        self.log.lock().unwrap().clone()
    }

    /// The effects, by name: the number of different keys.
    pub(crate) fn effects(&self, name: &str) -> usize {
        let done = self.done.lock().unwrap();
        done.keys()
            .filter(|key| key.starts_with(&format!("{name} ")))
            .count()
    }

    async fn act(&self, name: &str, key: &Key, plan: &Plan, attempt: u32) -> Result<(), String> {
        // It takes a moment, so that others go on meanwhile.
        tokio::time::sleep(Duration::from_millis(1)).await;
        self.effect(name, key);
        if plan.fails.iter().any(|it| it == name) {
            return Err(format!("{name} failed"));
        }
        let calls = self.done.lock().unwrap()[&format!("{name} {key}")];
        if calls == 1 && plan.fails_once.iter().any(|it| it == name) {
            return Err(format!("{name} failed once"));
        }
        if attempt == 1 && plan.stumbles.iter().any(|it| it == name) {
            return Err(format!("{name} stumbled"));
        }
        Ok(())
    }
}

macro_rules! act {
    ($self:ident, $name:literal, $step:ident) => {
        $self
            .act($name, &$step.key(), &$step.input().plan, $step.attempt())
            .await
    };
}

impl JourneySteps for World {
    type Error = String;

    async fn fly(&self, _: Planned, step: &Step<Fly>) -> Result<Fly, String> {
        act!(self, "fly", step)?;
        Ok(step.to(Flown {
            legs: step.input().plan.legs,
        }))
    }

    async fn return_ticket(&self, _: Flown, step: &Undo<Fly>) -> Result<(), String> {
        act!(self, "return_ticket", step)
    }

    async fn pack(&self, flown: Flown, step: &Step<Pack>) -> Result<Pack, String> {
        act!(self, "pack", step)?;
        Ok(match flown.legs {
            0 => step.to(Packed {
                bags: (0..step.input().plan.bags).collect(),
            }),
            legs => step.to(Flown { legs: legs - 1 }),
        })
    }

    async fn give_leg_back(&self, _: Flown, step: &Undo<Pack>) -> Result<(), String> {
        act!(self, "give_leg_back", step)
    }

    async fn unpack(&self, _: Packed, step: &Undo<Pack>) -> Result<(), String> {
        act!(self, "unpack", step)
    }

    async fn bag(&self, _: &Packed, bag: &u32, branch: &Branch<Check>) -> Result<u64, String> {
        act!(self, "bag", branch)?;
        Ok(u64::from(*bag) + 10)
    }

    async fn check(
        &self,
        _: Packed,
        weights: CheckJoined,
        step: &Step<Check>,
    ) -> Result<Check, String> {
        act!(self, "check", step)?;
        Ok(step.to(Checked { weights }))
    }

    async fn weigh(&self, checked: Checked, step: &Step<Weigh>) -> Result<Weigh, String> {
        Ok(step.to(Weighed {
            total: checked.weights.iter().sum(),
        }))
    }

    async fn insure(&self, weighed: Weighed, step: &Step<Insure>) -> Result<Insure, String> {
        act!(self, "insure", step)?;
        if step.input().plan.fails.iter().any(|it| it == "refuse") {
            return Ok(step.to(Refused {
                total: weighed.total,
            }));
        }
        Ok(step.to(Insured {
            policy: weighed.total.to_string(),
        }))
    }

    async fn uninsure(&self, _: Insured, step: &Undo<Insure>) -> Result<(), String> {
        act!(self, "uninsure", step)
    }

    async fn hotel(&self, _: &Insured, branch: &Branch<Quote>) -> Result<u32, String> {
        act!(self, "hotel", branch).map(|()| 1)
    }

    async fn car(&self, _: &Insured, branch: &Branch<Quote>) -> Result<u32, String> {
        act!(self, "car", branch).map(|()| 2)
    }

    async fn boat(&self, _: &Insured, branch: &Branch<Quote>) -> Result<u32, String> {
        act!(self, "boat", branch).map(|()| 3)
    }

    async fn quote(
        &self,
        _: Insured,
        joined: QuoteJoined<String>,
        step: &Step<Quote>,
    ) -> Result<Quote, String> {
        act!(self, "quote", step)?;
        let done = [
            joined.hotel.is_done(),
            joined.car.is_done(),
            joined.boat.is_done(),
        ];
        let offers = done.into_iter().filter(|done| *done).count();
        Ok(step.to(Quoted {
            offers: u32::try_from(offers).unwrap(),
        }))
    }

    async fn unquote(&self, _: Quoted, step: &Undo<Quote>) -> Result<(), String> {
        act!(self, "unquote", step)
    }

    async fn pay(&self, quoted: Quoted, step: &Step<Pay>) -> Result<Pay, String> {
        act!(self, "pay", step)?;
        assert!(quoted.offers >= 2, "two branches are enough");
        Ok(step.to(Paid {
            receipt: step.key().to_string(),
        }))
    }

    async fn refund(&self, _: Paid, step: &Undo<Pay>) -> Result<(), String> {
        act!(self, "refund", step)
    }

    async fn arrive(&self, paid: Paid, step: &Step<Arrive>) -> Result<Arrive, String> {
        act!(self, "arrive", step)?;
        Ok(step.to(Arrived { paid: paid.receipt }))
    }
}

/// A store that tells the world what it has recorded, when it has.
pub(crate) struct Told<S> {
    pub(crate) store: S,
    pub(crate) world: World,
}

impl<S: Store> Store for Told<S> {
    fn commit(&self, commit: Commit) -> StoreFuture<'_, Hold> {
        Box::pin(async move {
            let before = self.store.get(&commit.run).await?;
            let hold = self.store.commit(commit.clone()).await?;
            // A repetition changes nothing.
            if before.is_some_and(|before| before.row.sequence == commit.sequence) {
                let recorded = Seen::Recorded(commit.run, commit.event);
                self.world.log.lock().unwrap().push(recorded);
            }
            ready(Ok(hold)).await
        })
    }

    fn stop(&self, run: &RunId, stop: Stop, request: Request) -> StoreFuture<'_, ()> {
        self.store.stop(run, stop, request)
    }

    passed_on!();
}

/// Checks the promise, by what was seen and what is stored: a transition is recorded once, no handler runs after
/// its transition was recorded, and of a run that failed everything is undone, the last first.
pub(crate) fn check_promise(world: &World, row: &RunRow, history: &[HistoryRow]) {
    assert!(row.status.is_ended(), "{} has ended: {row:?}", row.id);
    let numbers: Vec<u64> = history.iter().map(|row| row.number).collect();
    assert_eq!(
        numbers,
        (0..=row.rows).collect::<Vec<_>>(),
        "no row is missing"
    );
    let mut visits = Vec::new();
    let mut to_undo = Vec::new();
    let mut undone = Vec::new();
    for row in history {
        match &row.event {
            Event::Transition { visit, undo, .. } => {
                assert!(
                    undone.is_empty(),
                    "a run that is rolled back never goes forward"
                );
                visits.push(*visit);
                to_undo.extend(undo.as_ref().map(|_| row.number));
            }
            Event::Undone { of, .. } | Event::NotUndone { of, .. } => undone.push(*of),
            _ => {}
        }
    }
    let mut distinct = visits.clone();
    distinct.dedup();
    assert_eq!(visits, distinct, "each transition is recorded once");
    assert!(visits.is_sorted());
    if row.status == Status::Failed {
        to_undo.reverse();
        assert_eq!(undone, to_undo, "everything is undone, the last first");
    } else {
        assert!(undone.is_empty(), "what went well is not undone");
    }
    let mut recorded = std::collections::BTreeSet::new();
    let mut visits_of = BTreeMap::new();
    for row in history {
        if let Event::Transition { visit, .. } = &row.event {
            visits_of.insert(row.number, *visit);
        }
    }
    for seen in world.log() {
        match seen {
            Seen::Recorded(run, event) if run == row.id => match event {
                Event::Transition { visit, .. } => {
                    recorded.insert(format!("{visit}"));
                }
                Event::Undone { of, .. } | Event::NotUndone { of, .. } => {
                    recorded.insert(format!("{}/undo", visits_of[&of]));
                }
                _ => {}
            },
            Seen::Called(name, key) => {
                let own = format!("Journey/{}/", row.id);
                let Some(part) = key.strip_prefix(&own) else {
                    continue;
                };
                let visit = part.split("/branch").next().unwrap();
                assert!(
                    !recorded.contains(visit),
                    "`{name}` ran as {key} after it was recorded"
                );
            }
            Seen::Recorded(..) => {}
        }
    }
}
