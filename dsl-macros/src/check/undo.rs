//! Rule: an `undo` names a handler for each state that its transition may lead to and that a
//! rollback could come from.
//!
//! A `failed` state is none: the transition that leads there is what failed. A `done` state needs
//! none: a run that reached it is not rolled back.

use proc_macro2::Ident;

use crate::ast::{self, Clause, StateKind, Undo, plain};
use crate::diagnostics::{Diagnostics, position};
use crate::graph::{Graph, ResolvedTransition};
use crate::suggest;

pub(super) fn check(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    for transition in graph.transitions.iter().filter(|it| it.is_whole) {
        let Some((clause, undo)) = transition.declaration.clauses.undo() else {
            continue;
        };
        let targets = |kinds: &[StateKind]| {
            let targets = transition
                .targets
                .iter()
                .map(|id| graph.state(*id))
                .filter(|state| !kinds.contains(&state.kind));
            targets.map(|state| plain(state.name)).collect::<Vec<_>>()
        };
        let rule = Rule {
            transition,
            clause,
            undo,
            targets: targets(&[]),
            undoable: targets(&[StateKind::Failed]),
            required: targets(&[StateKind::Failed, StateKind::Done]),
            unstored: unstored(graph, transition),
        };
        rule.check(diagnostics);
    }
}

struct Rule<'a> {
    transition: &'a ResolvedTransition<'a>,
    clause: &'a Clause,
    undo: &'a Undo,
    targets: Vec<String>,
    /// The targets that may have a handler, and those that must.
    undoable: Vec<String>,
    required: Vec<String>,
    /// The targets that may have none, because no store sees them.
    unstored: Vec<String>,
}

/// The targets that a stored run has forgotten when they were to be undone.
fn unstored(graph: &Graph<'_>, transition: &ResolvedTransition<'_>) -> Vec<String> {
    if graph.ast.attributes.durable.is_none() {
        return Vec::new();
    }
    let targets = transition.targets.iter().map(|id| graph.state(*id));
    let is_transient = |state: &ast::State| state.transient.is_some();
    let transient = targets.filter(|state| state.declaration.is_some_and(is_transient));
    transient.map(|state| plain(state.name)).collect()
}

impl Rule<'_> {
    fn check(&self, diagnostics: &mut Diagnostics) {
        if self.transition.declaration.is_internal {
            self.internal(diagnostics);
            return;
        }
        if self.undoable.is_empty() {
            if !self.targets.is_empty() && !self.undo.handlers.is_empty() {
                self.nothing_to_undo(diagnostics);
            }
            return;
        }
        let named: Vec<(&Ident, &Ident)> = self
            .undo
            .handlers
            .iter()
            .filter_map(|(target, handler)| Some((target.as_ref()?, handler)))
            .collect();
        match self.undo.handlers.first() {
            // Which of several it would be is said of `in doubt`.
            None if self.required.is_empty() => {}
            Some((None, handler)) => self.one_for_all(handler, diagnostics),
            _ => self.one_for_each(&named, diagnostics),
        }
    }

    fn internal(&self, diagnostics: &mut Diagnostics) {
        let name = &self.transition.declaration.name;
        diagnostics
            .error(
                self.clause,
                format!("`{name}` leads to no state that an undo could be given"),
            )
            .help(
                "a transition without an arrow stays in its state: undo the one that leads there",
            );
    }

    fn nothing_to_undo(&self, diagnostics: &mut Diagnostics) {
        let name = &self.transition.declaration.name;
        let handlers: Vec<String> = self
            .undo
            .handlers
            .iter()
            .map(|(_, it)| it.to_string())
            .collect();
        let handlers = suggest::any_of(handlers.iter().map(String::as_str));
        diagnostics
            .error(
                self.clause,
                format!("`{name}` leads to `failed` states only: there is nothing that {handlers} could undo"),
            )
            .help("remove the clause; a rollback undoes the transitions before");
    }

    fn one_for_all(&self, handler: &Ident, diagnostics: &mut Diagnostics) {
        if self.undoable.len() > 1 {
            let name = &self.transition.declaration.name;
            let targets = suggest::any_of(self.undoable.iter().map(String::as_str));
            let error = diagnostics.error(
                self.clause,
                format!("`{name}` may lead to {targets}: `{handler}` cannot undo them all"),
            );
            if self.required.is_empty() {
                error.help(
                    "leave it out: a run that has ended in a `done` state is not rolled back",
                );
            } else {
                error.help(format!(
                    "name a handler for each: `{}`{}",
                    self.whole(&[]),
                    self.and_store()
                ));
            }
        }
    }

    fn one_for_each(&self, named: &[(&Ident, &Ident)], diagnostics: &mut Diagnostics) {
        let mut all_known = true;
        for (index, (target, _)) in named.iter().enumerate() {
            let first = named[..index]
                .iter()
                .find(|(first, _)| plain(first) == plain(target));
            if let Some((first, _)) = first {
                diagnostics
                    .error(target, format!("`{target}` is given two handlers"))
                    .note(format!("first given at {}", position(first.span())));
            } else if !self.undoable.contains(&plain(target)) {
                all_known = false;
                self.not_undoable(target, diagnostics);
            }
        }
        let is_named = |state: &&str| named.iter().any(|(target, _)| plain(target) == **state);
        let required = self.required.iter().map(String::as_str);
        let missing: Vec<&str> = required.filter(|state| !is_named(state)).collect();
        // A misspelt target is missing as well: it has been reported.
        if !missing.is_empty() && all_known && !self.undo.is_damaged {
            let name = &self.transition.declaration.name;
            let missing = suggest::any_of(missing);
            diagnostics
                .error(
                    self.clause,
                    format!("`{name}` may also lead to {missing}, which nothing undoes"),
                )
                .help(format!("write `{}`{}", self.whole(named), self.and_store()));
        }
    }

    fn not_undoable(&self, target: &Ident, diagnostics: &mut Diagnostics) {
        let name = &self.transition.declaration.name;
        let text = plain(target);
        let error = if self.targets.contains(&text) {
            diagnostics.error(
                target,
                format!("`{target}` is `failed`: a run that enters it is rolled back, and `{name}` has done nothing"),
            )
        } else {
            diagnostics.error(target, format!("`{name}` does not lead to `{target}`"))
        };
        let undoable = || self.undoable.iter().map(String::as_str);
        match suggest::nearest(&text, undoable()) {
            Some(nearest) => error.help(format!("did you mean `{nearest}`?")),
            None => error.help(format!(
                "what can be undone is {}",
                suggest::all_of(undoable())
            )),
        };
    }

    /// The other half of the advice: a stored run undoes nothing that it has not stored, so the source is stored as well.
    fn and_store(&self) -> String {
        let transient = self.unstored.iter().map(String::as_str);
        if self.unstored.is_empty() {
            return String::new();
        }
        format!(
            ", and remove `transient` from {}",
            suggest::all_of(transient)
        )
    }

    /// The clause as it should be, with the handlers that are named already.
    fn whole(&self, named: &[(&Ident, &Ident)]) -> String {
        let pairs = self.undoable.iter().filter_map(|state| {
            let known = named.iter().find(|(target, _)| plain(target) == *state);
            match known {
                Some((_, handler)) => Some(format!("{state} => {handler}")),
                None if self.required.contains(state) => Some(format!("{state} => name")),
                None => None,
            }
        });
        let in_doubt = self.undo.in_doubt.as_ref().map(|it| match &it.handler {
            Some(handler) => format!("in doubt => {handler}"),
            None => "in doubt => name".to_owned(),
        });
        format!(
            "undo({})",
            pairs.chain(in_doubt).collect::<Vec<_>>().join(", ")
        )
    }
}
