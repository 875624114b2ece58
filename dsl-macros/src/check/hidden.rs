//! Rule: no type that the macro emits hides one of a prelude.
//!
//! It would stand before the one that is imported by a glob, in the whole module: handlers name `Step`, `Result` and `Ok`,
//! and rustc would blame them for what the block has done.

use proc_macro2::Ident;

use crate::ast::{plain, upper_camel};
use crate::diagnostics::Diagnostics;
use crate::graph::Graph;

/// The types, traits and variants of `stateway::prelude`. Its `Filter` is left: no handler names it, and a step `filter` is a good name.
const OURS: &[&str] = &[
    "Answered",
    "Branch",
    "BranchError",
    "Branched",
    "Breaker",
    "CancellationToken",
    "Cause",
    "EndError",
    "First",
    "JoinError",
    "Limiter",
    "Rollback",
    "RunError",
    "Runner",
    "StartError",
    "Step",
    "Undo",
    "UndoError",
    "Undoing",
];

/// The types and variants of the standard prelude. Its traits are left: handlers seldom name one, and a step `send` with
/// the outcome `Send` is a good name.
const STANDARD: &[&str] = &[
    "Box", "Err", "None", "Ok", "Option", "Result", "Some", "String", "Vec",
];

pub(super) fn check(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    let workflow = &graph.ast.name;
    let name = plain(workflow);
    report(
        diagnostics,
        workflow,
        &name,
        &format!("workflow `{name}`"),
        || format!("choose another name, such as `{name}Process`"),
    );
    let states = graph.states.iter();
    for state in states.filter(|state| state.declaration.is_some()) {
        let name = plain(state.name);
        report(
            diagnostics,
            state.name,
            &name,
            &format!("state `{name}`"),
            || format!("choose another name, such as `{name}State`"),
        );
    }
    for (_, group) in graph.group_types() {
        let name = &group.declaration.name;
        let (text, what) = (plain(name), format!("group `{name}`"));
        report(diagnostics, name, &text, &what, || {
            format!("choose another name, such as `{text}Group`")
        });
    }
    for transition in &graph.transitions {
        let declaration = transition.declaration;
        let (name, keyword) = (&declaration.name, declaration.kind.keyword());
        let at = declaration.outcome.as_ref().unwrap_or(name);
        let outcome = plain(&declaration.outcome_name());
        let what = format!("the outcome `{outcome}` of {keyword} `{}`", plain(name));
        report(diagnostics, at, &outcome, &what, || {
            let next = upper_camel(&plain(name));
            format!(
                "rename the {keyword}, or name its outcome: `{keyword} {name} as {next}Next: ..`"
            )
        });
    }
}

fn report(
    diagnostics: &mut Diagnostics,
    at: &Ident,
    name: &str,
    what: &str,
    way_out: impl FnOnce() -> String,
) {
    let whose = if OURS.contains(&name) {
        "Stateway's prelude"
    } else if STANDARD.contains(&name) {
        "the standard prelude"
    } else {
        return;
    };
    let error = diagnostics.error(at, format!("{what} hides `{name}` of {whose}"));
    error.help(way_out());
}
