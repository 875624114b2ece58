//! Errors about what stands where something else was expected, each at the place where a reader looks for it.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use syn::Error;
use syn::buffer::Cursor;
use syn::parse::ParseStream;

use crate::ast::plain;

/// The operators of several signs, the longer first.
const SIGNS: [&str; 17] = [
    "-->", "==>", "..=", "...", "->", "=>", "::", "..", "||", "&&", "==", "<-", "<=", ">=", "--",
    "~>", "|>",
];

/// The sign that stands here, be it one token or several.
pub(super) fn sign(input: ParseStream<'_>) -> Option<String> {
    let tokens = signs(input.cursor());
    let text = tokens.iter().map(ToString::to_string).collect::<String>();
    (!text.is_empty()).then_some(text)
}

fn signs(mut cursor: Cursor<'_>) -> Vec<TokenTree> {
    let mut tokens: Vec<TokenTree> = Vec::new();
    let mut text = String::new();
    let mut is_joint = true;
    while let Some((punct, rest)) = cursor.punct().filter(|_| is_joint && tokens.len() < 3) {
        text.push(punct.as_char());
        is_joint = punct.spacing() == proc_macro2::Spacing::Joint;
        tokens.push(TokenTree::Punct(punct));
        cursor = rest;
    }
    let whole = SIGNS.iter().find(|sign| text.starts_with(**sign));
    tokens.truncate(whole.map_or(1, |sign| sign.len()));
    tokens
}

/// "expected .., found ..", at the next token or at the end of what is being read.
pub(super) fn unexpected(input: ParseStream<'_>, expected: &str) -> Error {
    stop(
        input,
        &format!("expected {expected}, found {}", found(input)),
    )
}

/// "expected .., found ..", behind the last token that was read since `begin`, as rustc does where something is missing.
///
/// A sign in its place is what is wrong.
pub(super) fn missing(input: ParseStream<'_>, begin: Cursor<'_>, expected: &str) -> Error {
    let mut cursor = begin;
    let mut last = None;
    while let Some((token, rest)) = cursor.token_tree().filter(|_| cursor != input.cursor()) {
        last = Some(token);
        cursor = rest;
    }
    match last.filter(|_| {
        input
            .cursor()
            .punct()
            .is_none_or(|(it, _)| it.as_char() == ';')
    }) {
        Some(TokenTree::Group(group)) => at(behind(group.span_close()), input, expected),
        Some(token) => at(behind(token.span()), input, expected),
        None => unexpected(input, expected),
    }
}

fn at(place: Span, input: ParseStream<'_>, expected: &str) -> Error {
    Error::new(
        place,
        format!("expected {expected}, found {}", found(input)),
    )
}

/// The place behind a token. A test knows none but the token.
fn behind(token: Span) -> Span {
    if proc_macro::is_available() {
        token.unwrap().end().into()
    } else {
        token
    }
}

/// The next token, as a message shows it.
pub(super) fn found(input: ParseStream<'_>) -> String {
    if let Some(sign) = sign(input) {
        return format!("`{sign}`");
    }
    match input.cursor().token_tree() {
        None => "the end".to_owned(),
        Some((TokenTree::Ident(ident), _)) => format!("`{}`", plain(&ident)),
        Some((TokenTree::Group(group), _)) => match group.delimiter() {
            Delimiter::Brace => "`{`".to_owned(),
            Delimiter::Bracket => "`[`".to_owned(),
            Delimiter::Parenthesis => "`(`".to_owned(),
            Delimiter::None => format!("`{group}`"),
        },
        Some((token, _)) => format!("`{token}`"),
    }
}

/// An error at the next token, or sign.
pub(super) fn stop(input: ParseStream<'_>, message: &str) -> Error {
    let signs = signs(input.cursor());
    if !signs.is_empty() {
        return Error::new_spanned(signs.into_iter().collect::<TokenStream>(), message);
    }
    match input.cursor().token_tree() {
        // A group's span covers lines of content; its first delimiter is where reading stopped.
        Some((TokenTree::Group(group), _)) => Error::new(group.span_open(), message),
        Some((token, _)) => Error::new(token.span(), message),
        None => Error::new(input.span(), message),
    }
}

/// Adds the way out to a syntax error.
pub(super) trait WithHelp {
    fn with_help(self, help: &str) -> Self;
}

impl WithHelp for Error {
    fn with_help(self, help: &str) -> Self {
        let ends = crate::diagnostics::ends(&self).map(|end| proc_macro2::Ident::new("mark", end));
        let marks = ends
            .into_iter()
            .map(TokenTree::Ident)
            .collect::<TokenStream>();
        Error::new_spanned(marks, format!("{self}\n  help: {help}"))
    }
}
