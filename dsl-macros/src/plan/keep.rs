//! The states that are copied before a handler takes them, and for whom.
//!
//! A state that is not listed here need not be `Clone`.

use proc_macro2::Ident;

use super::fallback::Fallback;
use super::late::Late;
use crate::ast::ClauseKind;
use crate::graph::{DoubtHandler, Graph, ResolvedBranch, ResolvedTransition, StateId};

/// A state that is copied, with the first handler that it is kept for.
pub(crate) struct Kept<'a> {
    pub(crate) state: StateId,
    pub(crate) keeper: Keeper<'a>,
}

/// The one who needs the copy.
#[derive(Clone, Copy)]
pub(crate) enum Keeper<'a> {
    /// The next attempt of this transition.
    Retry(&'a Ident),
    /// The `catch` of this transition.
    Catch(&'a Ident),
    /// This undo handler, of the transition that led to the state.
    Undo(&'a Ident),
    /// This undo handler, of a call in doubt or of a branch, which leaves the state.
    UndoOfEffect(&'a Ident),
    /// The signal of this name, which interrupts the handler that has the state.
    Interrupt(&'a Ident),
    /// The state that `else` of this transition names, which is made of the machine.
    Fallback(&'a Ident, Fallback<'a>),
    /// The deadline of the workflow, which leads to a state that is made of the machine.
    Deadline(&'a Ident),
}

impl<'a> Keeper<'a> {
    /// The name that the compiler prints for it.
    pub(crate) fn name(self) -> &'a Ident {
        match self {
            Keeper::Retry(name)
            | Keeper::Catch(name)
            | Keeper::Undo(name)
            | Keeper::UndoOfEffect(name)
            | Keeper::Interrupt(name)
            | Keeper::Fallback(name, _)
            | Keeper::Deadline(name) => name,
        }
    }
}

/// Returns true if somebody needs the source after the handler was called with it.
pub(super) fn keeps_source(graph: &Graph<'_>, transition: &ResolvedTransition<'_>) -> bool {
    of_source(graph, transition).is_some()
}

/// Returns the one who needs the source after the handler was called with it.
fn of_source<'a>(graph: &Graph<'_>, transition: &ResolvedTransition<'a>) -> Option<Keeper<'a>> {
    let declaration = transition.declaration;
    let name = &declaration.name;
    let is_read = |kind| declaration.clauses.unread(kind).is_none();
    if declaration.is_repeated() && is_read(ClauseKind::Retry) {
        return Some(Keeper::Retry(name));
    }
    if transition.handlers.catch.is_some() && is_read(ClauseKind::Catch) {
        return Some(Keeper::Catch(name));
    }
    let fallback = Fallback::of(graph, transition).filter(|it| it.takes_machine);
    fallback.map(|fallback| Keeper::Fallback(name, fallback))
}

/// Every state that is copied for one of these transitions, which have handlers.
pub(super) fn kept<'a>(
    graph: &Graph<'_>,
    handled: impl Iterator<Item = &'a ResolvedTransition<'a>>,
    is_interrupted: impl Fn(StateId) -> bool,
    late: Option<&Late<'a>>,
) -> Vec<Kept<'a>> {
    let mut kept: Vec<Kept<'a>> = Vec::new();
    let mut keep = |state, keeper| {
        if !kept.iter().any(|known| known.state == state) {
            kept.push(Kept { state, keeper });
        }
    };
    // Nobody knows what an unread clause keeps.
    for transition in handled.filter(|it| it.declaration.unread.is_none()) {
        let sources = transition
            .sources
            .iter()
            .filter_map(|state| Some((*state, of_source(graph, transition)?)));
        let declaration = transition.declaration;
        let interrupted = transition
            .sources
            .iter()
            .filter(|state| declaration.interrupts().is_some() && is_interrupted(**state))
            .map(|state| (*state, Keeper::Interrupt(&declaration.name)));
        let is_read = declaration.clauses.unread(ClauseKind::Undo).is_none();
        let undone = transition
            .handlers
            .undo
            .iter()
            .filter(|_| is_read)
            .map(|(target, handler)| (*target, Keeper::Undo(handler)));
        let in_doubt = super::turn::in_doubt(transition).map(DoubtHandler::name);
        let mut branches = transition.branches.iter();
        let left = in_doubt.or_else(|| branches.find_map(ResolvedBranch::undone_by));
        let left = left.into_iter().flat_map(|handler| {
            let sources = transition.sources.iter();
            sources.map(move |state| (*state, Keeper::UndoOfEffect(handler)))
        });
        for (state, keeper) in sources.chain(interrupted).chain(undone).chain(left) {
            keep(state, keeper);
        }
    }
    if let Some(late) = late {
        for state in &late.from {
            keep(*state, Keeper::Deadline(late.keyword));
        }
    }
    kept
}
