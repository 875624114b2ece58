//! The failures of an operation.

use super::wire::Unread;
use crate::run::RunId;
use crate::store::StoreError;

/// The failure of an operation: of the store itself, of a page that it needs, or of the run.
#[derive(Debug)]
pub(super) enum Fault {
    Storage(redb::Error),
    Damaged(String),
    Answer(StoreError),
}

impl<E: Into<redb::Error>> From<E> for Fault {
    fn from(error: E) -> Self {
        match error.into() {
            redb::Error::Corrupted(reason) => {
                Fault::Damaged(format!("a page of the file is damaged ({reason})"))
            }
            error => Fault::Storage(error),
        }
    }
}

/// Returns the answer to an operation on a run with a part that cannot be read.
pub(super) fn broken(run: &RunId, what: &str, reason: &Unread) -> Fault {
    Fault::Answer(StoreError::Broken {
        run: run.clone(),
        reason: format!("{what}: {reason}"),
    })
}
