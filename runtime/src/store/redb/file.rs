//! The file under a path: the one that is there, or a new one that takes its place when it is a store.
//!
//! Nothing that lies there already is emptied, replaced, or renamed. A new store is made in a file with a random
//! name, which nobody else has, and gets its name in one step that fails where the name is taken. Its lock belongs to
//! the file and not to the name, so whoever finds the store under its name finds it locked.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use tempfile::TempPath;

/// What a path leads to, which is opened as it is.
pub(super) enum PathKind {
    File(File),
    /// A file without a byte in it.
    Empty,
    /// Something that is no file: a folder, a pipe, a device.
    Other(&'static str),
    Nothing,
}

/// Opens what a path leads to, for reading and writing. Changes nothing.
pub(super) fn find(path: &Path) -> io::Result<PathKind> {
    // Asked before it is opened: to open a pipe is to wait for its other end.
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

/// What it is, unless it is a file.
fn kind(found: &Metadata) -> Option<&'static str> {
    if found.is_file() {
        None
    } else if found.is_dir() {
        Some("a folder")
    } else {
        Some("a pipe, a socket, or a device")
    }
}

/// A new file, which has no place yet. It is removed if it is dropped before it has one.
pub(super) struct New {
    temporary: TempPath,
    place: PathBuf,
}

impl New {
    /// Makes an empty file beside the place that a path leads to, if there is nothing.
    ///
    /// # Errors
    /// Any that the system has, [`ErrorKind::NotFound`] among them: there is no such folder.
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

    /// Gives it the place, unless that has been taken in the meantime. It is on disk then, and so is its name.
    ///
    /// # Errors
    /// [`ErrorKind::AlreadyExists`] if another was faster.
    pub(super) fn publish(self) -> io::Result<()> {
        let place = &self.place;
        self.temporary.persist_noclobber(place)?;
        flush(folder(place))
    }
}

/// The folder that a path is in.
fn folder(path: &Path) -> &Path {
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// Where a path leads to: to itself, unless it is a link.
fn resolve(path: &Path) -> io::Result<PathBuf> {
    const LINKS: usize = 40;
    let mut place = path.to_owned();
    for _ in 0..LINKS {
        match fs::read_link(&place) {
            Ok(target) => place = folder(&place).join(target),
            // It is none, or nothing.
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
