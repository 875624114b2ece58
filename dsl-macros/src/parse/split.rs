//! The body of a split: its branches and how they are joined.

use proc_macro2::Ident;
use syn::parse::{ParseBuffer, ParseStream};
use syn::{Result, Token, braced, parenthesized};

use super::tokens::{
    WithHelp as _, declared_name, next_word, semicolon, skip, skip_all, stop, unexpected, word,
};
use super::{clause, duration};
use crate::ast::{Branch, Clauses, Count, Each, Join, Split, Strategy, plain};
use crate::diagnostics::{Diagnostics, position};
use crate::suggest;

const STRATEGIES: [&str; 5] = ["all", "any", "quorum", "percent", "settled"];

/// Words that may follow the name of an `each`, or of a branch.
const SECOND: [&str; 1] = ["in"];

/// The words that open a line.
const LINES: [&str; 3] = ["branch", "each", "join"];

pub(super) fn body(
    input: ParseStream<'_>,
    name: &Ident,
    diagnostics: &mut Diagnostics,
) -> Result<Split> {
    if !input.peek(syn::token::Brace) {
        return Err(unexpected(
            input,
            &format!("`{{ .. }}` with the branches of split `{name}`"),
        ));
    }
    let content;
    braced!(content in input);
    let mut split = Split {
        is_whole: true,
        ..Split::default()
    };
    let mut is_joined = false;
    while !content.is_empty() {
        let is_join = next_word(&content).as_deref() == Some("join");
        is_joined |= is_join;
        if let Err(error) = line(&content, &mut split, diagnostics) {
            diagnostics.syntax(&error);
            split.is_whole = false;
            while !content.is_empty() && !content.peek(Token![;]) && !begins_line(&content) {
                skip(&content);
            }
            let _: Option<Token![;]> = content.parse()?;
        }
    }
    if !is_joined && split.is_whole {
        diagnostics
            .error(
                name,
                format!("split `{name}` does not say how its branches are joined"),
            )
            .help("end the body with a strategy, such as `join all;`");
    }
    Ok(split)
}

/// Whether the next word opens a line, and is not what a line is about.
fn begins_line(content: &ParseBuffer<'_>) -> bool {
    next_word(content).is_some_and(|word| LINES.contains(&word.as_str()))
        && !super::tokens::second_is_one_of(content, &SECOND)
}

fn line(content: &ParseBuffer<'_>, split: &mut Split, diagnostics: &mut Diagnostics) -> Result<()> {
    match next_word(content).as_deref() {
        Some(text @ "branch") => {
            let keyword = word(content, text)?;
            let branch = branch(content, keyword, diagnostics)?;
            push(branch, split, diagnostics);
            semicolon(content, "the branch")
        }
        Some(text @ "each") => {
            let keyword = word(content, text)?;
            let each = each(content, keyword, diagnostics)?;
            push(each, split, diagnostics);
            semicolon(content, "`each`")
        }
        Some("join") => {
            let read = join(content)?;
            if split.join.is_some() {
                diagnostics.error(&read.keyword, "the split is joined twice");
            }
            split.join.get_or_insert(read);
            semicolon(content, "the join")
        }
        Some(other) => {
            let error = unexpected(content, "`branch`, `each` or `join`");
            Err(match suggest::nearest(other, LINES) {
                Some(nearest) => error.with_help(&format!("did you mean `{nearest}`?")),
                None => error,
            })
        }
        None => Err(unexpected(content, "`branch`, `each` or `join`")),
    }
}

/// Keeps a branch, unless its name is taken.
fn push(branch: Branch, split: &mut Split, diagnostics: &mut Diagnostics) {
    let taken = split
        .branches
        .iter()
        .find(|first| plain(&first.name) == plain(&branch.name));
    match taken {
        Some(first) => {
            split.is_whole = false;
            let name = &branch.name;
            diagnostics
                .unresolved(name, format!("branch `{name}` is declared twice"))
                .note(format!("first declared at {}", position(first.name.span())));
        }
        None => split.branches.push(branch),
    }
}

fn branch(
    content: &ParseBuffer<'_>,
    keyword: Ident,
    diagnostics: &mut Diagnostics,
) -> Result<Branch> {
    let name = declared_name(content, "a branch")?;
    if !content.peek(Token![:]) {
        return Err(unexpected(
            content,
            &format!("`: Output` after branch `{name}`"),
        ));
    }
    skip(content);
    Ok(Branch {
        keyword,
        name,
        each: None,
        output: content.parse()?,
        clauses: clauses(content, diagnostics)?,
    })
}

fn each(
    content: &ParseBuffer<'_>,
    keyword: Ident,
    diagnostics: &mut Diagnostics,
) -> Result<Branch> {
    let name = declared_name(content, "an item")?;
    word(content, "in")?;
    let field = declared_name(content, "a field of the source state")?;
    if !content.peek(Token![:]) {
        return Err(unexpected(content, "`: Item => Output`"));
    }
    skip(content);
    let item = content.parse()?;
    if !content.peek(Token![=>]) {
        return Err(unexpected(content, "`=>` and the output of a branch"));
    }
    content.parse::<Token![=>]>()?;
    let output = content.parse()?;
    let mut at_most = None;
    if content.peek(Token![,]) {
        skip(content);
        word(content, "at")?;
        word(content, "most")?;
        at_most = Some(duration::parse_count(
            content,
            "how many branches at a time, such as `8`",
        )?);
    }
    Ok(Branch {
        keyword,
        name,
        each: Some(Each {
            field,
            item,
            at_most,
        }),
        output,
        clauses: clauses(content, diagnostics)?,
    })
}

fn clauses(content: &ParseBuffer<'_>, diagnostics: &mut Diagnostics) -> Result<Clauses> {
    let mut clauses = Clauses::default();
    if next_word(content).as_deref() == Some("with") {
        skip(content);
        clause::list(content, &mut clauses, diagnostics)?;
    }
    Ok(clauses)
}

fn join(content: &ParseBuffer<'_>) -> Result<Join> {
    let keyword = word(content, "join")?;
    let Some(text) = next_word(content) else {
        return Err(unexpected(content, "a strategy, such as `all`"));
    };
    if !STRATEGIES.contains(&text.as_str()) {
        let error = stop(content, &format!("unknown strategy `{text}`"));
        return Err(match suggest::nearest(&text, STRATEGIES) {
            Some(nearest) => error.with_help(&format!("did you mean `{nearest}`?")),
            None => error.with_help(&format!(
                "the strategies are {}",
                suggest::all_of(STRATEGIES)
            )),
        });
    }
    let word = word(content, &text)?;
    let strategy = strategy(content, &text)?;
    let mut within = None;
    if next_word(content).as_deref() == Some("within") {
        skip(content);
        within = Some(duration::parse(content, "how long to wait, such as `5s`")?);
    }
    Ok(Join {
        keyword,
        word,
        strategy,
        within,
    })
}

fn strategy(content: &ParseBuffer<'_>, text: &str) -> Result<Strategy> {
    if !content.peek(syn::token::Paren) {
        return match text {
            "all" => Ok(Strategy::All),
            "any" => Ok(Strategy::Any),
            "settled" => Ok(Strategy::Settled(None)),
            _ => Err(unexpected(content, &format!("`(..)` after `{text}`"))),
        };
    }
    let inner;
    parenthesized!(inner in content);
    let strategy = argument(&inner, text);
    skip_all(&inner);
    strategy
}

fn argument(inner: &ParseBuffer<'_>, text: &str) -> Result<Strategy> {
    let count = |what: &str| -> Result<Count> {
        let count = duration::parse_count(inner, what)?;
        if inner.is_empty() {
            Ok(count)
        } else {
            Err(unexpected(inner, "`)`"))
        }
    };
    match text {
        "quorum" => count("how many branches").map(Strategy::Quorum),
        "percent" => count("how many percent of the branches").map(Strategy::Percent),
        "settled" => {
            word(inner, "min")?;
            let min = count("how many branches")?;
            Ok(Strategy::Settled(Some(min)))
        }
        _ => Err(unexpected(inner, &format!("nothing in `{text}(..)`"))),
    }
}
