//! Slips of a hand, put systematically into good blocks: each is one error, at its place, and the handlers of the
//! program are still those that the trait has.

use std::collections::BTreeMap;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::expand;
use super::slips_legal::{BLOCKS, is_legal, is_more_than_one};
use crate::codegen::Reader;

/// A token of a block: its text, and where it stands.
struct Token {
    text: String,
    from: usize,
    to: usize,
    line: usize,
}

/// A damaged block, and the lines that an error may point to.
struct Slip {
    block: String,
    what: String,
    lines: std::ops::RangeInclusive<usize>,
}

/// The tokens of a block in a row, with the delimiters of groups.
fn tokens(block: &str) -> Vec<Token> {
    fn collect(stream: TokenStream, offsets: &[usize], tokens: &mut Vec<Token>) {
        let push = |text: String, span: proc_macro2::Span, tokens: &mut Vec<Token>| {
            let (start, end) = (span.start(), span.end());
            tokens.push(Token {
                text,
                from: offsets[start.line - 1] + start.column,
                to: offsets[end.line - 1] + end.column,
                line: start.line,
            });
        };
        for token in stream {
            match token {
                TokenTree::Group(group) => {
                    let (open, close) = match group.delimiter() {
                        Delimiter::Parenthesis => ("(", ")"),
                        Delimiter::Brace => ("{", "}"),
                        _ => ("[", "]"),
                    };
                    push(open.to_owned(), group.span_open(), tokens);
                    collect(group.stream(), offsets, tokens);
                    push(close.to_owned(), group.span_close(), tokens);
                }
                token => {
                    let text = token.to_string();
                    push(text, token.span(), tokens);
                }
            }
        }
    }
    let mut offsets = vec![0];
    offsets.extend(block.match_indices('\n').map(|(at, _)| at + 1));
    let mut all = Vec::new();
    collect(block.parse().expect("the block lexes"), &offsets, &mut all);
    joined(all)
}

/// Puts signs of two tokens together.
fn joined(tokens: Vec<Token>) -> Vec<Token> {
    let mut all: Vec<Token> = Vec::new();
    for token in tokens {
        if let Some(last) = all.last_mut()
            && last.to == token.from
            && ["->", "=>", "::", ".."].contains(&format!("{}{}", last.text, token.text).as_str())
        {
            last.text.push_str(&token.text);
            last.to = token.to;
            continue;
        }
        all.push(token);
    }
    all
}

/// Tokens that somebody may type in place of another.
fn instead(tokens: &[Token], at: usize) -> Vec<String> {
    let text = tokens[at].text.as_str();
    let before = at.checked_sub(1).map_or("", |at| tokens[at].text.as_str());
    let after = tokens.get(at + 1).map_or("", |token| token.text.as_str());
    let words: &[&str] = match text {
        "|" => &[",", "or", "/", "||", "&", "+", ""],
        "->" => &["=>", "-->", "to", ">", "=", "-", "~>", ""],
        "=>" => &["->", ":", "=", "", "==>"],
        ":" => &["::", "=", "", "->", ";"],
        ";" => &[",", "", ":", "."],
        "," => &[";", "", "and", "|", "+"],
        ".." => &["..=", "to", "-", "...", ""],
        "." => &["::", "->", ""],
        "=" => &[":", ""],
        "with" | "in" | "within" | "as" | "every" | "after" | "answers" => {
            return vec![misspelt(text), String::new(), text.to_uppercase()];
        }
        "start" | "state" | "done" | "failed" | "step" | "signal" | "timer" | "poll" | "split"
        | "branch" | "each" | "join" | "group" | "transient" | "input" | "workflow" | "retry"
        | "undo" | "catch" | "timeout" | "breaker" | "limit" | "backoff" | "factor" | "most"
        | "min" | "quorum" | "settled" | "interrupts" | "deadline" => {
            return vec![misspelt(text)];
        }
        "(" | ")" | "{" | "}" | "[" | "]" | "#" | "<" | ">" => &[],
        _ if text.starts_with(|first: char| first.is_ascii_digit()) => {
            if text.ends_with(|last: char| last.is_ascii_digit()) {
                return ["\"N\"", "-N", "MAX", "N.5", "N times", ""]
                    .map(|form| form.replace('N', text))
                    .to_vec();
            }
            let number = text.trim_end_matches(char::is_alphabetic);
            return vec![
                number.to_owned(),
                format!("\"{text}\""),
                text.replacen(number, &format!("{number} "), 1),
                format!("{text}ec"),
                "LIMIT".to_owned(),
                String::new(),
            ];
        }
        _ if text.starts_with(char::is_uppercase) && is_end(before) && is_end(after) => {
            return ["N<T>", "Order::N", "\"N\"", "N()", "&N", "N { }", ""]
                .map(|form| form.replace('N', text))
                .to_vec();
        }
        _ => &[],
    };
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Returns true if a state may stand beside it.
fn is_end(sign: &str) -> bool {
    [":", "|", "->", ";", "with"].contains(&sign)
}

/// With two letters in the wrong order.
fn misspelt(word: &str) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    let at = (1..letters.len())
        .rev()
        .find(|at| letters[*at] != letters[*at - 1]);
    if let Some(at) = at {
        letters.swap(at, at - 1);
    }
    letters.into_iter().collect()
}

fn slips(block: &str) -> Vec<Slip> {
    let tokens = tokens(block);
    let mut slips = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let first = tokens[at.saturating_sub(1)].line;
        let last = tokens.get(at + 1).map_or(token.line, |token| token.line);
        for text in instead(&tokens, at) {
            let damaged = format!("{} {text} {}", &block[..token.from], &block[token.to..]);
            let line = block.lines().nth(token.line - 1).unwrap_or_default().trim();
            slips.push(Slip {
                block: damaged,
                what: format!("`{}` as `{text}` in `{line}`", token.text),
                lines: first..=last,
            });
        }
    }
    slips
}

/// The names of an expansion that handlers use.
#[derive(Default)]
struct Named {
    /// The functions of the trait, with how many parameters each has, and whether it must be there.
    handlers: BTreeMap<String, (usize, bool)>,
    /// The types, with their variants or fields. `None` for one that accepts everything.
    types: BTreeMap<String, Option<Vec<String>>>,
}

fn named(code: TokenStream) -> Named {
    let file: syn::File = syn::parse2(code).expect("what is generated is Rust");
    let mut named = Named::default();
    for item in file.items {
        match item {
            syn::Item::Trait(item) if item.ident.to_string().ends_with("Steps") => {
                for function in item.items {
                    if let syn::TraitItem::Fn(it) = function {
                        let facts = (it.sig.inputs.len(), it.default.is_none());
                        named.handlers.insert(it.sig.ident.to_string(), facts);
                    }
                }
            }
            syn::Item::Enum(item) => {
                let variants = item.variants.iter().map(|it| it.ident.to_string());
                let variants = Some(variants.collect());
                named.types.insert(item.ident.to_string(), variants);
            }
            syn::Item::Struct(item) => {
                let fields = item.fields.iter();
                let fields = fields.filter_map(|field| Some(field.ident.as_ref()?.to_string()));
                let fields = Some(fields.collect());
                named.types.insert(item.ident.to_string(), fields);
            }
            syn::Item::Type(item) => {
                let is_any = quote::ToTokens::to_token_stream(&item.ty)
                    .to_string()
                    .contains("compile_error");
                let parts = (!is_any).then(Vec::new);
                named.types.insert(item.ident.to_string(), parts);
            }
            _ => {}
        }
    }
    named
}

/// The errors that a program which fits `good` would be blamed for.
fn blamed(good: &Named, damaged: &Named) -> Vec<String> {
    let mut blamed = Vec::new();
    for (name, (parameters, _)) in &good.handlers {
        match damaged.handlers.get(name) {
            None => blamed.push(format!("`{name}` is no handler")),
            Some((others, _)) if others != parameters => {
                blamed.push(format!("`{name}` has other parameters"));
            }
            Some(_) => {}
        }
    }
    for (name, (_, is_needed)) in &damaged.handlers {
        if *is_needed && !good.handlers.contains_key(name) {
            blamed.push(format!("`{name}` is missing"));
        }
    }
    for (name, parts) in &good.types {
        let Some(others) = damaged.types.get(name) else {
            blamed.push(format!("`{name}` is no type"));
            continue;
        };
        let (Some(parts), Some(others)) = (parts, others) else {
            continue;
        };
        let lost = parts.iter().filter(|part| !others.contains(part));
        blamed.extend(lost.map(|part| format!("`{name}` has no `{part}`")));
    }
    blamed
}

#[test]
fn each_slip_is_one_error_and_no_handler_is_blamed() {
    let (mut count, mut wrong) = (0, Vec::new());
    // Every third one with each change, and all in `.ci/slow`.
    let stride = std::env::var_os("STATEWAY_ROUNDS").map_or(3, |_| 1);
    for block in BLOCKS {
        let (errors, code) = expand(block.parse().expect("it lexes"), Reader::Compiler);
        let errors: Vec<_> = errors.iter().map(|it| it.message().to_owned()).collect();
        assert_eq!(errors, [""; 0]);
        let good = named(code);
        for slip in slips(block).into_iter().step_by(stride) {
            let Ok(damaged) = slip.block.parse::<TokenStream>() else {
                continue;
            };
            count += 1;
            let (errors, code) = expand(damaged, Reader::Compiler);
            let told = errors
                .iter()
                .map(|error| format!("{}: {}", error.start().line, error.message()))
                .collect::<Vec<_>>()
                .join("\n      ");
            let mut say = |what: &str| wrong.push(format!("{}: {what}\n      {told}", slip.what));
            match errors.as_slice() {
                [] if is_legal(&slip.what) => continue,
                [] => say("no error"),
                [error] if !slip.lines.contains(&error.start().line) => say("elsewhere"),
                [_] => {}
                _ if is_more_than_one(&slip.what) => continue,
                _ => say("more than one error"),
            }
            let blamed = blamed(&good, &named(code));
            if !blamed.is_empty() {
                say(&format!("blames: {}", blamed.join(", ")));
            }
        }
        proc_macro2::extra::invalidate_current_thread_spans();
    }
    assert!(
        wrong.is_empty(),
        "{} of {count}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(count > 300, "only {count} slips were made");
}
