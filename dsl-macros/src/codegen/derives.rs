//! `#[derive(..)]` on the workflow and on its states.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use super::tokens::Tokens;
use crate::ast::{Attributes, Derive};

/// Traits that make sense for the generated enums and the machine as well as for plain data.
/// Others, such as `Default`, go to the states and the input only.
const FOR_ALL: [&str; 10] = [
    "Clone",
    "Copy",
    "Debug",
    "Deserialize",
    "Eq",
    "Hash",
    "Ord",
    "PartialEq",
    "PartialOrd",
    "Serialize",
];

/// The derives of a state or the input: the workflow's and its own, each once.
pub(super) fn for_data(workflow: &Attributes, own: Option<&Attributes>) -> Tokens {
    let mut derives: Vec<Derive> = workflow.derives.clone();
    for derive in own.into_iter().flat_map(|own| &own.derives) {
        let text = derive.path.to_token_stream().to_string();
        let known = derives
            .iter()
            .any(|known| known.path.to_token_stream().to_string() == text);
        if !known {
            derives.push(derive.clone());
        }
    }
    Tokens::of(derives.iter().map(attribute).collect())
}

/// The derives of a generated type that wraps states.
pub(super) fn for_wrapper(workflow: &Attributes) -> Tokens {
    let fits = |derive: &&Derive| {
        let last = derive.path.segments.last();
        last.is_some_and(|last| FOR_ALL.contains(&last.ident.to_string().as_str()))
    };
    let fitting = workflow.derives.iter().filter(fits);
    Tokens::of(fitting.map(attribute).collect())
}

/// The derives of a state with a field that could not be read: what is no trait of `core` may read its type.
pub(super) fn for_unread(workflow: &Attributes, own: &Attributes) -> Tokens {
    let derives = workflow.derives.iter().chain(&own.derives);
    let mut seen = Vec::new();
    let fitting = derives.filter(|derive| {
        let last = derive.path.segments.last();
        let name = last.map(|last| last.ident.to_string()).unwrap_or_default();
        let is_new = !seen.contains(&name);
        let is_of_core =
            FOR_ALL.contains(&name.as_str()) && !name.ends_with("serialize") && name != "Serialize";
        seen.push(name);
        is_new && is_of_core
    });
    Tokens::of(fitting.map(attribute).collect())
}

/// The last names of what a state, or the input, derives.
pub(super) fn names(workflow: &Attributes, own: Option<&Attributes>) -> Vec<String> {
    let own = own.into_iter().flat_map(|own| &own.derives);
    let paths = workflow.derives.iter().chain(own);
    let last = paths.filter_map(|derive| derive.path.segments.last());
    last.map(|last| last.ident.to_string()).collect()
}

fn attribute(derive: &Derive) -> TokenStream {
    let path = &derive.path;
    if let Some(condition) = &derive.condition {
        quote!(#[cfg_attr(#condition, derive(#path))])
    } else {
        quote!(#[derive(#path)])
    }
}
