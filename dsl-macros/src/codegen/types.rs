//! The types that generated code names, and what is known of a type that the user wrote.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::quote_spanned;
use syn::Type;

use super::context::Context;
use crate::ast::{Field, is_borrowed, is_told_otherwise};
use crate::graph::{ResolvedTransition, StateId};

/// The type of a value that is one of these states, which the transition leaves or leads to.
///
/// A split of several is reported: the enum of all states stands in for what it would leave.
pub(super) fn state<'a>(
    cx: &'a Context<'_>,
    transition: &'a ResolvedTransition<'_>,
    states: &[StateId],
) -> &'a Ident {
    match states {
        [state] => cx.graph.state(*state).name,
        _ if transition.leaves_several() => &transition.from,
        _ => &cx.any,
    }
}

/// The type that the branches of a split are joined to, as the handler that joins names it.
pub(super) fn joined(transition: &ResolvedTransition<'_>, span: Span) -> TokenStream {
    let mut joined = transition.joined.clone();
    joined.set_span(span);
    if keeps_failures(transition) {
        quote_spanned!(span=> #joined<Self::Error>)
    } else {
        quote_spanned!(span=> #joined)
    }
}

/// Returns true if the joined type has a place for a branch that failed.
pub(super) fn keeps_failures(transition: &ResolvedTransition<'_>) -> bool {
    let split = transition.declaration.split();
    let join = split.and_then(|split| split.join.as_ref());
    join.is_some_and(|join| join.strategy.keeps_failures())
}

/// The tokens with `Self` as what it stands for.
pub(super) fn without_self(tokens: TokenStream, of: &TokenStream) -> TokenStream {
    let replaced = tokens.into_iter().map(|token| match token {
        TokenTree::Ident(ident) if ident == "Self" => of.clone(),
        TokenTree::Group(group) => {
            let mut inner = Group::new(group.delimiter(), without_self(group.stream(), of));
            inner.set_span(group.span());
            TokenTree::Group(inner).into()
        }
        other => other.into(),
    });
    replaced.collect()
}

/// Types that everyone knows to be fine: there is no need to have rustc prove it.
pub(super) fn is_plain(ty: &Type) -> bool {
    const PLAIN: [&str; 16] = [
        "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16",
        "u32", "u64", "u128", "usize",
    ];
    let Type::Path(path) = ty else { return false };
    path.path
        .get_ident()
        .is_some_and(|ident| PLAIN.contains(&ident.to_string().as_str()))
}

/// Returns true if serde has to be asked for the type of a field.
pub(super) fn is_stored_field(field: &Field) -> bool {
    is_stored(&field.ty) && !is_told_otherwise(field)
}

/// Returns true if serde has to be asked for the type: it is none of those that it is known to store.
pub(super) fn is_stored(ty: &Type) -> bool {
    !is_plain(ty) && !is_string(ty) && !is_borrowed(ty)
}

fn is_string(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.is_ident("String"))
}
