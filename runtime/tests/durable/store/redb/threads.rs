//! Runs on a runtime of several threads: who writes, and what is left when the runtime goes away.

use std::collections::BTreeSet;
use std::io::{Error, Result as Io};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime};

use redb::StorageBackend;
use redb::backends::InMemoryBackend;
use stateway::prelude::*;
use stateway::store::{Filter, Status, Store as _};
use stateway::{RedbStore, Runner, StoreError};
use tokio::runtime::{Builder, Runtime};

workflow! {
    #[durable(version = 1)]
    #[derive(Debug)]
    workflow Stroll {
        start Begun;
        state Under { steps: u64 };
        done  Arrived;

        step begin: Begun -> Under;
        step go: Under -> Under | Arrived;
    }
}

const STEPS: u64 = 20;

/// Harms the file half-way, or tells where it is, if it is told to. It takes a timer of the runtime at each step.
#[derive(Clone, Default)]
struct Legs {
    harms: Option<(File, Harm)>,
    /// Says that it has come to this step.
    tells: Option<(u64, Sender<()>)>,
}

#[derive(Debug, Clone, Copy)]
enum Harm {
    Fails,
    Panics,
}

impl StrollSteps for Legs {
    type Error = String;

    async fn begin(&self, _: Begun, step: &Step<Begin>) -> Result<Begin, String> {
        Ok(step.to(Under { steps: 1 }))
    }

    async fn go(&self, at: Under, step: &Step<Go>) -> Result<Go, String> {
        if let (Some((file, harm)), true) = (&self.harms, at.steps == STEPS / 2) {
            *file.0.harm.lock().unwrap() = Some(*harm);
        }
        if let Some((step, reached)) = &self.tells
            && *step == at.steps
        {
            let _ = reached.send(());
        }
        tokio::time::sleep(Duration::ZERO).await;
        Ok(if at.steps == STEPS {
            step.to(Arrived)
        } else {
            step.to(Under {
                steps: at.steps + 1,
            })
        })
    }
}

/// A file in memory that knows which threads have flushed it. The clones of one are the same file.
#[derive(Debug, Clone, Default)]
struct File(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    bytes: InMemoryBackend,
    flushed_by: Mutex<BTreeSet<String>>,
    harm: Mutex<Option<Harm>>,
}

impl File {
    fn open(&self) -> RedbStore {
        let store = RedbStore::options().open_backend(self.clone()).unwrap();
        self.0.flushed_by.lock().unwrap().clear();
        store
    }

    fn flushed_by(&self) -> Vec<String> {
        self.0.flushed_by.lock().unwrap().iter().cloned().collect()
    }
}

impl StorageBackend for File {
    fn len(&self) -> Io<u64> {
        self.0.bytes.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Io<()> {
        self.0.bytes.read(offset, out)
    }

    fn set_len(&self, length: u64) -> Io<()> {
        self.0.bytes.set_len(length)
    }

    fn sync_data(&self) -> Io<()> {
        let harm = *self.0.harm.lock().unwrap();
        match harm {
            Some(Harm::Fails) => return Err(Error::other("the disk is full")),
            Some(Harm::Panics) => panic!("the disk is on fire"),
            None => {}
        }
        let name = thread::current().name().unwrap_or_default().to_owned();
        self.0.flushed_by.lock().unwrap().insert(name);
        self.0.bytes.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> Io<()> {
        self.0.bytes.write(offset, data)
    }
}

/// A runtime whose threads are called `worker`.
fn threads(count: usize) -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder
        .worker_threads(count)
        .thread_name("worker")
        .enable_all();
    builder.build().unwrap()
}

const WRITER: &str = "stateway-redb";

async fn launch(store: RedbStore) -> Runner<Stroll> {
    Runner::builder(Legs::default())
        .store(store)
        .launch()
        .await
        .unwrap()
}

async fn arrives(runner: &Runner<Stroll>, id: &str) {
    let run = runner.start(id, (), Begun).await.unwrap();
    let end = run.end().await.unwrap();
    assert!(matches!(end, StrollEnd::Arrived(_)), "{end:?}");
}

#[test]
fn no_thread_of_an_executor_is_ever_blocked() {
    let file = File::default();
    threads(2).block_on(async {
        let runner = launch(file.open()).await;
        arrives(&runner, "s-1").await;
        assert_eq!(file.flushed_by(), [WRITER]);
    });
}

/// Also right after a commit: handlers of `tokio` panic where the runtime shuts down, and a panic would be recorded.
#[test]
fn a_runtime_that_goes_away_at_any_step_leaves_its_runs_as_they_are() {
    for step in 1..=STEPS {
        let (reached, has_reached) = mpsc::channel();
        let legs = Legs {
            tells: Some((step, reached)),
            ..Legs::default()
        };
        let file = File::default();
        let executor = threads(2);
        let runner = executor.block_on(async {
            let runner = Runner::<Stroll>::builder(legs).store(file.open()).launch();
            let runner = runner.await.unwrap();
            runner.start("s-1", (), Begun).await.unwrap();
            runner
        });
        has_reached.recv().unwrap();
        drop(executor);
        drop(runner);
        let store = file.open();
        let executor = Builder::new_current_thread().enable_all().build().unwrap();
        let row = executor.block_on(async { store.get(&"s-1".parse().unwrap()).await });
        let row = row.unwrap().unwrap().row;
        assert!(
            matches!(row.status, Status::Running | Status::Done),
            "at step {step}: {row:?}"
        );
    }
}

/// A disk that fails closes the store, whoever was writing.
#[test]
fn a_file_that_fails_under_a_run_alone_closes_the_store_which_says_why() {
    for (harm, says) in [
        (Harm::Fails, "the disk is full"),
        (Harm::Panics, "the disk is on fire"),
    ] {
        let file = File::default();
        threads(2).block_on(async {
            let store = file.open();
            let legs = Legs {
                harms: Some((file.clone(), harm)),
                ..Legs::default()
            };
            let runner = Runner::<Stroll>::builder(legs)
                .store(store.clone())
                .launch();
            let runner = runner.await.unwrap();
            let run = runner.start("s-1", (), Begun).await.unwrap();
            let error = run.end().await.unwrap_err();
            assert!(error.to_string().contains("the store"), "{error}");
            for refused in [
                store.unpark(run.id(), SystemTime::now().into()).await,
                store.list(Filter::default()).await.map(|_| ()),
            ] {
                let Err(StoreError::Closed { reason: Some(why) }) = refused else {
                    panic!("{refused:?}")
                };
                assert!(why.contains(says), "{why}");
            }
            let refused = runner.start("s-2", (), Begun).await;
            assert!(refused.is_err_and(|error| format!("{error:?}").contains(says)));
        });
    }
}

/// Each transition is recorded once, whatever comes together.
#[test]
fn runs_on_several_threads_are_recorded_whole() {
    let file = File::default();
    threads(3).block_on(async {
        let runner = launch(file.open()).await;
        let lanes: Vec<_> = (0..4)
            .map(|lane| {
                let runner = runner.clone();
                // Fewer and fewer at once.
                let runs = 5 * (lane + 1);
                tokio::spawn(async move {
                    for number in 0..runs {
                        arrives(&runner, &format!("s-{lane}-{number}")).await;
                    }
                })
            })
            .collect();
        for lane in lanes {
            lane.await.unwrap();
        }
        let everyone = Filter::new().limit(usize::MAX);
        let rows = runner.list(everyone).await.unwrap();
        assert_eq!(rows.len(), 50);
        for row in rows {
            assert_eq!((row.status, row.visit), (Status::Done, STEPS + 1));
            let history = runner.history(row.id).await.unwrap();
            let sequences = history.iter().map(|it| it.number);
            assert!(sequences.eq(0..=STEPS + 1));
        }
    });
}
