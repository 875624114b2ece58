//! A run that is held under a claim: every change of it goes through here.
//!
//! A change that cannot be made is an error for the driver of the run, which then drops it. So nothing that was not recorded has
//! a consequence.

mod ask;
mod back;
mod change;
mod effects;
mod messages;
mod pause;
mod recorder;
mod state;

use std::any::Any;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::{Notify, oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::ends::{Notice, Reached};
use super::moves::Moves;
use super::settings::Settings;
use super::suspected::Suspicion;
use crate::run::{PartName, PartOf, RunId};
use crate::store::{
    Claimed, Commit, Event, Fired, Hold, Note, NoteRow, Progress, Status, Store, StoreError, Text,
    Wait,
};
use crate::support::time::later;

pub(super) use change::RunChange;
use state::{HeldState, transition_of};

/// The reason why a run is not driven any longer, though it has not ended.
#[derive(Debug)]
pub(super) enum Loss {
    /// Another runner holds the run now.
    Fenced,
    /// The run was released.
    Released,
    /// The run was parked, for this reason.
    Parked(String),
    /// The run was paused.
    Paused,
    /// The store has stopped.
    Store(StoreError),
}

impl From<StoreError> for Loss {
    fn from(error: StoreError) -> Self {
        match error {
            // A run that was removed is as lost as one that another holds.
            StoreError::Fenced { .. } | StoreError::NotFound { .. } => Loss::Fenced,
            error => Loss::Store(error),
        }
    }
}

/// Returns `now`, the time of the system clock, if it is within a second of `then`, the time of a clock that nobody sets, which may be
/// up to `old`. If not, the system clock was set, and this is `then`.
fn same(then: SystemTime, old: Duration, now: SystemTime) -> SystemTime {
    const MOMENT: Duration = Duration::from_secs(1);
    let is_same = match now.duration_since(then) {
        Ok(later) => later < old.saturating_add(MOMENT),
        Err(before) => before.duration() < MOMENT,
    };
    if is_same { now.max(then) } else { then }
}

/// The parts of a runner that a held run uses.
pub(super) struct Keeper {
    pub(super) store: Arc<dyn Store>,
    pub(super) settings: Arc<Settings>,
    /// Fires when the runner shuts down.
    pub(super) draining: CancellationToken,
    /// Wakes the engine when a suspect is cleared.
    pub(super) wake: Arc<Notify>,
    /// The callers that wait for it to move.
    pub(super) moves: Arc<Moves>,
    /// True if a visit of the workflow may have effects that are undone by themselves.
    pub(super) has_effects: bool,
    /// The number of rows that the history of the run keeps, if not all.
    pub(super) keep_history: Option<u32>,
}

/// A run under a claim of this process.
pub(super) struct HeldRun {
    keeper: Keeper,
    explain: Explain,
    run: RunId,
    incarnation: u64,
    epoch: u64,
    /// The number of known messages that wait for the run.
    messages: AtomicUsize,
    /// Notified when there may be more messages.
    more_messages: Notify,
    /// True if it is to pause, as far as this process knows.
    pause: watch::Sender<bool>,
    /// True if it is to make its next attempt at once.
    retry: watch::Sender<bool>,
    state: Mutex<HeldState>,
    is_recording: AtomicBool,
    is_lost: AtomicBool,
    suspicion: Option<Suspicion>,
    /// The number of the visit that was taken up, and its age by then.
    visit: u64,
    age: Duration,
    /// The time since the first known attempt of each transition failed.
    tried: HashMap<String, Duration>,
    loss: Mutex<Option<oneshot::Sender<Loss>>>,
    /// The final state of the run, if it ended well.
    reached: OnceLock<Arc<Reached>>,
}

/// Reads the error of an attempt as it is stored: a [`Cause`](crate::Cause) of the error of the workflow.
pub(super) type Explain = fn(&dyn Any, &Settings) -> Text;

/// Marks that something is being recorded, until it is dropped.
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

impl HeldRun {
    /// Returns a run that was claimed, and the channel that tells that the claim is lost.
    pub(super) fn new(
        keeper: Keeper,
        suspicion: Option<Suspicion>,
        explain: Explain,
        asked: Instant,
        claimed: &mut Claimed,
    ) -> (Arc<Self>, oneshot::Receiver<Loss>) {
        let (sender, loss) = oneshot::channel();
        let row = &claimed.row;
        let notes = std::mem::take(&mut claimed.notes);
        // It is the time at which the store had the request. Its answer may have taken long, or the process was frozen meanwhile.
        let clock = keeper.settings.clock.now();
        let now = same(claimed.now, asked.elapsed(), clock);
        // A store keeps times to the microsecond, and the run was due by then.
        let now = claimed.row.due.map_or(now, |due| due.max(now));
        let payload = keeper.has_effects.then(|| claimed.payload.clone());
        let state = HeldState::new(row.clone(), payload, notes, now);
        let since = |then| now.duration_since(then).unwrap_or_default();
        let mut tried = HashMap::new();
        for (part, attempt) in &state.failed {
            let transition = transition_of(part).unwrap_or_default();
            tried
                .entry(transition.to_owned())
                .or_insert_with(|| since(attempt.at));
        }
        let held = HeldRun {
            explain,
            run: row.id.clone(),
            incarnation: row.incarnation,
            epoch: row.epoch,
            state: Mutex::new(state),
            is_recording: AtomicBool::new(false),
            is_lost: AtomicBool::new(false),
            suspicion,
            visit: row.visit.saturating_add(1),
            messages: AtomicUsize::new(claimed.inbox.len()),
            more_messages: Notify::new(),
            pause: watch::Sender::new(row.pause_asked),
            retry: watch::Sender::new(false),
            age: since(row.attempts_since.unwrap_or(row.entered)),
            tried,
            loss: Mutex::new(Some(sender)),
            reached: OnceLock::new(),
            keeper,
        };
        (Arc::new(held), loss)
    }

    fn state(&self) -> MutexGuard<'_, HeldState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn store(&self) -> &dyn Store {
        &*self.keeper.store
    }

    pub(super) fn id(&self) -> &RunId {
        &self.run
    }

    pub(super) fn incarnation(&self) -> u64 {
        self.incarnation
    }

    /// Asks the store if the claim holds. A claim that it does not confirm is lost.
    pub(super) async fn check(&self) -> bool {
        let found = self.keeper.store.get(&self.run).await;
        let holds = matches!(&found, Ok(Some(found)) if found.row.epoch == self.epoch);
        if !holds {
            self.lose(Loss::Fenced);
        }
        holds
    }

    /// Returns the number of transitions that are to be undone.
    pub(super) fn undos(&self) -> u64 {
        self.state().row.undos
    }

    /// Returns true if its rollback has begun.
    pub(super) fn rolls_back(&self) -> bool {
        self.state().row.rolls_back
    }

    /// Returns true if the end of the run was recorded.
    pub(super) fn has_ended(&self) -> bool {
        self.state().row.status.is_ended()
    }

    /// Clears the run of the suspicion that it killed its process, so that there may be room for another suspect.
    pub(super) fn clear(&self) {
        if self.suspicion.as_ref().is_some_and(Suspicion::clear) {
            self.keeper.wake.notify_one();
        }
    }

    /// Returns true if the runner shuts down.
    pub(super) fn is_draining(&self) -> bool {
        self.keeper.draining.is_cancelled()
    }

    /// Tells the driver of the run that its claim is lost.
    pub(super) fn lose(&self, loss: Loss) {
        self.is_lost.store(true, Ordering::Relaxed);
        let sender = self
            .loss
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(sender) = sender {
            // Nobody hears it if the run has ended.
            let _ = sender.send(loss);
        }
    }

    /// Records a change. The run is released with it if it waits then, or if the runner shuts down.
    ///
    /// # Errors
    /// The reason why the run is not driven any longer; [`Loss::Released`] if the change was recorded.
    pub(super) async fn record(&self, change: RunChange) -> Result<(), Loss> {
        let goes_on = change.status.is_live() && change.waits.is_none();
        let mut commit = self.commit(change);
        if goes_on && self.is_draining() {
            commit.release = Some(self.until(Some(commit.at)));
        }
        let (is_given_back, goes_on) = (commit.release.is_some(), commit.status.is_live());
        match self.change(commit).await? {
            _ if is_given_back => Err(Loss::Released),
            Hold::Dropped if goes_on => Err(Loss::Paused),
            _ => Ok(()),
        }
    }

    /// Makes a change. If the returned hold is dropped, the run is driven no further, though the change was made.
    async fn change(&self, commit: Commit) -> Result<Hold, Loss> {
        // Before the commit, as its time is: the answer may take long.
        let asked = Instant::now();
        let hold = {
            let _recording = Recording::new(&self.is_recording);
            self.taken(|| self.keeper.store.commit(commit.clone()))
                .await?
        };
        self.clear();
        self.keeper.moves.tell(&self.run, ());
        {
            let mut state = self.state();
            if let Event::Transition {
                internal: false, ..
            } = commit.event
            {
                state.since = (commit.at, asked);
            }
            let before = self
                .messages
                .fetch_sub(commit.consumed.len(), Ordering::Relaxed);
            // The store has heard of a request to pause, and this process may not have.
            state.row.pause_asked |= hold == Hold::Dropped && commit.release.is_none();
            let _ = state.row.apply(&commit, before - commit.consumed.len());
            if self.keeper.has_effects
                && let Event::Transition { payload, .. } = &commit.event
            {
                state.payload = Some(payload.clone());
            }
            state.notes.retain(|_, note| commit.event.keeps(note));
            if !commit.event.keeps_notes() {
                state.failed.clear();
            }
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
        Ok(hold)
    }

    /// Returns the final state of the run, if it ended well.
    pub(super) fn reached(&self) -> Notice {
        self.reached.get().cloned()
    }

    fn commit(&self, change: RunChange) -> Commit {
        let now = change.waits.map(|(now, _)| now);
        let enters = matches!(
            change.event,
            Event::Transition {
                internal: false,
                ..
            }
        );
        let now = now.unwrap_or_else(|| {
            if enters {
                self.keeper.settings.clock.now()
            } else {
                self.now()
            }
        });
        let until = change.waits.map(|(_, due)| self.until(due));
        let state = self.state();
        let consumed: Vec<String> = match &change.event {
            Event::Transition { message, .. } => message.iter().cloned().collect(),
            _ => Vec::new(),
        };
        let effects = state.effects_before(&change.event);
        let commit = Commit::new(&state.row, change.event, change.status, now);
        let ends_visit = !commit.event.keeps_notes();
        let attempts = state.failed.iter();
        let attempts = attempts.filter(|(part, _)| ends_visit && is_of(part, &commit.event));
        // Consumed messages do not wait any more.
        let release = until.map(|until| Wait {
            messages: until.messages - consumed.len(),
            ..until
        });
        Commit {
            failure: change.failure,
            effects,
            index: change.index,
            fired: change.fired,
            logged: change.logged,
            release,
            consumed,
            keep_history: self.keeper.keep_history,
            failed_attempts: attempts.map(|(_, attempt)| attempt.clone()).collect(),
            ..commit
        }
    }

    /// Sets the deadline of its workflow; `None` if there is none, or if it has passed and has led the run on.
    pub(super) fn set_deadline(&self, limit: Option<Duration>) {
        let mut state = self.state();
        state.up = limit.map(|limit| later(state.row.started, limit));
    }

    /// Keeps a note about the visit that has not ended.
    ///
    /// # Errors
    /// The reason why the run is not driven any longer; [`Loss::Paused`] if the note was kept, at a boundary.
    async fn note(&self, key: String, progress: Progress, is_boundary: bool) -> Result<(), Loss> {
        let note = Note {
            run: self.run.clone(),
            epoch: self.epoch,
            sequence: self.state().row.sequence,
            note: NoteRow { key, progress },
            is_boundary,
        };
        let waits = matches!(note.note.progress, Progress::Attempts { waits: true, .. });
        // The note may be kept though nobody waits for the answer any more.
        self.state().may_wait |= waits;
        let hold = self.taken(|| self.keeper.store.note(note.clone())).await?;
        let mut state = self.state();
        state.row.pause_asked |= hold == Hold::Dropped;
        let _ = state.row.note(&note);
        state.may_wait = false;
        match hold {
            Hold::Kept => Ok(()),
            Hold::Dropped => Err(Loss::Paused),
        }
    }

    /// Records that the run does not wait for an attempt any more, because a signal has interrupted it: so it is a suspect if
    /// its process dies.
    pub(super) async fn waits_no_more(
        &self,
        visit: u64,
        transition: &'static str,
    ) -> Result<(), Loss> {
        let part = PartName {
            visit,
            transition: transition.into(),
            of: PartOf::Whole,
        };
        let key = part.to_string();
        let is_noted = {
            let state = self.state();
            !(state.row.waits || state.may_wait) || state.notes.contains_key(&key)
        };
        if is_noted {
            return Ok(());
        }
        self.note_no_call(part).await
    }

    /// Notes that this part was not called, in place of its earlier note.
    pub(super) async fn note_no_call(&self, part: PartName) -> Result<(), Loss> {
        let now = self.now();
        let progress = Progress::Attempts {
            made: 0,
            called: 0,
            due: now,
            noted: now,
            waits: false,
            failed: Vec::new(),
        };
        self.note(part.to_string(), progress, false).await
    }

    /// Returns the time the run entered its state.
    pub(super) fn entered(&self) -> SystemTime {
        self.state().row.entered
    }

    /// Forgets the failed attempts of an asking of a poll that is over.
    pub(super) fn was_asked(&self) {
        let mut state = self.state();
        state.notes.clear();
        state.failed.clear();
    }

    /// Returns the timers and the poll that have fired in the state of the run.
    pub(super) fn fired(&self) -> Vec<Fired> {
        self.state().row.fired.clone()
    }

    /// Returns the time by the clock that has set the times of the run.
    pub(super) fn now(&self) -> SystemTime {
        let (begin, since) = self.state().since;
        let steady = later(begin, since.elapsed());
        same(steady, Duration::ZERO, self.keeper.settings.clock.now())
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.keeper.settings
    }
}

/// Returns true if an attempt of this part belongs to the event. An attempt of an interrupted step does not; a transition that
/// calls no handler has the attempts of the step before it.
fn is_of(part: &str, event: &Event) -> bool {
    match event {
        Event::Transition {
            transition,
            attempts,
            ..
        } => *attempts == 0 || transition_of(part) == Some(transition),
        _ => true,
    }
}
