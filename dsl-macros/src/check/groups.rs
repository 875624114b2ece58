//! Rules of groups: each has members that can be left, and its data has a place of its own in them.

use std::collections::HashMap;

use proc_macro2::Ident;

use crate::ast::{lower_snake, plain};
use crate::diagnostics::{Diagnostics, position};
use crate::graph::{ANY_METHODS, Graph};
use crate::parse::is_keyword;

pub(super) fn check(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    for group in &graph.groups {
        let name = &group.declaration.name;
        // A line that could not be read may have been its member.
        let is_read = group.declaration.unread.is_none() && diagnostics.states_are_known();
        if group.members.is_empty() && is_read {
            diagnostics
                .error(name, format!("group `{name}` has no states"))
                .help(format!("write them in braces behind its fields: `group {name} {{ .. }} {{ state ..; }}`"));
        }
    }
    names(graph, diagnostics);
    finals(graph, diagnostics);
}

/// The name of a group gives that of a field and of a method.
fn names(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    let mut first_of: HashMap<String, &Ident> = HashMap::new();
    for (_, group) in graph.group_types() {
        let name = &group.declaration.name;
        let field = lower_snake(&plain(name));
        let any = &graph.ast.name;
        if is_keyword(&field) || syn::parse_str::<Ident>(&field).is_err() {
            diagnostics
                .error(
                    name,
                    format!("the data of group `{name}` cannot be in a field `{field}`"),
                )
                .help(format!("choose another name, such as `{name}Group`"));
        } else if ANY_METHODS.contains(&field.as_str()) {
            diagnostics
                .error(
                    name,
                    format!("group `{name}` is named like the method `{field}` of `Any{any}`"),
                )
                .help(format!("choose another name, such as `{name}Group`"));
        } else if let Some(first) = first_of.get(&field) {
            diagnostics
                .error(
                    name,
                    format!(
                        "the data of groups `{first}` and `{name}` would both be called `{field}`"
                    ),
                )
                .note(format!(
                    "`{first}` is declared at {}",
                    position(first.span())
                ));
        } else {
            first_of.insert(field, name);
        }
    }
}

fn finals(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    for state in graph.ast.states.iter().filter(|it| it.kind.is_final()) {
        let Some(group) = state.group else { continue };
        let (keyword, name) = (state.kind.keyword(), &state.name);
        let of = &graph.ast.groups[group].name;
        let error = diagnostics.error(
            name,
            format!(
                "`{keyword} {name}` stands in group `{of}`, and a final state is left by nothing"
            ),
        );
        let data = graph.ast.data_around(Some(group));
        error.help(match data.map(|data| &graph.ast.groups[data]) {
            None => "declare it behind the group".to_owned(),
            Some(data) => format!(
                "declare it behind the group, with the data if it needs them: `{keyword} {name} {{ {}: {} }};`",
                data.field_name(),
                data.name
            ),
        });
    }
}
