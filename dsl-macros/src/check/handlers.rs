//! Rule: each name in the trait of handlers stands for one thing.
//!
//! A handler that undoes two transitions would be given the state of either; one name has one
//! signature.

use proc_macro2::Ident;

use crate::ast::{ClauseKind, Clauses, Transition, plain};
use crate::diagnostics::{Diagnostics, position};
use crate::graph::{Graph, PROVIDED_HANDLERS};

/// A function of the trait, with what it is for.
struct Handler<'a> {
    name: &'a Ident,
    does: String,
    /// Breakers and limiters are lent to as many transitions as name them.
    shared: Option<ClauseKind>,
}

pub(super) fn check(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    let mut known: Vec<Handler<'_>> = Vec::new();
    for transition in &graph.ast.transitions {
        of_states(graph, transition, diagnostics);
    }
    let transitions = || graph.transitions.iter().map(|it| it.declaration);
    // First the transitions: where a branch or a clause takes the name of one, that is to be changed.
    let handlers = transitions()
        .filter(|it| !it.is_deadline())
        .map(own)
        .chain(transitions().flat_map(of_branches))
        .chain(transitions().flat_map(of_clauses));
    for handler in handlers {
        let name = plain(handler.name);
        if PROVIDED_HANDLERS.contains(&name.as_str()) {
            diagnostics
                .error(
                    handler.name,
                    format!(
                        "`{name}` is a method that `{}Steps` has itself",
                        graph.ast.name
                    ),
                )
                .help(format!("choose another name, such as `{name}_it`"));
            continue;
        }
        let first = known.iter().find(|first| plain(first.name) == name);
        match first {
            None => known.push(handler),
            Some(first) if first.shared.is_some() && first.shared == handler.shared => {}
            Some(first) => {
                diagnostics
                    .error(
                        handler.name,
                        format!(
                            "`{name}` cannot {}: it is declared to {}",
                            handler.does, first.does
                        ),
                    )
                    .note(format!("named at {}", position(first.name.span())))
                    .help("give each its own handler, with another name");
            }
        }
    }
}

/// Reports the clauses that name a state in place of a handler.
fn of_states(graph: &Graph<'_>, transition: &Transition, diagnostics: &mut Diagnostics) {
    let catch = transition.clauses.method(ClauseKind::Catch).map(plain);
    for handler in of_clauses(transition) {
        let name = plain(handler.name);
        if !graph.ast.states.iter().any(|it| plain(&it.name) == name) {
            continue;
        }
        let does = handler.does;
        let help = if catch.as_ref() == Some(&name) {
            format!("name a function that is to {does}, or write `else {name}`")
        } else {
            format!("name a function that is to {does}")
        };
        diagnostics
            .error(
                handler.name,
                format!("a clause names a handler, and `{name}` is a state"),
            )
            .help(help);
    }
}

fn own(transition: &Transition) -> Handler<'_> {
    Handler {
        name: &transition.name,
        does: format!("handle {} `{}`", transition.kind.keyword(), transition.name),
        shared: None,
    }
}

fn of_branches(transition: &Transition) -> impl Iterator<Item = Handler<'_>> {
    transition.branches().map(|branch| Handler {
        name: &branch.name,
        does: format!(
            "handle {} `{}` of split `{}`",
            branch.keyword, branch.name, transition.name
        ),
        shared: None,
    })
}

fn of_clauses(transition: &Transition) -> impl Iterator<Item = Handler<'_>> {
    let name = &transition.name;
    let undo = transition
        .clauses
        .undo()
        .into_iter()
        .flat_map(move |(_, undo)| {
            undo.handlers.iter().map(move |(target, handler)| Handler {
                name: handler,
                does: match target {
                    Some(target) => format!("undo `{name}` to `{target}`"),
                    None => format!("undo `{name}`"),
                },
                shared: None,
            })
        });
    let in_doubt = transition.clauses.in_doubt();
    let in_doubt = in_doubt
        .and_then(|it| it.handler.as_ref())
        .map(|handler| Handler {
            name: handler,
            does: format!("undo `{name}` in doubt"),
            shared: None,
        });
    let of_branches = transition.branches().flat_map(|branch| {
        let undo = branch.clauses.undo().into_iter();
        undo.flat_map(|(_, undo)| undo.names())
            .map(|handler| Handler {
                name: handler,
                does: format!("undo {} `{}`", branch.keyword, branch.name),
                shared: None,
            })
    });
    let branches = transition
        .branches()
        .flat_map(|branch| methods(&branch.name, &branch.clauses));
    undo.chain(in_doubt)
        .chain(of_branches)
        .chain(methods(name, &transition.clauses))
        .chain(branches)
}

fn methods<'a>(name: &Ident, clauses: &'a Clauses) -> impl Iterator<Item = Handler<'a>> {
    let methods = [
        (ClauseKind::Catch, "catch the errors of", false),
        (ClauseKind::Breaker, "lend the breaker of", true),
        (ClauseKind::Limit, "lend the limiter of", true),
    ];
    methods.into_iter().filter_map(move |(kind, does, shared)| {
        Some(Handler {
            name: clauses.method(kind)?,
            does: format!("{does} `{name}`"),
            shared: shared.then_some(kind),
        })
    })
}
