//! Types, also those with an expression in them that `syn` reads with its feature `full` alone, such as `[u8; { N + 1 }]`.
//!
//! Such an expression is for rustc to read, where the type is written again. What is around it has to be a type: if it
//! was not, rustc would refuse all that a block becomes, and say nothing of what else is wrong.

use proc_macro2::{Delimiter, Group, Literal, TokenStream, TokenTree};
use syn::buffer::Cursor;
use syn::parse::{ParseStream, Parser as _};
use syn::{Error, Result, Type, parenthesized};

use super::expected::{WithHelp as _, unexpected};
use super::owned;
use super::tokens::{skip, skip_all};
use crate::diagnostics::{Diagnostics, unread};

/// Reads the type of `what`, such as "the type of field `hold`". One that cannot be read, or that no run can carry, is
/// reported, and stands for every type; `seek` skips what is left of one that cannot be read.
pub(super) fn read(
    input: ParseStream<'_>,
    what: &str,
    diagnostics: &mut Diagnostics,
    seek: impl FnOnce(ParseStream<'_>),
) -> Type {
    read_or_stand_in(input, what, diagnostics, seek).unwrap_or_else(|any| *any)
}

/// Reads a type beside which `reported` has been reported, which stands for one that cannot be read.
pub(super) fn beside(
    input: ParseStream<'_>,
    reported: &Error,
    seek: impl FnOnce(ParseStream<'_>),
) -> Type {
    let read = read_or_stand_in(input, "the type", &mut Diagnostics::default(), seek);
    read.unwrap_or_else(|_| unread(reported))
}

/// Reads a type as [`read`] does. The error is what stands for every type.
pub(super) fn read_or_stand_in(
    input: ParseStream<'_>,
    what: &str,
    diagnostics: &mut Diagnostics,
    seek: impl FnOnce(ParseStream<'_>),
) -> std::result::Result<Type, Box<Type>> {
    let begin = input.cursor();
    let error = match parse(input) {
        Ok(ty) => match owned::judge(&ty, what) {
            None => return Ok(ty),
            Some(error) => error,
        },
        Err(error) => {
            let error = in_our_words(input, begin, what, &error);
            seek(input);
            error
        }
    };
    diagnostics.detail(&error);
    Err(Box::new(unread(&error)))
}

/// An error of the parser of Rust as one of this language.
fn in_our_words(input: ParseStream<'_>, begin: Cursor<'_>, what: &str, error: &Error) -> Error {
    if input.cursor() != begin {
        return error.clone();
    }
    if let Some(open) = unclosed(begin) {
        let message = format!("a `<` of {what} is not closed");
        return Error::new(open, message).with_help("a `>` is missing");
    }
    let first = begin.token_tree().map(|(token, _)| token.span());
    let is_first = |span: proc_macro2::Span| {
        let (here, there) = (span.start(), error.span().start());
        (here.line, here.column) == (there.line, there.column)
    };
    if first.is_none_or(is_first) {
        return unexpected(input, what);
    }
    let [start, _] = crate::diagnostics::ends(error);
    Error::new(start, format!("{what} cannot be read: {error}"))
}

/// The first `<` that is not closed before the group ends.
fn unclosed(mut cursor: Cursor<'_>) -> Option<proc_macro2::Span> {
    let mut open = Vec::new();
    let mut last = ' ';
    while let Some((token, rest)) = cursor.token_tree() {
        let sign = match &token {
            TokenTree::Punct(punct) => punct.as_char(),
            _ => ' ',
        };
        match sign {
            '<' => open.push(token.span()),
            '>' if !['-', '='].contains(&last) => drop(open.pop()),
            ';' => break,
            _ => {}
        }
        last = sign;
        cursor = rest;
    }
    open.first().copied()
}

/// Reads a type. Of one that cannot be read, nothing is consumed.
fn parse(input: ParseStream<'_>) -> Result<Type> {
    match input.fork().parse::<Type>() {
        Ok(Type::TraitObject(object)) if object.dyn_token.is_none() => {
            return input.call(Type::without_plus);
        }
        Ok(_) => return input.parse(),
        Err(error) if error.to_string().starts_with("unsupported expression") => {}
        Err(error) => return Err(error),
    }
    let rest = input.cursor().token_stream();
    let length = count(rest.clone()) - around_expressions(input, rest)?;
    let tokens = (0..length).map(|_| input.parse::<TokenTree>());
    Ok(Type::Verbatim(tokens.collect::<Result<_>>()?))
}

/// Reads a type with a number in the place of each expression. Gives how many tokens are behind it.
fn around_expressions(input: ParseStream<'_>, rest: TokenStream) -> Result<usize> {
    let end = input.fork();
    skip_all(&end);
    // In a group, so that an error at the end stands where that of the input is.
    let mut group = Group::new(Delimiter::Parenthesis, without_expressions(rest));
    group.set_span(end.span());
    let read = |input: ParseStream<'_>| {
        let content;
        parenthesized!(content in input);
        content.parse::<Type>()?;
        let left = count(content.cursor().token_stream());
        skip_all(&content);
        Ok(left)
    };
    read.parse2(TokenTree::from(group).into())
}

/// Skips `<..>`, which stands here.
pub(super) fn skip_arguments(input: ParseStream<'_>) {
    let mut depth = 0_usize;
    let mut last = ' ';
    while let Some((token, _)) = input.cursor().token_tree() {
        let sign = match &token {
            TokenTree::Punct(punct) => punct.as_char(),
            _ => ' ',
        };
        match sign {
            '<' => depth += 1,
            '>' if !['-', '='].contains(&last) => depth -= 1,
            ';' => return,
            _ => {}
        }
        last = sign;
        skip(input);
        if depth == 0 {
            return;
        }
    }
}

fn count(tokens: TokenStream) -> usize {
    tokens.into_iter().count()
}

/// Puts a number in the place of each `{ .. }`, and of what follows the `;` in `[..; ..]`.
fn without_expressions(tokens: TokenStream) -> TokenStream {
    let tokens = tokens.into_iter().map(|token| match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => number(&group),
        TokenTree::Group(group) => {
            let mut content: Vec<_> = group.stream().into_iter().collect();
            let is_end =
                |token: &TokenTree| matches!(token, TokenTree::Punct(it) if it.as_char() == ';');
            if let Some(end) = content.iter().position(is_end) {
                content.truncate(end + 1);
                content.push(number(&group));
            }
            let content = without_expressions(content.into_iter().collect());
            let mut copy = Group::new(group.delimiter(), content);
            copy.set_span(group.span());
            copy.into()
        }
        token => token,
    });
    tokens.collect()
}

fn number(place: &Group) -> TokenTree {
    let mut number = Literal::usize_unsuffixed(0);
    number.set_span(place.span());
    number.into()
}
