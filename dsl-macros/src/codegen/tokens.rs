//! Tokens that are written again and again.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt as _, quote};

/// A few tokens that are written again and again.
///
/// To put a `TokenStream` into another one is a call into the compiler each time; these are copied
/// without one.
pub(super) struct Tokens(pub(super) Vec<TokenTree>);

impl Tokens {
    pub(super) fn of(tokens: TokenStream) -> Self {
        Tokens(tokens.into_iter().collect())
    }

    pub(super) fn with_spans(&self, moved: impl Fn(Span) -> Span) -> Self {
        let tokens = self.0.iter().map(|token| {
            let mut token = token.clone();
            token.set_span(moved(token.span()));
            token
        });
        Tokens(tokens.collect())
    }
}

impl ToTokens for Tokens {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        for token in &self.0 {
            tokens.append(token.clone());
        }
    }
}

/// For a hidden block of code: no lint of the user's should speak of it.
pub(super) fn quiet() -> Tokens {
    Tokens::of(quote! {
        #[allow(
            dead_code, deprecated, missing_docs, non_camel_case_types, non_local_definitions, private_bounds,
            private_interfaces, unreachable_code, unreachable_patterns, unreachable_pub,
            unused_qualifications, clippy::all, clippy::pedantic, clippy::nursery
        )]
    })
}

/// For functions that the user can name but did not write.
pub(super) fn generated() -> Tokens {
    Tokens::of(quote! {
        #[allow(
            dead_code, deprecated, missing_docs, unreachable_code,
            clippy::all, clippy::pedantic, clippy::nursery
        )]
    })
}

/// For types that the user can name but did not write.
pub(super) fn generated_type() -> Tokens {
    Tokens::of(quote!(#[allow(dead_code, deprecated, missing_docs, clippy::all)]))
}
