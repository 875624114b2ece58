//! `{ hold: Hold, until: SystemTime }`: the fields of a state, of a group and of the input.

use proc_macro2::{Delimiter, Group, Ident, Spacing, TokenTree};
use syn::ext::IdentExt as _;
use syn::parse::{ParseBuffer, ParseStream, Parser as _};
use syn::{Attribute, Error, Result, Token, Type, Visibility, braced, parenthesized};

use super::expected::{WithHelp as _, missing, stop, unexpected};
use super::tokens::{declared_name, is_keyword, next_word, skip};
use super::{attributes, types};
use crate::ast::{Field, lower_snake, plain};
use crate::diagnostics::{Diagnostics, position, unread};

/// The fields that could be read.
pub(super) struct Fields {
    pub(super) fields: Vec<Field>,
    /// The error, as a type, if there is a field that could not be read.
    pub(super) unread: Option<Type>,
}

/// Reads `{ name: Type, .. }`; a field that cannot be read costs that field.
pub(super) fn parse(
    input: ParseStream<'_>,
    of: &str,
    diagnostics: &mut Diagnostics,
) -> Result<Fields> {
    let content;
    braced!(content in input);
    let mut read = Fields {
        fields: Vec::new(),
        unread: None,
    };
    while !content.is_empty() {
        let begin = content.cursor();
        match field(&content, of, diagnostics) {
            Ok((field, error)) => {
                read.unread = read.unread.or(error);
                push(field, of, &mut read.fields, diagnostics);
            }
            Err(error) => {
                diagnostics.detail(&error);
                read.unread.get_or_insert_with(|| unread(&error));
                seek(&content);
            }
        }
        if content.is_empty() {
            break;
        }
        if content.peek(Token![,]) {
            skip(&content);
        } else if content.peek(Token![;]) {
            diagnostics.detail(&stop(
                &content,
                &format!("the fields of {of} are separated by `,`"),
            ));
            skip(&content);
        } else {
            let expected = format!("`,` between the fields of {of}");
            diagnostics.detail(&missing(&content, begin, &expected));
            let behind = content.fork();
            skip(&behind);
            if begins_field(&behind) && !begins_field(&content) {
                skip(&content);
            } else if !begins_field(&content) {
                seek(&content);
                let _: Option<Token![,]> = content.parse()?;
            }
        }
    }
    Ok(read)
}

fn push(field: Field, of: &str, fields: &mut Vec<Field>, diagnostics: &mut Diagnostics) {
    attributes::refuse_cfg(&field.attributes, diagnostics);
    let first = fields
        .iter()
        .find(|first| plain(&first.name) == plain(&field.name));
    if let Some(first) = first {
        diagnostics
            .error(
                &field.name,
                format!("field `{}` of {of} is declared twice", field.name),
            )
            .note(format!("first declared at {}", position(first.name.span())));
    } else {
        fields.push(field);
    }
}

/// Skips to the comma behind a field that could not be read.
fn seek(content: ParseStream<'_>) {
    while !content.is_empty() {
        let (is_comma, rest) = (content.peek(Token![,]), content.fork());
        if is_comma {
            skip(&rest);
            if rest.is_empty() || begins_field(&rest) {
                return;
            }
        }
        if content.peek(Token![;]) {
            return;
        }
        skip(content);
    }
}

fn begins_field(content: &ParseBuffer<'_>) -> bool {
    content.peek(Token![#])
        || content.peek(Token![pub])
        || next_word(content).is_some() && content.peek2(Token![:]) && !content.peek2(Token![::])
}

/// Reads a field, with the error in place of what could not be read of it.
fn field(
    input: ParseStream<'_>,
    of: &str,
    diagnostics: &mut Diagnostics,
) -> Result<(Field, Option<Type>)> {
    let mut attributes = input.call(Attribute::parse_outer)?;
    let index = attributes::index(&mut attributes, diagnostics);
    let start = input.span();
    if !matches!(input.parse::<Visibility>()?, Visibility::Inherited) {
        let error = Error::new(start, "a field is as visible as its workflow");
        diagnostics
            .detail(&error.with_help("remove the visibility here, or put it before `workflow`"));
    }
    while let Some(word @ ("mut" | "let")) = next_word(input).as_deref() {
        let error = stop(input, &format!("a field has no `{word}`"));
        diagnostics
            .detail(&error.with_help("remove it: a handler owns the state that it is given"));
        skip(input);
    }
    let begin = input.cursor();
    if let Some((name, error)) = nameless(input, of, diagnostics) {
        let ty = types::beside(input, &error, seek);
        return Ok((written(attributes, index, name, ty), None));
    }
    let name = name(input, of, diagnostics)?;
    let what = format!("the type of field `{name}` of {of}");
    let is_end =
        |input: ParseStream<'_>| input.is_empty() || input.peek(Token![,]) || input.peek(Token![;]);
    let (ty, error) = if let Some(error) = separator(input, begin, &name, of) {
        diagnostics.detail(&error);
        let any = unread(&error);
        if !is_end(input) {
            // The tokens that follow are its type, or cannot be read.
            types::beside(input, &error, seek);
        }
        (any.clone(), Some(any))
    } else if is_end(input) {
        let error = missing(input, begin, &what);
        diagnostics.detail(&error);
        (unread(&error), Some(unread(&error)))
    } else {
        match types::read_or_stand_in(input, &what, diagnostics, seek) {
            Ok(ty) => (ty, None),
            Err(any) => ((*any).clone(), Some(*any)),
        }
    };
    if input.peek(Token![=]) {
        let error = stop(input, "a field has no default");
        let giver = match of {
            "input" => "whoever starts a run gives it",
            _ => "the handler that leads to the state gives it",
        };
        diagnostics.detail(&error.with_help(giver));
        seek(input);
    }
    Ok((written(attributes, index, name, ty), error))
}

fn written(attributes: Vec<Attribute>, index: Option<Attribute>, name: Ident, ty: Type) -> Field {
    Field {
        attributes,
        index,
        is_group: false,
        name,
        ty,
    }
}

/// Reports a type that stands without a name; gives the name that it probably has.
fn nameless(
    input: ParseStream<'_>,
    of: &str,
    diagnostics: &mut Diagnostics,
) -> Option<(Ident, Error)> {
    let word = next_word(input)?;
    if !word.starts_with(char::is_uppercase)
        || word == "Self"
        || input.peek2(Token![:]) && !input.peek2(Token![::])
    {
        return None;
    }
    let mut name = syn::parse_str::<Ident>(&lower_snake(&word)).ok()?;
    name.set_span(input.span());
    let error = stop(input, &format!("a field of {of} has a name"));
    let error = error.with_help(&format!("write `{name}: {word}`"));
    diagnostics.detail(&error);
    Some((name, error))
}

/// Reads the name of a field. One that is written otherwise than a name is reported, and known all the same.
fn name(input: ParseStream<'_>, of: &str, diagnostics: &mut Diagnostics) -> Result<Ident> {
    if let Some((literal, _)) = input.cursor().literal() {
        let text = literal.to_string();
        let name = text.trim_matches('"');
        let error = unexpected(input, &format!("the name of a field of {of}"));
        if text == name || syn::parse_str::<Ident>(name).is_err() {
            return Err(error);
        }
        diagnostics.detail(&error.with_help(&format!("write `{name}`, without quotes")));
        let name = Ident::new(name, literal.span());
        skip(input);
        return Ok(name);
    }
    let fork = input.fork();
    match declared_name(&fork, "a field") {
        Ok(_) => declared_name(input, "a field"),
        Err(error) => match raw(input) {
            Some(name) => {
                diagnostics.detail(&error);
                skip(input);
                Ok(name)
            }
            None => Err(error),
        },
    }
}

/// A keyword as the name that a handler may call it by.
fn raw(input: ParseStream<'_>) -> Option<Ident> {
    let (TokenTree::Ident(word), _) = input.cursor().token_tree()? else {
        return None;
    };
    let text = word.to_string();
    let can_be_raw = !["self", "Self", "super", "crate", "_"].contains(&text.as_str());
    (is_keyword(&text) && can_be_raw).then(|| Ident::new_raw(&text, word.span()))
}

/// Reads the `:`. Gives what is wrong with what stands in its place.
fn separator(
    input: ParseStream<'_>,
    begin: syn::buffer::Cursor<'_>,
    name: &Ident,
    of: &str,
) -> Option<Error> {
    if input.peek(Token![:]) && !input.peek(Token![::]) {
        skip(input);
        return None;
    }
    let error = missing(
        input,
        begin,
        &format!("`: Type` after field `{name}` of {of}"),
    );
    let sign = super::expected::sign(input);
    let rest = input.fork();
    skip(&rest);
    let is_type = next_word(&rest).is_some() && !begins_field(&rest);
    if input.peek(Token![;]) && is_type {
        skip(input);
    } else if let Some(sign) =
        sign.filter(|sign| ["::", "=", "=>", "->", "-", "."].contains(&sign.as_str()))
    {
        for _ in 0..sign.len() {
            skip(input);
        }
    }
    let _: Option<Ident> = (next_word(input).as_deref() == Some("as"))
        .then(|| input.call(Ident::parse_any).ok())
        .flatten();
    Some(error)
}

/// Returns true if what stands in the parentheses here are fields with names.
pub(super) fn are_in_parentheses(input: ParseStream<'_>) -> bool {
    let inside = input.cursor().group(Delimiter::Parenthesis);
    let name = inside.and_then(|(inside, _, _)| inside.ident());
    let colon = name.and_then(|(_, rest)| rest.punct());
    colon.is_some_and(|(punct, _)| punct.as_char() == ':' && punct.spacing() == Spacing::Alone)
}

/// Reads fields in parentheses, which are reported.
pub(super) fn in_parentheses(input: ParseStream<'_>) -> Result<Vec<Field>> {
    let content;
    parenthesized!(content in input);
    let braces = Group::new(Delimiter::Brace, content.parse()?);
    let read = |input: ParseStream<'_>| parse(input, "state", &mut Diagnostics::default());
    Ok(read.parse2(TokenTree::from(braces).into())?.fields)
}
