//! Guards against damaged pages, of which redb returns an error, or panics.
//!
//! A file that was closed in order is trusted when it is opened, so redb finds a damaged page when it needs it.
//! Neither the store nor its callers may go down with that page.

use std::mem::take;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::fault::Fault;
use crate::support::panic::{forget_panic, message};

/// Works with pages that may be damaged. If one is, everything that the work borrows has to be thrown away, unless the work only
/// reads.
///
/// So each read has a guard of its own, and a transaction is aborted in order if a panic was caught. If a transaction that writes is
/// dropped as a panic passes, redb leaves it as it is, and the file is repaired when it is opened
/// the next time, which a damaged file cannot be.
pub(super) fn guarded<T>(work: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    let worked = catch_unwind(AssertUnwindSafe(work));
    worked.unwrap_or_else(|panic| {
        let text = message(panic);
        let reason = text.lines().next().unwrap_or_default();
        Err(Fault::Damaged(format!(
            "it cannot be worked with, most likely since a page of the file is damaged ({reason})"
        )))
    })
}

/// A database that closes without a panic, also if its pages are damaged.
pub(super) struct Database(Option<redb::Database>);

impl Database {
    pub(super) fn new(database: redb::Database) -> Self {
        Database(Some(database))
    }
}

impl Deref for Database {
    type Target = redb::Database;

    fn deref(&self) -> &redb::Database {
        self.0.as_ref().expect("it is there until it is dropped")
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let database = take(&mut self.0);
        forget_panic(|| drop(database));
    }
}
