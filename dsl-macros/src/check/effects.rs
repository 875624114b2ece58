//! Rules of what is undone by itself: a branch that was done, and a step whose last call is in doubt.

use crate::ast::{Branch, Clause, InDoubt, TransitionKind, Undo};
use crate::diagnostics::Diagnostics;
use crate::graph::{Graph, ResolvedTransition};
use crate::suggest;

pub(super) fn check(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    let is_durable = graph.ast.attributes.durable.is_some();
    for transition in &graph.transitions {
        if let Some((clause, undo)) = transition.declaration.clauses.undo()
            && let Some(in_doubt) = &undo.in_doubt
        {
            of_transition(transition, clause, undo, in_doubt, diagnostics);
            written_out(undo, diagnostics);
            if is_durable {
                of_transient(graph, transition, clause, diagnostics);
            }
        }
        for branch in transition.declaration.branches() {
            let Some((clause, undo)) = branch.clauses.undo() else {
                continue;
            };
            of_branch(branch, clause, undo, diagnostics);
            written_out(undo, diagnostics);
            of_repeated(transition, branch, clause, diagnostics);
            if is_durable {
                of_transient(graph, transition, clause, diagnostics);
            }
        }
    }
}

/// Such an undo is given one state or another, or only lent one: its clauses read no fields.
fn written_out(undo: &Undo, diagnostics: &mut Diagnostics) {
    if let Some((_, place)) = undo.reads().first() {
        diagnostics
            .error(
                &place.field,
                "the clauses within an undo in doubt, and within the undo of a branch, read no fields",
            )
            .help("write the number out, such as `retry(5)` or `timeout(2s)`");
    }
}

/// `in doubt` stands on a step, and it is clear which handler it means.
fn of_transition(
    transition: &ResolvedTransition<'_>,
    clause: &Clause,
    undo: &Undo,
    in_doubt: &InDoubt,
    diagnostics: &mut Diagnostics,
) {
    let declaration = transition.declaration;
    let (keyword, name) = (declaration.kind.keyword(), &declaration.name);
    if !matches!(declaration.kind, TransitionKind::Step) {
        let help = match declaration.kind {
            TransitionKind::Split(_) => {
                "put `undo(..)` on its branches: each that was done is undone"
            }
            _ => "let it lead to a state, and do in a step behind it what may be in doubt",
        };
        diagnostics
            .error(
                &in_doubt.word,
                format!("{keyword} `{name}` has no call that could be undone in doubt"),
            )
            .help(help);
        return;
    }
    if in_doubt.handler.is_some() || undo.is_damaged {
        return;
    }
    let handlers: Vec<String> = undo.names().map(ToString::to_string).collect();
    match handlers.as_slice() {
        [_] => {}
        [] => {
            diagnostics
                .error(clause, "`undo` names no handler")
                .help("write `undo(handler, in doubt)`, or `undo(in doubt => handler)`");
        }
        several => {
            let several = suggest::all_of(several.iter().map(String::as_str));
            diagnostics
                .error(
                    &in_doubt.word,
                    format!("one handler undoes a call in doubt, and `undo` names {several}"),
                )
                .help("give it a handler of its own: `in doubt => handler`");
        }
    }
}

/// A branch leads to no state, and has no call that is in doubt.
fn of_branch(branch: &Branch, clause: &Clause, undo: &Undo, diagnostics: &mut Diagnostics) {
    let (keyword, name) = (&branch.keyword, &branch.name);
    let mut named = undo.handlers.iter();
    if let Some((Some(target), handler)) = named.find(|(target, _)| target.is_some()) {
        diagnostics
            .error(target, format!("{keyword} `{name}` leads to no state"))
            .help(format!("name the handler alone: `undo({handler})`"));
    } else if let [_, (_, second), ..] = undo.handlers.as_slice() {
        diagnostics
            .error(second, format!("{keyword} `{name}` has one undo"))
            .help("name one handler");
    }
    if let Some(in_doubt) = &undo.in_doubt {
        diagnostics
            .error(
                &in_doubt.word,
                format!("only a step is undone in doubt, and `{name}` is a branch"),
            )
            .help(format!(
                "leave it out: `{name}` is undone if it was done; or make it a step"
            ));
    } else if undo.handlers.is_empty() && !undo.is_damaged {
        diagnostics
            .error(clause, "`undo` names no handler")
            .help("write `undo(handler)`");
    }
}

/// A split that is tried again begins its branches again: what was done twice would be undone once.
fn of_repeated(
    transition: &ResolvedTransition<'_>,
    branch: &Branch,
    clause: &Clause,
    diagnostics: &mut Diagnostics,
) {
    let split = transition.declaration;
    if !split.is_repeated() {
        return;
    }
    let (keyword, name) = (&branch.keyword, &branch.name);
    diagnostics
        .error(
            clause,
            format!(
                "{keyword} `{name}` is undone once, and the `retry` of split `{}` calls all branches again",
                split.name
            ),
        )
        .help("put `retry` on the branches, or leave `undo` out");
}

/// A transition out of a transient state is not undone after a crash: the undo needs that state.
fn of_transient(
    graph: &Graph<'_>,
    transition: &ResolvedTransition<'_>,
    clause: &Clause,
    diagnostics: &mut Diagnostics,
) {
    let mut sources = transition.sources.iter().map(|id| graph.state(*id));
    let transient = sources.find(|state| {
        let declaration = state.declaration;
        declaration.is_some_and(|state| state.transient.is_some())
    });
    if let Some(state) = transient {
        diagnostics
            .error(
                clause,
                format!(
                    "nothing could be undone after a crash: state `{}` is transient and never stored, and the undo needs it",
                    state.name
                ),
            )
            .help("remove `transient`, or the undo");
    }
}
