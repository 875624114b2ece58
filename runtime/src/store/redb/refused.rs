//! The error of opening a file.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

use redb::{DatabaseError, StorageError};

use super::fault::Fault;

/// Why a file was not opened. Not one byte of it has been changed.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("orders.redb");
/// use stateway::{OpenError, RedbStore};
///
/// std::fs::write(&path, "not a store")?;
/// match RedbStore::open(&path) {
///     Ok(_) => println!("the store is open"),
///     Err(OpenError::InUse { .. }) => println!("stop the other process first"),
///     Err(OpenError::Foreign { reason, .. }) => println!("this path has another file: {reason}"),
///     Err(error) => return Err(error.into()),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum OpenError {
    /// The file is open already. One process at a time has it, and in that process, one store.
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The file was written by a newer version of this library.
    Newer {
        /// The file.
        path: PathBuf,
        /// The version of its format.
        found: u64,
        /// The newest version that is known here.
        known: u64,
    },
    /// The file is not a store of runs.
    Foreign {
        /// The file.
        path: PathBuf,
        /// A clause about the content of the file.
        reason: String,
    },
    /// The file is empty. A store is never empty, so the file belongs to somebody else, or the store is lost.
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file is a store of runs, and so damaged that it cannot be opened.
    Damaged {
        /// The file.
        path: PathBuf,
        /// A clause about the damage.
        reason: String,
    },
    /// The file cannot be opened, created or read.
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
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

    /// Translates the error of redb for a file that it does not open.
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

    /// Translates a fault that was found as the tables were read.
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
