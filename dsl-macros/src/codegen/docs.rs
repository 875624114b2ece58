//! The rustdoc of the machine: what leads where, as a table and as a diagram.

use proc_macro2::Ident;

use crate::graph::Graph;
use crate::{ast, suggest};

use super::diagram;
use crate::text;

/// The text behind the user's own documentation of the workflow.
pub(super) fn of_workflow(graph: &Graph<'_>) -> String {
    let mut doc = String::from("\n# Transitions\n\n");
    let with = graph
        .transitions
        .iter()
        .any(|transition| !transition.declaration.clauses.is_empty());
    doc.push_str("| transition | from | to |");
    doc.push_str(if with { " with |\n" } else { "\n" });
    doc.push_str("| --- | --- | --- |");
    doc.push_str(if with { " --- |\n" } else { "\n" });
    for transition in &graph.transitions {
        let declaration = transition.declaration;
        let sources = if declaration.is_deadline() {
            "every state that is not final".to_owned()
        } else {
            let names = graph.left_names(transition);
            let names = names.iter().map(|name| {
                if is_box(graph, name) {
                    format!("`{name}`")
                } else {
                    format!("[`{name}`]")
                }
            });
            names.collect::<Vec<_>>().join(", ")
        };
        let targets = if declaration.is_internal {
            "stays".to_owned()
        } else {
            links(&graph.names(transition.targets.iter().copied()))
        };
        let keyword = declaration.kind.keyword();
        doc.push_str(&format!(
            "| `{keyword} {}` | {sources} | {targets} |",
            diagram::label(declaration)
        ));
        if with {
            doc.push_str(&format!(" {} |", clauses(declaration)));
        }
        doc.push('\n');
    }
    let finals = graph.states.iter().filter(|state| state.kind.is_final());
    let starts = graph.names(graph.starts());
    let finals: Vec<String> = finals
        .map(|state| format!("{} {}", state.kind.keyword(), state.name))
        .collect();
    doc.push_str(&format!(
        "\nA run begins in {} and ends in {}.\n",
        suggest::any_of(starts.iter().map(String::as_str)),
        if finals.is_empty() {
            "no state: it runs for ever".to_owned()
        } else {
            suggest::any_of(finals.iter().map(String::as_str))
        },
    ));
    doc.push_str("\n```mermaid\n");
    doc.push_str(&diagram::mermaid(graph));
    doc.push_str("```\n");
    doc
}

/// Returns true if a group has this name, and is no type that one could read about.
fn is_box(graph: &Graph<'_>, name: &Ident) -> bool {
    let mut groups = graph.groups.iter();
    groups.any(|group| group.declaration.name == *name && !group.is_type())
}

fn links(names: &[String]) -> String {
    let links: Vec<String> = names.iter().map(|name| format!("[`{name}`]")).collect();
    links.join(", ")
}

fn clauses(declaration: &ast::Transition) -> String {
    let clauses = declaration.clauses.iter().map(|clause| {
        format!(
            "`{}`",
            text::written(quote::ToTokens::to_token_stream(clause))
        )
    });
    clauses.collect::<Vec<_>>().join(", ")
}
