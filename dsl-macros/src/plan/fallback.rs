//! The target of a transition whose last attempt has failed, by `else`.

use proc_macro2::Ident;

use crate::graph::{Graph, ResolvedTransition, StateId};

/// The state that `else` names.
#[derive(Clone, Copy)]
pub(crate) struct Fallback<'a> {
    pub(crate) state: StateId,
    /// Where the clause names it.
    pub(crate) name: &'a Ident,
    /// True if it is made of the machine: of the input, and of a copy of the state.
    pub(crate) takes_machine: bool,
}

impl<'a> Fallback<'a> {
    pub(super) fn of(graph: &Graph<'_>, transition: &ResolvedTransition<'a>) -> Option<Self> {
        let (state, name) = transition.handlers.fallback?;
        Some(Fallback {
            state,
            name,
            takes_machine: graph.state(state).declaration?.has_fields(),
        })
    }
}
