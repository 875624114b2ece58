//! Processes are frozen and killed at random, and cancel and terminate their own runs at random.

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use fastrand::Rng;
use stateway::prelude::*;
use stateway::store::{Status, Stop};
use stateway::{RedbStore, StoreError};
use tokio::task::JoinSet;

use crate::Plan;
use crate::job::{Asked, Fate, Job, JobInput, Workshop, path};
use crate::judge::{Judged, judge};
use crate::victim::Victim;

const RUNS: u64 = 200;

/// A process that takes longer than this to end by itself, once it is left alone, hangs.
const PATIENCE: Duration = Duration::from_mins(1);

fn fails(number: u64) -> bool {
    number % 5 == 2
}

pub(crate) fn check(plan: &Plan) {
    let began = Instant::now();
    let mut draw = Rng::with_seed(plan.seed);
    while began.elapsed() < plan.chaos {
        round(plan.chaos.saturating_sub(began.elapsed()), &mut draw);
    }
}

/// Treats processes at random until all runs have ended, or for as long as this.
fn round(length: Duration, draw: &mut Rng) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"));
    let folder = folder.expect("the target directory can be written");
    let (lease, runners) = (draw.u64(200..=600), draw.u64(1..=2));
    let spawn = |seed| Victim::spawn("chaos", folder.path(), &[lease, runners, seed]);
    let mut victim = spawn(draw.u64(..));
    let (mut freezes, mut kills) = (0, 0);
    let began = Instant::now();
    let ended = loop {
        if let Some(ended) = victim.ended() {
            break ended;
        }
        let elapsed = began.elapsed();
        assert!(elapsed < length + PATIENCE, "it hangs");
        sleep(Duration::from_millis(draw.u64(10..lease)));
        if elapsed > length {
            continue;
        }
        match draw.u8(..100) {
            0..50 => {
                victim.freeze(Duration::from_millis(draw.u64(lease / 4..lease * 3)));
                freezes += 1;
            }
            50..70 => {
                victim.kill();
                victim = spawn(draw.u64(..));
                kills += 1;
            }
            _ => {}
        }
    };
    assert!(ended.success(), "{ended}");
    let runs = judge(folder.path());
    assert_eq!(runs.len() as u64, RUNS);
    let mut counts = [0; 4];
    for run in &runs {
        counts[judge_end(run)] += 1;
    }
    let [done, failed, cancelled, terminated] = counts;
    println!(
        "{runners} runners, lease {lease} ms, {freezes} freezes, {kills} kills: {done} done, {failed} failed, \
         {cancelled} cancelled, {terminated} terminated in {:.1?}",
        began.elapsed()
    );
}

/// Checks how a run ended; gives the number of that end.
fn judge_end(run: &Judged) -> usize {
    let row = &run.row;
    let number: u64 = row.id.text()["job-".len()..].parse().expect("its number");
    let was_asked = |how: Stop| run.stops.iter().any(|it| *it == format!("{how:?}"));
    let is_undone = row.undos == 0;
    match row.status {
        Status::Done => {
            assert!(!fails(number), "{row:?}");
            0
        }
        Status::Failed => {
            assert!(fails(number) && is_undone, "{row:?} {:?}", run.history);
            1
        }
        Status::Cancelled => {
            assert!(
                was_asked(Stop::Cancel) && is_undone,
                "{row:?} {:?}",
                run.history
            );
            2
        }
        Status::Terminated => {
            assert!(was_asked(Stop::Terminate), "{row:?}");
            3
        }
        status => panic!("{status:?}: {row:?}"),
    }
}

/// Starts all runs, those that have been started before as well, and waits until they have ended.
#[tokio::main(flavor = "multi_thread", worker_threads = 4)]
pub(crate) async fn work(folder: &Path, lease: u64, runners: u64, seed: u64) {
    fastrand::seed(seed);
    let store = RedbStore::open(path(folder)).expect("nobody else has the file");
    let workshop = Workshop::at(folder);
    let mut launched = Vec::new();
    for _ in 0..runners {
        let runner = Runner::<Job>::builder(workshop.clone())
            .store(store.clone())
            .lease(Duration::from_millis(lease))
            .max_in_flight(60)
            .wait_in_store_from(Duration::from_secs(1))
            // It is treated so badly that one run may be unlucky ten times.
            .max_crashes(1_000);
        launched.push(runner.launch().await.expect("the store answers"));
    }
    tokio::spawn(stop_some(launched[0].clone(), workshop));
    let mut ends = JoinSet::new();
    for (number, runner) in (0..RUNS).zip(launched.iter().cycle()) {
        let fate = if fails(number) {
            Fate::Fails
        } else {
            Fate::Ends
        };
        let input = JobInput {
            fate,
            least: 1,
            most: 1 + number % 7 * 40,
            stumbles: number % 3 == 1,
        };
        let run = runner.start(format!("job-{number}"), input, Asked).await;
        let run = run.expect("it starts, or is there");
        ends.spawn(async move {
            match run.end().await {
                Ok(_) | Err(EndError::Failed(_)) => {}
                Err(error) => panic!("it does not end: {error}"),
            }
        });
    }
    while let Some(ended) = ends.join_next().await {
        ended.expect("every run ends");
    }
    for runner in launched {
        runner.shut_down(Duration::from_secs(5)).await;
    }
}

/// Cancels and terminates runs now and then.
async fn stop_some(runner: Runner<Job>, workshop: Workshop) {
    loop {
        tokio::time::sleep(Duration::from_millis(fastrand::u64(50..600))).await;
        let run = format!("job-{}", fastrand::u64(..RUNS));
        let stop = if fastrand::bool() {
            Stop::Cancel
        } else {
            Stop::Terminate
        };
        workshop.0.stop(&run, &format!("{stop:?}"));
        let stopped = match stop {
            Stop::Cancel => runner.cancel(run).await,
            Stop::Terminate => runner.terminate(run).await,
        };
        match stopped {
            Ok(()) | Err(StoreError::Ended { .. } | StoreError::NotFound { .. }) => {}
            Err(error) => panic!("it cannot be stopped: {error}"),
        }
    }
}
