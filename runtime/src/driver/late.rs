//! The deadline of a workflow, where that leads to a state in place of ending the run.

use std::future::poll_fn;
use std::marker::PhantomData;
use std::task::Poll;

use stateway_core::{Kept, KeptInput, Workflow};

use super::alone;
use super::drive::{Drive, Failed};
use super::forward::{Halt, Outcome, just_taken};
use super::stop::StopSignals;
use crate::error::{Cause, Place};
use crate::journal::Journal;
use crate::run::CurrentRun;
use crate::support::panic::{catch_panic, forget_panic};

/// The machine, of which the state is made that the deadline leads to.
#[must_use]
pub fn machine_of<W: Workflow>(input: W::Input, state: W::State) -> W::Any {
    W::gather(&mut Some(input), &mut Some(state))
}

/// The way to make the state `T` of the machine `M`.
///
/// That it is `From` the machine is demanded where the deadline names it. That other code still compiles where it is not
/// makes this the only error: the methods are then those of [`NotMade`].
#[derive(Default)]
pub struct Made<T, M>(PhantomData<fn(M) -> T>);

impl<T, M> Made<T, M> {
    /// The way, which has no data.
    #[must_use]
    pub const fn new() -> Self {
        Made(PhantomData)
    }
}

impl<T: From<M>, M> Made<T, M> {
    /// The state.
    #[must_use]
    pub fn of(&self, machine: M) -> T {
        T::from(machine)
    }

    /// The demands on the parts of the machine.
    #[must_use]
    pub const fn demands(&self) -> Demands {
        Demands
    }
}

/// The demands on the states and the input of a machine of which another state is made.
pub struct Demands;

#[expect(clippy::unused_self, reason = "the value says which demands there are")]
impl Demands {
    /// Does nothing but compile: generated code calls it with each state.
    pub const fn state<T: Kept<By>, By>(&self) {}

    /// Does nothing but compile: generated code calls it with the input.
    pub const fn input<T: KeptInput<By>, By>(&self) {}
}

/// A state that cannot be made of the machine.
pub trait NotMade<T, M> {
    /// Is never called: it does not compile.
    fn of(&self, machine: M) -> T;

    /// Nothing is demanded.
    fn demands(&self) -> NoDemands;
}

impl<T, M> NotMade<T, M> for Made<T, M> {
    fn of(&self, _: M) -> T {
        unreachable!("a deadline to a state that is not made of the machine does not compile")
    }

    fn demands(&self) -> NoDemands {
        NoDemands
    }
}

/// No demands: what would keep the machine is in error itself.
pub struct NoDemands;

#[expect(clippy::unused_self, reason = "the value says which demands there are")]
impl NoDemands {
    /// Takes any state.
    pub const fn state<T, By>(&self) {}

    /// Takes any input.
    pub const fn input<T, By>(&self) {}
}

/// Keeps a copy of the state that a handler is about to get, while the deadline has not passed.
// A function that boxes, or the copy would have room in the future of the run.
#[inline(never)]
pub(super) fn keep<W: Drive<C>, C>(
    place: Option<&W::State>,
    kept: &mut Option<Box<W::State>>,
    run: &CurrentRun<W>,
) {
    forget_panic(|| *kept = None);
    // Without a copy, which panics, the run fails by its deadline.
    if let (Some(state), false) = (place, run.is_late()) {
        forget_panic(|| *kept = W::kept_for_deadline(state).map(Box::new));
    }
}

/// The halt of a run by its deadline, if that leads to a state.
pub(super) fn halted<W: Workflow, E, L>(
    outcome: Outcome<W, E, L>,
) -> Result<(Place, Failed<E>), Outcome<W, E, L>> {
    match outcome {
        Err(Halt::Failed(place, cause))
            if const { W::GRAPH.late().is_some() } && cause.is_deadline_of_run() =>
        {
            Ok((place, cause))
        }
        outcome => Err(outcome),
    }
}

/// Takes the run to that state. What was under way is no visit: the next one has its number.
///
/// # Errors
/// The loss of the journal, or the failure of the run.
pub(super) async fn go_on<W, C, J>(
    (halted, cause): (Place, Failed<W::Error>),
    place: &mut Option<W::State>,
    kept: &mut Option<Box<W::State>>,
    run: &CurrentRun<W>,
    stop: &mut StopSignals,
    journal: &mut J,
) -> Result<(), Halt<W::Error, J::Lost>>
where
    W: Drive<C>,
    J: Journal<W, W::Error>,
{
    if let Some(tasks) = run.tasks() {
        alone(tasks, stop).await;
    }
    if poll_fn(|cx| Poll::Ready(stop.is_terminated(cx))).await {
        return Err(Halt::Failed(halted, Box::new(Cause::Terminated)));
    }
    journal.given_up();
    let mut from = None;
    if const { W::LATE_TAKES_MACHINE } {
        from = place.take().or_else(|| kept.take().map(|state| *state));
        if from.is_none() {
            return Err(Halt::Failed(halted, cause));
        }
    }
    forget_panic(|| *place = None);
    forget_panic(|| *kept = None);
    forget_panic(|| drop(cause));
    run.pass_deadline(halted);
    stop.forget_deadline();
    let made = catch_panic(|| Poll::Ready(Ok::<_, Cause<W::Error>>(W::late(from, &run.input))));
    let state = match made {
        Poll::Ready(Ok(state)) => state,
        Poll::Ready(Err(cause)) => {
            let place = Place {
                transition: Some(run.transition()),
                attempts: 0,
                ..halted
            };
            return Err(Halt::Failed(place, Box::new(cause)));
        }
        Poll::Pending => None,
    };
    let state = state.unwrap_or_else(|| unreachable!("the graph says that it leads on"));
    let state = place.insert(state);
    let taken = just_taken::<W, C, J>(run, state);
    let entered = journal.entered(taken, || None);
    run.leave(W::position(state));
    entered.await.map_err(Halt::Lost)
}
