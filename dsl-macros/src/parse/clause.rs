//! The clauses after `with`: `retry(5, backoff 100ms..10s), timeout(2s), undo(refund)`.

use proc_macro2::{Delimiter, Group};
use syn::ext::IdentExt as _;
use syn::parse::{ParseBuffer, ParseStream};
use syn::{Error, Result, Token, parenthesized};

use super::duration;
use super::tokens::{
    WithHelp as _, declared_name, next_word, skip, skip_all, stop, unexpected, word,
};
use crate::ast::{Attempts, Clause, ClauseKind, Clauses, Delay, Jitter, Meaning, Retry, Undo};
use crate::diagnostics::{Diagnostics, position};
use crate::suggest;

/// Reads clauses up to the end of the line; a bad one costs that clause.
pub(super) fn list(
    input: ParseStream<'_>,
    clauses: &mut Clauses,
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
        let first = clauses.iter().find(|first| first.kind() == clause.kind());
        if let Some(first) = first {
            diagnostics
                .error(
                    &clause.name,
                    format!("clause `{}` is given twice", clause.name),
                )
                .note(format!("first given at {}", position(first.name.span())));
        } else {
            clauses.0.push(clause);
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
        return unknown(input, &text, diagnostics);
    };
    let name = word(input, &text)?;
    let alone = match kind {
        ClauseKind::Spawn => Some(Meaning::Spawn),
        ClauseKind::Once => Some(Meaning::Once),
        _ => None,
    };
    if let Some(meaning) = alone {
        return Ok(Some(Clause {
            name,
            arguments: None,
            meaning,
        }));
    }
    if kind == ClauseKind::Else {
        if input.peek(syn::token::Paren) {
            let error = stop(input, "`else` takes no parentheses");
            return Err(error.with_help("write `else` and the state: `else GivenUp`"));
        }
        // No state is called like this: states are named like types.
        let meaning = match next_word(input).as_deref() {
            Some("pause") => Meaning::Pause(word(input, "pause")?),
            _ => Meaning::Else(declared_name(input, "a state")?),
        };
        return Ok(Some(Clause {
            name,
            arguments: None,
            meaning,
        }));
    }
    let arguments = input
        .cursor()
        .group(Delimiter::Parenthesis)
        .map(|(inside, span, _)| {
            let mut arguments = Group::new(Delimiter::Parenthesis, inside.token_stream());
            arguments.set_span(span.join());
            arguments
        });
    let meaning = in_parentheses(input, &text, diagnostics, |content, diagnostics| {
        meaning(content, kind, diagnostics)
    })?;
    Ok(meaning.map(|meaning| Clause {
        name,
        arguments,
        meaning,
    }))
}

/// Reports a clause that there is none of. One that is misspelt is read as what was meant, so that the handler that
/// it names is known; where it does not read as that, it costs no more than itself.
fn unknown(
    input: ParseStream<'_>,
    text: &str,
    diagnostics: &mut Diagnostics,
) -> Result<Option<Clause>> {
    let words = ClauseKind::ALL.map(ClauseKind::word);
    let error = stop(input, &format!("unknown clause `{text}`"));
    let nearest = suggest::nearest(text, words);
    let error = match nearest {
        Some(nearest) => error.with_help(&format!("did you mean `{nearest}`?")),
        None => error.with_help(&format!("the clauses are {}", suggest::all_of(words))),
    };
    if !input.peek2(syn::token::Paren) {
        return Err(error);
    }
    diagnostics.detail(&error);
    let name = input.call(syn::Ident::parse_any)?;
    let content;
    parenthesized!(content in input);
    let meant = nearest.and_then(kind);
    let read = meant
        .map(|kind| meaning(&content, kind, &mut Diagnostics::default()))
        .and_then(Result::ok)
        .filter(|_| content.is_empty());
    skip_all(&content);
    Ok(read.map(|meaning| Clause {
        name,
        arguments: None,
        meaning,
    }))
}

/// Reads `(..)` after `word`. What is wrong in it is reported, and costs no more than itself.
fn in_parentheses<T>(
    input: ParseStream<'_>,
    word: &str,
    diagnostics: &mut Diagnostics,
    read: impl FnOnce(&ParseBuffer<'_>, &mut Diagnostics) -> Result<T>,
) -> Result<Option<T>> {
    if !input.peek(syn::token::Paren) {
        return Err(unexpected(input, &format!("`(..)` after `{word}`")));
    }
    let content;
    parenthesized!(content in input);
    let read = read(&content, diagnostics).and_then(|read| {
        if content.is_empty() {
            Ok(read)
        } else {
            Err(unexpected(&content, &format!("the end of `{word}(..)`")))
        }
    });
    skip_all(&content);
    Ok(read.map_err(|error| diagnostics.detail(&error)).ok())
}

fn meaning(
    content: &ParseBuffer<'_>,
    kind: ClauseKind,
    diagnostics: &mut Diagnostics,
) -> Result<Meaning> {
    Ok(match kind {
        ClauseKind::Retry => Meaning::Retry(retry(content)?),
        ClauseKind::Timeout => Meaning::Timeout(time(content)?),
        ClauseKind::Deadline => Meaning::Deadline(time(content)?),
        ClauseKind::Undo => Meaning::Undo(undo(content, diagnostics)?),
        ClauseKind::Catch => Meaning::Catch(declared_name(content, "a handler")?),
        ClauseKind::Breaker => Meaning::Breaker(declared_name(content, "a method of the context")?),
        ClauseKind::Limit => Meaning::Limit(declared_name(content, "a method of the context")?),
        ClauseKind::Else => Meaning::Else(declared_name(content, "a state")?),
        ClauseKind::Spawn => Meaning::Spawn,
        ClauseKind::Once => Meaning::Once,
    })
}

fn time(content: &ParseBuffer<'_>) -> Result<crate::ast::Duration> {
    duration::parse(content, "a duration, such as `2s`")
}

/// `5, backoff 100ms..10s, factor 3, no jitter`, or `forever, every 3s`
fn retry(content: &ParseBuffer<'_>) -> Result<Retry> {
    let mut retry = Retry {
        attempts: attempts(content)?,
        delay: None,
        factor: None,
        jitter: None,
    };
    while content.peek(Token![,]) {
        skip(content);
        let twice = |given: bool, what: &str| {
            if given {
                return Err(stop(content, &format!("`retry` is given {what} twice")));
            }
            Ok(())
        };
        match next_word(content).as_deref() {
            Some("backoff") => {
                twice(retry.delay.is_some(), "a delay")?;
                skip(content);
                let (first, cap) = duration::parse_range(content)?;
                retry.delay = Some(Delay::Backoff { first, cap });
            }
            Some("every") => {
                twice(retry.delay.is_some(), "a delay")?;
                skip(content);
                let every = "the delay between attempts, such as `2s`";
                retry.delay = Some(Delay::Every(duration::parse(content, every)?));
            }
            Some("factor") => {
                twice(retry.factor.is_some(), "a factor")?;
                skip(content);
                retry.factor = Some(factor(content)?);
            }
            Some(text @ ("no" | "full")) => {
                twice(retry.jitter.is_some(), "its jitter")?;
                let jitter = match text {
                    "no" => Jitter::None,
                    _ => Jitter::Full,
                };
                retry.jitter = Some((word(content, text)?, jitter));
                word(content, "jitter")?;
            }
            _ => {
                return Err(unexpected(
                    content,
                    "`backoff A..B`, `every D`, `factor F`, `full jitter` or `no jitter`",
                ));
            }
        }
    }
    Ok(retry)
}

/// `5` or `forever`
fn attempts(content: &ParseBuffer<'_>) -> Result<Attempts> {
    if next_word(content).as_deref() == Some("forever") {
        skip(content);
        return Ok(Attempts::Forever);
    }
    let what = "how many attempts, such as `3`, or `forever`";
    duration::parse_count(content, what).map(Attempts::Count)
}

fn factor(content: &ParseBuffer<'_>) -> Result<(proc_macro2::Literal, f64)> {
    let literal = content.cursor().literal().map(|(literal, _)| literal);
    let number = |text: String| text.replace('_', "").parse::<f64>().ok();
    match literal.and_then(|it| Some((number(it.to_string())?, it))) {
        Some((factor, literal)) if factor >= 1.0 && factor.is_finite() => {
            skip(content);
            Ok((literal, factor))
        }
        Some(_) => Err(stop(content, "a factor below 1 would shorten each delay")),
        None => Err(unexpected(content, "a factor, such as `2` or `1.5`")),
    }
}

/// `release`, or `B => release, C => give_back`; then `retry(3)` and `timeout(5s)`, if given.
///
/// A handler that was read is there, whatever follows it: the context implements it.
fn undo(content: &ParseBuffer<'_>, diagnostics: &mut Diagnostics) -> Result<Undo> {
    let mut undo = Undo::default();
    let first = declared_name(content, "a handler")?;
    if let Some(handler) = arrow(content)? {
        undo.handlers.push((Some(first), handler));
    } else {
        undo.handlers.push((None, first));
    }
    if let Err(error) = rest_of_undo(content, &mut undo, diagnostics) {
        skip_all(content);
        undo.is_damaged = true;
        diagnostics.detail(&error);
    }
    Ok(undo)
}

fn rest_of_undo(
    content: &ParseBuffer<'_>,
    undo: &mut Undo,
    diagnostics: &mut Diagnostics,
) -> Result<()> {
    while content.peek(Token![,]) {
        skip(content);
        let Some(text) = next_word(content) else {
            // A comma at the end is a habit, not a mistake.
            break;
        };
        let called = content.peek2(syn::token::Paren);
        let twice = |given: bool| -> Result<()> {
            if given {
                return Err(stop(content, &format!("clause `{text}` is given twice")));
            }
            Ok(())
        };
        match text.as_str() {
            "retry" if called => {
                twice(undo.retry.is_some())?;
                skip(content);
                undo.retry = in_parentheses(content, &text, diagnostics, |it, _| retry(it))?;
            }
            "timeout" if called => {
                twice(undo.timeout.is_some())?;
                skip(content);
                undo.timeout = in_parentheses(content, &text, diagnostics, |it, _| time(it))?;
            }
            _ if called => return Err(not_of_undo(content, &text)),
            _ => {
                let target = declared_name(content, "a state")?;
                let Some(handler) = arrow(content)? else {
                    return Err(unexpected(content, "`=>` and the handler that undoes it"));
                };
                undo.handlers.push((Some(target), handler));
            }
        }
    }
    Ok(())
}

/// `=> handler`, if it stands here.
fn arrow(content: &ParseBuffer<'_>) -> Result<Option<proc_macro2::Ident>> {
    if !content.peek(Token![=>]) {
        return Ok(None);
    }
    content.parse::<Token![=>]>()?;
    declared_name(content, "a handler").map(Some)
}

fn not_of_undo(content: &ParseBuffer<'_>, word: &str) -> Error {
    let error = stop(content, &format!("`undo` has no clause `{word}`"));
    match suggest::nearest(word, ["retry", "timeout"]) {
        Some(nearest) => error.with_help(&format!("did you mean `{nearest}`?")),
        None => error.with_help("an undo may have a `retry(..)` and a `timeout(..)` of its own"),
    }
}
