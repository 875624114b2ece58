//! `step charge: Reserved -> Charged | Rejected with retry(5);` and its siblings.

use proc_macro2::Ident;
use syn::buffer::Cursor;
use syn::parse::ParseStream;
use syn::{Error, Result, Token};

use super::expected::{WithHelp as _, stop, unexpected};
use super::tokens::{begins_declaration, declared_name, next_word, semicolon, skip};
use super::{attributes, ends, head, kind, tail, tokens};
use crate::ast::{Attributes, Duration, Transition, TransitionKind, Workflow, plain};
use crate::diagnostics::{Diagnostics, unread as unread_type};

/// Words that may follow the name of a transition.
pub(super) const HEADER: [&str; 6] = ["as", "after", "at", "every", "answers", "interrupts"];

/// Reads what follows the keyword of a transition.
pub(super) fn parse(
    input: ParseStream<'_>,
    meant: &str,
    attributes: Attributes,
    ast: &mut Workflow,
    diagnostics: &mut Diagnostics,
) -> Result<()> {
    attributes::misplaced(&attributes, "a transition", diagnostics);
    for derive in &attributes.derives {
        diagnostics
            .error(&derive.path, "a transition cannot derive")
            .help("`#[derive(..)]` on the workflow applies to the outcomes of its transitions as well");
    }
    let what = format!("the name of a {meant}");
    // A line that breaks off: the next one's keyword is not its name.
    if begins_declaration(input) && !tokens::second_is_one_of(input, &HEADER) {
        return Err(unexpected(input, &what));
    }
    if let Some(error) = nameless(input, meant) {
        ast.unread.extend(next_word(input));
        return Err(error);
    }
    let name = declared_name(input, &format!("a {meant}"))?;
    // From here on the transition exists, however much of its line can be read.
    let transition = Transition::begun(attributes, TransitionKind::Step, name);
    ast.transitions.push(transition);
    let transition = ast.transitions.last_mut().expect("one was just pushed");
    let read = rest(input, meant, transition, &ast.unread, diagnostics);
    if let (Err(error), false) = (&read, transition.is_read) {
        transition.unread.get_or_insert_with(|| unread_type(error));
    }
    read
}

/// The error of a line whose states stand in the place of its name.
fn nameless(input: ParseStream<'_>, meant: &str) -> Option<Error> {
    let state = next_word(input).filter(|word| word.starts_with(char::is_uppercase))?;
    let rest = input.fork();
    skip(&rest);
    if !rest.peek(Token![->]) && !rest.peek(Token![|]) {
        return None;
    }
    let error = stop(input, &format!("the {meant} has no name"));
    Some(error.with_help(&format!("write `{meant} name: {state} -> ..`")))
}

/// Reads where the deadline of the workflow leads: `-> TooLate`.
pub(super) fn deadline(
    input: ParseStream<'_>,
    keyword: Ident,
    deadline: &Duration,
    ast: &mut Workflow,
    diagnostics: &mut Diagnostics,
) -> Result<()> {
    input.parse::<Token![->]>()?;
    let kind = TransitionKind::Deadline(deadline.clone());
    // Nobody chooses the name of this transition, and each workflow of a module may have one.
    let outcome = Ident::new(&format!("{}Deadline", plain(&ast.name)), keyword.span());
    let mut transition = Transition::begun(Attributes::default(), kind, keyword);
    transition.outcome = Some(outcome);
    ast.transitions.push(transition);
    let transition = ast.transitions.last_mut().expect("one was just pushed");
    let what = "the state that the deadline leads to";
    let targets = &mut transition.targets;
    ends::states(input, &ast.unread, targets, what, &mut None, diagnostics)?;
    if input.peek(syn::token::Brace) {
        let error = stop(input, "the deadline names a state, and no fields");
        let state = transition.targets.last().expect("one was read");
        return Err(error.with_help(&format!(
            "`{state}` is made of the machine: implement `From<Any{}>` for it",
            ast.name
        )));
    }
    transition.is_read = true;
    Ok(())
}

/// Reads the parts of the line one after the other. One that cannot be read is reported, and costs no other.
fn rest(
    input: ParseStream<'_>,
    keyword: &str,
    transition: &mut Transition,
    unread: &[String],
    diagnostics: &mut Diagnostics,
) -> Result<()> {
    let begin = input.cursor();
    let name = transition.name.clone();
    if next_word(input).as_deref() == Some("as") {
        skip(input);
        transition.outcome = Some(declared_name(input, "an outcome")?);
    }
    tail::outcome_without_as(input, begin, transition, diagnostics);
    transition.kind = kind::kind(input, &name, keyword, diagnostics)?;
    transition.is_read = true;
    match both_ends(input, begin, keyword, transition, unread, diagnostics) {
        Ok(is_read) => transition.is_read = is_read,
        Err(error) => {
            transition.is_read = false;
            diagnostics.transition(&error);
            let unread = unread_type(&error);
            transition.unread.get_or_insert(unread);
            tail::seek(input);
        }
    }
    if let Some(error) = ends::chain(input, &name, &transition.targets, keyword) {
        diagnostics.transition(&error);
        transition.is_read = false;
        let unread = unread_type(&error);
        transition.unread.get_or_insert(unread);
    }
    tail::outcome_behind(input, transition, keyword, diagnostics);
    let is_split = matches!(transition.kind, TransitionKind::Split(_));
    if !is_split {
        tail::clauses_in_braces(input, transition, diagnostics);
        ends::no_fields(input, transition.targets.last(), diagnostics);
    }
    tail::clauses(input, keyword, transition, diagnostics)?;
    if is_split {
        return tail::split_body(input, transition, diagnostics);
    }
    semicolon(input, begin, &format!("{keyword} `{name}`"))
}

/// Reads what stands before the clauses. Returns false if it is not to be judged.
fn both_ends(
    input: ParseStream<'_>,
    begin: Cursor<'_>,
    keyword: &str,
    transition: &mut Transition,
    unread: &[String],
    diagnostics: &mut Diagnostics,
) -> Result<bool> {
    let name = transition.name.clone();
    let mut doubt = None;
    let before = diagnostics.count();
    let has_head = head::read(input, begin, keyword, transition, diagnostics)?;
    let is_reported = diagnostics.count() > before && input.peek(syn::token::Paren);
    kind::answers_too_late(input, transition, diagnostics);
    if input.peek(Token![->]) {
        let error = unexpected(input, &format!("the state that {keyword} `{name}` leaves"));
        diagnostics.transition(&error);
        transition.unread = Some(unread_type(&error));
    } else {
        let nobody = &mut Diagnostics::default();
        let read = ends::states(
            input,
            unread,
            &mut transition.sources,
            "the state that it leaves",
            &mut doubt,
            if is_reported { nobody } else { diagnostics },
        );
        if read.is_err() || doubt.is_some() {
            // It may leave several, which its handler takes as one type.
            transition.sources.clear();
        }
        read?;
    }
    kind::answers_too_late(input, transition, diagnostics);
    if next_word(input).as_deref() == Some("interrupts") && transition.signal().is_some() {
        let error = stop(input, "`interrupts` stands before the states");
        diagnostics.detail(&error.with_help(&format!(
            "write `signal {name} interrupts A -> ..`, without a `:`"
        )));
        kind::interrupt(input, transition)?;
    }
    transition.is_internal = head::stays(input, &transition.kind);
    if !transition.is_internal {
        ends::arrow(input, begin, &name, diagnostics)?;
        ends::states(
            input,
            unread,
            &mut transition.targets,
            &format!("the state that `{name}` leads to"),
            &mut doubt,
            diagnostics,
        )?;
    }
    transition.unread = transition.unread.take().or(doubt);
    Ok(has_head && transition.unread.is_none())
}
