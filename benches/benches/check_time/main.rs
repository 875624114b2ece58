//! The cost of `workflow!` at compile time: `cargo check` of 20 generated workflows of 10 states,
//! beside the same states written by hand.
//!
//! `cargo bench -p stateway-benches --bench check_time`
//!
//! Each crate is checked as one does while writing it, incrementally and after an edit, and from
//! scratch; all in turns, with their dependencies built before. "In full" is by hand what the block
//! gives: the typestate with its transitions, the enum over all states with its conversions, the trait of the
//! handlers, and the loop that calls them. "Bare" is the typestate alone.
//!
//! Then one workflow of growing size, beside the same states in three other crates (`growth.rs`).

mod growth;
mod source;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use wait4::Wait4 as _;

/// The crates beside which a workflow grows, in the versions of the workspace.
const PEERS: &str = "statig = \"*\"\nstatum = \"*\"\nstate-machines = \"*\"\n";

/// Odd, so that the median is a measurement.
const ROUNDS: usize = 15;

fn main() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("check_time");
    println!(
        "\ncargo check of 20 workflows of 10 states, ms above an empty crate, medians of {ROUNDS} rounds"
    );
    println!(
        "                    bare       in full   generated      generated - bare       - in full"
    );
    for mode in [Mode::AfterAnEdit, Mode::FromScratch] {
        let contestants = [
            Contestant::new(&folder, "empty", String::new()),
            Contestant::new(&folder, "bare", source::by_hand(false)),
            Contestant::new(&folder, "in_full", source::by_hand(true)),
            Contestant::new(&folder, "generated", source::generated()),
        ];
        for contestant in &contestants {
            // Twice: the first check fills the cache, and the first after it tidies up.
            contestant.time(mode, 0);
            contestant.time(mode, 1);
        }
        let mut times = [(); 4].map(|()| Vec::with_capacity(ROUNDS));
        for round in 0..ROUNDS {
            for (contestant, times) in contestants.iter().zip(&mut times) {
                times.push(contestant.time(mode, round + 2));
            }
        }
        let [empty, bare, in_full, generated] = times.map(median);
        let above = |time: f64| time - empty;
        println!(
            "{:<16} {:>7.0} {:>13.0} {:>11.0} {:>21.0} {:>15.0}",
            mode.name(),
            above(bare),
            above(in_full),
            above(generated),
            generated - bare,
            generated - in_full,
        );
    }
    growth::print(&folder);
}

#[derive(Clone, Copy)]
enum Mode {
    AfterAnEdit,
    FromScratch,
}

impl Mode {
    fn name(self) -> &'static str {
        match self {
            Mode::AfterAnEdit => "after an edit",
            Mode::FromScratch => "from scratch",
        }
    }

    fn incremental(self) -> &'static str {
        match self {
            Mode::AfterAnEdit => "1",
            Mode::FromScratch => "0",
        }
    }
}

/// A crate that is checked.
struct Contestant {
    folder: PathBuf,
    target: PathBuf,
    source: String,
}

impl Contestant {
    fn new(folder: &Path, name: &str, source: String) -> Self {
        let contestant = Contestant {
            target: folder.join("target"),
            folder: folder.join(name),
            source,
        };
        let runtime = concat!(env!("CARGO_MANIFEST_DIR"), "/../runtime");
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
             [dependencies]\nstateway = {{ path = \"{runtime}\" }}\n{PEERS}\n[workspace]\n"
        );
        std::fs::create_dir_all(contestant.folder.join("src")).expect("the folder is writable");
        write(&contestant.folder.join("Cargo.toml"), manifest);
        // The versions that the workspace itself uses.
        let lock = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock");
        std::fs::copy(lock, contestant.folder.join("Cargo.lock")).expect("the lock file is there");
        contestant
    }

    /// The milliseconds that a check takes after an edit.
    fn time(&self, mode: Mode, edit: usize) -> f64 {
        let checked = self.check(mode, edit);
        let (time, _) =
            checked.unwrap_or_else(|| panic!("{} does not compile", self.folder.display()));
        time
    }

    /// The same with the most memory that it takes, in MB; `None` if the crate does not compile.
    fn check(&self, mode: Mode, edit: usize) -> Option<(f64, u64)> {
        let source = format!("{}pub fn edit_{edit}() {{}}\n", self.source);
        write(&self.folder.join("src/lib.rs"), source);
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .args(["check", "--quiet", "--offline"])
            .current_dir(&self.folder);
        cargo
            .env("CARGO_TARGET_DIR", &self.target)
            .env("CARGO_INCREMENTAL", mode.incremental());
        let start = Instant::now();
        let cargo = cargo.spawn().expect("cargo runs");
        let used = cargo.wait4().expect("cargo ends");
        let time = start.elapsed().as_secs_f64() * 1e3;
        used.status
            .success()
            .then_some((time, used.rusage.maxrss >> 20))
    }
}

fn write(file: &Path, text: String) {
    std::fs::write(file, text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
