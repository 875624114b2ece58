//! A number or a duration of a clause, or the field that it is in: `2s`, `limit`, `input.limit`.

use proc_macro2::Delimiter;
use syn::parse::ParseStream;
use syn::{Result, Token};

use super::duration;
use super::expected::{WithHelp as _, sign, stop, unexpected};
use super::tokens::{
    declared_name, is_keyword, next_word, second_is_one_of, second_is_word, skip, word,
};
use crate::ast::{Count, Duration, Given, Place};

/// Consumes a duration or a field; `what` says what it is for.
pub(super) fn duration(input: ParseStream<'_>, what: &str) -> Result<Given<Duration>> {
    duration_if(is_place(input) && !is_named(input), input, what)
}

/// The same before the states of a transition.
pub(super) fn before_states(input: ParseStream<'_>, what: &str) -> Result<Given<Duration>> {
    duration_if(is_place(input), input, what)
}

fn duration_if(is_place: bool, input: ParseStream<'_>, what: &str) -> Result<Given<Duration>> {
    if is_place {
        return place(input).map(Given::Field);
    }
    if next_word(input).is_some() {
        let error = unexpected(input, what);
        return Err(error.with_help(
            "write the duration out, as in `2s`, or name a field that holds it: no constant stands here",
        ));
    }
    duration::parse(input, what).map(Given::Written)
}

/// Consumes a whole number or a field; `what` says what it counts.
pub(super) fn count(input: ParseStream<'_>, what: &str) -> Result<Given<Count>> {
    if is_place(input) && !is_named(input) {
        return place(input).map(Given::Field);
    }
    let is_constant = next_word(input).is_some_and(|word| word == word.to_uppercase());
    if is_constant {
        let error = unexpected(input, what);
        return Err(error.with_help(
            "write the number out, or name a field that holds it: no constant stands here",
        ));
    }
    duration::parse_count(input, what).map(Given::Written)
}

/// Consumes the range of a backoff: `100ms..10s`.
pub(super) fn range(input: ParseStream<'_>) -> Result<(Given<Duration>, Given<Duration>)> {
    let first = duration(input, "the first delay, such as `100ms`")?;
    if !input.peek(Token![..]) || input.peek(Token![..=]) {
        return Err(unexpected(
            input,
            "`..` and the longest delay, as in `100ms..10s`",
        ));
    }
    input.parse::<Token![..]>()?;
    let last = duration(input, "the longest delay, such as `10s`")?;
    Ok((first, last))
}

/// Consumes the name of a field, behind `input.` if it is one of the input.
pub(super) fn place(input: ParseStream<'_>) -> Result<Place> {
    let behind = sign_behind(input);
    if next_word(input).as_deref() == Some("input") {
        let is_field = second_is_word(input) && !second_is_one_of(input, &["with"]);
        let is_other = matches!(behind.as_deref(), Some("::" | "->"));
        if is_other || is_field {
            let error = stop(input, "a field of the input is named behind a `.`");
            for _ in 0..=behind.filter(|_| is_other).map_or(0, |sign| sign.len()) {
                skip(input);
            }
            return Err(error.with_help("write `input.name`"));
        }
        if behind.as_deref() == Some(".") {
            let keyword = word(input, "input")?;
            skip(input);
            let field = declared_name(input, "a field of the input")?;
            return Ok(Place {
                input: Some(keyword),
                field,
            });
        }
    }
    let rest = input.fork();
    let field = declared_name(input, "a field of the state")?;
    let inner = input.cursor().token_tree();
    let inner = inner.and_then(|(_, rest)| rest.ident());
    if let (Some("."), Some((inner, behind))) = (behind.as_deref(), inner) {
        let is_called = behind.group(Delimiter::Parenthesis).is_some();
        let alone = if is_called { field } else { inner };
        let error = stop(&rest, "a field is named alone, without what it is in");
        return Err(error.with_help(&format!(
            "write `{alone}`, or `input.{alone}` for a field of the input"
        )));
    }
    Ok(Place { input: None, field })
}

/// Returns true if a field is named here: a word that is no keyword, no constant and no type, with nothing behind it that would make
/// it something else.
fn is_place(input: ParseStream<'_>) -> bool {
    let Some(text) = next_word(input) else {
        return false;
    };
    if text == "self" {
        return sign_behind(input).as_deref() == Some(".");
    }
    let rest = input.fork();
    skip(&rest);
    let is_called = rest.peek(syn::token::Paren) || rest.peek(syn::Lit);
    let is_path = matches!(sign(&rest).as_deref(), Some("::" | "!")) && text != "input";
    let is_small = text.starts_with(|first: char| !first.is_uppercase());
    is_small && !is_keyword(&text) && !is_called && !is_path
}

/// Returns true if the next word names what stands behind a sign, as in `max: 3` or `limit = 2s`.
fn is_named(input: ParseStream<'_>) -> bool {
    let rest = input.fork();
    skip(&rest);
    match sign(&rest).as_deref() {
        Some("=") => true,
        Some(":") => rest.peek2(syn::Lit),
        _ => false,
    }
}

/// The sign behind the next token.
fn sign_behind(input: ParseStream<'_>) -> Option<String> {
    let rest = input.fork();
    skip(&rest);
    sign(&rest)
}
