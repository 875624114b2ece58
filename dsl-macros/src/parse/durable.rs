//! `#[durable(version = 1)]`: that the runs of a workflow are stored, and under which version.

use proc_macro2::Ident;
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Attribute, LitInt, Meta, Result, Token};

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
                diagnostics.syntax(&error);
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
    let value: LitInt = input.parse()?;
    if name != "version" {
        diagnostics
            .error(
                &name,
                format!("`{name}` is nothing that `#[durable]` takes"),
            )
            .help("did you mean `version`?");
    } else if version.is_some() {
        diagnostics.error(&name, "the version is given twice");
    }
    *version = Some(match value.base10_parse() {
        Ok(number) if number > 0 && value.suffix().is_empty() => number,
        _ => {
            diagnostics
                .error(&value, format!("`{value}` is no version"))
                .help("a version is a whole number from 1 to 4294967295");
            1
        }
    });
    Ok(())
}
