//! A worker is killed with SIGKILL, again and again, in the middle of what it does. At the end every run has
//! ended, every transition is recorded once, no handler ran after its transition was recorded, and every run
//! that failed is fully undone. Of runs that wait, every message is applied once, and has one answer.
//!
//! `cargo test -p stateway --features testing --test kill -- --long` kills ten times as often, and
//! `--seed N` makes the same draws again.

mod effects;
mod judge;
mod mail;
mod trip;
mod worker;

use std::path::Path;
use std::process::{Child, Command, ExitCode};
use std::thread::sleep;
use std::time::{Duration, Instant};

use fastrand::Rng;

/// A test: its name, what a worker of it does, and how what is left is judged.
struct Trial {
    name: &'static str,
    work: fn(&Path, u64, u64),
    judge: fn(&Path, u64) -> String,
    /// The runs of the plan are divided by this.
    share: u64,
}

const TRIALS: [Trial; 2] = [
    Trial {
        name: "a_worker_that_is_killed_loses_nothing",
        work: worker::work,
        judge: |folder, runs| judge::judge(folder, runs).to_string(),
        share: 1,
    },
    Trial {
        name: "a_worker_that_is_killed_loses_and_doubles_no_message",
        work: mail::work,
        judge: mail::judge,
        share: 8,
    },
];

/// The arguments of a test.
struct Plan {
    runs: u64,
    kills: u32,
    seed: u64,
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [role, trial, folder, runs, seed] = &words[..]
        && role == "worker"
    {
        let number = |text: &String| text.parse().expect("it is a number");
        let is_it = |it: &&Trial| it.name == trial;
        let trial = TRIALS.iter().find(is_it).expect("a worker is told which");
        (trial.work)(Path::new(folder), number(runs), number(seed));
        return ExitCode::SUCCESS;
    }
    if words.iter().any(|word| word == "--list") {
        for trial in &TRIALS {
            println!("{}: test", trial.name);
        }
        return ExitCode::SUCCESS;
    }
    let is_long = words.iter().any(|word| word == "--long");
    let seed = words.iter().position(|word| word == "--seed");
    let seed = seed.and_then(|at| words.get(at + 1)?.parse().ok());
    let others = words
        .iter()
        .filter(|word| !word.starts_with('-') && word.parse::<u64>().is_err());
    let filters: Vec<_> = others.collect();
    let plan = Plan {
        runs: if is_long { 3_000 } else { 300 },
        kills: if is_long { 300 } else { 30 },
        seed: seed.unwrap_or_else(|| fastrand::u64(..)),
    };
    for trial in &TRIALS {
        let is_named = filters
            .iter()
            .any(|word| trial.name.contains(word.as_str()));
        if filters.is_empty() || is_named {
            check(trial, &plan);
        }
    }
    ExitCode::SUCCESS
}

/// Kills workers until there were enough, lets the last one end, and judges what is left.
fn check(trial: &Trial, plan: &Plan) {
    let runs = plan.runs / trial.share;
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"));
    let folder = folder.expect("the target directory can be written");
    println!(
        "{}: {runs} runs, killed {} times, with --seed {}",
        trial.name, plan.kills, plan.seed
    );
    let mut draw = Rng::with_seed(plan.seed);
    let began = Instant::now();
    for kill in 0..plan.kills {
        let mut worker = spawn(trial, folder.path(), runs, draw.u64(..));
        sleep(Duration::from_millis(draw.u64(2..150)));
        let ended = worker.try_wait().expect("it can be asked for");
        assert_eq!(ended, None, "it ended by itself after {kill} kills");
        worker.kill().expect("it is killed");
        worker.wait().expect("it can be waited for");
    }
    let mut last = spawn(trial, folder.path(), runs, draw.u64(..));
    let ended = last.wait().expect("it can be waited for");
    assert!(ended.success(), "the last worker failed: {ended}");
    let summary = (trial.judge)(folder.path(), runs);
    println!("{summary}\nin {:.1?}", began.elapsed());
}

fn spawn(trial: &Trial, folder: &Path, runs: u64, seed: u64) -> Child {
    let this = std::env::current_exe().expect("this program has a path");
    Command::new(this)
        .args(["worker", trial.name])
        .arg(folder)
        .args([runs.to_string(), seed.to_string()])
        .spawn()
        .expect("a worker starts")
}
