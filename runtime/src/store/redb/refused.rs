//! Why a file was not opened.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

use redb::{DatabaseError, StorageError};

use super::fault::Fault;

/// Why a file was not opened. Not one byte of it has been changed.
#[derive(Debug)]
#[non_exhaustive]
pub enum OpenError {
    /// It is open already: one process at a time has the file, and in that one, one store.
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// It was written by a newer version of this library.
    Newer {
        /// The file.
        path: PathBuf,
        /// The version of the file.
        found: u64,
        /// The newest that is known here.
        known: u64,
    },
    /// It is something else than a store of runs.
    Foreign {
        /// The file.
        path: PathBuf,
        /// What there is instead.
        reason: String,
    },
    /// It is a file without a byte in it. A store is never that, so it is somebody else's, or what was a store is lost.
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// It is a store of runs, and so damaged that it cannot be opened.
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is damaged.
        reason: String,
    },
    /// It cannot be opened, created or read.
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl OpenError {
    pub(super) fn file(path: &Path, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        OpenError::File {
            path: path.to_owned(),
            source: source.into(),
        }
    }

    pub(super) fn foreign(path: &Path, reason: impl Into<String>) -> Self {
        OpenError::Foreign {
            path: path.to_owned(),
            reason: reason.into(),
        }
    }

    pub(super) fn damaged(path: &Path, reason: impl Into<String>) -> Self {
        OpenError::Damaged {
            path: path.to_owned(),
            reason: reason.into(),
        }
    }

    /// What redb says of a file that it does not open.
    pub(super) fn of(path: &Path, error: DatabaseError) -> Self {
        match error {
            DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => {
                OpenError::InUse {
                    path: path.to_owned(),
                }
            }
            DatabaseError::UpgradeRequired(version) => OpenError::foreign(
                path,
                format!("it has format {version} of redb, which is not the one that stores have"),
            ),
            DatabaseError::Storage(StorageError::Corrupted(reason)) => {
                OpenError::damaged(path, reason)
            }
            DatabaseError::Storage(StorageError::Io(error))
                if error.kind() == std::io::ErrorKind::InvalidData =>
            {
                OpenError::foreign(path, "it is no database of redb")
            }
            error => OpenError::file(path, error),
        }
    }

    /// What was found as the tables were read.
    pub(super) fn found(path: &Path, fault: Fault) -> Self {
        match fault {
            Fault::Damaged(reason) => OpenError::damaged(path, reason),
            Fault::Storage(error) => OpenError::file(path, error),
            Fault::Answer(error) => OpenError::file(path, error),
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::InUse { path } => write!(
                f,
                "`{}` is in use: one process at a time may open it, and shares the store between its runners",
                path.display()
            ),
            OpenError::Newer { path, found, known } => write!(
                f,
                "`{}` has format {found}, and this program knows formats up to {known}: run it with a newer version \
                 of stateway",
                path.display()
            ),
            OpenError::Foreign { path, reason } => write!(
                f,
                "`{}` is no store of runs: {reason}. It was left as it is; open the store under another path",
                path.display()
            ),
            OpenError::Empty { path } => write!(
                f,
                "`{}` is there and empty, which no store of runs is. If nothing is missed from it, remove the file, \
                 and a new store is made in its place; if something is, restore it from a copy",
                path.display()
            ),
            OpenError::Damaged { path, reason } => write!(
                f,
                "`{}` is damaged: {reason}. It was left as it is; `RedbStore::check_integrity` says what can be read, \
                 and what cannot has to come from a copy",
                path.display()
            ),
            OpenError::File { path, .. } => write!(f, "`{}` cannot be opened", path.display()),
        }
    }
}

impl Error for OpenError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            OpenError::File { source, .. } => Some(&**source),
            _ => None,
        }
    }
}
