//! Names in the case of the others: what becomes a method is written small, and what becomes a type large.
//!
//! The program calls them by what they become, so they are known by that.

use proc_macro2::Ident;

use crate::ast::{Clauses, Meaning, Workflow, lower_snake, plain, upper_camel};
use crate::diagnostics::Diagnostics;

/// Reports such names, and puts right what the rest of the program calls otherwise.
pub(super) fn put_right(ast: &mut Workflow, diagnostics: &mut Diagnostics) {
    states(ast, diagnostics);
    let states: Vec<String> = ast.states.iter().map(|it| plain(&it.name)).collect();
    for transition in &mut ast.transitions {
        let keyword = transition.kind.keyword();
        method(&mut transition.name, keyword, diagnostics);
        let name = plain(&transition.name);
        handlers(&mut transition.clauses, &states, &name, diagnostics);
        let crate::ast::TransitionKind::Split(split) = &mut transition.kind else {
            continue;
        };
        for branch in &mut split.branches {
            let keyword = branch.keyword.to_string();
            method(&mut branch.name, &keyword, diagnostics);
            let name = plain(&branch.name);
            handlers(&mut branch.clauses, &states, &name, diagnostics);
        }
    }
}

/// A state or a group that is declared small, and named large by the transitions.
fn states(ast: &mut Workflow, diagnostics: &mut Diagnostics) {
    let ends = ast.transitions.iter();
    let ends = ends.flat_map(|it| it.sources.iter().chain(&it.targets));
    let named: Vec<String> = ends.map(plain).collect();
    let states = ast.states.iter_mut().map(|it| ("state", &mut it.name));
    let groups = ast.groups.iter_mut().map(|it| ("group", &mut it.name));
    for (keyword, name) in states.chain(groups) {
        let small = plain(name);
        let large = upper_camel(&small);
        let is_small = small.starts_with(char::is_lowercase);
        if is_small && named.contains(&large) && !named.contains(&small) {
            diagnostics
                .error(
                    &*name,
                    format!("{keyword} `{small}` becomes a type and is not named like one"),
                )
                .help(format!("write `{large}`"));
            *name = Ident::new(&large, name.span());
        }
    }
}

fn method(name: &mut Ident, keyword: &str, diagnostics: &mut Diagnostics) {
    let large = plain(name);
    let small = lower_snake(&large);
    if !large.starts_with(char::is_uppercase) {
        return;
    }
    let error = diagnostics.error(
        &*name,
        format!("{keyword} `{large}` becomes a method and is not named like one"),
    );
    error.help(format!("write `{small}`"));
    if let Ok(mut right) = syn::parse_str::<Ident>(&small) {
        right.set_span(name.span());
        *name = right;
    }
}

/// Handlers that a clause names. What is a state is reported by a rule.
fn handlers(clauses: &mut Clauses, states: &[String], of: &str, diagnostics: &mut Diagnostics) {
    for clause in &mut clauses.0 {
        let keyword = clause.name.to_string();
        let named: Vec<&mut Ident> = match &mut clause.meaning {
            Meaning::Catch(name) | Meaning::Breaker(name) | Meaning::Limit(name) => vec![name],
            Meaning::Undo(undo) => {
                let in_doubt = undo.in_doubt.iter_mut();
                let in_doubt = in_doubt.filter_map(|it| it.handler.as_mut());
                let handlers = undo.handlers.iter_mut().map(|(_, name)| name);
                handlers.chain(in_doubt).collect()
            }
            _ => continue,
        };
        for name in named {
            let text = plain(name);
            if states.contains(&text) || !text.starts_with(char::is_uppercase) {
                continue;
            }
            let small = lower_snake(&text);
            diagnostics
                .error(
                    &*name,
                    format!("the `{keyword}` of `{of}` names a method, and `{text}` is not named like one"),
                )
                .help(format!("write `{small}`"));
            if let Ok(mut right) = syn::parse_str::<Ident>(&small) {
                right.set_span(name.span());
                *name = right;
            }
        }
    }
}
