//! `#[durable(version = 1)]`: that the runs of a workflow are stored, and under which version.

use proc_macro2::Ident;
use quote::ToTokens as _;
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Attribute, Lit, Meta, Result, Token};

use crate::ast::Durable;
use crate::diagnostics::Diagnostics;

const FORM: &str = "write `#[durable(version = 1)]`, and count up when what is stored changes";

pub(super) fn parse(attribute: Attribute, diagnostics: &mut Diagnostics) -> Durable {
    let mut version = None;
    match &attribute.meta {
        Meta::List(list) => {
            let read = list.parse_args_with(|input: ParseStream<'_>| {
                while !input.is_empty() {
                    setting(input, &mut version, diagnostics)?;
                    if input.is_empty() {
                        break;
                    }
                    input.parse::<Token![,]>()?;
                }
                Ok(())
            });
            if let Err(error) = read {
                diagnostics.detail(&error);
                version = version.or(Some(1));
            }
        }
        meta => {
            diagnostics
                .error(meta, "a durable workflow says which version it is")
                .help(FORM);
            version = Some(1);
        }
    }
    if version.is_none() {
        diagnostics
            .error(&attribute, "a durable workflow says which version it is")
            .help(FORM);
    }
    Durable {
        attribute,
        version: version.unwrap_or(1),
    }
}

fn setting(
    input: ParseStream<'_>,
    version: &mut Option<u32>,
    diagnostics: &mut Diagnostics,
) -> Result<()> {
    let name = input.call(Ident::parse_any)?;
    input.parse::<Token![=]>()?;
    let value: Lit = input.parse()?;
    if name != "version" {
        diagnostics
            .error(
                &name,
                format!("`{name}` is nothing that `#[durable]` takes: it takes a `version`"),
            )
            .help(FORM);
        // Not also that there is no version.
        *version = version.or(Some(1));
        return Ok(());
    }
    if version.is_some() {
        diagnostics.error(&name, "the version is given twice");
    }
    let number = match &value {
        Lit::Int(number) if number.suffix().is_empty() => number.base10_parse().ok(),
        _ => None,
    };
    *version = number.filter(|number| *number > 0).or_else(|| {
        let value = value.to_token_stream();
        diagnostics
            .error(&value, format!("`{value}` is no version"))
            .help("a version is a whole number from 1 to 4294967295");
        Some(1)
    });
    Ok(())
}
