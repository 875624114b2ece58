//! The runs that cannot be read, and the reasons.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::fault::Fault;
use crate::run::RunId;
use crate::store::StoreError;

/// The runs that cannot be read, and the reasons.
#[derive(Default)]
pub(super) struct Broken(Mutex<BTreeMap<RunId, String>>);

impl Broken {
    fn runs(&self) -> MutexGuard<'_, BTreeMap<RunId, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, run: RunId, error: &StoreError) {
        let reason = match error {
            StoreError::Broken { reason, .. } => {
                format!("what is stored of it cannot be read: {reason}")
            }
            error => error.to_string(),
        };
        self.runs().insert(run, reason);
    }

    /// Fails for a run that is not found, if its record is known to stand elsewhere.
    pub(super) fn check(&self, run: &RunId) -> Result<(), Fault> {
        match self.reason(run) {
            None => Ok(()),
            Some(reason) => {
                let run = run.clone();
                Err(Fault::Answer(StoreError::Broken { run, reason }))
            }
        }
    }

    /// Removes a run. Returns true if it was one of these.
    pub(super) fn remove(&self, run: &RunId) -> bool {
        self.runs().remove(run).is_some()
    }

    pub(super) fn reason(&self, run: &RunId) -> Option<String> {
        self.runs().get(run).cloned()
    }

    /// Returns the runs behind this one.
    pub(super) fn after(&self, run: Option<&RunId>) -> BTreeMap<RunId, String> {
        let after = (run.map_or(Unbounded, Excluded), Unbounded);
        let runs = self.runs();
        let behind = runs.range::<RunId, _>(after);
        behind
            .map(|(run, reason)| (run.clone(), reason.clone()))
            .collect()
    }

    /// Adds a run under whose id the record of another one stands, and that other run, if it has no other record.
    pub(super) fn misplaced(&self, run: RunId, owner: &RunId, is_found: bool) {
        let add = |run: RunId, reason: String| {
            let reason = format!("its record: {reason}");
            self.add(run.clone(), &StoreError::Broken { run, reason });
        };
        if !is_found {
            add(owner.clone(), format!("it stands under `{run}`"));
        }
        add(run, format!("it is that of run `{owner}`"));
    }
}
