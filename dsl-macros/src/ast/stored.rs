//! What the declaration says of how data is stored.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{Attribute, Meta, Type};

use super::Field;

/// Whether attributes tell serde to store a field otherwise than its type says, or not at all.
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

/// Whether there is a reference anywhere in a type.
pub(crate) fn is_borrowed(ty: &Type) -> bool {
    fn has_reference(tokens: TokenStream) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Punct(punct) => punct.as_char() == '&',
            TokenTree::Group(group) => has_reference(group.stream()),
            _ => false,
        })
    }
    has_reference(ty.to_token_stream())
}
