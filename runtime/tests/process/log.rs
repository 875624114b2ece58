//! The world outside: a file with a line for every handler that begins, and for every one that is gone.

use std::fmt::Display;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use stateway::RunId;

/// The meaning of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// A handler begins.
    Begin,
    /// It has returned, or was dropped.
    Gone,
    /// The run is about to be cancelled or terminated.
    Stop,
}

const ALL: [What; 3] = [What::Begin, What::Gone, What::Stop];

/// A line of the file.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// In microseconds.
    pub(crate) at: u64,
    pub(crate) what: What,
    pub(crate) process: u32,
    pub(crate) run: String,
    pub(crate) handler: String,
    pub(crate) attempt: u32,
    pub(crate) key: String,
}

pub(crate) struct Log(File);

fn path(folder: &Path) -> PathBuf {
    folder.join("log")
}

pub(crate) fn micros(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).expect("it is after 1970");
    u64::try_from(since.as_micros()).expect("it is before the year 500000")
}

impl Log {
    pub(crate) fn append_to(folder: &Path) -> Self {
        let file = File::options().create(true).append(true).open(path(folder));
        Log(file.expect("the file can be written"))
    }

    /// Adds a line, by one call of the system, so that a kill leaves it whole or leaves none.
    fn write(&self, what: What, about: &str) {
        let (at, process) = (micros(SystemTime::now()), std::process::id());
        let line = format!("{at} {} {process} {about}\n", what as usize);
        let written = (&self.0).write(line.as_bytes());
        assert_eq!(written.expect("the line is written"), line.len());
    }

    /// A handler begins; it is gone when this is dropped.
    pub(crate) fn begin(
        &self,
        run: &RunId,
        handler: &str,
        attempt: u32,
        key: impl Display,
    ) -> Call<'_> {
        let about = format!("{run} {handler} {attempt} {key}");
        self.write(What::Begin, &about);
        Call { log: self, about }
    }

    pub(crate) fn stop(&self, run: &str, how: &str) {
        self.write(What::Stop, &format!("{run} {how} 0 -"));
    }
}

/// A handler under way.
pub(crate) struct Call<'a> {
    log: &'a Log,
    about: String,
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.log.write(What::Gone, &self.about);
    }
}

/// Everything that was logged, in order.
pub(crate) fn read(folder: &Path) -> Vec<Line> {
    let text = std::fs::read_to_string(path(folder)).expect("the file can be read");
    let read = |line: &str| -> Option<Line> {
        let mut words = line.split(' ');
        Some(Line {
            at: words.next()?.parse().ok()?,
            what: ALL[words.next()?.parse::<usize>().ok()?],
            process: words.next()?.parse().ok()?,
            run: words.next()?.to_owned(),
            handler: words.next()?.to_owned(),
            attempt: words.next()?.parse().ok()?,
            key: words.next()?.to_owned(),
        })
    };
    text.lines()
        .map(|line| read(line).unwrap_or_else(|| panic!("`{line}` is no line of the log")))
        .collect()
}
