//! Rule: `else` names a target of its transition, or says `pause` of a run that is stored where it stands then; and nothing
//! else says what follows the last attempt.

use crate::ast::{ClauseKind, plain};
use crate::diagnostics::Diagnostics;
use crate::graph::{Graph, ResolvedTransition};
use crate::suggest;

pub(super) fn check(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    for transition in &graph.transitions {
        let declaration = transition.declaration;
        pause(graph, transition, diagnostics);
        let Some((clause, state)) = declaration.clauses.fallback() else {
            continue;
        };
        let (keyword, name) = (declaration.kind.keyword(), &declaration.name);
        let catch = declaration.clauses.method(ClauseKind::Catch);
        let is_target = |target: &proc_macro2::Ident| plain(target) == plain(state);
        if let Some(catch) = catch {
            diagnostics
                .error(
                    &clause.name,
                    format!("`catch({catch})` and `else {state}` are both asked when the last attempt has failed"),
                )
                .help(format!("leave one of them out; the handler `{catch}` may lead to `{state}` too"));
        } else if declaration.answers().is_some() {
            diagnostics
                .error(
                    &clause.name,
                    format!("signal `{name}` answers, and `else {state}` has no answer"),
                )
                .help("write `catch(..)`: its handler gives the answer");
        } else if transition.is_whole && !declaration.targets.iter().any(is_target) {
            let error = diagnostics.error(
                state,
                format!("`else {state}` leads where {keyword} `{name}` does not"),
            );
            let targets: Vec<_> = declaration.targets.iter().map(plain).collect();
            let known = targets.iter().map(String::as_str).chain(["pause"]);
            if let Some(near) = suggest::nearest(&plain(state), known) {
                error.help(format!("did you mean `{near}`?"));
            } else if let [_, ..] = targets.as_slice() {
                let targets = targets.join(" | ");
                error.help(format!("declare it as a target: `-> {targets} | {state}`"));
            } else {
                error.help(format!(
                    "{keyword} `{name}` stays in its state: give it an arrow, or leave `else` out"
                ));
            }
        }
    }
}

/// `else pause` stops a run until it is resumed, where the store has it.
fn pause(graph: &Graph<'_>, transition: &ResolvedTransition<'_>, diagnostics: &mut Diagnostics) {
    let declaration = transition.declaration;
    let Some((clause, _)) = declaration.clauses.pause() else {
        return;
    };
    let (keyword, name) = (declaration.kind.keyword(), &declaration.name);
    let is_transient = |state: &crate::graph::StateId| {
        let declaration = graph.state(*state).declaration;
        declaration.is_some_and(|it| it.transient.is_some())
    };
    let transient = transition.sources.iter().find(|it| is_transient(it));
    if let Some(catch) = declaration.clauses.method(ClauseKind::Catch) {
        diagnostics
            .error(
                clause,
                format!("`catch({catch})` and `else pause` both say what follows when the last attempt has failed"),
            )
            .help(format!("leave one of them out: a run whose handler `{catch}` fails is rolled back"));
    } else if graph.ast.attributes.durable.is_none() {
        diagnostics
            .error(
                clause,
                "`else pause` stops a run until somebody resumes it, and only a stored run can be resumed",
            )
            .help("store the runs with `#[durable(version = 1)]`, or name a state that the last failure leads to: `else GivenUp`");
    } else if let Some(state) = transient {
        let state = graph.state(*state).name;
        diagnostics
            .error(
                clause,
                format!("{keyword} `{name}` leaves the transient state `{state}`, which is not stored: a run cannot be paused there"),
            )
            .help(format!(
                "declare `{state}` without `transient`, or name a state that the last failure leads to: `else GivenUp`"
            ));
    }
}
