//! Faults of a claim.

use stateway::StoreError;
use stateway::store::{Claim, Claims, Filter, Holder, Store as _, Suspects, WorkflowVersions};

use super::{Faulty, far};
use crate::fault::Fault::*;

impl Faulty {
    pub(super) async fn claimed(&self, mut claim: Claim) -> Result<Claims, StoreError> {
        if self.is(ClaimIgnoresTheLimit) {
            claim.limit = usize::MAX;
        }
        if self.is(ClaimIgnoresTheTime) {
            claim.now = far();
        }
        if self.is(ClaimGivesWhatIsHeld) {
            claim.lease.holder = Holder::unique();
        }
        if self.is(ClaimIgnoresSuspects) {
            claim.suspects = Suspects::none(u32::MAX);
        }
        if self.is(ClaimTakesEachSuspectAlone) {
            claim.suspects.alone_from = 0;
        }
        if self.is(ClaimIgnoresLeases) {
            self.lapse_all().await?;
        }
        if self.is(ClaimLooksAtOneWorkflow) {
            claim.workflows = claim.workflows.iter().take(1).cloned().collect();
        }
        let mut claims = self.store.claim(claim.clone()).await?;
        if self.is(ClaimSaysNothingOfItsOwn) {
            claims.own.clear();
        }
        if self.is(ClaimDoesNotCountWhatIsLeft) {
            claims.left = 0;
        }
        if self.is(ClaimNeverSaysWhenToAskAgain) {
            claims.next = None;
        }
        if self.is(NextIgnoresLeases) {
            let rows = self.store.list(Filter::default()).await?;
            let rows = rows.iter().filter(|row| claim.knows(row));
            let due = rows.filter_map(|row| row.due).min();
            claims.next = due.map(|due| due.duration_since(claim.now).unwrap_or_default());
        }
        let claimed = &mut claims.taken;
        let more: &[&[u32]] = match self.fault {
            ClaimIgnoresTheWorkflow => &[&[1]],
            ClaimIgnoresTheVersion => &[&[2, 3]],
            _ => &[],
        };
        for versions in more {
            for workflow in ["Order", "Refund", "Other"] {
                let known = WorkflowVersions {
                    workflow: workflow.into(),
                    versions: versions.to_vec(),
                };
                let other = Claim {
                    workflows: [known].into(),
                    ..claim.clone()
                };
                claimed.extend(self.store.claim(other).await?.taken);
            }
        }
        for claimed in claimed {
            self.effects.claimed(self.fault, claimed);
            if self.is(ClaimForgetsNotes) {
                claimed.notes.clear();
            }
            if self.is(ClaimSaysTheTimeOfTheCaller) {
                claimed.now = claim.now;
            }
            if self.is(ClaimForgetsTheInbox) {
                claimed.inbox.clear();
            }
        }
        Ok(claims)
    }
}
