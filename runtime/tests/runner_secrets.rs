//! The content of a payload is in no log, in no reason and in no error's text, and not in the file if the codec encrypts.

use std::fmt::{self, Write as _};
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use stateway::codec::{PayloadRef, PayloadSlot};
use stateway::prelude::*;
use stateway::store::{Event, Filter, NewRun, Store as _};
use stateway::{Clock, Codec, CodecError, Json, RedbStore};

/// Is in every payload and every error.
const SECRET: &str = "4111-1111-1111-1111";

/// JSON that is not to be read without the key.
struct Sealed(u8);

impl Codec for Sealed {
    fn encode(&self, payload: PayloadRef<'_>) -> Result<Vec<u8>, CodecError> {
        let json = Json.encode(payload)?;
        Ok(json.into_iter().map(|byte| byte ^ self.0).collect())
    }

    fn decode(&self, bytes: &[u8], slot: PayloadSlot<'_>) -> Result<(), CodecError> {
        let json: Vec<_> = bytes.iter().map(|byte| byte ^ self.0).collect();
        Json.decode(&json, slot)
    }
}

/// A card that serde may not like.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Card {
    Plain(String),
    /// Its `Serialize` fails, and quotes it.
    Unwritten(String),
    /// Its `Deserialize` fails, and quotes it.
    Unread(String),
    Panics(String),
}

impl Serialize for Card {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Card::Plain(card) => to.serialize_str(card),
            Card::Unread(card) => to.serialize_str(&format!("unread {card}")),
            Card::Unwritten(card) => Err(serde::ser::Error::custom(format!("no card: {card}"))),
            Card::Panics(card) => panic!("no card: {card}"),
        }
    }
}

impl<'de> Deserialize<'de> for Card {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let card = String::deserialize(from)?;
        if card.starts_with("unread") {
            return Err(serde::de::Error::custom(format!("no card: {card}")));
        }
        Ok(Card::Plain(card))
    }
}

workflow! {
    #[durable(version = 1)]
    #[derive(Debug, Clone)]
    pub(crate) workflow Pay {
        input { card: String, act: String }

        start Asked { card: String };
        state Held { card: Card };
        state Checked { card: String, #[serde(default)] cents: u64 };
        done Paid { card: String };
        failed Refused { card: String };

        step hold: Asked -> Held with retry(2, every 1ms), undo(release);
        split check: Held -> Checked with undo(forget) {
            branch name: Card;
            branch limit: String;
            join all;
        }
        step pay as Paying: Checked -> Paid | Refused with retry(2, every 1ms);
    }
}

struct Bank;

fn fails(step: &str, act: &str) -> Result<(), String> {
    if act.split(' ').any(|it| it == format!("fail-{step}")) {
        return Err(format!("{step} of {SECRET} failed"));
    }
    assert!(
        !act.split(' ').any(|it| it == format!("panic-{step}")),
        "{step} of {SECRET}"
    );
    Ok(())
}

/// The card that a handler gives.
fn card(step: &str, act: &str) -> Card {
    let gives = |kind: &str| act == format!("{kind}-{step}");
    let card = SECRET.to_owned();
    if gives("unwritten") {
        Card::Unwritten(card)
    } else if gives("unread") {
        Card::Unread(card)
    } else if gives("panicking") {
        Card::Panics(card)
    } else {
        Card::Plain(card)
    }
}

impl PaySteps for Bank {
    type Error = String;

    async fn hold(&self, _: Asked, step: &Step<Hold>) -> Result<Hold, String> {
        let act = &step.input().act;
        fails("hold", act)?;
        Ok(step.to(Held {
            card: card("hold", act),
        }))
    }

    async fn release(&self, _: Held, undo: &Undo<Hold>) -> Result<(), String> {
        fails("release", &undo.input().act)
    }

    async fn name(&self, _: &Held, branch: &Branch<Check>) -> Result<Card, String> {
        let act = &branch.input().act;
        fails("name", act)?;
        Ok(card("name", act))
    }

    async fn limit(&self, _: &Held, branch: &Branch<Check>) -> Result<String, String> {
        fails("limit", &branch.input().act)?;
        Ok(SECRET.to_owned())
    }

    async fn check(&self, _: Held, it: CheckJoined, step: &Step<Check>) -> Result<Check, String> {
        fails("check", &step.input().act)?;
        Ok(step.to(Checked {
            card: it.limit,
            cents: 1,
        }))
    }

    async fn forget(&self, _: Checked, undo: &Undo<Check>) -> Result<(), String> {
        fails("forget", &undo.input().act)
    }

    async fn pay(&self, at: Checked, step: &Step<Paying>) -> Result<Paying, String> {
        fails("pay", &step.input().act)?;
        Ok(if step.input().act == "refuse" {
            step.to(Refused { card: at.card })
        } else {
            step.to(Paid { card: at.card })
        })
    }
}

/// Everything that is logged in this process, at every level.
static LOG: LazyLock<Mutex<String>> = LazyLock::new(|| {
    tracing::subscriber::set_global_default(Recorder).unwrap();
    Mutex::default()
});

struct Recorder;

struct Fields<'a>(&'a mut String);

impl tracing::field::Visit for Fields<'_> {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn fmt::Debug) {
        let _ = write!(self.0, " {field}={value:?}");
    }
}

impl tracing::Subscriber for Recorder {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        span.record(&mut Fields(&mut LOG.lock().unwrap()));
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, values: &tracing::span::Record<'_>) {
        values.record(&mut Fields(&mut LOG.lock().unwrap()));
    }

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut log = LOG.lock().unwrap();
        event.record(&mut Fields(&mut log));
        log.push('\n');
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

fn has_secret(bytes: &[u8]) -> bool {
    bytes
        .windows(SECRET.len())
        .any(|it| it == SECRET.as_bytes())
}

/// An error as it is printed, with its sources, and as it is shown to a developer.
fn said(error: &dyn std::error::Error) -> String {
    let mut text = format!("{error} {error:?}");
    let mut source = error.source();
    while let Some(error) = source {
        let _ = write!(text, ": {error} {error:?}");
        source = error.source();
    }
    text
}

/// The faults of a run.
const ACTS: [&str; 19] = [
    "",
    "refuse",
    "fail-hold",
    "fail-name",
    "fail-limit",
    "fail-check",
    "fail-pay",
    "panic-hold",
    "panic-name",
    "panic-pay",
    "fail-pay fail-release",
    "fail-pay fail-forget",
    "fail-pay panic-release",
    "unwritten-hold",
    "unwritten-name",
    "unread-hold",
    "unread-name",
    "panicking-hold",
    "panicking-name",
];

/// Stores runs as a program of before did, in which an amount was a text.
async fn store_old(store: &RedbStore, key: u8) {
    let sealed = |json: String| json.bytes().map(|it| it ^ key).collect::<Vec<_>>();
    for (id, state, payload) in [
        (
            "old-state",
            "Checked",
            format!(r#"{{"card":"x","cents":"{SECRET}"}}"#),
        ),
        ("old-input", "Asked", format!(r#"{{"card":"{SECRET}"}}"#)),
        ("nonsense", "Checked", SECRET.to_owned()),
    ] {
        let input = match id {
            "old-input" => format!(r#"{{"card":["{SECRET}"],"act":""}}"#),
            _ => format!(r#"{{"card":"{SECRET}","act":""}}"#),
        };
        let run = NewRun {
            incarnation: 1,
            input: sealed(input),
            payload: sealed(payload),
            ..NewRun::new(id.parse().unwrap(), "Pay", 1, state, Clock::system().now())
        };
        store.create(run).await.unwrap();
    }
}

/// Runs that do everything wrong that can be, over a new file. Gives what was said of those that are parked.
async fn run_all(file: &Path, codec: impl Codec, key: Option<u8>) -> Vec<String> {
    LazyLock::force(&LOG);
    let store = Arc::new(RedbStore::open(file).unwrap());
    let runner = Runner::<Pay>::builder(Bank)
        .clock(Clock::system())
        .codec(codec);
    let runner = runner.verify_payloads(true).store(Arc::clone(&store));
    let mut parked = Vec::new();
    store_old(&store, key.unwrap_or(0)).await;
    let runner = runner.launch().await.unwrap();
    for id in ["old-state", "old-input", "nonsense"] {
        let run = runner.get(id).await.unwrap().unwrap();
        parked.push(said(&run.end().await.unwrap_err()));
        parked.push(said(&run.state().await.map(|_| ()).unwrap_err()));
    }
    for act in ACTS {
        let input = PayInput {
            card: SECRET.into(),
            act: act.into(),
        };
        let id = act.replace(' ', "-");
        let run = runner.start(
            format!("run{id}"),
            input,
            Asked {
                card: SECRET.into(),
            },
        );
        let run = run.await.unwrap();
        match run.end().await {
            Ok(_) => assert!(["", "refuse"].contains(&act), "{act}"),
            Err(EndError::Failed(failure)) => {
                // The words of a handler are told to those who ask for them.
                let is_said = failure.to_string().contains(SECRET);
                assert!(is_said, "{failure}");
                let of_undo = failure
                    .rollback
                    .failed
                    .iter()
                    .all(|it| it.cause.contains(SECRET));
                assert!(of_undo, "{failure:?}");
            }
            Err(error) => {
                assert!(matches!(error, EndError::Parked { .. }), "{act}: {error:?}");
                parked.push(said(&error));
            }
        }
        let history = runner.history(format!("run{id}")).await.unwrap();
        let reasons = history.iter().filter_map(|row| match &row.event {
            Event::Parked { reason } => Some(reason.as_str().to_owned()),
            _ => None,
        });
        parked.extend(reasons);
    }
    let input = PayInput {
        card: SECRET.into(),
        act: String::new(),
    };
    let other = PayInput {
        card: format!("{SECRET}x"),
        act: String::new(),
    };
    let asked = || Asked {
        card: SECRET.into(),
    };
    runner.start("twice", input, asked()).await.unwrap();
    parked.push(said(
        &runner.start("twice", other, asked()).await.unwrap_err(),
    ));
    runner.shut_down(std::time::Duration::from_secs(5)).await;
    parked
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_payload_says_is_in_no_log_no_reason_and_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sealed.redb");
    let said = run_all(&file, Sealed(0xa5), Some(0xa5)).await;
    assert!(said.len() >= 19, "{said:#?}");
    for said in said {
        assert!(!said.contains("4111-1111"), "{said}");
    }
    assert!(
        !has_secret(&std::fs::read(&file).unwrap()),
        "it is in the file"
    );
    let log = LOG.lock().unwrap().clone();
    assert!(
        log.contains("run parked") && log.contains("run taken up"),
        "{log}"
    );
    assert!(!log.contains("4111-1111"), "{log}");

    // With another key the rows are read, and their texts say why they are not.
    let store = Arc::new(RedbStore::open(&file).unwrap());
    let runner = Runner::<Pay>::builder(Bank)
        .codec(Sealed(0x5a))
        .store(Arc::clone(&store));
    let runner = runner.launch().await.unwrap();
    let rows = runner.list(Filter::default()).await.unwrap();
    let failure = rows.iter().find_map(|row| row.failure.as_ref()).unwrap();
    assert_eq!(
        failure.message,
        "(a text that was written with another codec or another key)"
    );
    assert_eq!(rows.len(), 23);
}

/// That the test above sees what it looks for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_codec_that_does_not_encrypt_leaves_it_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("plain.redb");
    run_all(&file, Json, None).await;
    assert!(has_secret(&std::fs::read(&file).unwrap()));
}
