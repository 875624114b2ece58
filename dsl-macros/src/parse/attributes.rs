//! The attributes before a declaration: documentation, derives, the language's own, and
//! the rest, which goes to the items as it is.

use quote::ToTokens as _;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Path, Result, Token};

use super::expected::{WithHelp as _, stop};
use super::tokens::skip;
use super::{clause, durable};
use crate::ast::{Attributes, Derive};
use crate::diagnostics::Diagnostics;
use crate::text;

pub(super) fn parse(input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> Result<Attributes> {
    let mut attributes = Attributes::default();
    for attribute in written(input, diagnostics)? {
        let path = attribute.path();
        let word = path
            .get_ident()
            .map(ToString::to_string)
            .unwrap_or_default();
        if clause::kind(&word).is_some() {
            let clause = attribute.meta.to_token_stream();
            diagnostics
                .error(&clause, format!("`{word}` is a clause and no attribute"))
                .help(format!(
                    "write `with {}` behind the states",
                    text::written(clause.clone())
                ));
            continue;
        }
        if path.is_ident("derive") {
            match attribute.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated) {
                Ok(paths) => {
                    let paths = paths.into_iter();
                    let derived = paths.filter(|path| is_derive(path, diagnostics));
                    attributes.derives.extend(derived.map(|path| Derive {
                        path,
                        condition: None,
                    }));
                }
                Err(error) => diagnostics.detail(&error),
            }
        } else if path.is_ident("durable") {
            let durable = durable::parse(attribute, diagnostics);
            if attributes.durable.is_some() {
                diagnostics
                    .error(&durable.attribute, "a workflow is durable once")
                    .help("remove one of them");
            } else {
                attributes.durable = Some(durable);
            }
        } else if path.is_ident("perpetual") {
            if !matches!(attribute.meta, Meta::Path(_)) {
                diagnostics.error(&attribute.meta, "`#[perpetual]` takes no arguments");
            }
            attributes.perpetual = Some(attribute);
        } else if path.is_ident("no_implicit_prelude") {
            attributes.no_prelude = Some(attribute);
        } else if path.is_ident("cfg") {
            refuse_cfg(std::slice::from_ref(&attribute), diagnostics);
        } else if let Some((derives, rest)) = conditional_derives(&attribute) {
            attributes.derives.extend(derives);
            attributes.kept.extend(rest);
        } else {
            attributes.kept.push(attribute);
        }
    }
    Ok(attributes)
}

/// Reports an attribute of the language that is written as a derive.
fn is_derive(path: &Path, diagnostics: &mut Diagnostics) -> bool {
    let word = path.get_ident().map(ToString::to_string);
    let written = match word.as_deref() {
        Some("durable" | "Durable") => "#[durable(version = 1)]",
        Some("perpetual" | "Perpetual") => "#[perpetual]",
        _ => return true,
    };
    diagnostics
        .error(path, "an attribute of the workflow is no derive")
        .help(format!("write `{written}` before `workflow`"));
    false
}

/// The attributes that stand here. What only begins as one is reported, and skipped.
fn written(input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> Result<Vec<Attribute>> {
    let mut attributes = Vec::new();
    while input.peek(Token![#]) {
        if input.peek2(syn::token::Bracket) {
            attributes.extend(input.call(Attribute::parse_outer)?);
        } else if input.peek2(Token![!]) {
            let error = stop(
                input,
                "an attribute in a block is written `#[..]`, and documentation `///`",
            );
            diagnostics.detail(&error.with_help("it stands before the declaration that it is for"));
            for _ in 0..3 {
                skip(input);
            }
        } else {
            let error = stop(input, "a comment begins with `//`");
            diagnostics.detail(&error.with_help("an attribute is written `#[..]`"));
            let line = |input: ParseStream<'_>| input.span().start().line;
            let begin = line(input);
            while !input.is_empty() && line(input) == begin {
                skip(input);
            }
        }
    }
    Ok(attributes)
}

/// Takes `#[index]` out of the attributes of a field.
pub(super) fn index(
    attributes: &mut Vec<Attribute>,
    diagnostics: &mut Diagnostics,
) -> Option<Attribute> {
    let position = attributes
        .iter()
        .position(|it| it.path().is_ident("index"))?;
    let index = attributes.remove(position);
    if !matches!(index.meta, Meta::Path(_)) {
        diagnostics
            .error(&index.meta, "`#[index]` takes no arguments")
            .help("a run is found by the field under its name");
    }
    Some(index)
}

/// Reports `#[cfg(..)]` on a part of a workflow.
pub(super) fn refuse_cfg(attributes: &[Attribute], diagnostics: &mut Diagnostics) {
    for attribute in attributes.iter().filter(|it| it.path().is_ident("cfg")) {
        diagnostics
            .error(attribute, "a part of a workflow cannot depend on `cfg`")
            .help("the graph is checked as a whole: put `#[cfg(..)]` on the `workflow!` call and declare both workflows");
    }
}

/// Splits `#[cfg_attr(p, derive(A), rest)]` into the conditional derives and the rest.
fn conditional_derives(attribute: &Attribute) -> Option<(Vec<Derive>, Vec<Attribute>)> {
    if !attribute.path().is_ident("cfg_attr") {
        return None;
    }
    let mut parts = attribute
        .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
        .ok()?
        .into_iter();
    let condition = quote::ToTokens::into_token_stream(parts.next()?);
    let mut derives = Vec::new();
    let mut rest = Vec::new();
    for part in parts {
        if part.path().is_ident("derive") {
            let paths = part
                .require_list()
                .ok()?
                .parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated)
                .ok()?;
            derives.extend(paths.into_iter().map(|path| Derive {
                path,
                condition: Some(condition.clone()),
            }));
        } else {
            rest.push(syn::parse_quote!(#[cfg_attr(#condition, #part)]));
        }
    }
    Some((derives, rest))
}

/// Reports attributes of a declaration that has no item to put them on.
pub(super) fn refuse(attributes: &Attributes, on: &str, diagnostics: &mut Diagnostics) {
    for attribute in &attributes.kept {
        if !attribute.path().is_ident("doc") {
            diagnostics.error(attribute, format!("{on} takes no attributes"));
        }
    }
    for derive in &attributes.derives {
        diagnostics
            .error(&derive.path, format!("{on} takes no attributes"))
            .help("`#[derive(..)]` on the workflow applies to its input as well");
    }
    misplaced(attributes, on, diagnostics);
}

/// Reports attributes that belong on the workflow.
pub(super) fn misplaced(attributes: &Attributes, on: &str, diagnostics: &mut Diagnostics) {
    let durable = attributes.durable.iter().map(|it| &it.attribute);
    let others = attributes.perpetual.iter().chain(&attributes.no_prelude);
    for attribute in durable.chain(others) {
        let name = attribute
            .path()
            .get_ident()
            .map(ToString::to_string)
            .unwrap_or_default();
        diagnostics
            .error(
                attribute,
                format!("`#[{name}]` belongs on the workflow, not on {on}"),
            )
            .help("put it before `workflow`");
    }
}
