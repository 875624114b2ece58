//! Finds the record of a run by its id, though a page may be damaged.

use std::cmp::Ordering;

use redb::ReadableTable;

use super::damage::guarded;
use super::fault::{Fault, broken};
use super::format::{Record, owner};
use crate::run::RunId;

/// A table of runs by id.
pub(super) trait Lookup {
    /// Returns the record of a run.
    fn find(&self, run: &RunId) -> Result<Option<Record>, Fault>;

    /// Returns the record of a run in a table that was not read when the file was opened. Fails if a damaged page may be the reason why
    /// it is not found.
    ///
    /// A damaged key in a leaf leads the search to a place beside it, and one in a branch to a leaf whose entries are
    /// all on one side of the run. So a miss is believed if the entries on both sides of the place are in order, and
    /// each has the record of its own run.
    fn find_surely(&self, run: &RunId) -> Result<Option<Record>, Fault>;
}

impl<T: ReadableTable<&'static str, &'static [u8]>> Lookup for T {
    fn find(&self, run: &RunId) -> Result<Option<Record>, Fault> {
        guarded(|| {
            let Some(bytes) = self.get(&*run.text())? else {
                return Ok(None);
            };
            read(run, bytes.value()).map(Some)
        })
    }

    fn find_surely(&self, run: &RunId) -> Result<Option<Record>, Fault> {
        guarded(|| {
            let id = &*run.text();
            let before = self.range(..=id)?.next_back().transpose()?;
            if let Some((key, bytes)) = &before
                && key.value() == id
            {
                return read(run, bytes.value()).map(Some);
            }
            let after = self.range(id..)?.next().transpose()?;
            for (entry, side) in [(before, Ordering::Less), (after, Ordering::Greater)] {
                let Some((key, bytes)) = entry else { continue };
                let key = key.value();
                if key.cmp(id) != side || owner(bytes.value()) != Some(key.as_bytes()) {
                    let reason = format!("its place beside `{key}` is damaged");
                    return Err(broken(run, "its record", &reason));
                }
            }
            Ok(None)
        })
    }
}

fn read(run: &RunId, bytes: &[u8]) -> Result<Record, Fault> {
    Record::read(run, bytes).map_err(|reason| broken(run, "its record", &reason))
}
