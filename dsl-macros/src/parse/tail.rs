//! The end of a transition behind its states: its clauses, and what stands there by mistake.

use proc_macro2::Delimiter;
use syn::buffer::Cursor;
use syn::parse::ParseStream;
use syn::{Error, Result, Token, braced};

use super::expected::{WithHelp as _, missing, stop, unexpected};
use super::tokens::{begins_declaration, declared_name, next_word, skip};
use super::transition::HEADER;
use super::{clause, split, tokens};
use crate::ast::{Transition, TransitionKind};
use crate::diagnostics::{Diagnostics, unread};
use crate::suggest;

/// Reads the clauses, also where `with` is missing.
pub(super) fn clauses(
    input: ParseStream<'_>,
    keyword: &str,
    transition: &mut Transition,
    diagnostics: &mut Diagnostics,
) -> Result<()> {
    while let Some(doc) = doc_here(input) {
        diagnostics.detail(&doc);
    }
    comma_before_with(input, diagnostics);
    let word = next_word(input).filter(|_| !begins_declaration(input));
    let mut doubt = None;
    match word.as_deref() {
        Some("with") => skip(input),
        Some(word) if clause::kind(word).is_some() => {
            let error = stop(
                input,
                &format!("clauses of {keyword} `{}` follow `with`", transition.name),
            );
            doubt = Some(error.with_help(&format!("write `with {word}(..)`")));
        }
        Some("if" | "when" | "unless" | "where") => {
            let error = unexpected(input, &format!("`;` after {keyword} `{}`", transition.name));
            diagnostics.detail(&error.with_help(
                "no condition stands in the block: the handler chooses among the states that are named, and returns one",
            ));
            seek(input);
            if next_word(input).as_deref() != Some("with") {
                return Ok(());
            }
            skip(input);
        }
        Some(word) if is_with(input, word) => {
            let error = unexpected(
                input,
                &format!("`with`, or `;` after {keyword} `{}`", transition.name),
            );
            doubt = Some(error.with_help("did you mean `with`?"));
            skip(input);
        }
        _ => return Ok(()),
    }
    if let Some(error) = &doubt {
        diagnostics.detail(error);
    }
    let read = clause::list(input, &mut transition.clauses, diagnostics);
    if let Some(error) = &doubt {
        transition.clauses.doubt(&unread(error));
    }
    read
}

/// Reports a `,` that stands before `with`, and goes on behind it.
pub(super) fn comma_before_with(input: ParseStream<'_>, diagnostics: &mut Diagnostics) {
    let rest = input.fork();
    if input.peek(Token![,]) {
        skip(&rest);
        if next_word(&rest).as_deref() == Some("with") {
            let error = stop(input, "no `,` stands before `with`");
            diagnostics.detail(&error.with_help("remove it"));
            skip(input);
        }
    }
}

/// Returns true if a word stands in the place of `with`, before a clause.
fn is_with(input: ParseStream<'_>, word: &str) -> bool {
    let rest = input.fork();
    skip(&rest);
    let is_clause = next_word(&rest).is_some_and(|word| clause::kind(&word).is_some());
    is_clause && (rest.peek2(syn::token::Paren) || suggest::nearest(word, ["with"]).is_some())
}

/// An error about a comment for documentation that stands here, which is skipped.
fn doc_here(input: ParseStream<'_>) -> Option<Error> {
    if !input.peek(Token![#]) || begins_declaration_behind(input) {
        return None;
    }
    let error = stop(
        input,
        "documentation stands before a declaration, and not within it",
    );
    skip(input);
    skip(input);
    Some(error.with_help("write `//` for a comment"))
}

/// Returns true if a declaration follows the attributes that stand here.
fn begins_declaration_behind(input: ParseStream<'_>) -> bool {
    let rest = input.fork();
    while rest.peek(Token![#]) {
        skip(&rest);
        skip(&rest);
    }
    begins_declaration(&rest) || rest.is_empty()
}

/// Reads `{ retry(3) }`, which stands in the place of `with retry(3)`.
pub(super) fn clauses_in_braces(
    input: ParseStream<'_>,
    transition: &mut Transition,
    diagnostics: &mut Diagnostics,
) {
    let inside = input
        .cursor()
        .group(Delimiter::Brace)
        .map(|(inside, _, _)| inside);
    let word = inside.and_then(Cursor::ident);
    if word.is_none_or(|(word, _)| clause::kind(&word.to_string()).is_none()) {
        return;
    }
    let error = stop(input, "clauses stand behind `with`, and not in braces");
    let error = error.with_help("write `with retry(3), ..`");
    diagnostics.detail(&error);
    let mut read = |input: ParseStream<'_>| {
        let content;
        braced!(content in input);
        let read = clause::list(&content, &mut transition.clauses, diagnostics);
        tokens::skip_all(&content);
        read
    };
    // Mistakes beside the braces are not reported as well.
    if read(input).is_ok() && input.peek(Token![,]) {
        skip(input);
        let _ = clause::list(input, &mut transition.clauses, diagnostics);
    }
    transition.clauses.doubt(&unread(&error));
}

/// Takes an `as` that stands behind the states.
pub(super) fn outcome_behind(
    input: ParseStream<'_>,
    transition: &mut Transition,
    keyword: &str,
    diagnostics: &mut Diagnostics,
) {
    if next_word(input).as_deref() != Some("as") {
        return;
    }
    let name = &transition.name;
    let error = stop(
        input,
        &format!("`as` stands behind the name of {keyword} `{name}`"),
    );
    skip(input);
    let outcome = declared_name(input, "an outcome").ok();
    let shown = outcome
        .as_ref()
        .map_or_else(|| "Name".to_owned(), ToString::to_string);
    diagnostics.detail(&error.with_help(&format!("write `{keyword} {name} as {shown}: ..`")));
    if transition.outcome.is_none() {
        transition.outcome = outcome;
    }
}

/// Takes the name of an outcome without the `as` before it, or with another word.
pub(super) fn outcome_without_as(
    input: ParseStream<'_>,
    begin: Cursor<'_>,
    transition: &mut Transition,
    diagnostics: &mut Diagnostics,
) {
    let rest = input.fork();
    if tokens::second_is_word(input)
        && next_word(input).is_some_and(|word| !HEADER.contains(&word.as_str()))
    {
        skip(&rest);
    }
    let is_name = next_word(&rest).is_some_and(|word| word.starts_with(char::is_uppercase));
    let is_before =
        rest.peek2(Token![:]) && !rest.peek2(Token![::]) || rest.peek2(syn::token::Paren);
    if transition.outcome.is_some() || !is_name || !is_before {
        return;
    }
    let error = missing(
        input,
        begin,
        &format!("`as` and the name of the outcome of `{}`", transition.name),
    );
    diagnostics.detail(&error);
    while input.cursor() != rest.cursor() {
        skip(input);
    }
    transition.outcome = declared_name(input, "an outcome").ok();
}

pub(super) fn split_body(
    input: ParseStream<'_>,
    transition: &mut Transition,
    diagnostics: &mut Diagnostics,
) -> Result<()> {
    let name = &transition.name;
    let body = split::body(input, name, diagnostics);
    transition.kind = TransitionKind::Split(body);
    if next_word(input).as_deref() == Some("with") {
        let error = unexpected(input, &format!("the next declaration after split `{name}`"));
        let error = error.with_help("the clauses of a split stand before its `{`");
        diagnostics.detail(&error);
        skip(input);
        let read = clause::list(input, &mut transition.clauses, diagnostics);
        transition.clauses.doubt(&unread(&error));
        read?;
    }
    let _: Option<Token![;]> = input.parse()?;
    Ok(())
}

/// Skips to what follows the states.
pub(super) fn seek(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![;]) && !begins_declaration(input) {
        let is_next = next_word(input).is_some_and(|word| {
            word == "with" || clause::kind(&word).is_some() && input.peek2(syn::token::Paren)
        });
        if is_next || input.peek(syn::token::Brace) {
            return;
        }
        skip(input);
    }
}
