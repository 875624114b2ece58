//! The begin of a turn with a policy, and of an undo: each with its state in a call of its own.

use std::future::Future;

use stateway_core::Transition;

use super::catch::Catch;
use super::fails::Fails;
use super::gate::{Gate, NoGate};
use super::guard::visited;
use super::source::{Copied, Hold};
use crate::driver::{Failed, Judge, Moves, TakenFrom, Turn, Visited, leaves, note_left};
use crate::handler::Step;
use crate::run::CurrentRun;

/// A handler under its policy: the way to hold its source state, the handler, its `catch`,
/// and the gate before it.
#[derive(Clone, Copy)]
pub struct Guard<H, F, K, L>(pub H, pub F, pub K, pub L);

impl<'run, W, C, H, F, K, L, S, T, O, Fut, X, G> Turn<'run, W, C, (S, T, O, Fut, X, G)>
    for Guard<H, F, K, L>
where
    W: Judge<C, State: Send, Input: Send + Sync>,
    C: Sync + 'run,
    S: TakenFrom<W> + Send,
    T: Transition<Workflow = W> + Send,
    O: Moves<W::State> + Send + 'run,
    H: Hold<S, W::Input, Source: Send + 'run> + Copy + Send,
    F: Fn(&'run C, S, &'run Step<T>) -> Fut + Copy + Send + Sync + 'run,
    Fut: Future<Output = Result<O, X>> + Send + 'run,
    X: Fails<W::Error> + 'run,
    K: Catch<&'run C, S, W::Error, &'run Step<T>, Outcome = O> + Copy + Send + 'run,
    L: Fn(&'run C) -> G + Copy + Send,
    G: Gate<Permit: Send> + Send + Sync + 'run,
{
    type Output = Result<(), Failed<W::Error>>;

    #[inline]
    fn is_for(state: usize, _: usize) -> bool {
        leaves::<T>(state)
    }

    #[inline]
    fn take(
        self,
        place: &mut Option<W::State>,
        context: &'run C,
        run: &'run CurrentRun<W>,
    ) -> impl Future<Output = Self::Output> + Send {
        let Guard(holds, handler, catch, lend) = self;
        note_left::<T>(place.as_ref(), run);
        let (state, step) = (S::taken(place), run.visit_to::<T>());
        if let Some(copy) = holds.in_doubt(&state) {
            run.doubts(copy);
        }
        let source = holds.hold(state, &run.input);
        let visit = visited(context, run, step, source, handler, catch, lend(context));
        Visited::new(visit, place)
    }
}

/// Returns the gate of a handler without a breaker and a limiter.
#[inline]
#[must_use]
pub fn no_gate<C>(_: &C) -> NoGate {
    NoGate
}

/// Returns a copy of the state that a transition led to, with the position of the undo that needs it.
pub fn copied<S: Copied, State>(
    position: usize,
    state: &S,
    variant: impl FnOnce(S) -> State,
) -> Option<(usize, State)> {
    Some((position, copy_of(state, variant)?))
}

/// Returns a copy of a state, as any state of its workflow.
pub fn copy_of<S: Copied, State>(state: &S, variant: impl FnOnce(S) -> State) -> Option<State> {
    Some(variant(state.copied()))
}
