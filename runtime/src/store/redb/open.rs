//! Opening the file: its tables, its version, and the runs that have not ended.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use redb::backends::FileBackend;
use redb::{
    ReadTransaction, ReadableDatabase as _, ReadableTable as _, ReadableTableMetadata as _,
    StorageBackend, TableHandle as _,
};
use tracing::warn;

use super::RedbStore;
use super::broken::Broken;
use super::damage::{Database, guarded};
use super::fault::Fault;
use super::file::{New, PathKind, find};
use super::format::{Record, Row, VERSION, read_row};
use super::gate::WriteGate;
use super::index::Index;
use super::lookup::Lookup as _;
use super::refused::OpenError;
use super::tables::{ENDED, HISTORY, META, RUNS, Tables};
use crate::run::RunId;
use crate::store::StoreError;
use crate::store::micros::micros;
use crate::store::timeline::{Moment, Timeline};

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

/// A store in a file, before it is opened.
#[derive(Debug, Clone)]
#[must_use = "it is a store when it is opened"]
pub struct RedbOptions {
    pub(super) durability: Durability,
    pub(super) queue: usize,
    cache: usize,
    mode: u32,
    verifies: bool,
}

impl Default for RedbOptions {
    fn default() -> Self {
        RedbOptions {
            durability: Durability::Flushed,
            queue: 4096,
            cache: 64 << 20,
            mode: 0o600,
            verifies: false,
        }
    }
}

/// So many times a file may appear and disappear while it is opened.
const TRIES: usize = 64;

impl RedbOptions {
    /// Sets what an acknowledged change may be lost to. Defaults to nothing.
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// Sets how many operations may wait for the writer. Defaults to 4096. Others wait until there is a place.
    ///
    /// # Panics
    /// If it is 0.
    pub fn queue(mut self, operations: usize) -> Self {
        assert!(operations > 0, "at least one operation has to have a place");
        self.queue = operations;
        self
    }

    /// Sets how many bytes of the file are kept in memory. Defaults to 64 MiB.
    pub fn cache_size(mut self, bytes: usize) -> Self {
        self.cache = bytes;
        self
    }

    /// Sets who may read and write a file that is made, as `chmod` has it and less the umask of the process. Defaults
    /// to `0o600`: its owner alone. A file that is there keeps what it has.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("orders.redb");
    /// use stateway::RedbStore;
    ///
    /// // A backup program in the same group may read it.
    /// let store = RedbStore::options().mode(0o640).open(path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(unix)]
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }

    /// Sets whether every page is verified as the file is opened, and a damaged one refused. Defaults to `false`: a file
    /// that was closed in order is trusted, and a damaged page is noticed when it is needed.
    ///
    /// That takes as long as reading the file a few times. Without it, a disk that has written a page in the place of
    /// another, or has forgotten to write one, is noticed by [`check_integrity`](RedbStore::check_integrity) alone: what
    /// it says is whole, and old.
    pub fn verify(mut self, verifies: bool) -> Self {
        self.verifies = verifies;
        self
    }

    /// Opens the file, or makes it. It blocks its thread for as long as that takes, which grows with the number of
    /// runs that have not ended.
    ///
    /// | what there is | what happens |
    /// | --- | --- |
    /// | nothing | A store is made in a file with a random name beside it, `.stateway-<random>.new`, and gets its own name when it is one, unless that has been taken meanwhile. A crash may leave such a file, which may be deleted. |
    /// | a store | It is opened. One that was not closed in order is repaired, with a `WARN` in the log. |
    /// | a store that is open, here or in another process | [`InUse`](OpenError::InUse) |
    /// | a store of a newer format | [`Newer`](OpenError::Newer) |
    /// | a store that is damaged | [`Damaged`](OpenError::Damaged), if the damage is in what opening needs. Damage elsewhere concerns the runs that need it; [`check_integrity`](RedbStore::check_integrity) finds all. |
    /// | a file of redb that another program made, or any other file | [`Foreign`](OpenError::Foreign) |
    /// | a file of 0 bytes | [`Empty`](OpenError::Empty) |
    /// | a folder, a pipe, a device; a file or folder without permission | [`File`](OpenError::File) |
    /// | a link | What is said above of what it leads to. If that is nothing, the store is made there. |
    ///
    /// Of several that open one path at the same time, whether there is a store or not, one gets it, and the others hear
    /// that it is in use.
    ///
    /// # Errors
    /// [`OpenError`]. Not one byte of a file is changed that is not opened.
    ///
    /// # Panics
    /// Never for what is in the file, as long as panics unwind: with `panic = "abort"`, a damaged page that redb trips
    /// over ends the process.
    pub fn open(self, path: impl AsRef<Path>) -> Result<RedbStore, OpenError> {
        let path = path.as_ref();
        let failed = |error: io::Error| OpenError::file(path, error);
        for _ in 0..TRIES {
            match find(path).map_err(failed)? {
                PathKind::File(file) => {
                    let file = FileBackend::new(file).map_err(|error| OpenError::of(path, error));
                    return self.take_up(path, &WriteGate::shut(file?), false, || Ok(()));
                }
                PathKind::Empty => {
                    let path = path.to_owned();
                    return Err(OpenError::Empty { path });
                }
                PathKind::Other(kind) => {
                    return Err(failed(io::Error::other(format!("it is {kind}"))));
                }
                PathKind::Nothing => {}
            }
            let (new, file) = New::beside(path, self.mode).map_err(failed)?;
            let file = FileBackend::new(file).map_err(|error| OpenError::of(path, error));
            match self.take_up(path, &WriteGate::wide(file?), true, || new.publish()) {
                // Another was faster, and this one is gone.
                Err(OpenError::File { source, .. }) if is_taken(&*source) => {}
                made => return made,
            }
        }
        Err(failed(io::Error::other(
            "it is made and removed again and again",
        )))
    }

    /// Opens a store over bytes that are kept elsewhere than in a file of the system: for tests of
    /// what happens when a disk fails, with the feature `testing`. The backend is one of the version of redb that this
    /// crate has, which may change in any release. If there are none, it is made, and if that is cut off by a crash, what is
    /// left is no store, and is made into one.
    ///
    /// # Errors
    /// Those of [`open`](RedbOptions::open).
    #[cfg(feature = "testing")]
    pub fn open_backend(self, backend: impl StorageBackend) -> Result<RedbStore, OpenError> {
        let path = Path::new("(a backend)");
        self.take_up(path, &WriteGate::shut(backend), true, || Ok(()))
    }

    /// Makes a store of what is behind a gate, which is opened when it is known to be one. Then it is published.
    fn take_up(
        &self,
        path: &Path,
        gate: &WriteGate<impl StorageBackend>,
        may_be_new: bool,
        publish: impl FnOnce() -> io::Result<()>,
    ) -> Result<RedbStore, OpenError> {
        let opened = guarded(|| {
            let database = match self.database(path, gate.clone()) {
                Ok(database) => database,
                Err(error) => return Ok(Err(OpenError::of(path, error))),
            };
            if let Err(refused) = prepare(path, &database, may_be_new)? {
                return Ok(Err(refused));
            }
            let broken = Broken::default();
            let index = read_runs(&database, &broken)?;
            let (next, seen) = end_of_history(&database)?;
            let through = gate.open().and_then(|()| publish());
            Ok(through
                .map(|()| (Database::new(database), index, broken, next, seen))
                .map_err(|error| OpenError::file(path, error)))
        });
        let opened = opened.map_err(|fault| OpenError::found(path, fault))??;
        let (database, index, broken, next, seen) = opened;
        let (database, timeline) = (Arc::new(database), Timeline::new(seen));
        Ok(RedbStore::over(
            database, self, index, timeline, broken, next,
        ))
    }

    pub(super) fn database(
        &self,
        path: &Path,
        gate: WriteGate<impl StorageBackend>,
    ) -> Result<redb::Database, redb::DatabaseError> {
        let (path, verifies) = (path.to_owned(), self.verifies);
        let mut builder = redb::Database::builder();
        builder.set_cache_size(self.cache);
        builder.set_check_integrity_on_open(verifies);
        builder.set_repair_callback(move |repair| {
            let path = path.display();
            // So redb tells its steps: the beginning, and what follows if its last commit does not hold.
            if repair.progress() < 0.1 {
                // Verifying is the same, asked for.
                if !verifies {
                    warn!(%path, "store was not closed in order: its file is checked and repaired");
                }
            } else if repair.progress() < 0.5 {
                warn!(
                    %path,
                    "the last commit in the store is not whole and is undone: it was cut off as it was written, \
                     or the file is damaged"
                );
            }
        });
        builder.create_with_backend(gate)
    }
}

/// Whether a new file was not published because its name is another's.
fn is_taken(error: &(dyn std::error::Error + 'static)) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == ErrorKind::AlreadyExists)
}

/// Sees to it that it is a store: that it has the tables. They are made where there is nothing at all, if it may be
/// new.
pub(super) fn prepare(
    path: &Path,
    database: &redb::Database,
    may_be_new: bool,
) -> Result<Result<(), OpenError>, Fault> {
    let read = database.begin_read()?;
    let tables: Vec<_> = read.list_tables()?.collect();
    if may_be_new && tables.is_empty() && read.list_multimap_tables()?.next().is_none() {
        drop(read);
        let mut write = database.begin_write()?;
        write.set_two_phase_commit(true);
        {
            let mut meta = write.open_table(META)?;
            meta.insert("format", u64::from(VERSION))?;
            Tables::make(&write)?;
        }
        write.commit()?;
        return Ok(Ok(()));
    }
    let foreign = |reason: String| Ok(Err(OpenError::foreign(path, reason)));
    if !tables.iter().any(|table| table.name() == META.name()) {
        return foreign("it is a database of redb without a table `meta`".to_owned());
    }
    let found = match read.open_table(META) {
        Ok(meta) => meta.get("format")?.map(|found| found.value()),
        Err(error @ redb::TableError::Storage(_)) => return Err(error.into()),
        Err(error) => return foreign(error.to_string()),
    };
    match found {
        None => foreign("it is a database of redb whose table `meta` has no format".to_owned()),
        Some(0) => foreign("its format is 0".to_owned()),
        Some(found) if found > VERSION.into() => Ok(Err(OpenError::Newer {
            path: path.to_owned(),
            found,
            known: VERSION.into(),
        })),
        Some(_) => match Tables::are_in(&read) {
            Ok(()) => Ok(Ok(())),
            Err(error @ redb::TableError::Storage(_)) => Err(error.into()),
            Err(error) => foreign(error.to_string()),
        },
    }
}

/// The runs that have not ended. Who held one is gone, so all may be claimed.
pub(super) fn read_runs(database: &redb::Database, broken: &Broken) -> Result<Index, Fault> {
    let mut index = Index::default();
    let runs = database.begin_read()?.open_table(RUNS)?;
    let mut found = 0;
    for entry in runs.iter()? {
        let (id, bytes) = entry?;
        found += 1;
        let run = RunId::unchecked(id.value());
        let spoil = |run: RunId, reason: String| {
            let reason = format!("its record: {reason}");
            broken.add(run.clone(), &StoreError::Broken { run, reason });
        };
        match Record::read_any(bytes.value()) {
            Ok(record) if record.row.id != run => {
                let owner = record.row.id;
                let is_found = runs.get(&*owner.text())?.is_some();
                broken.misplaced(run, &owner, is_found);
            }
            // A damaged page on the way to it leads elsewhere.
            Ok(_) if runs.get(id.value())?.is_none() => {
                spoil(run, "it is not found where it should be".to_owned());
            }
            Ok(record) => index.place(&record),
            Err(reason) => spoil(run, reason),
        }
    }
    // Which ones are missing nobody knows, so no miss could be trusted.
    let kept = runs.len()?;
    if found != kept {
        let reason = format!("{found} of {kept} runs that have not ended are found");
        return Err(Fault::Damaged(reason));
    }
    Ok(index)
}

/// The number of the next row of the history, and the time at which the last was written, if that can be read. Numbers
/// begin with 1, so that 0 is none.
fn end_of_history(database: &redb::Database) -> Result<(u64, Option<Moment>), Fault> {
    let file = database.begin_read()?;
    let history = file.open_table(HISTORY)?;
    let (mut last, mut seen) = (0, None);
    if let Some((number, row)) = history.last()? {
        last = number.value();
        match read_row(last, row.value()) {
            Ok(row) => {
                let behind = guarded(|| behind(&file, last, &row)).unwrap_or(0);
                seen = Some(micros(row.history.at).saturating_add(behind));
            }
            // The number may be what is damaged, and less than that of others, which would be overwritten.
            Err(_) => {
                for entry in history.iter()? {
                    last = last.max(entry?.0.value());
                }
            }
        }
    }
    let next = last
        .checked_add(1)
        .ok_or_else(|| Fault::Damaged("the history has a row with the last of all numbers".into()));
    Ok((next?, seen))
}

/// How far the clock was behind that wrote this row, if its run says so: that may have been purged.
fn behind(file: &ReadTransaction, number: u64, row: &Row) -> Result<Moment, Fault> {
    let run = RunId::unchecked(&row.run);
    let live = file.open_table(RUNS)?.find(&run)?;
    let record = match live {
        Some(record) => Some(record),
        None => file.open_table(ENDED)?.find(&run)?,
    };
    let record = record.filter(|record| record.last == number);
    Ok(record.map_or(0, |record| record.behind))
}
