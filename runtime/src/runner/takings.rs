//! Requests to stop runs that are just being taken up: the store has recorded the claim, and the run is not on the list of driven
//! runs yet. Other requests need no such room, because the store repeats them with its answer to the next change.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::run::RunId;
use crate::store::Stop;

/// The claims and starts that have not ended, and the requests meanwhile. A request is dropped when all takings that it may concern
/// have ended.
#[derive(Default)]
pub(super) struct Takings(Mutex<State>);

#[derive(Default)]
struct State {
    next: u64,
    under_way: BTreeSet<u64>,
    unheard: Vec<Unheard>,
}

struct Unheard {
    /// Only takings below this number may take the run up without having seen the request.
    below: u64,
    run: RunId,
    incarnation: u64,
    stop: Stop,
}

/// A claim or a start. It is dropped when its runs are on the list.
pub(super) struct Taking {
    takings: Arc<Takings>,
    number: u64,
}

impl Takings {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a taking, which ends when the guard is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> Taking {
        let mut state = self.state();
        let number = state.next;
        state.next += 1;
        state.under_way.insert(number);
        Taking {
            takings: Arc::clone(self),
            number,
        }
    }

    /// Keeps a request for a run that may be about to be put on the list. The caller has locked the list.
    pub(super) fn keep(&self, run: &RunId, incarnation: u64, stop: Stop) {
        let mut state = self.state();
        if !state.under_way.is_empty() {
            let below = state.next;
            state.unheard.push(Unheard {
                below,
                run: run.clone(),
                incarnation,
                stop,
            });
        }
    }

    /// Returns the requests for a run that is just put on the list. The caller has locked the list.
    pub(super) fn asked_of(&self, run: &RunId, incarnation: u64) -> Vec<Stop> {
        let state = self.state();
        let unheard = state.unheard.iter();
        let unheard = unheard.filter(|it| it.run == *run && it.incarnation == incarnation);
        unheard.map(|it| it.stop).collect()
    }
}

impl Drop for Taking {
    fn drop(&mut self) {
        let mut state = self.takings.state();
        state.under_way.remove(&self.number);
        let oldest = state.under_way.first().copied();
        state
            .unheard
            .retain(|it| oldest.is_some_and(|oldest| oldest < it.below));
    }
}
