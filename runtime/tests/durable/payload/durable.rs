//! The stored parts of a run, and what an older or newer program reads of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};
use serde::{Deserialize, Serialize, Serializer};
use stateway::codec::{PayloadRef, PayloadSlot};
use stateway::prelude::*;
use stateway::store::{Event, NewRun, Status, Store as _};
use stateway::{Clock, Codec, CodecError, Json, MemoryStore};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Money {
    cents: u64,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Fragile;

impl Serialize for Fragile {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic!("it broke")
    }
}

workflow! {
    #[durable(version = 1)]
    #[derive(Debug, PartialEq)]
    pub(crate) workflow Quote {
        input { customer: String, #[serde(default)] channel: String, note: Option<String> }

        #[serde(rename_all = "camelCase")]
        start Asked { of_prices: Vec<Money>, #[serde(default)] is_rush: bool, until: Option<u64> };
        #[derive(Serialize, Deserialize)]
        #[serde(tag = "kind")]
        state Rated { by_place: BTreeMap<String, Money>, #[serde(skip)] cache: Option<String> };
        state Keyed { by_pair: BTreeMap<(u8, u8), u8> };
        state Broken { part: Fragile };
        done Sent { text: String };

        step rate: Asked -> Rated | Keyed | Broken;
        step send: Rated -> Sent;
        step send_keyed: Keyed -> Sent;
        step send_broken: Broken -> Sent;
    }
}

struct Desk;

impl QuoteSteps for Desk {
    type Error = String;

    async fn rate(&self, at: Asked, step: &Step<Rate>) -> Result<Rate, String> {
        Ok(match &*step.input().customer {
            "keyed" => step.to(Keyed {
                by_pair: BTreeMap::from([((1, 2), 3)]),
            }),
            "broken" => step.to(Broken { part: Fragile }),
            _ => step.to(Rated {
                by_place: at
                    .of_prices
                    .into_iter()
                    .map(|money| (format!("{} cents", money.cents), money))
                    .collect(),
                cache: Some("not stored".into()),
            }),
        })
    }

    async fn send(&self, at: Rated, step: &Step<Send>) -> Result<Send, String> {
        let text = format!("{:?} {:?} {:?}", at.by_place, at.cache, step.input());
        Ok(step.to(Sent { text }))
    }

    async fn send_keyed(&self, at: Keyed, step: &Step<SendKeyed>) -> Result<SendKeyed, String> {
        let text = format!("{:?}", at.by_pair);
        Ok(step.to(Sent { text }))
    }

    async fn send_broken(&self, _: Broken, step: &Step<SendBroken>) -> Result<SendBroken, String> {
        Ok(step.to(Sent {
            text: "whole".into(),
        }))
    }
}

fn input(customer: &str) -> QuoteInput {
    QuoteInput {
        customer: customer.into(),
        channel: "post".into(),
        note: None,
    }
}

fn asked() -> Asked {
    Asked {
        of_prices: vec![Money { cents: 5 }],
        is_rush: true,
        until: Some(9),
    }
}

async fn launch(store: &Arc<MemoryStore>) -> Runner<Quote> {
    let runner = Runner::<Quote>::builder(Desk).clock(Clock::tokio());
    runner.store(Arc::clone(store)).launch().await.unwrap()
}

async fn stored(store: &MemoryStore, run: &str) -> (String, String) {
    let found = store.get(&run.parse().unwrap()).await.unwrap().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(found.input), text(found.payload))
}

#[tokio::test(start_paused = true)]
async fn a_payload_is_the_json_that_serde_makes_of_the_state() {
    let store = Arc::new(MemoryStore::new());
    let runner = launch(&store).await;
    let run = runner.start("q-1", input("Ada"), asked()).await.unwrap();
    let QuoteEnd::Sent(sent) = run.end().await.unwrap();
    let (input, payload) = stored(&store, "q-1").await;
    assert_eq!(input, r#"{"customer":"Ada","channel":"post","note":null}"#);
    let expected = serde_json::json!({ "text": sent.text });
    assert_eq!(payload, expected.to_string());
    let history = runner.history("q-1").await.unwrap();
    let Event::Transition { payload, .. } = &history[1].event else {
        panic!("it is rated")
    };
    assert_eq!(
        str::from_utf8(payload).unwrap(),
        r#"{"kind":"Rated","by_place":{"5 cents":{"cents":5}}}"#
    );
}

/// Asked by a program of before, in which some fields were not there.
#[tokio::test(start_paused = true)]
async fn fields_that_were_added_are_read_as_their_defaults() {
    let store = Arc::new(MemoryStore::new());
    let older = NewRun {
        incarnation: 1,
        input: br#"{"customer":"Ada"}"#.to_vec(),
        payload: br#"{"ofPrices":[{"cents":7}],"gone":[1,2]}"#.to_vec(),
        ..NewRun::new(
            "q-1".parse().unwrap(),
            "Quote",
            1,
            "Asked",
            Clock::tokio().now(),
        )
    };
    store.create(older).await.unwrap();
    let runner = launch(&store).await;
    let run = runner.get("q-1").await.unwrap().unwrap();
    let QuoteEnd::Sent(sent) = run.end().await.unwrap();
    assert_eq!(
        sent.text,
        "{\"7 cents\": Money { cents: 7 }} Some(\"not stored\") QuoteInput { customer: \"Ada\", channel: \"\", \
         note: None }"
    );
}

#[tokio::test(start_paused = true)]
async fn a_start_whose_json_differs_in_form_only_is_the_same_run() {
    let store = Arc::new(MemoryStore::new());
    let other = NewRun {
        incarnation: 1,
        input: br#"{ "note": null, "channel": "post", "customer": "Ada" }"#.to_vec(),
        payload: br#"{"isRush":true,"until":9,"ofPrices":[{"cents":5}]}"#.to_vec(),
        ..NewRun::new(
            "q-1".parse().unwrap(),
            "Quote",
            1,
            "Asked",
            Clock::tokio().now(),
        )
    };
    store.create(other).await.unwrap();
    let runner = launch(&store).await;
    runner.start("q-1", input("Ada"), asked()).await.unwrap();
    let conflict = runner.start("q-1", input("Bob"), asked()).await;
    assert!(conflict.is_err());
}

async fn parked(customer: &str) -> String {
    let store = Arc::new(MemoryStore::new());
    let runner = launch(&store).await;
    let run = runner.start("q-1", input(customer), asked()).await.unwrap();
    let EndError::Parked { reason, .. } = run.end().await.unwrap_err() else {
        panic!("it is parked")
    };
    let row = store
        .get(&"q-1".parse().unwrap())
        .await
        .unwrap()
        .unwrap()
        .row;
    assert_eq!((row.status, &*row.state), (Status::Parked, "Asked"));
    reason
}

#[tokio::test(start_paused = true)]
async fn a_state_that_json_cannot_say_parks_its_run() {
    assert_eq!(
        parked("keyed").await,
        "state `Keyed` cannot be encoded: key must be a string"
    );
}

#[tokio::test(start_paused = true)]
async fn a_state_that_panics_as_it_is_encoded_parks_its_run() {
    assert_eq!(
        parked("broken").await,
        "state `Broken` cannot be encoded: its code panicked"
    );
}

/// JSON behind a mark.
struct Marked;

impl Codec for Marked {
    fn encode(&self, payload: PayloadRef<'_>) -> Result<Vec<u8>, CodecError> {
        let json = Json.encode(payload)?;
        Ok([b"marked:", &*json].concat())
    }

    fn decode(&self, bytes: &[u8], slot: PayloadSlot<'_>) -> Result<(), CodecError> {
        let json = bytes.strip_prefix(b"marked:");
        Json.decode(json.ok_or_else(|| CodecError::new("it has no mark"))?, slot)
    }
}

#[tokio::test(start_paused = true)]
async fn a_codec_of_ones_own_encodes_everything() {
    let store = Arc::new(MemoryStore::new());
    let runner = Runner::<Quote>::builder(Desk).clock(Clock::tokio());
    let runner = runner.codec(Marked).store(Arc::clone(&store));
    let runner = runner.launch().await.unwrap();
    let run = runner.start("q-1", input("Ada"), asked()).await.unwrap();
    let QuoteEnd::Sent(_) = run.end().await.unwrap();
    let (input, payload) = stored(&store, "q-1").await;
    assert!(input.starts_with("marked:{") && payload.starts_with("marked:{"));
    // Another codec does not read it, and says so.
    let error = launch(&store).await.get("q-1").await.unwrap().unwrap();
    let error = error.end().await.unwrap_err();
    assert!(matches!(error, EndError::Codec { .. }), "{error:?}");
}

/// An input of before, in which a field was not there, started again by a program that has it.
#[tokio::test(start_paused = true)]
async fn a_start_with_a_field_that_was_added_since_is_the_same_run() {
    let store = Arc::new(MemoryStore::new());
    let older = NewRun {
        incarnation: 1,
        input: br#"{"customer":"Ada"}"#.to_vec(),
        payload: br#"{"ofPrices":[]}"#.to_vec(),
        ..NewRun::new(
            "q-1".parse().unwrap(),
            "Quote",
            1,
            "Asked",
            Clock::tokio().now(),
        )
    };
    store.create(older).await.unwrap();
    let runner = launch(&store).await;
    let same = QuoteInput {
        channel: String::new(),
        ..input("Ada")
    };
    let asked = Asked {
        of_prices: Vec::new(),
        is_rush: false,
        until: None,
    };
    runner.start("q-1", same, asked).await.unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn a_float_is_read_as_it_was_written(bits in any::<u64>()) {
        let float = f64::from_bits(bits);
        let json = Json.encode(PayloadRef::new(&float)).unwrap();
        let mut read: Option<Option<f64>> = None;
        Json.decode(&json, PayloadSlot::new(&mut read)).unwrap();
        let expected = float.is_finite().then(|| float.to_bits());
        prop_assert_eq!(read.unwrap().map(f64::to_bits), expected);
    }
}
