//! The body of the fuzz target `block`, which a test calls as well.
//!
//! Bytes choose the tokens of a block: words of the language in any order, or a good block with some tokens deleted,
//! duplicated, swapped or replaced. The expansion must be Rust for every reader, however wrong the block is.

use proc_macro2::{Delimiter, Group, Ident, Punct, TokenStream, TokenTree};
use quote::{TokenStreamExt as _, quote};

use super::blocks::{STEPS, WAITING};
use crate::ast::Transition;
use crate::codegen::Reader;
use crate::diagnostics::Diagnostics;
use crate::expand::expand;
use crate::parse;

const READERS: [Reader; 2] = [Reader::Compiler, Reader::Editor];

/// The most tokens that an expansion has for each token of its block, and beside these.
const PER_TOKEN: usize = 200;
const OF_NOTHING: usize = 5_000;

/// Groups do not nest deeper than this: that blocks which do are refused has a test of its own.
const DEEPEST: usize = 48;

/// Words of the language and of Rust, names, what stands between them, and literals.
const TOKENS: &str = r##"
workflow input start state done failed transient deadline step signal timer poll split branch each join in as at after
every with within retry timeout undo catch breaker limit spawn backoff factor no jitter full most min all any quorum
percent settled
pub self Self crate mut dyn fn impl for where r#type r#in _ __ _1 A B C AInput AState AnyA AEnd ASteps a b c go run
into_state retryable ß 名 ǅ Vec String u32 SystemTime GoNext
-> => .. ... :: : ; , | || < > = # ! & * + - 'a ? @ $
0 1 2 7 255 4294967296 99999999999999999999 1u8 1.5 0.5 1e3 1e999 2s 0ms 100ms 1h30m 1m1h 14d 99999999999999d 1_000ms
1.5s 30min "" "text" "\0" b"x" 'c' c"x" r#"x"# true
"##;

/// Sequences that single tokens would hardly ever make.
const PHRASES: &str = r#"
#[durable(version = 1)]
#[durable(version = 2, name = "a.b")]
#[durable]
#[perpetual]
#[cfg(test)]
#[derive(Clone, Debug)]
#[cfg_attr(x, derive(Clone), doc = "x")]
#[doc = "x"]
#[serde(skip)]
#![inner]
/** x */
start A;
state B { a: Vec<u8>, b: [u8; 4] };
done C;
failed D { x: u32 };
step go: A -> B | C
split go: A -> B
branch b: Result<u32, String>
each a in b: u8 => u8, at most 2
join quorum(1) within 5s;
with retry(3, backoff 1s..2s, factor 2, no jitter), timeout(1s)
undo(B => b, C => c)
signal sign(String): A | B -> C;
timer late after 2s: A -> C;
"#;

/// Expands the block that these bytes choose. `judge` says whether tokens are Rust.
///
/// # Panics
/// If an expansion is not Rust, unless by an expression that only rustc reads, or larger than in proportion, or if the readers are told different errors.
pub(crate) fn block(bytes: &[u8], judge: impl Fn(TokenStream) -> Result<(), String>) {
    let block = chosen(bytes);
    let is_for_rustc = has_expressions(&block);
    let size = count(&block);
    let mut errors = None;
    for reader in READERS {
        let block = Group::new(Delimiter::Brace, block.clone());
        let code = expand(quote!((::stateway) runtime durable #block), reader);
        let all = PER_TOKEN * size + OF_NOTHING;
        let found = count(&code);
        assert!(found <= all, "{found} tokens for {size}: {block}");
        let told = reported(&code);
        let told_before = *errors.get_or_insert(told);
        assert_eq!(
            told, told_before,
            "{reader:?} is told other errors: {block}"
        );
        if is_for_rustc {
            continue;
        }
        if let Err(error) = judge(code) {
            panic!("what is generated for {reader:?} is not Rust: {error}: {block}");
        }
    }
    drop(block);
    // Spans keep every text that was parsed in memory.
    proc_macro2::extra::invalidate_current_thread_spans();
}

/// Returns true if a type of the block has an expression in it that the parser passes on as it is.
fn has_expressions(block: &TokenStream) -> bool {
    let Some(ast) = parse::parse(block.clone(), &mut Diagnostics::default()) else {
        return false;
    };
    let fields = ast.states.iter().filter_map(|state| state.fields.as_ref());
    let fields = fields.chain(ast.input.as_ref().map(|input| &input.fields));
    let fields = fields.flatten().map(|field| &field.ty);
    let branches = ast.transitions.iter().flat_map(Transition::branches);
    let branches = branches.flat_map(|branch| {
        let item = branch.each.as_ref().map(|each| &each.item);
        let each = branch.each.as_ref();
        let value = each.and_then(|each| Some(&each.value.as_ref()?.ty));
        item.into_iter().chain(value).chain([&branch.output])
    });
    fields
        .chain(branches)
        .any(|ty| matches!(ty, syn::Type::Verbatim(_)))
}

/// Counts the errors of an expansion.
fn reported(code: &TokenStream) -> usize {
    let tokens = code.clone().into_iter();
    tokens
        .filter(|token| matches!(token, TokenTree::Ident(name) if name == "compile_error"))
        .count()
}

pub(crate) fn count(tokens: &TokenStream) -> usize {
    let count_one = |token| match token {
        TokenTree::Group(group) => 1 + count(&group.stream()),
        _ => 1,
    };
    tokens.clone().into_iter().map(count_one).sum()
}

/// A token of a block whose groups are taken apart. A group that is not closed ends with the block.
#[derive(Clone)]
enum Piece {
    Open(Delimiter),
    Close,
    Token(TokenTree),
    /// A quote and its name, which rustc never separates.
    Lifetime(Punct, Ident),
}

fn chosen(bytes: &[u8]) -> TokenStream {
    let mut bytes = bytes.iter().copied();
    let mut pieces = Vec::new();
    match bytes.next() {
        Some(0) => {}
        Some(1) => {
            take_apart(parsed("workflow A"), &mut pieces);
            pieces.push(Piece::Open(Delimiter::Brace));
        }
        Some(first) if first % 2 == 0 => take_apart(parsed(STEPS), &mut pieces),
        _ => take_apart(parsed(WAITING), &mut pieces),
    }
    let is_good = pieces.len() > 3;
    while let Some(what) = bytes.next() {
        if is_good {
            damage(what, &mut bytes, &mut pieces);
        } else {
            add(what, &mut pieces);
        }
    }
    put_together(&mut pieces.into_iter(), 0)
}

/// Takes pieces out of a block, or puts some in.
fn damage(what: u8, bytes: &mut impl Iterator<Item = u8>, pieces: &mut Vec<Piece>) {
    let mut place = || {
        let at =
            usize::from(bytes.next().unwrap_or(0)) << 8 | usize::from(bytes.next().unwrap_or(0));
        at % pieces.len().max(1)
    };
    if pieces.is_empty() {
        return;
    }
    let (at, other) = (place(), place());
    let (from, to) = (at.min(other), at.max(other));
    match what % 8 {
        0 => drop(pieces.remove(at)),
        1 => pieces.insert(other, pieces[at].clone()),
        2 => pieces.swap(at, other),
        3 => pieces[at] = pieces[other].clone(),
        // A few at once, so that whole lines may go or be doubled.
        4 => drop(pieces.drain(from..to.min(from + 32))),
        5 => {
            let some = pieces[from..to.min(from + 32)].to_vec();
            pieces.splice(to..to, some);
        }
        6 => {
            let mut new = Vec::new();
            add(bytes.next().unwrap_or(0), &mut new);
            pieces.splice(at..at, new);
        }
        _ => {
            let mut new = Vec::new();
            add(bytes.next().unwrap_or(0), &mut new);
            pieces.splice(at..=at, new);
        }
    }
}

/// Adds what a byte stands for.
fn add(byte: u8, pieces: &mut Vec<Piece>) {
    let phrases = PHRASES.lines().filter(|line| !line.is_empty());
    let mut vocabulary = TOKENS.split_whitespace().chain(phrases);
    match vocabulary.nth(usize::from(byte)) {
        Some(text) => take_apart(parsed(text), pieces),
        None => pieces.push(match byte % 8 {
            0 | 1 => Piece::Open(Delimiter::Brace),
            2 => Piece::Open(Delimiter::Parenthesis),
            3 => Piece::Open(Delimiter::Bracket),
            // As around a fragment that another macro passes on.
            4 => Piece::Open(Delimiter::None),
            _ => Piece::Close,
        }),
    }
}

fn parsed(text: &str) -> TokenStream {
    match text.parse() {
        Ok(tokens) => tokens,
        Err(error) => panic!("{text}: {error}"),
    }
}

fn take_apart(tokens: TokenStream, pieces: &mut Vec<Piece>) {
    let mut tokens = tokens.into_iter();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Group(group) => {
                pieces.push(Piece::Open(group.delimiter()));
                take_apart(group.stream(), pieces);
                pieces.push(Piece::Close);
            }
            TokenTree::Punct(quote) if quote.as_char() == '\'' => {
                if let Some(TokenTree::Ident(name)) = tokens.next() {
                    pieces.push(Piece::Lifetime(quote, name));
                }
            }
            token => pieces.push(Piece::Token(token)),
        }
    }
}

fn put_together(pieces: &mut impl Iterator<Item = Piece>, depth: usize) -> TokenStream {
    let mut tokens = TokenStream::new();
    while let Some(piece) = pieces.next() {
        match piece {
            Piece::Open(delimiter) if depth < DEEPEST => {
                let inside = put_together(pieces, depth + 1);
                tokens.append(Group::new(delimiter, inside));
            }
            Piece::Close if depth > 0 => break,
            Piece::Open(_) | Piece::Close => {}
            Piece::Token(token) => tokens.append(token),
            Piece::Lifetime(quote, name) => {
                tokens.append(quote);
                tokens.append(name);
            }
        }
    }
    tokens
}
