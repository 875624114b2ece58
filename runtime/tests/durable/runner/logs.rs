//! Logs of stored runs: what is said is stored with its transition, once, and read again.

use std::sync::Arc;
use std::time::Duration;

use stateway::prelude::*;
use stateway::store::{LogRow, Status, Store};
use stateway::testing::{Crash, Crashes};
use stateway::{Clock, MemoryStore, RedbStore};
use tokio::time::sleep;

workflow! {
    #[derive(Debug, Clone, PartialEq)]
    #[durable(version = 1)]
    workflow Agent {
        input { turns: u32, length: usize }

        start Asked;
        state Thinking { turn: u32 };
        transient state Deciding { turn: u32 };
        state Waiting { turn: u32 };
        done Replied { heard: usize };
        failed GivenUp;

        log messages: Message;
        log costs: u32;

        step ask: Asked -> Thinking with undo(forget);
        step think: Thinking -> Deciding | GivenUp with retry(2, every 1s);
        step decide: Deciding -> Thinking | Waiting | Replied;
        signal tell(String): Waiting -> Thinking;
    }
}

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
struct Message {
    by: String,
    text: String,
}

impl Message {
    fn new(by: &str, text: impl Into<String>) -> Self {
        let (by, text) = (by.to_owned(), text.into());
        Message { by, text }
    }
}

/// Thinks twice at each turn, and waits for an answer after the first.
#[derive(Clone, Default)]
struct Model {
    waits: bool,
    gives_up: bool,
    forgotten: Arc<std::sync::Mutex<Vec<usize>>>,
}

impl AgentSteps for Model {
    type Error = String;

    async fn ask(&self, _: Asked, step: &Step<Ask>) -> Result<Ask, String> {
        step.messages().push(Message::new("user", "why?"));
        Ok(step.to(Thinking { turn: 0 }))
    }

    async fn forget(&self, _: Thinking, undo: &Undo<Ask>) -> Result<(), String> {
        self.forgotten.lock().unwrap().push(undo.messages().len());
        Ok(())
    }

    async fn think(&self, it: Thinking, step: &Step<Think>) -> Result<Think, String> {
        let turn = it.turn;
        let text = "x".repeat(step.input().length);
        step.messages()
            .push(Message::new("model", format!("{turn}{text}")));
        step.costs().push(turn);
        if step.attempt() == 1 && turn == 1 {
            return Err("the line is busy".to_owned());
        }
        if self.gives_up && turn == 2 {
            return Ok(step.to(GivenUp));
        }
        Ok(step.to(Deciding { turn }))
    }

    async fn decide(&self, it: Deciding, step: &Step<Decide>) -> Result<Decide, String> {
        // Entries on the way to a state that is not stored are read at once.
        let last = step.messages().last().expect("something was said");
        assert!(last.text.starts_with(&it.turn.to_string()), "{last:?}");
        assert_eq!(step.costs().last(), Some(&it.turn));
        let turn = it.turn + 1;
        Ok(if turn == step.input().turns {
            let heard = step.messages().len();
            step.to(Replied { heard })
        } else if self.waits && turn == 1 {
            step.to(Waiting { turn })
        } else {
            step.to(Thinking { turn })
        })
    }

    async fn tell(&self, it: Waiting, text: String, step: &Step<OnTell>) -> Result<OnTell, String> {
        step.messages().push(Message::new("user", text));
        Ok(step.to(Thinking { turn: it.turn }))
    }
}

async fn launch(store: &Arc<dyn Store>, model: &Model) -> Runner<Agent> {
    let runner = Runner::<Agent>::builder(model.clone()).clock(Clock::tokio());
    let runner = runner.store(Arc::clone(store)).launch().await;
    runner.unwrap()
}

const MINUTE: Duration = Duration::from_mins(1);

/// The entries of three turns with an answer in between.
fn said() -> Vec<Message> {
    vec![
        Message::new("user", "why?"),
        Message::new("model", "0"),
        Message::new("user", "because"),
        Message::new("model", "1"),
        Message::new("model", "2"),
    ]
}

const THREE: AgentInput = AgentInput {
    turns: 3,
    length: 0,
};

fn stores(folder: &tempfile::TempDir) -> [Arc<dyn Store>; 2] {
    [
        Arc::new(MemoryStore::new()),
        Arc::new(RedbStore::open(folder.path().join("agents.redb")).unwrap()),
    ]
}

#[tokio::test(start_paused = true)]
async fn what_is_said_outlives_the_runner_and_is_read_from_outside() {
    let folder = tempfile::tempdir().unwrap();
    for store in stores(&folder) {
        let model = Model {
            waits: true,
            ..Model::default()
        };
        let runner = launch(&store, &model).await;
        let run = runner.start("a-1", THREE, Asked).await.unwrap();
        while run.info().await.unwrap().state != "Waiting" {
            sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(run.messages().read().await.unwrap(), said()[..2]);
        runner.shut_down(MINUTE).await;

        let runner = launch(&store, &model).await;
        let run = runner.get("a-1").await.unwrap().unwrap();
        run.tell("because".to_owned()).await.unwrap();
        let end = run.end().await.unwrap();
        assert_eq!(end, AgentEnd::Replied(Replied { heard: 5 }));
        assert_eq!(run.messages().read().await.unwrap(), said());
        assert_eq!(run.costs().read().await.unwrap(), [0, 1, 2]);
        runner.shut_down(MINUTE).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_undo_of_a_run_that_is_taken_up_again_reads_what_was_said() {
    let folder = tempfile::tempdir().unwrap();
    for store in stores(&folder) {
        let model = Model {
            waits: true,
            gives_up: true,
            ..Model::default()
        };
        let runner = launch(&store, &model).await;
        let run = runner.start("a-1", THREE, Asked).await.unwrap();
        while run.info().await.unwrap().state != "Waiting" {
            sleep(Duration::from_millis(10)).await;
        }
        runner.shut_down(MINUTE).await;
        let runner = launch(&store, &model).await;
        let run = runner.get("a-1").await.unwrap().unwrap();
        run.tell("because".to_owned()).await.unwrap();
        assert_eq!(run.end().await.unwrap(), AgentEnd::GivenUp(GivenUp));
        assert_eq!(*model.forgotten.lock().unwrap(), [5]);
        runner.shut_down(MINUTE).await;
    }
}

/// Takes a run to its end.
async fn ends(store: Arc<dyn Store>) -> AgentEnd {
    let model = Model {
        waits: true,
        ..Model::default()
    };
    let runner = launch(&store, &model).await;
    let run = loop {
        // A caller that gets no answer asks again.
        if let Ok(run) = runner.start("a-1", THREE, Asked).await {
            break run;
        }
    };
    let tell = || run.tell("because".to_owned()).message_id("m-1");
    while let Err(stateway::SignalError::Store(_)) = tell().await {
        sleep(Duration::from_millis(10)).await;
    }
    run.end().await.expect("it ends well")
}

#[tokio::test(start_paused = true)]
async fn a_crash_at_any_operation_doubles_nothing_and_loses_nothing() {
    for crash in Crash::ALL {
        for n in 1.. {
            let crashes = Crashes::new(MemoryStore::new()).at(n, crash);
            let first = tokio::select! {
                ended = ends(Arc::new(crashes.clone())) => Some(ended),
                () = crashes.crashed() => None,
            };
            let whole = crashes.restarted();
            let ended = match first {
                Some(ended) => ended,
                None => ends(Arc::new(whole.clone())).await,
            };
            let when = format!("{crash:?} at {n}");
            assert_eq!(ended, AgentEnd::Replied(Replied { heard: 5 }), "{when}");
            let rows = whole.log(&"a-1".parse().unwrap(), 0, 100).await.unwrap();
            let messages = rows.iter().filter(|row| row.log == "messages");
            let read = |row: &LogRow| serde_json::from_slice::<Message>(&row.entry).unwrap();
            assert_eq!(messages.map(read).collect::<Vec<_>>(), said(), "{when}");
            let numbers = rows.iter().map(|row| row.number);
            assert!(numbers.eq(0..8), "{when}: {rows:?}");
            if crashes.operations() < n {
                break;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_is_too_large_parks_the_run_before_its_transition() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let runner = launch(&store, &Model::default()).await;
    let input = AgentInput {
        turns: 1,
        length: 2 << 20,
    };
    let run = runner.start("a-1", input, Asked).await.unwrap();
    let error = run.end().await.unwrap_err();
    let EndError::Parked { reason, .. } = error else {
        panic!("{error}");
    };
    assert!(
        reason.starts_with("an entry of log `messages` takes "),
        "{reason}"
    );
    assert_eq!(run.info().await.unwrap().status, Status::Parked);
    assert_eq!(run.messages().read().await.unwrap().len(), 1);
    runner.shut_down(MINUTE).await;
}

/// The bytes that a file takes after these turns of a run, each of which says this.
async fn size(turns: u32, length: usize) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("agents.redb");
    let store: Arc<dyn Store> = Arc::new(RedbStore::open(&path).unwrap());
    let runner = launch(&store, &Model::default()).await;
    let input = AgentInput { turns, length };
    let run = runner.start("a-1", input, Asked).await.unwrap();
    let heard = turns as usize + 1;
    let end = run.end().await.unwrap();
    assert_eq!(end, AgentEnd::Replied(Replied { heard }));
    runner.shut_down(MINUTE).await;
    drop(store);
    std::fs::metadata(path).unwrap().len()
}

#[tokio::test(start_paused = true)]
async fn the_file_grows_with_what_is_said_and_not_with_its_square() {
    // A quarter of a megabyte is said first, and then four times as much.
    let small = size(100, 2_500).await;
    let large = size(400, 2_500).await;
    assert!(large < small * 5, "{small} bytes, then {large}");
}
