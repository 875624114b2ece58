//! States that are entered without a handler, and are made from the machine: by a deadline, or by `else`.

use std::marker::PhantomData;

use stateway_core::{Kept, KeptInput, Workflow};

/// Returns the machine of this input and this state, from which another state is made.
#[must_use]
pub fn machine_of<W: Workflow>(input: W::Input, state: W::State) -> W::Any {
    W::gather(&mut Some(input), &mut Some(state))
}

/// The way to make the state `T` from the machine `M`.
///
/// A deadline or an `else` that names the state demands that it is `From` the machine. Other code compiles even if it is not, so that
/// this is the only error: the methods are then those of [`NotMade`].
#[derive(Default)]
pub struct Made<T, M>(PhantomData<fn(M) -> T>);

impl<T, M> Made<T, M> {
    /// Returns the way, which has no data.
    #[must_use]
    pub const fn new() -> Self {
        Made(PhantomData)
    }
}

impl<T: From<M>, M> Made<T, M> {
    /// Returns the state.
    #[must_use]
    pub fn of(&self, machine: M) -> T {
        T::from(machine)
    }

    /// Returns the demands on the parts of the machine.
    #[must_use]
    pub const fn demands(&self) -> Demands {
        Demands
    }
}

/// The demands on the states and the input of a machine from which another state is made.
pub struct Demands;

#[expect(clippy::unused_self, reason = "the value says which demands there are")]
impl Demands {
    /// Does nothing but compile: generated code calls it with each state.
    pub const fn state<T: Kept<By>, By>(&self) {}

    /// Does nothing but compile: generated code calls it with the input.
    pub const fn input<T: KeptInput<By>, By>(&self) {}
}

/// A state that cannot be made from the machine.
pub trait NotMade<T, M> {
    /// Is never called: it does not compile.
    fn of(&self, machine: M) -> T;

    /// Demands nothing.
    fn demands(&self) -> NoDemands;
}

impl<T, M> NotMade<T, M> for Made<T, M> {
    fn of(&self, _: M) -> T {
        unreachable!("a state that is not made of the machine is not entered without a handler")
    }

    fn demands(&self) -> NoDemands {
        NoDemands
    }
}

/// No demands: the state that would demand something is an error itself.
pub struct NoDemands;

#[expect(clippy::unused_self, reason = "the value says which demands there are")]
impl NoDemands {
    /// Takes any state.
    pub const fn state<T, By>(&self) {}

    /// Takes any input.
    pub const fn input<T, By>(&self) {}
}
