//! A branch of a durable run: its output is stored when it ends.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::Type;

use crate::ast::is_borrowed;
use crate::codegen::context::Context;

/// Around the call of a branch's handler: its output is stored, and not asked for again after a restart.
pub(super) fn remembered(
    cx: &Context<'_>,
    span: Span,
    output: &Type,
    call: TokenStream,
) -> TokenStream {
    if cx.version.is_none() || is_borrowed(output) {
        return call;
    }
    let private = cx.alias(span);
    quote_spanned! {span=>
        #private::remembered(
            &branch,
            |bytes, codec| #private::Stored::<#output>(#private::None).decode(bytes, codec, #private::identity),
            |output, codec| #private::Stored(#private::Some(output)).encode(codec),
            async { #call },
        )
        .await
    }
}
