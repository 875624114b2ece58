//! Numbers and times of clauses: written out, or in a field that is read at run time.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};

use super::plain;
use crate::text::written;

/// A number or a time of a clause.
pub(crate) enum Given<T> {
    Written(T),
    Field(Place),
}

/// A value that a field holds. The names are those of the methods of `Numbers` in the runtime.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Read {
    Attempts,
    First,
    Cap,
    /// Each delay of a `retry`.
    Every,
    Timeout,
    Deadline,
    /// The first pause of a poll, or each of a timer that fires again and again.
    Pause,
    Longest,
    /// The number of a join.
    Needed,
    Within,
    AtMost,
}

/// The fields that are read for one purpose.
pub(crate) type Reads<'a> = Vec<(Read, &'a Place)>;

/// A field of the state that the transition leaves, or of the input: `limit`, `input.limit`.
pub(crate) struct Place {
    /// The word `input`, where it is a field of that.
    pub(crate) input: Option<Ident>,
    pub(crate) field: Ident,
}

impl<T> Given<T> {
    /// The value, if it is written out.
    pub(crate) fn written(&self) -> Option<&T> {
        match self {
            Given::Written(value) => Some(value),
            Given::Field(_) => None,
        }
    }

    /// The field, if it is in one.
    pub(crate) fn field(&self) -> Option<&Place> {
        match self {
            Given::Written(_) => None,
            Given::Field(place) => Some(place),
        }
    }
}

impl<T: ToTokens> Given<T> {
    /// As it is written.
    pub(crate) fn text(&self) -> String {
        written(self.to_token_stream())
    }
}

/// The field, with what it is read for, if it is in one.
pub(crate) fn read<T>(read: Read, given: Option<&Given<T>>) -> Option<(Read, &Place)> {
    Some((read, given?.field()?))
}

impl Read {
    pub(crate) fn method(self) -> &'static str {
        match self {
            Read::Attempts => "attempts",
            Read::First => "first",
            Read::Cap => "cap",
            Read::Every => "every",
            Read::Timeout => "timeout",
            Read::Deadline => "deadline",
            Read::Pause => "pause",
            Read::Longest => "longest",
            Read::Needed => "needed",
            Read::Within => "within",
            Read::AtMost => "at_most",
        }
    }

    /// Returns true if it says how often something comes again.
    pub(crate) fn is_pause(self) -> bool {
        matches!(self, Read::Pause | Read::Longest)
    }

    /// A type that such a field may have.
    pub(crate) fn ty(self) -> &'static str {
        match self {
            Read::Attempts | Read::Needed | Read::AtMost => "u32",
            _ => "std::time::Duration",
        }
    }
}

impl Place {
    /// As it is written: `limit`, or `input.limit`.
    pub(crate) fn name(&self) -> String {
        let field = plain(&self.field);
        if self.input.is_some() {
            format!("input.{field}")
        } else {
            field
        }
    }
}

impl<T: ToTokens> ToTokens for Given<T> {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Given::Written(value) => value.to_tokens(tokens),
            Given::Field(place) => place.to_tokens(tokens),
        }
    }
}

impl ToTokens for Place {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Place { input, field } = self;
        let input = input.as_ref().map(|input| quote!(#input.));
        tokens.extend(quote!(#input #field));
    }
}
