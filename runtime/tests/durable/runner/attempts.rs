//! The traces of failed attempts in the history.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use stateway::prelude::*;
use stateway::store::{
    Created, Event, FailedAttempt, HistoryRow, Holder, Lease, NewRun, Note, NoteRow, Progress,
    Release, Status, Store as _,
};
use stateway::{Clock, MemoryStore, RunId};

use crate::support::shop::until;

workflow! {
    #[durable(version = 1)]
    #[derive(Clone)]
    workflow Errand {
        start Begin;
        state Quoted;
        state Paid;
        done  Over;
        failed Off;

        split quote: Begin -> Quoted {
            branch air: u8 with retry(2, every 1s);
            branch rail: u8;
            join any;
        }
        step pay: Quoted -> Paid | Off with retry(3, every 20s), catch(by_hand), undo(Paid => refund, retry(2, every 1s));
        step post: Paid -> Over | Off with retry(100, every 1ms);
    }
}

/// The errors of the handlers, call by call. Then they succeed.
#[derive(Default)]
struct Agent(Mutex<HashMap<&'static str, VecDeque<String>>>);

impl Agent {
    fn new(fails: &[(&'static str, &[&str])]) -> Arc<Self> {
        let fails = fails.iter().map(|(handler, errors)| {
            let errors = errors.iter().map(|&error| error.to_owned());
            (*handler, errors.collect())
        });
        Arc::new(Agent(Mutex::new(fails.collect())))
    }

    fn call(&self, handler: &str) -> Result<(), String> {
        let mut fails = self.0.lock().unwrap();
        let next = fails.get_mut(handler).and_then(VecDeque::pop_front);
        next.map_or(Ok(()), Err)
    }
}

struct Errands(Arc<Agent>);

impl ErrandSteps for Errands {
    type Error = String;

    async fn air(&self, _: &Begin, _: &Branch<Quote>) -> Result<u8, String> {
        self.0.call("air").map(|()| 1)
    }

    async fn rail(&self, _: &Begin, _: &Branch<Quote>) -> Result<u8, String> {
        self.0.call("rail").map(|()| 2)
    }

    async fn quote(&self, _: Begin, _: QuoteJoined, step: &Step<Quote>) -> Result<Quote, String> {
        Ok(step.to(Quoted))
    }

    async fn pay(&self, _: Quoted, step: &Step<Pay>) -> Result<Pay, String> {
        self.0.call("pay").map(|()| step.to(Paid))
    }

    async fn by_hand(&self, _: Quoted, _: Cause<String>, step: &Step<Pay>) -> Result<Pay, String> {
        Ok(step.to(Paid))
    }

    async fn refund(&self, _: Paid, _: &Undo<Pay>) -> Result<(), String> {
        self.0.call("refund")
    }

    async fn post(&self, _: Paid, step: &Step<Post>) -> Result<Post, String> {
        self.0.call("post").map(|()| step.to(Over))
    }
}

async fn launch(store: &Arc<MemoryStore>, agent: &Arc<Agent>) -> Runner<Errand> {
    let runner = Runner::<Errand>::builder(Errands(Arc::clone(agent)));
    let runner = runner.store(Arc::clone(store)).clock(Clock::tokio());
    runner.launch().await.unwrap()
}

/// Runs an errand to its end. Gives its history.
async fn history(fails: &[(&'static str, &[&str])]) -> Vec<HistoryRow> {
    let (store, agent) = (Arc::new(MemoryStore::new()), Agent::new(fails));
    let runner = launch(&store, &agent).await;
    let run = runner.start("e-1", (), Begin).await.unwrap();
    let _ = run.end().await;
    runner.history("e-1").await.unwrap()
}

/// The attempts of a row, as `branch/number: error`.
fn attempts(row: &HistoryRow) -> Vec<String> {
    let attempts = row.failed_attempts.iter();
    let print = attempts.map(|it| match &it.branch {
        None => format!("{}: {}", it.number, it.error),
        Some(branch) => format!("{branch}/{}: {}", it.number, it.error),
    });
    print.collect()
}

#[tokio::test(start_paused = true)]
async fn a_transition_says_what_the_attempts_before_it_failed_with() {
    let history = history(&[("pay", &["no carrier", "busy"])]).await;
    assert_eq!(attempts(&history[1]), [""; 0], "the split went well");
    assert_eq!(attempts(&history[2]), ["1: no carrier", "2: busy"]);
    let [one, other] = &*history[2].failed_attempts else {
        panic!("there are two")
    };
    let between = other.at.duration_since(one.at).unwrap();
    assert_eq!(between.as_secs(), 20, "each has its time");
    assert_eq!(attempts(&history[3]), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_transition_after_a_catch_has_the_last_attempt_as_well() {
    let history = history(&[("pay", &["a", "b", "c"])]).await;
    assert_eq!(attempts(&history[2]), ["1: a", "2: b", "3: c"]);
}

#[tokio::test(start_paused = true)]
async fn a_join_says_which_branches_failed_and_why() {
    let history = history(&[("air", &["fog"]), ("rail", &["strike"])]).await;
    assert_eq!(attempts(&history[1]), ["air/1: fog", "rail/1: strike"]);
}

#[tokio::test(start_paused = true)]
async fn a_failure_has_the_attempts_before_it_and_an_undo_its_own() {
    let many: Vec<_> = (1..=100).map(|number| format!("e{number}")).collect();
    let many: Vec<_> = many.iter().map(|it| &**it).collect();
    let history = history(&[("post", &many), ("refund", &["closed"])]).await;
    let began = &history[3];
    assert_eq!(began.event, Event::RollbackBegan);
    let failed = began.failure.as_ref().unwrap();
    assert_eq!((failed.attempts, failed.message.as_str()), (100, "e100"));
    let kept: Vec<_> = (84..100)
        .map(|number| format!("{number}: e{number}"))
        .collect();
    assert_eq!(attempts(began), kept, "the last ones before it");
    assert!(matches!(
        history[4].event,
        Event::Undone { attempts: 2, .. }
    ));
    assert_eq!(attempts(&history[4]), ["1: closed"]);
}

#[tokio::test(start_paused = true)]
async fn what_an_attempt_failed_with_outlives_the_process() {
    let store = Arc::new(MemoryStore::new());
    let agent = Agent::new(&[("pay", &["no carrier", "busy"])]);
    let first = launch(&store, &agent).await;
    first.start("e-1", (), Begin).await.unwrap();
    let (id, clock) = (RunId::from_static("e-1"), Clock::tokio());
    let due = async || store.get(&id).await.unwrap().unwrap().row.due;
    until(async || due().await > Some(clock.now())).await;
    let waits = first.get("e-1").await.unwrap().unwrap();
    let info = waits.info().await.unwrap();
    let [attempt] = &*info.attempts else {
        panic!("{info:?}")
    };
    assert_eq!(
        (&*attempt.transition, &attempt.branch, attempt.made),
        ("pay", &None, 1)
    );
    assert_eq!(attempt.error.as_deref(), Some("no carrier"));
    assert_eq!(Some(attempt.next), info.due);
    let json = serde_json::to_value(&info).unwrap();
    assert_eq!(json["status"], "running");
    assert_eq!(json["incarnation"], format!("{:016x}", info.incarnation));
    assert_eq!(json["attempts"][0]["error"], "no carrier");
    drop(first);
    let second = launch(&store, &agent).await;
    let run = second.get("e-1").await.unwrap().unwrap();
    assert!(run.end().await.is_ok());
    let history = second.history("e-1").await.unwrap();
    assert_eq!(attempts(&history[2]), ["1: no carrier", "2: busy"]);
    let json = serde_json::to_value(&history[2]).unwrap();
    assert_eq!(
        (&json["event"], &json["state"]),
        (&"transition".into(), &"Paid".into())
    );
    assert_eq!(json["failed_attempts"][1]["error"], "busy");
    assert_eq!(json.get("payload"), None);
    assert_eq!(run.info().await.unwrap().status, Status::Done);
}

#[tokio::test(start_paused = true)]
async fn a_long_error_of_an_attempt_is_cut() {
    let long = "x".repeat(100_000);
    let history = history(&[("pay", &[&*long])]).await;
    let [attempt] = &*history[2].failed_attempts else {
        panic!("there is one")
    };
    let short = "x".repeat(1024) + "... (100000 bytes, cut)";
    assert_eq!(attempt.error.as_str(), short);
}

/// Each branch of a large split has notes of its own, and all of them go into one row.
#[tokio::test(start_paused = true)]
async fn of_many_parts_that_are_taken_up_as_few_attempts_are_kept_as_of_one() {
    let (store, clock) = (Arc::new(MemoryStore::new()), Clock::tokio());
    let lease = Lease {
        holder: Holder::unique(),
        duration: Duration::from_hours(1),
    };
    let new = NewRun {
        input: b"null".to_vec(),
        payload: b"null".to_vec(),
        lease: Some(lease),
        ..NewRun::new(RunId::from_static("e-1"), "Errand", 1, "Begin", clock.now())
    };
    let Created::New(row) = store.create(new).await.unwrap() else {
        panic!("it is new")
    };
    for branch in 0..40 {
        let failed = (1..=16).map(|number| FailedAttempt {
            branch: Some(format!("b[{branch}]")),
            number,
            at: clock.now(),
            error: "fog".into(),
        });
        let progress = Progress::Attempts {
            made: 16,
            called: 16,
            due: clock.now(),
            noted: clock.now(),
            waits: false,
            failed: failed.collect(),
        };
        let note = NoteRow {
            key: format!("1/quote/1/b[{branch}]"),
            progress,
        };
        let note = Note {
            run: row.id.clone(),
            epoch: row.epoch,
            sequence: row.sequence,
            note,
            is_boundary: false,
        };
        store.note(note).await.unwrap();
    }
    store
        .release(Release::now(&row, clock.now()))
        .await
        .unwrap();
    let runner = launch(&store, &Agent::new(&[])).await;
    let run = runner.get("e-1").await.unwrap().unwrap();
    assert!(run.end().await.is_ok());
    let history = runner.history("e-1").await.unwrap();
    assert_eq!(history[1].failed_attempts.len(), 16);
}
