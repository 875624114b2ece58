//! The body of a split: its branches and how they are joined.

use proc_macro2::Ident;
use syn::parse::{ParseBuffer, ParseStream};
use syn::{Error, Result, Token, braced};

use super::expected::{WithHelp as _, unexpected};
use super::tokens::{begins_declaration, next_word, semicolon, skip, word};
use super::{attributes, branch, join};
use crate::ast::{Attributes, Branch, Split, plain};
use crate::diagnostics::{Diagnostics, position, unread};
use crate::suggest;

/// Words that may follow the name of an `each`, or of a branch.
const SECOND: [&str; 1] = ["in"];

/// The words that open a line.
const LINES: [&str; 3] = ["branch", "each", "join"];

/// Reads the body. What cannot be read of it is reported, and costs no more than its line.
pub(super) fn body(input: ParseStream<'_>, name: &Ident, diagnostics: &mut Diagnostics) -> Split {
    let mut split = Split::default();
    let read = |input: ParseStream<'_>, split: &mut Split, diagnostics: &mut Diagnostics| {
        let content;
        braced!(content in input);
        lines(&content, split, diagnostics)
    };
    if input.peek(syn::token::Brace) {
        split.is_whole = true;
    } else {
        let error = unexpected(
            input,
            &format!("`{{ .. }}` with the branches of split `{name}`"),
        );
        diagnostics.detail(&error);
        split.unread = Some(Box::new(unread(&error)));
        while !input.is_empty() && !input.peek(Token![;]) && !begins_declaration(input) {
            if input.peek(syn::token::Brace) {
                break;
            }
            skip(input);
        }
        if !input.peek(syn::token::Brace) {
            return split;
        }
    }
    let is_joined = read(input, &mut split, diagnostics).unwrap_or(true);
    if !is_joined && split.is_whole {
        let message = format!("split `{name}` does not say how its branches are joined");
        let error = Error::new(name.span(), message);
        let error = error.with_help("end the body with a strategy, such as `join all;`");
        split.unread = Some(Box::new(unread(&error)));
        diagnostics.detail(&error);
    }
    split
}

/// Reads the lines. Gives whether one of them was a join.
fn lines(
    content: &ParseBuffer<'_>,
    split: &mut Split,
    diagnostics: &mut Diagnostics,
) -> Result<bool> {
    let mut is_joined = false;
    while !content.is_empty() {
        let known = (split.branches.len(), split.join.is_some());
        let read = attributes::parse(content, diagnostics).and_then(|attributes| {
            is_joined |= next_word(content).as_deref() == Some("join");
            line(content, attributes, split, diagnostics)
        });
        if let Err(error) = read {
            diagnostics.detail(&error);
            split.is_whole = false;
            if (split.branches.len(), split.join.is_some()) == known {
                split.unread.get_or_insert_with(|| Box::new(unread(&error)));
            }
            seek(content);
            let _: Option<Token![;]> = content.parse()?;
        }
    }
    Ok(is_joined)
}

/// Skips to the next line.
pub(super) fn seek(content: ParseStream<'_>) {
    while !content.is_empty() && !content.peek(Token![;]) && !begins_line(content) {
        skip(content);
    }
}

/// Returns true if the next word opens a line, and is not what a line is about.
pub(super) fn begins_line(content: &ParseBuffer<'_>) -> bool {
    next_word(content).is_some_and(|word| LINES.contains(&word.as_str()))
        && !super::tokens::second_is_one_of(content, &SECOND)
        && !content.peek2(Token![:])
}

fn line(
    content: &ParseBuffer<'_>,
    attributes: Attributes,
    split: &mut Split,
    diagnostics: &mut Diagnostics,
) -> Result<()> {
    let begin = content.cursor();
    match meant_line(content, diagnostics)? {
        "branch" => {
            let keyword = keyword(content, "branch")?;
            refuse_derives(&attributes, diagnostics);
            branch::branch(content, attributes, keyword, split, diagnostics)?;
            semicolon(content, begin, "the branch")
        }
        "each" => {
            let keyword = keyword(content, "each")?;
            refuse_derives(&attributes, diagnostics);
            branch::each(content, attributes, keyword, split, diagnostics)?;
            semicolon(content, begin, "`each`")
        }
        _ => {
            attributes::refuse(&attributes, "a join", diagnostics);
            let read = join::join(content, split, diagnostics)?;
            if split.join.is_some() {
                diagnostics.error(&read.keyword, "the split is joined twice");
            }
            split.join.get_or_insert(read);
            semicolon(content, begin, "the join")
        }
    }
}

/// The keyword of a line, which may be written as another word or be missing: then that is reported.
fn keyword(content: &ParseBuffer<'_>, keyword: &str) -> Result<Ident> {
    if next_word(content).as_deref() == Some(keyword) {
        return word(content, keyword);
    }
    let place = content.span();
    // `credit: Report`
    if !content.peek2(Token![:]) && !super::tokens::second_is_one_of(content, &SECOND) {
        skip(content);
    }
    Ok(Ident::new(keyword, place))
}

/// Returns the kind of a line. A misspelt one is reported.
fn meant_line(content: &ParseBuffer<'_>, diagnostics: &mut Diagnostics) -> Result<&'static str> {
    let Some(text) = next_word(content) else {
        return Err(unexpected(content, "`branch`, `each` or `join`"));
    };
    // `branch: u32`, without a name
    let is_name = content.peek2(Token![:]) && !content.peek2(Token![::]);
    let known = LINES.into_iter().find(|line| *line == text);
    if let Some(known) = known {
        return Ok(known);
    }
    let error = unexpected(content, "`branch`, `each` or `join`");
    let is_each = super::tokens::second_is_one_of(content, &SECOND) || text == "for";
    let (meant, error) = if join::STRATEGIES.contains(&text.as_str()) && !is_name {
        return Err(error.with_help("a strategy stands behind `join`"));
    } else if let Some(nearest) = suggest::nearest(&text, LINES).filter(|_| !is_name && !is_each) {
        (
            nearest,
            error.with_help(&format!("did you mean `{nearest}`?")),
        )
    } else if is_each {
        let help = "write `each item in items: Item => Output`";
        ("each", error.with_help(help))
    } else if is_name {
        (
            "branch",
            error.with_help(&format!("write `branch {text}: Output;`")),
        )
    } else {
        return Err(error);
    };
    if meant != "join" {
        diagnostics.detail(&error);
        return Ok(meant);
    }
    Err(error)
}

/// Keeps a branch, unless its name is taken.
pub(super) fn push(branch: Branch, split: &mut Split, diagnostics: &mut Diagnostics) {
    let taken = split
        .branches
        .iter()
        .find(|first| plain(&first.name) == plain(&branch.name));
    match taken {
        Some(first) => {
            split.is_whole = false;
            let name = &branch.name;
            diagnostics
                .error(name, format!("branch `{name}` is declared twice"))
                .note(format!("first declared at {}", position(first.name.span())));
        }
        None => split.branches.push(branch),
    }
}

/// A branch is no item that could derive.
fn refuse_derives(attributes: &Attributes, diagnostics: &mut Diagnostics) {
    attributes::misplaced(attributes, "a branch", diagnostics);
    for derive in &attributes.derives {
        diagnostics
            .error(&derive.path, "a branch cannot derive")
            .help("put `#[derive(..)]` on the type of its output");
    }
}
