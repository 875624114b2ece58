//! The file at a path: the one that exists, or a new one that takes its place when it is a store.
//!
//! No file that exists is emptied, replaced, or renamed. A new store is made in a file with a random
//! name, which nobody else has, and gets its name in one step that fails if the name is taken. Its lock belongs to
//! the file and not to the name, so another process that finds the store under its name finds it locked.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use tempfile::TempPath;

/// The target of a path, opened as it is.
pub(super) enum PathKind {
    File(File),
    /// An empty file.
    Empty,
    /// A folder, a pipe, or a device.
    Other(&'static str),
    Nothing,
}

/// Opens the target of a path, for reading and writing. Changes nothing.
pub(super) fn find(path: &Path) -> io::Result<PathKind> {
    // Asked before it is opened, because opening a pipe waits for its other end.
    let opened = fs::metadata(path).and_then(|found| match kind(&found) {
        Some(other) => Ok(Err(other)),
        None => File::options().read(true).write(true).open(path).map(Ok),
    });
    let file = match opened {
        Ok(Ok(file)) => file,
        Ok(Err(other)) => return Ok(PathKind::Other(other)),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(PathKind::Nothing),
        Err(error) => return Err(error),
    };
    let found = file.metadata()?;
    Ok(match kind(&found) {
        Some(other) => PathKind::Other(other),
        None if found.len() == 0 => PathKind::Empty,
        None => PathKind::File(file),
    })
}

/// Returns a noun phrase for the target, unless it is a file.
fn kind(found: &Metadata) -> Option<&'static str> {
    if found.is_file() {
        None
    } else if found.is_dir() {
        Some("a folder")
    } else {
        Some("a pipe, a socket, or a device")
    }
}

/// A new file without a place. It is removed if it is dropped before it has one.
pub(super) struct New {
    temporary: TempPath,
    place: PathBuf,
}

impl New {
    /// Makes an empty file beside the target of a path that does not exist.
    ///
    /// # Errors
    /// Those of the system, such as [`ErrorKind::NotFound`] if there is no such folder.
    pub(super) fn beside(path: &Path, mode: u32) -> io::Result<(Self, File)> {
        let place = resolve(path)?;
        place.file_name().ok_or(ErrorKind::InvalidInput)?;
        let mut builder = tempfile::Builder::new();
        builder.prefix(".stateway-").suffix(".new").rand_bytes(12);
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
        #[cfg(not(unix))]
        let _ = mode;
        let (file, temporary) = builder.tempfile_in(folder(&place))?.into_parts();
        Ok((New { temporary, place }, file))
    }

    /// Gives it the place, unless that has been taken meanwhile. The file and its name are on disk then.
    ///
    /// # Errors
    /// [`ErrorKind::AlreadyExists`] if another was faster.
    pub(super) fn publish(self) -> io::Result<()> {
        let place = &self.place;
        self.temporary.persist_noclobber(place)?;
        flush(folder(place))
    }
}

/// Returns the folder of a path.
fn folder(path: &Path) -> &Path {
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// Returns the target of a path: the path itself, unless it is a link.
fn resolve(path: &Path) -> io::Result<PathBuf> {
    const LINKS: usize = 40;
    let mut place = path.to_owned();
    for _ in 0..LINKS {
        match fs::read_link(&place) {
            Ok(target) => place = folder(&place).join(target),
            // It is no link, or it does not exist.
            Err(_) => return Ok(place),
        }
    }
    Err(io::Error::other(format!(
        "more than {LINKS} links lead from one to the next"
    )))
}

/// Brings the names in a folder to disk.
fn flush(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}
