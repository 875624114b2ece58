//! Small readers that say in the language's own words what they expected and what they found.

use proc_macro2::{Ident, TokenTree};
use syn::buffer::Cursor;
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Result, Token};

use super::expected::{WithHelp as _, missing, sign, stop, unexpected};
use crate::ast::{StateKind, plain};

/// The keywords of transitions.
pub(super) const TRANSITIONS: [&str; 5] = ["step", "signal", "timer", "poll", "split"];

/// Words of Rust that no state, transition or field can be called.
const KEYWORDS: [&str; 53] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
    "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
    "return", "self", "Self", "static", "struct", "super", "trait", "true", "try", "type",
    "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield", "_",
];

/// The next word without consuming it, be it a keyword or not.
pub(super) fn next_word(input: ParseStream<'_>) -> Option<String> {
    input.cursor().ident().map(|(ident, _)| ident.to_string())
}

/// Returns true if the token after the next is a word.
pub(super) fn second_is_word(input: ParseStream<'_>) -> bool {
    let after = input.cursor().token_tree().map(|(_, rest)| rest);
    after.is_some_and(|rest| rest.ident().is_some())
}

/// Returns true if the token after the next is one of these words.
pub(super) fn second_is_one_of(input: ParseStream<'_>, words: &[&str]) -> bool {
    let after = input.cursor().token_tree().map(|(_, rest)| rest);
    let word = after.and_then(|after| after.ident().map(|(ident, _)| ident.to_string()));
    word.is_some_and(|word| words.contains(&word.as_str()))
}

/// Tells whether a declaration seems to begin here: a keyword of the language and then a name.
pub(super) fn begins_declaration(body: ParseStream<'_>) -> bool {
    let Some(keyword) = next_word(body) else {
        return body.peek(syn::Token![#]);
    };
    let opens = TRANSITIONS.contains(&keyword.as_str())
        || keyword == "transient"
        || ["group", "log"].contains(&keyword.as_str())
        || StateKind::ALL.iter().any(|kind| kind.keyword() == keyword);
    (opens && second_is_word(body))
        || (keyword == "input" && body.peek2(syn::token::Brace))
        || (keyword == "deadline" && body.peek2(syn::Lit))
}

/// Consumes the keyword `expected` of our language.
pub(super) fn word(input: ParseStream<'_>, expected: &str) -> Result<Ident> {
    if next_word(input).as_deref() == Some(expected) {
        input.call(Ident::parse_any)
    } else {
        Err(unexpected(input, &format!("`{expected}`")))
    }
}

/// Consumes the name of `what`, which may not be a keyword of Rust.
pub(super) fn declared_name(input: ParseStream<'_>, what: &str) -> Result<Ident> {
    let Some(text) = next_word(input) else {
        return Err(unexpected(input, &format!("the name of {what}")));
    };
    if let Some(alone) = behind_self(input, &text) {
        let message = format!("`{text}` does not stand before the name of {what}");
        return Err(stop(input, &message).with_help(&format!("write `{alone}`")));
    }
    if is_keyword(&text) {
        let message = format!("`{text}` is a keyword and cannot name {what}");
        return Err(stop(input, &message).with_help(&format!(
            "choose another name, such as `{}`",
            alternative(&text)
        )));
    }
    input.call(Ident::parse_any)
}

/// `release` of `self.release`, or of `Self::release`.
fn behind_self(input: ParseStream<'_>, word: &str) -> Option<String> {
    let rest = input.fork();
    skip(&rest);
    let signs = sign(&rest).filter(|sign| sign == "." || sign == "::")?;
    for _ in 0..signs.len() {
        skip(&rest);
    }
    let is_self = word == "self" || word == "Self";
    next_word(&rest).filter(|_| is_self)
}

/// Returns true if `word` is a keyword of Rust.
pub(crate) fn is_keyword(word: &str) -> bool {
    KEYWORDS.contains(&word)
}

fn alternative(keyword: &str) -> String {
    match keyword {
        "_" => "other".to_owned(),
        "Self" => "Own".to_owned(),
        word => format!("{word}_it"),
    }
}

/// Consumes the `;` that ends `what`, which was read from `begin` on.
pub(super) fn semicolon(input: ParseStream<'_>, begin: Cursor<'_>, what: &str) -> Result<()> {
    if input.peek(Token![;]) {
        input.parse::<Token![;]>()?;
        return Ok(());
    }
    Err(missing(input, begin, &format!("`;` after {what}")))
}

/// Consumes one token tree.
pub(super) fn skip(input: ParseStream<'_>) {
    // Cannot fail: callers have seen that there is a token.
    let _ = input.parse::<TokenTree>();
}

/// Consumes one token tree and notes the words in it.
pub(super) fn skip_noting(input: ParseStream<'_>, words: &mut Vec<String>) {
    fn note(token: TokenTree, words: &mut Vec<String>) {
        match token {
            TokenTree::Ident(ident) => words.push(plain(&ident)),
            TokenTree::Group(group) => {
                for token in group.stream() {
                    note(token, words);
                }
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
    if let Ok(token) = input.parse::<TokenTree>() {
        note(token, words);
    }
}

/// Consumes what is left: a buffer that is dropped half-read reports it a second time.
pub(super) fn skip_all(input: ParseStream<'_>) {
    while !input.is_empty() {
        skip(input);
    }
}
