//! The world outside: a file with a line for everything that was done to it.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// The effect that a line records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// A start was acknowledged.
    Started,
    /// A handler was called. It has seen the token of the state before, and made that of the next.
    Step,
    /// A branch was called.
    Branch,
    /// An undo was called, and has seen the token of the state that it undoes.
    Undo,
}

const ALL: [What; 4] = [What::Started, What::Step, What::Branch, What::Undo];

/// A line of the file.
#[derive(Debug, Clone)]
pub(crate) struct Effect {
    /// In microseconds.
    pub(crate) at: u64,
    pub(crate) what: What,
    pub(crate) run: String,
    pub(crate) name: String,
    pub(crate) seen: u64,
    pub(crate) made: u64,
}

pub(crate) struct Effects(File);

fn path(folder: &Path) -> PathBuf {
    folder.join("effects")
}

pub(crate) fn micros(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).expect("it is after 1970");
    u64::try_from(since.as_micros()).expect("it is before the year 500000")
}

impl Effects {
    pub(crate) fn append_to(folder: &Path) -> Self {
        let file = File::options().create(true).append(true).open(path(folder));
        Effects(file.expect("the file can be written"))
    }

    /// Adds a line, by one call of the system, so that a kill leaves it whole or leaves none.
    pub(crate) fn log(&self, what: What, run: &str, name: &str, seen: u64, made: u64) {
        let at = micros(SystemTime::now());
        let line = format!("{at} {} {run} {name} {seen} {made}\n", what as usize);
        let written = (&self.0).write(line.as_bytes());
        assert_eq!(written.expect("the line is written"), line.len());
    }
}

/// Everything that was done, in order.
pub(crate) fn read(folder: &Path) -> Vec<Effect> {
    let text = std::fs::read_to_string(path(folder)).expect("the file can be read");
    let read = |line: &str| -> Option<Effect> {
        let mut words = line.split(' ');
        let effect = Effect {
            at: words.next()?.parse().ok()?,
            what: ALL[words.next()?.parse::<usize>().ok()?],
            run: words.next()?.to_owned(),
            name: words.next()?.to_owned(),
            seen: words.next()?.parse().ok()?,
            made: words.next()?.parse().ok()?,
        };
        Some(effect)
    };
    let lines = text.lines();
    lines
        .map(|line| read(line).unwrap_or_else(|| panic!("`{line}` is no effect")))
        .collect()
}
