//! The body of a split: its branches and how they are joined.

use proc_macro2::{Ident, TokenStream};
use syn::parse::{ParseBuffer, ParseStream};
use syn::{Result, Token, braced, parenthesized};

use super::tokens::{
    WithHelp as _, declared_name, next_word, semicolon, skip, skip_all, stop, unexpected, word,
};
use super::{clause, duration};
use crate::ast::{Branch, Clause, Join, TransitionKind};
use crate::diagnostics::{Diagnostics, position};
use crate::suggest;

const STRATEGIES: [&str; 5] = ["all", "any", "quorum", "percent", "settled"];

pub(super) fn body(
    input: ParseStream<'_>,
    name: &Ident,
    diagnostics: &mut Diagnostics,
) -> Result<TransitionKind> {
    if !input.peek(syn::token::Brace) {
        return Err(unexpected(
            input,
            &format!("`{{ .. }}` with the branches of split `{name}`"),
        ));
    }
    let content;
    braced!(content in input);
    let mut branches = Vec::new();
    let mut join = None;
    while !content.is_empty() {
        if let Err(error) = line(&content, &mut branches, &mut join, diagnostics) {
            diagnostics.syntax(&error);
            while !content.is_empty() && !content.peek(Token![;]) {
                skip(&content);
            }
            let _: Option<Token![;]> = content.parse()?;
        }
    }
    if join.is_none() {
        diagnostics
            .error(
                name,
                format!("split `{name}` does not say how its branches are joined"),
            )
            .help("end the body with a strategy, such as `join all;`");
    }
    Ok(TransitionKind::Split { branches, join })
}

fn line(
    content: &ParseBuffer<'_>,
    branches: &mut Vec<Branch>,
    join: &mut Option<Join>,
    diagnostics: &mut Diagnostics,
) -> Result<()> {
    match next_word(content).as_deref() {
        Some("branch") => {
            skip(content);
            let branch = branch(content, diagnostics)?;
            push(branch, branches, diagnostics);
            semicolon(content, "the branch")
        }
        Some("each") => {
            skip(content);
            branches.push(each(content, diagnostics)?);
            semicolon(content, "`each`")
        }
        Some("join") => {
            let keyword = word(content, "join")?;
            let read = self::join(content)?;
            if join.is_some() {
                diagnostics.error(&keyword, "the split is joined twice");
            }
            join.get_or_insert(read);
            semicolon(content, "the join")
        }
        _ => Err(unexpected(content, "`branch`, `each` or `join`")),
    }
}

/// Keeps a branch, unless its name is taken.
fn push(branch: Branch, branches: &mut Vec<Branch>, diagnostics: &mut Diagnostics) {
    let name = |branch: &Branch| match branch {
        Branch::Named { name, .. } => Some(name.clone()),
        Branch::Each { .. } => None,
    };
    let new = name(&branch);
    match branches
        .iter()
        .filter_map(name)
        .find(|first| Some(first) == new.as_ref())
    {
        Some(first) => {
            diagnostics
                .unresolved(&new, format!("branch `{first}` is declared twice"))
                .note(format!("first declared at {}", position(first.span())));
        }
        None => branches.push(branch),
    }
}

fn branch(content: &ParseBuffer<'_>, diagnostics: &mut Diagnostics) -> Result<Branch> {
    let name = declared_name(content, "a branch")?;
    if !content.peek(Token![:]) {
        return Err(unexpected(
            content,
            &format!("`: Output` after branch `{name}`"),
        ));
    }
    skip(content);
    Ok(Branch::Named {
        name,
        output: content.parse()?,
        clauses: clauses(content, diagnostics)?,
    })
}

fn each(content: &ParseBuffer<'_>, diagnostics: &mut Diagnostics) -> Result<Branch> {
    let item = declared_name(content, "an item")?;
    word(content, "in")?;
    let field = declared_name(content, "a field of the source state")?;
    if !content.peek(Token![:]) {
        return Err(unexpected(content, "`: Item => Output`"));
    }
    skip(content);
    let item_type = content.parse()?;
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
    Ok(Branch::Each {
        item,
        field,
        item_type,
        output,
        at_most,
        clauses: clauses(content, diagnostics)?,
    })
}

fn clauses(content: &ParseBuffer<'_>, diagnostics: &mut Diagnostics) -> Result<Vec<Clause>> {
    let mut clauses = Vec::new();
    if next_word(content).as_deref() == Some("with") {
        skip(content);
        clause::list(content, &mut clauses, diagnostics)?;
    }
    Ok(clauses)
}

fn join(content: &ParseBuffer<'_>) -> Result<Join> {
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
    let strategy = word(content, &text)?;
    let mut arguments = TokenStream::new();
    if content.peek(syn::token::Paren) {
        let inner;
        parenthesized!(inner in content);
        arguments = inner.cursor().token_stream();
        let read = strategy_argument(&inner, &text);
        skip_all(&inner);
        read?;
    } else if matches!(text.as_str(), "quorum" | "percent") {
        return Err(unexpected(content, &format!("`(..)` after `{text}`")));
    }
    let mut within = None;
    if next_word(content).as_deref() == Some("within") {
        skip(content);
        within = Some(duration::parse(content, "how long to wait, such as `5s`")?);
    }
    Ok(Join {
        strategy,
        arguments,
        within,
    })
}

fn strategy_argument(inner: &ParseBuffer<'_>, strategy: &str) -> Result<()> {
    match strategy {
        "quorum" => duration::parse_count(inner, "how many branches")?,
        "percent" => duration::parse_count(inner, "how many percent of the branches")?,
        "settled" => {
            word(inner, "min")?;
            duration::parse_count(inner, "how many branches")?
        }
        _ => return Err(unexpected(inner, &format!("nothing in `{strategy}`"))),
    };
    if inner.is_empty() {
        Ok(())
    } else {
        Err(unexpected(inner, "`)`"))
    }
}
