//! Rule: an `undo` names a handler for each state that its transition may lead to and that a
//! rollback could come from.
//!
//! A `failed` state is none: the transition that leads there is what failed.

use crate::ast::{Clause, StateKind, Undo, plain};
use crate::diagnostics::{Diagnostics, position};
use crate::graph::{Graph, Transition};
use crate::suggest;

pub(super) fn check(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    for transition in &graph.transitions {
        if let Some((clause, undo)) = transition.declaration.undo() {
            check_one(graph, transition, clause, undo, diagnostics);
        }
    }
}

fn check_one(
    graph: &Graph<'_>,
    transition: &Transition<'_>,
    clause: &Clause,
    undo: &Undo,
    diagnostics: &mut Diagnostics,
) {
    let name = &transition.declaration.name;
    let fails = |id: &&crate::graph::StateId| graph.state(**id).kind == StateKind::Failed;
    let undoable: Vec<_> = transition.targets.iter().filter(|id| !fails(id)).collect();
    let names: Vec<String> = graph.names(undoable.iter().map(|id| **id));
    if names.is_empty() {
        if !transition.targets.is_empty() {
            let handlers: Vec<String> =
                undo.handlers.iter().map(|(_, it)| it.to_string()).collect();
            let handlers = suggest::any_of(handlers.iter().map(String::as_str));
            diagnostics
                .error(
                    clause,
                    format!("`{name}` leads to `failed` states only: there is nothing that {handlers} could undo"),
                )
                .help("remove the clause; a rollback undoes the transitions before");
        }
        return;
    }
    let mapping = |missing: &str| {
        let pairs = names.iter().map(|state| {
            let mut handlers = undo.handlers.iter();
            let known =
                handlers.find(|(target, _)| target.as_ref().is_some_and(|it| plain(it) == *state));
            match known {
                Some((_, handler)) => format!("{state} => {handler}"),
                None => format!("{state} => {missing}"),
            }
        });
        format!("undo({})", pairs.collect::<Vec<_>>().join(", "))
    };
    let mut given: Vec<(String, &proc_macro2::Ident)> = Vec::new();
    for (target, handler) in &undo.handlers {
        let Some(target) = target else {
            if names.len() > 1 {
                diagnostics
                    .error(
                        clause,
                        format!(
                            "`{name}` may lead to {}: `{handler}` cannot undo them all",
                            suggest::any_of(names.iter().map(String::as_str))
                        ),
                    )
                    .help(format!("name a handler for each: `{}`", mapping("name")));
            }
            return;
        };
        let text = plain(target);
        if let Some((_, first)) = given.iter().find(|(known, _)| *known == text) {
            diagnostics
                .error(target, format!("`{target}` is given two handlers"))
                .note(format!("first given at {}", position(first.span())));
        } else if !names.contains(&text) {
            let leads = transition
                .targets
                .iter()
                .any(|id| plain(graph.state(*id).name) == text);
            let error = if leads {
                diagnostics.error(target, format!("`{target}` is `failed`: a run that enters it is rolled back, and `{name}` with nothing done"))
            } else {
                diagnostics.error(target, format!("`{name}` does not lead to `{target}`"))
            };
            match suggest::nearest(&text, names.iter().map(String::as_str)) {
                Some(nearest) => error.help(format!("did you mean `{nearest}`?")),
                None => error.help(format!(
                    "what can be undone is {}",
                    suggest::all_of(names.iter().map(String::as_str))
                )),
            };
        }
        given.push((text, target));
    }
    let missing: Vec<&str> = names
        .iter()
        .filter(|state| !given.iter().any(|(known, _)| known == *state))
        .map(String::as_str)
        .collect();
    let unknown = given.iter().any(|(known, _)| !names.contains(known));
    // A misspelt target is missing as well: it has been reported.
    if !missing.is_empty() && !unknown {
        diagnostics
            .error(
                clause,
                format!(
                    "`{name}` may also lead to {}, which nothing undoes",
                    suggest::any_of(missing.iter().copied())
                ),
            )
            .help(format!("write `{}`", mapping("name")));
    }
}
