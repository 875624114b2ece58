//! The breaker and the limiter that stand before a call, of a transition or of a branch.

use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;

use super::context::Context;

/// The expression for the gate before the calls of the handler `name`.
pub(super) fn gate(
    cx: &Context<'_>,
    context: &Ident,
    name: &Ident,
    breaker: Option<&Ident>,
    limit: Option<&Ident>,
) -> TokenStream {
    let span = cx.at(name.span());
    let private = cx.alias(span);
    let mut gate = if let Some(method) = breaker {
        quote_spanned!(span=> #context::#method(context))
    } else {
        quote_spanned!(span=> #private::NoGate)
    };
    if let Some(method) = limit {
        gate = quote_spanned!(span=> #private::Limited(#gate, #context::#method(context)));
    }
    gate
}
