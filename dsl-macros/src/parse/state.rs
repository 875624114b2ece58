//! `state Reserved { hold: Hold };` and its siblings.

use proc_macro2::{Ident, Span};
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Error, Result, Token, Type, parenthesized};

use super::expected::{WithHelp as _, stop, unexpected};
use super::tokens::{begins_declaration, declared_name, next_word, semicolon, skip, skip_all};
use super::{attributes, fields, types};
use crate::ast::{Attributes, State, StateKind, Workflow};
use crate::diagnostics::Diagnostics;

/// Reads what follows the keyword of a state.
pub(super) fn parse(
    input: ParseStream<'_>,
    kind: StateKind,
    transient: Option<Ident>,
    attributes: Attributes,
    group: Option<usize>,
    ast: &mut Workflow,
    diagnostics: &mut Diagnostics,
) -> Result<()> {
    attributes::misplaced(&attributes, "a state", diagnostics);
    let begin = input.cursor();
    let transient = transient.or_else(|| transient_behind(input, kind, diagnostics));
    if input.peek(Token![:]) && !input.peek(Token![::]) {
        let keyword = kind.keyword();
        diagnostics.detail(&stop(input, &format!("no `:` stands behind `{keyword}`")));
        skip(input);
    }
    if next_word(input).as_deref() == Some("state") && super::tokens::second_is_word(input) {
        let keyword = kind.keyword();
        let error = stop(
            input,
            &format!("a state is `{keyword}` or `state`, not both"),
        );
        diagnostics.detail(&error.with_help(&format!("leave `state` out: `{keyword} ..`")));
        skip(input);
    }
    let mut name = name(input, kind)?;
    while let Some(rest) = behind_a_dash(input, &name) {
        name = joined(input, &name, &rest, diagnostics);
    }
    // The name is known from here on, so whatever else is wrong with the line, no transition
    // that uses it is to blame.
    ast.states.push(State {
        attributes,
        kind,
        transient,
        name: name.clone(),
        group,
        fields: None,
        tuple: None,
        unread: None,
    });
    let state = ast.states.last_mut().expect("one was just pushed");
    let is_reported = parameters(input, &name, diagnostics);
    if input.peek(syn::token::Paren) {
        let error = stop(input, "the data of a state has names").with_help(&format!(
            "write `{} {name} {{ field: Type }};`",
            kind.keyword()
        ));
        diagnostics.detail(&error);
        if fields::are_in_parentheses(input) {
            state.fields = Some(fields::in_parentheses(input)?);
        } else {
            state.tuple = Some(tuple(input, &error)?);
        }
    }
    if input.peek(syn::token::Brace) {
        let read = fields::parse(input, &format!("state `{name}`"), diagnostics)?;
        (state.fields, state.unread) = (Some(read.fields), read.unread);
    }
    if input.peek(syn::token::Brace) {
        return super::group::of_state(input, &name, ast, diagnostics);
    }
    if is_reported && !input.peek(Token![;]) {
        return Ok(());
    }
    if let Some(error) = clauses(input, &name) {
        return Err(error);
    }
    semicolon(input, begin, &format!("state `{name}`"))
}

/// Takes a `transient` that stands behind the keyword of its state.
fn transient_behind(
    input: ParseStream<'_>,
    kind: StateKind,
    diagnostics: &mut Diagnostics,
) -> Option<Ident> {
    let is_it = next_word(input).as_deref() == Some("transient");
    if !is_it || !super::tokens::second_is_word(input) {
        return None;
    }
    let keyword = kind.keyword();
    let error = stop(input, &format!("`transient` stands before `{keyword}`"));
    diagnostics.detail(&error.with_help(&format!("write `transient {keyword} ..`")));
    input.call(Ident::parse_any).ok()
}

/// The rest of a name such as `In-Stock`, if it stands here.
pub(super) fn behind_a_dash(input: ParseStream<'_>, name: &Ident) -> Option<Ident> {
    let (dash, rest) = input.cursor().punct()?;
    let (ident, _) = rest.ident()?;
    let is_close = |left: Span, right: Span| {
        let (end, start) = (left.end(), right.start());
        (end.line, end.column) == (start.line, start.column)
    };
    let is_one_word = is_close(name.span(), dash.span()) && is_close(dash.span(), ident.span());
    (dash.as_char() == '-' && is_one_word).then_some(ident)
}

/// Reads the rest of a name with a `-` in it.
pub(super) fn joined(
    input: ParseStream<'_>,
    name: &Ident,
    rest: &Ident,
    diagnostics: &mut Diagnostics,
) -> Ident {
    let whole = format!("{name}{rest}");
    let error = stop(input, "a name has no `-`");
    diagnostics.detail(&error.with_help(&format!("write `{whole}`")));
    skip(input);
    skip(input);
    Ident::new(&whole, name.span())
}

/// Reports what makes a generic type of a state, or a bound, and skips it. Returns true if the line ends with it.
fn parameters(input: ParseStream<'_>, name: &Ident, diagnostics: &mut Diagnostics) -> bool {
    if input.peek(Token![<]) {
        let error = stop(input, &format!("state `{name}` has no parameters"));
        diagnostics.detail(&error.with_help(
            "name the types of its fields: what varies is an `enum`, or a `Box<dyn ..>`",
        ));
        types::skip_arguments(input);
    }
    if input.peek(Token![:]) && input.peek2(syn::token::Brace) {
        let error = stop(input, &format!("no `:` stands behind state `{name}`"));
        diagnostics.detail(&error.with_help("remove it"));
        skip(input);
    }
    let is_bound = input.peek(Token![:]);
    if is_bound {
        let error = stop(input, &format!("state `{name}` is of no type"));
        diagnostics.detail(&error.with_help(&format!(
            "its data stands in braces, each with a name: `{name} {{ field: Type }}`"
        )));
        while !input.is_empty() && !input.peek(Token![;]) && !begins_declaration(input) {
            skip(input);
        }
    }
    is_bound
}

/// Clauses behind a state, or a condition.
fn clauses(input: ParseStream<'_>, name: &Ident) -> Option<Error> {
    let word = next_word(input)?;
    if word == "with" || super::clause::kind(&word).is_some() {
        let error = stop(input, &format!("state `{name}` has no clauses"));
        return Some(
            error.with_help("they stand behind the transition that leaves it, or leads to it"),
        );
    }
    None
}

/// Reads the types in `Reserved(Hold)`, which is reported.
fn tuple(input: ParseStream<'_>, error: &Error) -> Result<Vec<Type>> {
    let content;
    parenthesized!(content in input);
    let mut types = Vec::new();
    while !content.is_empty() {
        types.push(types::beside(&content, error, skip_to_comma));
        skip_to_comma(&content);
        let _: Option<Token![,]> = content.parse()?;
    }
    skip_all(&content);
    Ok(types)
}

fn skip_to_comma(content: ParseStream<'_>) {
    while !content.is_empty() && !content.peek(Token![,]) {
        skip(content);
    }
}

/// Consumes the keyword after `transient`.
pub(super) fn kind(input: ParseStream<'_>) -> Result<StateKind> {
    let word = next_word(input);
    let kind = StateKind::ALL
        .into_iter()
        .find(|kind| word.as_deref() == Some(kind.keyword()))
        .ok_or_else(|| unexpected(input, "`state` after `transient`"))?;
    skip(input);
    Ok(kind)
}

fn name(input: ParseStream<'_>, kind: StateKind) -> Result<Ident> {
    let word = next_word(input);
    let second = StateKind::ALL
        .into_iter()
        .find(|kind| word.as_deref() == Some(kind.keyword()));
    match second {
        // `start done Placed;`
        Some(second) if super::tokens::second_is_word(input) => {
            let message = if second.is_final() && kind == StateKind::Start {
                "a start state cannot be final".to_owned()
            } else {
                format!(
                    "a state is `{}` or `{}`, not both",
                    kind.keyword(),
                    second.keyword()
                )
            };
            Err(stop(input, &message))
        }
        // A line that breaks off: the next one's keyword is not its name.
        _ if begins_declaration(input) => Err(unexpected(input, "the name of a state")),
        _ => declared_name(input, "a state"),
    }
}
