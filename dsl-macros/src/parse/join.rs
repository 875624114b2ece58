//! `join quorum(2) within 5s;`

use proc_macro2::Ident;
use syn::parse::ParseBuffer;
use syn::{Result, Token, parenthesized};

use super::expected::{WithHelp as _, sign, stop, unexpected};
use super::given;
use super::split::begins_line;
use super::tokens::{next_word, skip, skip_all, word};
use crate::ast::{Count, Given, Join, Split, Strategy};
use crate::diagnostics::{Diagnostics, unread};
use crate::suggest;

pub(super) const STRATEGIES: [&str; 5] = ["all", "any", "quorum", "percent", "settled"];

/// Reads a join. What is wrong with its numbers is reported; the strategy is known all the same, and
/// with it the type of what is joined.
pub(super) fn join(
    content: &ParseBuffer<'_>,
    split: &mut Split,
    diagnostics: &mut Diagnostics,
) -> Result<Join> {
    let keyword = word(content, "join")?;
    let mut damaged = |error: &syn::Error, is_known: bool| {
        diagnostics.detail(error);
        split.is_whole = false;
        if !is_known {
            split.unread.get_or_insert_with(|| Box::new(unread(error)));
        }
    };
    if let Some(sign) = sign(content).filter(|sign| ["=", ":", "::", "=>", "->"].contains(&&**sign))
    {
        let error = unexpected(content, "a strategy, such as `all`");
        damaged(
            &error.with_help("no sign stands behind `join`: `join all;`"),
            true,
        );
        for _ in 0..sign.len() {
            skip(content);
        }
    }
    let Some(text) = next_word(content) else {
        return Err(unexpected(content, "a strategy, such as `all`").with_help(numbers(content)));
    };
    let join = |word: Ident, strategy: Strategy, within| Join {
        keyword: keyword.clone(),
        word,
        strategy,
        within,
    };
    if !STRATEGIES.contains(&text.as_str()) {
        let error = stop(content, &format!("unknown strategy `{text}`"));
        let Some(nearest) = suggest::nearest(&text, STRATEGIES) else {
            let help = format!("the strategies are {}", suggest::all_of(STRATEGIES));
            return Err(error.with_help(&help));
        };
        damaged(
            &error.with_help(&format!("did you mean `{nearest}`?")),
            true,
        );
        seek(content);
        return Ok(join(keyword.clone(), meant(nearest), None));
    }
    let name = word(content, &text)?;
    let strategy = match strategy(content, &text) {
        Ok(strategy) => strategy,
        Err(error) => {
            damaged(&error, true);
            seek(content);
            return Ok(join(name, meant(&text), None));
        }
    };
    let mut within = None;
    let mut is_reported = false;
    let rest = content.fork();
    if content.peek(Token![,]) || next_word(content).as_deref() == Some("with") {
        skip(&rest);
        if next_word(&rest).as_deref() == Some("within") {
            let error = unexpected(content, "`within` behind the strategy");
            let found = super::expected::found(content);
            damaged(
                &error.with_help(&format!("no {found} stands before `within`")),
                true,
            );
            skip(content);
            is_reported = true;
        }
    }
    if next_word(content).as_deref() == Some("within") && is_reported {
        seek(content);
    } else if next_word(content).as_deref() == Some("within") {
        skip(content);
        let error = if content.peek(syn::token::Paren) {
            let error = unexpected(content, "how long to wait, such as `5s`");
            Some(error.with_help("`within` has no parentheses: `within 5s`"))
        } else {
            let read = given::duration(content, "how long to wait, such as `5s`");
            read.map(|time| within = Some(time)).err()
        };
        if let Some(error) = error {
            damaged(&error, true);
            seek(content);
        }
    }
    Ok(join(name, strategy, within))
}

fn seek(content: &ParseBuffer<'_>) {
    while !content.is_empty() && !content.peek(Token![;]) && !begins_line(content) {
        skip(content);
    }
}

/// The way out where a number stands in the place of a strategy.
fn numbers(content: &ParseBuffer<'_>) -> &'static str {
    if content.cursor().literal().is_some() {
        "write `join quorum(2);` if that many have to succeed"
    } else {
        "write `join all;`, or another strategy: `any`, `quorum(2)`, `percent(50)`, `settled`"
    }
}

/// The strategy of this name, whatever its number.
fn meant(text: &str) -> Strategy {
    match text {
        "all" => Strategy::All,
        "any" => Strategy::Any,
        _ => Strategy::Settled(None),
    }
}

fn strategy(content: &ParseBuffer<'_>, text: &str) -> Result<Strategy> {
    if !content.peek(syn::token::Paren) {
        return match text {
            "all" => Ok(Strategy::All),
            "any" => Ok(Strategy::Any),
            "settled" => Ok(Strategy::Settled(None)),
            _ => Err(unexpected(content, &format!("`(..)` after `{text}`"))
                .with_help(&format!("write `{text}({})`", number(content)))),
        };
    }
    let inner;
    parenthesized!(inner in content);
    let strategy = argument(&inner, text);
    skip_all(&inner);
    strategy
}

/// The number that stands here, or another.
fn number(content: &ParseBuffer<'_>) -> String {
    let literal = content.cursor().literal();
    literal.map_or_else(|| "2".to_owned(), |(literal, _)| literal.to_string())
}

fn argument(inner: &ParseBuffer<'_>, text: &str) -> Result<Strategy> {
    let count = |what: &str| -> Result<Given<Count>> {
        let count = given::count(inner, what)?;
        if inner.is_empty() {
            return Ok(count);
        }
        let error = unexpected(inner, "`)`");
        Err(match &count {
            Given::Written(count) => error.with_help(&format!(
                "write the number alone: `{text}({})`",
                count.literal
            )),
            Given::Field(_) => error,
        })
    };
    match text {
        "quorum" => count("how many branches").map(Strategy::Quorum),
        "percent" => count("how many percent of the branches").map(Strategy::Percent),
        "settled" => {
            word(inner, "min").map_err(|error| error.with_help("write `settled(min 2)`"))?;
            let min = count("how many branches")?;
            Ok(Strategy::Settled(Some(min)))
        }
        _ => Err(unexpected(inner, &format!("nothing in `{text}(..)`"))),
    }
}
