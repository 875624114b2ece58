//! Finds the text files of a folder, and says what else is there.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};

use crate::cut::{self, Part};

/// The contents of a folder.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub(crate) files: Vec<TextFile>,
    pub(crate) skipped: Skipped,
}

/// A file that is text.
#[derive(Debug)]
pub(crate) struct TextFile {
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
}

/// The files that are not counted.
#[derive(Debug, Default)]
pub(crate) struct Skipped {
    pub(crate) not_text: Vec<PathBuf>,
    pub(crate) unreadable: Vec<Unreadable>,
    /// Links, which may lead in a circle, and what is neither file nor folder.
    pub(crate) others: usize,
    /// Hidden ones, and what builds leave in `target`.
    pub(crate) folders: usize,
}

/// A file or folder that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}", .path.display())]
pub(crate) struct Unreadable {
    pub(crate) path: PathBuf,
    pub(crate) source: io::Error,
}

impl Listing {
    /// The size of the text.
    pub(crate) fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

/// Lists the text files of a folder and all folders in it, and the parts that they consist of. With
/// an extension, other files are left out.
///
/// # Errors
/// [`Unreadable`] if the folder itself cannot be listed. What is in it and cannot be read is skipped.
pub(crate) fn list(
    folder: &Path,
    extension: Option<&str>,
) -> Result<(Listing, Vec<Part>), Unreadable> {
    let mut walk = Walk {
        extension: extension.map(OsStr::new),
        listing: Listing::default(),
        parts: Vec::new(),
        folders: VecDeque::new(),
    };
    walk.folder(folder).map_err(|source| Unreadable {
        path: folder.to_owned(),
        source,
    })?;
    while let Some(path) = walk.folders.pop_front() {
        if let Err(source) = walk.folder(&path) {
            walk.unreadable(path, source);
        }
    }
    Ok((walk.listing, walk.parts))
}

struct Walk<'a> {
    extension: Option<&'a OsStr>,
    listing: Listing,
    parts: Vec<Part>,
    /// Folders that were seen and not listed yet.
    folders: VecDeque<PathBuf>,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &Path) -> io::Result<()> {
        // In the order of their names: that of the disk is another on each machine.
        let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
        entries.sort_by_key(DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            match entry.file_type() {
                Err(source) => self.unreadable(path, source),
                Ok(kind) if kind.is_dir() => {
                    if is_left_out(&entry.file_name()) {
                        self.listing.skipped.folders += 1;
                    } else {
                        self.folders.push_back(path);
                    }
                }
                Ok(_) if self.extension.is_some() && path.extension() != self.extension => {}
                Ok(kind) if kind.is_file() => self.file(path),
                Ok(_) => self.listing.skipped.others += 1,
            }
        }
        Ok(())
    }

    fn file(&mut self, path: PathBuf) {
        match cut::cut(&path, self.listing.files.len()) {
            Ok(Some(parts)) => {
                let bytes = parts.iter().map(|part| part.length() as u64).sum();
                self.listing.files.push(TextFile { path, bytes });
                self.parts.extend(parts);
            }
            Ok(None) => self.listing.skipped.not_text.push(path),
            Err(source) => self.unreadable(path, source),
        }
    }

    fn unreadable(&mut self, path: PathBuf, source: io::Error) {
        let unreadable = Unreadable { path, source };
        self.listing.skipped.unreadable.push(unreadable);
    }
}

fn is_left_out(folder: &OsStr) -> bool {
    folder == "target" || folder.as_encoded_bytes().starts_with(b".")
}
