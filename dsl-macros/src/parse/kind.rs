//! The parts of a transition beside its states: the payload of a signal, the time of a timer, the pauses of a poll.

use proc_macro2::Ident;
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Error, Result, Token, Type, parenthesized};

use super::expected::{WithHelp as _, sign, stop, unexpected};
use super::tokens::{begins_declaration, next_word, skip, skip_all, word};
use super::{given, types};
use crate::ast::{Due, Duration, Given, Signal, Split, Transition, TransitionKind};
use crate::diagnostics::{Diagnostics, unread};
use crate::suggest;

/// Reads what follows the name of a transition of this keyword. Where a time cannot be read, another stands in for it.
pub(super) fn kind(
    input: ParseStream<'_>,
    name: &Ident,
    keyword: &str,
    diagnostics: &mut Diagnostics,
) -> Result<TransitionKind> {
    let mut or_any = |read: Result<TransitionKind>, any: fn(Duration) -> TransitionKind| {
        read.unwrap_or_else(|error| {
            diagnostics.detail(&error);
            seek(input);
            any(Duration::stand_in(name.span()))
        })
    };
    Ok(match keyword {
        "signal" => TransitionKind::Signal(Box::new(Signal {
            payload: payload(input, name, diagnostics)?,
            answers: answers(input, name, diagnostics),
            interrupts: interrupts(input)?,
        })),
        "timer" => {
            let timer = due(input).map(|due| TransitionKind::Timer { due });
            or_any(timer, |time| TransitionKind::Timer {
                due: Due::After(Given::Written(time)),
            })
        }
        "poll" => or_any(poll(input), |every| TransitionKind::Poll {
            every: Given::Written(every),
            cap: None,
        }),
        "split" => TransitionKind::Split(Split::default()),
        _ => TransitionKind::Step,
    })
}

/// `every 5s`, or `every 5s..5m`
fn poll(input: ParseStream<'_>) -> Result<TransitionKind> {
    word(input, "every")
        .map_err(|error| error.with_help("a poll asks again and again: `every 5s`"))?;
    let every = given::before_states(input, "how often to ask, such as `5s`")?;
    let cap = if input.peek(Token![..]) {
        input.parse::<Token![..]>()?;
        Some(given::before_states(
            input,
            "the longest pause, such as `5m`",
        )?)
    } else if is_range_written_otherwise(input, &every) {
        return Err(unexpected(
            input,
            "`..` and the longest pause, as in `5s..5m`",
        ));
    } else {
        None
    };
    Ok(TransitionKind::Poll { every, cap })
}

/// Returns true if another word or sign stands before the longest pause.
fn is_range_written_otherwise(input: ParseStream<'_>, every: &Given<Duration>) -> bool {
    let is_word = next_word(input).is_some();
    if every.field().is_none() {
        return is_word && input.peek2(syn::Lit);
    }
    let is_sign = |sign: String| ["-", ".", "..=", "..."].contains(&&*sign);
    is_word || sign(input).is_some_and(is_sign)
}

/// Skips to where the states of the transition begin.
fn seek(input: ParseStream<'_>) {
    while !input.is_empty() && !begins_declaration(input) {
        let is_colon = input.peek(Token![:]) && !input.peek(Token![::]);
        let is_end = input.peek(Token![;]) || input.peek(Token![->]);
        if is_colon || is_end || next_word(input).as_deref() == Some("with") {
            return;
        }
        skip(input);
    }
}

/// `(Signature)`, or nothing.
fn payload(
    input: ParseStream<'_>,
    name: &Ident,
    diagnostics: &mut Diagnostics,
) -> Result<Option<Type>> {
    if !input.peek(syn::token::Paren) {
        return Ok(None);
    }
    let content;
    let parentheses = parenthesized!(content in input);
    if content.is_empty() {
        let error = Error::new(
            parentheses.span.join(),
            "the type of what the signal carries is missing",
        )
        .with_help("write it, or leave the parentheses out if it carries nothing");
        diagnostics.detail(&error);
        return Ok(Some(unread(&error)));
    }
    if next_word(&content).is_some() && content.peek2(Token![:]) && !content.peek2(Token![::]) {
        let error = stop(&content, "what a signal carries has no name, only a type");
        diagnostics.detail(&error.with_help("the handler names it: write the type alone"));
        skip(&content);
        skip(&content);
    }
    let what = format!("the type of what signal `{name}` carries");
    let mut payload = types::read(&content, &what, diagnostics, skip_all);
    if !content.is_empty() {
        let error = stop(&content, "a signal carries one value")
            .with_help("put several values in a struct");
        diagnostics.detail(&error);
        payload = unread(&error);
        skip_all(&content);
    }
    Ok(Some(payload))
}

/// `answers Cart`, or nothing.
fn answers(input: ParseStream<'_>, name: &Ident, diagnostics: &mut Diagnostics) -> Option<Type> {
    let word = next_word(input);
    if word.as_deref() == Some("answers") {
        skip(input);
    } else if !answers_is_meant(input, word, diagnostics) {
        return None;
    }
    let mut is_colon = input.peek(Token![:]) && !input.peek(Token![::]);
    if is_colon && is_type_before_a_colon(input) {
        let error = unexpected(input, "the type of the answer");
        diagnostics.detail(&error.with_help("no `:` stands behind `answers`"));
        skip(input);
        is_colon = false;
    }
    if is_colon || next_word(input).as_deref() == Some("interrupts") {
        let error = unexpected(input, "the type of the answer");
        diagnostics.detail(&error);
        return Some(unread(&error));
    }
    let what = format!("the type of the answer to signal `{name}`");
    Some(types::read(input, &what, diagnostics, |_| {}))
}

/// Returns true if a type and a `:` stand behind what stands here.
fn is_type_before_a_colon(input: ParseStream<'_>) -> bool {
    let rest = input.fork();
    for _ in 0..sign(input).map_or(1, |sign| sign.len()) {
        skip(&rest);
    }
    next_word(&rest).is_some() && rest.peek2(Token![:]) && !rest.peek2(Token![::])
}

/// Words, and a sign, in the place of `answers`.
const ANSWERS: [&str; 6] = [
    "returns", "return", "gives", "replies", "yields", "responds",
];

/// Returns true if the type of an answer stands here, which is reported: without `answers`, or behind another word.
fn answers_is_meant(
    input: ParseStream<'_>,
    word: Option<String>,
    diagnostics: &mut Diagnostics,
) -> bool {
    let is_other = input.peek(Token![->])
        || word
            .as_ref()
            .is_some_and(|it| ANSWERS.contains(&it.as_str()));
    if is_other && is_type_before_a_colon(input) {
        let error = unexpected(input, "`answers` before the type of the answer");
        diagnostics.detail(&error);
        for _ in 0..sign(input).map_or(1, |sign| sign.len()) {
            skip(input);
        }
        return true;
    }
    let Some(word) = word.filter(|word| word != "interrupts") else {
        return false;
    };
    let is_colon = input.peek2(Token![:]) && !input.peek2(Token![::]);
    let is_misspelt =
        !is_colon && suggest::nearest(&word, ["answers", "interrupts"]) == Some("answers");
    let is_missing = is_colon && word.starts_with(char::is_uppercase);
    if is_misspelt {
        let error = stop(input, &format!("unknown word `{word}`"));
        diagnostics.detail(&error.with_help("did you mean `answers`?"));
        skip(input);
    } else if is_missing {
        let error = unexpected(input, "`answers` before the type of the answer");
        diagnostics.detail(&error.with_help(&format!("write `answers {word}`")));
    }
    is_misspelt || is_missing
}

/// A word that is probably meant to be `interrupts`.
pub(super) fn misspelt(input: ParseStream<'_>) -> Option<String> {
    let word = next_word(input)?;
    let is_it = word.eq_ignore_ascii_case("interrupts")
        || word.starts_with(char::is_lowercase)
            && suggest::nearest(&word, ["interrupts"]).is_some();
    is_it.then_some(word)
}

/// Takes the word as `interrupts`.
pub(super) fn interrupt(input: ParseStream<'_>, transition: &mut Transition) -> Result<()> {
    let word = input.call(Ident::parse_any)?;
    if let TransitionKind::Signal(signal) = &mut transition.kind {
        signal.interrupts.get_or_insert(word);
    }
    Ok(())
}

/// Takes an `answers` that stands behind its place.
pub(super) fn answers_too_late(
    input: ParseStream<'_>,
    transition: &mut Transition,
    diagnostics: &mut Diagnostics,
) {
    let TransitionKind::Signal(signal) = &mut transition.kind else {
        return;
    };
    if next_word(input).as_deref() == Some("answers") && signal.answers.is_none() {
        let error = stop(input, "`answers` and its type stand before the states");
        diagnostics.detail(&error.with_help("write it behind what the signal carries"));
        signal.answers = answers(input, &transition.name, diagnostics);
    }
}

/// `interrupts`, or nothing.
fn interrupts(input: ParseStream<'_>) -> Result<Option<Ident>> {
    if next_word(input).as_deref() != Some("interrupts") {
        return Ok(None);
    }
    word(input, "interrupts").map(Some)
}

fn due(input: ParseStream<'_>) -> Result<Due> {
    match next_word(input).as_deref() {
        Some("after") => {
            skip(input);
            let after = given::before_states(input, "how long to wait, such as `14d`");
            after.map(Due::After)
        }
        Some("at") => {
            skip(input);
            if next_word(input).is_none() {
                return Err(unexpected(
                    input,
                    "the name of the field that holds the time",
                ));
            }
            given::place(input).map(Due::At)
        }
        Some("every") => {
            skip(input);
            let every = given::before_states(input, "how often to fire, such as `1d`")?;
            if input.peek(Token![..]) {
                return Err(stop(input, "a timer does not back off")
                    .with_help("write `every` and one duration; a `poll` may back off"));
            }
            Ok(Due::Every(every))
        }
        _ => Err(unexpected(
            input,
            "`after` and a duration, `at` and a field, or `every` and a duration",
        )),
    }
}
