//! A run of which something cannot be read, by way of a runner: it is seen, terminated, purged, and started again.

use std::path::Path;
use std::time::{Duration, SystemTime};

use redb::{ReadableTable as _, TableDefinition};
use stateway::prelude::*;
use stateway::store::{
    Commit, Created, Failure, FailureKind, Filter, Message, Outbox, Request, RunRow, Status, Stop,
    Store as _,
};
use stateway::{RedbStore, RunId, StoreError};

use crate::support::walk as rows;

#[allow(missing_docs, reason = "they are an example")]
mod walk {
    use stateway::prelude::*;

    workflow! {
        #[durable(version = 1)]
        #[derive(Clone)]
        pub workflow Walk {
            input { from: u32 }

            start Standing;
            state Walking { steps: u32 };
            done  Arrived;

            step go: Standing -> Walking;
            step arrive: Walking -> Arrived
                with retry(2, every 30d);
        }
    }
}
use walk::*;

/// Whose runs wait for a month before they arrive.
struct Feet;

impl WalkSteps for Feet {
    type Error = &'static str;

    async fn go(&self, _: Standing, step: &Step<Go>) -> Result<Go, &'static str> {
        Ok(step.to(Walking {
            steps: step.input().from,
        }))
    }

    async fn arrive(&self, _: Walking, _: &Step<Arrive>) -> Result<Arrive, &'static str> {
        Err("it is far")
    }
}

const RUNS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("runs");
const HISTORY: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("history");

/// Changes a file behind the back of the store.
fn tamper(path: &Path, change: impl FnOnce(&redb::WriteTransaction)) {
    let database = redb::Database::open(path).unwrap();
    let write = database.begin_write().unwrap();
    change(&write);
    write.commit().unwrap();
}

async fn launch(store: &RedbStore) -> Runner<Walk> {
    let runner = Runner::<Walk>::builder(Feet).store(store.clone());
    runner.launch().await.unwrap()
}

/// A file with the runs `a`, `b` and `c` of which `a` has a record and `b` a row of history that cannot be read.
async fn broken(path: &Path) {
    let store = RedbStore::open(path).unwrap();
    let runner = launch(&store).await;
    for id in ["a", "b", "c"] {
        runner
            .start(id, WalkInput { from: 7 }, Standing)
            .await
            .unwrap();
    }
    loop {
        let rows = runner.list(Filter::default()).await.unwrap();
        if rows
            .iter()
            .all(|row| row.state == "Walking" && row.due > Some(SystemTime::now()))
        {
            break;
        }
        tokio::task::yield_now().await;
    }
    runner.shut_down(Duration::from_secs(5)).await;
    drop((runner, store));
    tamper(path, |write| {
        let mut runs = write.open_table(RUNS).unwrap();
        let mut record = runs.get("a").unwrap().unwrap().value().to_vec();
        record[20] ^= 1;
        runs.insert("a", &*record).unwrap();
        let mut history = write.open_table(HISTORY).unwrap();
        let rows: Vec<_> = history.iter().unwrap().map(Result::unwrap).collect();
        let of_b = rows
            .iter()
            .filter(|(_, row)| row.value().windows(5).any(|it| it == b"\x01\0\0\0b"));
        let first = of_b.map(|(number, _)| number.value()).next().unwrap();
        drop(rows);
        history.insert(first, &b"\x01torn"[..]).unwrap();
    });
}

async fn row(store: &RedbStore, id: &str) -> RunRow {
    let rows = store.list(Filter::default()).await.unwrap();
    rows.into_iter()
        .find(|row| row.id == RunId::try_from(id).unwrap())
        .unwrap()
}

#[tokio::test]
async fn a_run_that_cannot_be_read_can_be_terminated_and_purged() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = folder.path().join("runs.redb");
    broken(&path).await;
    let store = RedbStore::open(&path).unwrap();
    let runner = launch(&store).await;
    let reason = row(&store, "a").await.parked.expect("it is parked");
    assert!(
        reason
            .as_str()
            .starts_with("what is stored of it cannot be read"),
        "{reason}"
    );
    for id in ["a", "b"] {
        let refused = runner.cancel(id).await.unwrap_err();
        assert!(matches!(refused, StoreError::Broken { .. }), "{refused:?}");
        let again = runner.start(id, WalkInput { from: 7 }, Standing).await;
        assert!(again.is_err(), "nobody knows whether it is the same");
    }
    runner.terminate("a").await.unwrap();
    runner.terminate("b").await.unwrap();
    let [a, b] = [row(&store, "a").await, row(&store, "b").await];
    for (row, workflow, state) in [(&a, "", ""), (&b, "Walk", "Walking")] {
        assert_eq!((row.status, row.due), (Status::Terminated, None));
        assert_eq!((&*row.workflow, &*row.state), (workflow, state));
        let Some(Failure { kind, message, .. }) = &row.failure else {
            panic!("{row:?}")
        };
        assert_eq!(*kind, FailureKind::Terminated);
        assert!(message.as_str().contains("cannot be read"), "{message}");
        assert!(row.ended.is_some());
    }
    for id in ["a", "b"] {
        let refused = store
            .stop(
                &id.parse().unwrap(),
                Stop::Terminate,
                SystemTime::now().into(),
            )
            .await;
        assert!(matches!(refused, Err(StoreError::Ended { .. })));
    }
    // The other is not concerned.
    let c = row(&store, "c").await;
    assert_eq!((c.status, &*c.state), (Status::Running, "Walking"));
    assert_eq!(runner.purge(Duration::ZERO).await.unwrap(), 2);
    for id in ["a", "b"] {
        assert!(runner.get(id).await.unwrap().is_none());
        runner
            .start(id, WalkInput { from: 7 }, Standing)
            .await
            .unwrap();
    }
    runner.shut_down(Duration::from_secs(5)).await;
    drop((runner, store));
    let report = RedbStore::check_integrity(&path).unwrap();
    // The rows of a run whose record is lost cannot be found, and neither can those before a damaged one.
    let damages: Vec<_> = report.damages.iter().map(ToString::to_string).collect();
    assert_eq!(damages.len(), 1, "{damages:?}");
    assert!(
        damages[0].contains("of the history: it is damaged"),
        "{damages:?}"
    );
    assert!(report.loose_rows > 0 && report.runs == 3, "{report:?}");
}

fn message(run: &str) -> Message {
    Message {
        run: run.parse().unwrap(),
        id: "m".to_owned(),
        signal: "hurry".to_owned(),
        payload: Vec::new(),
        at: SystemTime::now(),
    }
}

#[tokio::test]
async fn a_commit_that_sends_to_a_run_that_cannot_be_read_takes_place() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = folder.path().join("runs.redb");
    broken(&path).await;
    let store = RedbStore::open(&path).unwrap();
    let Created::New(held) = store.create(rows::held("sender")).await.unwrap() else {
        panic!("it is new")
    };
    let commit = Commit {
        outbox: Outbox {
            runs: vec![rows::new("a"), rows::new("child")],
            messages: ["a", "child"].map(message).to_vec(),
        },
        ..rows::step(&held, Status::Running)
    };
    store.commit(commit).await.unwrap();
    let sender = row(&store, "sender").await;
    assert_eq!((sender.sequence, &*sender.state), (1, "Gone"));
    assert_eq!(row(&store, "child").await.status, Status::Running);
    assert_eq!(row(&store, "a").await.status, Status::Parked, "as it was");
}

#[tokio::test]
async fn a_name_of_an_operator_that_is_too_large_stops_nobody() {
    let store = RedbStore::options().open_backend(redb::backends::InMemoryBackend::new());
    let store = store.unwrap();
    store.create(rows::held("a")).await.unwrap();
    let request = Request {
        at: SystemTime::now(),
        by: Some("x".repeat(600 << 20)),
    };
    let id = RunId::from_static("a");
    let refused = store.stop(&id, Stop::Cancel, request).await;
    assert!(
        matches!(refused, Err(StoreError::TooLarge { .. })),
        "{refused:?}"
    );
    assert_eq!(row(&store, "a").await.stop, None);
}
