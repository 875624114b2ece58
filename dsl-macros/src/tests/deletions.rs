//! A block with any one token missing: no panic, an error inside the block, and everything else
//! still there.

use proc_macro2::{Group, TokenStream, TokenTree};

use super::blocks::{STEPS, WAITING};
use super::expand;
use crate::codegen::Reader;

/// Deletions that leave a legal block: `pub`, `transient` and one of several derives may be there
/// or not, and what is wrong with the types `Vec<>`, `BTreeMap<u64,>`, `Result<u32,>` and `::time::SystemTime` rustc says itself.
const LEGAL: [&str; 8] = [
    "Clone",
    "pub",
    "Item",
    "std",
    "transient",
    "u32",
    "Item",
    "String",
];

const READERS: [Reader; 3] = [Reader::Compiler, Reader::Documentation, Reader::Editor];

#[test]
fn any_missing_token_is_an_error_inside_the_block() {
    let mut legal = Vec::new();
    each_deletion(STEPS, |deleted, damaged| {
        if check(STEPS, deleted, damaged) == 0 {
            legal.push(deleted.token.to_string());
        }
    });
    assert_eq!(legal, LEGAL);
}

#[test]
fn any_missing_token_of_a_block_that_waits_is_an_error_inside_it() {
    let mut legal = Vec::new();
    each_deletion(WAITING, |deleted, damaged| {
        if check(WAITING, deleted, damaged) == 0 {
            legal.push(format!("{} in line {}", deleted.token, deleted.line));
        }
    });
    assert!(legal.is_empty(), "{legal:?}");
}

#[test]
fn any_missing_group_is_survived() {
    for block in [STEPS, WAITING] {
        let tokens: TokenStream = block.parse().expect("the block lexes");
        for index in 0.. {
            let Some((_, damaged)) = without(&tokens, &mut { index }, |token| {
                matches!(token, TokenTree::Group(_))
            }) else {
                break;
            };
            for reader in READERS {
                let (_, code) = expand(damaged.clone(), reader);
                syn::parse2::<syn::File>(code).expect("what is generated is Rust");
            }
        }
    }
}

/// The token that was taken out.
#[derive(Debug)]
struct Deleted {
    token: TokenTree,
    line: usize,
}

/// Checks one damaged block; gives the number of errors.
fn check(block: &str, deleted: &Deleted, damaged: TokenStream) -> usize {
    let (errors, code) = expand(damaged.clone(), Reader::Compiler);
    let (_, for_editors) = expand(damaged, Reader::Editor);
    syn::parse2::<syn::File>(for_editors).expect("what an editor reads is Rust");
    let lines = block.lines().count();
    for error in &errors {
        let start = error.start();
        let inside = (2..=lines).contains(&start.line);
        assert!(inside, "{deleted:?}: {} at {start:?}", error.message());
    }
    let file: syn::File = syn::parse2(code).unwrap_or_else(|error| {
        panic!("{deleted:?}: what is generated is not Rust: {error}");
    });
    // The header is what everything hangs on; any other line costs at most itself and, by a
    // missing semicolon, the next.
    let header = block
        .lines()
        .position(|line| line.contains("workflow"))
        .expect("a workflow")
        + 1;
    if deleted.line > header {
        for state in untouched_states(block, deleted.line) {
            let emitted = file
                .items
                .iter()
                .any(|item| matches!(item, syn::Item::Struct(item) if item.ident == state));
            assert!(emitted, "{deleted:?}: state `{state}` is gone");
        }
    }
    errors.len()
}

/// The states that are declared in other lines.
fn untouched_states(block: &str, line: usize) -> impl Iterator<Item = String> {
    let lines = block.lines().enumerate();
    lines
        .filter(move |(index, _)| index + 1 != line)
        .filter_map(|(_, text)| {
            let mut words = text
                .split(|c: char| !c.is_alphanumeric())
                .filter(|word| !word.is_empty());
            let keyword = words.find(|word| *word != "transient")?;
            let is_state = ["start", "state", "done", "failed"].contains(&keyword);
            is_state.then(|| words.next().map(str::to_owned))?
        })
}

/// Calls `check` with each block that lacks one token that is not a group.
fn each_deletion(block: &str, mut check: impl FnMut(&Deleted, TokenStream)) {
    let tokens: TokenStream = block.parse().expect("the block lexes");
    let mut count = 0;
    while let Some((token, damaged)) = without(&tokens, &mut { count }, |token| {
        !matches!(token, TokenTree::Group(_))
    }) {
        let line = token.span().start().line;
        check(&Deleted { token, line }, damaged);
        count += 1;
    }
    assert!(count > 80, "only {count} tokens were deleted");
}

/// The tokens without the one that `counts` and has `index` such before it, and that one.
fn without(
    tokens: &TokenStream,
    index: &mut usize,
    counts: fn(&TokenTree) -> bool,
) -> Option<(TokenTree, TokenStream)> {
    let mut deleted = None;
    let mut kept = Vec::new();
    for token in tokens.clone() {
        if deleted.is_none() && counts(&token) {
            if *index == 0 {
                deleted = Some(token);
                continue;
            }
            *index -= 1;
        }
        match token {
            TokenTree::Group(group) if deleted.is_none() => {
                let content = without(&group.stream(), index, counts).map(|(token, rest)| {
                    deleted = Some(token);
                    rest
                });
                let content = content.unwrap_or_else(|| group.stream());
                let mut copy = Group::new(group.delimiter(), content);
                copy.set_span(group.span());
                kept.push(TokenTree::Group(copy));
            }
            other => kept.push(other),
        }
    }
    deleted.map(|token| (token, kept.into_iter().collect()))
}
