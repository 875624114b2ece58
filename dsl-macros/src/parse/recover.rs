//! The handlers that a clause seems to name which cannot be read: the program implements them.

use proc_macro2::{Ident, TokenStream, TokenTree};

use super::clause;
use super::tokens::is_keyword;
use crate::ast::{ClauseKind, Meaning, Undo};

/// Guesses the meaning of a clause with these arguments, if it names a handler.
pub(super) fn handlers(kind: ClauseKind, arguments: TokenStream) -> Option<Meaning> {
    let named = named(arguments);
    let first = named.first().map(|(_, handler)| handler.clone());
    match kind {
        ClauseKind::Undo if !named.is_empty() => Some(Meaning::Undo(Undo {
            handlers: named,
            is_damaged: true,
            ..Undo::default()
        })),
        ClauseKind::Catch => first.map(Meaning::Catch),
        ClauseKind::Breaker => first.map(Meaning::Breaker),
        ClauseKind::Limit => first.map(Meaning::Limit),
        _ => None,
    }
}

/// The names that are written like those of handlers, each with the state before it.
fn named(arguments: TokenStream) -> Vec<(Option<Ident>, Ident)> {
    let mut named: Vec<(Option<Ident>, Ident)> = Vec::new();
    let mut state = None;
    let mut tokens = arguments.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let name = match token {
            TokenTree::Ident(ident) => ident,
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                let Ok(mut name) = syn::parse_str::<Ident>(text.trim_matches('"')) else {
                    continue;
                };
                name.set_span(literal.span());
                name
            }
            TokenTree::Punct(punct) if punct.as_char() == ',' => {
                state = None;
                continue;
            }
            // `|error| late`
            TokenTree::Punct(punct) if punct.as_char() == '|' => {
                named.clear();
                continue;
            }
            _ => continue,
        };
        let text = name.to_string();
        if text.starts_with(char::is_uppercase) && text != "Self" {
            state = Some(name);
        } else if clause::kind(&text).is_some() {
            tokens.next_if(|next| matches!(next, TokenTree::Group(_)));
        } else if !is_keyword(&text) && text != "with" {
            named.push((state.take(), name));
        }
    }
    named
}
