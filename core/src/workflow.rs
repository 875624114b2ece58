//! How generated types relate: a workflow has states, a state has transitions out of it, and a
//! transition accepts the states it was declared to lead to.

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
}

/// A state of a workflow, such as `Reserved`.
///
/// Only generated code implements it.
pub trait State: Sized + 'static {
    /// The workflow that declares this state.
    type Workflow: Workflow;
    /// The names of the transitions that leave this state; they appear in compile errors only.
    #[doc(hidden)]
    type Exits;

    /// The position of this state in [`Graph::states`].
    const INDEX: usize;

    /// Forgets at compile time which state the machine is in.
    fn into_any(
        machine: Machine<<Self::Workflow as Workflow>::Input, Self>,
    ) -> <Self::Workflow as Workflow>::Any;

    /// Finds out whether a machine is in this state, or gives it back.
    ///
    /// # Errors
    /// The machine itself, if it is in another state.
    #[expect(
        clippy::type_complexity,
        reason = "an alias would hide what comes back"
    )]
    fn from_any(
        any: <Self::Workflow as Workflow>::Any,
    ) -> Result<Machine<<Self::Workflow as Workflow>::Input, Self>, <Self::Workflow as Workflow>::Any>;
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

    /// The position of this transition in [`Graph::transitions`].
    const INDEX: usize;
}

/// A transition that may lead to the state `S`.
///
/// Only generated code implements it.
pub trait Accepts<S>: Transition {
    /// The outcome that leads to `state`.
    fn accept(state: S) -> Self;
}
