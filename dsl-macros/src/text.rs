//! Tokens as a person would have written them, for documentation and diagrams.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Renders tokens with spaces between words and after commas only.
pub(crate) fn written(tokens: TokenStream) -> String {
    let mut text = String::new();
    push(tokens, &mut text);
    text
}

fn push(tokens: TokenStream, text: &mut String) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                text.push_str(open);
                push(group.stream(), text);
                text.push_str(close);
            }
            TokenTree::Punct(punct) => text.push(punct.as_char()),
            word => {
                if text.ends_with(|last: char| {
                    last.is_alphanumeric() || ['_', ',', ')'].contains(&last)
                }) {
                    text.push(' ');
                }
                text.push_str(&word.to_string());
            }
        }
    }
}

/// A text about names, without the `r#` of those that are written so.
pub(crate) fn without_raw(text: String) -> String {
    if !text.contains("r#") {
        return text;
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find("r#") {
        let (before, raw) = rest.split_at(at);
        plain.push_str(before);
        rest = &raw["r#".len()..];
        let is_in_a_word = plain.ends_with(|last: char| last.is_alphanumeric() || last == '_');
        if is_in_a_word || !rest.starts_with(|first: char| first.is_alphabetic() || first == '_') {
            plain.push_str("r#");
        }
    }
    plain.push_str(rest);
    plain
}
