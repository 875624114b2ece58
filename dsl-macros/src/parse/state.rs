//! `state Reserved { hold: Hold };` and the fields that states and the input share.

use proc_macro2::Ident;
use syn::parse::ParseStream;
use syn::{Attribute, Error, Result, Token, Visibility, braced};

use super::tokens::{
    WithHelp as _, begins_declaration, declared_name, next_word, semicolon, skip, stop, unexpected,
};
use super::{attributes, types};
use crate::ast::{Attributes, Field, State, StateKind, Workflow, plain};
use crate::diagnostics::{Diagnostics, position};

/// Reads what follows the keyword of a state.
pub(super) fn parse(
    input: ParseStream<'_>,
    kind: StateKind,
    transient: Option<Ident>,
    attributes: Attributes,
    group: Option<usize>,
    ast: &mut Workflow,
    diagnostics: &mut Diagnostics,
) -> Result<()> {
    attributes::misplaced(&attributes, "a state", diagnostics);
    let name = name(input, kind)?;
    // The name is known from here on, so whatever else is wrong with the line, no transition
    // that uses it is to blame.
    ast.states.push(State {
        attributes,
        kind,
        transient,
        name: name.clone(),
        group,
        fields: None,
    });
    let state = ast.states.last_mut().expect("one was just pushed");
    if input.peek(syn::token::Paren) {
        return Err(
            stop(input, "the data of a state has names").with_help(&format!(
                "write `{} {name} {{ field: Type }};`",
                kind.keyword()
            )),
        );
    }
    if input.peek(syn::token::Brace) {
        state.fields = Some(fields(input, &format!("state `{name}`"), diagnostics)?);
    }
    if input.peek(syn::token::Brace) {
        return super::group::of_state(input, &name, ast, diagnostics);
    }
    semicolon(input, &format!("state `{name}`"))
}

/// Consumes the keyword after `transient`.
pub(super) fn kind(input: ParseStream<'_>) -> Result<StateKind> {
    let word = next_word(input);
    let kind = StateKind::ALL
        .into_iter()
        .find(|kind| word.as_deref() == Some(kind.keyword()))
        .ok_or_else(|| unexpected(input, "`state` after `transient`"))?;
    skip(input);
    Ok(kind)
}

fn name(input: ParseStream<'_>, kind: StateKind) -> Result<Ident> {
    let word = next_word(input);
    let second = StateKind::ALL
        .into_iter()
        .find(|kind| word.as_deref() == Some(kind.keyword()));
    match second {
        // `start done Placed;`
        Some(second) if super::tokens::second_is_word(input) => {
            let message = if second.is_final() && kind == StateKind::Start {
                "a start state cannot be final".to_owned()
            } else {
                format!(
                    "a state is `{}` or `{}`, not both",
                    kind.keyword(),
                    second.keyword()
                )
            };
            Err(stop(input, &message))
        }
        // A line that breaks off: the next one's keyword is not its name.
        _ if begins_declaration(input) => Err(unexpected(input, "the name of a state")),
        _ => declared_name(input, "a state"),
    }
}

/// Reads `{ name: Type, .. }`; a field that cannot be read costs that field.
pub(super) fn fields(
    input: ParseStream<'_>,
    of: &str,
    diagnostics: &mut Diagnostics,
) -> Result<Vec<Field>> {
    let content;
    braced!(content in input);
    let mut fields: Vec<Field> = Vec::new();
    while !content.is_empty() {
        match field(&content, of, diagnostics) {
            Ok(field) => {
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
            Err(error) => {
                diagnostics.detail(&error);
                while !content.is_empty() && !content.peek(Token![,]) {
                    skip(&content);
                }
            }
        }
        if content.is_empty() {
            break;
        }
        if content.peek(Token![,]) {
            skip(&content);
        } else {
            diagnostics.detail(&unexpected(
                &content,
                &format!("`,` between the fields of {of}"),
            ));
            while !content.is_empty() && !content.peek(Token![,]) {
                skip(&content);
            }
        }
    }
    Ok(fields)
}

fn field(input: ParseStream<'_>, of: &str, diagnostics: &mut Diagnostics) -> Result<Field> {
    let mut attributes = input.call(Attribute::parse_outer)?;
    let index = attributes::index(&mut attributes, diagnostics);
    let start = input.span();
    if !matches!(input.parse::<Visibility>()?, Visibility::Inherited) {
        let error = Error::new(start, "a field is as visible as its workflow");
        diagnostics
            .detail(&error.with_help("remove the visibility here, or put it before `workflow`"));
    }
    let name = declared_name(input, "a field")?;
    if !input.peek(Token![:]) || input.peek(Token![::]) {
        return Err(unexpected(
            input,
            &format!("`: Type` after field `{name}` of {of}"),
        ));
    }
    input.parse::<Token![:]>()?;
    if input.is_empty() || input.peek(Token![,]) {
        return Err(unexpected(
            input,
            &format!("the type of field `{name}` of {of}"),
        ));
    }
    let ty = types::parse(input)?;
    Ok(Field {
        attributes,
        index,
        is_group: false,
        name,
        ty,
    })
}
