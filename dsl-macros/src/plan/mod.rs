//! The answers that generated code is written from, each found once: which transitions the driver takes and how, what is
//! kept of a state and for whom, which states nothing moves, and the signature of every handler.
//!
//! Nothing here is a token or an error. A new kind of transition is decided here; `codegen` writes down what stands in the
//! plan and decides nothing of its own. A block with errors has a plan as well: what cannot be driven is left out.

mod fallback;
mod keep;
mod late;
mod signature;
mod split;
#[cfg(test)]
mod tests;
mod turn;

use proc_macro2::Ident;

use crate::ast::{ClauseKind, plain};
use crate::graph::{
    DoubtHandler, Graph, PROVIDED_HANDLERS, ResolvedBranch, ResolvedTransition, StateId,
};

pub(crate) use fallback::Fallback;
pub(crate) use keep::{Keeper, Kept};
pub(crate) use late::Late;
pub(crate) use signature::{Gives, Held, Lender, Lent, Parameter, Role, Signature, Takes, Visit};
pub(crate) use split::{Branches, PlannedSplit};
pub(crate) use turn::{Guard, Standing, Turn};

/// The plan of one workflow.
pub(crate) struct Plan<'a> {
    pub(crate) graph: &'a Graph<'a>,
    /// In the order of the graph.
    pub(crate) transitions: Vec<Planned<'a>>,
    /// In the order of the graph.
    pub(crate) standings: Vec<Standing>,
    /// Each state that is copied, once.
    pub(crate) kept: Vec<Kept<'a>>,
    /// The breakers and limiters, each once.
    pub(crate) lenders: Vec<Lender<'a>>,
    /// True if errors of handlers are judged: another attempt may follow one, or a breaker asks.
    pub(crate) judges: bool,
    /// True if the driver holds states itself, and not the handlers alone.
    pub(crate) holds_states: bool,
    /// Where the deadline of the workflow leads, if to a state.
    pub(crate) late: Option<Late<'a>>,
    /// The first clause that puts a branch on a task of its own.
    pub(crate) spawned: Option<&'a Ident>,
    /// By the position of a state: true if branches or a poll borrow it.
    lent: Vec<bool>,
}

/// One transition in the plan.
pub(crate) struct Planned<'a> {
    pub(crate) transition: &'a ResolvedTransition<'a>,
    /// Its position in the graph.
    pub(crate) position: usize,
    /// The branches, of a split that can be run.
    pub(crate) split: Option<PlannedSplit<'a>>,
    /// The way in which the driver takes it; `None` if it does not.
    pub(crate) turn: Option<Turn<'a>>,
    /// The handlers that undo it, by the state that it led to.
    pub(crate) undo: &'a [(StateId, &'a Ident)],
    /// The handler that undoes its last call, if that is in doubt.
    pub(crate) in_doubt: Option<DoubtHandler<'a>>,
    /// The handlers, in the order of the trait.
    pub(crate) signatures: Vec<Signature<'a>>,
}

impl<'a> Plan<'a> {
    pub(crate) fn of(graph: &'a Graph<'a>) -> Self {
        let transitions: Vec<_> = graph
            .transitions
            .iter()
            .enumerate()
            .map(|(position, transition)| Planned::of(graph, position, transition))
            .collect();
        let mut lent = vec![false; graph.states.len()];
        for transition in &graph.transitions {
            if transition.declaration.split().is_some() || transition.declaration.is_poll() {
                for source in &transition.sources {
                    lent[source.0] = true;
                }
            }
        }
        let turns = transitions
            .iter()
            .map(|it| (it.transition, it.turn.is_some()));
        let handled = || {
            let handled = transitions.iter().filter(|it| it.is_handled());
            handled.map(|it| it.transition)
        };
        let standings = turn::standings(graph, turns);
        let late = Late::of(graph, &standings);
        let is_interrupted = |state| is_interrupted(graph, &transitions, &standings, state);
        Plan {
            graph,
            kept: keep::kept(graph, handled(), is_interrupted, late.as_ref()),
            lenders: signature::lenders(handled()),
            judges: graph.transitions.iter().any(turn::judges),
            holds_states: transitions.iter().any(Planned::holds_states)
                || late.as_ref().is_some_and(|late| late.takes_machine),
            spawned: transitions.iter().find_map(Planned::spawned),
            late,
            lent,
            standings,
            transitions,
        }
    }

    /// The states that are made of the machine, where they are named, each with the name of what leads there.
    pub(crate) fn made(&self) -> impl Iterator<Item = (&Ident, &'a Ident)> {
        let late = self.late.as_ref().filter(|late| late.takes_machine);
        let fallbacks = self.transitions.iter().filter_map(|planned| {
            let Some(Turn::Guarded(guard)) = &planned.turn else {
                return None;
            };
            let fallback = guard.fallback.as_ref().filter(|it| it.takes_machine)?;
            Some((fallback.name, &planned.transition.declaration.name))
        });
        let late = late.map(|late| (&late.target, late.keyword));
        late.into_iter().chain(fallbacks)
    }

    /// Returns true if branches or a poll borrow the state.
    pub(crate) fn is_lent(&self, state: StateId) -> bool {
        self.lent[state.0]
    }

    /// Returns true if a signal may interrupt the step or the split that leaves the state.
    pub(crate) fn is_interrupted(&self, state: StateId) -> bool {
        is_interrupted(self.graph, &self.transitions, &self.standings, state)
    }

    /// The transitions that are driven, each with the states that the driver takes it from.
    pub(crate) fn driven(&self) -> impl Iterator<Item = (&Planned<'a>, &Turn<'a>, Vec<StateId>)> {
        self.transitions.iter().filter_map(|planned| {
            let driven = Standing::Driven(planned.position);
            let sources = planned.transition.sources.iter().copied();
            let from: Vec<_> = sources
                .filter(|source| self.standings[source.0] == driven)
                .collect();
            let turn = planned.turn.as_ref().filter(|_| !from.is_empty())?;
            Some((planned, turn, from))
        })
    }
}

impl<'a> Plan<'a> {
    /// The transitions that an event takes, each with the states that it takes it from.
    pub(crate) fn events(&self) -> impl Iterator<Item = (&Planned<'a>, &Turn<'a>, Vec<StateId>)> {
        self.transitions.iter().filter_map(move |planned| {
            let interrupts = planned.transition.declaration.interrupts().is_some();
            let takes = |source: &StateId| match self.standings[source.0] {
                Standing::Waiting => true,
                Standing::Driven(_) => interrupts,
                Standing::Final | Standing::Stuck => false,
            };
            let sources = planned.transition.sources.iter().copied();
            let from: Vec<_> = sources.filter(takes).collect();
            let is_event = planned.transition.declaration.is_event() && !from.is_empty();
            let turn = planned.turn.as_ref().filter(|_| is_event)?;
            Some((planned, turn, from))
        })
    }
}

impl<'a> Planned<'a> {
    fn of(graph: &Graph<'_>, position: usize, transition: &'a ResolvedTransition<'a>) -> Self {
        let split = PlannedSplit::of(graph, transition);
        let is_handled = is_handled(transition);
        Planned {
            transition,
            position,
            turn: is_handled
                .then(|| Turn::of(graph, transition, split.is_some()))
                .flatten(),
            split,
            // Any handler may undo it if the clause could not be read.
            undo: if is_handled && is_undo_read(transition) {
                &transition.handlers.undo
            } else {
                &[]
            },
            in_doubt: turn::in_doubt(transition).filter(|_| is_handled),
            signatures: if is_handled {
                signature::of(graph, transition)
            } else {
                Vec::new()
            },
        }
    }

    /// Returns true if the context handles it.
    pub(crate) fn is_handled(&self) -> bool {
        !self.signatures.is_empty()
    }

    /// Returns true if the source is needed after the handler was called with it.
    pub(crate) fn keeps_source(&self) -> bool {
        matches!(&self.turn, Some(Turn::Guarded(guard)) if guard.keeps_source)
    }

    fn holds_states(&self) -> bool {
        let declaration = self.transition.declaration;
        let is_held = declaration.split().is_some()
            || declaration.clauses.guard()
            || !declaration.reads().is_empty()
            || declaration.is_internal
            || declaration.is_poll()
            || declaration.answers().is_some()
            || declaration.interrupts().is_some();
        self.is_handled() && (is_held || !self.undo.is_empty() || self.in_doubt.is_some())
    }

    /// The branches that can be undone, each with its position and the handler that does it.
    pub(crate) fn undone_branches(
        &self,
    ) -> impl Iterator<Item = (usize, &'a ResolvedBranch<'a>, &'a Ident)> {
        let branches = self.split.iter().flat_map(|_| &self.transition.branches);
        let branches = branches.enumerate();
        branches.filter_map(|(position, branch)| Some((position, branch, branch.undone_by()?)))
    }

    /// The clause of a branch that runs on a task of its own.
    fn spawned(&self) -> Option<&'a Ident> {
        self.split.as_ref()?;
        let branches = self.transition.declaration.branches();
        let mut clauses = branches.flat_map(|branch| branch.clauses.iter());
        let clause = clauses.find(|clause| clause.kind() == ClauseKind::Spawn)?;
        Some(&clause.name)
    }
}

/// Returns true if a signal may interrupt the step or the split that leaves the state.
fn is_interrupted(
    graph: &Graph<'_>,
    transitions: &[Planned<'_>],
    standings: &[Standing],
    state: StateId,
) -> bool {
    let declared = graph.state(state).declaration;
    let is_transient = declared.is_some_and(|it| it.transient.is_some());
    let is_driven = matches!(standings[state.0], Standing::Driven(_));
    is_driven
        && !is_transient
        && transitions.iter().any(|it| {
            it.turn.is_some()
                && it.transition.declaration.interrupts().is_some()
                && !it.transition.declaration.is_internal
                && it.transition.sources.contains(&state)
        })
}

/// Returns true if it is known what undoes the transition, and which states it leads to.
fn is_undo_read(transition: &ResolvedTransition<'_>) -> bool {
    let declaration = transition.declaration;
    declaration.unread.is_none() && declaration.clauses.unread(ClauseKind::Undo).is_none()
}

/// Returns true if this version calls the handlers of the transition.
fn is_handled(transition: &ResolvedTransition<'_>) -> bool {
    let declaration = transition.declaration;
    // A step that is called like a method of the trait, which is reported, has no handler.
    !transition.sources.is_empty()
        && !declaration.is_deadline()
        && !PROVIDED_HANDLERS.contains(&plain(&declaration.name).as_str())
}
