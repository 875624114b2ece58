//! What goes wrong in an operation.

use super::wire::Unread;
use crate::run::RunId;
use crate::store::StoreError;

/// What went wrong in an operation: the store as a whole, a page that it needs, or the run.
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

/// What cannot be read of a run, as the answer to whoever asks for it.
pub(super) fn broken(run: &RunId, what: &str, reason: &Unread) -> Fault {
    Fault::Answer(StoreError::Broken {
        run: run.clone(),
        reason: format!("{what}: {reason}"),
    })
}
