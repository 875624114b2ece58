//! A payload that is written and not read again is noticed before it is recorded, and a codec that panics is an error.

use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};
use stateway::codec::{PayloadRef, PayloadSlot};
use stateway::prelude::*;
use stateway::store::{Status, Store as _};
use stateway::{Clock, Codec, CodecError, Json, MemoryStore};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Weight {
    grams: u128,
}

workflow! {
    #[durable(version = 1)]
    #[derive(Debug, Clone)]
    pub(crate) workflow Parcel {
        input { to: String, insured: f64 }

        start Packed { act: String };
        state Moved { act: String };
        state Priced { price: f64 };
        state Weighed { #[serde(flatten)] weight: Weight };
        state Hidden { #[serde(skip_serializing)] code: String };
        done Sent;

        step carry: Packed -> Moved with undo(bring_back);
        split look: Moved -> Priced | Weighed | Hidden {
            branch price: f64;
            branch weight: u8;
            join all;
        }
        step send_priced: Priced -> Sent;
        step send_weighed: Weighed -> Sent;
        step send_hidden: Hidden -> Sent;
    }
}

#[derive(Clone, Default)]
struct Depot(Arc<AtomicBool>);

impl ParcelSteps for Depot {
    type Error = String;

    async fn carry(&self, at: Packed, step: &Step<Carry>) -> Result<Carry, String> {
        Ok(step.to(Moved { act: at.act }))
    }

    async fn bring_back(&self, _: Moved, _: &Undo<Carry>) -> Result<(), String> {
        self.0.store(true, Ordering::Relaxed);
        Ok(())
    }

    async fn price(&self, at: &Moved, _: &Branch<Look>) -> Result<f64, String> {
        Ok(if at.act == "output" { f64::NAN } else { 1.5 })
    }

    async fn weight(&self, _: &Moved, _: &Branch<Look>) -> Result<u8, String> {
        Ok(1)
    }

    async fn look(&self, at: Moved, _: LookJoined, step: &Step<Look>) -> Result<Look, String> {
        Ok(match &*at.act {
            "nan" => step.to(Priced { price: f64::NAN }),
            "large" => step.to(Weighed {
                weight: Weight { grams: u128::MAX },
            }),
            "hidden" => step.to(Hidden { code: "x".into() }),
            _ => step.to(Priced { price: 1.5 }),
        })
    }

    async fn send_priced(&self, _: Priced, it: &Step<SendPriced>) -> Result<SendPriced, String> {
        Ok(it.to(Sent))
    }

    async fn send_weighed(
        &self,
        _: Weighed,
        it: &Step<SendWeighed>,
    ) -> Result<SendWeighed, String> {
        Ok(it.to(Sent))
    }

    async fn send_hidden(&self, at: Hidden, it: &Step<SendHidden>) -> Result<SendHidden, String> {
        assert_eq!(at.code, "x");
        Ok(it.to(Sent))
    }
}

fn input() -> ParcelInput {
    ParcelInput {
        to: "Ada".into(),
        insured: 1.5,
    }
}

fn packed(act: &str) -> Packed {
    Packed { act: act.into() }
}

#[tokio::test(start_paused = true)]
async fn a_payload_that_is_not_read_again_parks_its_run_before_it_is_recorded() {
    let way_out = "give fields that are not written a `#[serde(default)]`, and keep out values that the codec does \
                   not have, such as NaN";
    for (act, what, why) in [
        (
            "nan",
            "state `Priced`",
            "invalid type: null, expected f64 at line 1 column 13",
        ),
        (
            "large",
            "state `Weighed`",
            "u128 is not supported at line 1 column 49",
        ),
        (
            "hidden",
            "state `Hidden`",
            "missing field `code` at line 1 column 2",
        ),
        (
            "output",
            "the output of branch `price`",
            "invalid type: null, expected f64 at line 1 column 4",
        ),
    ] {
        let (store, depot) = (Arc::new(MemoryStore::new()), Depot::default());
        let runner = Runner::<Parcel>::builder(depot.clone()).clock(Clock::tokio());
        let runner = runner.store(Arc::clone(&store)).launch().await.unwrap();
        let run = runner.start("p-1", input(), packed(act)).await.unwrap();
        let EndError::Parked { reason, .. } = run.end().await.unwrap_err() else {
            panic!("it is parked")
        };
        assert_eq!(
            reason,
            format!("{what} would not be read again: {why}; {way_out}")
        );
        let row = run.info().await.unwrap();
        assert_eq!(
            (row.status, &*row.state, row.undos),
            (Status::Parked, "Moved", 1)
        );
        // Its earlier transitions can be undone.
        runner.cancel("p-1").await.unwrap();
        runner.unpark("p-1").await.unwrap();
        assert!(matches!(run.end().await, Err(EndError::Failed(_))));
        assert!(depot.0.load(Ordering::Relaxed), "{act}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_input_that_is_not_read_again_is_not_started() {
    let store = Arc::new(MemoryStore::new());
    let runner = Runner::<Parcel>::builder(Depot::default()).clock(Clock::tokio());
    let runner = runner.store(Arc::clone(&store)).launch().await.unwrap();
    let input = ParcelInput {
        insured: f64::INFINITY,
        ..input()
    };
    let refused = runner.start("p-1", input, packed("")).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "what the run is started with cannot be stored"
    );
    let source = refused.source().unwrap().to_string();
    assert!(
        source.starts_with("the input would not be read again: invalid type: null"),
        "{source}"
    );
    assert!(store.get(&"p-1".parse().unwrap()).await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn without_verifying_it_is_noticed_when_it_is_too_late() {
    let runner = Runner::<Parcel>::builder(Depot::default()).clock(Clock::tokio());
    let runner = runner.verify_payloads(false).store(MemoryStore::new());
    let runner = runner.launch().await.unwrap();
    let run = runner
        .start("p-1", input(), packed("hidden"))
        .await
        .unwrap();
    assert!(matches!(run.end().await, Ok(ParcelEnd::Sent(_))));
}

/// Panics when it is told to.
#[derive(Clone, Default)]
struct Slips {
    encodes: Arc<AtomicBool>,
    decodes: Arc<AtomicBool>,
}

impl Codec for Slips {
    fn encode(&self, payload: PayloadRef<'_>) -> Result<Vec<u8>, CodecError> {
        assert!(!self.encodes.load(Ordering::Relaxed), "it slipped");
        Json.encode(payload)
    }

    fn decode(&self, bytes: &[u8], slot: PayloadSlot<'_>) -> Result<(), CodecError> {
        assert!(!self.decodes.load(Ordering::Relaxed), "it slipped");
        Json.decode(bytes, slot)
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_a_codec_is_an_error_of_the_codec() {
    let slips = Slips::default();
    let runner = Runner::<Parcel>::builder(Depot::default()).clock(Clock::tokio());
    let runner = runner.codec(slips.clone()).store(MemoryStore::new());
    let runner = runner.launch().await.unwrap();
    let start = async |to: &str| {
        let input = ParcelInput {
            to: to.into(),
            ..input()
        };
        runner.start("p-1", input, packed("")).await
    };
    for slip in [&slips.encodes, &slips.decodes] {
        slip.store(true, Ordering::Relaxed);
        let refused = start("Ada").await.unwrap_err();
        let StartError::Codec(error) = refused else {
            panic!("{refused:?}")
        };
        assert!(error.to_string().contains("its code panicked"), "{error}");
        slip.store(false, Ordering::Relaxed);
    }
    let run = start("Ada").await.unwrap();
    assert!(run.end().await.is_ok());
    slips.decodes.store(true, Ordering::Relaxed);
    let text = "run `p-1` is in state `Sent`, and its payload does not decode";
    for error in [run.end().await.map(drop), run.state().await.map(drop)] {
        let error = error.unwrap_err();
        assert_eq!(error.to_string(), text);
        let source = error.source().unwrap().to_string();
        assert!(source.contains("its code panicked"), "{source}");
    }
}
