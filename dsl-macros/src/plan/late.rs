//! The state that the deadline of a workflow leads to.

use proc_macro2::Ident;

use super::turn::Standing;
use crate::graph::{Graph, StateId};

/// The state that the deadline of the workflow leads to.
pub(crate) struct Late<'a> {
    /// The word `deadline`.
    pub(crate) keyword: &'a Ident,
    /// The state, where the deadline names it.
    pub(crate) target: Ident,
    /// True if it is made of the machine: of the input, and of a copy of the state.
    pub(crate) takes_machine: bool,
    /// The states that a run can be in meanwhile, if it is made of the machine.
    pub(crate) from: Vec<StateId>,
}

impl<'a> Late<'a> {
    pub(super) fn of(graph: &'a Graph<'a>, standings: &[Standing]) -> Option<Self> {
        let mut transitions = graph.transitions.iter();
        let deadline = transitions.find(|it| it.declaration.is_deadline() && it.is_whole)?;
        let (target, state) = (
            deadline.declaration.targets.first()?,
            deadline.targets.first()?,
        );
        let declared = graph.state(*state).declaration?;
        // That it was another word, and this one is meant, is reported.
        let mut name = declared.name.clone();
        name.set_span(target.span());
        let takes_machine = declared.has_fields();
        let lives =
            |state: &StateId| matches!(standings[state.0], Standing::Driven(_) | Standing::Waiting);
        Some(Late {
            keyword: &deadline.declaration.name,
            target: name,
            takes_machine,
            from: graph
                .ids()
                .filter(|state| takes_machine && lives(state))
                .collect(),
        })
    }
}
