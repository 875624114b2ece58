//! The clauses after `with`: `retry(5, backoff 100ms..10s), timeout(2s), undo(refund)`.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use syn::buffer::Cursor;
use syn::ext::IdentExt as _;
use syn::parse::{ParseBuffer, ParseStream, Parser as _};
use syn::{Result, Token, parenthesized};

use super::expected::{WithHelp as _, missing, sign, stop, unexpected};
use super::meaning::meaning;
use super::recover;
use super::tokens::{begins_declaration, declared_name, next_word, skip, skip_all, word};
use crate::ast::{Clause, ClauseKind, Clauses, Meaning};
use crate::diagnostics::{Diagnostics, position, unread};
use crate::suggest;

/// Reads clauses up to the end of the line; a bad one costs that clause.
pub(super) fn list(
    input: ParseStream<'_>,
    clauses: &mut Clauses,
    diagnostics: &mut Diagnostics,
) -> Result<()> {
    let begin = input.cursor();
    loop {
        match clause(input, diagnostics) {
            Ok(clause) => clauses
                .0
                .extend(clause.filter(|it| is_first(it, clauses, diagnostics))),
            Err(error)
                if input.is_empty()
                    || begins_declaration(input)
                    || super::split::begins_line(input) =>
            {
                return Err(error);
            }
            Err(error) => {
                diagnostics.detail(&error);
                seek(input);
            }
        }
        if !separator(input, begin, diagnostics) {
            return Ok(());
        }
    }
}

/// Reports a second clause of a kind.
fn is_first(clause: &Clause, clauses: &Clauses, diagnostics: &mut Diagnostics) -> bool {
    let first = clauses.iter().find(|first| first.kind() == clause.kind());
    if let Some(first) = first {
        diagnostics
            .error(
                &clause.name,
                format!("clause `{}` is given twice", clause.name),
            )
            .note(format!("first given at {}", position(first.name.span())));
    }
    first.is_none()
}

const HELP: &str = "clauses are separated by `,`";

/// Reads what stands between two clauses. Returns false if none follows.
fn separator(input: ParseStream<'_>, begin: Cursor<'_>, diagnostics: &mut Diagnostics) -> bool {
    if input.peek(Token![,]) {
        skip(input);
        if next_word(input).as_deref() == Some("with") {
            let error = stop(input, "one `with` is enough");
            diagnostics.detail(&error.with_help("clauses are separated by `,`"));
            skip(input);
        }
        return true;
    }
    let rest = input.fork();
    let error = match next_word(input).as_deref() {
        Some("with") => {
            skip(&rest);
            stop(input, "one `with` is enough")
        }
        Some("and" | "or" | "then") => {
            skip(&rest);
            stop(input, "no word stands between clauses")
        }
        Some(_) => missing(input, begin, "`,` between two clauses"),
        None => {
            let Some(sign) = sign(input) else {
                return false;
            };
            for _ in 0..sign.len() {
                skip(&rest);
            }
            if next_word(&rest).as_deref() == Some("with") && sign != ";" {
                skip(&rest);
            }
            unexpected(input, "`,` between two clauses")
        }
    };
    // Behind a `;` a `deadline` is that of the workflow.
    let is_end = input.peek(Token![;]) && next_word(&rest).as_deref() == Some("deadline");
    let is_clause = next_word(&rest).is_some_and(|word| kind(&word).is_some());
    let is_called = rest.peek2(syn::token::Paren) || !input.peek(Token![;]);
    if is_end || !is_clause || !is_called {
        return false;
    }
    diagnostics.detail(&error.with_help(HELP));
    while input.cursor() != rest.cursor() {
        skip(input);
    }
    true
}

/// Skips a clause that could not be read.
fn seek(input: ParseStream<'_>) {
    while !input.is_empty() && !is_behind(input) {
        skip(input);
    }
}

/// Returns true if a clause ends here.
fn is_behind(input: ParseStream<'_>) -> bool {
    let is_next = next_word(input).is_some_and(|word| {
        let is_clause = kind(&word).is_some() && input.peek2(syn::token::Paren);
        is_clause || word == "with"
    });
    is_next
        || input.peek(Token![,])
        || input.peek(Token![;])
        || input.peek(syn::token::Brace)
        || begins_declaration(input)
        || super::split::begins_line(input)
}

/// The clause that `word` opens.
pub(super) fn kind(word: &str) -> Option<ClauseKind> {
    ClauseKind::ALL.into_iter().find(|kind| kind.word() == word)
}

/// `None` for a clause whose arguments are wrong, which is reported.
fn clause(input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> Result<Option<Clause>> {
    while input.peek(Token![#]) && input.peek2(syn::token::Bracket) {
        let error = stop(
            input,
            "documentation stands before a declaration, and not within it",
        );
        diagnostics.detail(&error.with_help("write `//` for a comment"));
        skip(input);
        skip(input);
    }
    let is_end = begins_declaration(input) || super::split::begins_line(input);
    let Some(text) = next_word(input).filter(|_| !is_end) else {
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
            unread: None,
        }));
    }
    if kind == ClauseKind::Else {
        return fallback(input, name, diagnostics).map(Some);
    }
    let arguments = input
        .cursor()
        .group(Delimiter::Parenthesis)
        .map(|(inside, span, _)| {
            let mut arguments = Group::new(Delimiter::Parenthesis, inside.token_stream());
            arguments.set_span(span.join());
            arguments
        });
    let Some(arguments) = arguments else {
        return without_parentheses(input, name, kind, diagnostics);
    };
    let meaning = in_parentheses(input, &text, diagnostics, |content, diagnostics| {
        meaning(content, kind, diagnostics)
    })?;
    let (meaning, unread) = match meaning {
        Ok(meaning) => (Some(meaning), None),
        Err(error) => (
            recover::handlers(kind, arguments.stream()),
            Some(unread(&error)),
        ),
    };
    Ok(meaning.map(|meaning| Clause {
        name,
        arguments: Some(arguments),
        meaning,
        unread,
    }))
}

/// `else GivenUp`, or `else pause`
fn fallback(input: ParseStream<'_>, name: Ident, diagnostics: &mut Diagnostics) -> Result<Clause> {
    // No state is called like this: states are named like types.
    if next_word(input).as_deref() == Some("pause") {
        return Ok(Clause {
            name,
            arguments: None,
            meaning: Meaning::Pause(word(input, "pause")?),
            unread: None,
        });
    }
    let meaning = if input.peek(syn::token::Paren) {
        let error = stop(input, "`else` takes no parentheses");
        let content;
        parenthesized!(content in input);
        let state = declared_name(&content, "a state");
        skip_all(&content);
        diagnostics.detail(&error.with_help("write `else` and the state: `else GivenUp`"));
        state
    } else {
        declared_name(input, "a state")
    };
    Ok(Clause {
        name,
        arguments: None,
        meaning: Meaning::Else(meaning?),
        unread: None,
    })
}

/// Reads what stands behind a clause in place of its parentheses, which is reported.
fn without_parentheses(
    input: ParseStream<'_>,
    name: Ident,
    kind: ClauseKind,
    diagnostics: &mut Diagnostics,
) -> Result<Option<Clause>> {
    let error = unexpected(input, &format!("`(..)` after `{name}`"));
    if let Some(sign) = sign(input).filter(|sign| ["=", ":", "=>", "->", "::"].contains(&&**sign)) {
        for _ in 0..sign.len() {
            skip(input);
        }
    }
    let mut arguments = TokenStream::new();
    while !input.is_empty() && !is_behind(input) {
        arguments.extend([input.parse::<TokenTree>()?]);
    }
    let help = match arguments.to_string() {
        none if none.is_empty() => format!("write `{name}(..)`"),
        some => format!("write `{name}({some})`"),
    };
    let error = error.with_help(&help);
    diagnostics.detail(&error);
    let read = |content: ParseStream<'_>| {
        let read = meaning(content, kind, &mut Diagnostics::default());
        skip_all(content);
        read
    };
    let read = read.parse2(arguments.clone()).ok();
    Ok(read
        .or_else(|| recover::handlers(kind, arguments))
        .map(|meaning| Clause {
            name,
            arguments: None,
            meaning,
            unread: Some(unread(&error)),
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
        None => match elsewhere(text) {
            Some(help) => error.with_help(help),
            None => error.with_help(&format!("the clauses are {}", suggest::all_of(words))),
        },
    };
    if !input.peek2(syn::token::Paren) {
        return Err(error);
    }
    diagnostics.detail(&error);
    let name = input.call(syn::Ident::parse_any)?;
    let content;
    parenthesized!(content in input);
    let arguments = content.cursor().token_stream();
    let meant = nearest.and_then(kind);
    let read = meant
        .map(|kind| meaning(&content, kind, &mut Diagnostics::default()))
        .and_then(Result::ok)
        .filter(|_| content.is_empty());
    skip_all(&content);
    let read = read.or_else(|| recover::handlers(meant?, arguments));
    Ok(read.map(|meaning| Clause {
        name,
        arguments: None,
        meaning,
        unread: Some(unread(&error)),
    }))
}

/// Where a word belongs that is no clause.
fn elsewhere(word: &str) -> Option<&'static str> {
    Some(match word {
        "backoff" | "every" | "factor" | "jitter" | "full" | "no" => {
            "it stands in a `retry`: `retry(5, backoff 100ms..10s)`"
        }
        "within" => "it stands behind the strategy: `join quorum(2) within 5s;`",
        "at" | "most" => "it stands behind the output of an `each`: `=> Output, at most 8`",
        "as" => "it stands behind the name of a transition: `step name as Outcome: ..`",
        "in" | "doubt" | "in_doubt" => {
            "`in doubt` stands in an `undo`: `undo(refund, in doubt)`, or `undo(in doubt => look)`"
        }
        "compensate" | "rollback" | "compensation" => "what undoes a step is `undo(handler)`",
        "rate" | "throttle" | "rate_limit" => "a limiter is `limit(method)`",
        "delay" | "sleep" | "wait" => "a run waits by `timer name after 5s: A -> B;`",
        "parallel" | "concurrency" => "branches run side by side in a `split`",
        _ => return None,
    })
}

/// Reads `(..)` after `word`. What is wrong in it is reported, and costs no more than itself.
pub(super) fn in_parentheses<T>(
    input: ParseStream<'_>,
    word: &str,
    diagnostics: &mut Diagnostics,
    read: impl FnOnce(&ParseBuffer<'_>, &mut Diagnostics) -> Result<T>,
) -> Result<Result<T>> {
    if !input.peek(syn::token::Paren) {
        return Err(unexpected(input, &format!("`(..)` after `{word}`")));
    }
    let content;
    parenthesized!(content in input);
    let read = read(&content, diagnostics).and_then(|read| {
        if content.is_empty() {
            Ok(read)
        } else {
            let error = unexpected(&content, &format!("the end of `{word}(..)`"));
            let is_reckoned = sign(&content).is_some_and(|it| ["+", "-", "*", "/"].contains(&&*it));
            if is_reckoned {
                return Err(error.with_help("nothing is reckoned here: keep the result in a field"));
            }
            Err(match next_word(&content).as_deref() {
                Some("backoff" | "every" | "factor" | "full" | "no") => {
                    error.with_help("its parts are separated by `,`")
                }
                Some("times" | "attempts" | "of") => error.with_help("write the number alone"),
                Some("with") => error.with_help(&format!("write `{word}(.., retry(3))`")),
                _ => error,
            })
        }
    });
    skip_all(&content);
    if let Err(error) = &read {
        diagnostics.detail(error);
    }
    Ok(read)
}
