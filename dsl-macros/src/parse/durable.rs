//! `#[durable(version = 1)]`: that the runs of a workflow are stored, under which version, under which name, and how much of their
//! history is kept.

use proc_macro2::Ident;
use quote::ToTokens as _;
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Attribute, Lit, LitStr, Meta, Result, Token};

use super::expected::{WithHelp as _, unexpected};
use super::tokens::{next_word, skip, skip_all};
use crate::ast::Durable;
use crate::diagnostics::Diagnostics;

const FORM: &str = "write `#[durable(version = 1)]`, and count up when what is stored changes";

pub(super) fn parse(attribute: Attribute, diagnostics: &mut Diagnostics) -> Durable {
    let mut settings = Settings::default();
    match &attribute.meta {
        Meta::List(list) => {
            let read = list.parse_args_with(|input: ParseStream<'_>| {
                let read = settings.read(input, diagnostics);
                skip_all(input);
                read
            });
            if let Err(error) = read {
                diagnostics.detail(&error);
                settings.version = settings.version.or(Some(1));
            }
        }
        meta => {
            diagnostics
                .error(meta, "a durable workflow says which version it is")
                .help(FORM);
            settings.version = Some(1);
        }
    }
    if settings.version.is_none() {
        diagnostics
            .error(&attribute, "a durable workflow says which version it is")
            .help(FORM);
    }
    Durable {
        attribute,
        version: settings.version.unwrap_or(1),
        name: settings.name,
        history: settings.history,
    }
}

/// The settings that were read.
#[derive(Default)]
struct Settings {
    version: Option<u32>,
    name: Option<LitStr>,
    history: Option<u32>,
}

impl Settings {
    fn read(&mut self, input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> Result<()> {
        while !input.is_empty() {
            self.setting(input, diagnostics)?;
            if input.is_empty() {
                break;
            }
            if !input.peek(Token![,]) {
                return Err(unexpected(input, "`,` between two settings"));
            }
            skip(input);
        }
        Ok(())
    }

    fn setting(&mut self, input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> Result<()> {
        let what = "`version = 1`, `name = \"..\"`, or `history = 100`";
        if next_word(input).is_none() {
            return Err(unexpected(input, what).with_help(FORM));
        }
        let name = input.call(Ident::parse_any)?;
        if !input.peek(Token![=]) {
            return Err(unexpected(input, &format!("`=` after `{name}`")).with_help(FORM));
        }
        input.parse::<Token![=]>()?;
        if !input.peek(Lit) {
            return Err(unexpected(input, &format!("what `{name}` is")).with_help(FORM));
        }
        let value: Lit = input.parse()?;
        match &*name.to_string() {
            "version" => {
                if self.version.is_some() {
                    diagnostics.error(&name, "the version is given twice");
                }
                self.version = whole_number(&value).or_else(|| {
                    let value = value.to_token_stream();
                    diagnostics
                        .error(&value, format!("`{value}` is no version"))
                        .help("a version is a whole number from 1 to 4294967295");
                    Some(1)
                });
            }
            "name" => {
                if self.name.is_some() {
                    diagnostics.error(&name, "the name is given twice");
                }
                self.name = stored_name(&value, diagnostics);
            }
            "history" => {
                if self.history.is_some() {
                    diagnostics
                        .error(&name, "the bound of the history is given twice")
                        .help("keep one of the two");
                }
                self.history = whole_number(&value).or_else(|| {
                    let value = value.to_token_stream();
                    diagnostics
                        .error(&value, format!("`{value}` is no number of rows"))
                        .help(
                            "write how many rows of the history are kept, from 1 to 4294967295: \
                             `history = 100`; without it, all are",
                        );
                    // Not also that a second one is the first.
                    Some(u32::MAX)
                });
            }
            _ => {
                diagnostics
                    .error(
                        &name,
                        format!(
                            "`{name}` is nothing that `#[durable]` takes: it takes a `version`, a `name` and a \
                             `history`"
                        ),
                    )
                    .help(FORM);
                // Not also that there is no version.
                self.version = self.version.or(Some(1));
            }
        }
        Ok(())
    }
}

/// Reads a whole number from 1 on.
fn whole_number(value: &Lit) -> Option<u32> {
    let Lit::Int(number) = value else { return None };
    let number = number
        .suffix()
        .is_empty()
        .then(|| number.base10_parse().ok());
    number.flatten().filter(|number| *number > 0)
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
