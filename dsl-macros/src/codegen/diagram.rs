//! The graph as a picture for the documentation. At run time it is drawn by `core/src/diagram.rs`.

use quote::ToTokens;

use crate::ast::{self, Branch, Due, StateKind, TransitionKind};
use crate::graph::Graph;
use crate::text::{without_raw, written};

/// A Mermaid state diagram.
pub(super) fn mermaid(graph: &Graph<'_>) -> String {
    let mut text = String::from("stateDiagram-v2\n");
    let mut line = |content: String| {
        text.push_str("    ");
        text.push_str(&content);
        text.push('\n');
    };
    groups(graph, None, 0, &mut line);
    for start in graph.names(graph.starts()) {
        line(format!("[*] --> {start}"));
    }
    for transition in &graph.transitions {
        if transition.declaration.is_deadline() {
            // It leaves every state, and so none in particular.
            line(format!(
                "state \"deadline {}\" as deadline",
                label(transition.declaration)
            ));
            for target in graph.names(transition.targets.iter().copied()) {
                line(format!("deadline --> {target}"));
            }
            continue;
        }
        for source in graph.left_names(transition) {
            let back = transition
                .declaration
                .is_internal
                .then(|| source.to_string());
            let targets = graph.names(transition.targets.iter().copied());
            for target in targets.into_iter().chain(back) {
                // A colon or a semicolon would end the label.
                let label = label(transition.declaration)
                    .replace("::", ".")
                    .replace(';', ",");
                line(format!("{source} --> {target}: {label}"));
            }
        }
    }
    for state in graph.states.iter().filter(|state| state.kind.is_final()) {
        line(format!("{} --> [*]", state.name));
    }
    let failed: Vec<String> = graph
        .states
        .iter()
        .filter(|state| state.kind == StateKind::Failed)
        .map(|state| state.name.to_string())
        .collect();
    if !failed.is_empty() {
        line("classDef failed stroke:#c00,stroke-dasharray:4".to_owned());
        line(format!("class {} failed", failed.join(",")));
    }
    without_raw(text)
}

/// The boxes of the groups within this one, with the states in them.
fn groups(graph: &Graph<'_>, within: Option<usize>, depth: usize, line: &mut impl FnMut(String)) {
    let indent = "    ".repeat(depth);
    for (position, group) in graph.groups.iter().enumerate() {
        if group.declaration.within != within {
            continue;
        }
        line(format!("{indent}state {} {{", group.declaration.name));
        for member in &group.members {
            let state = graph.state(*member);
            if state
                .declaration
                .is_some_and(|it| it.group == Some(position))
            {
                line(format!("{indent}    {}", state.name));
            }
        }
        groups(graph, Some(position), depth + 1, line);
        line(format!("{indent}}}"));
    }
}

/// A transition's name with what moves it: `give_up after 14d`.
pub(super) fn label(transition: &ast::Transition) -> String {
    let moved = moved(transition);
    if transition.is_internal {
        format!("{moved}, internal")
    } else {
        moved
    }
}

fn moved(transition: &ast::Transition) -> String {
    let name = &transition.name;
    match &transition.kind {
        TransitionKind::Step => name.to_string(),
        TransitionKind::Deadline(duration) => written(duration.to_token_stream()),
        TransitionKind::Signal(signal) => {
            let payload = signal.payload.as_ref();
            let payload = payload.map(|payload| written(payload.to_token_stream()));
            let interrupts = signal.interrupts.as_ref().map(|_| " interrupts");
            format!(
                "{name}({}){}",
                payload.unwrap_or_default(),
                interrupts.unwrap_or_default()
            )
        }
        TransitionKind::Timer { due } => match due {
            Due::After(duration) => format!("{name} after {}", written(duration.to_token_stream())),
            Due::At(place) => format!("{name} at {}", place.name()),
            Due::Every(duration) => format!("{name} every {}", written(duration.to_token_stream())),
        },
        TransitionKind::Poll { every, cap } => {
            let every = written(every.to_token_stream());
            let cap = cap
                .as_ref()
                .map(|cap| format!("..{}", written(cap.to_token_stream())));
            format!("{name} every {every}{}", cap.unwrap_or_default())
        }
        TransitionKind::Split(split) => {
            let branches: Vec<String> = split.branches.iter().map(branch).collect();
            let join = split
                .join
                .as_ref()
                .map(|join| format!("; join {}", written(join.to_token_stream())));
            format!(
                "{name} of {}{}",
                branches.join(", "),
                join.unwrap_or_default()
            )
        }
    }
}

fn branch(branch: &Branch) -> String {
    let name = &branch.name;
    let label = match &branch.each {
        None => name.to_string(),
        Some(each) => {
            let bound = each
                .at_most
                .as_ref()
                .map(|bound| format!(" at most {}", bound.text()));
            let names = match &each.value {
                None => name.to_string(),
                Some(value) => format!("({name}, {})", value.name),
            };
            format!(
                "each {names} in {}{}",
                each.place.name(),
                bound.unwrap_or_default()
            )
        }
    };
    let clauses: Vec<String> = branch
        .clauses
        .iter()
        .map(|clause| written(clause.to_token_stream()))
        .collect();
    if clauses.is_empty() {
        label
    } else {
        format!("{label} with {}", clauses.join(", "))
    }
}
