//! The relations of generated types: a workflow has states, a state has transitions out of it, and a
//! transition has states that it may lead to.
//!
//! Several parameters exist only to be printed: a message of `on_unimplemented` can name them, so
//! one trait here says for every workflow which transitions are legal in which state.

use crate::{Graph, Machine, enter};

/// A declaration made by `workflow!`, under the name of its machine (`Order`).
///
/// Only generated code implements it.
pub trait Workflow: Sized + 'static {
    /// The input of a run; `()` if none was declared.
    type Input: 'static;
    /// Any state without the input: a driver moves it, and a store keeps it.
    type State: 'static;
    /// Any state with the input and its typestate (`AnyOrder`).
    type Any;
    /// The final states (`OrderEnd`).
    type End: 'static;

    /// The declared states and transitions.
    const GRAPH: &'static Graph;

    /// Takes a machine apart into its input and its state.
    fn into_parts(any: Self::Any) -> (Self::Input, Self::State);

    /// Returns the position of a state in [`GRAPH`](Workflow::GRAPH).
    fn position(state: &Self::State) -> usize;

    /// Turns a known state into any state.
    #[doc(hidden)]
    fn state<S: State<Workflow = Self>>(state: S) -> Self::State;

    /// Makes a machine from its parts, which are taken out of their places.
    #[doc(hidden)]
    fn gather(input: &mut Option<Self::Input>, place: &mut Option<Self::State>) -> Self::Any;

    /// Takes a final state out of its place, as the end of a run, with its position; `None` leaves another there.
    #[doc(hidden)]
    fn end(place: &mut Option<Self::State>) -> Option<(Self::End, usize)>;
}

/// A state of a workflow, such as `Reserved`.
///
/// Only generated code implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not known to be a state of a workflow",
    label = "the machine has to be in a state that is known here",
    note = "name its state, as in `Order<Placed>`, or take an `AnyOrder`, which is in any; a function for every state has the bound `S: State<Workflow = Order>`"
)]
pub trait State: Sized + 'static {
    /// The workflow that declares this state.
    type Workflow: Workflow;
    /// Prints as the names of the transitions that leave this state.
    #[doc(hidden)]
    type Exits;

    /// Returns `state` as this state, if it is that.
    ///
    /// # Errors
    /// `state`, if it is another.
    #[doc(hidden)]
    fn of(
        state: <Self::Workflow as Workflow>::State,
    ) -> Result<Self, <Self::Workflow as Workflow>::State>;
}

/// A state that a run of `W` may begin in.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a start state of `{W}`",
    label = "a run cannot begin here",
    note = "a run begins in a state that is declared with `start`"
)]
pub trait StartState<W>: Into<<Self as StartState<W>>::This> {
    /// The state itself.
    ///
    /// `Order::start` returns a machine in this state, so that rustc infers the state from the argument alone. If it also inferred it
    /// from the use of the machine, a wrong type there would be two errors at the argument.
    #[doc(hidden)]
    type This;
}

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

    /// Returns the state that it led to, as a driver moves it.
    #[doc(hidden)]
    fn into_state(self) -> <Self::Workflow as Workflow>::State;
}

/// The printed form of a transition in one type: each associated type of a generated impl costs time at every check.
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

/// The transitions that leave the state `S`, with the one called `Name` among them. It takes the state as `From`, which is `S`.
///
/// It is a trait of the transitions, [`State::Exits`], and not of the state: rustc knows no transitions of a type that is not known to
/// be a state, and so adds no second message about them.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Name}` is not a transition out of `{S}`",
    label = "`{Name}` leaves `{From}`",
    note = "legal here: {Self}"
)]
pub trait Source<Name, From, S> {
    /// Returns the state as the declared source.
    fn leave(state: S) -> From;
}

/// Most states are left by one transition.
impl<Name, S> Source<Name, S, S> for Name {
    fn leave(state: S) -> S {
        state
    }
}

/// A machine in a known state, for the transition `Name` that leaves `From`. Nothing implements it: the methods of
/// `AnyOrder`, whose state is not known, ask for it.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` may be in any state, and `{Name}` leaves `{From}`",
    label = "the state is not known here",
    note = "match it: `{Self}::{From}(machine) => machine.{Name}(..)`"
)]
pub trait InOneState<Name, From, Next> {}

/// A state that the transition with the outcome `T` may lead to.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Name}` may not end in `{Self}`",
    label = "not a declared target",
    note = "`{Name}` leads to {Targets}"
)]
pub trait Target<T, Name, Targets> {
    /// Returns the outcome that leads to this state.
    fn outcome(self) -> T;
}

// Not recommended, so that a state without such an impl gives the message of `Target`.
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
    /// Returns the outcome that leads to `state`.
    fn accept(state: S) -> Self;
}

type Input<S> = <<S as State>::Workflow as Workflow>::Input;
type Any<S> = <<S as State>::Workflow as Workflow>::Any;
type Place<S> = Option<<<S as State>::Workflow as Workflow>::State>;

/// Takes the state `S` out of its place; `None` leaves another there.
///
/// Generated code has a `match` over all states, and without optimisation each variable of each arm has its own room
/// on the stack. So the arms pass the place of a state, and the state is moved here.
#[doc(hidden)]
#[cfg_attr(not(debug_assertions), inline(always))]
#[cfg_attr(
    not(debug_assertions),
    expect(clippy::inline_always, reason = "each turn of a driver takes a state")
)]
pub fn take<S: State>(place: &mut Place<S>) -> Option<S> {
    match S::of(place.take()?) {
        Ok(state) => Some(state),
        Err(other) => {
            *place = Some(other);
            None
        }
    }
}

/// Moves a value into a variant of an enum, if it is a `B`.
///
/// Types are compared by identity, which the compiler decides if both are known.
#[doc(hidden)]
#[inline]
pub fn put<A: 'static, B: 'static, T>(
    from: &mut Option<A>,
    to: &mut Option<T>,
    variant: fn(B) -> T,
) {
    let same: Option<&mut Option<B>> = (from as &mut dyn core::any::Any).downcast_mut();
    if let Some(value) = same.and_then(Option::take) {
        *to = Some(variant(value));
    }
}

/// Moves a value by `part`, which gives it back if it is none of its variants.
#[doc(hidden)]
#[inline]
pub fn ask<A, T>(from: &mut Option<A>, to: &mut Option<T>, part: fn(A) -> Result<T, A>) {
    match from.take().map(part) {
        Some(Ok(value)) => *to = Some(value),
        Some(Err(value)) => *from = Some(value),
        None => {}
    }
}

/// Returns the value that was put into its place after all variants were asked for.
///
/// # Panics
/// If there is none.
#[doc(hidden)]
#[inline]
pub fn put_there<T>(place: Option<T>) -> T {
    place.unwrap_or_else(|| nothing_is_left(()))
}

/// Ends a `match` in which all variants were asked for.
///
/// # Panics
/// Always.
#[doc(hidden)]
#[cold]
pub fn nothing_is_left<T>(_: T) -> ! {
    unreachable!("each of the variants was asked for")
}

/// Returns the machine in the state `S`, which is in `place`, as a variant of an enum.
#[doc(hidden)]
#[inline]
pub fn gather<S: State, M>(
    input: &mut Option<Input<S>>,
    place: &mut Place<S>,
    machine: fn(Machine<Input<S>, S>) -> M,
    variant: fn(M) -> Any<S>,
) -> Any<S> {
    match input.take().zip(take(place)) {
        Some((input, state)) => variant(machine(enter(input, state))),
        None => nothing_is_left(()),
    }
}

/// Returns the end of a run in the final state `S`, which is in `place`, with its position.
#[doc(hidden)]
#[inline]
pub fn end<S: State, End>(
    place: &mut Place<S>,
    variant: fn(S) -> End,
    position: usize,
) -> Option<(End, usize)> {
    take(place).map(|state| (variant(state), position))
}

/// Returns the parts of a machine whose state is known.
#[doc(hidden)]
pub fn known<S: State>(
    machine: Machine<Input<S>, S>,
) -> (Input<S>, <S::Workflow as Workflow>::State) {
    let (input, state) = machine.into_parts();
    (input, <S::Workflow as Workflow>::state(state))
}

/// Turns a machine in a known state into a machine in any state.
#[doc(hidden)]
pub fn widen<S: State>(machine: Machine<Input<S>, S>) -> Any<S> {
    let (input, state) = known(machine);
    <S::Workflow as Workflow>::gather(&mut Some(input), &mut Some(state))
}

/// Returns the machine in the state `S`, if it is in that.
///
/// # Errors
/// The machine, if it is in another state.
#[doc(hidden)]
pub fn narrow<S: State>(any: Any<S>) -> Result<Machine<Input<S>, S>, Any<S>> {
    let (input, state) = <S::Workflow as Workflow>::into_parts(any);
    match S::of(state) {
        Ok(state) => Ok(enter(input, state)),
        Err(state) => Err(<S::Workflow as Workflow>::gather(
            &mut Some(input),
            &mut Some(state),
        )),
    }
}
