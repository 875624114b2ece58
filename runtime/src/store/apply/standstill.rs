//! Pausing and resuming a run.

use std::time::SystemTime;

use crate::store::{Event, RunRow, Status, Stop, StoreError};

impl RunRow {
    /// Asks the run to pause: at once if nobody holds it, and with the next change by its holder if somebody does. Returns true if
    /// the request is new, and belongs into the history. A run that is to be terminated is not paused.
    ///
    /// # Errors
    /// [`Ended`](StoreError::Ended) and [`Parked`](StoreError::Parked) if the run stands still already.
    pub fn pause(&mut self, is_held: bool) -> Result<bool, StoreError> {
        self.refuse_other_standstill()?;
        if self.status == Status::Paused || self.pause_asked || self.stop == Some(Stop::Terminate) {
            return Ok(false);
        }
        self.rows = self.rows.saturating_add(1);
        if is_held {
            self.pause_asked = true;
        } else {
            self.stand_still();
        }
        Ok(true)
    }

    /// Checks that the run has not ended and is not parked.
    fn refuse_other_standstill(&self) -> Result<(), StoreError> {
        let run = || self.id.clone();
        match self.status {
            Status::Parked => Err(StoreError::Parked { run: run() }),
            status if status.is_ended() => Err(StoreError::Ended { run: run() }),
            _ => Ok(()),
        }
    }

    /// Resumes a paused run, or withdraws the request if its holder has not reached a boundary yet. Returns the event for the
    /// history.
    ///
    /// # Errors
    /// [`NotPaused`](StoreError::NotPaused) if the run is neither paused nor asked to pause.
    pub fn resume(&mut self, now: SystemTime) -> Result<Event, StoreError> {
        if self.pause_asked {
            self.pause_asked = false;
            self.rows = self.rows.saturating_add(1);
            return Ok(Event::PauseWithdrawn);
        }
        if self.status != Status::Paused {
            let run = self.id.clone();
            return Err(StoreError::NotPaused { run });
        }
        if !self.rolls_back && self.failure.is_some() {
            self.attempts_since = Some(now);
        }
        self.go_on();
        self.sequence = self.sequence.saturating_add(1);
        self.rows = self.rows.saturating_add(1);
        self.crashes = 0;
        self.due = Some(now);
        Ok(Event::Resumed)
    }

    /// Asks the run to make its next attempt at once. `next` is the time that attempt is due by its notes, if it
    /// [waits for one](crate::store::NoteRow::next_attempt). Returns the event for the history.
    ///
    /// # Errors
    /// [`NotRetrying`](StoreError::NotRetrying) if the run does not wait for an attempt, or its holder is making it;
    /// [`Ended`](StoreError::Ended) and [`Parked`](StoreError::Parked).
    pub fn retry_now(
        &mut self,
        next: Option<SystemTime>,
        is_held: bool,
        now: SystemTime,
    ) -> Result<Event, StoreError> {
        self.refuse_other_standstill()?;
        let has_failed =
            self.status == Status::Paused && !self.rolls_back && self.failure.is_some();
        let waits = next.is_some_and(|next| !is_held || next > now);
        if !waits && !has_failed {
            let run = self.id.clone();
            return Err(StoreError::NotRetrying { run });
        }
        if self.status == Status::Paused {
            return self.resume(now);
        }
        self.pause_asked = false;
        self.retry_asked = true;
        self.rows = self.rows.saturating_add(1);
        if !is_held {
            self.due = Some(now);
        }
        Ok(Event::RetryAsked)
    }

    /// Pauses a live run.
    pub(super) fn stand_still(&mut self) {
        self.status = Status::Paused;
        self.waits = false;
        self.due = None;
        self.pause_asked = false;
        self.retry_asked = false;
    }

    /// Ends the pause of a run.
    pub(super) fn go_on(&mut self) {
        self.status = self.status_under_way();
        if !self.rolls_back {
            self.failure = None;
        }
    }
}
