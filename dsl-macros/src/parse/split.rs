//! The body of a split: its branches and how they are joined.

use proc_macro2::Ident;
use syn::parse::{ParseBuffer, ParseStream};
use syn::{Result, Token, braced, parenthesized};

use super::tokens::{
    WithHelp as _, declared_name, next_word, semicolon, skip, skip_all, stop, unexpected, word,
};
use super::{attributes, clause, duration, types};
use crate::ast::{Attributes, Branch, Clauses, Count, Each, Join, Split, Strategy, plain};
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
        let read = attributes::parse(&content, diagnostics).and_then(|attributes| {
            is_joined |= next_word(&content).as_deref() == Some("join");
            line(&content, attributes, &mut split, diagnostics)
        });
        if let Err(error) = read {
            diagnostics.detail(&error);
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

fn line(
    content: &ParseBuffer<'_>,
    attributes: Attributes,
    split: &mut Split,
    diagnostics: &mut Diagnostics,
) -> Result<()> {
    match next_word(content).as_deref() {
        Some(text @ "branch") => {
            let keyword = word(content, text)?;
            refuse_derives(&attributes, diagnostics);
            branch(content, attributes, keyword, split, diagnostics)?;
            semicolon(content, "the branch")
        }
        Some(text @ "each") => {
            let keyword = word(content, text)?;
            refuse_derives(&attributes, diagnostics);
            each(content, attributes, keyword, split, diagnostics)?;
            semicolon(content, "`each`")
        }
        Some("join") => {
            attributes::refuse(&attributes, "a join", diagnostics);
            let read = join(content, split, diagnostics)?;
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

fn branch(
    content: &ParseBuffer<'_>,
    attributes: Attributes,
    keyword: Ident,
    split: &mut Split,
    diagnostics: &mut Diagnostics,
) -> Result<()> {
    let name = declared_name(content, "a branch")?;
    if !content.peek(Token![:]) {
        return Err(unexpected(
            content,
            &format!("`: Output` after branch `{name}`"),
        ));
    }
    skip(content);
    let mut branch = Branch {
        attributes,
        keyword,
        name,
        each: None,
        output: types::parse(content)?,
        clauses: Clauses::default(),
    };
    let read = clauses(content, &mut branch.clauses, diagnostics);
    // It is known by now, whatever is wrong with its clauses.
    push(branch, split, diagnostics);
    read
}

fn each(
    content: &ParseBuffer<'_>,
    attributes: Attributes,
    keyword: Ident,
    split: &mut Split,
    diagnostics: &mut Diagnostics,
) -> Result<()> {
    let name = declared_name(content, "an item")?;
    word(content, "in")?;
    if next_word(content).as_deref() == Some("self") {
        let error = stop(content, "the items are in a field of the source state");
        return Err(error.with_help(&format!("write its name alone: `each {name} in items: ..`")));
    }
    let is_input = next_word(content).as_deref() == Some("input") && content.peek2(Token![.]);
    let input = if is_input {
        let input = word(content, "input")?;
        skip(content);
        Some(input)
    } else {
        None
    };
    let what = match input {
        Some(_) => "a field of the input",
        None => "a field of the source state",
    };
    let field = declared_name(content, what)?;
    if !content.peek(Token![:]) {
        return Err(unexpected(content, "`: Item => Output`"));
    }
    skip(content);
    let item = types::parse(content)?;
    if !content.peek(Token![=>]) {
        return Err(unexpected(content, "`=>` and the output of a branch"));
    }
    content.parse::<Token![=>]>()?;
    let mut branch = Branch {
        attributes,
        keyword,
        name,
        output: types::parse(content)?,
        each: Some(Each {
            input,
            field,
            item,
            at_most: None,
        }),
        clauses: Clauses::default(),
    };
    let read = at_most(content).and_then(|at_most| {
        if let Some(each) = &mut branch.each {
            each.at_most = at_most;
        }
        clauses(content, &mut branch.clauses, diagnostics)
    });
    push(branch, split, diagnostics);
    read
}

/// `, at most 8`, if it is there.
fn at_most(content: &ParseBuffer<'_>) -> Result<Option<Count>> {
    if next_word(content).as_deref() == Some("at") {
        let error = unexpected(content, "`;` after `each`");
        return Err(error.with_help("a `,` stands before `at most`"));
    }
    if !content.peek(Token![,]) {
        return Ok(None);
    }
    skip(content);
    word(content, "at")?;
    word(content, "most")?;
    duration::parse_count(content, "how many branches at a time, such as `8`").map(Some)
}

fn clauses(
    content: &ParseBuffer<'_>,
    clauses: &mut Clauses,
    diagnostics: &mut Diagnostics,
) -> Result<()> {
    if next_word(content).as_deref() != Some("with") {
        return Ok(());
    }
    skip(content);
    clause::list(content, clauses, diagnostics)?;
    match next_word(content) {
        Some(word) if clause::kind(&word).is_some() => {
            let error = unexpected(content, "`;` after the branch");
            Err(error.with_help("clauses are separated by `,`"))
        }
        _ => Ok(()),
    }
}

/// Reads a join. What is wrong with its numbers is reported; the strategy is known all the same, and
/// with it the type of what is joined.
fn join(
    content: &ParseBuffer<'_>,
    split: &mut Split,
    diagnostics: &mut Diagnostics,
) -> Result<Join> {
    let keyword = word(content, "join")?;
    let Some(text) = next_word(content) else {
        return Err(unexpected(content, "a strategy, such as `all`"));
    };
    let mut damaged = |error: &syn::Error| {
        diagnostics.detail(error);
        split.is_whole = false;
        while !content.is_empty() && !content.peek(Token![;]) && !begins_line(content) {
            skip(content);
        }
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
        damaged(&error.with_help(&format!("did you mean `{nearest}`?")));
        return Ok(join(keyword.clone(), meant(nearest), None));
    }
    let name = word(content, &text)?;
    let strategy = match strategy(content, &text) {
        Ok(strategy) => strategy,
        Err(error) => {
            damaged(&error);
            return Ok(join(name, meant(&text), None));
        }
    };
    let mut within = None;
    if next_word(content).as_deref() == Some("within") {
        skip(content);
        match duration::parse(content, "how long to wait, such as `5s`") {
            Ok(time) => within = Some(time),
            Err(error) => damaged(&error),
        }
    }
    Ok(join(name, strategy, within))
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
            word(inner, "min").map_err(|error| error.with_help("write `settled(min 2)`"))?;
            let min = count("how many branches")?;
            Ok(Strategy::Settled(Some(min)))
        }
        _ => Err(unexpected(inner, &format!("nothing in `{text}(..)`"))),
    }
}
