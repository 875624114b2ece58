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

/// The events to which an acknowledged change may still be lost.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("orders.redb");
/// use std::time::Duration;
/// use stateway::{Durability, RedbStore};
///
/// // A crash may cost the transitions of the last 50 ms, whose handlers are then called again.
/// let durability = Durability::MayLoseLatest { within: Duration::from_millis(50) };
/// let store = RedbStore::options().durability(durability).open(path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Durability {
    /// None: the change is on disk, and outlives a loss of power. Runs that commit at the same time share a
    /// flush.
    #[default]
    Flushed,
    /// A crash of the process or of the machine `within` this time after the change. The file is flushed at least that
    /// often, and when the store is closed. After a crash the store is as it was at some moment: it has no
    /// later change without an earlier one.
    MayLoseLatest {
        /// The longest time that an acknowledged change waits for the disk.
        within: Duration,
    },
}

/// The settings of a [`RedbStore`] before it is opened.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("orders.redb");
/// use stateway::RedbStore;
///
/// let store = RedbStore::options()
///     .cache_size(256 << 20)
///     .queue(10_000)
///     .open(path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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

/// The number of times that a file may appear and disappear while it is opened.
const TRIES: usize = 64;

impl RedbOptions {
    /// Sets the events to which an acknowledged change may be lost. Defaults to [`Flushed`](Durability::Flushed), which is none.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("orders.redb");
    /// use std::time::Duration;
    /// use stateway::{Durability, RedbStore};
    ///
    /// let durability = Durability::MayLoseLatest { within: Duration::from_millis(50) };
    /// let store = RedbStore::options().durability(durability).open(path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// Sets how many operations may wait for the writer. Defaults to 4096. Others wait until there is a place.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("orders.redb");
    /// use stateway::RedbStore;
    ///
    /// // A batch starts 50,000 runs at once.
    /// let store = RedbStore::options().queue(50_000).open(path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    /// If `operations` is 0.
    pub fn queue(mut self, operations: usize) -> Self {
        assert!(operations > 0, "at least one operation has to have a place");
        self.queue = operations;
        self
    }

    /// Sets how many bytes of the file are kept in memory. Defaults to 64 MiB.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("orders.redb");
    /// use stateway::RedbStore;
    ///
    /// let store = RedbStore::options().cache_size(1 << 30).open(path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn cache_size(mut self, bytes: usize) -> Self {
        self.cache = bytes;
        self
    }

    /// Sets the permissions of a file that is made, as those of `chmod`, less the umask of the process. Defaults
    /// to `0o600`: its owner alone. A file that exists keeps its permissions.
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

    /// Sets whether every page is verified as the file is opened, and a damaged file refused. Defaults to `false`: a file
    /// that was closed in order is trusted, and a damaged page is noticed when it is needed.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("orders.redb");
    /// use stateway::RedbStore;
    ///
    /// // After a disk has failed.
    /// let store = RedbStore::options().verify(true).open(path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// Verifying takes as long as reading the file a few times. Without it, [`check_integrity`](RedbStore::check_integrity) alone
    /// notices a disk that has written a page in the place of another, or has forgotten to write one: such a page is whole,
    /// and old.
    pub fn verify(mut self, verifies: bool) -> Self {
        self.verifies = verifies;
        self
    }

    /// Opens the store, or makes it if there is no file. It blocks its thread meanwhile; the time grows with the number of
    /// runs that have not ended.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("orders.redb");
    /// use stateway::{OpenError, RedbStore};
    ///
    /// let store = match RedbStore::options().open(&path) {
    ///     Ok(store) => store,
    ///     Err(OpenError::InUse { path }) => panic!("another process drives the runs in {path:?}"),
    ///     Err(error) => return Err(error.into()),
    /// };
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// | at the path | then |
    /// | --- | --- |
    /// | nothing | A store is made in a file with a random name beside it, `.stateway-<random>.new`, and gets its own name when it is complete, unless another file has got that meanwhile. A crash may leave such a file, which may be deleted. |
    /// | a store | It is opened. One that was not closed in order is repaired, with a `WARN` in the log. |
    /// | a store that is open, here or in another process | [`InUse`](OpenError::InUse) |
    /// | a store of a newer format | [`Newer`](OpenError::Newer) |
    /// | a store that is damaged | [`Damaged`](OpenError::Damaged), if the damage is in what opening needs. Damage elsewhere concerns the runs that need it; [`check_integrity`](RedbStore::check_integrity) finds all. |
    /// | a file of redb that another program made, or any other file | [`Foreign`](OpenError::Foreign) |
    /// | a file of 0 bytes | [`Empty`](OpenError::Empty) |
    /// | a folder, a pipe, a device; a file or folder without permission | [`File`](OpenError::File) |
    /// | a link | The row of this table for the target of the link. If that does not exist, the store is made there. |
    ///
    /// If several open one path at the same time, one gets the store, and the others get [`InUse`](OpenError::InUse), also if the
    /// store is new.
    ///
    /// # Errors
    /// [`OpenError`]. Not one byte of a file is changed that is not opened.
    ///
    /// # Panics
    /// Never because of the content of the file, as long as panics unwind: with `panic = "abort"`, a damaged page that redb trips
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

    /// Opens a store over bytes that are not in a file of the system, for tests of a disk that fails, with the feature
    /// `testing`. The backend is one of the version of redb that this crate has, which may change in any release. A store is
    /// made if there are no bytes. If a crash interrupts that, the next call makes it.
    ///
    /// ```
    /// use redb::backends::InMemoryBackend;
    /// use stateway::RedbStore;
    ///
    /// // Or one of your own, whose disk is full after a while.
    /// let store = RedbStore::options().open_backend(InMemoryBackend::new())?;
    /// # Ok::<(), stateway::OpenError>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`open`](RedbOptions::open).
    #[cfg(feature = "testing")]
    pub fn open_backend(self, backend: impl StorageBackend) -> Result<RedbStore, OpenError> {
        let path = Path::new("(a backend)");
        self.take_up(path, &WriteGate::shut(backend), true, || Ok(()))
    }

    /// Makes a store of the bytes behind a gate. The gate is opened when the bytes are known to be a store, and the store is
    /// published after that.
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
            // redb reports its steps so: the beginning, and the next step if its last commit does not hold.
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

/// Returns true if a new file was not published because another has its name.
fn is_taken(error: &(dyn std::error::Error + 'static)) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == ErrorKind::AlreadyExists)
}

/// Checks that the file is a store: that it has the tables. They are made if there is nothing at all and the store may be
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

/// Reads the runs that have not ended. All may be claimed, because their holders are gone.
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
            // A damaged page on the way to the record leads elsewhere.
            Ok(_) if runs.get(id.value())?.is_none() => {
                spoil(run, "it is not found where it should be".to_owned());
            }
            Ok(record) => index.place(&record),
            Err(reason) => spoil(run, reason),
        }
    }
    // Nobody knows which ones are missing, so no miss could be trusted.
    let kept = runs.len()?;
    if found != kept {
        let reason = format!("{found} of {kept} runs that have not ended are found");
        return Err(Fault::Damaged(reason));
    }
    Ok(index)
}

/// Returns the number of the next row of the history, and the time the last was written, if that can be read. Numbers
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
            // The number itself may be damaged, and smaller than that of other rows, which would be overwritten.
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

/// Returns the delay of the clock that wrote this row, if its run has that; the run may have been purged.
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
