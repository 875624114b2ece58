//! The arguments of a clause.

use syn::parse::ParseBuffer;
use syn::{Error, Result, Token};

use super::clause::in_parentheses;
use super::expected::{WithHelp as _, stop, unexpected};
use super::given;
use super::tokens::{declared_name, next_word, skip, word};
use crate::ast::{
    Attempts, ClauseKind, Delay, Duration, Given, InDoubt, Jitter, Meaning, Retry, Undo,
};
use crate::diagnostics::Diagnostics;
use crate::suggest;

/// Reads the content of the parentheses.
pub(super) fn meaning(
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

fn time(content: &ParseBuffer<'_>) -> Result<Given<Duration>> {
    given::duration(content, "a duration, such as `2s`")
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
                let (first, cap) = given::range(content)
                    .map_err(|error| error.with_help("write `backoff 100ms..10s`"))?;
                retry.delay = Some(Delay::Backoff { first, cap });
            }
            Some("every") => {
                twice(retry.delay.is_some(), "a delay")?;
                skip(content);
                let every = "the delay between attempts, such as `2s`";
                retry.delay = Some(Delay::Every(given::duration(content, every)?));
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
                let error = unexpected(
                    content,
                    "`backoff A..B`, `every D`, `factor F`, `full jitter` or `no jitter`",
                );
                return Err(match next_word(content).as_deref() {
                    Some("jitter") => error.with_help("write `full jitter`, or `no jitter`"),
                    _ => error,
                });
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
    let attempts = given::count(content, what).map(Attempts::Count);
    attempts.map_err(|error| match next_word(content).as_deref() {
        Some("backoff" | "every" | "factor") => {
            error.with_help("the number comes first: `retry(5, backoff 100ms..10s)`")
        }
        Some("max" | "attempts" | "times" | "n" | "count" | "max_attempts") => {
            error.with_help("write the number alone: `retry(5)`")
        }
        _ => error,
    })
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

/// `release`, or `B => release, C => give_back`; then `in doubt`, `retry(3)` and `timeout(5s)`, if given.
fn undo(content: &ParseBuffer<'_>, diagnostics: &mut Diagnostics) -> Result<Undo> {
    let mut undo = Undo::default();
    if content.peek(Token![in]) {
        undo.in_doubt = Some(in_doubt(content)?);
        rest_of_undo(content, &mut undo, diagnostics)?;
        return Ok(undo);
    }
    one_word(content, |rest| rest.peek2(Token![=>]))?;
    let first = declared_name(content, "a handler")?;
    if let Some(handler) = arrow(content)? {
        undo.handlers.push((Some(first), handler));
    } else if first.to_string().starts_with(char::is_uppercase) && !content.is_empty() {
        return Err(unexpected(content, "`=>` and the handler that undoes it"));
    } else {
        undo.handlers.push((None, first));
    }
    rest_of_undo(content, &mut undo, diagnostics)?;
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
                undo.retry = in_parentheses(content, &text, diagnostics, |it, _| retry(it))?.ok();
            }
            "timeout" if called => {
                twice(undo.timeout.is_some())?;
                skip(content);
                undo.timeout = in_parentheses(content, &text, diagnostics, |it, _| time(it))?.ok();
            }
            "in" => {
                twice(undo.in_doubt.is_some())?;
                undo.in_doubt = Some(in_doubt(content)?);
            }
            _ if called => return Err(not_of_undo(content, &text)),
            _ => {
                one_word(content, |_| true)?;
                let target = declared_name(content, "a state")?;
                let Some(handler) = arrow(content)? else {
                    let error = unexpected(content, "`=>` and the handler that undoes it");
                    let help =
                        "several handlers are told apart by states: `undo(A => one, B => other)`";
                    return Err(error.with_help(help));
                };
                undo.handlers.push((Some(target), handler));
            }
        }
    }
    Ok(())
}

/// Refuses a word that stands for `in doubt`, and is no handler.
fn one_word(
    content: &ParseBuffer<'_>,
    is_no_handler: impl Fn(&ParseBuffer<'_>) -> bool,
) -> Result<()> {
    let text = next_word(content).filter(|_| is_no_handler(content));
    match text.as_deref() {
        Some(text @ ("in_doubt" | "doubt" | "indoubt")) => {
            let error = stop(content, &format!("`undo` has no clause `{text}`"));
            Err(error.with_help("write `in doubt`, which is two words"))
        }
        _ => Ok(()),
    }
}

/// `in doubt`, or `in doubt => look`
fn in_doubt(content: &ParseBuffer<'_>) -> Result<InDoubt> {
    skip(content);
    let word = word(content, "doubt")
        .map_err(|error| error.with_help("write `in doubt`, or `in doubt => handler`"))?;
    let handler = arrow(content)?;
    Ok(InDoubt { word, handler })
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
