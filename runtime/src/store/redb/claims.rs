//! Claims, inside the transaction of a batch.

use super::changes::Changes;
use super::damage::guarded;
use super::fault::{Fault, broken};
use super::format::Record;
use super::history::{StartData, origin, payload};
use super::index::DueRun;
use crate::run::RunId;
use crate::store::timeline::{Moment, wait};
use crate::store::{Claim, Claimed, Claims, Lease, Message, NoteRow, TraceContext};

/// The parts of a run that is about to be claimed.
pub(super) struct Claimable {
    record: Record,
    input: Vec<u8>,
    payload: Vec<u8>,
    trace: Option<TraceContext>,
    notes: Vec<NoteRow>,
    inbox: Vec<Message>,
}

impl Changes<'_> {
    pub(super) fn claim(&mut self, claim: &Claim) -> Result<Claims, Fault> {
        let now = self.timeline.now(claim.now, self.at);
        let steady = self.timeline.steady(self.at);
        let lease = claim.lease;
        let mut claims = Claims::default();
        for run in self.index.lapse(claim, steady) {
            self.index.extend(&run, lease.duration, steady);
            let held = self.index.held(&run);
            claims.own.extend(held.map(|held| held.record.row.clone()));
        }
        let mut room = claim.suspects;
        let n = self.index.count_suspects(claim) + room.under_way;
        // Runs that stand still by law 6 make room for others.
        loop {
            let mut admitted = Vec::new();
            let mut left = 0;
            for (crashes, candidate) in self.index.suspects(claim) {
                if claims.taken.len() + admitted.len() == claim.limit {
                    break;
                }
                if !room.admit(crashes.saturating_add(1), n) {
                    left = self.index.count_suspects(claim) - admitted.len();
                    break;
                }
                admitted.push((candidate.found, candidate.run.clone()));
            }
            claims.left = left;
            if admitted.is_empty() {
                break;
            }
            for (found, run) in admitted {
                match self.take(&found, &run, lease, (now, steady))? {
                    Some(taken) => claims.taken.push(taken),
                    None => room.under_way -= 1,
                }
            }
        }
        while claims.taken.len() < claim.limit {
            let missing = claim.limit - claims.taken.len();
            let due: Vec<_> = self
                .index
                .due(claim, now, steady)
                .take(missing)
                .map(|it| (it.found, it.run.clone()))
                .collect();
            if due.is_empty() {
                break;
            }
            for (found, run) in due {
                let taken = self.take(&found, &run, lease, (now, steady))?;
                claims.taken.extend(taken);
            }
        }
        // The suspects that only the limit has left.
        let suspect = self
            .index
            .suspects(claim)
            .next()
            .filter(|(crashes, _)| room.admit(crashes.saturating_add(1), n));
        let next = self.index.next(claim, now, steady);
        claims.next = next.into_iter().chain(suspect.map(|_| 0)).min().map(wait);
        Ok(claims)
    }

    /// Claims one run, unless it stands still by law 6.
    fn take(
        &mut self,
        found: &DueRun,
        run: &RunId,
        lease: Lease,
        now: (Moment, Moment),
    ) -> Result<Option<Claimed>, Fault> {
        match self.try_take(run, lease, now) {
            Ok(taken) => Ok(Some(taken)),
            Err(Fault::Answer(error)) => {
                self.broken.add(run.clone(), &error);
                self.index.discard(found, run);
                Ok(None)
            }
            Err(fault) => Err(fault),
        }
    }

    /// Claims one run. `now` is the time on the time line, and `steady` the time by the clock that nobody sets.
    fn try_take(
        &mut self,
        run: &RunId,
        lease: Lease,
        (now, steady): (Moment, Moment),
    ) -> Result<Claimed, Fault> {
        let Claimable {
            record: before,
            input,
            payload,
            trace,
            notes,
            inbox,
        } = guarded(|| self.look_up(run)).map_err(|fault| match fault {
            // This run needs the page.
            Fault::Damaged(reason) => broken(run, "what a claim of it needs", &reason),
            fault => fault,
        })?;
        let mut record = before.clone();
        record.row.claim(before.is_held);
        record.is_held = true;
        self.tables.put(&record)?;
        self.wrote = true;
        let row = record.row.clone();
        self.index.forget(&before);
        let now = before.now(now);
        self.index.hold(record, lease, steady);
        Ok(Claimed {
            row,
            now,
            input,
            payload,
            trace,
            notes,
            inbox,
        })
    }

    /// Reads all that a claim returns of a run.
    pub(super) fn look_up(&mut self, run: &RunId) -> Result<Claimable, Fault> {
        let record = self.live(run)?;
        let rows = &self.tables.history.rows;
        let StartData { input, trace, .. } = origin(rows, &record)?;
        let payload = payload(rows, &record)?;
        let notes = self.tables.notes(&record)?;
        let inbox = self.tables.inbox(&record)?;
        Ok(Claimable {
            record,
            input,
            payload,
            trace,
            notes,
            inbox,
        })
    }
}
