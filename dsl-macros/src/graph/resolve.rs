//! Rule: every state that a transition names is declared, once, and so is every transition.

use proc_macro2::Ident;

use super::{Graph, State, StateId, Transition};
use crate::ast::{self, plain};
use crate::diagnostics::{Diagnostics, position};
use crate::suggest;

/// Resolves the names of a declaration, reporting those that lead nowhere.
pub(crate) fn resolve<'a>(ast: &'a ast::Workflow, diagnostics: &mut Diagnostics) -> Graph<'a> {
    let mut graph = Graph {
        ast,
        states: states(ast, diagnostics),
        transitions: Vec::new(),
    };
    let declared = graph.states.len();
    for transition in &ast.transitions {
        let name = &transition.name;
        let first = graph
            .transitions
            .iter()
            .find(|first| plain(&first.declaration.name) == plain(name));
        if let Some(first) = first {
            diagnostics
                .unresolved(name, format!("transition `{name}` is declared twice"))
                .note(format!(
                    "first declared at {}",
                    position(first.declaration.name.span())
                ));
            continue;
        }
        let sources = ends(
            &transition.sources,
            "leaves",
            &mut graph,
            declared,
            diagnostics,
        );
        let targets = ends(
            &transition.targets,
            "leads to",
            &mut graph,
            declared,
            diagnostics,
        );
        graph.transitions.push(Transition {
            declaration: transition,
            outcome: transition.outcome_name(),
            sources,
            targets,
        });
    }
    graph
}

fn states<'a>(ast: &'a ast::Workflow, diagnostics: &mut Diagnostics) -> Vec<State<'a>> {
    let mut states: Vec<State<'a>> = Vec::new();
    for state in &ast.states {
        let name = &state.name;
        if let Some(first) = states.iter().find(|first| plain(first.name) == plain(name)) {
            diagnostics
                .unresolved(name, format!("state `{name}` is declared twice"))
                .note(format!("first declared at {}", position(first.name.span())));
        } else {
            states.push(State {
                name,
                kind: state.kind,
                declaration: Some(state),
            });
        }
    }
    states
}

/// Resolves one side of a transition; `verb` says which.
fn ends<'a>(
    names: &'a [Ident],
    verb: &str,
    graph: &mut Graph<'a>,
    declared: usize,
    diagnostics: &mut Diagnostics,
) -> Vec<StateId> {
    let mut ends: Vec<StateId> = Vec::new();
    for (position_in_list, name) in names.iter().enumerate() {
        let repeated = names[..position_in_list]
            .iter()
            .find(|first| *first == name);
        if let Some(first) = repeated {
            diagnostics
                .error(name, format!("the transition {verb} `{name}` twice"))
                .note(format!("first named at {}", position(first.span())));
            continue;
        }
        let id = state_named(name, graph, declared, diagnostics);
        if !ends.contains(&id) {
            ends.push(id);
        }
    }
    ends
}

fn state_named<'a>(
    name: &'a Ident,
    graph: &mut Graph<'a>,
    declared: usize,
    diagnostics: &mut Diagnostics,
) -> StateId {
    let text = plain(name);
    let find = |graph: &Graph<'_>, text: &str| {
        graph
            .states
            .iter()
            .position(|state| plain(state.name) == text)
    };
    // A stub has been added for the name's first use, which is reported; so is this one.
    let known = find(graph, &text);
    if let Some(index) = known.filter(|index| *index < declared) {
        return StateId(index);
    }
    if graph.ast.unread.contains(&text) {
        // It may be declared in a line that could not be read, and that line is reported.
        return known.map_or_else(|| stub(name, graph), StateId);
    }
    let names: Vec<String> = graph.states[..declared]
        .iter()
        .map(|state| plain(state.name))
        .collect();
    let nearest = suggest::nearest(&text, names.iter().map(String::as_str));
    let error = diagnostics.unresolved(
        name,
        format!(
            "state `{name}` is not declared in workflow `{}`",
            graph.ast.name
        ),
    );
    if let Some(nearest) = nearest {
        error.help(format!("did you mean `{nearest}`?"));
    }
    if names.is_empty() {
        error.help(format!("declare it: `state {name};`"));
    } else {
        error.note(format!(
            "declared are {}",
            suggest::all_of(names.iter().map(String::as_str))
        ));
    }
    match nearest.and_then(|nearest| find(graph, nearest)).or(known) {
        Some(index) => StateId(index),
        None => stub(name, graph),
    }
}

fn stub<'a>(name: &'a Ident, graph: &mut Graph<'a>) -> StateId {
    graph.states.push(State {
        name,
        kind: ast::StateKind::State,
        declaration: None,
    });
    StateId(graph.states.len() - 1)
}
