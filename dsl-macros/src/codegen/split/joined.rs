//! The type that the branches of a split are joined to, by its strategy.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};

use crate::ast::{Strategy, plain, type_name};
use crate::codegen::context::Context;
use crate::codegen::tokens::generated_type;
use crate::codegen::types::keeps_failures;
use crate::graph::ResolvedTransition;

/// The type of each split.
pub(in crate::codegen) fn types(cx: &Context<'_>) -> TokenStream {
    let splits = cx
        .graph
        .transitions
        .iter()
        .filter(|it| it.declaration.split().is_some());
    splits.map(|it| of(cx, it)).collect()
}

fn of(cx: &Context<'_>, transition: &ResolvedTransition<'_>) -> TokenStream {
    let declaration = transition.declaration;
    let span = cx.at(transition.joined.span());
    let mut joined = transition.joined.clone();
    joined.set_span(span);
    let (visibility, krate) = (cx.visibility(span), cx.krate(span));
    let generated_type = generated_type();
    let split = declaration.split();
    let strategy = split.and_then(|split| Some(&split.join.as_ref()?.strategy));
    let is_any = matches!(strategy, Some(Strategy::Any));
    let keeps_failures = keeps_failures(transition);
    let error = cx.fresh.ident_at("Error", span);
    let generics = keeps_failures.then(|| quote_spanned!(span=> <#error>));
    if let Some(any) = split.and_then(|split| split.unread.as_ref()) {
        let private = cx.private(span);
        return quote_spanned! {span=>
            #visibility type #joined<#error = ()> = <#any as #private::Carry<#error>>::Data;
        };
    }
    let branches = &transition.branches;
    let output = |branch: &crate::ast::Branch| {
        let output = &branch.output;
        if keeps_failures {
            quote_spanned!(span=> #krate::Branched<#output, #error>)
        } else {
            quote!(#output)
        }
    };
    let name = &declaration.name;
    let each = branches.iter().map(|branch| branch.declaration);
    if let Some(each) = each.clone().find(|branch| branch.each.is_some()) {
        let private = cx.private(span);
        let doc = cx.doc(|| {
            let what = match strategy {
                Some(Strategy::Any) => "The first output",
                _ if keeps_failures => "What became of each branch",
                _ => "The output of each branch",
            };
            format!("{what} of split `{name}`, in the order of its items.")
        });
        let output = output(each);
        let ty = if is_any {
            quote_spanned!(span=> #krate::First<#output>)
        } else {
            quote_spanned!(span=> #private::Vec<#output>)
        };
        return quote_spanned! {span=>
            #doc
            #[allow(dead_code, missing_docs)]
            #visibility type #joined #generics = #ty;
        };
    }
    let names = each.clone().map(|branch| &branch.name);
    let docs = each.clone().map(|branch| {
        let docs = branch.attributes.docs();
        quote!(#(#docs)*)
    });
    let outputs = each.map(output);
    let doc = cx.doc(|| match strategy {
        Some(Strategy::Any) => format!("The first output of a branch of split `{name}`."),
        _ if keeps_failures => format!("What became of each branch of split `{name}`."),
        _ => format!("The output of each branch of split `{name}`."),
    });
    if is_any {
        let names: Vec<&Ident> = names.collect();
        let variants = variants(&names);
        return quote_spanned! {span=>
            #doc
            #generated_type
            #visibility enum #joined { #(#docs #variants(#outputs),)* }
        };
    }
    quote_spanned! {span=>
        #doc
        #generated_type
        #visibility struct #joined #generics { #(#docs #visibility #names: #outputs,)* }
    }
}

/// The text of what is joined. Outputs without one are left out: nobody could be asked to write it.
pub(in crate::codegen) fn texts(cx: &Context<'_>) -> TokenStream {
    let splits = cx.graph.transitions.iter();
    let named = splits.filter(|transition| {
        let mut branches = transition.declaration.branches();
        let split = transition.declaration.split();
        split.is_some_and(|split| split.unread.is_none())
            && branches.all(|branch| branch.each.is_none())
    });
    named.map(|transition| text(cx, transition)).collect()
}

fn text(cx: &Context<'_>, transition: &ResolvedTransition<'_>) -> TokenStream {
    let span = cx.at(transition.joined.span());
    let private = cx.alias(span);
    let mut joined = transition.joined.clone();
    joined.set_span(span);
    let name = plain(&joined);
    let declared = transition.branches.iter().map(|it| &it.declaration.name);
    let names: Vec<&Ident> = declared.collect();
    let split = transition.declaration.split();
    let strategy = split.and_then(|split| Some(&split.join.as_ref()?.strategy));
    let (generics, of) = if keeps_failures(transition) {
        let error = cx.fresh.ident_at("Error", span);
        (quote!(<#error: ::core::fmt::Debug>), quote!(<#error>))
    } else {
        (TokenStream::new(), TokenStream::new())
    };
    let body = if matches!(strategy, Some(Strategy::Any)) {
        let variants = variants(&names);
        let texts = variants.iter().map(plain);
        quote! {
            match self {
                #(#joined::#variants(output) => {
                    f.debug_tuple(#texts).field(#private::MaybeDebug(output).shown()).finish()
                })*
            }
        }
    } else {
        let texts = names.iter().map(|name| plain(name));
        quote! {
            f.debug_struct(#name)
                #(.field(#texts, #private::MaybeDebug(&self.#names).shown()))*
                .finish()
        }
    };
    quote_spanned! {span=>
        impl #generics ::core::fmt::Debug for #joined #of {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                #[allow(unused_imports)]
                use #private::NotDebug as _;

                #body
            }
        }
    }
}

/// `Credit` for `credit`. Where a name gives none, or one that is taken, which is reported, another
/// stands in.
pub(super) fn variants(branches: &[&Ident]) -> Vec<Ident> {
    let mut variants: Vec<Ident> = Vec::new();
    for (position, branch) in branches.iter().enumerate() {
        let free = type_name(branch).filter(|name| !variants.contains(name));
        let other = || Ident::new(&format!("Branch{position}"), branch.span());
        variants.push(free.unwrap_or_else(other));
    }
    variants
}
