//! Runs that wait in the store, each for its next attempt in an hour: what they take in memory, and how long
//! a runner takes to be launched over them.

use std::process::Command;
use std::time::{Duration, Instant};

use stateway::prelude::*;
use stateway::store::Filter;
use stateway::{RedbStore, Runner};
use tokio::runtime::Runtime;

use crate::file::{fresh, path};

const RUNS: u64 = 100_000;

workflow! {
    #[durable(version = 1)]
    #[derive(Clone)]
    pub(crate) workflow Patience {
        input { number: u64, note: String }

        start Asked;
        done  Replied;

        step answer: Asked -> Replied with retry(100, every 1h);
    }
}

struct Deaf;

impl PatienceSteps for Deaf {
    type Error = String;

    async fn answer(&self, _: Asked, _: &Step<Answer>) -> Result<Answer, String> {
        Err("not now".to_owned())
    }
}

pub(crate) fn report(runtime: &Runtime) {
    let path = fresh("waiting");
    runtime.block_on(async {
        let store = RedbStore::open(&path).expect("the file is new");
        let runner = Runner::<Patience>::builder(Deaf)
            .store(store)
            .launch()
            .await;
        let runner = runner.expect("the store is there");
        let mut starts = tokio::task::JoinSet::new();
        for number in 0..RUNS {
            let runner = runner.clone();
            let note = "a note of thirty-two characters.".to_owned();
            starts.spawn(async move {
                let input = PatienceInput { number, note };
                runner
                    .start(format!("run-{number}"), input, Asked)
                    .await
                    .map(|_| ())
            });
        }
        while let Some(started) = starts.join_next().await {
            started.expect("it does not panic").expect("it starts");
        }
        // All of them have failed once, and wait in the store.
        loop {
            let tried = runner.list(Filter::new().limit(usize::MAX)).await;
            let tried = tried.expect("they are listed");
            let now = Some(std::time::SystemTime::now());
            if tried.iter().all(|row| row.due > now) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        runner.shut_down(Duration::from_mins(1)).await;
    });
    println!("\n{RUNS} runs that wait");
    // In a process of its own, whose memory nobody has used before.
    let this = std::env::current_exe().expect("this program has a path");
    let launched = Command::new(this).args(["--bench", LAUNCH]).status();
    assert!(launched.expect("it starts").success());
}

/// The word that makes a process [`launch`].
pub(crate) const LAUNCH: &str = "launch-over-waiting";

/// Launches a runner over the runs that wait, and says what that took.
pub(crate) fn launch(runtime: &Runtime) {
    runtime.block_on(async {
        let before = resident();
        let began = Instant::now();
        let store = RedbStore::options().cache_size(1 << 20);
        let store = store.open(path("waiting")).expect("nobody has it");
        let opened = began.elapsed();
        let runner = Runner::<Patience>::builder(Deaf)
            .store(store)
            .launch()
            .await;
        let runner = runner.expect("the store is there");
        let launched = began.elapsed();
        let bytes = resident() - before;
        println!("  opened in {opened:.1?}, launched in {launched:.1?}");
        println!("  {} bytes of memory for each", bytes / RUNS);
        drop(runner);
    });
}

/// The resident memory of this process, in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = status
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or_default() * 4096
}
