//! Keeps a claim in a JSON file between two commands.
//!
//! A claim is written to a file beside and then renamed over the old one, so that a crash leaves
//! the old claim or the new one and nothing in between.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::claim::AnyClaim;

/// A claim that cannot be read or kept. What the file held is still there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum KeepError {
    #[error("cannot read {}", .path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{} holds no claim: repair it, remove it, or name another with `--file`", .path.display())]
    Parse {
        path: PathBuf,
        source: serde_json::Error,
    },
    #[error("cannot lock {}", .path.display())]
    Lock { path: PathBuf, source: io::Error },
    #[error("cannot write {}", .path.display())]
    Write { path: PathBuf, source: io::Error },
}

/// The place of one claim, held for one command: others wait until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    path: PathBuf,
    _lock: File,
}

/// Reads the claim of a file, if there is one.
pub(crate) fn read(path: &Path) -> Result<Option<AnyClaim>, KeepError> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            let path = path.to_owned();
            return Err(KeepError::Read { path, source });
        }
    };
    match serde_json::from_slice(&text) {
        Ok(claim) => Ok(Some(claim)),
        Err(source) => {
            let path = path.to_owned();
            Err(KeepError::Parse { path, source })
        }
    }
}

impl Place {
    /// Waits until no other command is at work on this file.
    pub(crate) fn lock(path: &Path) -> Result<Self, KeepError> {
        // Not the file itself: the one that is renamed over it would not be locked.
        let beside = beside(path, ".lock");
        let open = File::options().create(true).append(true).open(&beside);
        match open.and_then(|file| file.lock().map(|()| file)) {
            Ok(lock) => Ok(Place {
                path: path.to_owned(),
                _lock: lock,
            }),
            Err(source) => {
                let path = beside;
                Err(KeepError::Lock { path, source })
            }
        }
    }

    pub(crate) fn read(&self) -> Result<Option<AnyClaim>, KeepError> {
        read(&self.path)
    }

    /// Replaces what is kept.
    pub(crate) fn write(&self, claim: &AnyClaim) -> Result<(), KeepError> {
        // In the same folder: a rename is atomic within one file system only.
        let beside = beside(&self.path, ".new");
        let written = write_through(&beside, claim).and_then(|()| fs::rename(&beside, &self.path));
        written.map_err(|source| {
            // The rest of it is of no use; that it stays is no worse than that it was made.
            let _ = fs::remove_file(&beside);
            KeepError::Write {
                path: self.path.clone(),
                source,
            }
        })
    }
}

/// Writes a new file down to the disk: a rename may reach it before data that is only buffered.
fn write_through(path: &Path, claim: &AnyClaim) -> io::Result<()> {
    match fs::remove_file(path) {
        // The rest of a command that crashed: the lock says that it is not at work any more.
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let mut file = File::create_new(path)?;
    serde_json::to_writer_pretty(&file, claim)?;
    file.write_all(b"\n")?;
    file.sync_all()
}

/// The path with something added to its name.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().map(OsStr::to_owned).unwrap_or_default();
    name.push(ending);
    path.with_file_name(name)
}
