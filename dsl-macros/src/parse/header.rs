//! `pub workflow Order`: what stands before the braces.

use proc_macro2::Ident;
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Result, Token, Visibility};

use super::attributes;
use super::expected::{WithHelp as _, stop, unexpected};
use super::tokens::{declared_name, next_word, skip};
use crate::ast::{Workflow, upper_camel};
use crate::diagnostics::Diagnostics;

/// Reads up to the braces.
pub(super) fn parse(input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> Result<Workflow> {
    let attributes = attributes::parse(input, diagnostics)?;
    let mut visibility: Visibility = input.parse()?;
    modifiers(input, diagnostics);
    if next_word(input).as_deref() != Some("workflow") {
        let error = unexpected(input, "`workflow`");
        if next_word(input).is_some_and(|word| word.starts_with(char::is_lowercase))
            && super::tokens::second_is_word(input)
        {
            diagnostics.detail(&error.with_help("a block begins with `workflow Name { .. }`"));
        } else {
            return Err(error.with_help("a block begins with `workflow Name { .. }`"));
        }
    }
    skip(input);
    if input.peek(Token![pub]) {
        let error = stop(input, "`pub` stands before `workflow`");
        diagnostics.detail(&error.with_help("write `pub workflow Name`"));
        visibility = input.parse()?;
    }
    let name = name(input, diagnostics)?;
    generics(input, diagnostics);
    behind(input, &name, diagnostics);
    Ok(Workflow {
        attributes,
        visibility,
        name,
        input: None,
        states: Vec::new(),
        groups: Vec::new(),
        logs: Vec::new(),
        transitions: Vec::new(),
        deadline: None,
        unread: Vec::new(),
    })
}

/// Reports words before `workflow`, and skips them.
fn modifiers(input: ParseStream<'_>, diagnostics: &mut Diagnostics) {
    while super::tokens::second_is_one_of(input, &["workflow"]) {
        let Some(word) = next_word(input) else { return };
        let error = stop(input, &format!("expected `workflow`, found `{word}`"));
        let help = match word.as_str() {
            "durable" => "a stored workflow has `#[durable(version = 1)]` before it",
            "perpetual" => "a workflow without an end has `#[perpetual]` before it",
            _ => "nothing but attributes and `pub` stands before `workflow`",
        };
        diagnostics.detail(&error.with_help(help));
        skip(input);
    }
}

/// The name, also where it is written otherwise.
fn name(input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> Result<Ident> {
    if let Some((literal, _)) = input.cursor().literal() {
        let text = literal.to_string();
        let error = unexpected(input, "the name of a workflow");
        let name = text.trim_matches('"');
        if let Ok(mut name) = syn::parse_str::<Ident>(name) {
            diagnostics.detail(&error.with_help(&format!("write `{name}`, without quotes")));
            name.set_span(literal.span());
            skip(input);
            return Ok(name);
        }
        return Err(error);
    }
    let name = declared_name(input, "a workflow")?;
    if name.to_string().starts_with("r#") {
        return Ok(name);
    }
    let text = name.unraw().to_string();
    let camel = upper_camel(&text);
    if text.starts_with(|first: char| first.is_lowercase())
        && syn::parse_str::<Ident>(&camel).is_ok()
    {
        diagnostics
            .error(
                &name,
                format!("workflow `{text}` becomes a type and is not named like one"),
            )
            .help(format!("write `{camel}`"));
        return Ok(Ident::new(&camel, name.span()));
    }
    Ok(name)
}

fn generics(input: ParseStream<'_>, diagnostics: &mut Diagnostics) {
    if !input.peek(Token![<]) {
        return;
    }
    let rest = input.fork();
    super::types::skip_arguments(input);
    let mut generics = proc_macro2::TokenStream::new();
    while rest.cursor() != input.cursor() {
        let Ok(token) = rest.parse::<proc_macro2::TokenTree>() else {
            break;
        };
        generics.extend([token]);
    }
    diagnostics
        .error(&generics, "a workflow has no generic parameters")
        .help("declare the workflow for one type, or carry the varying part as an `enum` or a `Box<dyn ..>`");
}

/// Reports what stands between the name and the braces, and skips it.
fn behind(input: ParseStream<'_>, name: &Ident, diagnostics: &mut Diagnostics) {
    let opens = |input: ParseStream<'_>| input.peek(syn::token::Brace);
    if opens(input) || input.is_empty() {
        return;
    }
    let error = unexpected(input, &format!("`{{ .. }}` after `workflow {name}`"));
    let error = match next_word(input).as_deref() {
        Some("where") => error.with_help("a workflow has no type parameters, and no bounds"),
        _ if input.peek(syn::token::Paren) => error
            .with_help("what a run is started with stands in the block: `input { name: Type }`"),
        _ => error,
    };
    let rest = input.fork();
    while !opens(&rest) && !rest.is_empty() {
        skip(&rest);
    }
    if !opens(&rest) {
        return;
    }
    diagnostics.detail(&error);
    while input.cursor() != rest.cursor() {
        skip(input);
    }
}
