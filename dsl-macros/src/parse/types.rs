//! Types, also those with an expression in them that `syn` reads with its feature `full` alone, such as `[u8; { N + 1 }]`.
//!
//! Such an expression is for rustc to read, where the type is written again. What is around it has to be a type: if it
//! was not, rustc would refuse all that a block becomes, and say nothing of what else is wrong.

use proc_macro2::{Delimiter, Group, Literal, TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser as _};
use syn::{Result, Type, parenthesized};

use super::tokens::skip_all;

pub(super) fn parse(input: ParseStream<'_>) -> Result<Type> {
    match input.fork().parse::<Type>() {
        Err(error) if error.to_string().starts_with("unsupported expression") => {}
        _ => return input.parse(),
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
