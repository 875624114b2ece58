//! The ways in which the driver takes a transition, and what moves a run in each state.

use proc_macro2::Ident;

use super::fallback::Fallback;
use super::keep;
use crate::ast::{ClauseKind, Clauses, Reads, TransitionKind};
use crate::graph::{DoubtHandler, Graph, ResolvedTransition};

/// The way in which the driver takes a transition.
pub(crate) enum Turn<'a> {
    /// Its handler, or its split, is called once.
    Once,
    /// It is called as its clauses say.
    Guarded(Guard<'a>),
}

/// The clauses by which a transition is called.
pub(crate) struct Guard<'a> {
    /// True if the source is needed after the handler was called with it.
    pub(crate) keeps_source: bool,
    pub(crate) catch: Option<&'a Ident>,
    pub(crate) fallback: Option<Fallback<'a>>,
    pub(crate) breaker: Option<&'a Ident>,
    pub(crate) limit: Option<&'a Ident>,
    /// True if its last call is undone where that is in doubt.
    pub(crate) is_in_doubt: bool,
    /// The fields that its clauses and its pauses read.
    pub(crate) reads: Reads<'a>,
}

/// The party that moves a run out of a state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Standing {
    /// The run has ended.
    Final,
    /// The driver takes the transition at this position.
    Driven(usize),
    /// Signals, timers and a poll.
    Waiting,
    /// Nothing: no transition leaves it, or none that can be driven.
    Stuck,
}

impl<'a> Turn<'a> {
    /// The turn of a transition that has a handler.
    pub(super) fn of(
        graph: &Graph<'_>,
        transition: &'a ResolvedTransition<'a>,
        is_whole_split: bool,
    ) -> Option<Self> {
        let declaration = transition.declaration;
        if declaration.unread.is_some()
            || transition.unread_source().is_some()
            || declaration.split().is_some() && !is_whole_split
        {
            return None;
        }
        // `check/sources.rs` says so.
        let takes_one =
            declaration.split().is_some() || declaration.is_internal || declaration.is_poll();
        if takes_one && transition.sources.len() > 1 {
            return None;
        }
        let reads = declaration.reads();
        let is_plain = reads.is_empty() && in_doubt(transition).is_none();
        if !declaration.clauses.guard() && is_plain {
            return Some(Turn::Once);
        }
        let handlers = &transition.handlers;
        Some(Turn::Guarded(Guard {
            keeps_source: keep::keeps_source(graph, transition),
            catch: handlers.catch,
            fallback: Fallback::of(graph, transition),
            breaker: handlers.breaker,
            limit: handlers.limit,
            is_in_doubt: in_doubt(transition).is_some(),
            reads,
        }))
    }
}

/// The handler that undoes the last call of a step, if that is in doubt. Of anything else, and of what could not be read, there
/// is none.
pub(super) fn in_doubt<'a>(transition: &ResolvedTransition<'a>) -> Option<DoubtHandler<'a>> {
    let declaration = transition.declaration;
    let is_read = declaration.unread.is_none()
        && transition.unread_source().is_none()
        && declaration.clauses.unread(ClauseKind::Undo).is_none();
    let is_step = matches!(declaration.kind, TransitionKind::Step);
    transition.handlers.in_doubt.filter(|_| is_read && is_step)
}

/// The standing of every state. Where a block with errors has two active transitions out of one, the first counts.
///
/// `transitions` are all of them, each with whether it has a turn.
pub(super) fn standings<'a>(
    graph: &Graph<'_>,
    transitions: impl Iterator<Item = (&'a ResolvedTransition<'a>, bool)>,
) -> Vec<Standing> {
    let of_kind = graph.states.iter().map(|state| {
        if state.kind.is_final() {
            Standing::Final
        } else {
            Standing::Stuck
        }
    });
    let mut standings: Vec<Standing> = of_kind.collect();
    for (position, (transition, has_turn)) in transitions.enumerate() {
        for source in &transition.sources {
            let standing = &mut standings[source.0];
            match standing {
                Standing::Stuck if transition.declaration.is_event() => {
                    *standing = Standing::Waiting;
                }
                Standing::Stuck | Standing::Waiting
                    if has_turn && transition.declaration.kind.is_active() =>
                {
                    *standing = Standing::Driven(position);
                }
                _ => {}
            }
        }
    }
    standings
}

/// Returns true if an error of one of its handlers is judged.
pub(super) fn judges(transition: &ResolvedTransition<'_>) -> bool {
    let judged =
        |clauses: &Clauses, breaker: Option<&Ident>| clauses.retry().is_some() || breaker.is_some();
    let clauses = &transition.declaration.clauses;
    let mut branches = transition.branches.iter();
    judged(clauses, transition.handlers.breaker)
        || branches.any(|it| judged(&it.declaration.clauses, it.breaker))
        || in_doubt(transition).is_some()
        || clauses.undo().is_some_and(|(_, undo)| undo.retry.is_some())
        || transition.branches.iter().any(|branch| {
            let undo = branch.declaration.clauses.undo();
            undo.is_some_and(|(_, undo)| undo.retry.is_some())
        })
}
