//! How generated types relate: a workflow has states, a state has transitions out of it, and a
//! transition has states that it may lead to.
//!
//! Several parameters exist only to be printed: a message of `on_unimplemented` can name them, so
//! one trait here says for every workflow which transitions are legal where.

use core::any::Any;

use crate::{Graph, Machine};

/// A declaration made by `workflow!`, under the name of its machine (`Order`).
///
/// Only generated code implements it.
pub trait Workflow: Sized + 'static {
    /// What a run is started with; `()` where nothing was declared.
    type Input: 'static;
    /// Any state without its input: what a driver moves along and a store keeps.
    type State: 'static;
    /// Any state with its input and its typestate (`AnyOrder`).
    type Any;
    /// The final states (`OrderEnd`).
    type End: 'static;

    /// The declared states and transitions.
    const GRAPH: &'static Graph;

    /// Takes a machine apart into what stays for the whole run and what moves on.
    fn into_parts(any: Self::Any) -> (Self::Input, Self::State);

    /// The position in [`GRAPH`](Workflow::GRAPH) of the state that this is.
    fn position(state: &Self::State) -> usize;
}

/// A state of a workflow, such as `Reserved`.
///
/// Only generated code implements it.
pub trait State: Sized + 'static {
    /// The workflow that declares this state.
    type Workflow: Workflow;
    /// Prints as the names of the transitions that leave this state.
    #[doc(hidden)]
    type Exits;

    /// Forgets at compile time which state the machine is in.
    #[doc(hidden)]
    fn any(
        machine: Machine<<Self::Workflow as Workflow>::Input, Self>,
    ) -> <Self::Workflow as Workflow>::Any;
}

/// A state that a run of `W` may begin in.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a start state of `{W}`",
    label = "a run cannot begin here",
    note = "a run begins in a state that is declared with `start`"
)]
pub trait StartState<W> {}

/// The outcome of a transition, such as `Reserve`: one variant for each state it may lead to.
///
/// Only generated code implements it.
pub trait Transition: Sized + 'static {
    /// The workflow that declares this transition.
    type Workflow: Workflow;
    /// Its position in the workflow's [`GRAPH`](Workflow::GRAPH).
    const POSITION: usize;
    /// Prints as the name of the transition and the states that it may lead to.
    #[doc(hidden)]
    type Words: Words;

    /// The state that it led to, as a driver moves it on.
    #[doc(hidden)]
    fn into_state(self) -> <Self::Workflow as Workflow>::State;
}

/// What a transition prints as, in one type: each associated type of a generated impl costs time at every check.
#[doc(hidden)]
pub trait Words {
    /// The name.
    type Name;
    /// The states that it may lead to.
    type Targets;
}

impl<Name, Targets> Words for (Name, Targets) {
    type Name = Name;
    type Targets = Targets;
}

/// Prints as the name of a transition.
#[doc(hidden)]
pub type Name<T> = <<T as Transition>::Words as Words>::Name;
/// Prints as the states that a transition may lead to.
#[doc(hidden)]
pub type Targets<T> = <<T as Transition>::Words as Words>::Targets;

/// The state `From`, which the transition leaves. Being it, every such state converts into it.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Name}` is not a transition out of `{Self}`",
    label = "`{Name}` leaves `{From}`",
    note = "legal here: {Legal}"
)]
pub trait Source<Name, From, Legal>: Into<From> {}

/// Most states are left by one transition.
impl<S: State<Exits = Name>, Name> Source<Name, S, Name> for S {}

/// A state that the transition with the outcome `T` may lead to.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Name}` may not end in `{Self}`",
    label = "not a declared target",
    note = "`{Name}` leads to {Targets}"
)]
pub trait Target<T, Name, Targets> {
    /// The outcome that leads to this state.
    fn outcome(self) -> T;
}

// Not recommended: that a state has no such impl is the message of `Target`.
#[diagnostic::do_not_recommend]
impl<S, T> Target<T, Name<T>, Targets<T>> for S
where
    T: Accepts<S>,
{
    fn outcome(self) -> T {
        T::accept(self)
    }
}

/// A transition that may lead to the state `S`.
#[doc(hidden)]
pub trait Accepts<S>: Transition {
    /// The outcome that leads to `state`.
    fn accept(state: S) -> Self;
}

/// Finds out whether a value is a `B`, or gives it back by way of `or`.
///
/// Types are compared by identity, which the compiler decides where both are known.
///
/// # Errors
/// The value, if it is not.
#[doc(hidden)]
pub fn cast<A: 'static, B: 'static, E>(value: A, or: fn(A) -> E) -> Result<B, E> {
    let mut value = Some(value);
    let same: Option<&mut Option<B>> = (&mut value as &mut dyn Any).downcast_mut();
    match same.and_then(Option::take) {
        Some(value) => Ok(value),
        None => Err(or(value.expect("what is not taken is still there"))),
    }
}
