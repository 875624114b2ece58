//! A process is killed again and again while a run of it waits for its next attempt.

use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use fastrand::Rng;
use stateway::RedbStore;
use stateway::prelude::*;
use stateway::store::{Status, Store as _};

use crate::Plan;
use crate::job::path;
use crate::judge::rows;
use crate::log::{Log, What, read};
use crate::victim::Victim;

const KILLS: u32 = 12;

workflow! {
    #[durable(version = 1)]
    #[derive(Clone, PartialEq)]
    workflow Dial {
        start Dialled;
        done  Replied;
        step ring: Dialled -> Replied with retry(3, every 30s);
    }
}

struct Phone(Log);

impl DialSteps for Phone {
    type Error = &'static str;

    async fn ring(&self, _: Dialled, step: &Step<Ring>) -> Result<Ring, Self::Error> {
        let _call = self
            .0
            .begin(step.run_id(), "ring", step.attempt(), step.key());
        Err("nobody answers")
    }
}

pub(crate) fn in_memory(plan: &Plan) {
    check(plan, Duration::from_hours(1));
}

pub(crate) fn in_the_store(plan: &Plan) {
    check(plan, Duration::from_secs(10));
}

fn check(plan: &Plan, patience: Duration) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"));
    let folder = folder.expect("the target directory can be written");
    let mut draw = Rng::with_seed(plan.seed);
    for _ in 0..KILLS {
        let mut victim = Victim::spawn("waiting", folder.path(), &[patience.as_secs()]);
        victim.hear();
        sleep(Duration::from_millis(draw.u64(0..700)));
        assert_eq!(victim.ended(), None, "it waits");
        victim.kill();
    }
    let [row] = &rows(folder.path())[..] else {
        panic!("there is one run");
    };
    assert_eq!((row.status, row.crashes), (Status::Running, 0), "{row:?}");
    let calls = read(folder.path()).into_iter();
    let calls = calls.filter(|line| line.what == What::Begin);
    assert_eq!(calls.count(), 1, "the second attempt is not due yet");
}

/// Starts the run, says so when it waits, and waits to be killed.
#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
pub(crate) async fn work(folder: &Path, patience: u64) {
    let store = RedbStore::open(path(folder)).expect("nobody else has the file");
    let runner = Runner::<Dial>::builder(Phone(Log::append_to(folder)))
        .store(store.clone())
        .wait_in_store_from(Duration::from_secs(patience));
    let runner = runner.launch().await.expect("the store answers");
    let run = runner.start("call", (), Dialled).await;
    let run = run.expect("it starts, or is there");
    loop {
        let found = store.get(run.id()).await.expect("the store answers");
        let row = found.expect("it is there").row;
        let is_later = row
            .due
            .is_some_and(|due| due > row.started + Duration::from_secs(1));
        if row.waits || is_later {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    println!("it waits");
    let _ = run.end().await.expect("it is killed before");
}
