//! Texts of errors are stored up to a limit, wherever they come from.

use std::sync::Arc;

use stateway::codec::{PayloadRef, PayloadSlot};
use stateway::prelude::*;
use stateway::store::Event;
use stateway::{Codec, CodecError, Json, RedbStore};

workflow! {
    #[durable(version = 1)]
    #[derive(Debug, Clone)]
    pub(crate) workflow Climb {
        start On { step: u32 };
        state Up { step: u32 };
        done Top;

        step climb as Climbing: On -> Up with undo(descend);
        step next: Up -> On | Top;
    }
}

struct Ladder {
    steps: u32,
    text: String,
    panics: bool,
}

impl ClimbSteps for Ladder {
    type Error = String;

    async fn climb(&self, at: On, step: &Step<Climbing>) -> Result<Climbing, String> {
        Ok(step.to(Up { step: at.step }))
    }

    async fn descend(&self, _: Up, _: &Undo<Climbing>) -> Result<(), String> {
        Err(self.text.clone())
    }

    async fn next(&self, at: Up, step: &Step<Next>) -> Result<Next, String> {
        if at.step == self.steps {
            assert!(!self.panics, "{}", self.text);
            return Err(self.text.clone());
        }
        Ok(step.to(On { step: at.step + 1 }))
    }
}

const LONG: usize = 4 << 20;

fn cut(most: usize, of: usize) -> String {
    format!("{}... ({of} bytes, cut)", "x".repeat(most))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_error_takes_little_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("runs.redb");
    let store = Arc::new(RedbStore::open(&file).unwrap());
    let ladder = Ladder {
        steps: 20,
        text: "x".repeat(LONG),
        panics: false,
    };
    let runner = Runner::<Climb>::builder(ladder).store(Arc::clone(&store));
    let runner = runner.launch().await.unwrap();
    let run = runner.start("c-1", (), On { step: 0 }).await.unwrap();
    let Err(EndError::Failed(failure)) = run.end().await else {
        panic!("it fails")
    };
    let said = cut(8 << 10, LONG);
    assert_eq!(failure.failure.unwrap().message, *said);
    assert_eq!(failure.rollback.failed.len(), 21);
    assert!(failure.rollback.failed.iter().all(|it| it.cause == said));
    drop((run, runner, store));
    let length = std::fs::metadata(&file).unwrap().len();
    assert!(length < 4 << 20, "{length} bytes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_message_of_a_panic_is_cut_as_well() {
    let ladder = Ladder {
        steps: 0,
        text: "x".repeat(100),
        panics: true,
    };
    let runner = Runner::<Climb>::builder(ladder).max_text(10);
    let runner = runner
        .store(stateway::MemoryStore::new())
        .launch()
        .await
        .unwrap();
    let run = runner.start("c-1", (), On { step: 0 }).await.unwrap();
    let Err(EndError::Failed(failure)) = run.end().await else {
        panic!("it fails")
    };
    assert_eq!(failure.failure.unwrap().message, *cut(10, 100));
    assert_eq!(failure.rollback.failed[0].cause, cut(10, 100));
}

/// Refuses a state, and says much about it.
struct Wordy;

impl Codec for Wordy {
    fn encode(&self, payload: PayloadRef<'_>) -> Result<Vec<u8>, CodecError> {
        let json = Json.encode(payload)?;
        if json == br#"{"step":1}"# {
            return Err(CodecError::new("x".repeat(LONG)));
        }
        Ok(json)
    }

    fn decode(&self, bytes: &[u8], slot: PayloadSlot<'_>) -> Result<(), CodecError> {
        Json.decode(bytes, slot)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_reason_of_a_parked_run_is_cut_as_well() {
    let ladder = Ladder {
        steps: 9,
        text: String::new(),
        panics: false,
    };
    let runner = Runner::<Climb>::builder(ladder).codec(Wordy);
    let runner = runner
        .store(stateway::MemoryStore::new())
        .launch()
        .await
        .unwrap();
    let run = runner.start("c-1", (), On { step: 0 }).await.unwrap();
    let Err(EndError::Parked { reason, .. }) = run.end().await else {
        panic!("it is parked")
    };
    let before = "state `On` cannot be encoded: ";
    let said = format!(
        "{before}{}",
        cut((8 << 10) - before.len(), before.len() + LONG)
    );
    assert_eq!(reason, said);
    let last = runner.history("c-1").await.unwrap().pop().unwrap();
    assert_eq!(
        last.event,
        Event::Parked {
            reason: said.into()
        }
    );
}
