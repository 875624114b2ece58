//! `#[durable(version = 1)]`: that the runs of a workflow are stored, under which version, and under which name.

use proc_macro2::Ident;
use quote::ToTokens as _;
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Attribute, Lit, LitStr, Meta, Result, Token};

use crate::ast::Durable;
use crate::diagnostics::Diagnostics;

const FORM: &str = "write `#[durable(version = 1)]`, and count up when what is stored changes";

pub(super) fn parse(attribute: Attribute, diagnostics: &mut Diagnostics) -> Durable {
    let (mut version, mut stored) = (None, None);
    match &attribute.meta {
        Meta::List(list) => {
            let read = list.parse_args_with(|input: ParseStream<'_>| {
                while !input.is_empty() {
                    setting(input, &mut version, &mut stored, diagnostics)?;
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
        name: stored,
    }
}

fn setting(
    input: ParseStream<'_>,
    version: &mut Option<u32>,
    stored: &mut Option<LitStr>,
    diagnostics: &mut Diagnostics,
) -> Result<()> {
    let name = input.call(Ident::parse_any)?;
    input.parse::<Token![=]>()?;
    let value: Lit = input.parse()?;
    if name == "name" {
        if stored.is_some() {
            diagnostics.error(&name, "the name is given twice");
        }
        *stored = stored_name(&value, diagnostics);
        return Ok(());
    }
    if name != "version" {
        diagnostics
            .error(
                &name,
                format!(
                    "`{name}` is nothing that `#[durable]` takes: it takes a `version` and a `name`"
                ),
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

/// The longest name that runs are stored under, in bytes.
const LONGEST: usize = 255;

fn stored_name(value: &Lit, diagnostics: &mut Diagnostics) -> Option<LitStr> {
    const HELP: &str =
        "write the name that runs are stored under, such as `name = \"billing.process\"`";
    let Lit::Str(name) = value else {
        let value = value.to_token_stream();
        diagnostics
            .error(&value, format!("`{value}` is no name: a name is a text"))
            .help(HELP);
        return None;
    };
    let text = name.value();
    let wrong = if text.is_empty() {
        "the name is empty".to_owned()
    } else if text.len() > LONGEST {
        format!(
            "the name has {} bytes, and a name has {LONGEST} at most",
            text.len()
        )
    } else if text.contains(char::is_control) {
        "the name has a control character".to_owned()
    } else {
        return Some(name.clone());
    };
    diagnostics.error(name, wrong).help(HELP);
    None
}
