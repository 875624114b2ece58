//! A run that is started a second time: the one that is there, or a conflict that says why.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use serde_json::value::RawValue;
use stateway::codec::{PayloadRef, PayloadSlot};
use stateway::prelude::*;
use stateway::runner::Differs;
use stateway::store::{NewRun, Store as _};
use stateway::{Clock, Codec, CodecError, Json, MemoryStore};

/// A workflow that ends at once, and a context for it.
macro_rules! at_once {
    ($name:ident, [$($derive:meta)?], $($input:tt)*) => {
        #[allow(unused_parens, reason = "those that derived code has around a type")]
        mod $name {
            use super::*;

            workflow! {
                #[durable(version = 1)]
                $(#[$derive])?
                pub(crate) workflow Ask {
                    input { $($input)* }
                    start Asked { of: HashSet<u32> };
                    done Told;
                    step tell: Asked -> Told;
                }
            }

            impl AskSteps for Desk {
                type Error = String;

                async fn tell(&self, _: Asked, step: &Step<Tell>) -> Result<Tell, String> {
                    Ok(step.to(Told))
                }
            }

            pub(crate) async fn launch(store: &Arc<MemoryStore>, codec: impl Codec) -> Runner<Ask> {
                let runner = Runner::<Ask>::builder(Desk).clock(Clock::tokio());
                let runner = runner.codec(codec).store(Arc::clone(store));
                runner.launch().await.unwrap()
            }
        }
    };
}

struct Desk;

at_once!(values, [derive(PartialEq)], tags: HashSet<String>);
at_once!(stored, [], tags: HashSet<String>, steps: Vec<u32>);
at_once!(sorted, [], tags: BTreeSet<String>, steps: Vec<u32>);
at_once!(raw, [], json: Box<RawValue>);
at_once!(tree, [], json: serde_json::Value);

fn tags<T: FromIterator<String>>() -> T {
    (0..20).map(|tag| format!("tag {tag}")).collect()
}

fn differs<W>(refused: Result<stateway::runner::Run<W>, StartError>) -> (Differs, String) {
    let error = refused.map(|_| ()).unwrap_err();
    let text = error.to_string();
    match error {
        StartError::Conflict { differs, .. } => (differs, text),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_hash_set_whose_type_is_partial_eq_is_compared_as_a_value() {
    let runner = values::launch(&Arc::default(), Json).await;
    for _ in 0..100 {
        let input = values::AskInput { tags: tags() };
        let asked = values::Asked {
            of: (0..20).collect(),
        };
        runner.start("a-1", input, asked).await.unwrap();
    }
    let input = values::AskInput { tags: tags() };
    let asked = values::Asked {
        of: (0..19).collect(),
    };
    assert_eq!(
        differs(runner.start("a-1", input, asked).await).0,
        Differs::Start
    );
    let input = values::AskInput {
        tags: HashSet::new(),
    };
    let asked = values::Asked {
        of: (0..20).collect(),
    };
    assert_eq!(
        differs(runner.start("a-1", input, asked).await).0,
        Differs::Input
    );
}

#[tokio::test(start_paused = true)]
async fn a_hash_set_whose_type_is_not_partial_eq_has_no_order_either() {
    let runner = stored::launch(&Arc::default(), Json).await;
    let start = async |steps: &[u32], last: &str| {
        let tags = HashSet::from(["x".to_owned(), last.to_owned()]);
        let steps = steps.to_vec();
        let asked = stored::Asked {
            of: (0..20).collect(),
        };
        runner
            .start("a-1", stored::AskInput { tags, steps }, asked)
            .await
    };
    for _ in 0..100 {
        start(&[1, 2], "y").await.unwrap();
    }
    assert_eq!(differs(start(&[1, 2], "z").await).0, Differs::Input);
    // Beside it, the order of a list counts.
    let (what, text) = differs(start(&[2, 1], "y").await);
    assert_eq!(what, Differs::Order);
    assert_eq!(
        text,
        "run `a-1` exists already and what it was started with differs in the order of a list: give this one another \
         id, or, if the order means nothing, derive `PartialEq` on the workflow, so that values are compared"
    );
    assert_eq!(differs(start(&[1, 3], "y").await).0, Differs::Input);
}

fn nested(levels: usize, inner: &str) -> Box<RawValue> {
    let json = format!("{}{inner}{}", "[".repeat(levels), "]".repeat(levels));
    RawValue::from_string(json).unwrap()
}

fn asked() -> raw::Asked {
    raw::Asked { of: HashSet::new() }
}

#[tokio::test(start_paused = true)]
async fn json_that_nests_deep_in_a_second_start_is_refused() {
    let runner = raw::launch(&Arc::default(), Json).await;
    let start = async |levels, inner: &str| {
        let json = nested(levels, inner);
        runner.start("a-1", raw::AskInput { json }, asked()).await
    };
    start(120, "1").await.unwrap();
    start(120, " 1 ").await.unwrap();
    assert_eq!(differs(start(120, "2").await).0, Differs::Input);
    for levels in [127, 10_000, 400_000] {
        let refused = start(levels, "1").await.unwrap_err();
        let StartError::Codec(error) = refused else {
            panic!("{refused:?}")
        };
        let text = "the input cannot be encoded: it nests deeper than 127 levels";
        assert_eq!(error.to_string(), text);
    }
}

/// As a program with another codec may have stored it, or one that is not ours.
#[tokio::test(start_paused = true)]
async fn json_that_nests_deep_in_the_store_is_a_conflict() {
    let store = Arc::new(MemoryStore::new());
    let deep = |levels, inner| format!("{{\"json\":{}}}", nested(levels, inner).get());
    let older = NewRun {
        incarnation: 1,
        input: deep(100_000, "1").into(),
        payload: br#"{"of":[]}"#.to_vec(),
        ..NewRun::new(
            "a-1".parse().unwrap(),
            "Ask",
            1,
            "Asked",
            Clock::tokio().now(),
        )
    };
    store.create(older).await.unwrap();
    let runner = raw::launch(&store, Json).await;
    let input = raw::AskInput {
        json: nested(100, "1"),
    };
    assert_eq!(
        differs(runner.start("a-1", input, asked()).await).0,
        Differs::Input
    );
}

#[tokio::test(start_paused = true)]
async fn a_value_that_nests_deep_is_refused_before_the_stack_ends() {
    let runner = tree::launch(&Arc::default(), Json).await;
    let mut json = serde_json::Value::Null;
    for _ in 0..3_000 {
        json = serde_json::Value::Array(vec![json]);
    }
    let asked = tree::Asked { of: HashSet::new() };
    let refused = runner.start("a-1", tree::AskInput { json }, asked).await;
    assert!(matches!(refused, Err(StartError::Codec(_))), "{refused:?}");
}

/// Writes other bytes each time, as an encryption does.
#[derive(Default)]
struct Nonce(AtomicU8);

impl Codec for Nonce {
    fn encode(&self, payload: PayloadRef<'_>) -> Result<Vec<u8>, CodecError> {
        let nonce = self.0.fetch_add(1, Ordering::Relaxed);
        let json = Json.encode(payload)?;
        Ok([nonce]
            .into_iter()
            .chain(json.into_iter().map(|byte| byte ^ nonce))
            .collect())
    }

    fn decode(&self, bytes: &[u8], slot: PayloadSlot<'_>) -> Result<(), CodecError> {
        let (nonce, json) = bytes
            .split_first()
            .ok_or_else(|| CodecError::new("it is empty"))?;
        let json: Vec<u8> = json.iter().map(|byte| byte ^ nonce).collect();
        Json.decode(&json, slot)
    }
}

#[tokio::test(start_paused = true)]
async fn a_codec_that_writes_other_bytes_each_time_makes_no_conflict() {
    let runner = sorted::launch(&Arc::default(), Nonce::default()).await;
    let start = async |steps: &[u32]| {
        let input = sorted::AskInput {
            tags: tags(),
            steps: steps.to_vec(),
        };
        runner
            .start(
                "a-1",
                input,
                sorted::Asked {
                    of: HashSet::from([1]),
                },
            )
            .await
    };
    for _ in 0..10 {
        start(&[1, 2]).await.unwrap();
    }
    assert_eq!(differs(start(&[3]).await).0, Differs::Input);
}
