//! A store in memory: the laws as a program.

mod claims;
mod commits;
mod pauses;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::future::ready;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use tokio::time::Instant;

use super::declared::Paths;
use super::micros::micros;
use super::timeline::{Moment, Timeline, due_now, wall};
use super::{
    Beat, Claim, Claimed, Claims, Commit, Created, Declaration, Declared, Delivery, Event, Filter,
    Found, Heartbeat, HistoryRow, Hold, Holder, Lease, LeftMessage, LogEntry, LogRow, Message,
    MessageState, Name, NewRun, Note, NoteRow, Page, Progress, Purge, Release, Request, RunRow,
    Sent, Stop, Store, StoreError, StoreFuture, TraceContext,
};
use crate::run::RunId;

/// Keeps runs in memory, for tests: they outlive a runner, and not the process.
///
/// ```
#[doc = include_str!("../runner/example.md")]
/// // The two runners of this test share a store, as two processes do.
/// let store = Arc::new(MemoryStore::new());
/// let one = Runner::<Order>::builder(Shop).store(Arc::clone(&store)).launch().await?;
/// let other = Runner::<Order>::builder(Shop).store(store).launch().await?;
/// one.start("o-42", OrderInput { customer: 7 }, Placed).await?;
/// assert!(other.get("o-42").await?.is_some());
/// # Ok(())
/// # }
/// ```
///
/// It is the plain model that other stores are compared with. An operation may look at all runs.
#[derive(Default)]
pub struct MemoryStore(Mutex<Shelf>);

struct Shelf {
    runs: BTreeMap<RunId, KeptRun>,
    timeline: Timeline,
    /// The package of each declared name.
    packages: BTreeMap<String, String>,
    paths: Paths,
}

impl Default for Shelf {
    fn default() -> Self {
        Shelf {
            runs: BTreeMap::new(),
            timeline: Timeline::new(None),
            packages: BTreeMap::new(),
            paths: Paths::default(),
        }
    }
}

/// A claim that was not released.
#[derive(Clone, Copy)]
struct Held {
    holder: Holder,
    until: Moment,
}

struct KeptRun {
    row: RunRow,
    held: Option<Held>,
    /// The delay of the clock that set its due time.
    behind: Moment,
    input: Vec<u8>,
    trace: Option<TraceContext>,
    start: (Name, Vec<u8>),
    payload: Vec<u8>,
    history: Vec<HistoryRow>,
    log: Vec<LogRow>,
    notes: BTreeMap<String, Progress>,
    inbox: Vec<Message>,
    /// The ids of all its messages, with the number of the row whose transition has taken each.
    known: BTreeMap<String, Option<u64>>,
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

impl MemoryStore {
    /// Returns an empty store.
    ///
    /// ```
    #[doc = include_str!("../runner/example.md")]
    /// let runner = Runner::<Order>::builder(Shop).store(MemoryStore::new()).launch().await?;
    /// assert!(runner.list(Filter::new()).await?.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn new() -> Self {
        MemoryStore::default()
    }

    fn with<T>(
        &self,
        change: impl FnOnce(&mut Shelf) -> Result<T, StoreError>,
    ) -> StoreFuture<'_, T>
    where
        T: Send + 'static,
    {
        let mut runs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Box::pin(ready(change(&mut runs)))
    }
}

impl Shelf {
    fn find(&mut self, run: &RunId) -> Result<&mut KeptRun, StoreError> {
        let not_found = || StoreError::NotFound { run: run.clone() };
        self.runs.get_mut(run).ok_or_else(not_found)
    }

    /// Returns the run, and the delay of the clock by which it is `now`.
    fn find_at(
        &mut self,
        run: &RunId,
        now: SystemTime,
    ) -> Result<(&mut KeptRun, Moment), StoreError> {
        let behind = self.timeline.behind(now, Instant::now());
        Ok((self.find(run)?, behind))
    }

    fn create(&mut self, run: NewRun) -> Created {
        let known = self.runs.get(&run.id);
        if let Some(kept) = known.filter(|kept| !(run.again && kept.row.status.is_ended())) {
            let (state, payload) = kept.start.clone();
            return Created::Known {
                row: kept.row.clone(),
                input: kept.input.clone(),
                state,
                payload,
            };
        }
        let at = Instant::now();
        let behind = self.timeline.behind(run.at, at);
        let id = run.id.clone();
        let kept = KeptRun::new(run, behind, self.timeline.steady(at));
        let row = kept.row.clone();
        self.runs.insert(id, kept);
        Created::New(row)
    }

    fn send(&mut self, delivery: Delivery) -> Result<Sent, StoreError> {
        let message = &delivery.message;
        let now = self.timeline.now(message.at, Instant::now());
        let kept = self.find(&message.run)?;
        kept.row.is_meant(&delivery)?;
        if kept.known.contains_key(&message.id) {
            return Ok(Sent::Known);
        }
        kept.wake(now, |row| row.receive(&delivery))?;
        let message = delivery.message;
        kept.known.insert(message.id.clone(), None);
        kept.inbox.push(message);
        Ok(Sent::Kept)
    }
}

impl KeptRun {
    fn new(run: NewRun, behind: Moment, steady: Moment) -> Self {
        let row = RunRow::new(&run);
        let mut known = BTreeMap::new();
        let mut inbox = run.messages;
        inbox.retain(|message| known.insert(message.id.clone(), None).is_none());
        let started = HistoryRow {
            number: 0,
            at: run.at,
            event: Event::Started {
                state: run.state.clone(),
            },
            failure: None,
            by: None,
            failed_attempts: Vec::new(),
            left: Vec::new(),
        };
        KeptRun {
            row,
            held: run.lease.map(|lease| Held::new(lease, steady)),
            behind,
            input: run.input,
            trace: run.trace,
            start: (run.state, run.payload.clone()),
            payload: run.payload,
            history: vec![started],
            log: Vec::new(),
            notes: BTreeMap::new(),
            inbox,
            known,
        }
    }

    /// Returns the time from which on it may be claimed; `None` while it is held.
    fn due(&self) -> Option<Moment> {
        let due = self.row.live_due().filter(|_| self.held.is_none())?;
        Some(micros(due).saturating_add(self.behind))
    }

    fn is_of(&self, holder: Holder) -> bool {
        self.held.is_some_and(|held| held.holder == holder)
    }

    /// Returns the time from which on another may claim it, if it is held.
    fn lapses(&self) -> Option<Moment> {
        self.row.live_due()?;
        self.held.map(|held| held.until)
    }

    fn claim(&mut self, held: Held, now: Moment) -> Claimed {
        self.row.claim(self.held.replace(held).is_some());
        Claimed {
            row: self.row.clone(),
            now: wall(now, self.behind),
            input: self.input.clone(),
            payload: self.payload.clone(),
            trace: self.trace.clone(),
            notes: self.notes().collect(),
            inbox: self.inbox.clone(),
        }
    }

    fn notes(&self) -> impl Iterator<Item = NoteRow> {
        self.notes.iter().map(|(key, progress)| NoteRow {
            key: key.clone(),
            progress: progress.clone(),
        })
    }

    /// Makes it due at this moment, also if its times were set by another clock.
    fn wake<T>(
        &mut self,
        now: Moment,
        wake: impl FnOnce(&mut RunRow) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let before = self.row.due;
        let woken = wake(&mut self.row)?;
        due_now(&mut self.row, before, now, self.behind);
        Ok(woken)
    }

    /// Tells if its holder still has it.
    fn hold(&self) -> Hold {
        Hold::kept_if(self.held.is_some())
    }

    /// Returns the messages that it leaves, if it has ended.
    fn left(&self) -> Vec<LeftMessage> {
        if !self.row.status.is_ended() {
            return Vec::new();
        }
        let left = self.inbox.iter().take(LeftMessage::MOST);
        left.map(LeftMessage::from).collect()
    }

    /// Adds entries to its logs.
    fn add(&mut self, entries: &[LogEntry]) {
        for entry in entries {
            self.log.push(LogRow {
                number: self.log.len() as u64,
                log: entry.log.clone(),
                entry: entry.entry.clone(),
            });
        }
    }

    /// Adds a row to the history, whose number the row of the run has already.
    fn record(&mut self, request: Request, event: Event) {
        self.history.push(HistoryRow {
            number: self.row.rows,
            at: request.at,
            event,
            failure: None,
            by: request.by,
            failed_attempts: Vec::new(),
            left: Vec::new(),
        });
    }
}

impl Held {
    fn new(lease: Lease, steady: Moment) -> Self {
        let duration = Moment::try_from(lease.duration.as_micros()).unwrap_or(Moment::MAX);
        Held {
            holder: lease.holder,
            until: steady.saturating_add(duration),
        }
    }
}

impl Store for MemoryStore {
    fn create(&self, run: NewRun) -> StoreFuture<'_, Created> {
        self.with(|shelf| Ok(shelf.create(run)))
    }

    fn declare(&self, declaration: Declaration) -> StoreFuture<'_, Declared> {
        self.with(|shelf| {
            let package = shelf.packages.get(&declaration.workflow);
            let declared = shelf.paths.judge(&declaration, package.map(String::as_str));
            if declared == Declared::Granted {
                shelf.paths.keep(&declaration);
                let name = declaration.workflow;
                shelf.packages.insert(name, declaration.package);
            }
            Ok(declared)
        })
    }

    fn claim(&self, claim: Claim) -> StoreFuture<'_, Claims> {
        self.with(|shelf| Ok(shelf.claim(&claim)))
    }

    fn commit(&self, commit: Commit) -> StoreFuture<'_, Hold> {
        self.with(|shelf| shelf.commit(commit))
    }

    fn note(&self, note: Note) -> StoreFuture<'_, Hold> {
        self.with(|shelf| {
            let kept = shelf.find(&note.run)?;
            kept.row.open(note.epoch, note.sequence)?;
            if !kept.row.note(&note) {
                kept.held = None;
            }
            kept.notes.insert(note.note.key, note.note.progress);
            Ok(kept.hold())
        })
    }

    fn release(&self, release: Release) -> StoreFuture<'_, ()> {
        self.with(|shelf| {
            let (kept, behind) = shelf.find_at(&release.run, release.at)?;
            kept.row.open(release.epoch, release.sequence)?;
            kept.row.release(&release, kept.inbox.len());
            if release.asked.is_some() {
                kept.notes.clear();
            }
            kept.held = None;
            kept.behind = behind;
            Ok(())
        })
    }

    fn heartbeat(&self, heartbeat: Heartbeat) -> StoreFuture<'_, Vec<Beat>> {
        self.with(|shelf| {
            let steady = shelf.timeline.steady(Instant::now());
            let mut beats = Vec::new();
            for (run, epoch) in heartbeat.claims {
                let kept = shelf
                    .runs
                    .get_mut(&run)
                    .filter(|kept| kept.row.epoch == epoch);
                let held = kept.and_then(|kept| {
                    let holder = kept.held?.holder;
                    let duration = heartbeat.lease;
                    kept.held = Some(Held::new(Lease { holder, duration }, steady));
                    Some(kept)
                });
                let messages = held.as_ref().map_or(0, |kept| kept.inbox.len());
                let beat = Beat::of(run, held.map(|kept| &kept.row), messages);
                if beat.says_something() {
                    beats.push(beat);
                }
            }
            Ok(beats)
        })
    }

    fn stop(&self, run: &RunId, stop: Stop, request: Request) -> StoreFuture<'_, ()> {
        self.with(|shelf| {
            let now = shelf.timeline.now(request.at, Instant::now());
            let kept = shelf.find(run)?;
            if kept.wake(now, |row| row.ask(stop, request.at))? {
                kept.record(request, Event::StopAsked { stop });
            }
            Ok(())
        })
    }

    fn send(&self, delivery: Delivery) -> StoreFuture<'_, Sent> {
        self.with(|shelf| shelf.send(delivery))
    }

    fn unpark(&self, run: &RunId, request: Request) -> StoreFuture<'_, ()> {
        self.with(|shelf| {
            let (kept, behind) = shelf.find_at(run, request.at)?;
            kept.row.unpark(request.at)?;
            kept.behind = behind;
            kept.record(request, Event::Unparked);
            Ok(())
        })
    }

    fn pause(&self, run: &RunId, request: Request) -> StoreFuture<'_, ()> {
        self.with(|shelf| shelf.pause(run, request))
    }

    fn resume(&self, run: &RunId, request: Request) -> StoreFuture<'_, ()> {
        self.with(|shelf| shelf.resume(run, request))
    }

    fn retry_now(&self, run: &RunId, request: Request) -> StoreFuture<'_, ()> {
        self.with(|shelf| shelf.retry_now(run, request))
    }

    fn retry_rollback(&self, run: &RunId, request: Request) -> StoreFuture<'_, ()> {
        self.with(|shelf| {
            let (kept, behind) = shelf.find_at(run, request.at)?;
            kept.row.retry_rollback(request.at)?;
            kept.behind = behind;
            kept.record(request, Event::RollbackRetried);
            Ok(())
        })
    }

    fn get(&self, run: &RunId) -> StoreFuture<'_, Option<Found>> {
        self.with(|shelf| {
            let kept = shelf.runs.get(run);
            Ok(kept.map(|kept| Found {
                row: kept.row.clone(),
                input: kept.input.clone(),
                payload: kept.payload.clone(),
                trace: kept.trace.clone(),
                attempts: kept.notes().filter(NoteRow::is_of_attempts).collect(),
            }))
        })
    }

    fn list(&self, filter: Filter) -> StoreFuture<'_, Vec<RunRow>> {
        self.with(|shelf| {
            let behind = filter
                .behind_newer()
                .map(|run| Ok(shelf.find(run)?.row.clone()));
            let mut page = Page::new(&filter, behind.transpose()?);
            let from = filter.behind_id();
            let rows = shelf
                .runs
                .values()
                .map(|kept| &kept.row)
                .filter(|row| from.is_none_or(|from| row.id > *from));
            for row in rows.filter(|row| filter.passes(row)) {
                if page.is_full() {
                    break;
                }
                page.offer(row.clone());
            }
            Ok(page.into_rows())
        })
    }

    fn history(&self, run: &RunId, from: u64, limit: usize) -> StoreFuture<'_, Vec<HistoryRow>> {
        self.with(|shelf| {
            let rows = shelf
                .find(run)?
                .history
                .iter()
                .filter(|row| row.number >= from)
                .take(limit);
            Ok(rows.cloned().collect())
        })
    }

    fn log(&self, run: &RunId, from: u64, limit: usize) -> StoreFuture<'_, Vec<LogRow>> {
        self.with(|shelf| {
            let log = &shelf.find(run)?.log;
            let rows = log.iter().filter(|row| row.number >= from).take(limit);
            Ok(rows.cloned().collect())
        })
    }

    fn message(&self, run: &RunId, id: &str) -> StoreFuture<'_, Option<MessageState>> {
        self.with(|shelf| {
            let Some(kept) = shelf.runs.get(run) else {
                return Ok(None);
            };
            Ok(kept.known.get(id).map(|taken| {
                let is_that = |row: &&HistoryRow| Some(row.number) == *taken;
                match kept.history.iter().find(is_that) {
                    Some(row) => MessageState::Taken(Box::new(row.clone())),
                    None if taken.is_some() => MessageState::Forgotten,
                    None => MessageState::untaken(&kept.row),
                }
            }))
        })
    }

    fn inbox(&self, run: &RunId) -> StoreFuture<'_, Vec<Message>> {
        self.with(|shelf| Ok(shelf.find(run)?.inbox.clone()))
    }

    fn undoable(&self, run: &RunId, limit: usize) -> StoreFuture<'_, Vec<HistoryRow>> {
        self.with(|shelf| {
            let kept = shelf.find(run)?;
            let before = kept.row.undo_before;
            let undone: BTreeSet<_> = kept.history.iter().filter_map(HistoryRow::undone).collect();
            let rows = kept
                .history
                .iter()
                .rev()
                .filter(|row| row.is_undoable() && row.number < before)
                .filter(|row| !undone.contains(&row.number));
            Ok(rows.take(limit).cloned().collect())
        })
    }

    fn purge(&self, purge: Purge) -> StoreFuture<'_, u64> {
        self.with(|shelf| {
            let ended = shelf.runs.values().map(|kept| &kept.row).filter(|row| {
                let is_of = |workflow: &String| *workflow == row.workflow;
                purge.workflow.as_ref().is_none_or(is_of)
                    && row.ended.is_some_and(|ended| ended < purge.ended_before)
            });
            let mut ended: Vec<_> = ended.map(|row| (row.ended, row.id.clone())).collect();
            ended.sort();
            ended.truncate(purge.limit);
            for (_, run) in &ended {
                shelf.runs.remove(run);
            }
            Ok(ended.len() as u64)
        })
    }
}
