//! How a turn begins what has a policy, and an undo: each with its state in a call of its own.

use std::future::Future;

use stateway_core::{State, Transition};

use super::catch::Catch;
use super::fails::Fails;
use super::gate::{Gate, NoGate};
use super::guard::{Guarded, undone, visited};
use super::source::{Copied, Hold, Source};
use super::terms::OfTransition;
use crate::driver::{Judge, NotUndone, Settled, found};
use crate::handler::{Step, Undo};
use crate::run::Run;

/// Calls the handler of the transition `T` under its policy, with the state `S`, which it leaves and holds by `H`.
#[expect(clippy::type_complexity, reason = "nobody writes it")]
#[inline]
pub fn guarded<'run, H, S, T, W, C, F, Fut, X, K, L, G>(
    (_, handler, catch, lend): (H, F, K, L),
    place: &mut Option<W::State>,
    context: &'run C,
    run: &'run Run<W>,
) -> Settled<Guarded<'run, W, C, Step<T>, OfTransition<T>, T, G, H::Source, F, Fut, K>>
where
    W: Judge<C>,
    S: State<Workflow = W>,
    T: Transition<Workflow = W>,
    H: Hold<S, Source: Source<State = S>>,
    F: Fn(&'run C, S, &'run Step<T>) -> Fut,
    Fut: Future<Output = Result<T, X>>,
    X: Fails<W::Error>,
    K: Catch<&'run C, S, W::Error, &'run Step<T>, Outcome = T>,
    L: FnOnce(&'run C) -> G,
    G: Gate,
{
    let source = H::hold(found(place));
    let (seen, gate) = (run.visit_to(), lend(context));
    Settled::new(visited(context, run, seen, source, handler, catch, gate))
}

/// Stands before a handler that nothing stands before.
#[inline]
#[must_use]
pub fn no_gate<C>(_: &C) -> NoGate {
    NoGate
}

/// A copy of the state that a transition led to, with the position of the undo that needs it.
pub fn copied<S: Copied, State>(
    position: usize,
    state: &S,
    variant: impl FnOnce(S) -> State,
) -> Option<(usize, State)> {
    Some((position, variant(state.copied())))
}

/// Undoes a visit to the transition `T`, which led to the state `S`, by its undo at `POSITION`.
pub fn undoing<'run, const POSITION: usize, S, T, W, C, F, Fut>(
    handler: F,
    place: &mut Option<W::State>,
    context: &'run C,
    run: &'run Run<W>,
) -> impl Future<Output = Result<(), NotUndone<W::Error>>> + use<'run, POSITION, S, T, W, C, F, Fut>
where
    W: Judge<C>,
    S: State<Workflow = W> + Copied + Send,
    T: Transition<Workflow = W>,
    F: Fn(&'run C, S, &'run Undo<T>) -> Fut,
    Fut: Future<Output = Result<(), W::Error>>,
{
    undone::<T, POSITION, _, _, _, _, _>(context, run, found(place), handler)
}
