//! Checks a complete file: its pages, its records, and their relations. Nothing is changed.

mod sources;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use redb::backends::FileBackend;
use redb::{ReadTransaction, ReadableDatabase as _, ReadableTable, ReadableTableMetadata as _};

use self::sources::Sources;
use super::damage::guarded;
use super::fault::Fault;
use super::file::{PathKind, find};
use super::format::{Record, read_logged, read_message, read_note, read_row};
use super::gate::WriteGate;
use super::history::{EVERY, back_from, origin, payload};
use super::lookup::Lookup as _;
use super::open::prepare;
use super::refused::OpenError;
use super::tables::{ENDED, ENDED_AT, HISTORY, INBOX, KEPT, LOGS, MARKS, MESSAGES, NOTES, RUNS};
use super::{RedbOptions, RedbStore};
use crate::run::RunId;
use crate::store::StoreError;
use crate::store::micros::micros;

/// The findings of [`RedbStore::check_integrity`].
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("orders.redb");
/// use stateway::RedbStore;
///
/// # drop(RedbStore::open(&path)?);
/// let report = RedbStore::check_integrity(&path)?;
/// for damage in &report.damages {
///     // `None` if it may concern any run.
///     println!("{:?}: {}", damage.run, damage.what);
/// }
/// assert!(report.is_intact());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct IntegrityReport {
    /// The file.
    pub path: PathBuf,
    /// The number of runs, including those that have ended.
    pub runs: u64,
    /// The number of rows of their histories.
    pub rows: u64,
    /// The number of rows that belong to no run. They take room and do no harm: a run that could not be read and was purged leaves
    /// them, and so does an interrupted purge, until the next one.
    pub loose_rows: u64,
    /// The damages.
    pub damages: Vec<Damage>,
}

/// A damage in the file of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Damage {
    /// The run that is damaged; `None` if that is not known, or if any run may be.
    pub run: Option<RunId>,
    /// A clause about the damage.
    pub what: String,
}

impl IntegrityReport {
    /// Returns true if nothing is damaged.
    #[must_use]
    pub fn is_intact(&self) -> bool {
        self.damages.is_empty()
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.run {
            Some(run) => write!(f, "run `{run}`: {}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

impl fmt::Display for IntegrityReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, runs, rows) = (self.path.display(), self.runs, self.rows);
        write!(f, "`{path}`: {runs} runs with {rows} rows of history, ")?;
        if self.is_intact() {
            return f.write_str("intact");
        }
        write!(f, "{} damages", self.damages.len())?;
        self.damages
            .iter()
            .try_for_each(|damage| write!(f, "\n{damage}"))
    }
}

impl RedbStore {
    /// Checks a file that is not open: every page, every record, and the history of every run. It changes nothing,
    /// and blocks its thread for the time of reading the file a few times.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("orders.redb");
    /// use stateway::RedbStore;
    ///
    /// drop(RedbStore::open(&path)?);
    /// let report = RedbStore::check_integrity(&path)?;
    /// assert!(report.is_intact(), "{report}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`OpenError`] if the file is no store, or so damaged that nothing can be read.
    pub fn check_integrity(path: impl AsRef<Path>) -> Result<IntegrityReport, OpenError> {
        let path = path.as_ref();
        let failed = |error: std::io::Error| OpenError::file(path, error);
        let file = match find(path).map_err(failed)? {
            PathKind::File(file) => file,
            PathKind::Empty => {
                let path = path.to_owned();
                return Err(OpenError::Empty { path });
            }
            PathKind::Other(kind) => {
                return Err(failed(std::io::Error::other(format!("it is {kind}"))));
            }
            PathKind::Nothing => return Err(failed(std::io::ErrorKind::NotFound.into())),
        };
        let file = FileBackend::new(file).map_err(|error| OpenError::of(path, error))?;
        check(path, file)
    }
}

/// Checks the bytes of a backend.
pub(super) fn check(
    path: &Path,
    backend: impl redb::StorageBackend,
) -> Result<IntegrityReport, OpenError> {
    let gate = WriteGate::shut(backend);
    let report = guarded(|| {
        let mut database = match RedbOptions::default().database(path, gate) {
            Ok(database) => database,
            Err(error) => return Ok(Err(OpenError::of(path, error))),
        };
        if let Err(refused) = prepare(path, &database, false)? {
            return Ok(Err(refused));
        }
        let mut report = IntegrityReport {
            path: path.to_owned(),
            runs: 0,
            rows: 0,
            loose_rows: 0,
            damages: Vec::new(),
        };
        {
            let file = database.begin_read()?;
            Survey::new(&file, &mut report).all();
        }
        let pages = guarded(|| match database.check_integrity() {
            Ok(true) => Ok(()),
            Ok(false) => Err(Fault::Damaged(
                "what pages are free is recorded wrongly".into(),
            )),
            Err(redb::DatabaseError::Storage(redb::StorageError::Corrupted(reason))) => Err(
                Fault::Damaged(format!("a page of the file is damaged ({reason})")),
            ),
            Err(error) => Err(Fault::Storage(redb::Error::from(error))),
        });
        report.add(None, pages);
        Ok(Ok(report))
    });
    report.map_err(|fault| OpenError::found(path, fault))?
}

impl IntegrityReport {
    fn add(&mut self, run: Option<&RunId>, found: Result<(), Fault>) {
        let what = match found {
            Ok(()) => return,
            Err(Fault::Damaged(reason) | Fault::Answer(StoreError::Broken { reason, .. })) => {
                reason
            }
            Err(Fault::Storage(error)) => error.to_string(),
            Err(Fault::Answer(error)) => error.to_string(),
        };
        let run = run.cloned();
        self.damages.push(Damage { run, what });
    }

    fn spoil(&mut self, run: Option<&RunId>, what: impl Into<String>) {
        self.add(run, Err(Fault::Damaged(what.into())));
    }
}

/// The parts of a run that its record counts.
struct RunParts {
    notes: u64,
    messages: u64,
    entries: u64,
    ended: Option<i64>,
}

type CheckStep<'a> = fn(&mut Survey<'a>) -> Result<(), Fault>;

struct Survey<'a> {
    file: &'a ReadTransaction,
    report: &'a mut IntegrityReport,
    runs: BTreeMap<String, RunParts>,
}

impl<'a> Survey<'a> {
    fn new(file: &'a ReadTransaction, report: &'a mut IntegrityReport) -> Self {
        let runs = BTreeMap::new();
        Survey { file, report, runs }
    }

    fn all(&mut self) {
        let steps: [(&str, CheckStep<'a>); 9] = [
            ("runs", |it| it.records(&it.file.open_table(RUNS)?)),
            ("ended", |it| it.records(&it.file.open_table(ENDED)?)),
            ("history", Self::rows),
            ("marks", Self::marks),
            ("kept", Self::kept),
            ("notes", Self::notes),
            ("logs", Self::logs),
            ("inbox and messages", Self::messages),
            ("ended_at", Self::ends),
        ];
        for (table, step) in steps {
            // Entries behind a damaged page of the same table are not seen.
            let found = guarded(|| step(self)).map_err(|fault| match fault {
                Fault::Damaged(reason) => Fault::Damaged(format!("table `{table}`: {reason}")),
                fault => fault,
            });
            self.report.add(None, found);
        }
    }

    /// Checks the records of runs, and their histories.
    fn records(
        &mut self,
        table: &impl ReadableTable<&'static str, &'static [u8]>,
    ) -> Result<(), Fault> {
        for entry in table.iter()? {
            let (id, bytes) = entry?;
            let run = RunId::unchecked(id.value());
            self.report.runs += 1;
            let record = match Record::read(&run, bytes.value()) {
                Ok(record) => record,
                Err(reason) => {
                    self.report
                        .spoil(Some(&run), format!("its record: {reason}"));
                    continue;
                }
            };
            if !matches!(guarded(|| table.find(&run)), Ok(Some(_))) {
                let what = "its record is not found where it should be";
                self.report.spoil(Some(&run), what);
            }
            let history = guarded(|| self.walk(&record));
            self.report.add(Some(&run), history);
            let owned = RunParts {
                notes: record.notes.into(),
                messages: record.messages.into(),
                entries: record.row.logged.saturating_sub(record.logged_from),
                ended: record.row.ended.map(micros),
            };
            if self.runs.insert(id.value().to_owned(), owned).is_some() {
                self.report.spoil(
                    Some(&run),
                    "it is among those that have ended and among the others",
                );
            }
        }
        Ok(())
    }

    /// Walks through the complete history of a run.
    fn walk(&mut self, record: &Record) -> Result<(), Fault> {
        if record.last == 0 {
            // It could not be read, and was terminated.
            return Ok(());
        }
        let (rows, marks) = (self.file.open_table(HISTORY)?, self.file.open_table(MARKS)?);
        let kept = self.file.open_table(KEPT)?;
        origin(&rows, record)?;
        payload(&rows, record)?;
        let run = &record.row.id;
        let mut sources = Sources::default();
        for row in back_from(&rows, &marks, &kept, record, u64::MAX)? {
            if let Err(lack) = sources.follow(&row?) {
                self.report.spoil(Some(run), lack);
            }
            self.report.rows += 1;
        }
        if let Err(lack) = sources.end() {
            self.report.spoil(Some(run), lack);
        }
        Ok(())
    }

    fn rows(&mut self) -> Result<(), Fault> {
        let rows = self.file.open_table(HISTORY)?;
        for entry in rows.iter()? {
            let (number, bytes) = entry?;
            let number = number.value();
            if let Err(reason) = read_row(number, bytes.value()) {
                let what = format!("row {number} of the history: {reason}");
                self.report.spoil(None, what);
            }
        }
        self.report.loose_rows = rows.len()?.saturating_sub(self.report.rows);
        Ok(())
    }

    fn marks(&mut self) -> Result<(), Fault> {
        let rows = self.file.open_table(HISTORY)?;
        for entry in self.file.open_table(MARKS)?.iter()? {
            let (key, number) = entry?;
            let (id, mark) = key.value();
            let run = RunId::unchecked(id);
            let row = super::history::row(&rows, &run, number.value());
            let is_there = row.is_ok_and(|row| Some(row.history.number) == mark.checked_mul(EVERY));
            if !is_there {
                self.report.spoil(
                    Some(&run),
                    format!("mark {mark} of its history leads elsewhere"),
                );
            }
        }
        Ok(())
    }

    fn kept(&mut self) -> Result<(), Fault> {
        let rows = self.file.open_table(HISTORY)?;
        for entry in self.file.open_table(KEPT)?.iter()? {
            let (key, place) = entry?;
            let ((_, number), place) = (key.value(), place.value());
            let bytes = rows.get(place)?;
            let row = bytes.and_then(|bytes| read_row(place, bytes.value()).ok());
            if row.is_none_or(|row| row.history.number != number) {
                let what = format!("row {number} of a history that is bounded is not found");
                self.report.spoil(None, what);
            }
        }
        Ok(())
    }

    fn notes(&mut self) -> Result<(), Fault> {
        let mut counted = BTreeMap::<String, u64>::new();
        for entry in self.file.open_table(NOTES)?.iter()? {
            let (key, bytes) = entry?;
            let (id, name) = key.value();
            *counted.entry(id.to_owned()).or_default() += 1;
            if let Err(reason) = read_note(id, name, bytes.value()) {
                self.report
                    .spoil(Some(&RunId::unchecked(id)), format!("a note: {reason}"));
            }
        }
        self.compare("notes", &counted, |owned| owned.notes);
        Ok(())
    }

    fn logs(&mut self) -> Result<(), Fault> {
        let mut counted = BTreeMap::<String, u64>::new();
        for entry in self.file.open_table(LOGS)?.iter()? {
            let (key, bytes) = entry?;
            let (id, number) = key.value();
            *counted.entry(id.to_owned()).or_default() += 1;
            if let Err(reason) = read_logged(id, number, bytes.value()) {
                let what = format!("entry {number} of its logs: {reason}");
                self.report.spoil(Some(&RunId::unchecked(id)), what);
            }
        }
        self.compare("entries of logs", &counted, |owned| owned.entries);
        Ok(())
    }

    fn messages(&mut self) -> Result<(), Fault> {
        let mut counted = BTreeMap::<String, u64>::new();
        let known = self.file.open_table(MESSAGES)?;
        for entry in self.file.open_table(INBOX)?.iter()? {
            let (key, bytes) = entry?;
            let (id, arrival) = key.value();
            let run = RunId::unchecked(id);
            *counted.entry(id.to_owned()).or_default() += 1;
            match read_message(run.clone(), arrival, bytes.value()) {
                Ok(message) => {
                    let noted = known.get((id, &*message.id))?.map(|noted| noted.value());
                    if noted == Some((arrival, 0)) {
                        continue;
                    }
                    self.report.spoil(
                        Some(&run),
                        "the id of a message that waits is missing, or misplaced",
                    );
                }
                Err(reason) => self
                    .report
                    .spoil(Some(&run), format!("a message: {reason}")),
            }
        }
        self.compare("messages", &counted, |owned| owned.messages);
        for entry in known.iter()? {
            let key = entry?.0;
            if !self.runs.contains_key(key.value().0) {
                let run = RunId::unchecked(key.value().0);
                self.report
                    .spoil(Some(&run), "it had a message, and has no record");
            }
        }
        Ok(())
    }

    /// Compares the entries of runs in a table with the counts of their records.
    fn compare(&mut self, what: &str, counted: &BTreeMap<String, u64>, of: fn(&RunParts) -> u64) {
        for (id, owned) in &self.runs {
            let (found, said) = (counted.get(id).copied().unwrap_or(0), of(owned));
            if found != said {
                let run = RunId::unchecked(id);
                let what = format!("its {what}: there are {found} of {said}");
                self.report.spoil(Some(&run), what);
            }
        }
        for id in counted.keys().filter(|id| !self.runs.contains_key(*id)) {
            let run = RunId::unchecked(id);
            self.report
                .spoil(Some(&run), format!("it has {what}, and no record"));
        }
    }

    fn ends(&mut self) -> Result<(), Fault> {
        let mut found = 0;
        for entry in self.file.open_table(ENDED_AT)?.iter()? {
            let key = entry?.0;
            let (at, id) = key.value();
            let run = RunId::unchecked(id);
            match self.runs.get(id).map(|owned| owned.ended) {
                Some(Some(ended)) if ended == at => found += 1,
                // Its record cannot be read, which was reported.
                None => {}
                Some(_) => self
                    .report
                    .spoil(Some(&run), "when it ended is recorded wrongly"),
            }
        }
        let ended = self
            .runs
            .values()
            .filter(|owned| owned.ended.is_some())
            .count();
        if found != ended {
            let what = format!("{found} of {ended} runs are recorded by when they ended");
            self.report.spoil(None, what);
        }
        Ok(())
    }
}
