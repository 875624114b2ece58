//! The row, the notes and the failed attempts of a held run.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::run::PartName;
use crate::store::{FailedAttempt, NoteRow, Progress, RunRow};

/// The run as the store has it. Only the future of the run changes it, between two handlers.
pub(super) struct HeldState {
    /// Changed by the same functions as the row in the store, such as [`RunRow::apply`].
    pub(super) row: RunRow,
    /// The time of the claim, or of the last entry into a state, by the clock that has set the times of the run: the system clock may
    /// have been set since.
    pub(super) since: (SystemTime, Instant),
    /// The time the deadline of the workflow passes, if that is still to come.
    pub(super) up: Option<SystemTime>,
    /// True if the store may have noted that the run waits, and has not said so.
    pub(super) may_wait: bool,
    /// The payload of its state, of a workflow whose visits have effects.
    pub(super) payload: Option<Vec<u8>>,
    /// The notes about the current visit, as they were when the run was taken up, and its effects.
    pub(super) notes: HashMap<String, Progress>,
    /// The number that the next effect of that visit has.
    pub(super) effects: u32,
    /// The failed attempts of that visit, each with the name of its part.
    pub(super) failed: VecDeque<(String, FailedAttempt)>,
}

/// The number of failed attempts of a visit that are kept, the last ones.
const ATTEMPTS: usize = 16;

/// Returns the name of the transition of a part, which is given as it prints.
pub(super) fn transition_of(part: &str) -> Option<&str> {
    part.split('/').nth(1)
}

impl HeldState {
    pub(super) fn new(
        row: RunRow,
        payload: Option<Vec<u8>>,
        notes: Vec<NoteRow>,
        now: SystemTime,
    ) -> Self {
        let mut failed = Vec::new();
        for NoteRow { key, progress } in &notes {
            if let Progress::Attempts { failed: some, .. } = progress {
                failed.extend(some.iter().map(|attempt| (key.clone(), attempt.clone())));
            }
        }
        failed.sort_by_key(|(_, attempt)| attempt.at);
        // Each part has up to this number of its own.
        failed.drain(..failed.len().saturating_sub(ATTEMPTS));
        let effects = notes.iter().filter_map(|note| note.progress.effect());
        let effects = effects.map(|effect| effect.number.saturating_add(1)).max();
        HeldState {
            effects: effects.unwrap_or(0),
            since: (now, Instant::now()),
            up: None,
            may_wait: false,
            row,
            payload,
            notes: notes
                .into_iter()
                .map(|note| (note.key, note.progress))
                .collect(),
            failed: failed.into(),
        }
    }

    /// Returns the rest of a wait.
    pub(super) fn left(&self, noted: SystemTime, due: SystemTime) -> Duration {
        let (taken_up, since) = self.since;
        // The clock may have been set back since it was noted.
        let begin = taken_up.max(noted);
        let delay = due.duration_since(begin).unwrap_or_default();
        delay.saturating_sub(since.elapsed())
    }

    pub(super) fn fail(&mut self, part: String, attempt: FailedAttempt) {
        self.failed.push_back((part, attempt));
        while self.failed.len() > ATTEMPTS {
            self.failed.pop_front();
        }
    }

    /// Returns the failed attempts of a part.
    pub(super) fn failed_of(&self, part: &PartName) -> Vec<FailedAttempt> {
        let part = part.to_string();
        let failed = self.failed.iter().filter(|(of, _)| *of == part);
        failed.map(|(_, attempt)| attempt.clone()).collect()
    }
}
