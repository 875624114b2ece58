//! Processes that are frozen and killed, with SIGSTOP and SIGKILL, while they drive runs of a store in a file. Their
//! handlers log when they begin and when they are gone; the log and the histories are judged at the end.
//!
//! `cargo test -p stateway --test process` takes all tests at once, and `-- NAME` those whose name has this part.
//! `-- --long 300` treats processes at random for 300 seconds instead of a few, and `--seed N` makes the same draws
//! again.

mod chaos;
mod frozen;
mod job;
mod judge;
mod log;
mod poison;
mod victim;
mod waiting;

use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

/// The arguments of a test.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    /// The time for which processes are treated at random.
    pub(crate) chaos: Duration,
    pub(crate) seed: u64,
}

type Test = (&'static str, fn(&Plan));

const TESTS: [Test; 6] = [
    (
        "a_process_that_is_frozen_calls_no_handler_twice",
        frozen::one_runner,
    ),
    (
        "two_runners_of_a_process_that_is_frozen_call_no_handler_twice_at_once",
        frozen::two_runners,
    ),
    (
        "a_run_that_aborts_its_process_is_parked_and_no_other",
        poison::check,
    ),
    (
        "a_run_that_waits_in_memory_is_not_blamed_for_kills",
        waiting::in_memory,
    ),
    (
        "a_run_that_waits_in_the_store_is_not_blamed_for_kills",
        waiting::in_the_store,
    ),
    (
        "processes_that_are_frozen_and_killed_at_random_lose_nothing",
        chaos::check,
    ),
];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [child, role, folder, rest @ ..] = &words[..]
        && child == "child"
    {
        let (folder, numbers) = (Path::new(folder), rest.iter());
        let numbers = numbers.map(|it| it.parse().expect("it is a number"));
        let numbers: Vec<u64> = numbers.collect();
        match &**role {
            "frozen" => frozen::work(folder, numbers[0], numbers[1]),
            "poison" => poison::work(folder),
            "waiting" => waiting::work(folder, numbers[0]),
            "chaos" => chaos::work(folder, numbers[0], numbers[1], numbers[2]),
            role => panic!("`{role}` is no role"),
        }
        return ExitCode::SUCCESS;
    }
    if words.iter().any(|word| word == "--list") {
        for (name, _) in TESTS {
            println!("{name}: test");
        }
        return ExitCode::SUCCESS;
    }
    let number = |option: &str| -> Option<u64> {
        let at = words.iter().position(|word| word == option)?;
        words.get(at + 1)?.parse().ok()
    };
    let plan = Plan {
        chaos: Duration::from_secs(number("--long").unwrap_or(12)),
        seed: number("--seed").unwrap_or_else(|| fastrand::u64(..)),
    };
    let parts: Vec<_> = words
        .iter()
        .filter(|word| !word.starts_with('-') && word.parse::<u64>().is_err())
        .collect();
    let is_asked_for =
        |name: &str| parts.is_empty() || parts.iter().any(|part| name.contains(part.as_str()));
    println!("with --seed {}", plan.seed);
    let running: Vec<_> = TESTS
        .into_iter()
        .filter(|(name, _)| is_asked_for(name))
        .map(|(name, test)| (name, thread::spawn(move || timed(name, test, &plan))))
        .collect();
    let mut fails = false;
    for (name, test) in running {
        if test.join().is_err() {
            println!("{name} failed");
            fails = true;
        }
    }
    if fails {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

fn timed(name: &str, test: fn(&Plan), plan: &Plan) {
    let began = Instant::now();
    test(plan);
    println!("{name}: ok in {:.1?}", began.elapsed());
}
