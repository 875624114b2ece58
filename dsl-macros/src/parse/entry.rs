//! The entries of a map: `each (key, value) in map: Key, Value => Output`.

use proc_macro2::{Ident, TokenTree};
use quote::quote;
use syn::parse::ParseBuffer;
use syn::{Error, Result, Token, Type, parenthesized};

use super::branch::{Reader, behind_any_sign, is_arrow, seek_until};
use super::expected::{WithHelp as _, stop, unexpected};
use super::tokens::{declared_name, is_keyword, next_word, skip, skip_all};
use super::types;
use crate::ast::plain;
use crate::diagnostics::unread;
use crate::text;

const PAIR: &str = "write `each (key, value) in map: Key, Value => Output`";

impl Reader<'_, '_> {
    /// `item`, or `(key, value)`
    pub(super) fn names(&mut self) -> Result<(Ident, Option<Ident>)> {
        let content = self.content;
        if !content.peek(syn::token::Paren) {
            let name = declared_name(content, "an item")?;
            return Ok((name, self.value_without_parentheses()));
        }
        let inside;
        let parentheses = parenthesized!(inside in content);
        let words: Vec<Ident> = inside
            .cursor()
            .token_stream()
            .into_iter()
            .filter_map(word_of)
            .collect();
        let names = pair(&inside);
        skip_all(&inside);
        let message = "an `each` in parentheses names the key and the value of an entry";
        let error = match names {
            Ok(Some((key, value))) => return Ok((key, Some(value))),
            Ok(None) => Error::new(parentheses.span.join(), message),
            Err(error) => error,
        };
        // Its handler is known all the same.
        let mut words = words.into_iter();
        match words.next() {
            None => Err(error.with_help(PAIR)),
            Some(key) => {
                self.report(error.with_help(PAIR));
                Ok((key, words.next()))
            }
        }
    }

    /// `amount` of `each product, amount in cart`, which is reported.
    fn value_without_parentheses(&mut self) -> Option<Ident> {
        let rest = self.content.fork();
        if !rest.peek(Token![,]) {
            return None;
        }
        skip(&rest);
        let value = declared_name(&rest, "a value").ok()?;
        if next_word(&rest).as_deref() != Some("in") {
            return None;
        }
        let error = stop(
            self.content,
            "the key and the value of an entry are in parentheses",
        );
        self.report(error.with_help(PAIR));
        skip(self.content);
        skip(self.content);
        Some(value)
    }

    /// Reports a second type of an item, and skips it.
    pub(super) fn second_type(&mut self, name: &Ident) -> Option<Type> {
        let content = self.content;
        let is_limit = super::tokens::second_is_one_of(content, &["at"]);
        if !content.peek(Token![,]) || is_limit {
            return None;
        }
        let error = stop(content, &format!("the item `{name}` has one type"));
        let error = self.report(error.with_help(&format!(
            "an entry of a map has two: `each ({name}, value) in map: Key, Value => Output`"
        )));
        seek_until(content, is_arrow);
        Some(unread(&error))
    }

    /// `: Key, Value`
    pub(super) fn entry(&mut self, name: &Ident, value: &Ident) -> (Type, Type) {
        let content = self.content;
        let key = self.item_until(name, |content| content.peek(Token![,]) || is_arrow(content));
        if let Type::Tuple(pair) = &key
            && let [key, of_value] = pair.elems.iter().collect::<Vec<_>>().as_slice()
            && is_arrow(content)
        {
            let (key, of_value) = ((*key).clone(), (*of_value).clone());
            let types = text::written(quote!(#key, #of_value));
            let error = Error::new_spanned(pair, "the types of an entry are not in parentheses");
            self.report(error.with_help(&format!("write `{types}`")));
            return (key, of_value);
        }
        if let Some(first) = &self.first {
            seek_until(content, is_arrow);
            return (key, unread(first));
        }
        if !content.peek(Token![,]) {
            let error = self.missing(&format!("`, Value`, the type of `{value}`"));
            let error = self.report(error);
            if is_arrow(content) {
                return (key, unread(&error));
            }
            behind_any_sign(content);
            let ty = types::beside(content, &error, |content| seek_until(content, is_arrow));
            return (key, ty);
        }
        skip(content);
        let what = format!("the type of `{value}`");
        let ty = types::read(content, &what, self.diagnostics, |content| {
            seek_until(content, is_arrow);
        });
        (key, ty)
    }
}

/// The names in the parentheses of an `each`; `None` if there are less than two.
fn pair(inside: &ParseBuffer<'_>) -> Result<Option<(Ident, Ident)>> {
    if inside.is_empty() {
        return Ok(None);
    }
    let key = declared_name(inside, "a key")?;
    if inside.is_empty() {
        return Ok(None);
    }
    if !inside.peek(Token![,]) {
        return Err(unexpected(inside, "`,` between the key and the value"));
    }
    skip(inside);
    if inside.is_empty() {
        return Ok(None);
    }
    let value = declared_name(inside, "a value")?;
    if plain(&key) == plain(&value) {
        let message = format!("the key and the value are both called `{value}`");
        return Err(Error::new(value.span(), message));
    }
    if !inside.is_empty() {
        return Err(unexpected(inside, "`)`"));
    }
    Ok(Some((key, value)))
}

/// The word that a token is, if it names something.
fn word_of(token: TokenTree) -> Option<Ident> {
    match token {
        TokenTree::Ident(word) if !is_keyword(&word.to_string()) => Some(word),
        _ => None,
    }
}
