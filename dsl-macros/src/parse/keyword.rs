//! The keyword that opens a declaration.

use syn::Result;
use syn::parse::ParseStream;

use super::expected::{WithHelp as _, stop};
use super::tokens::{self, TRANSITIONS, begins_declaration, next_word, skip};
use crate::ast::StateKind;
use crate::diagnostics::Diagnostics;
use crate::suggest;

/// Words of Rust before a declaration, which has none.
const MODIFIERS: [&str; 7] = ["pub", "async", "const", "unsafe", "let", "mut", "extern"];

/// Reports such words, and skips them.
pub(super) fn without_modifiers(body: ParseStream<'_>, diagnostics: &mut Diagnostics) {
    while let Some(word) = next_word(body).filter(|word| MODIFIERS.contains(&word.as_str())) {
        let rest = body.fork();
        skip(&rest);
        if word == "pub" && rest.peek(syn::token::Paren) {
            skip(&rest);
        }
        let Some(next) = next_word(&rest) else {
            return;
        };
        if !is_keyword(&next) && !MODIFIERS.contains(&next.as_str()) {
            // That is reported.
            skip_to(body, &rest);
            return;
        }
        let error = stop(body, &format!("no `{word}` stands before a declaration"));
        diagnostics.detail(&error.with_help(match word.as_str() {
            "pub" => "remove it, or put it before `workflow`: all of a workflow is as visible",
            "async" => "remove it: every handler is `async`",
            _ => "remove it",
        }));
        skip_to(body, &rest);
    }
}

fn skip_to(body: ParseStream<'_>, place: ParseStream<'_>) {
    while body.cursor() != place.cursor() {
        skip(body);
    }
}

/// The keywords that open a declaration.
fn keywords() -> impl Iterator<Item = &'static str> + Clone {
    let states = StateKind::ALL.iter().map(|kind| kind.keyword());
    states
        .chain(["transient", "group", "log", "input", "deadline"])
        .chain(TRANSITIONS)
}

fn is_keyword(word: &str) -> bool {
    keywords().any(|keyword| keyword == word)
}

/// The keyword that `word` is. Another is reported and read as what was meant, so that the
/// rest of its line is not lost.
pub(super) fn meant(
    body: ParseStream<'_>,
    word: &str,
    diagnostics: &mut Diagnostics,
) -> Result<&'static str> {
    let keywords = keywords();
    let followed = |keyword: &str| match keyword {
        "input" => body.peek2(syn::token::Brace),
        "deadline" => true,
        _ => tokens::second_is_word(body),
    };
    let known = keywords.clone().find(|keyword| *keyword == word);
    if let Some(keyword) = known {
        return Ok(keyword);
    }
    let error = stop(body, &format!("unknown keyword `{word}`"));
    let nearest = suggest::nearest(word, keywords.clone());
    if let Some(nearest) = nearest.filter(|it| followed(it) && other_words(word).is_none()) {
        diagnostics.syntax(&error.with_help(&format!("did you mean `{nearest}`?")));
        return Ok(nearest);
    }
    let Some(meant) = by_its_line(body) else {
        return Err(error.with_help(&format!(
            "a declaration begins with {}",
            suggest::any_of(keywords)
        )));
    };
    let error = match other_words(word) {
        Some(keyword) => error.with_help(&format!("write `{keyword}`")),
        None if meant == NO_STATE => error.with_help(&format!("write `state {word}`")),
        None if meant == NO_KEYWORD => error.with_help(&format!("write `step {word}: ..`")),
        None => error.with_help(&format!(
            "a declaration begins with {}",
            suggest::any_of(keywords)
        )),
    };
    diagnostics.transition(&error);
    Ok(match other_words(word) {
        Some(keyword) if (meant == "state") != TRANSITIONS.contains(&keyword) => keyword,
        _ => meant,
    })
}

/// Returns the kind of a line that begins with a name in place of a keyword.
pub(super) const NO_KEYWORD: &str = "a step";

/// The same of one that has the name of a state.
pub(super) const NO_STATE: &str = "a state";

/// Guesses from what follows which line an unknown word opens.
fn by_its_line(body: ParseStream<'_>) -> Option<&'static str> {
    let rest = body.fork();
    skip(&rest);
    if rest.peek(syn::Token![:]) && !rest.peek(syn::Token![::]) {
        return Some(NO_KEYWORD);
    }
    let is_end = rest.peek(syn::Token![;]) || rest.peek(syn::token::Brace);
    if is_end && next_word(body).is_some_and(|word| word.starts_with(char::is_uppercase)) {
        return Some(NO_STATE);
    }
    if begins_declaration(&rest) {
        return None;
    }
    let name = next_word(&rest)?;
    skip(&rest);
    let is_transition = rest.peek(syn::Token![:]) || next_word(&rest).as_deref() == Some("as");
    if name.starts_with(char::is_uppercase) {
        (rest.peek(syn::Token![;]) || rest.peek(syn::token::Brace)).then_some("state")
    } else {
        is_transition.then_some("step")
    }
}

/// The keyword of this language for a word of another.
fn other_words(word: &str) -> Option<&'static str> {
    Some(match word {
        "fn" | "task" | "transition" | "action" | "activity" | "call" | "on" | "do" | "run" => {
            "step"
        }
        "event" | "message" | "receive" | "update" => "signal",
        "schedule" | "sleep" | "wait" | "cron" => "timer",
        "fork" | "parallel" | "all" => "split",
        "initial" | "begin" | "init" => "start",
        "end" | "final" | "success" | "finished" | "completed" => "done",
        "error" | "failure" | "abort" | "aborted" => "failed",
        "struct" | "node" | "enum" | "type" => "state",
        _ => return None,
    })
}
