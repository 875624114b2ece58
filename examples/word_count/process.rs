//! The process: list the files, count chunks of them side by side, put the counts together.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use stateway::prelude::*;

use crate::cut::{self, Chunk};
use crate::listing::{self, Listing, Skipped, Unreadable};
use crate::words::Counts;

workflow! {
    /// The words of a folder.
    #[derive(Debug)]
    pub(crate) workflow WordCount {
        start  Asked { folder: PathBuf, extension: Option<&'static str> };
        state  Listed { listing: Listing, chunks: Vec<Chunk>, since: Instant };
        state  Counted { listing: Listing, chunks: usize, counts: Counts, took: Duration };
        done   Reported {
            listing: Listing,
            chunks: usize,
            counts: Counts,
            took: Duration,
            top: Vec<(Box<str>, u64)>
        };
        failed NoText { skipped: Skipped };

        step list: Asked -> Listed | NoText;
        /// Each chunk has a task of its own, so that all processors count. `at most` bounds what is
        /// in memory at a time.
        split count: Listed -> Counted {
            each chunk in chunks: Chunk => Counts, at most 32 with spawn;
            join all;
        }
        step report: Counted -> Reported;
    }
}

/// The context: who has counted.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    threads: Mutex<HashSet<ThreadId>>,
}

/// Why there is no count.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum CountError {
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    #[error("{} was changed while it was counted", .path.display())]
    Changed { path: PathBuf },
    #[error("another chunk could not be counted")]
    Stopped,
}

impl Counter {
    /// On how many threads chunks were counted.
    pub(crate) fn threads(&self) -> usize {
        self.threads.lock().expect("nobody panics holding it").len()
    }
}

/// Many enough that a slow chunk at the end keeps nobody waiting for long, and few enough that their
/// counts, which hold the frequent words each, are small beside the text.
fn chunks() -> usize {
    8 * thread::available_parallelism().map_or(1, usize::from)
}

// The handlers block their threads: reading and counting is all that this program does.
impl WordCountSteps for Counter {
    type Error = CountError;

    async fn list(&self, asked: Asked, step: &Step<List>) -> Result<List, CountError> {
        let (listing, parts) = listing::list(&asked.folder, asked.extension)?;
        if parts.is_empty() {
            let skipped = listing.skipped;
            return Ok(step.to(NoText { skipped }));
        }
        Ok(step.to(Listed {
            listing,
            chunks: cut::chunks(parts, chunks()),
            since: Instant::now(),
        }))
    }

    async fn chunk(
        &self,
        listed: &Listed,
        chunk: &Chunk,
        branch: &Branch<Count>,
    ) -> Result<Counts, CountError> {
        let thread = thread::current().id();
        let mut threads = self.threads.lock().expect("nobody panics holding it");
        threads.insert(thread);
        drop(threads);
        let mut counts = Counts::default();
        for part in &chunk.parts {
            // A task that computes cannot be stopped from outside.
            if branch.cancellation().is_cancelled() {
                return Err(CountError::Stopped);
            }
            let path = &listed.listing.files[part.file].path;
            counts.add(&read(path, part)?);
        }
        Ok(counts)
    }

    async fn count(
        &self,
        listed: Listed,
        joined: CountJoined,
        step: &Step<Count>,
    ) -> Result<Count, CountError> {
        let chunks = listed.chunks.len();
        Ok(step.to(Counted {
            listing: listed.listing,
            chunks,
            counts: Counts::merged(joined),
            took: listed.since.elapsed(),
        }))
    }

    async fn report(&self, counted: Counted, step: &Step<Report>) -> Result<Report, CountError> {
        let top = counted.counts.top(10);
        Ok(step.to(Reported {
            listing: counted.listing,
            chunks: counted.chunks,
            counts: counted.counts,
            took: counted.took,
            top,
        }))
    }
}

fn read(path: &Path, part: &cut::Part) -> Result<String, CountError> {
    let path = || path.to_owned();
    let text = part.read(&path()).map_err(|source| Unreadable {
        path: path(),
        source,
    })?;
    text.ok_or_else(|| CountError::Changed { path: path() })
}
