//! The other witness: the same words, counted file by file in a loop, without a workflow.

use std::fs;
use std::time::{Duration, Instant};

use crate::listing::{Listing, Unreadable};
use crate::process::CountError;
use crate::words::Counts;

/// Counts the words of all files, and how long that took.
///
/// # Errors
/// If a file cannot be read any more, or is not what it was when it was listed.
pub(crate) fn count(listing: &Listing) -> Result<(Counts, Duration), CountError> {
    let since = Instant::now();
    let mut counts = Counts::default();
    for file in &listing.files {
        let path = || file.path.clone();
        let bytes = fs::read(&file.path).map_err(|source| Unreadable {
            path: path(),
            source,
        })?;
        match String::from_utf8(bytes) {
            Ok(text) if text.len() as u64 == file.bytes => counts.add(&text),
            _ => return Err(CountError::Changed { path: path() }),
        }
    }
    Ok((counts, since.elapsed()))
}
