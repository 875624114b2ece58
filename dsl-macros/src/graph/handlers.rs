//! Which functions the context implements for the clauses of each transition.

use std::collections::HashMap;

use proc_macro2::Ident;

use super::{DoubtHandler, Graph, Handlers, PROVIDED_HANDLERS, StateId};
use crate::ast::{self, ClauseKind, Clauses, StateKind, plain};

/// Fills in the handlers of every transition.
pub(super) fn resolve<'a>(graph: &mut Graph<'a>) {
    let mut taken: HashMap<String, Option<ClauseKind>> = PROVIDED_HANDLERS
        .iter()
        .map(|name| (*name).to_owned())
        .chain(graph.ast.transitions.iter().map(|it| plain(&it.name)))
        .map(|name| (name, None))
        .collect();
    // Several transitions may share a breaker or a limiter.
    let mut take = |name: &Ident, shared: Option<ClauseKind>| {
        let first = taken.entry(plain(name));
        match first {
            std::collections::hash_map::Entry::Vacant(vacant) => {
                vacant.insert(shared);
                true
            }
            std::collections::hash_map::Entry::Occupied(first) => {
                shared.is_some() && *first.get() == shared
            }
        }
    };
    for transition in &mut graph.transitions {
        for branch in &mut transition.branches {
            branch.is_handled = take(&branch.declaration.name, None);
        }
    }
    for index in 0..graph.transitions.len() {
        let transition = &graph.transitions[index];
        let declaration = transition.declaration;
        // The order of the rule in `check/handlers.rs`, which reports the second use of a name.
        let mut undo = undo(graph, declaration, &transition.targets);
        let fallback = fallback(graph, declaration, &transition.targets);
        undo.retain(|(_, name)| take(name, None));
        let mut in_doubt = in_doubt(declaration, &undo);
        if let Some(DoubtHandler::Own(name)) = in_doubt
            && !take(name, None)
        {
            in_doubt = None;
        }
        for branch in &mut graph.transitions[index].branches {
            let undo = branch.declaration.clauses.undo();
            let undo = undo.and_then(|(_, undo)| undo.names().next());
            branch.undo = undo.filter(|name| take(name, None));
        }
        let mut method = |clauses: &'a Clauses, kind: ClauseKind| {
            let shared = (kind != ClauseKind::Catch).then_some(kind);
            clauses.method(kind).filter(|name| take(name, shared))
        };
        let clauses = &declaration.clauses;
        graph.transitions[index].handlers = Handlers {
            undo,
            in_doubt,
            catch: method(clauses, ClauseKind::Catch),
            fallback,
            breaker: method(clauses, ClauseKind::Breaker),
            limit: method(clauses, ClauseKind::Limit),
        };
        for branch in &mut graph.transitions[index].branches {
            let clauses = &branch.declaration.clauses;
            branch.breaker = method(clauses, ClauseKind::Breaker);
            branch.limit = method(clauses, ClauseKind::Limit);
        }
    }
}

/// The target that `else` names; one that is none is reported by a rule.
fn fallback<'a>(
    graph: &Graph<'a>,
    transition: &'a ast::Transition,
    targets: &[StateId],
) -> Option<(StateId, &'a Ident)> {
    let (_, name) = transition.clauses.fallback()?;
    let is_named = |id: &&StateId| plain(graph.state(**id).name) == plain(name);
    let named = targets.iter().find(is_named)?;
    // Beside either of them it is reported.
    let is_alone = transition.clauses.method(ClauseKind::Catch).is_none();
    let is_answered = transition.answers().is_some();
    (is_alone && !is_answered).then_some((*named, name))
}

/// The handler of a call in doubt, where these undo the transition.
fn in_doubt<'a>(
    transition: &'a ast::Transition,
    undo: &[(StateId, &'a Ident)],
) -> Option<DoubtHandler<'a>> {
    // Of anything else it is reported.
    let is_step = matches!(transition.kind, ast::TransitionKind::Step);
    match (&transition.clauses.in_doubt()?.handler, undo) {
        (Some(own), _) => Some(DoubtHandler::Own(own)),
        (None, [(_, shared)]) if is_step => Some(DoubtHandler::Shared(shared)),
        // Which of several it is, or that there is none, is reported.
        (None, _) => None,
    }
}

/// The undo handlers by target. One that fits none of them, which is reported by a rule, still
/// stands for a state: the context implements it.
fn undo<'a>(
    graph: &Graph<'a>,
    transition: &'a ast::Transition,
    targets: &[StateId],
) -> Vec<(StateId, &'a Ident)> {
    let Some((_, undo)) = transition.clauses.undo() else {
        return Vec::new();
    };
    let fails = |id: &StateId| graph.state(*id).kind == StateKind::Failed;
    let fallback = targets.iter().find(|id| !fails(id)).or(targets.first());
    let handlers = undo.handlers.iter().filter_map(|(target, handler)| {
        let named = target.as_ref().and_then(|target| {
            let mut targets = targets.iter();
            targets.find(|id| plain(graph.state(**id).name) == plain(target))
        });
        Some((*named.or(fallback)?, handler))
    });
    handlers.collect()
}
