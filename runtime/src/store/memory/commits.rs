//! Commits: changes of a run by its holder.

use super::super::apply::Fence;
use super::super::{Commit, Event, HistoryRow, Hold, NewRun, StoreError};
use super::{KeptRun, Shelf};

impl Shelf {
    pub(super) fn commit(&mut self, mut commit: Commit) -> Result<Hold, StoreError> {
        let (kept, behind) = self.find_at(&commit.run, commit.at)?;
        if kept.row.fence(commit.epoch, commit.sequence)? == Fence::Passed {
            return if kept.has(&commit) {
                Ok(kept.hold())
            } else {
                Err(StoreError::Fenced { run: commit.run })
            };
        }
        let outbox = std::mem::take(&mut commit.outbox);
        kept.advance(commit);
        kept.behind = behind;
        let hold = kept.hold();
        for run in outbox.runs {
            self.create(NewRun { lease: None, ..run });
        }
        for message in outbox.messages {
            let _ = self.send(message.into());
        }
        Ok(hold)
    }
}

impl KeptRun {
    /// Returns true if this commit has moved it last.
    fn has(&self, commit: &Commit) -> bool {
        let last = self.history.iter().rposition(|row| row.event.moves());
        let is_in = last.is_some_and(|last| commit.is_in(&self.history[..=last]));
        let tail = self.log.len().checked_sub(commit.entries().len());
        is_in && tail.is_some_and(|tail| commit.is_logged_as(&self.log[tail..]))
    }

    /// Applies a commit.
    fn advance(&mut self, commit: Commit) {
        let removed = self.row.removes(&commit);
        let number = self.row.number_of(&commit);
        self.inbox.retain(|it| !commit.consumed.contains(&it.id));
        for consumed in &commit.consumed {
            if let Some(taken) = self.known.get_mut(consumed) {
                taken.get_or_insert(number);
            }
        }
        let first = self.row.rows + 1;
        if !self.row.apply(&commit, self.inbox.len()) {
            self.held = None;
        }
        self.add(commit.entries());
        if !removed.is_empty() {
            let history = &mut self.history;
            history.retain(|row| !removed.contains(&row.number) || row.is_undoable());
        }
        if let Event::Transition { payload, .. } = &commit.event {
            self.payload.clone_from(payload);
        }
        self.notes.retain(|_, note| commit.event.keeps(note));
        for (number, effect) in (first..).zip(commit.effects) {
            self.history.push(HistoryRow {
                number,
                at: commit.at,
                event: effect,
                failure: None,
                by: None,
                failed_attempts: Vec::new(),
                left: Vec::new(),
            });
        }
        self.history.push(HistoryRow {
            number,
            at: commit.at,
            event: commit.event,
            failure: commit.failure,
            by: None,
            failed_attempts: commit.failed_attempts,
            left: self.left(),
        });
    }
}
