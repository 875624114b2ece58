//! The transitions on `AnyOrder`, whose state is not known: methods that no call of compiles, for what the error says.
//!
//! Without them rustc proposes the trait of the handlers, which has functions of the same names.

use std::collections::HashSet;

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::context::Context;
use super::reader::Reader;
use crate::ast::plain;
use crate::graph::{ANY_METHODS, ResolvedTransition};

/// The methods, for rustc alone. For the hidden block.
pub(super) fn methods(cx: &Context<'_>) -> Option<TokenStream> {
    if cx.reader != Reader::Compiler {
        return None;
    }
    let groups = cx.graph.group_types();
    let mut taken: HashSet<String> = ANY_METHODS.map(str::to_owned).into();
    taken.extend(groups.map(|(_, group)| plain(&group.declaration.field_name())));
    let transitions = cx.graph.transitions.iter();
    let methods = transitions
        .filter(|transition| taken.insert(plain(&transition.declaration.name)))
        .filter_map(|transition| method(cx, transition));
    let (any, methods) = (&cx.any, methods.collect::<Vec<_>>());
    Some(quote!(impl #any { #(#methods)* }))
}

/// The method of a transition. It takes what that of the machine takes, so that its bound is all that is wrong with a call. Its body
/// is the one that rustc checks fastest: there is nothing to drop.
fn method(cx: &Context<'_>, transition: &ResolvedTransition<'_>) -> Option<TokenStream> {
    let declaration = transition.declaration;
    let name = &declaration.name;
    let source = cx.graph.state(*transition.sources.first()?).name;
    let span = cx.at(name.span());
    let (private, names, visibility) = (cx.alias(span), cx.names(span), cx.visibility(span));
    let next = cx.fresh.ident_at("Next", span);
    let payload = declaration.payload();
    let parameter = payload.map(|ty| quote_spanned!(span=> _: #ty,));
    Some(quote_spanned! {span=>
        #visibility fn #name<#next>(
            self,
            #parameter
            _: #next,
        ) -> Self
        where
            Self: #private::InOneState<#names::#name, #source, #next>,
        {
            loop {}
        }
    })
}
