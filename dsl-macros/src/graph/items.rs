//! Rule: the item of an `each` is one of a field's, and not all of it.

use quote::ToTokens as _;
use syn::Type;

use super::{Graph, StateId};
use crate::ast;
use crate::diagnostics::Diagnostics;
use crate::text;

/// Reports an `each` whose item is of the type that the field has as a whole; gives what stands for its type.
pub(super) fn judge(
    graph: &Graph<'_>,
    branch: &ast::Branch,
    sources: &[StateId],
    diagnostics: &mut Diagnostics,
) -> Option<Type> {
    let each = branch.each.as_ref()?;
    let mut sources = sources.iter();
    let field = sources.find_map(|source| graph.field(*source, None, &each.place.field))?;
    let whole = text::written(each.item.to_token_stream());
    let is_field = whole == text::written(field.field.ty.to_token_stream());
    let item = of(&each.item).filter(|_| is_field)?;
    let (name, field) = (&branch.name, &each.place.field);
    let error = diagnostics.error(
        &each.item,
        format!("`{name}` is an item of `{field}`, and `{whole}` is all of it"),
    );
    error.help(format!("write `{item}`"));
    Some(error.unread())
}

/// `String` of `Vec<String>`.
fn of(collection: &Type) -> Option<String> {
    let Type::Path(path) = collection else {
        return None;
    };
    let syn::PathArguments::AngleBracketed(of) = &path.path.segments.last()?.arguments else {
        return None;
    };
    let mut of = of.args.iter();
    match (of.next(), of.next()) {
        (Some(syn::GenericArgument::Type(item)), None) => {
            Some(text::written(item.to_token_stream()))
        }
        _ => None,
    }
}
