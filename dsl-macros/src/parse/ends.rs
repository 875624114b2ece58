//! `Reserved -> Charged | Rejected`: the states that a transition leaves, and those that it leads to.
//!
//! However they are separated, the names are read, so that the handlers find them.

use proc_macro2::{Delimiter, Ident};
use syn::buffer::Cursor;
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Error, Result, Token, Type};

use super::expected::{WithHelp as _, missing, sign, stop, unexpected};
use super::tokens::{begins_declaration, declared_name, is_keyword, next_word, skip};
use super::{clause, state, types};
use crate::diagnostics::{Diagnostics, unread as unread_type};

/// Types that hold others, which are then the states that are meant.
const HOLDERS: [&str; 7] = ["Result", "Option", "Either", "Vec", "Box", "Outcome", "Ok"];

/// Reads `A | B`. `expected` says what stands here. If one of them may be missing, the error is put into `doubt`.
pub(super) fn states(
    input: ParseStream<'_>,
    unread: &[String],
    states: &mut Vec<Ident>,
    expected: &str,
    doubt: &mut Option<Type>,
    diagnostics: &mut Diagnostics,
) -> Result<()> {
    let mut reader = Reader {
        unread,
        expected,
        are_left: expected.ends_with("it leaves"),
        diagnostics,
    };
    if input.peek(Token![|]) {
        let error = unexpected(input, expected).with_help("no `|` stands before the first state");
        reader.diagnostics.transition(&error);
        *doubt = Some(unread_type(&error));
        skip(input);
    }
    reader.read(input, states)
}

struct Reader<'a, 'd> {
    unread: &'a [String],
    expected: &'a str,
    /// True of those before the arrow.
    are_left: bool,
    diagnostics: &'d mut Diagnostics,
}

impl Reader<'_, '_> {
    fn read(&mut self, input: ParseStream<'_>, states: &mut Vec<Ident>) -> Result<()> {
        let begin = input.cursor();
        loop {
            let word = next_word(input);
            if let Some(inside) = group_of_states(input) {
                self.in_a_group(input, &inside, states);
            } else {
                match word.as_deref() {
                    // The line ends too early: a name here belongs to what follows.
                    None | Some("with") => return Err(self.missing(input, states)),
                    Some(_) if begins_declaration(input) => return Err(self.missing(input, states)),
                    // A state that is called like a keyword was reported where it is declared.
                    Some(word) if is_keyword(word) && self.unread.iter().any(|it| it == word) => {
                        skip(input);
                    }
                    Some(_) => self.name(input, states)?,
                }
            }
            if !self.separator(input, begin, states) {
                return Ok(());
            }
        }
    }

    fn missing(&self, input: ParseStream<'_>, states: &[Ident]) -> Error {
        let error = unexpected(input, self.expected);
        if input.peek(Token![*]) {
            return error.with_help("name each state: `A | B`, or the `group` that they stand in");
        }
        match states.last() {
            Some(last) => unexpected(input, &format!("another state after `{last} |`")),
            None => error,
        }
    }

    /// States in parentheses, brackets or braces.
    fn in_a_group(&mut self, input: ParseStream<'_>, inside: &[String], states: &mut Vec<Ident>) {
        let error = stop(input, "states stand alone, without parentheses");
        let help = format!("write `{}`", inside.join(" | "));
        self.diagnostics.detail(&error.with_help(&help));
        let group = input.cursor().token_tree();
        if let Some((proc_macro2::TokenTree::Group(group), _)) = group {
            states.extend(names(group.stream()));
        }
        skip(input);
    }

    /// One name, with what does not belong to it.
    fn name(&mut self, input: ParseStream<'_>, states: &mut Vec<Ident>) -> Result<()> {
        let begin = input.fork();
        let mut name = declared_name(input, "a state")?;
        while let Some(rest) = state::behind_a_dash(input, &name) {
            name = state::joined(input, &name, &rest, self.diagnostics);
        }
        if input.peek(Token![::]) {
            while input.peek(Token![::]) {
                skip(input);
                skip(input);
                if next_word(input).is_some() {
                    name = input.call(Ident::parse_any)?;
                }
            }
            let error = stop(&begin, "a state is named alone, without a path");
            self.diagnostics
                .detail(&error.with_help(&format!("write `{name}`")));
        }
        if input.peek(Token![<]) {
            let rest = input.fork();
            types::skip_arguments(input);
            let inside = until(&rest, input);
            let is_holder = HOLDERS.contains(&name.to_string().as_str());
            if is_holder && !inside.is_empty() {
                let error = stop(&begin, "states are named alone, and separated by `|`");
                let text: Vec<String> = inside.iter().map(ToString::to_string).collect();
                let help = format!("write `{}`; an error is none of them", text.join(" | "));
                self.diagnostics.detail(&error.with_help(&help));
                states.extend(inside);
                return Ok(());
            }
            let error = stop(&rest, &format!("state `{name}` has no parameters"));
            self.diagnostics
                .detail(&error.with_help(&format!("write `{name}`")));
        }
        if input.peek(syn::token::Paren) {
            let error = stop(input, &format!("state `{name}` is named alone"));
            let help = "the handler gives its fields: write the name, without parentheses";
            self.diagnostics.detail(&error.with_help(help));
            skip(input);
        }
        if input.peek(syn::token::Brace) && Self::is_between(input) {
            let error = stop(input, &format!("state `{name}` is named alone"));
            let help = "its fields stand where it is declared, and the handler gives them";
            self.diagnostics.detail(&error.with_help(help));
            skip(input);
        }
        states.push(name);
        Ok(())
    }

    /// Returns true if the line goes on behind the braces that stand here.
    fn is_between(input: ParseStream<'_>) -> bool {
        let rest = input.fork();
        skip(&rest);
        let is_sign = sign(&rest).is_some_and(|sign| sign == "|" || sign == "->");
        let is_clause = next_word(&rest).as_deref() == Some("with");
        let is_empty = input
            .cursor()
            .group(Delimiter::Brace)
            .is_some_and(|(inside, _, _)| inside.eof());
        is_sign || (is_empty && (is_clause || rest.peek(Token![;])))
    }

    /// Returns true if another state follows at once, and not what the transition leads to.
    fn is_missing(&self, input: ParseStream<'_>) -> bool {
        let is_state = next_word(input).is_some_and(|word| {
            word.starts_with(char::is_uppercase) && !word.eq_ignore_ascii_case("with")
        });
        if !is_state || begins_declaration(input) {
            return false;
        }
        let rest = input.fork();
        while next_word(&rest).is_some_and(|word| word.starts_with(char::is_uppercase))
            || rest.peek(Token![|])
        {
            skip(&rest);
        }
        !self.are_left || rest.peek(Token![->])
    }

    /// Reads what separates two states. Returns false if none follows.
    fn separator(&mut self, input: ParseStream<'_>, begin: Cursor<'_>, states: &[Ident]) -> bool {
        let found = sign(input);
        if found.as_deref() == Some("|") {
            skip(input);
            return true;
        }
        if self.is_missing(input) {
            let error = missing(input, begin, "`|` between two states");
            self.diagnostics.detail(&error);
            return true;
        }
        let is_word = next_word(input).filter(|word| word == "or" || word == "and");
        let Some(separator) = found
            .filter(|it| SEPARATORS.contains(&it.as_str()))
            .or(is_word)
        else {
            return false;
        };
        let rest = input.fork();
        for _ in 0..separator
            .chars()
            .filter(|it| !it.is_alphabetic())
            .count()
            .max(1)
        {
            skip(&rest);
        }
        let other = next_word(&rest).filter(|word| is_a_state(word));
        let Some(other) = other.filter(|_| !begins_declaration(&rest)) else {
            return false;
        };
        let error = stop(input, "states are separated by `|`");
        self.diagnostics.detail(&match states.last() {
            Some(one) => error.with_help(&format!("write `{one} | {other}`")),
            None => error,
        });
        while input.cursor() != rest.cursor() {
            skip(input);
        }
        true
    }
}

/// Signs that stand in the place of `|`.
const SEPARATORS: [&str; 6] = [",", "/", "||", "&", "&&", "+"];

/// Returns true if the word can be a state: it is none of those that follow one.
fn is_a_state(word: &str) -> bool {
    word != "with" && clause::kind(word).is_none() && !is_keyword(word)
}

/// The names in the parentheses that stand here, if they are states.
fn group_of_states(input: ParseStream<'_>) -> Option<Vec<String>> {
    let delimiters = [Delimiter::Parenthesis, Delimiter::Bracket, Delimiter::Brace];
    let mut found = delimiters
        .into_iter()
        .filter_map(|it| input.cursor().group(it));
    let (inside, _, _) = found.next()?;
    let (first, _) = inside.ident()?;
    if !first.to_string().starts_with(char::is_uppercase) {
        return None;
    }
    Some(
        names(inside.token_stream())
            .map(|it| it.to_string())
            .collect(),
    )
}

/// The names among these tokens that are written like those of states.
fn names(tokens: proc_macro2::TokenStream) -> impl Iterator<Item = Ident> {
    tokens.into_iter().filter_map(|token| match token {
        proc_macro2::TokenTree::Ident(name) if name.to_string().starts_with(char::is_uppercase) => {
            Some(name)
        }
        _ => None,
    })
}

/// The names of states from one place to another.
fn until(from: ParseStream<'_>, to: ParseStream<'_>) -> Vec<Ident> {
    let mut tokens = Vec::new();
    while from.cursor() != to.cursor() {
        let Some((token, _)) = from.cursor().token_tree() else {
            break;
        };
        tokens.push(token);
        skip(from);
    }
    names(tokens.into_iter().collect()).collect()
}

/// Reads the `->` before what the transition of this name leads to. What stands in its place is reported.
pub(super) fn arrow(
    input: ParseStream<'_>,
    begin: Cursor<'_>,
    name: &Ident,
    diagnostics: &mut Diagnostics,
) -> Result<()> {
    if input.peek(Token![->]) {
        input.parse::<Token![->]>()?;
        return Ok(());
    }
    let expected = format!("`->` and the states that `{name}` leads to");
    let error = missing(input, begin, &expected);
    let is_next = |input: ParseStream<'_>| {
        next_word(input)
            .is_some_and(|word| is_a_state(&word) && word.starts_with(char::is_uppercase))
    };
    let rest = input.fork();
    if let Some(sign) = sign(input).filter(|sign| ARROWS.contains(&sign.as_str())) {
        for _ in 0..sign.len() {
            skip(&rest);
        }
    } else if next_word(input).is_some_and(|word| word.starts_with(char::is_lowercase)) {
        skip(&rest);
    }
    if !is_next(&rest) && group_of_states(&rest).is_none() {
        return Err(error);
    }
    diagnostics.detail(&error);
    while input.cursor() != rest.cursor() {
        skip(input);
    }
    Ok(())
}

/// Signs that stand in the place of `->`.
const ARROWS: [&str; 12] = [
    "=>", "-->", "==>", "--", "-", ">", "=", "~>", "|>", ":", "::", "<-",
];

/// Skips a second arrow, which is an error: a transition leads to its states at once.
pub(super) fn chain(
    input: ParseStream<'_>,
    name: &Ident,
    targets: &[Ident],
    keyword: &str,
) -> Option<Error> {
    if !input.peek(Token![->]) {
        return None;
    }
    let error = stop(input, &format!("{keyword} `{name}` has a second arrow"));
    let last = targets
        .last()
        .map_or_else(|| "A".to_owned(), ToString::to_string);
    let help = format!("end it with `;`, and let another {keyword} leave `{last}`");
    let error = error.with_help(&help);
    let mut skipped = Vec::new();
    while input.peek(Token![->]) {
        skip(input);
        skip(input);
        let nobody = &mut Diagnostics::default();
        if states(input, &[], &mut skipped, "a state", &mut None, nobody).is_err() {
            break;
        }
    }
    Some(error)
}

/// Reports braces with fields behind the states, and skips them.
pub(super) fn no_fields(
    input: ParseStream<'_>,
    state: Option<&Ident>,
    diagnostics: &mut Diagnostics,
) {
    let Some(state) = state.filter(|_| input.peek(syn::token::Brace)) else {
        return;
    };
    let error = stop(input, &format!("state `{state}` is named alone"))
        .with_help("its fields stand where it is declared, and the handler gives them");
    diagnostics.detail(&error);
    skip(input);
}
