//! Faults of a commit.

use stateway::StoreError;
use stateway::store::{Commit, Event, Hold, Status, Store as _};

use super::Faulty;
use crate::fault::Fault::*;

impl Faulty {
    pub(super) async fn committed(&self, mut commit: Commit) -> Result<Hold, StoreError> {
        let row = self.row(&commit.run).await;
        if let Some(row) = &row {
            if self.is(CommitTakesAnyEpoch) {
                commit.epoch = row.epoch;
            }
            if self.is(CommitTakesAnySequence) {
                commit.sequence = row.sequence;
            }
            if self.is(StopMovesTheRun) && row.rows > row.sequence {
                let run = commit.run;
                return Err(StoreError::Fenced { run });
            }
            if self.is(CommitRefusesARepetition) && commit.sequence != row.sequence {
                let run = commit.run;
                return Err(StoreError::Fenced { run });
            }
        }
        if self.is(CommitIgnoresTheRelease) {
            commit.release = None;
        }
        if self.is(CommitForgetsTheFailure) {
            commit.failure = None;
        }
        let messages = commit.outbox.messages.clone();
        match self.fault {
            CommitForgetsWhatWasConsumed => commit.consumed.clear(),
            CommitForgetsTheIndex => commit.index.clear(),
            CommitForgetsWhatFired => commit.fired.clear(),
            CommitEntersWhereItStays => {
                if let Event::Transition { internal, .. } = &mut commit.event {
                    *internal = false;
                }
            }
            CommitBoundsNothing => commit.keep_history = None,
            CommitKeepsOneRowLess => {
                commit.keep_history = commit.keep_history.map(|rows| rows.saturating_sub(1));
            }
            CommitBoundsWhatIsNotBounded => {
                commit.keep_history = commit.keep_history.or(Some(3));
            }
            CommitForgetsTheEntries => commit.logged.clear(),
            CommitForgetsTheLastEntry => drop(commit.logged.pop()),
            CommitLogsBackwards => commit.logged.reverse(),
            CommitLogsWhateverHappens if !matches!(commit.event, Event::Transition { .. }) => {
                self.keep(&commit.logged);
            }
            CommitRepeatsOtherEntries
                if row
                    .as_ref()
                    .is_some_and(|row| row.sequence == commit.sequence + 1) =>
            {
                let mut entries = self.entries(&commit.run).await;
                let more = entries.len().saturating_sub(commit.logged.len());
                commit.logged = entries.split_off(more);
            }
            LogOutlivesItsRun if commit.status == Status::Done => {
                self.keep(&self.entries(&commit.run).await);
            }
            CommitStartsNothing => commit.outbox.runs.clear(),
            CommitSendsNothing => commit.outbox.messages.clear(),
            // The message to a run of the same outbox is lost then.
            CommitSendsBeforeItStarts | CommitSendsThoughItIsRefused => {
                commit.outbox.messages.clear();
                for message in messages {
                    let _ = self.store.send(message.into()).await;
                }
            }
            _ => {}
        }
        self.effects
            .commit(self.fault, &self.store, &mut commit)
            .await;
        let answer = self.store.commit(commit.clone()).await;
        self.effects.answered(self.fault, &commit, &answer);
        if self.is(CommitRepeats)
            && answer.is_ok()
            && row
                .as_ref()
                .is_some_and(|row| row.sequence == commit.sequence + 1)
        {
            commit.sequence += 1;
            return self.store.commit(commit).await;
        }
        let is_repeated = row.is_some_and(|row| row.sequence == commit.sequence + 1);
        if (self.is(LogKeepsWhatWasRefused) && answer.is_err())
            || (self.is(LogKeepsWhatWasRepeated) && answer.is_ok() && is_repeated)
        {
            self.keep(&commit.logged);
        }
        match answer {
            Err(StoreError::Fenced { .. }) if self.is(CommitSaysOkWhenFenced) => Ok(Hold::Kept),
            Ok(_) if self.is(CommitSaysTheClaimIsKept) => Ok(Hold::Kept),
            Ok(_) if self.is(CommitSaysTheClaimIsDropped) => Ok(Hold::Dropped),
            answer => answer,
        }
    }
}
