//! Opening the file: the tables, its version, and the runs that have not ended.

use std::error::Error;
use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use redb::backends::FileBackend;
use redb::{
    Database, DatabaseError, ReadableDatabase as _, ReadableTable as _, StorageBackend as _,
};

use super::format::{Record, VERSION};
use super::index::Index;
use super::tables::{HISTORY, META, RUNS, Tables};
use super::{Broken, RedbStore};
use crate::key::RunId;
use crate::store::StoreError;

/// What an acknowledged change may still be lost to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Durability {
    /// To nothing: it is on disk, and outlives a loss of power. Runs that are under way at the same time share a
    /// flush.
    #[default]
    Flushed,
    /// To a crash of the process or of the machine in the time after it. The file is flushed at least that
    /// often, and when the store is closed. What is left after a crash is what was there at some moment: no
    /// later change without an earlier one.
    MayLoseLatest {
        /// How long an acknowledged change may wait for the disk.
        within: Duration,
    },
}

/// Why a file was not opened.
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
        /// The version of the file.
        found: u64,
        /// The newest that is known here.
        known: u64,
    },
    /// It is a file of redb, and none of a store of runs.
    Foreign {
        /// What there is instead.
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

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::InUse { path } => write!(
                f,
                "`{}` is in use: one process at a time may open it, and shares the store between its runners",
                path.display()
            ),
            OpenError::Newer { found, known } => write!(
                f,
                "the file has format {found}, and this program knows formats up to {known}: run it with a newer \
                 version of stateway"
            ),
            OpenError::Foreign { reason } => {
                write!(
                    f,
                    "the file is a redb database, but no store of runs: {reason}"
                )
            }
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

/// A store in a file, before it is opened.
#[derive(Debug, Clone)]
#[must_use = "it is a store when it is opened"]
pub struct RedbOptions {
    pub(super) durability: Durability,
    pub(super) queue: usize,
    cache: usize,
}

impl Default for RedbOptions {
    fn default() -> Self {
        RedbOptions {
            durability: Durability::Flushed,
            queue: 4096,
            cache: 64 << 20,
        }
    }
}

impl RedbOptions {
    /// What an acknowledged change may be lost to; to nothing otherwise.
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// How many operations may wait for the writer, 4096 otherwise. Others wait until there is a place.
    ///
    /// # Panics
    /// If it is 0.
    pub fn queue(mut self, operations: usize) -> Self {
        assert!(operations > 0, "at least one operation has to have a place");
        self.queue = operations;
        self
    }

    /// How many bytes of the file are kept in memory, 64 MiB otherwise.
    pub fn cache_size(mut self, bytes: usize) -> Self {
        self.cache = bytes;
        self
    }

    /// Opens the file, or makes it. It blocks its thread for as long as that takes, which grows with the number of
    /// runs that have not ended.
    ///
    /// A new file is made as `<name>.new` and renamed when it is a store, so that a crash leaves no
    /// half of one.
    ///
    /// # Errors
    /// [`OpenError`]. Nothing of a file is changed that is not opened.
    pub fn open(self, path: impl AsRef<Path>) -> Result<RedbStore, OpenError> {
        let path = path.as_ref();
        let refused = |error| refused(path, error);
        if let Some(new) = Made::beside(path).map_err(refused)? {
            let store = self.open_with(path, new.file)?;
            let renamed = std::fs::rename(&new.path, path).and_then(|()| flush_folder(path));
            renamed.map_err(|error| refused(error.into()))?;
            return Ok(store);
        }
        let mut builder = Database::builder();
        let database = builder.set_cache_size(self.cache).create(path);
        self.open_database(path, database.map_err(refused)?)
    }

    /// Opens a store over bytes that are kept elsewhere than in a file of the system: for tests of
    /// what happens when a disk fails. If there are none, it is made, and if that is cut off by a crash, what is
    /// left is no store.
    ///
    /// # Errors
    /// Those of [`open`](RedbOptions::open).
    pub fn open_backend(self, backend: impl redb::StorageBackend) -> Result<RedbStore, OpenError> {
        self.open_with(Path::new("(a backend)"), backend)
    }

    fn open_with(
        self,
        path: &Path,
        backend: impl redb::StorageBackend,
    ) -> Result<RedbStore, OpenError> {
        let mut builder = Database::builder();
        let database = builder
            .set_cache_size(self.cache)
            .create_with_backend(backend);
        self.open_database(path, database.map_err(|error| refused(path, error))?)
    }

    fn open_database(self, path: &Path, database: Database) -> Result<RedbStore, OpenError> {
        let file = |error: redb::Error| match error {
            redb::Error::TableTypeMismatch { .. }
            | redb::Error::TableIsMultimap(_)
            | redb::Error::TableIsNotMultimap(_) => OpenError::Foreign {
                reason: error.to_string(),
            },
            error => OpenError::File {
                path: path.to_owned(),
                source: error.into(),
            },
        };
        let found = prepare(&database).map_err(file)?;
        if found > u64::from(VERSION) {
            let known = VERSION.into();
            return Err(OpenError::Newer { found, known });
        }
        let broken = Broken::default();
        let index = read_runs(&database, &broken).map_err(file)?;
        let next = next_row(&database).map_err(file)?;
        let database = Arc::new(database);
        Ok(RedbStore::over(database, &self, index, broken, next))
    }
}

/// Makes the tables if there are none. Gives the version of the file.
fn prepare(database: &Database) -> Result<u64, redb::Error> {
    let read = database.begin_read()?;
    if let Ok(meta) = read.open_table(META)
        && let Some(found) = meta.get("format")?
    {
        return Ok(found.value());
    }
    drop(read);
    let write = database.begin_write()?;
    {
        let mut meta = write.open_table(META)?;
        meta.insert("format", u64::from(VERSION))?;
        Tables::make(&write)?;
    }
    write.commit()?;
    Ok(VERSION.into())
}

/// The runs that have not ended. Who held one is gone, so all may be claimed.
fn read_runs(database: &Database, broken: &Broken) -> Result<Index, redb::Error> {
    let mut index = Index::default();
    let runs = database.begin_read()?.open_table(RUNS)?;
    for entry in runs.iter()? {
        let (id, bytes) = entry?;
        let run = RunId::unchecked(id.value());
        match Record::read(run.clone(), bytes.value()) {
            Ok(record) => index.place(&record, 0),
            Err(reason) => {
                let reason = format!("its record: {reason}");
                broken.add(run.clone(), &StoreError::Broken { run, reason });
            }
        }
    }
    Ok(index)
}

/// The number of the next row of the history. They begin with 1, so that 0 is none.
fn next_row(database: &Database) -> Result<u64, redb::Error> {
    let history = database.begin_read()?.open_table(HISTORY)?;
    let last = history.last()?;
    Ok(last.map_or(1, |(number, _)| number.value() + 1))
}

/// An empty file under a name of its own, until it is a store.
struct Made {
    file: FileBackend,
    path: PathBuf,
}

impl Made {
    /// The file to make where there is none at `path`.
    ///
    /// Whoever makes one has the lock on it. So if there is none at `path` then, there will be none until it
    /// is renamed: others who want to make it find the lock.
    fn beside(path: &Path) -> Result<Option<Self>, DatabaseError> {
        if path.exists() {
            return Ok(None);
        }
        let mut name = path.as_os_str().to_owned();
        name.push(".new");
        let new = PathBuf::from(name);
        let options = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&new);
        let file = FileBackend::new(options?)?;
        if path.exists() {
            // Another was faster, and this one is empty.
            drop(file);
            std::fs::remove_file(&new)?;
            return Ok(None);
        }
        // What a crash may have left.
        file.set_len(0)?;
        Ok(Some(Made { file, path: new }))
    }
}

/// Brings the name of a new file to disk.
fn flush_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

fn refused(path: &Path, error: DatabaseError) -> OpenError {
    match error {
        DatabaseError::DatabaseAlreadyOpen => OpenError::InUse {
            path: path.to_owned(),
        },
        error => OpenError::File {
            path: path.to_owned(),
            source: error.into(),
        },
    }
}
