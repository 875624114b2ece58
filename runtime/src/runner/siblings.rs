//! The engines of this process: no two handlers of one visit are called at once in it, whichever of them drive the run.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::active::Active;
use super::engine::Engine;
use crate::run::RunId;

static ENGINES: Mutex<Vec<Weak<Engine>>> = Mutex::new(Vec::new());

impl Engine {
    /// Makes this engine known to the others.
    pub(super) fn join(self: &Arc<Self>) {
        let mut engines = ENGINES.lock().unwrap_or_else(PoisonError::into_inner);
        engines.retain(|it| it.strong_count() > 0);
        engines.push(Arc::downgrade(self));
    }

    /// Returns a run as other engines drive it, each with its engine. They may be of another store that is
    /// a copy of this one.
    ///
    /// If two engines put a run on their list and then call this, at least one sees the other.
    pub(super) fn rivals(&self, run: &RunId, incarnation: u64) -> Vec<(Arc<Engine>, Active)> {
        let others: Vec<_> = {
            let engines = ENGINES.lock().unwrap_or_else(PoisonError::into_inner);
            let others = engines.iter().filter_map(Weak::upgrade);
            others
                .filter(|it| !std::ptr::eq(Arc::as_ptr(it), self))
                .collect()
        };
        let active = others.into_iter().filter_map(|engine| {
            let active = engine.active().get(run).cloned();
            active.map(|active| (engine, active))
        });
        active
            .filter(|(_, it)| it.held.incarnation() == incarnation)
            .collect()
    }
}
