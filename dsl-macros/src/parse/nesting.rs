//! Refuses a block that nests too deep to be read.
//!
//! `syn` reads types and attributes, and calls itself for their parts. Without optimisation, as macros are compiled for
//! programs under development, a level takes some 40 KiB of stack, so that 200 levels would end rustc with a signal.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree, token_stream};

/// Fits into 8 MiB of stack, which rustc and rust-analyzer have.
const DEEPEST: usize = 64;

/// A group, as far as it was looked at.
struct Level {
    tokens: token_stream::IntoIter,
    /// The `<` that are open.
    angles: usize,
    /// Tokens after which the same type or expression goes on a level deeper: `&`, `*`, `!`, and the `->` after `(..)`.
    prefixes: usize,
    last: Last,
}

/// The token before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    Parenthesis,
    Punct(char),
    Other,
}

impl Level {
    fn new(tokens: TokenStream) -> Self {
        Level {
            tokens: tokens.into_iter(),
            angles: 0,
            prefixes: 0,
            last: Last::Other,
        }
    }

    fn depth(&self) -> usize {
        1 + self.angles + self.prefixes
    }

    fn punct(&mut self, punct: char, before: Last) {
        match (punct, before) {
            ('>', Last::Punct('-' | '=')) => {}
            ('<', _) => self.angles += 1,
            ('>', _) => self.angles = self.angles.saturating_sub(1),
            ('-', Last::Parenthesis) | ('&' | '*' | '!', _) => self.prefixes += 1,
            (',', _) => self.prefixes = 0,
            (';', _) => (self.angles, self.prefixes) = (0, 0),
            _ => {}
        }
    }
}

/// The first place where a block nests too deep.
pub(super) fn too_deep(block: &TokenStream) -> Option<Span> {
    let mut levels = vec![Level::new(block.clone())];
    // The depth of all levels but the last.
    let mut above = 0;
    while let Some(level) = levels.last_mut() {
        let Some(token) = level.tokens.next() else {
            levels.pop();
            above -= levels.last().map_or(0, Level::depth);
            continue;
        };
        let span = token.span();
        let before = std::mem::replace(&mut level.last, Last::Other);
        match token {
            TokenTree::Group(group) => {
                if group.delimiter() == Delimiter::Parenthesis {
                    level.last = Last::Parenthesis;
                }
                above += level.depth();
                levels.push(Level::new(group.stream()));
            }
            TokenTree::Punct(punct) => {
                level.last = Last::Punct(punct.as_char());
                level.punct(punct.as_char(), before);
            }
            TokenTree::Ident(_) | TokenTree::Literal(_) => {}
        }
        let last = levels.last().map_or(0, Level::depth);
        if above + last > DEEPEST {
            return Some(span);
        }
    }
    None
}
