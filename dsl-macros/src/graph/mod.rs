//! The declaration with its names resolved: what leads where.
//!
//! An undeclared name has been reported when the graph is made. The most similar state stands in
//! for it, or a stub, so that the generated code still fits the rest of the program and the typo
//! is the only error.

mod groups;
mod handlers;
mod items;
mod resolve;

use proc_macro2::Ident;
use syn::Type;

use crate::ast;

pub(crate) use groups::{Found, GroupId, ResolvedGroup};
pub(crate) use resolve::resolve;

/// States and transitions, each known by its position.
pub(crate) struct Graph<'a> {
    pub(crate) ast: &'a ast::Workflow,
    pub(crate) states: Vec<ResolvedState<'a>>,
    pub(crate) groups: Vec<ResolvedGroup<'a>>,
    pub(crate) transitions: Vec<ResolvedTransition<'a>>,
}

/// Methods that every machine has, so that no transition can be called like them.
pub(crate) const OWN_METHODS: [&str; 4] = ["start", "run", "into_state", "input"];

/// Methods of `AnyOrder`, beside one for the data of each group.
pub(crate) const ANY_METHODS: [&str; 3] = ["state", "input", "run"];

/// Methods that the handle of a run has or is to have, so that no signal can be called like them: it is sent by a method
/// of the same handle. They stand here before signals are built, so that a method that comes later breaks no block.
pub(crate) const HANDLE_METHODS: [&str; 13] = [
    "id",
    "info",
    "is_new",
    "state",
    "end",
    "reached",
    "changes",
    "clone",
    "clone_from",
    "clone_into",
    "into",
    "to_owned",
    "try_into",
];

/// Methods that every trait of handlers has, so that no handler can be called like them.
pub(crate) const PROVIDED_HANDLERS: [&str; 3] = ["retryable", "retry_after", "source_of"];

/// The position of a state in [`Graph::states`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct StateId(pub(crate) usize);

pub(crate) struct ResolvedState<'a> {
    pub(crate) name: &'a Ident,
    pub(crate) kind: ast::StateKind,
    /// `None` for a stub of an undeclared state.
    pub(crate) declaration: Option<&'a ast::State>,
}

pub(crate) struct ResolvedTransition<'a> {
    pub(crate) declaration: &'a ast::Transition,
    pub(crate) outcome: Ident,
    /// True if all its ends were read, and are declared.
    pub(crate) is_whole: bool,
    pub(crate) sources: Vec<StateId>,
    /// The error in place of a source that is not declared, and similar to none that is.
    pub(crate) unknown: Option<Type>,
    /// The groups by which the declaration names them, each at the position of its source.
    pub(crate) by_group: Vec<Option<GroupId>>,
    pub(crate) targets: Vec<StateId>,
    pub(crate) handlers: Handlers<'a>,
    /// The branches, of a split.
    pub(crate) branches: Vec<ResolvedBranch<'a>>,
    /// The name of what the branches are joined to.
    pub(crate) joined: Ident,
    /// The name of the enum of the states that it leaves, if there are several.
    pub(crate) from: Ident,
}

/// A branch of a split.
pub(crate) struct ResolvedBranch<'a> {
    pub(crate) declaration: &'a ast::Branch,
    /// The error in place of the type of its item, if that is none.
    pub(crate) item: Option<Type>,
    /// True if its name is that of its handler, and of nothing else.
    pub(crate) is_handled: bool,
    pub(crate) breaker: Option<&'a Ident>,
    pub(crate) limit: Option<&'a Ident>,
    /// The handler that undoes it.
    pub(crate) undo: Option<&'a Ident>,
}

/// The handler of a call in doubt.
#[derive(Clone, Copy)]
pub(crate) enum DoubtHandler<'a> {
    /// Its own, which takes the state that the step leaves.
    Own(&'a Ident),
    /// The only one that the clause names, which takes either.
    Shared(&'a Ident),
}

impl<'a> DoubtHandler<'a> {
    /// The name that the clause gives it.
    pub(crate) fn name(self) -> &'a Ident {
        match self {
            DoubtHandler::Own(name) | DoubtHandler::Shared(name) => name,
        }
    }
}

/// The functions of the trait that the clauses of a transition name.
///
/// A name that is taken by something else, which is reported, is left out: the first to take it
/// decides what the context has to implement.
#[derive(Default)]
pub(crate) struct Handlers<'a> {
    /// The handlers that undo it, by the state that it led to.
    pub(crate) undo: Vec<(StateId, &'a Ident)>,
    /// The handler that undoes a step whose last call is in doubt.
    pub(crate) in_doubt: Option<DoubtHandler<'a>>,
    pub(crate) catch: Option<&'a Ident>,
    /// The target that the last failed attempt leads to, with its name where `else` names it.
    pub(crate) fallback: Option<(StateId, &'a Ident)>,
    pub(crate) breaker: Option<&'a Ident>,
    pub(crate) limit: Option<&'a Ident>,
}

impl<'a> ResolvedBranch<'a> {
    /// The handler that undoes it, if the clause which names it could be read.
    pub(crate) fn undone_by(&self) -> Option<&'a Ident> {
        let unread = self.declaration.clauses.unread(ast::ClauseKind::Undo);
        self.undo.filter(|_| unread.is_none())
    }
}

impl ResolvedTransition<'_> {
    /// Every type, in place of that of the states that it leaves, if these could not be read.
    pub(crate) fn unread_source(&self) -> Option<&Type> {
        let declaration = self.declaration;
        let unread = declaration.unread.as_ref();
        let unread = unread.filter(|_| declaration.sources.is_empty());
        unread.or(self.unknown.as_ref())
    }

    /// Returns true if its handler takes an enum of the states that it leaves.
    pub(crate) fn leaves_several(&self) -> bool {
        let is_one_of_all = self.declaration.is_deadline() || self.declaration.split().is_some();
        !is_one_of_all && self.sources.len() > 1
    }
}

impl<'a> Graph<'a> {
    pub(crate) fn state(&self, id: StateId) -> &ResolvedState<'a> {
        &self.states[id.0]
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = StateId> + use<> {
        (0..self.states.len()).map(StateId)
    }

    /// The transitions that leave a state, in order of declaration.
    pub(crate) fn exits(&self, state: StateId) -> impl Iterator<Item = &ResolvedTransition<'a>> {
        self.transitions
            .iter()
            .filter(move |transition| transition.sources.contains(&state))
    }

    /// The names of these states.
    pub(crate) fn names(&self, states: impl IntoIterator<Item = StateId>) -> Vec<String> {
        states
            .into_iter()
            .map(|id| self.state(id).name.to_string())
            .collect()
    }

    pub(crate) fn starts(&self) -> impl Iterator<Item = StateId> {
        self.ids()
            .filter(|id| self.state(*id).kind == ast::StateKind::Start)
    }

    /// Every state that can be reached from `from`, these included.
    pub(crate) fn reachable(&self, from: impl IntoIterator<Item = StateId>) -> Vec<bool> {
        self.closure(from, |transition| {
            (&transition.sources, &transition.targets)
        })
    }

    /// Every state from which one of `to` can be reached, these included.
    pub(crate) fn reaching(&self, to: impl IntoIterator<Item = StateId>) -> Vec<bool> {
        self.closure(to, |transition| (&transition.targets, &transition.sources))
    }

    fn closure<'b>(
        &'b self,
        seeds: impl IntoIterator<Item = StateId>,
        ends: impl Fn(&'b ResolvedTransition<'a>) -> (&'b Vec<StateId>, &'b Vec<StateId>),
    ) -> Vec<bool> {
        let mut next = vec![Vec::new(); self.states.len()];
        for transition in &self.transitions {
            let (near, far) = ends(transition);
            for state in near {
                next[state.0].push(far);
            }
        }
        let mut found = vec![false; self.states.len()];
        let mut queue: Vec<StateId> = seeds.into_iter().collect();
        while let Some(state) = queue.pop() {
            if !std::mem::replace(&mut found[state.0], true) {
                queue.extend(next[state.0].iter().copied().flatten());
            }
        }
        found
    }
}
