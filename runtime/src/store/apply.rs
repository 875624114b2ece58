//! The meaning of the operations for the row of a run, in one place for every store.

mod standstill;

use std::ops::Range;
use std::time::SystemTime;

use super::micros::micros;
use super::{
    Claim, Commit, Delivery, Event, HistoryRow, NewRun, Note, Progress, Release, RunRow, Status,
    Stop, StoreError, Suspects, Wait, WorkflowVersions,
};

/// The row that a commit finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fence {
    /// The row has the expected sequence.
    Open,
    /// The row has one commit more, by the same holder. It may be this very commit, whose answer was lost: it
    /// is, if the history ends, up to the last row that [moved](Event::moves) the run, with
    /// [the rows that it adds](Commit::is_in), and the last entries of its logs are
    /// [those that it adds](Commit::is_logged_as). Otherwise the fence is closed.
    Passed,
}

impl Commit {
    /// The largest number of rows of the history that one commit [removes](RunRow::removes), beside one for each of its
    /// [effects](Commit::effects).
    pub const MOST_REMOVED: u64 = 64;

    /// Returns true if these rows end with those that the commit adds to the history, its effects and its event, and no other row
    /// belongs to the same commit. They are the rows of a run, in order, up to the last that [moved](Event::moves) it: all of
    /// them, or one more than the commit adds.
    #[must_use]
    pub fn is_in(&self, rows: &[HistoryRow]) -> bool {
        let Some((last, before)) = rows.split_last() else {
            return false;
        };
        let is_same = |row: &HistoryRow, event: &Event| {
            row.event == *event && micros(row.at) == micros(self.at)
        };
        // Behind rows that were removed, an effect of another commit may come next.
        let effects = before.iter().rev().zip(1..).take_while(|(row, back)| {
            row.event.is_effect() && row.number.checked_add(*back) == Some(last.number)
        });
        let effects: Vec<_> = effects.map(|(row, _)| row).collect();
        let added = self.effects.iter().rev();
        is_same(last, &self.event)
            && effects.len() == added.len()
            && effects
                .iter()
                .zip(added)
                .all(|(row, event)| is_same(row, event))
    }
}

impl RunRow {
    /// Returns the row of a new run.
    #[must_use]
    pub fn new(run: &NewRun) -> Self {
        RunRow {
            id: run.id.clone(),
            incarnation: run.incarnation,
            workflow: run.workflow.clone(),
            version: run.version,
            priority: run.priority,
            parent: run.parent.clone(),
            index: run.index.clone(),
            status: Status::Running,
            state: run.state.clone(),
            sequence: 0,
            rows: 0,
            history_from: 0,
            logged: 0,
            // The holder of a purged run has to be fenced from a new one with its id.
            epoch: u64::try_from(micros(run.at))
                .unwrap_or(0)
                .saturating_add(run.lease.is_some().into()),
            visit: 0,
            undos: 0,
            undo_before: u64::MAX,
            not_undone: 0,
            rolls_back: false,
            crashes: 0,
            waits: false,
            started: run.at,
            entered: run.at,
            fired: Vec::new(),
            attempts_since: None,
            due: Some(run.due.unwrap_or(run.at)),
            stop: None,
            pause_asked: false,
            retry_asked: false,
            parked: None,
            failure: None,
            ended: None,
        }
    }

    /// Returns the time the run is due, if it may be claimed at all.
    #[must_use]
    pub fn live_due(&self) -> Option<SystemTime> {
        self.due.filter(|_| self.status.is_live())
    }

    /// Claims the run. `had_holder` is true if the holder before has not released it.
    pub fn claim(&mut self, had_holder: bool) {
        self.epoch = self.epoch.saturating_add(1);
        self.retry_asked = false;
        if had_holder && !self.waits {
            self.crashes = self.crashes.saturating_add(1);
        }
    }

    /// Applies a note to the row: the run waits from now on, or is paused. The claim is kept if this returns `true`.
    ///
    /// Call [`fence`](RunRow::fence) before.
    #[must_use]
    pub fn note(&mut self, note: &Note) -> bool {
        self.waits = matches!(note.note.progress, Progress::Attempts { waits: true, .. });
        self.retry_asked = false;
        if note.is_boundary && self.pause_asked {
            self.stand_still();
        }
        self.status.is_live()
    }

    /// Checks that the holder of `epoch`, who expects this sequence, may change the run.
    ///
    /// # Errors
    /// [`Fenced`](StoreError::Fenced) if it may not.
    pub fn fence(&self, epoch: u64, sequence: u64) -> Result<Fence, StoreError> {
        if self.epoch == epoch && self.sequence == sequence && self.status.is_live() {
            Ok(Fence::Open)
        } else if self.epoch == epoch && self.sequence.checked_sub(1) == Some(sequence) {
            Ok(Fence::Passed)
        } else {
            Err(self.fenced())
        }
    }

    /// Checks that the holder of `epoch`, who expects this sequence, may make a change that adds nothing to the history.
    ///
    /// # Errors
    /// [`Fenced`](StoreError::Fenced) if it may not.
    pub fn open(&self, epoch: u64, sequence: u64) -> Result<(), StoreError> {
        match self.fence(epoch, sequence)? {
            Fence::Open => Ok(()),
            Fence::Passed => Err(self.fenced()),
        }
    }

    fn fenced(&self) -> StoreError {
        let run = self.id.clone();
        StoreError::Fenced { run }
    }

    /// Applies a commit to the row. `messages` is the number of messages that are left in the inbox. The claim is kept if this
    /// returns `true`.
    ///
    /// Call [`fence`](RunRow::fence) before.
    #[must_use]
    pub fn apply(&mut self, commit: &Commit, messages: usize) -> bool {
        let removed = self.removes(commit);
        if !removed.is_empty() {
            self.history_from = removed.end;
        }
        self.sequence = self.sequence.saturating_add(1);
        self.rows = self.number_of(commit);
        self.undos = self.undos.saturating_add(commit.effects.len() as u64);
        self.logged = self.logged.saturating_add(commit.entries().len() as u64);
        self.status = commit.status;
        self.waits = false;
        self.retry_asked = false;
        let mut keeps = commit.release.is_none();
        self.due = match &commit.release {
            Some(until) => self.due_after(until, commit.at, messages),
            None => Some(commit.at),
        };
        if let Some(failure) = &commit.failure {
            self.failure = Some(failure.clone());
        }
        match &commit.event {
            Event::Transition {
                visit,
                state,
                undo,
                internal,
                ..
            } => {
                self.state.clone_from(state);
                self.index.clone_from(&commit.index);
                self.fired.clone_from(&commit.fired);
                self.visit = *visit;
                if !internal {
                    self.entered = commit.at;
                }
                self.undos = self.undos.saturating_add(undo.is_some().into());
                self.attempts_since = None;
                self.crashes = 0;
            }
            Event::RollbackBegan => self.crashes = 0,
            Event::Undone { of, .. } | Event::NotUndone { of, .. } => {
                self.undo_before = *of;
                self.undos = self.undos.saturating_sub(1);
                if let Event::NotUndone { .. } = &commit.event {
                    self.not_undone = self.not_undone.saturating_add(1);
                }
                self.crashes = 0;
            }
            // A run that is to end does not stand still instead.
            Event::Parked { .. } if self.stop == Some(Stop::Terminate) => {
                self.status = self.status_under_way();
                keeps = false;
            }
            Event::Parked { reason } => self.parked = Some(reason.clone()),
            // Neither does a run that is to be rolled back.
            Event::Paused if self.has_to_hear(self.status_under_way()) => {
                self.status = self.status_under_way();
                self.failure = None;
                keeps = false;
            }
            Event::Started { .. }
            | Event::Effect { .. }
            | Event::StopAsked { .. }
            | Event::Unparked
            | Event::PauseAsked
            | Event::PauseWithdrawn
            | Event::Paused
            | Event::Resumed
            | Event::RetryAsked
            | Event::Ended
            | Event::RollbackRetried => {}
        }
        // The transition into a `failed` state may begin the rollback as well.
        self.rolls_back |= self.status == Status::RollingBack;
        if self.status.is_live() && self.pause_asked {
            self.stand_still();
        }
        if !self.status.is_live() {
            self.due = None;
            self.pause_asked = false;
        }
        if self.status.is_ended() {
            self.ended = Some(commit.at);
        }
        self.status.is_live() && keeps
    }

    /// Returns the numbers of the rows of the history that a commit removes. Call it before [`apply`](RunRow::apply). They are the rows
    /// before the last `n`, if the commit is a transition that [keeps](Commit::keep_history) `n`, the oldest first, and at most
    /// [`MOST_REMOVED`](Commit::MOST_REMOVED), so that the cost stays flat. Rows among them that [can be undone](HistoryRow::is_undoable)
    /// stay, because the run may be rolled back, and so do the effects that the commit itself adds; the first row always stays. A
    /// rollback takes no transitions, so all rows that it adds are kept.
    #[must_use]
    pub fn removes(&self, commit: &Commit) -> Range<u64> {
        let (Some(keep), Event::Transition { .. }) = (commit.keep_history, &commit.event) else {
            return 0..0;
        };
        let from = self.history_from.max(1);
        let kept_from = self
            .number_of(commit)
            .saturating_add(1)
            .saturating_sub(keep.max(1).into());
        let most = from
            .saturating_add(Commit::MOST_REMOVED)
            .saturating_add(commit.effects.len() as u64);
        from..kept_from.min(most).max(from)
    }

    /// Returns the status of the run while it is neither parked nor paused, and has not ended.
    fn status_under_way(&self) -> Status {
        if self.rolls_back {
            Status::RollingBack
        } else {
            Status::Running
        }
    }

    /// Releases the run. `messages` is the number of messages in its inbox.
    ///
    /// Call [`open`](RunRow::open) before.
    pub fn release(&mut self, release: &Release, messages: usize) {
        self.waits = false;
        self.due = self.due_after(&release.until, release.at, messages);
        if let Some(fired) = &release.asked {
            self.fired.clone_from(fired);
            self.crashes = 0;
        }
        if self.pause_asked {
            self.stand_still();
        }
    }

    /// Returns the time a released run is due: at once, if there are news for it.
    fn due_after(&self, until: &Wait, at: SystemTime, messages: usize) -> Option<SystemTime> {
        if self.has_to_hear(self.status) || self.retry_asked || messages > until.messages {
            Some(at)
        } else {
            until.due
        }
    }

    /// Returns true if a request to stop changes the course of the run. A rollback is never cancelled.
    fn has_to_hear(&self, status: Status) -> bool {
        match self.stop {
            None => false,
            Some(Stop::Cancel) => status == Status::Running,
            Some(Stop::Terminate) => true,
        }
    }

    /// Asks the run to stop. Returns true if the request is new, and belongs into the history.
    ///
    /// # Errors
    /// [`Ended`](StoreError::Ended) if it has ended.
    pub fn ask(&mut self, stop: Stop, now: SystemTime) -> Result<bool, StoreError> {
        // A rollback is never cancelled, so it stays paused.
        let ends_pause = (stop == Stop::Terminate || !self.rolls_back)
            && (self.pause_asked || self.status == Status::Paused);
        if ends_pause {
            self.pause_asked = false;
            if self.status == Status::Paused {
                self.go_on();
            }
        }
        self.wake(now)?;
        let is_new = self.stop < Some(stop) || ends_pause;
        if is_new {
            self.stop = self.stop.max(Some(stop));
            self.rows = self.rows.saturating_add(1);
        }
        Ok(is_new)
    }

    /// Checks that a message is meant for this run, and not for one that had its id before.
    ///
    /// # Errors
    /// [`NotFound`](StoreError::NotFound) if it is not. Call it before [`receive`](RunRow::receive).
    pub fn is_meant(&self, delivery: &Delivery) -> Result<(), StoreError> {
        let only_to = delivery.only_to;
        if only_to.is_none_or(|incarnation| incarnation == self.incarnation) {
            return Ok(());
        }
        Err(StoreError::NotFound {
            run: self.id.clone(),
        })
    }

    /// Takes a message, which makes the run due.
    ///
    /// # Errors
    /// [`Ended`](StoreError::Ended) and [`NotInState`](StoreError::NotInState).
    pub fn receive(&mut self, delivery: &Delivery) -> Result<(), StoreError> {
        let only_in = delivery.only_in.as_ref();
        // A run that is rolled back comes to no state any more.
        let is_there =
            only_in.is_none_or(|states| !self.rolls_back && states.contains(&self.state));
        if !is_there && !self.status.is_ended() {
            return Err(StoreError::NotInState {
                run: self.id.clone(),
                state: self.state.clone(),
            });
        }
        self.wake(delivery.message.at)
    }

    /// Makes the run due.
    ///
    /// # Errors
    /// [`Ended`](StoreError::Ended) if it has ended.
    pub fn wake(&mut self, now: SystemTime) -> Result<(), StoreError> {
        if self.status.is_ended() {
            let run = self.id.clone();
            return Err(StoreError::Ended { run });
        }
        if self.status.is_live() {
            self.due = Some(self.due.map_or(now, |due| due.min(now)));
        }
        Ok(())
    }

    /// Unparks the run.
    ///
    /// # Errors
    /// [`NotParked`](StoreError::NotParked) if it is not parked.
    pub fn unpark(&mut self, now: SystemTime) -> Result<(), StoreError> {
        if self.status != Status::Parked {
            let run = self.id.clone();
            return Err(StoreError::NotParked { run });
        }
        self.status = self.status_under_way();
        self.sequence = self.sequence.saturating_add(1);
        self.rows = self.rows.saturating_add(1);
        self.parked = None;
        self.crashes = 0;
        self.waits = false;
        self.due = Some(now);
        Ok(())
    }

    /// Retries the rollback of a run that has ended: the transitions that were not undone are to be undone.
    ///
    /// # Errors
    /// [`NotEnded`](StoreError::NotEnded) if it has not ended, and [`NothingToUndo`](StoreError::NothingToUndo) if it ended well or was
    /// undone completely.
    pub fn retry_rollback(&mut self, now: SystemTime) -> Result<(), StoreError> {
        let run = || self.id.clone();
        if !self.status.is_ended() {
            return Err(StoreError::NotEnded { run: run() });
        }
        // Undos that were skipped because the run was terminated, and undos that failed.
        let left = self.undos.saturating_add(self.not_undone);
        if self.status == Status::Done || left == 0 {
            return Err(StoreError::NothingToUndo { run: run() });
        }
        self.status = Status::RollingBack;
        self.rolls_back = true;
        self.sequence = self.sequence.saturating_add(1);
        self.rows = self.rows.saturating_add(1);
        self.undos = left;
        self.undo_before = u64::MAX;
        self.not_undone = 0;
        self.crashes = 0;
        self.waits = false;
        self.stop = None;
        self.parked = None;
        self.due = Some(now);
        self.ended = None;
        Ok(())
    }
}

impl Claim {
    /// Returns true if the caller drives runs of this workflow and version.
    #[must_use]
    pub fn knows(&self, row: &RunRow) -> bool {
        let of = |known: &&WorkflowVersions| known.workflow == row.workflow;
        let known = self.workflows.iter().find(of);
        known.is_some_and(|known| known.versions.contains(&row.version))
    }
}

impl Suspects {
    /// Returns the suspects of a caller that drives none.
    #[must_use]
    pub fn none(alone_from: u32) -> Self {
        Suspects {
            under_way: 0,
            deaths: 0,
            alone_from,
        }
    }

    /// Returns how many of `n` suspects may be driven at once if the holder of one of them died `deaths` times in a
    /// row: all of them after one death, then ever fewer, and one from [`alone_from`](Suspects::alone_from) deaths on.
    #[must_use]
    pub fn room(&self, deaths: u32, n: usize) -> usize {
        if deaths >= self.alone_from {
            return 1;
        }
        let (after_first, all) = (deaths.saturating_sub(1), self.alone_from.max(2) - 1);
        let bits = usize::BITS - n.leading_zeros();
        // In equal parts of the logarithm, so that each death leaves the same share.
        let halved = (bits * after_first).div_ceil(all);
        n.checked_shr(halved).unwrap_or(0).max(1)
    }

    /// Counts one more suspect that is driven, and returns true, if there is room for it. `n` is the number of all suspects.
    pub fn admit(&mut self, deaths: u32, n: usize) -> bool {
        let most = self.deaths.max(deaths);
        let is_admitted = self.under_way < self.room(most, n);
        if is_admitted {
            self.under_way += 1;
            self.deaths = most;
        }
        is_admitted
    }
}
