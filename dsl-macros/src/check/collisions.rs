//! Rule: no two names that the macro generates meet.
//!
//! Everything stands flat in one module, so the outcome of `fetch` and a state `Fetch` would be
//! one name for two types.

use std::collections::HashMap;

use proc_macro2::Ident;

use crate::ast::{joined_name, plain, upper_camel};
use crate::diagnostics::{Diagnostics, position};
use crate::graph::{Graph, HANDLE_METHODS, OWN_METHODS, ResolvedState};

pub(super) fn check(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    case(graph, diagnostics);
    own_methods(graph, diagnostics);
    stored_alike(graph, diagnostics);
    types(graph, diagnostics);
}

/// States become types. Written like a variable, one meets the names of variables.
fn case(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    let declared = graph.states.iter().filter(|it| it.declaration.is_some());
    let states = declared.map(|state| ("state", state.name));
    let groups = graph.ast.groups.iter().map(|it| ("group", &it.name));
    for (keyword, ident) in states.chain(groups) {
        let name = plain(ident);
        if name.starts_with(|first: char| first.is_lowercase() || first == '_') {
            let error = diagnostics.error(
                ident,
                format!("{keyword} `{name}` becomes a type and is not named like one"),
            );
            match upper_camel(&name) {
                camel if syn::parse_str::<Ident>(&camel).is_ok() => {
                    error.help(format!("write `{camel}`"))
                }
                _ => error.help("begin it with an upper-case letter"),
            };
        }
    }
    for transition in &graph.transitions {
        let transition = transition.declaration;
        let (name, keyword) = (plain(&transition.name), transition.kind.keyword());
        if transition.outcome.is_none() && transition.derived_outcome().is_none() {
            diagnostics
                .error(
                    &transition.name,
                    format!("the name of {keyword} `{name}` gives none for its outcome"),
                )
                .help(format!(
                    "choose another name, or name the outcome: `{keyword} {name} as Name: ..`"
                ));
        }
    }
}

/// A transition is a method of the machine, and a signal one of a run's handle as well.
fn own_methods(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    for transition in &graph.transitions {
        let name = &transition.declaration.name;
        let text = plain(name);
        let is_signal = transition.declaration.signal().is_some();
        let message = if OWN_METHODS.contains(&text.as_str()) {
            let workflow = &graph.ast.name;
            format!("transition `{name}` is named like a method of `{workflow}`")
        } else if is_signal && HANDLE_METHODS.contains(&text.as_str()) {
            format!("signal `{name}` is named like a method of the handle that sends it")
        } else {
            continue;
        };
        diagnostics
            .error(name, message)
            .help(format!("choose another name, such as `{text}_it`"));
    }
}

/// State names are told apart without regard to case and underscores wherever they are stored.
fn stored_alike(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    let stored = |name: &Ident| plain(name).replace('_', "").to_lowercase();
    let mut first_of: HashMap<String, &ResolvedState<'_>> = HashMap::new();
    for state in &graph.states {
        let first = *first_of.entry(stored(state.name)).or_insert(state);
        if first.name == state.name {
            continue;
        }
        let by_case = plain(first.name).to_lowercase() == plain(state.name).to_lowercase();
        let (message, help) = if by_case {
            ("differ in case alone", "rename one of them")
        } else {
            (
                "are stored under the same name",
                "give one of them a name that differs in more than case and underscores",
            )
        };
        diagnostics
            .error(
                state.name,
                format!("states `{}` and `{}` {message}", first.name, state.name),
            )
            .note(format!(
                "`{}` is declared at {}",
                first.name,
                position(first.name.span())
            ))
            .help(help);
    }
}

/// A type that the macro emits, with what it is.
struct Emitted<'a> {
    name: String,
    at: &'a Ident,
    what: String,
    way_out: Option<String>,
}

fn types(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    let emitted = emitted(graph);
    for (index, second) in emitted.iter().enumerate() {
        let Some(first) = emitted[..index]
            .iter()
            .find(|first| first.name == second.name)
        else {
            continue;
        };
        let message = format!(
            "{} and {} are both called `{}`",
            second.what, first.what, second.name
        );
        let error = diagnostics.error(second.at, message);
        error.note(format!(
            "`{}` is declared at {}",
            first.at,
            position(first.at.span())
        ));
        error.help(
            second
                .way_out
                .as_deref()
                .unwrap_or("choose another name for the state"),
        );
    }
}

/// In the order of who may keep a name that is there twice.
fn emitted<'a>(graph: &Graph<'a>) -> Vec<Emitted<'a>> {
    let workflow = &graph.ast.name;
    let name = plain(workflow);
    let mut emitted: Vec<Emitted<'a>> = [
        (name.clone(), "the machine"),
        (format!("{name}Input"), "the input"),
        (format!("{name}End"), "the enum of final states"),
        (format!("Any{name}"), "the enum of all states"),
        (format!("{name}Steps"), "the trait of the handlers"),
        (format!("{name}Signals"), "the trait of the signals"),
    ]
    .into_iter()
    .chain((!graph.ast.logs.is_empty()).then(|| (format!("{name}Logs"), "the trait of the logs")))
    .map(|(name, what)| Emitted {
        name,
        at: workflow,
        what: what.to_owned(),
        way_out: None,
    })
    .collect();
    emitted.extend(graph.states.iter().map(|state| Emitted {
        name: plain(state.name),
        at: state.name,
        what: format!("the state `{}`", state.name),
        way_out: None,
    }));
    emitted.extend(graph.group_types().map(|(_, group)| {
        let name = &group.declaration.name;
        Emitted {
            name: plain(name),
            at: name,
            what: format!("the group `{name}`"),
            way_out: Some("choose another name for the group".to_owned()),
        }
    }));
    emitted.extend(graph.transitions.iter().map(|transition| {
        let declaration = transition.declaration;
        let name = &declaration.name;
        let keyword = declaration.kind.keyword();
        Emitted {
            name: plain(&declaration.outcome_name()),
            at: declaration.outcome.as_ref().unwrap_or(name),
            what: format!("the outcome of {keyword} `{name}`"),
            way_out: Some(format!(
                "rename the {keyword}, or name its outcome: `{keyword} {name} as {}Next: ..`",
                upper_camel(&plain(name))
            )),
        }
    }));
    emitted.extend(graph.transitions.iter().filter_map(|transition| {
        let declaration = transition.declaration;
        declaration.split()?;
        let name = &declaration.name;
        Some(Emitted {
            name: plain(&joined_name(&declaration.outcome_name())),
            at: declaration.outcome.as_ref().unwrap_or(name),
            what: format!("what split `{name}` joins"),
            way_out: Some(format!(
                "rename the split, or name its outcome: `split {name} as {}Next: ..`",
                upper_camel(&plain(name))
            )),
        })
    }));
    emitted.extend(graph.transitions.iter().filter_map(|transition| {
        let declaration = transition.declaration;
        let (name, keyword) = (&declaration.name, declaration.kind.keyword());
        transition.leaves_several().then(|| Emitted {
            name: plain(&declaration.left_name()),
            at: name,
            what: format!("what {keyword} `{name}` leaves"),
            way_out: Some(format!("choose another name for the {keyword}")),
        })
    }));
    emitted
}
