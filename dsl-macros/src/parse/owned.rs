//! Types that no run can carry: it owns its data, and holds it by value.
//!
//! rustc would say so at each of the many places where generated code holds it.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{Error, Type};

use super::expected::WithHelp as _;
use crate::text;

/// The mistakes in the type of `what`.
pub(super) fn judge(ty: &Type, what: &str) -> Option<Error> {
    let text = written(ty);
    if let Some(sized) = sized(ty) {
        let message = format!("{} must be sized", what.trim_start_matches("the type of "));
        return Some(Error::new_spanned(ty, message).with_help(&format!("write `{sized}`")));
    }
    if let Type::ImplTrait(_) = ty {
        let message = format!("{what} is one type, and `{text}` may be many");
        let help = format!("write `Box<{}>`", text.replacen("impl", "dyn", 1));
        return Some(Error::new_spanned(ty, message).with_help(&help));
    }
    if !is_borrowed(ty.to_token_stream()) {
        return None;
    }
    let message = format!("{what} is owned, and `{text}` is borrowed");
    let error = Error::new_spanned(ty, message);
    Some(match ty {
        Type::Reference(reference) if what.contains("item") => {
            let item = written(&reference.elem);
            let item = sized(&reference.elem).unwrap_or(item);
            error.with_help(&format!("items are lent anyway: write `{item}`"))
        }
        Type::Reference(reference) => {
            let owned = sized(&reference.elem).unwrap_or_else(|| written(&reference.elem));
            error.with_help(&format!("write `{owned}`"))
        }
        _ => error.with_help("own the data, such as `String` in place of `&str`"),
    })
}

/// The sized type to write in place of one that is not.
fn sized(ty: &Type) -> Option<String> {
    match ty {
        Type::Slice(slice) => Some(format!("Vec<{}>", written(&slice.elem))),
        Type::TraitObject(_) => Some(format!("Box<{}>", written(ty))),
        Type::Paren(inner) => sized(&inner.elem),
        Type::Group(inner) => sized(&inner.elem),
        Type::Path(_) => {
            // A name alone may be that of a type of the program.
            let sized = match written(ty).trim_start_matches("::") {
                "str" => "String",
                "std::path::Path" => "std::path::PathBuf",
                "std::ffi::OsStr" => "std::ffi::OsString",
                "std::ffi::CStr" => "std::ffi::CString",
                _ => return None,
            };
            Some(sized.to_owned())
        }
        _ => None,
    }
}

/// Returns true if there is a lifetime in it that is not `'static` and not its own.
fn is_borrowed(tokens: TokenStream) -> bool {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is_word = |token: &TokenTree, words: &[&str]| matches!(token, TokenTree::Ident(it) if words.iter().any(|word| it == word));
    // A function has lifetimes of its own.
    if tokens
        .iter()
        .any(|token| is_word(token, &["for", "fn", "Fn", "FnMut", "FnOnce"]))
    {
        return false;
    }
    tokens.iter().enumerate().any(|(index, token)| {
        let next = tokens.get(index + 1);
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '\'' => {
                next.is_some_and(|name| !is_word(name, &["static"]))
            }
            TokenTree::Punct(punct) if punct.as_char() == '&' => {
                !matches!(next, Some(TokenTree::Punct(it)) if it.as_char() == '\'')
            }
            TokenTree::Group(group) => {
                group.delimiter() != Delimiter::Brace && is_borrowed(group.stream())
            }
            _ => false,
        }
    })
}

fn written(ty: &Type) -> String {
    text::written(ty.to_token_stream())
}
