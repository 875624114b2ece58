//! What `workflow!` costs at compile time: `cargo check` of 20 generated workflows of 10 states,
//! beside the same states written by hand.
//!
//! `cargo bench -p stateway-benches --bench check_time`
//!
//! Both crates are checked from scratch, without incremental compilation, in turns; their
//! dependencies are built before. The generated code has more in it than the typestate by hand:
//! the trait of the handlers, the driver, the graph and the diagrams.

mod source;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Odd, so that the median is a measurement.
const ROUNDS: usize = 15;

fn main() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("check_time");
    let contestants = [
        Contestant::new(&folder, "empty", String::new()),
        Contestant::new(&folder, "by_hand", source::by_hand()),
        Contestant::new(&folder, "generated", source::generated()),
    ];
    for contestant in &contestants {
        contestant.check();
    }
    let mut times = [(); 3].map(|()| Vec::with_capacity(ROUNDS));
    for _ in 0..ROUNDS {
        for (contestant, times) in contestants.iter().zip(&mut times) {
            times.push(contestant.check());
        }
    }
    let [empty, by_hand, generated] = times.map(median);
    let over = |time: Duration| time.as_secs_f64() * 1e3 - empty.as_secs_f64() * 1e3;
    println!("\ncargo check of 20 workflows of 10 states, medians of {ROUNDS} rounds");
    println!(
        "an empty crate        {:>6.0} ms",
        empty.as_secs_f64() * 1e3
    );
    println!("by hand               {:>6.0} ms above it", over(by_hand));
    println!("generated             {:>6.0} ms above it", over(generated));
    println!(
        "generated - by hand   {:>6.0} ms",
        over(generated) - over(by_hand)
    );
}

/// A crate that is checked.
struct Contestant {
    folder: PathBuf,
    target: PathBuf,
}

impl Contestant {
    fn new(folder: &Path, name: &str, source: String) -> Self {
        let contestant = Contestant {
            target: folder.join("target"),
            folder: folder.join(name),
        };
        let runtime = concat!(env!("CARGO_MANIFEST_DIR"), "/../runtime");
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
             [dependencies]\nstateway = {{ path = \"{runtime}\" }}\n\n[workspace]\n"
        );
        std::fs::create_dir_all(contestant.folder.join("src")).expect("the folder is writable");
        write(&contestant.folder.join("Cargo.toml"), manifest);
        // The versions that the workspace itself uses.
        let lock = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock");
        std::fs::copy(lock, contestant.folder.join("Cargo.lock")).expect("the lock file is there");
        write(&contestant.library(), source);
        contestant
    }

    fn library(&self) -> PathBuf {
        self.folder.join("src/lib.rs")
    }

    /// How long a check takes after the source has changed.
    fn check(&self) -> Duration {
        let source = std::fs::read(self.library()).expect("the source is there");
        std::fs::write(self.library(), source).expect("the source is writable");
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .args(["check", "--quiet", "--offline"])
            .current_dir(&self.folder);
        cargo
            .env("CARGO_TARGET_DIR", &self.target)
            .env("CARGO_INCREMENTAL", "0");
        let start = Instant::now();
        let status = cargo.status().expect("cargo runs");
        let time = start.elapsed();
        assert!(
            status.success(),
            "the crate in {} does not compile",
            self.folder.display()
        );
        time
    }
}

fn write(file: &Path, text: String) {
    std::fs::write(file, text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
