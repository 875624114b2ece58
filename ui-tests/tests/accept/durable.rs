//! Every form of what a durable workflow stores.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use stateway::prelude::*;

pub mod money {
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    pub struct Cents(pub u64);

    pub fn by_text<S: serde::Serializer>(time: &std::time::Instant, to: S) -> Result<S::Ok, S::Error> {
        let _ = time;
        to.serialize_str("now")
    }

    pub fn now<'de, D: serde::Deserializer<'de>>(from: D) -> Result<std::time::Instant, D::Error> {
        let text: String = serde::Deserialize::deserialize(from)?;
        assert_eq!(text, "now");
        Ok(std::time::Instant::now())
    }
}

use money::Cents;

workflow! {
    /// With splits, undo, serde attributes and a state that is never stored.
    #[durable(version = 3)]
    #[derive(Clone)]
    pub workflow Order {
        input { customer: u64, note: Option<String>, tags: Vec<String> }

        #[serde(rename_all = "camelCase")]
        start Placed { total_cents: Cents, #[serde(default)] rush: bool };
        start Imported { from: String, cents: Cents };
        /// It says itself how it is stored.
        #[derive(Serialize, Deserialize)]
        state Held { cents: Cents, by: BTreeMap<String, u32> };
        state Checked {
            #[serde(serialize_with = "money::by_text", deserialize_with = "money::now")]
            at: std::time::Instant,
            #[serde(skip)]
            cache: Option<Arc<u32>>,
        };
        transient state Looked { seen: Arc<std::sync::Mutex<u32>> };
        state Rated { numbers: Vec<u32> };
        done Shipped { parcel: (u32, String) };
        failed Refused { why: String };

        step hold: Placed -> Held with undo(release);
        step import: Imported -> Held with undo(release_imported);
        step check: Held -> Checked | Refused with retry(2);
        step look: Checked -> Looked;
        split rate: Looked -> Rated {
            branch first: Cents;
            branch second: Vec<(u8, Option<String>)> with retry(2), timeout(1s);
            join all;
        }
        split ship: Rated -> Shipped | Refused {
            each number in numbers: u32 => Option<Cents> with spawn;
            join all;
        }
    }
}

// Another one in the same module, of the same shape, without an input.
workflow! {
    #[durable(version = 1)]
    workflow Note {
        start Written;
        done Seen;
        step read: Written -> Seen;
    }
}

#[derive(Clone)]
struct Shop;

impl OrderSteps for Shop {
    type Error = String;

    async fn hold(&self, placed: Placed, _: &Step<Hold>) -> Result<Hold, String> {
        let by = BTreeMap::from([("stock".to_owned(), 1)]);
        Ok(Hold::Held(Held { cents: placed.total_cents, by }))
    }

    async fn release(&self, _: Held, _: &Undo<Hold>) -> Result<(), String> {
        Ok(())
    }

    async fn import(&self, imported: Imported, _: &Step<Import>) -> Result<Import, String> {
        Ok(Import::Held(Held { cents: imported.cents, by: BTreeMap::new() }))
    }

    async fn release_imported(&self, _: Held, _: &Undo<Import>) -> Result<(), String> {
        Ok(())
    }

    async fn check(&self, held: Held, _: &Step<Check>) -> Result<Check, String> {
        assert_eq!(held.cents, Cents(5));
        let at = std::time::Instant::now();
        Ok(Check::Checked(Checked { at, cache: None }))
    }

    async fn look(&self, _: Checked, _: &Step<Look>) -> Result<Look, String> {
        Ok(Look::Looked(Looked { seen: Arc::default() }))
    }

    async fn first(&self, _: &Looked, _: &Branch<Rate>) -> Result<Cents, String> {
        Ok(Cents(1))
    }

    async fn second(&self, _: &Looked, _: &Branch<Rate>) -> Result<Vec<(u8, Option<String>)>, String> {
        Ok(Vec::new())
    }

    async fn rate(&self, _: Looked, joined: RateJoined, _: &Step<Rate>) -> Result<Rate, String> {
        Ok(Rate::Rated(Rated { numbers: vec![joined.first.0 as u32, 2] }))
    }

    async fn number(&self, _: &Rated, number: &u32, _: &Branch<Ship>) -> Result<Option<Cents>, String> {
        Ok(Some(Cents(u64::from(*number))))
    }

    async fn ship(&self, _: Rated, joined: Vec<Option<Cents>>, _: &Step<Ship>) -> Result<Ship, String> {
        let parcel = (joined.len() as u32, "post".to_owned());
        Ok(Ship::Shipped(Shipped { parcel }))
    }
}

pub fn main() {
    mod inner {
        stateway::workflow! {
            #[durable(version = 1)]
            pub workflow Inside {
                input { of: super::Cents }
                start A { cents: super::Cents };
                done B;
                step go: A -> B;
            }
        }
    }
    let _ = inner::Inside::GRAPH;

    // In a function, where a path has no name.
    #[derive(Serialize, Deserialize)]
    struct Local(u8);
    stateway::workflow! {
        #[durable(version = 1)]
        workflow InAFunction {
            start Begun { local: Local };
            done Over;
            step end: Begun -> Over;
        }
    }
    let _ = Begun { local: Local(1) }.local.0;

    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let runner = Runner::<Order>::builder(Shop).store(stateway::MemoryStore::new()).launch().await.unwrap();
        let input = OrderInput { customer: 1, note: None, tags: vec![] };
        let placed = Placed { total_cents: Cents(5), rush: false };
        let run = runner.start("a", input, placed).await.unwrap();
        let OrderEnd::Shipped(order) = run.end().await.unwrap() else { panic!("refused") };
        assert_eq!(order.parcel, (2, "post".to_owned()));
    });
}
