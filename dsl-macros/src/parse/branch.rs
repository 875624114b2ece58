//! `branch credit: Report with ..;` and `each item in items: Item => Output;`

use proc_macro2::{Delimiter, Ident};
use syn::buffer::Cursor;
use syn::parse::ParseBuffer;
use syn::{Error, Result, Token, Type};

use super::expected::{WithHelp as _, missing, sign, stop, unexpected};
use super::split::{begins_line, push, seek};
use super::tail::comma_before_with;
use super::tokens::{declared_name, next_word, skip, word};
use super::{clause, given, types};
use crate::ast::{Attributes, Branch, Clauses, Count, Each, EachValue, Given, Place, Split};
use crate::diagnostics::{Diagnostics, unread};

pub(super) fn branch(
    content: &ParseBuffer<'_>,
    attributes: Attributes,
    keyword: Ident,
    split: &mut Split,
    diagnostics: &mut Diagnostics,
) -> Result<()> {
    let begin = content.cursor();
    let name = declared_name(content, "a branch")?;
    let what = format!("the type of the output of branch `{name}`");
    let output = if content.peek(Token![:]) && !content.peek(Token![::]) {
        skip(content);
        types::read(content, &what, diagnostics, seek)
    } else {
        let error = missing(content, begin, &format!("`: Output` after branch `{name}`"));
        diagnostics.detail(&error);
        split.is_whole = false;
        if content.peek(syn::token::Paren) {
            skip(content);
        }
        let rest = content.fork();
        skip(&rest);
        let is_type = next_word(&rest).is_some() && !begins_line(&rest);
        if content.peek(Token![;]) && is_type {
            skip(content);
        }
        behind_a_sign(content);
        output_or(content, &error)
    };
    let mut branch = Branch {
        attributes,
        keyword,
        name,
        each: None,
        output,
        clauses: Clauses::default(),
    };
    let read = clauses(content, begin, &mut branch.clauses, diagnostics);
    // It is known by now, whatever is wrong with its clauses.
    push(branch, split, diagnostics);
    read
}

/// Skips a sign in the place of another.
fn behind_a_sign(content: &ParseBuffer<'_>) {
    for _ in 0..sign(content)
        .filter(|sign| sign != ";" && sign != ",")
        .map_or(0, |it| it.len())
    {
        skip(content);
    }
}

/// The type that stands here, which was not expected in this place, or every type.
fn output_or(content: &ParseBuffer<'_>, error: &Error) -> Type {
    let is_end = next_word(content).as_deref() == Some("with");
    if is_end || content.is_empty() || content.peek(Token![;]) || content.peek(Token![,]) {
        return unread(error);
    }
    types::beside(content, error, seek)
}

pub(super) fn each(
    content: &ParseBuffer<'_>,
    attributes: Attributes,
    keyword: Ident,
    split: &mut Split,
    diagnostics: &mut Diagnostics,
) -> Result<()> {
    let begin = content.cursor();
    let mut reader = Reader {
        content,
        begin,
        first: None,
        diagnostics,
    };
    let (name, value) = reader.names()?;
    let place = reader.field(&name);
    let (item, value) = match value {
        None => {
            let item = reader.item(&name);
            (reader.second_type(&name).unwrap_or(item), None)
        }
        Some(value) => {
            let (item, ty) = reader.entry(&name, &value);
            (item, Some(EachValue { name: value, ty }))
        }
    };
    let output = reader.output(&name);
    split.is_whole &= reader.first.is_none();
    let mut branch = Branch {
        attributes,
        keyword,
        name,
        output,
        each: Some(Each {
            place,
            item,
            value,
            at_most: None,
        }),
        clauses: Clauses::default(),
    };
    let read = at_most(content).and_then(|at_most| {
        if let Some(each) = &mut branch.each {
            each.at_most = at_most;
        }
        clauses(content, begin, &mut branch.clauses, diagnostics)
    });
    push(branch, split, diagnostics);
    read
}

/// Reads the parts of an `each`. What cannot be read after the first error is not worth another.
pub(super) struct Reader<'a, 'd> {
    pub(super) content: &'a ParseBuffer<'a>,
    begin: Cursor<'a>,
    pub(super) first: Option<Error>,
    pub(super) diagnostics: &'d mut Diagnostics,
}

impl Reader<'_, '_> {
    pub(super) fn report(&mut self, error: Error) -> Error {
        if let Some(first) = &self.first {
            return first.clone();
        }
        self.diagnostics.detail(&error);
        self.first.insert(error).clone()
    }

    pub(super) fn missing(&self, expected: &str) -> Error {
        missing(self.content, self.begin, expected)
    }

    /// `in items`, or `in input.items`
    fn field(&mut self, name: &Ident) -> Place {
        let content = self.content;
        if next_word(content).as_deref() == Some("in") {
            skip(content);
        } else {
            let error = self.missing(&format!("`in` and a field after `each {name}`"));
            self.report(error.with_help(&format!("write `each {name} in items: Item => Output`")));
            let is_sign = sign(content).is_some_and(|sign| sign != ";");
            if is_sign || super::tokens::second_is_word(content) {
                skip(content);
            }
        }
        items(content, name).unwrap_or_else(|error| {
            self.report(error);
            seek_until(content, |content| {
                content.peek(Token![:]) || is_arrow(content)
            });
            Place {
                input: None,
                field: name.clone(),
            }
        })
    }

    /// `: Item`
    fn item(&mut self, name: &Ident) -> Type {
        self.item_until(name, is_arrow)
    }

    /// The same, up to such a place.
    pub(super) fn item_until(
        &mut self,
        name: &Ident,
        is_end: fn(&ParseBuffer<'_>) -> bool,
    ) -> Type {
        let content = self.content;
        let what = format!("the type of the item `{name}`");
        if content.peek(Token![:]) && !content.peek(Token![::]) {
            skip(content);
            return types::read(content, &what, self.diagnostics, |content| {
                seek_until(content, is_end);
            });
        }
        let error = self.report(self.missing("`: Item => Output`"));
        if !is_before_another_arrow(content) {
            return unread(&error);
        }
        behind_any_sign(content);
        types::beside(content, &error, |content| seek_until(content, is_end))
    }

    /// `=> Output`
    fn output(&mut self, name: &Ident) -> Type {
        let content = self.content;
        if content.peek(Token![=>]) {
            behind_any_sign(content);
            let what = format!("the type of the output of `each {name}`");
            return types::read(content, &what, self.diagnostics, seek);
        }
        let error = self.report(self.missing("`=>` and the output of a branch"));
        let is_limit = super::tokens::second_is_one_of(content, &["at"]);
        if content.peek(Token![,]) && !is_limit || is_arrow(content) {
            behind_any_sign(content);
            return output_or(content, &error);
        }
        seek_until(content, |content| {
            content.peek(Token![,]) || next_word(content).as_deref() == Some("with")
        });
        unread(&error)
    }
}

/// Skips to such a place, or to the end of the line.
pub(super) fn seek_until(content: &ParseBuffer<'_>, is_it: impl Fn(&ParseBuffer<'_>) -> bool) {
    while !content.is_empty() && !content.peek(Token![;]) && !is_it(content) {
        skip(content);
    }
}

/// Returns true if a type and a `=>` stand behind the sign that stands here.
fn is_before_another_arrow(content: &ParseBuffer<'_>) -> bool {
    let rest = content.fork();
    behind_any_sign(&rest);
    if next_word(&rest).is_none() || begins_line(&rest) {
        return false;
    }
    while !rest.is_empty() && !rest.peek(Token![;]) && !begins_line(&rest) {
        if rest.peek(Token![=>]) {
            return true;
        }
        skip(&rest);
    }
    false
}

pub(super) fn behind_any_sign(content: &ParseBuffer<'_>) {
    for _ in 0..sign(content).map_or(0, |sign| sign.len()) {
        skip(content);
    }
}

/// Returns true if a `=>` stands here, or what is written in its place.
pub(super) fn is_arrow(content: &ParseBuffer<'_>) -> bool {
    sign(content).is_some_and(|sign| ["=>", "->", "-->", "==>", "="].contains(&sign.as_str()))
}

/// The field of the source state with the items.
fn items(content: &ParseBuffer<'_>, name: &Ident) -> Result<Place> {
    let alone = |content: &ParseBuffer<'_>, field: &str| {
        let error = stop(content, "the items are in a field of the source state");
        error.with_help(&format!(
            "write its name alone: `each {name} in {field}: ..`"
        ))
    };
    if next_word(content).as_deref() == Some("self") || content.peek(Token![&]) {
        return Err(alone(content, "items"));
    }
    if next_word(content).as_deref() == Some("input") {
        return given::place(content);
    }
    let field = declared_name(content, "a field of the source state")?;
    if content.peek(Token![.]) {
        let behind = content
            .cursor()
            .token_tree()
            .and_then(|(_, rest)| rest.ident());
        let is_call = behind
            .as_ref()
            .is_some_and(|(_, rest)| rest.group(Delimiter::Parenthesis).is_some());
        let shown = match behind {
            Some((field, _)) if !is_call => field.to_string(),
            _ => field.to_string(),
        };
        return Err(alone(content, &shown));
    }
    Ok(Place { input: None, field })
}

const HELP: &str = "write how many run side by side, such as `at most 8`";

/// `, at most 8`, if it is there.
fn at_most(content: &ParseBuffer<'_>) -> Result<Option<Given<Count>>> {
    let word_here = next_word(content);
    if word_here.as_deref() == Some("at") {
        let error = unexpected(content, "`;` after `each`");
        return Err(error.with_help("a `,` stands before `at most`"));
    }
    let rest = content.fork();
    if !content.peek(Token![,]) {
        return Ok(None);
    }
    skip(&rest);
    if next_word(&rest).as_deref() == Some("with") {
        return Ok(None);
    }
    skip(content);
    word(content, "at").map_err(|error| error.with_help(HELP))?;
    word(content, "most").map_err(|error| error.with_help(HELP))?;
    given::count(content, "how many branches at a time, such as `8`").map(Some)
}

fn clauses(
    content: &ParseBuffer<'_>,
    begin: Cursor<'_>,
    clauses: &mut Clauses,
    diagnostics: &mut Diagnostics,
) -> Result<()> {
    comma_before_with(content, diagnostics);
    match next_word(content).as_deref() {
        Some("with") => skip(content),
        Some(word) if clause::kind(word).is_some() => {
            let error = missing(content, begin, "`;` after the branch");
            diagnostics
                .detail(&error.with_help(&format!("clauses follow `with`: `with {word}(..)`")));
        }
        _ => return Ok(()),
    }
    clause::list(content, clauses, diagnostics)
}
