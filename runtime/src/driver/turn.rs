//! One turn of a run: a transition out of a state, as a future that puts the next state in its place.

// In a call, the state of each turn goes through memory, which takes longer than all the rest. Without optimisation
// inlined code has its variables in the frame of its caller, all states of a workflow in one, so nothing is inlined there.
#![cfg_attr(
    not(debug_assertions),
    expect(
        clippy::inline_always,
        reason = "a call takes longer than what it does"
    )
)]

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project::pin_project;
use stateway_core::{State, Transition, Workflow, nothing_is_left, take};

use super::drive::{Failed, Judge};
use crate::handler::Step;
use crate::policy::Fails;
use crate::run::CurrentRun;
use crate::wait::Answered;

/// A transition out of a state: a handler with its policy, or several of them.
///
/// The turn to take among several is found by [`is_for`](Turn::is_for), which comes down to a comparison with a
/// constant. `Types` are those that follow from the signature of the handler.
pub trait Turn<'run, W: Workflow, C, Types>: Copy + Send {
    /// The result of the turn.
    type Output;

    /// Returns true if this is the turn for the state at this position; for an undo, the one with this number of this transition.
    fn is_for(state: usize, transition: usize) -> bool;

    /// Takes the state out of its place, and puts the next one there.
    fn take(
        self,
        place: &mut Option<W::State>,
        context: &'run C,
        run: &'run CurrentRun<W>,
    ) -> impl Future<Output = Self::Output> + Send;
}

/// Takes out the state `S`, which is known to be there.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(crate) fn found<S: State>(place: &mut Option<<S::Workflow as Workflow>::State>) -> S {
    match take(place) {
        Some(state) => state,
        None => nothing_is_left(()),
    }
}

/// The argument that a handler gets for the state that its transition leaves: the state, or an enum of several.
pub trait TakenFrom<W: Workflow>: 'static {
    /// Takes it out of the place.
    fn taken(place: &mut Option<W::State>) -> Self;
}

impl<W: Workflow, S: State<Workflow = W>> TakenFrom<W> for S {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn taken(place: &mut Option<W::State>) -> Self {
        found(place)
    }
}

/// The value of a handler, which leads to a state.
pub trait Moves<State> {
    /// Returns the state.
    fn into_place(self) -> State;
}

impl<T: Transition> Moves<<T::Workflow as Workflow>::State> for T {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn into_place(self) -> <T::Workflow as Workflow>::State {
        self.into_state()
    }
}

/// The result of an event that may leave a run in its state: the transition `T` out of the state `S`, or that state.
pub enum MayStay<T, S> {
    /// The run leaves its state.
    Leads(T),
    /// The run stays in its state.
    Stays(S),
}

impl<T, S> Moves<<T::Workflow as Workflow>::State> for MayStay<T, S>
where
    T: Transition,
    S: State<Workflow = T::Workflow>,
{
    fn into_place(self) -> <T::Workflow as Workflow>::State {
        match self {
            MayStay::Leads(outcome) => outcome.into_state(),
            MayStay::Stays(state) => T::Workflow::state(state),
        }
    }
}

/// Returns the result of an internal transition in this state.
pub fn stays<T: Transition, S>(state: S, _: &Step<T>) -> MayStay<T, S> {
    MayStay::Stays(state)
}

/// Like [`stays`], with an answer to the sender.
pub fn stays_answering<T: Transition, S, A: Send + 'static>(
    answer: A,
    state: S,
    step: &Step<T>,
) -> MayStay<T, S> {
    step.run().answers(answer);
    MayStay::Stays(state)
}

/// Returns the outcome of a signal whose sender gets an answer.
pub fn leads_answering<T: Transition, A: Send + 'static>(
    answered: Answered<T, A>,
    step: &Step<T>,
) -> T {
    step.run().answers(answered.answer);
    answered.outcome
}

/// Returns the result of a poll out of this state: `None` means that it is not time yet.
pub fn asked<T: Transition, S>(answer: Option<T>, state: S, step: &Step<T>) -> MayStay<T, S> {
    answer.map_or_else(
        || {
            step.run().stays();
            MayStay::Stays(state)
        },
        MayStay::Leads,
    )
}

/// A turn that is picked by its transition `T` from several that leave a state.
pub struct On<T, N>(N, PhantomData<fn() -> T>);

/// Returns the turn of the transition `T`.
#[must_use]
pub const fn on<T, N>(turn: N) -> On<T, N> {
    On(turn, PhantomData)
}

impl<T, N: Copy> Clone for On<T, N> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, N: Copy> Copy for On<T, N> {}

impl<'run, W, C, T, N, Types> Turn<'run, W, C, Types> for On<T, N>
where
    W: Workflow,
    C: 'run,
    T: Transition<Workflow = W>,
    N: Turn<'run, W, C, Types>,
{
    type Output = N::Output;

    #[inline]
    fn is_for(_: usize, transition: usize) -> bool {
        transition == T::POSITION
    }

    #[inline]
    fn take(
        self,
        place: &mut Option<W::State>,
        context: &'run C,
        run: &'run CurrentRun<W>,
    ) -> impl Future<Output = Self::Output> + Send {
        self.0.take(place, context, run)
    }
}

/// Returns true if the transition `T` leaves the state at this position.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(crate) fn leaves<T: Transition>(state: usize) -> bool {
    let sources = const { T::Workflow::GRAPH.transitions[T::POSITION].sources };
    match sources {
        [only] => *only == state,
        several => several.contains(&state),
    }
}

/// Notes the state in `place` as the source of the transition `T`, if that has several.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(crate) fn note_left<T: Transition>(
    place: Option<&<T::Workflow as Workflow>::State>,
    run: &CurrentRun<T::Workflow>,
) {
    let several = const { T::Workflow::GRAPH.transitions[T::POSITION].sources.len() > 1 };
    if several && let Some(state) = place {
        run.leaves(T::Workflow::position(state));
    }
}

/// A handler that is called once, or a split that is attempted once.
#[derive(Clone, Copy)]
pub struct Once<F>(pub F);

impl<'run, W, C, F, S, T, O, Fut, X> Turn<'run, W, C, (S, T, O, Fut, X)> for Once<F>
where
    W: Judge<C, State: Send>,
    C: 'run,
    S: TakenFrom<W>,
    T: Transition<Workflow = W>,
    O: Moves<W::State>,
    F: Fn(&'run C, S, &'run Step<T>) -> Fut + Copy + Send,
    Fut: Future<Output = Result<O, X>> + Send,
    X: Fails<W::Error>,
{
    type Output = Result<(), Failed<W::Error>>;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn is_for(state: usize, _: usize) -> bool {
        leaves::<T>(state)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn take(
        self,
        place: &mut Option<W::State>,
        context: &'run C,
        run: &'run CurrentRun<W>,
    ) -> impl Future<Output = Self::Output> + Send {
        note_left::<T>(place.as_ref(), run);
        Visited::new(self.0(context, S::taken(place), run.begin()), place)
    }
}

/// A visit to a transition, which puts the next state into its place.
#[pin_project]
pub(crate) struct Visited<'a, F, State, E> {
    #[pin]
    visit: F,
    place: &'a mut Option<State>,
    error: PhantomData<fn() -> E>,
}

impl<'a, F, State, E> Visited<'a, F, State, E> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn new(visit: F, place: &'a mut Option<State>) -> Self {
        Visited {
            visit,
            place,
            error: PhantomData,
        }
    }
}

impl<F, O, X, State, E> Future for Visited<'_, F, State, E>
where
    F: Future<Output = Result<O, X>>,
    O: Moves<State>,
    X: Fails<E>,
{
    type Output = Result<(), Failed<E>>;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        match this.visit.poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(outcome)) => {
                **this.place = Some(outcome.into_place());
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(failure)) => Poll::Ready(Err(Box::new(failure.into_cause()))),
        }
    }
}
