//! The cost of a durable transition: runs of ten states on a file, by Stateway, by Cano with redb and by
//! duroxide with `SQLite`, `n` of them at once; beside redb alone, which writes the same rows in batches.
//!
//! "ns apart" is how long a word takes from one thread to another and back. Stateway uses several threads and redb
//! alone one, so "of redb" is lower where the processors share no cache, which on a virtual machine changes
//! from minute to minute.
//!
//! Then what runs cost that wait: their memory, and the launch of a runner over 100,000 of them.
//!
//! `cargo bench -p stateway-benches --bench durable`, with numbers behind `--` for `n` runs at once, with
//! `alone` to leave out Cano and duroxide, and with `waiting` for the runs that wait only.

mod bare;
mod cano;
mod duroxide;
mod file;
mod machine;
mod ours;
mod waiting;

use std::future::Future;
use std::panic::resume_unwind;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};

/// Every run has `n` states, and one transition less.
const STATES: u64 = 10;

/// The numbers of runs at once.
const AT_ONCE: [u64; 5] = [1, 8, 64, 256, 1_000];

/// The result of a contestant.
struct Rate {
    /// Transitions in a second.
    transitions: f64,
    /// Transitions for each flush of the file, where that is known.
    rows_a_flush: Option<f64>,
}

/// Odd, so that the median is a measurement.
const PAIRS: usize = 5;

fn main() {
    // `cargo test` calls every bench: nothing is measured then.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let words: Vec<String> = std::env::args().skip(1).collect();
    let has = |word: &str| words.iter().any(|it| it == word);
    // duroxide would write a line about each lock that it waits for.
    let silence = tracing::subscriber::NoSubscriber::new();
    tracing::subscriber::set_global_default(silence).expect("nobody else listens");
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let runtime = runtime.expect("tokio starts");
    if has(waiting::LAUNCH) {
        // This is the process that `waiting::report` started.
        return waiting::launch(&runtime);
    }
    if !has("waiting") {
        let asked: Vec<u64> = words.iter().filter_map(|word| word.parse().ok()).collect();
        let at_once = if asked.is_empty() {
            &AT_ONCE[..]
        } else {
            &asked
        };
        rates(&runtime, at_once, has("alone"));
        if at_once.contains(&1) {
            one_run(&runtime);
        }
    }
    if !has("alone") {
        waiting::report(&runtime);
    }
}

/// One run beside redb as it is used from async code, where a commit may not block the thread of a task either.
fn one_run(runtime: &Runtime) {
    let (ours, bare) = pairs(
        || runtime.block_on(ours::rate(1)),
        || runtime.block_on(bare::rate_from_a_task()),
    );
    println!(
        "one run: {:.2} x a commit of redb by `spawn_blocking`",
        bare.transitions / ours.transitions
    );
}

#[expect(clippy::cast_precision_loss, reason = "it is small")]
fn rates(runtime: &Runtime, at_once: &[u64], is_alone: bool) {
    println!("transitions in a second, of runs of {STATES} states on a file");
    println!(
        "{:>8} {:>10} {:>8} {:>10} {:>8} {:>8} {:>10} {:>8} {:>10} {:>8}",
        "at once",
        "stateway",
        "a flush",
        "redb alone",
        "of redb",
        "ns apart",
        "cano",
        "x cano",
        "duroxide",
        "x durox."
    );
    for &at_once in at_once {
        let mut apart = Vec::new();
        let (ours, bare) = pairs(
            || {
                apart.push(machine::round_trip());
                runtime.block_on(ours::rate(at_once))
            },
            || bare::rate(at_once),
        );
        print!(
            "{:>8} {:>10.0} {:>8.1} {:>10.0} {:>8.2} {:>8.0}",
            at_once,
            ours.transitions,
            ours.rows_a_flush.unwrap_or_default(),
            bare.transitions,
            ours.transitions / bare.transitions,
            apart.iter().sum::<f64>() / PAIRS as f64,
        );
        if !is_alone {
            // A peer that fails is a cell that says so, and no end of the table.
            let mut failed = Vec::new();
            for (peer, rate) in [
                ("cano", runtime.block_on(runtime.spawn(cano::rate(at_once)))),
                (
                    "duroxide",
                    runtime.block_on(runtime.spawn(duroxide::rate(at_once))),
                ),
            ] {
                match rate {
                    Ok(other) => print!(
                        " {:>10.0} {:>8.1}",
                        other.transitions,
                        ours.transitions / other.transitions
                    ),
                    Err(error) => {
                        print!(" {:>10} {:>8}", "failed", "-");
                        failed.push((peer, message(error)));
                    }
                }
            }
            for (peer, message) in failed {
                print!("   {peer} failed: {message}");
            }
        }
        println!();
    }
}

/// The message of a peer's failure.
fn message(error: tokio::task::JoinError) -> String {
    let panic = error.into_panic();
    let text = panic.downcast_ref::<String>().cloned();
    let literal = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or(literal).unwrap_or_default()
}

/// Both, in turn: the median of each.
fn pairs(mut one: impl FnMut() -> Rate, other: impl Fn() -> Rate) -> (Rate, Rate) {
    let (mut ones, mut others): (Vec<Rate>, Vec<Rate>) =
        (0..PAIRS).map(|_| (one(), other())).unzip();
    (median(&mut ones), median(&mut others))
}

fn median(rates: &mut Vec<Rate>) -> Rate {
    rates.sort_by(|one, other| one.transitions.total_cmp(&other.transitions));
    rates.swap_remove(rates.len() / 2)
}

/// `n` runs are made in all, for about a second of work.
fn runs(at_once: u64, a_second: u64) -> u64 {
    a_second.max(at_once).next_multiple_of(at_once)
}

/// Lets `n` runs go at once until there were `runs` in all. Gives how long they took.
async fn timed<F>(at_once: u64, runs: u64, run: impl Fn(u64) -> F) -> Duration
where
    F: Future<Output = ()> + Send + 'static,
{
    let each = runs / at_once;
    let began = Instant::now();
    let mut lanes = Vec::new();
    for lane in 0..at_once {
        let mine: Vec<F> = (0..each).map(|number| run(lane * each + number)).collect();
        lanes.push(tokio::spawn(async move {
            for run in mine {
                run.await;
            }
        }));
    }
    for lane in lanes {
        if let Err(error) = lane.await {
            resume_unwind(error.into_panic());
        }
    }
    began.elapsed()
}

#[expect(clippy::cast_precision_loss, reason = "they are small")]
fn transitions_a_second(runs: u64, elapsed: Duration) -> f64 {
    (runs * (STATES - 1)) as f64 / elapsed.as_secs_f64()
}
