//! Tokens as a person would have written them, for documentation and diagrams.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Renders tokens with spaces between words and after commas only.
pub(super) fn written(tokens: TokenStream) -> String {
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
                if text.ends_with(|last: char| last.is_alphanumeric() || last == '_' || last == ',')
                {
                    text.push(' ');
                }
                text.push_str(&word.to_string());
            }
        }
    }
}
