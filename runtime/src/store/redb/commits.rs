//! Commits, inside the transaction of a batch.

use super::changes::{Changes, not_found};
use super::fault::Fault;
use super::format::Record;
use super::tables::Tables;
use crate::store::apply::Fence;
use crate::store::timeline::Moment;
use crate::store::{Commit, Hold, Outbox, StoreError};

impl Changes<'_> {
    pub(super) fn commit(&mut self, commit: &Commit) -> Result<Hold, Fault> {
        let (took_place, hold) = self.advance(commit)?;
        if took_place {
            self.send_out(&commit.outbox)?;
        }
        Ok(hold)
    }

    /// Adds runs and messages that belong to a commit.
    fn send_out(&mut self, outbox: &Outbox) -> Result<(), Fault> {
        for run in &outbox.runs {
            match self.find(&run.id) {
                Ok(None) => {
                    self.add(run, None)?;
                }
                // A run that cannot be read exists as well.
                Ok(Some(_)) | Err(Fault::Answer(_)) => {}
                Err(fault) => return Err(fault),
            }
        }
        for message in &outbox.messages {
            match self.send(&message.clone().into()) {
                // The message is dropped.
                Ok(_) | Err(Fault::Answer(_)) => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(())
    }

    /// Applies a commit to its run. Returns `false` if it took place before, and the hold of its holder.
    fn advance(&mut self, commit: &Commit) -> Result<(bool, Hold), Fault> {
        let run = &commit.run;
        let behind = self.timeline.behind(commit.at, self.at);
        // Changed in place, because this is the most frequent operation.
        if let Some(held) = self.index.held_mut(run) {
            let took_place = advance(&mut self.tables, &mut held.record, commit, behind)?;
            let is_held = held.record.is_held;
            if !took_place {
                return Ok((false, Hold::kept_if(is_held)));
            }
            self.wrote = true;
            self.tables.put(&held.record)?;
            if is_held {
                self.index.refresh(run);
            } else {
                self.index.settle(run);
            }
            return Ok((true, Hold::kept_if(is_held)));
        }
        // It has no claim, or one from before the file was opened.
        let record = self.tables.find(run)?;
        let before = record.ok_or_else(|| not_found(run))?;
        let mut record = before.clone();
        let took_place = advance(&mut self.tables, &mut record, commit, behind)?;
        let hold = Hold::kept_if(record.is_held);
        if !took_place {
            return Ok((false, hold));
        }
        self.wrote = true;
        self.tables.put(&record)?;
        self.index.forget(&before);
        self.index.place(&record);
        Ok((true, hold))
    }
}

/// Applies a commit, by a clock that is `behind` by this much. Returns `false`, and changes nothing, if it took place
/// before. If it is refused, nothing changes either.
fn advance(
    tables: &mut Tables<'_>,
    record: &mut Record,
    commit: &Commit,
    behind: Moment,
) -> Result<bool, Fault> {
    let run = &commit.run;
    let fence = record.row.fence(commit.epoch, commit.sequence);
    if fence.map_err(Fault::Answer)? == Fence::Passed {
        let rows = tables
            .history
            .last_moved(record, commit.effects.len() + 2)?;
        if commit.is_in(&rows) && tables.has_entries(record, commit)? {
            return Ok(false);
        }
        return Err(Fault::Answer(StoreError::Fenced { run: run.clone() }));
    }
    // First the operations that may find a note or a message that cannot be read.
    let (dropped, kept) = tables.dropped_notes(record, &commit.event)?;
    if record.messages > 0 && !commit.consumed.is_empty() {
        let taken_by = record.row.number_of(commit);
        let consumed = tables.consume(run, &commit.consumed, taken_by)?;
        record.messages = record.messages.saturating_sub(consumed);
    }
    let old = tables
        .history
        .old_rows(record, record.row.removes(commit))?;
    let entries_from = record.row.logged;
    let keeps = record.row.apply(commit, record.messages as usize);
    record.is_held &= keeps;
    record.behind = behind;
    tables.drop_notes(run, &dropped)?;
    record.notes = kept;
    let left = if record.row.status.is_ended() && record.messages > 0 {
        tables.left(run)?
    } else {
        Vec::new()
    };
    tables.add_entries(run, entries_from, commit)?;
    tables.history.commit(record, commit, &left)?;
    tables.history.remove_old(record, &old)?;
    Ok(true)
}
