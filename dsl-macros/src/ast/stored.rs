//! The parts of a declaration that decide how data is stored.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{Attribute, Meta, Type};

use super::Field;

/// Returns true if attributes tell serde to store a field otherwise than its type says, or not at all.
pub(crate) fn is_told_otherwise(field: &Field) -> bool {
    field.attributes.iter().any(tells_otherwise)
}

fn tells_otherwise(attribute: &Attribute) -> bool {
    const OTHERWISE: [&str; 6] = [
        "deserialize_with",
        "serialize_with",
        "skip",
        "skip_deserializing",
        "skip_serializing",
        "with",
    ];
    let Meta::List(list) = &attribute.meta else {
        return false;
    };
    attribute.path().is_ident("serde")
        && list.tokens.clone().into_iter().any(|token| {
            let token = token.to_string();
            OTHERWISE.contains(&token.as_str())
        })
}

/// Returns true if there is a reference anywhere in a type.
pub(crate) fn is_borrowed(ty: &Type) -> bool {
    has(
        ty.to_token_stream(),
        &|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == '&'),
    )
}

/// Returns true if a type is, or holds, a hash set or a hash map, as far as its name says.
pub(crate) fn is_hashed(ty: &Type) -> bool {
    has(
        ty.to_token_stream(),
        &|token| matches!(token, TokenTree::Ident(name) if name == "HashSet" || name == "HashMap"),
    )
}

/// Returns true if there is such a token.
fn has(tokens: TokenStream, is_it: &impl Fn(&TokenTree) -> bool) -> bool {
    tokens.into_iter().any(|token| match &token {
        TokenTree::Group(group) => has(group.stream(), is_it),
        token => is_it(token),
    })
}
