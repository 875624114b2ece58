//! Rule: the item of an `each` is one of a field's, and not all of it; and the field has items, as far as its type says.

use quote::ToTokens as _;
use syn::Type;

use super::{Found, Graph, StateId};
use crate::ast::{self, Each};
use crate::diagnostics::Diagnostics;
use crate::text;

/// The type of the item of an `each`. It is an error if the item has the type of the whole field, or if the field is no collection
/// of items. `is_read` says that all of the split could be read.
pub(super) fn judge(
    graph: &Graph<'_>,
    branch: &ast::Branch,
    sources: &[StateId],
    is_read: bool,
    diagnostics: &mut Diagnostics,
) -> Option<Type> {
    let each = branch.each.as_ref()?;
    let mut sources = sources.iter();
    let found = sources.find_map(|source| graph.place(*source, None, &each.place))?;
    if is_read
        && each.value.is_none()
        && let Some((message, help)) = no_items(branch, each, &found)
    {
        let error = diagnostics.error(&each.place, message);
        error.help(help);
        return Some(error.unread());
    }
    let whole = text::written(each.item.to_token_stream());
    let is_field = whole == text::written(found.field.ty.to_token_stream());
    let item = of(&each.item).filter(|_| is_field)?;
    let (name, field) = (&branch.name, &each.place.field);
    let error = diagnostics.error(
        &each.item,
        format!("`{name}` is an item of `{field}`, and `{whole}` is all of it"),
    );
    error.help(format!("write `{item}`"));
    Some(error.unread())
}

/// The error about a field that is known to have no items, and the way out.
fn no_items(branch: &ast::Branch, each: &Each, found: &Found<'_>) -> Option<(String, String)> {
    let (name, place) = (&branch.name, each.place.name());
    let ty = text::written(found.field.ty.to_token_stream());
    let (collection, arguments) = parts(&found.field.ty)?;
    let arguments: Vec<String> = arguments
        .iter()
        .map(|it| text::written(it.to_token_stream()))
        .collect();
    match (collection.as_str(), arguments.as_slice()) {
        ("Option", [inner]) => Some((
            format!("`{place}` may not be there: it is an `{ty}`"),
            format!(
                "make it a `{inner}`, which may be empty, or let a step before decide what there is to do"
            ),
        )),
        ("BTreeMap", [key, value, ..]) => Some((
            format!("`{place}` is a map, whose entries have a key and a value"),
            format!("write `each ({name}, value) in {place}: {key}, {value} => ..`"),
        )),
        ("HashMap", [key, value, ..]) => Some((
            format!(
                "`{place}` is a map without an order, and a branch is known by the place of its item"
            ),
            format!(
                "make it a `BTreeMap<{key}, {value}>`, and write `each ({name}, value) in {place}: {key}, {value} => ..`"
            ),
        )),
        _ => None,
    }
}

/// `String` of `Vec<String>`.
fn of(collection: &Type) -> Option<String> {
    match parts(collection)?.1.as_slice() {
        [item] => Some(text::written(item.to_token_stream())),
        _ => None,
    }
}

/// `Vec` and `String` of `std::vec::Vec<String>`.
fn parts(collection: &Type) -> Option<(String, Vec<&Type>)> {
    let Type::Path(path) = collection else {
        return None;
    };
    let last = path.path.segments.last()?;
    let syn::PathArguments::AngleBracketed(of) = &last.arguments else {
        return None;
    };
    let types = of.args.iter().filter_map(|argument| match argument {
        syn::GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    Some((last.ident.to_string(), types.collect()))
}
