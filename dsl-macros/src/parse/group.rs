//! `group Open { until: SystemTime } { state Paid; state PickedUp { driver: u64 }; }`

use std::collections::HashSet;

use proc_macro2::{Delimiter, Ident};
use syn::parse::ParseStream;
use syn::{Result, Token, braced};

use super::expected::{WithHelp as _, stop, unexpected};
use super::tokens::{begins_declaration, declared_name};
use super::{attributes, declarations, fields};
use crate::ast::{Attributes, Field, Group, StateKind, Workflow, plain};
use crate::diagnostics::{Diagnostics, unread};

/// Reads what follows the keyword of a group that stands `within` another, if it does.
pub(super) fn parse(
    input: ParseStream<'_>,
    attributes: Attributes,
    within: Option<usize>,
    ast: &mut Workflow,
    diagnostics: &mut Diagnostics,
) -> Result<()> {
    attributes::misplaced(&attributes, "a group", diagnostics);
    // A line that breaks off: the next one's keyword is not its name.
    if begins_declaration(input) {
        return Err(unexpected(input, "the name of a group"));
    }
    let name = declared_name(input, "a group")?;
    let position = ast.groups.len();
    ast.groups.push(Group {
        attributes,
        name: name.clone(),
        fields: Vec::new(),
        unread: None,
        within,
    });
    if input.peek(Token![<]) {
        let error = stop(input, &format!("group `{name}` has no parameters"));
        diagnostics.detail(&error.with_help(
            "name the types of its fields: what varies is an `enum`, or a `Box<dyn ..>`",
        ));
        super::types::skip_arguments(input);
    }
    if input.peek(syn::token::Paren) {
        let error = stop(input, "the data of a group stands in braces");
        let help = format!("write `group {name} {{ field: Type }} {{ state ..; }}`");
        let error = error.with_help(&help);
        diagnostics.detail(&error);
        ast.groups[position].unread = Some(unread(&error));
        super::tokens::skip(input);
    }
    if input.peek(Token![:]) {
        let error = stop(input, &format!("group `{name}` is of no type"));
        diagnostics.detail(&error.with_help("its fields stand in braces"));
        while !input.is_empty() && !input.peek(syn::token::Brace) && !begins_declaration(input) {
            super::tokens::skip(input);
        }
    }
    if input.cursor().group(Delimiter::Brace).is_none() {
        let error = unexpected(input, &format!("`{{` after group `{name}`"));
        let error = error.with_help(&format!(
            "write `group {name} {{ field: Type }} {{ state ..; }}`"
        ));
        ast.groups[position].unread = Some(unread(&error));
        return Err(error);
    }
    if has_fields(input) {
        let read = fields::parse(input, &format!("group `{name}`"), diagnostics)?;
        let group = &mut ast.groups[position];
        (group.fields, group.unread) = (read.fields, read.unread);
    }
    if input.peek(Token![;]) && input.peek2(syn::token::Brace) {
        let error = stop(
            input,
            "no `;` stands between the fields of a group and its states",
        );
        diagnostics.detail(&error.with_help("remove it"));
        super::tokens::skip(input);
    }
    if input.peek(syn::token::Brace) {
        let members;
        braced!(members in input);
        declarations(&members, Some(position), ast, diagnostics);
    }
    // As behind `input { .. }`: a habit, not a mistake.
    let _: Option<Token![;]> = input.parse()?;
    Ok(())
}

/// Reads the members of what was called a state, of this name.
pub(super) fn of_state(
    input: ParseStream<'_>,
    name: &Ident,
    ast: &mut Workflow,
    diagnostics: &mut Diagnostics,
) -> Result<()> {
    let error = stop(input, &format!("state `{name}` has no members"));
    diagnostics.detail(&error.with_help(&format!(
        "states that share data are a group: `group {name} {{ .. }} {{ state ..; }}`"
    )));
    let state = ast.states.pop().expect("one was just read");
    let position = ast.groups.len();
    ast.groups.push(Group {
        attributes: state.attributes,
        name: state.name,
        fields: state.fields.unwrap_or_default(),
        unread: state.unread,
        within: state.group,
    });
    let members;
    braced!(members in input);
    declarations(&members, Some(position), ast, diagnostics);
    let _: Option<Token![;]> = input.parse()?;
    Ok(())
}

/// Gives each member the field that it has the data of its group in, when all groups are read.
pub(super) fn share(ast: &mut Workflow, diagnostics: &mut Diagnostics) {
    let mut taken: HashSet<String> = ast.states.iter().map(|it| plain(&it.name)).collect();
    for group in &mut ast.groups {
        // A name that is taken is reported where names are resolved. Such a group is no type.
        if !taken.insert(plain(&group.name)) {
            group.fields.clear();
            group.unread = None;
        }
    }
    for position in 0..ast.groups.len() {
        let group = &ast.groups[position];
        let around = ast.data_around(group.within);
        if let Some(around) = around.filter(|_| group.has_data()) {
            let (what, field) = (
                format!("group `{}`", group.name),
                ast.groups[around].field(),
            );
            let fields = &mut ast.groups[position].fields;
            add(fields, field, &what, diagnostics);
        }
    }
    for position in 0..ast.states.len() {
        let state = &ast.states[position];
        if let Some(around) = ast.data_around(state.group) {
            let (what, field) = (
                format!("state `{}`", state.name),
                ast.groups[around].field(),
            );
            let fields = ast.states[position].fields.get_or_insert_default();
            add(fields, field, &what, diagnostics);
        }
    }
}

/// Adds the field of a group in the place of one of the same name, which is reported.
fn add(fields: &mut Vec<Field>, field: Field, what: &str, diagnostics: &mut Diagnostics) {
    let same = fields
        .iter()
        .position(|it| plain(&it.name) == plain(&field.name));
    if let Some(same) = same {
        let own = fields.remove(same);
        let group = quote::ToTokens::to_token_stream(&field.ty);
        diagnostics
            .error(
                &own.name,
                format!(
                    "field `{}` of {what} is named like the one that has the data of group `{group}`",
                    own.name
                ),
            )
            .help("choose another name for the field, or for the group");
    }
    fields.insert(0, field);
}

/// Returns true if fields stand in the braces that follow, and not members.
fn has_fields(input: ParseStream<'_>) -> bool {
    let Some((content, _, rest)) = input.cursor().group(Delimiter::Brace) else {
        return false;
    };
    let is_followed = rest.group(Delimiter::Brace).is_some();
    let is_field = content.ident().is_some_and(|(_, rest)| {
        let colon = rest.punct();
        colon.is_some_and(|(punct, _)| punct.as_char() == ':')
    });
    is_followed || is_field
}

/// Reports a declaration that stands in a group and is none of a state.
pub(super) fn only_states(
    input: ParseStream<'_>,
    keyword: &str,
    group: &Ident,
    diagnostics: &mut Diagnostics,
) {
    let is_state = StateKind::ALL.iter().any(|kind| kind.keyword() == keyword);
    if is_state || ["transient", "group", super::keyword::NO_STATE].contains(&keyword) {
        return;
    }
    let error = stop(
        input,
        &format!("`{keyword}` stands in group `{group}`, which has states alone"),
    );
    diagnostics.detail(&error.with_help("move it behind the group"));
}
