//! What a run under way has in the store: every change of it goes through here.
//!
//! A change that cannot be made stops the run: whoever asked for it waits for ever, and whoever drives
//! the run hears why and drops it. So nothing that was not recorded has a consequence.

mod recorder;

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::pending;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::ends::{News, Reached};
use super::settings::Settings;
use super::suspected::Suspicion;
use crate::key::RunId;
use crate::store::{
    Claimed, Commit, Event, Failure, Note, NoteRow, Outbox, Progress, Release, Status, Store,
    StoreError, StoreFuture, Wait,
};

/// Why a run is not driven any longer, though it has not ended.
#[derive(Debug)]
pub(super) enum Loss {
    /// It is another's now.
    Fenced,
    /// It was given back.
    Released,
    /// It was parked, for this reason.
    Parked(String),
    /// The store cannot go on.
    Store(StoreError),
}

impl From<StoreError> for Loss {
    fn from(error: StoreError) -> Self {
        match error {
            // One that was removed is as lost as one that another has.
            StoreError::Fenced { .. } | StoreError::NotFound { .. } => Loss::Fenced,
            error => Loss::Store(error),
        }
    }
}

/// The part of the store that belongs to one claim of a run.
pub(super) struct Ledger {
    store: Arc<dyn Store>,
    settings: Arc<Settings>,
    run: RunId,
    incarnation: u64,
    epoch: u64,
    /// Only the future of the run changes them, between two handlers.
    sequence: AtomicU64,
    /// How many messages waited for the run when it was claimed.
    messages: usize,
    undos: AtomicU64,
    rolls_back: AtomicBool,
    is_recording: AtomicBool,
    is_lost: AtomicBool,
    has_ended: AtomicBool,
    /// Whether the row says that the run waits.
    waits: AtomicBool,
    /// Wakes the engine when a suspect is cleared.
    wake: Arc<Notify>,
    suspicion: Option<Suspicion>,
    /// The number of the visit that was taken up, and how long it was under way by then.
    visit: u64,
    age: Duration,
    /// When the run was taken up, by the clock of whoever made it due: ours may have been set back since.
    taken_up: (SystemTime, Instant),
    /// What was noted about it.
    notes: Mutex<HashMap<String, Progress>>,
    loss: Mutex<Option<oneshot::Sender<Loss>>>,
    /// Where the run ended, if it ended well.
    reached: OnceLock<Arc<Reached>>,
    /// Fires when the runner shuts down.
    draining: CancellationToken,
}

/// A change of the run.
pub(super) struct Change {
    pub(super) event: Event,
    pub(super) status: Status,
    pub(super) failure: Option<Failure>,
}

impl Change {
    pub(super) fn new(event: Event, status: Status) -> Self {
        Change {
            event,
            status,
            failure: None,
        }
    }

    pub(super) fn because(mut self, failure: Failure) -> Self {
        self.failure = Some(failure);
        self
    }
}

/// Says that something is being recorded, until it is dropped.
struct Recording<'a>(&'a AtomicBool);

impl<'a> Recording<'a> {
    fn new(flag: &'a AtomicBool) -> Self {
        flag.store(true, Ordering::Relaxed);
        Recording(flag)
    }
}

impl Drop for Recording<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

impl Ledger {
    /// The ledger of a claim, and what tells that it is lost.
    pub(super) fn new(
        store: Arc<dyn Store>,
        settings: Arc<Settings>,
        draining: CancellationToken,
        wake: Arc<Notify>,
        suspicion: Option<Suspicion>,
        claimed: &mut Claimed,
    ) -> (Arc<Self>, oneshot::Receiver<Loss>) {
        let (sender, loss) = oneshot::channel();
        let row = &claimed.row;
        let notes = std::mem::take(&mut claimed.notes).into_iter();
        let ledger = Ledger {
            store,
            run: row.id.clone(),
            incarnation: row.incarnation,
            epoch: row.epoch,
            sequence: AtomicU64::new(row.sequence),
            undos: AtomicU64::new(row.undos),
            rolls_back: AtomicBool::new(row.rolls_back),
            is_recording: AtomicBool::new(false),
            is_lost: AtomicBool::new(false),
            has_ended: AtomicBool::new(false),
            waits: AtomicBool::new(row.waits),
            wake,
            suspicion,
            visit: row.visit.saturating_add(1),
            messages: claimed.inbox.len(),
            age: settings.clock.since(row.entered),
            taken_up: {
                let now = settings.clock.now();
                (row.due.map_or(now, |due| due.max(now)), Instant::now())
            },
            notes: Mutex::new(notes.map(|note| (note.key, note.progress)).collect()),
            loss: Mutex::new(Some(sender)),
            reached: OnceLock::new(),
            draining,
            settings,
        };
        (Arc::new(ledger), loss)
    }

    pub(super) fn store(&self) -> &dyn Store {
        &*self.store
    }

    pub(super) fn incarnation(&self) -> u64 {
        self.incarnation
    }

    /// Asks the store whether the claim holds. One of which it does not say so is lost.
    pub(super) async fn check(&self) -> bool {
        let found = self.store.get(&self.run).await;
        let holds = matches!(&found, Ok(Some(found)) if found.row.epoch == self.epoch);
        if !holds {
            self.lose(Loss::Fenced);
        }
        holds
    }

    /// How many transitions are to be undone.
    pub(super) fn undos(&self) -> u64 {
        self.undos.load(Ordering::Relaxed)
    }

    /// Whether the rollback has begun.
    pub(super) fn rolls_back(&self) -> bool {
        self.rolls_back.load(Ordering::Relaxed)
    }

    /// Whether the end of the run was recorded.
    pub(super) fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::Relaxed)
    }

    /// The run is not what killed its process, or is driven no longer: there may be room for another suspect.
    pub(super) fn clear(&self) {
        if self.suspicion.as_ref().is_some_and(Suspicion::clear) {
            self.wake.notify_one();
        }
    }

    /// What is left of a wait.
    fn left(&self, noted: SystemTime, due: SystemTime) -> Duration {
        let (taken_up, since) = self.taken_up;
        // The clock may have been set back since it was noted.
        let begin = taken_up.max(noted);
        let delay = due.duration_since(begin).unwrap_or_default();
        delay.saturating_sub(since.elapsed())
    }

    /// Whether the runner shuts down.
    pub(super) fn is_draining(&self) -> bool {
        self.draining.is_cancelled()
    }

    /// The claim is lost.
    pub(super) fn lose(&self, loss: Loss) {
        self.is_lost.store(true, Ordering::Relaxed);
        let sender = self
            .loss
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(sender) = sender {
            // Nobody hears it where the run has ended.
            let _ = sender.send(loss);
        }
    }

    async fn lost(&self, loss: Loss) -> Infallible {
        self.lose(loss);
        pending().await
    }

    fn notes(&self) -> MutexGuard<'_, HashMap<String, Progress>> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records a change. A run that goes on is given back instead, if the runner shuts down.
    pub(super) async fn record(&self, change: Change) {
        let release = self.is_draining() && change.status.is_live();
        let release = release.then(|| self.until(self.settings.clock.now()));
        self.change(change, release).await;
        if release.is_some() {
            self.lost(Loss::Released).await;
        }
    }

    async fn change(&self, change: Change, release: Option<Wait>) {
        let commit = self.commit(change, release);
        let undos = match &commit.event {
            Event::Transition { undo: Some(_), .. } => self.undos() + 1,
            Event::Undone { .. } | Event::NotUndone { .. } => self.undos().saturating_sub(1),
            _ => self.undos(),
        };
        let keeps_notes = commit.event.keeps_notes();
        let rolls_back = commit.status == Status::RollingBack;
        {
            let _recording = Recording::new(&self.is_recording);
            self.taken(|| self.store.commit(commit.clone())).await;
        }
        self.waits.store(false, Ordering::Relaxed);
        self.clear();
        self.sequence.store(commit.sequence + 1, Ordering::Relaxed);
        self.undos.store(undos, Ordering::Relaxed);
        self.rolls_back.fetch_or(rolls_back, Ordering::Relaxed);
        let has_ended = commit.status.is_ended();
        self.has_ended.fetch_or(has_ended, Ordering::Relaxed);
        if !keeps_notes {
            self.notes().clear();
        }
        if let (Status::Done, Event::Transition { state, payload, .. }) =
            (commit.status, commit.event)
        {
            let incarnation = self.incarnation;
            self.reached.get_or_init(|| {
                Arc::new(Reached {
                    incarnation,
                    state,
                    payload,
                })
            });
        }
    }

    /// Where the run ended, if it ended well.
    pub(super) fn reached(&self) -> News {
        self.reached.get().cloned()
    }

    fn commit(&self, change: Change, release: Option<Wait>) -> Commit {
        Commit {
            run: self.run.clone(),
            epoch: self.epoch,
            sequence: self.sequence.load(Ordering::Relaxed),
            at: self.settings.clock.now(),
            event: change.event,
            status: change.status,
            release,
            failure: change.failure,
            consumed: Vec::new(),
            index: Vec::new(),
            outbox: Outbox::default(),
        }
    }

    /// Keeps a note about the visit under way.
    async fn note(&self, key: String, progress: Progress) {
        let note = Note {
            run: self.run.clone(),
            epoch: self.epoch,
            sequence: self.sequence.load(Ordering::Relaxed),
            note: NoteRow { key, progress },
        };
        self.taken(|| self.store.note(note.clone())).await;
    }

    /// Asks the store again and again as long as it does not answer. That is repeatable by its laws; if it
    /// takes so long that another claims the run, the fence says so.
    async fn answer<'a, T>(
        &self,
        mut ask: impl FnMut() -> StoreFuture<'a, T>,
    ) -> Result<T, StoreError> {
        let mut pause = FIRST_PAUSE;
        loop {
            match ask().await {
                Err(StoreError::Unavailable { .. }) => {
                    sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                answer => return answer,
            }
        }
    }

    /// The answer of the store. It is never ready if there is none.
    pub(super) async fn asked<'a, T>(&self, ask: impl FnMut() -> StoreFuture<'a, T>) -> T {
        match self.answer(ask).await {
            Ok(answer) => answer,
            Err(error) => match self.lost(error.into()).await {},
        }
    }

    /// Waits until the store has taken something. If that is too large for it, the run is parked.
    async fn taken<'a>(&self, ask: impl FnMut() -> StoreFuture<'a, ()>) {
        match self.answer(ask).await {
            Ok(()) => {}
            Err(error @ StoreError::TooLarge { .. }) => {
                let (parks, reason) = self.parks(&error.to_string());
                let commit = self.commit(parks, None);
                {
                    let _recording = Recording::new(&self.is_recording);
                    self.asked(|| self.store.commit(commit.clone())).await;
                }
                match self.lost(Loss::Parked(reason)).await {}
            }
            Err(error) => match self.lost(error.into()).await {},
        }
    }

    /// Parks the run. It is never ready.
    pub(super) async fn parked(&self, reason: String) -> Infallible {
        let (parks, reason) = self.parks(&reason);
        self.change(parks, None).await;
        self.lost(Loss::Parked(reason)).await
    }

    /// The change that parks the run, and the reason as it is stored.
    fn parks(&self, reason: &str) -> (Change, String) {
        let reason = self.settings.short(reason);
        let event = Event::Parked {
            reason: self.settings.encoded_text(&reason),
        };
        (Change::new(event, Status::Parked), reason)
    }

    /// Gives the run back until `due`. It is never ready.
    async fn released(&self, due: SystemTime) -> Infallible {
        self.release(due).await;
        self.lost(Loss::Released).await
    }

    async fn release(&self, due: SystemTime) {
        let release = self.back(due);
        {
            let _recording = Recording::new(&self.is_recording);
            self.taken(|| self.store.release(release.clone())).await;
        }
        self.waits.store(false, Ordering::Relaxed);
        self.clear();
    }

    fn back(&self, due: SystemTime) -> Release {
        Release {
            run: self.run.clone(),
            epoch: self.epoch,
            sequence: self.sequence.load(Ordering::Relaxed),
            at: self.settings.clock.now(),
            until: self.until(due),
        }
    }

    fn until(&self, due: SystemTime) -> Wait {
        Wait {
            due: Some(due),
            messages: self.messages,
        }
    }

    /// Gives the run back when its future is gone. One that was in the middle of a commit may be fenced: then
    /// it is claimed when its lease has passed.
    pub(super) async fn let_go(&self) -> Result<(), StoreError> {
        let release = self.back(self.settings.clock.now());
        self.store.release(release).await
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }
}
