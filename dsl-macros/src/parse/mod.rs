//! Tokens to [`ast::Workflow`].
//!
//! A line that cannot be read costs that line and nothing else: the error is reported, the parser
//! goes on at the next declaration, and what was already known of the line stays. An editor asks
//! for completion in the middle of half-typed lines, and one typo must not become ten errors.

mod attributes;
mod branch;
mod case;
mod clause;
mod durable;
mod duration;
mod ends;
mod entry;
mod expected;
mod fields;
mod given;
mod group;
mod head;
mod header;
mod join;
mod keyword;
mod kind;
mod log;
mod meaning;
mod nesting;
mod owned;
mod recover;
mod split;
mod state;
mod tail;
mod tokens;
mod transition;
mod types;

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser};
use syn::{Error, Result, braced};

use crate::ast::Workflow;
use crate::ast::{self, Attributes, StateKind};
use crate::diagnostics::Diagnostics;
use expected::{WithHelp as _, stop, unexpected};
pub(crate) use tokens::is_keyword;
use tokens::{begins_declaration, next_word};

/// Reads one block; `None` if there is not even a workflow with a name.
pub(crate) fn parse(tokens: TokenStream, diagnostics: &mut Diagnostics) -> Option<Workflow> {
    if let Some(span) = nesting::too_deep(&tokens) {
        let error = Error::new(span, "this nests too deep to be read");
        diagnostics.syntax(&error.with_help("give a name to a part of it: `type Part = ..;`"));
        return None;
    }
    let mut workflow = None;
    let read = |input: ParseStream<'_>| {
        if let Err(error) = block(input, &mut workflow, diagnostics) {
            diagnostics.syntax(&error);
        }
        tokens::skip_all(input);
        Ok(())
    };
    let read = read.parse2(tokens);
    // `read` reports its errors itself. What is left is a part that was not read to its end, such
    // as the `=` missing in `#[doc "..."]`, unless an error has cut that part short.
    if let (Err(error), true) = (read, diagnostics.all_is_read()) {
        diagnostics.syntax(&error);
    }
    workflow
}

fn block(
    input: ParseStream<'_>,
    workflow: &mut Option<Workflow>,
    diagnostics: &mut Diagnostics,
) -> Result<()> {
    if input.is_empty() {
        return Err(input.error("expected `workflow Name { .. }`"));
    }
    *workflow = Some(header::parse(input, diagnostics)?);
    let Some(ast) = workflow else { return Ok(()) };
    if input.cursor().group(Delimiter::Brace).is_none() {
        return Err(unexpected(
            input,
            &format!("`{{ .. }}` after `workflow {}`", ast.name),
        ));
    }
    let body;
    braced!(body in input);
    declarations(&body, None, ast, diagnostics);
    case::put_right(ast, diagnostics);
    group::share(ast, diagnostics);
    if !input.is_empty() {
        return Err(stop(input, "one `workflow!` block declares one workflow")
            .with_help("put the next workflow in a `workflow!` block of its own"));
    }
    Ok(())
}

/// Reads the declarations of the workflow, or of the group at this position.
fn declarations(
    body: ParseStream<'_>,
    group: Option<usize>,
    ast: &mut Workflow,
    diagnostics: &mut Diagnostics,
) {
    while !body.is_empty() {
        let (states, groups) = (ast.states.len(), ast.groups.len());
        let transitions = ast.transitions.len();
        let is_aside = match next_word(body).as_deref() {
            Some("input") => true,
            Some("deadline") => !names_a_state(body),
            _ => false,
        };
        if let Err(error) = declaration(body, group, ast, diagnostics) {
            let transition = ast.transitions.get(transitions);
            let is_declared = ast.states.len() > states || ast.groups.len() > groups;
            let is_known = is_declared || transition.is_some_and(|it| it.is_read);
            if is_aside || is_known {
                diagnostics.detail(&error);
            } else {
                diagnostics.syntax(&error);
            }
            resynchronize(body, &mut ast.unread);
        }
    }
}

/// Returns true if a name of a state stands in the line, or an arrow.
fn names_a_state(body: ParseStream<'_>) -> bool {
    let mut cursor = body.cursor();
    while let Some((token, rest)) = cursor.token_tree() {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == ';' => return false,
            TokenTree::Punct(punct) if punct.as_char() == '-' => return true,
            TokenTree::Ident(ident) if ident.to_string().starts_with(char::is_uppercase) => {
                return true;
            }
            _ => cursor = rest,
        }
    }
    false
}

fn declaration(
    body: ParseStream<'_>,
    group: Option<usize>,
    ast: &mut Workflow,
    diagnostics: &mut Diagnostics,
) -> Result<()> {
    let attributes = attributes::parse(body, diagnostics)?;
    if body.is_empty() && attributes.docs().next().is_some() {
        let error = Error::new(body.span(), "no declaration follows this documentation");
        return Err(error.with_help("write `//` for a comment"));
    }
    keyword::without_modifiers(body, diagnostics);
    let Some(word) = next_word(body) else {
        return Err(unexpected(body, "a state or a transition"));
    };
    if word == "with" {
        return clauses_behind(body, ast, diagnostics);
    }
    let meant = keyword::meant(body, &word, diagnostics)?;
    if let Some(group) = group.map(|group| &ast.groups[group]) {
        group::only_states(body, meant, &group.name, diagnostics);
    }
    match meant {
        "input" => input_block(body, ast, &attributes, diagnostics),
        "deadline" => {
            attributes::refuse(&attributes, "`deadline`", diagnostics);
            deadline(body, ast, diagnostics)
        }
        "transient" => {
            let transient = body.call(Ident::parse_any)?;
            let kind = state::kind(body)?;
            state::parse(
                body,
                kind,
                Some(transient),
                attributes,
                group,
                ast,
                diagnostics,
            )
        }
        "log" => {
            body.call(Ident::parse_any)?;
            log::parse(body, attributes, ast, diagnostics)
        }
        "group" => {
            body.call(Ident::parse_any)?;
            group::parse(body, attributes, group, ast, diagnostics)
        }
        keyword::NO_STATE => {
            let kind = StateKind::State;
            state::parse(body, kind, None, attributes, group, ast, diagnostics)
        }
        keyword::NO_KEYWORD => transition::parse(body, "step", attributes, ast, diagnostics),
        keyword => {
            body.call(Ident::parse_any)?;
            match StateKind::ALL
                .into_iter()
                .find(|kind| kind.keyword() == keyword)
            {
                Some(kind) => state::parse(body, kind, None, attributes, group, ast, diagnostics),
                None => transition::parse(body, keyword, attributes, ast, diagnostics),
            }
        }
    }
}

/// Reads clauses behind the `;` that ends a transition. They are its own.
fn clauses_behind(
    body: ParseStream<'_>,
    ast: &mut Workflow,
    diagnostics: &mut Diagnostics,
) -> Result<()> {
    let error = stop(body, "the clauses of a transition stand before its `;`");
    let error = error.with_help("remove the `;` before `with`");
    diagnostics.detail(&error);
    tokens::skip(body);
    let begin = body.cursor();
    let mut nobody = ast::Clauses::default();
    let transition = ast.transitions.last_mut();
    let clauses = transition.map_or(&mut nobody, |it| &mut it.clauses);
    let read = clause::list(body, clauses, diagnostics);
    clauses.doubt(&crate::diagnostics::unread(&error));
    read?;
    tokens::semicolon(body, begin, "the clauses")
}

fn deadline(
    body: ParseStream<'_>,
    ast: &mut Workflow,
    diagnostics: &mut Diagnostics,
) -> Result<()> {
    let begin = body.cursor();
    let keyword = body.call(Ident::parse_any)?;
    if body.peek(syn::token::Paren) {
        return Err(stop(
            body,
            "the deadline of a workflow stands without parentheses",
        )
        .with_help("write `deadline 30d;`"));
    }
    let deadline = duration::parse(body, "the time that a run may take, such as `30d`")?;
    if ast.deadline.is_some() {
        return Err(syn::Error::new(
            keyword.span(),
            "the workflow has two deadlines",
        ));
    }
    if body.peek(syn::Token![->]) {
        transition::deadline(body, keyword, &deadline, ast, diagnostics)?;
    }
    ast.deadline = Some(deadline);
    if body.peek(syn::Token![=>]) {
        let error = stop(
            body,
            "the state that the deadline leads to stands after `->`",
        );
        return Err(error.with_help("write `deadline 30d -> TooLate;`"));
    }
    tokens::semicolon(body, begin, "the deadline")
}

fn input_block(
    body: ParseStream<'_>,
    ast: &mut Workflow,
    attributes: &Attributes,
    diagnostics: &mut Diagnostics,
) -> Result<()> {
    let keyword = body.call(Ident::parse_any)?;
    attributes::refuse(attributes, "`input`", diagnostics);
    let read = input_fields(body, diagnostics)?;
    if let Some(first) = &ast.input {
        diagnostics
            .error(&keyword, "`input` is declared twice")
            .note(format!(
                "first declared at {}",
                crate::diagnostics::position(first.keyword.span())
            ));
    } else {
        ast.input = Some(ast::Input {
            keyword,
            fields: read.fields,
            unread: read.unread,
        });
    }
    // `input { .. }` ends with its brace; a semicolon after it is a habit, not a mistake.
    let _: Option<syn::Token![;]> = body.parse()?;
    Ok(())
}

/// Reads the fields of the input, also where other signs stand in the place of its braces.
fn input_fields(body: ParseStream<'_>, diagnostics: &mut Diagnostics) -> Result<fields::Fields> {
    if body.peek(syn::token::Brace) {
        return fields::parse(body, "input", diagnostics);
    }
    let error = unexpected(body, "`{ .. }` with the fields of the input");
    let error = error.with_help("the input has braces: `input { customer: u64 }`");
    diagnostics.detail(&error);
    let mut fields = TokenStream::new();
    while !body.is_empty() && !body.peek(syn::Token![;]) && !begins_declaration(body) {
        match body.parse::<TokenTree>()? {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => {
                fields.extend(group.stream());
            }
            token => fields.extend([token]),
        }
    }
    let braces = proc_macro2::Group::new(Delimiter::Brace, fields);
    let read = |input: ParseStream<'_>| fields::parse(input, "input", &mut Diagnostics::default());
    let mut read = read.parse2(TokenTree::from(braces).into())?;
    if read.fields.is_empty() {
        read.unread = Some(crate::diagnostics::unread(&error));
    }
    Ok(read)
}

/// Skips to the next declaration, noting the words on the way.
fn resynchronize(body: ParseStream<'_>, unread: &mut Vec<String>) {
    while !body.is_empty() {
        if body.peek(syn::Token![;]) {
            tokens::skip(body);
            return;
        }
        if begins_declaration(body) {
            return;
        }
        tokens::skip_noting(body, unread);
    }
}
