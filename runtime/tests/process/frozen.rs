//! A process stands still for longer than its leases last, again and again.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, sleep};
use std::time::Duration;

use fastrand::Rng;
use stateway::RedbStore;
use stateway::prelude::*;
use stateway::store::Status;
use tokio::task::JoinSet;

use crate::Plan;
use crate::job::{Asked, Fate, Job, JobInput, Workshop, path};
use crate::judge::judge;
use crate::victim::{Victim, told_to_finish};

const FREEZES: u32 = 10;

pub(crate) fn one_runner(plan: &Plan) {
    let claims = freeze(plan, 1);
    assert_eq!(claims, 0, "no run is claimed a second time");
}

pub(crate) fn two_runners(plan: &Plan) {
    freeze(plan, 2);
}

/// Gives how many times one runner took a run from another.
fn freeze(plan: &Plan, runners: u64) -> u64 {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"));
    let folder = folder.expect("the target directory can be written");
    let mut draw = Rng::with_seed(plan.seed ^ runners);
    let lease = draw.u64(200..=400);
    let mut victim = Victim::spawn("frozen", folder.path(), &[lease, runners]);
    victim.hear();
    for _ in 0..FREEZES {
        sleep(Duration::from_millis(draw.u64(lease / 2..lease * 3 / 2)));
        victim.freeze(Duration::from_millis(draw.u64(lease * 2..=lease * 3)));
        assert_eq!(victim.ended(), None, "it ended by itself");
    }
    let ended = victim.finish();
    assert!(ended.success(), "{ended}");
    let runs = judge(folder.path());
    let mut claims = 0;
    for run in &runs {
        assert_eq!(run.row.status, Status::Done, "{:?}", run.row);
        claims += run.claims();
    }
    println!(
        "{} runs of {runners} runners, lease {lease} ms, taken over {claims} times",
        runs.len()
    );
    claims
}

/// Starts runs until it is told to finish, and waits until they have ended.
#[tokio::main(flavor = "multi_thread", worker_threads = 4)]
pub(crate) async fn work(folder: &Path, lease: u64, runners: u64) {
    let store = RedbStore::open(path(folder)).expect("nobody else has the file");
    let workshop = Workshop::at(folder);
    let mut launched = Vec::new();
    for _ in 0..runners {
        let runner = Runner::<Job>::builder(workshop.clone())
            .store(store.clone())
            .lease(Duration::from_millis(lease));
        launched.push(runner.launch().await.expect("the store answers"));
    }
    let told = Arc::new(AtomicBool::new(false));
    thread::spawn({
        let told = Arc::clone(&told);
        move || {
            told_to_finish();
            told.store(true, Ordering::Relaxed);
        }
    });
    println!("ready");
    let next = Arc::new(AtomicU64::new(0));
    let mut slots = JoinSet::new();
    for slot in 0..16 {
        let runner = launched[slot % launched.len()].clone();
        let (told, next) = (Arc::clone(&told), Arc::clone(&next));
        slots.spawn(async move {
            while !told.load(Ordering::Relaxed) {
                let id = format!("job-{}", next.fetch_add(1, Ordering::Relaxed));
                let input = JobInput {
                    fate: Fate::Ends,
                    least: 1,
                    most: fastrand::u64(5..lease),
                    stumbles: fastrand::bool(),
                };
                let run = runner.start(id, input, Asked).await.expect("it starts");
                let _ = run.end().await.expect("it ends well");
            }
        });
    }
    while let Some(ended) = slots.join_next().await {
        ended.expect("every run ends");
    }
    for runner in launched {
        runner.shut_down(Duration::from_secs(5)).await;
    }
}
