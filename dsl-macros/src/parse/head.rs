//! The `:` of a transition, before the states that it leaves, or what stands in its place.

use syn::buffer::Cursor;
use syn::parse::{ParseBuffer, ParseStream};
use syn::{Error, Result, Token};

use super::expected::{WithHelp as _, missing, sign, stop};
use super::tokens::{begins_declaration, next_word, skip};
use super::{clause, kind, tokens};
use crate::ast::{Transition, TransitionKind};
use crate::diagnostics::Diagnostics;

/// Reads the `:` before the states that are left, or `interrupts`. Returns false if what the line says of its states is not to be
/// judged, since it has neither, which is reported.
pub(super) fn read(
    input: ParseStream<'_>,
    begin: Cursor<'_>,
    keyword: &str,
    transition: &mut Transition,
    diagnostics: &mut Diagnostics,
) -> Result<bool> {
    let name = transition.name.clone();
    let is_signal = transition.signal().is_some();
    let is_colon = input.peek(Token![:]) && !input.peek(Token![::]);
    if is_colon {
        let colon = input.parse::<Token![:]>()?;
        if is_signal && next_word(input).as_deref() == Some("interrupts") {
            kind::interrupt(input, transition)?;
        }
        if transition.interrupts().is_some() {
            let message = format!("`interrupts` stands in place of the `:` of signal `{name}`");
            diagnostics.detail(&Error::new(colon.span, message).with_help("leave the `:` out"));
        }
    } else if let (true, Some(word)) = (is_signal, kind::misspelt(input))
        && transition.interrupts().is_none()
    {
        let message = format!("unknown word `{word}` after signal `{name}`");
        diagnostics.detail(&stop(input, &message).with_help("did you mean `interrupts`?"));
        kind::interrupt(input, transition)?;
    } else if !is_signal && next_word(input).as_deref() == Some("interrupts") {
        let message = format!("{keyword} `{name}` cannot interrupt a step: only a signal does");
        let help = match keyword {
            "timer" => {
                "limit the step that it would interrupt: `with deadline(..)`, and `catch` to go on from there"
            }
            _ => "write `:` in place of `interrupts`",
        };
        return Err(stop(input, &message).with_help(help));
    } else if transition.interrupts().is_none() {
        let error = missing(
            input,
            begin,
            &format!("`: From -> To` after {keyword} `{name}`"),
        );
        let rest = input.fork();
        behind_no_colon(&rest, keyword, &transition.kind);
        let is_state = next_word(&rest).is_some_and(|word| word.starts_with(char::is_uppercase));
        let is_known = is_state || rest.peek(syn::token::Paren);
        if !is_known && (next_word(&rest).is_none() || begins_declaration(&rest)) {
            return Err(error);
        }
        diagnostics.detail(&error);
        while input.cursor() != rest.cursor() {
            skip(input);
        }
        // A signal may have been meant to interrupt.
        return Ok(!is_signal);
    }
    Ok(true)
}

/// Skips what stands in the place of the `:`.
fn behind_no_colon(input: ParseStream<'_>, keyword: &str, kind: &TransitionKind) {
    let is_second = sign(input).as_deref() == Some("->") && has_another_arrow(input);
    let is_in_line = sign(input).as_deref() == Some(";") && has_states(input, kind);
    let is_other = sign(input).is_some_and(|sign| sign != "->" && sign != ";");
    if let Some(sign) = sign(input).filter(|_| is_other || is_second || is_in_line) {
        for _ in 0..sign.len() {
            skip(input);
        }
    }
    let is_payload = keyword != "signal" && input.peek(syn::token::Paren);
    if is_payload && (input.peek2(Token![:]) || input.peek2(syn::Ident)) {
        skip(input);
        let _ = input.parse::<Option<Token![:]>>();
    }
    let is_word = next_word(input).is_some_and(|word| {
        let is_name = word.starts_with(char::is_lowercase) || word == "_";
        is_name && word != "with" && clause::kind(&word).is_none()
    });
    if is_word && tokens::second_is_word(input) && !begins_declaration(input) {
        skip(input);
    }
}

/// Returns true if states and an arrow stand behind the sign at which the line is.
fn has_another_arrow(input: ParseStream<'_>) -> bool {
    behind_states(input).is_some_and(|rest| rest.peek(Token![->]))
}

/// Returns true if what the transition says of its states stands behind the sign at which the line is.
fn has_states(input: ParseStream<'_>, kind: &TransitionKind) -> bool {
    behind_states(input).is_some_and(|rest| rest.peek(Token![->]) || stays(&rest, kind))
}

/// Returns what follows the states behind the current sign, if there are any.
fn behind_states<'a>(input: &ParseBuffer<'a>) -> Option<ParseBuffer<'a>> {
    let rest = input.fork();
    for _ in 0..sign(input).map_or(0, |sign| sign.len()) {
        skip(&rest);
    }
    let is_state = |rest: ParseStream<'_>| {
        next_word(rest).is_some_and(|word| word.starts_with(char::is_uppercase))
    };
    if begins_declaration(&rest) || !is_state(&rest) {
        return None;
    }
    while is_state(&rest) || rest.peek(Token![|]) {
        skip(&rest);
    }
    Some(rest)
}

/// Returns true if another sign stands in the place of a `;`.
fn begins_declaration_behind_a_sign(input: ParseStream<'_>) -> bool {
    let rest = input.fork();
    for _ in 0..sign(input).map_or(0, |sign| sign.len()) {
        skip(&rest);
    }
    begins_declaration(&rest)
}

/// Returns true if the line ends where an arrow would stand, and the transition may be an internal one.
pub(super) fn stays(input: ParseStream<'_>, kind: &TransitionKind) -> bool {
    let may_stay = matches!(
        kind,
        TransitionKind::Signal(_) | TransitionKind::Timer { .. }
    );
    let is_end = input.peek(Token![;]) || next_word(input).as_deref() == Some("with");
    let is_broken =
        input.is_empty() || begins_declaration(input) || begins_declaration_behind_a_sign(input);
    may_stay && (is_end || is_broken)
}
