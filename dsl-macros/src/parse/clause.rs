//! The clauses after `with`: `retry(5, backoff 100ms..10s), timeout(2s), undo(refund)`.

use proc_macro2::TokenStream;
use syn::parse::{ParseBuffer, ParseStream};
use syn::{Result, Token, parenthesized};

use super::duration;
use super::tokens::{
    WithHelp as _, declared_name, next_word, skip, skip_all, stop, unexpected, word,
};
use crate::ast::{Clause, ClauseKind};
use crate::diagnostics::{Diagnostics, position};
use crate::suggest;

/// Reads clauses up to the end of the line; a bad one costs that clause.
pub(super) fn list(
    input: ParseStream<'_>,
    clauses: &mut Vec<Clause>,
    diagnostics: &mut Diagnostics,
) -> Result<()> {
    loop {
        let Some(clause) = clause(input, diagnostics)? else {
            if !input.peek(Token![,]) {
                return Ok(());
            }
            skip(input);
            continue;
        };
        let first = clauses.iter().find(|first| first.kind == clause.kind);
        if let Some(first) = first {
            diagnostics
                .error(
                    &clause.name,
                    format!("clause `{}` is given twice", clause.name),
                )
                .note(format!("first given at {}", position(first.name.span())));
        } else {
            clauses.push(clause);
        }
        if !input.peek(Token![,]) {
            return Ok(());
        }
        skip(input);
    }
}

/// The clause that `word` opens.
pub(super) fn kind(word: &str) -> Option<ClauseKind> {
    ClauseKind::ALL.into_iter().find(|kind| kind.word() == word)
}

/// `None` for a clause whose arguments are wrong, which is reported.
fn clause(input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> Result<Option<Clause>> {
    let Some(text) = next_word(input) else {
        return Err(unexpected(input, "a clause such as `retry(3)`"));
    };
    let Some(kind) = kind(&text) else {
        let words = ClauseKind::ALL.map(ClauseKind::word);
        let error = stop(input, &format!("unknown clause `{text}`"));
        return Err(match suggest::nearest(&text, words) {
            Some(nearest) => error.with_help(&format!("did you mean `{nearest}`?")),
            None => error.with_help(&format!("the clauses are {}", suggest::all_of(words))),
        });
    };
    let name = word(input, &text)?;
    let mut arguments = TokenStream::new();
    if kind != ClauseKind::Spawn {
        if !input.peek(syn::token::Paren) {
            return Err(unexpected(input, &format!("`(..)` after `{text}`")));
        }
        let content;
        parenthesized!(content in input);
        arguments = content.cursor().token_stream();
        let read = self::arguments(&content, kind);
        skip_all(&content);
        if let Err(error) = read {
            diagnostics.syntax(&error);
            return Ok(None);
        }
    }
    Ok(Some(Clause {
        kind,
        name,
        arguments,
    }))
}

fn arguments(content: &ParseBuffer<'_>, kind: ClauseKind) -> Result<()> {
    match kind {
        ClauseKind::Retry => retry(content)?,
        ClauseKind::Timeout | ClauseKind::Deadline => {
            duration::parse(content, "a duration, such as `2s`")?;
        }
        ClauseKind::Undo => undo(content)?,
        ClauseKind::Catch => {
            declared_name(content, "a handler")?;
        }
        ClauseKind::Breaker | ClauseKind::Limit => {
            declared_name(content, "a method of the context")?;
        }
        ClauseKind::Spawn => {}
    }
    if content.is_empty() {
        Ok(())
    } else {
        Err(unexpected(
            content,
            &format!("the end of `{}(..)`", kind.word()),
        ))
    }
}

/// `5, backoff 100ms..10s, factor 3, no jitter`
fn retry(content: &ParseBuffer<'_>) -> Result<()> {
    duration::parse_count(content, "how many attempts, such as `3`")?;
    while content.peek(Token![,]) {
        skip(content);
        match next_word(content).as_deref() {
            Some("backoff") => {
                skip(content);
                duration::parse_range(content)?;
            }
            Some("every") => {
                skip(content);
                duration::parse(content, "the delay between attempts, such as `2s`")?;
            }
            Some("factor") => {
                skip(content);
                factor(content)?;
            }
            Some("no") => {
                skip(content);
                word(content, "jitter")?;
            }
            _ => {
                return Err(unexpected(
                    content,
                    "`backoff A..B`, `every D`, `factor F` or `no jitter`",
                ));
            }
        }
    }
    Ok(())
}

fn factor(content: &ParseBuffer<'_>) -> Result<()> {
    let number = content
        .cursor()
        .literal()
        .map(|(literal, _)| literal.to_string());
    match number.and_then(|text| text.replace('_', "").parse::<f64>().ok()) {
        Some(factor) if factor >= 1.0 && factor.is_finite() => {
            skip(content);
            Ok(())
        }
        Some(_) => Err(stop(content, "a factor below 1 would shorten each delay")),
        None => Err(unexpected(content, "a factor, such as `2` or `1.5`")),
    }
}

/// `release`, `release, retry(3)` or `B => undo_b, C => undo_c`
fn undo(content: &ParseBuffer<'_>) -> Result<()> {
    declared_name(content, "a handler")?;
    if content.peek(Token![=>]) {
        content.parse::<Token![=>]>()?;
        declared_name(content, "a handler")?;
        while content.peek(Token![,]) {
            skip(content);
            if content.is_empty() {
                break;
            }
            declared_name(content, "a state")?;
            if !content.peek(Token![=>]) {
                return Err(unexpected(content, "`=>` and the handler that undoes it"));
            }
            content.parse::<Token![=>]>()?;
            declared_name(content, "a handler")?;
        }
        return Ok(());
    }
    if content.peek(Token![,]) {
        skip(content);
        word(content, "retry")?;
        if !content.peek(syn::token::Paren) {
            return Err(unexpected(content, "`(..)` after `retry`"));
        }
        let attempts;
        parenthesized!(attempts in content);
        let read = arguments(&attempts, ClauseKind::Retry);
        skip_all(&attempts);
        return read;
    }
    Ok(())
}
