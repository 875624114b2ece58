//! `log messages: Message;`

use syn::parse::ParseStream;
use syn::{Result, Token};

use super::expected::{WithHelp as _, stop, unexpected};
use super::tokens::{begins_declaration, declared_name, semicolon, skip};
use super::{attributes, types};
use crate::ast::{Attributes, Log, Workflow};
use crate::diagnostics::Diagnostics;

/// Reads what follows the keyword of a log.
pub(super) fn parse(
    input: ParseStream<'_>,
    attributes: Attributes,
    ast: &mut Workflow,
    diagnostics: &mut Diagnostics,
) -> Result<()> {
    attributes::misplaced(&attributes, "a log", diagnostics);
    for derive in &attributes.derives {
        diagnostics
            .error(&derive.path, "a log cannot derive")
            .help("derive on the type of its entries");
    }
    // A line that breaks off: the next one's keyword is not its name.
    if begins_declaration(input) {
        return Err(unexpected(input, "the name of a log"));
    }
    let begin = input.cursor();
    let name = declared_name(input, "a log")?;
    if !input.peek(Token![:]) || input.peek(Token![::]) {
        let error = unexpected(input, &format!("`: Entry` after log `{name}`"));
        return Err(error.with_help(&format!(
            "write the type of one entry: `log {name}: Message;`"
        )));
    }
    input.parse::<Token![:]>()?;
    if input.is_empty() || input.peek(Token![;]) {
        return Err(unexpected(
            input,
            &format!("the type of the entries of log `{name}`"),
        ));
    }
    let what = format!("the type of the entries of log `{name}`");
    let entry = types::read(input, &what, diagnostics, |input| {
        while !input.is_empty() && !input.peek(Token![;]) && !begins_declaration(input) {
            skip(input);
        }
    });
    ast.logs.push(Log {
        attributes,
        name: name.clone(),
        entry,
    });
    if input.peek(Token![->]) {
        let error = stop(
            input,
            "a log leads nowhere: it belongs to the run, and not to a state",
        );
        return Err(error.with_help("a signal with an arrow moves the run"));
    }
    semicolon(input, begin, &format!("log `{name}`"))
}
