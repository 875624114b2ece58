//! `OrderLogs`: a method for each log, on whatever has the logs of a run.

use std::collections::HashSet;

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::context::Context;
use super::tokens::generated_type;
use super::types::is_stored;
use crate::ast::{self, is_borrowed, plain};
use crate::text;

/// The logs that are methods, with their positions: of two that are called alike, which is reported, the first.
fn logs<'a>(cx: &Context<'a>) -> impl Iterator<Item = (usize, &'a ast::Log)> + use<'a> {
    let mut seen = HashSet::new();
    let logs = cx.graph.ast.logs.iter().enumerate();
    logs.filter(move |(_, log)| seen.insert(plain(&log.name)))
}

pub(super) fn methods(cx: &Context<'_>) -> Option<TokenStream> {
    if cx.graph.ast.logs.is_empty() {
        return None;
    }
    let span = cx.at(cx.workflow.span());
    let (workflow, visibility) = (&cx.workflow, cx.visibility(span));
    let (krate, generated_type) = (cx.krate(span), generated_type());
    let (name, receiver) = (&cx.logs, cx.fresh.ident("R"));
    let declared = cx.declared(name);
    let doc = cx.doc(|| {
        format!("The logs of [`{workflow}`], on what its handlers see of a run and on the handle of a stored one.")
    });
    let methods = logs(cx).map(|(position, log)| {
        let (name, entry) = (&log.name, &log.entry);
        let at = cx.at(entry.span());
        let krate = cx.krate(at);
        let attributes = log.attributes.of_handler();
        let doc = cx.doc(|| format!("\nThe log `{name}`."));
        quote_spanned! {at=>
            #(#attributes)*
            #doc
            fn #name(&self) -> <Self as #krate::log::Logs<#workflow>>::Log<'_, #entry> {
                #krate::log::Logs::log(self, #position)
            }
        }
    });
    Some(quote_spanned! {span=>
        #doc
        #generated_type
        #visibility trait #declared: #krate::log::Logs<#workflow> {
            #(#methods)*
        }

        impl<#receiver: #krate::log::Logs<#workflow>> #name for #receiver {}
    })
}

/// The part of the graph that names them.
pub(super) fn constant(cx: &Context<'_>) -> Option<TokenStream> {
    let logs = cx.graph.ast.logs.iter().map(|log| {
        let (name, entry) = (plain(&log.name), text::written(log.entry.to_token_stream()));
        quote!(log(#name, #entry))
    });
    (!cx.graph.ast.logs.is_empty()).then(|| quote!(.logs(&[#(#logs),*])))
}

/// Calls that compile if their entries can be stored.
pub(super) fn demands(cx: &Context<'_>) -> TokenStream {
    let stored = logs(cx).filter(|(_, log)| is_stored(&log.entry));
    let demands = stored.map(|(_, log)| {
        let (name, entry) = (&log.name, &log.entry);
        let span = entry.span();
        let (private, names) = (cx.alias(span), cx.names(span));
        quote_spanned!(span=> #private::demand_stored_log::<#entry, #names::#name>();)
    });
    demands.collect()
}

/// The functions that store entries and read them again.
pub(super) fn stored(cx: &Context<'_>) -> Option<TokenStream> {
    let span = cx.at(cx.workflow.span());
    let private = cx.alias(span);
    let (mut encoded, mut decoded) = (TokenStream::new(), TokenStream::new());
    for (position, log) in logs(cx).filter(|(_, log)| !is_borrowed(&log.entry)) {
        let entry = &log.entry;
        encoded.extend(quote! {
            #position => #private::LoggedEntries::<#entry>::new().encoded(logs, #position, |entry| {
                #private::Stored(#private::Some(entry)).encode(codec)
            }),
        });
        decoded.extend(quote! {
            #position => #private::Stored::<#entry>(#private::None)
                .decode(bytes, codec, |entry| #private::LoggedEntries::<#entry>::new().restore(logs, #position, entry)),
        });
    }
    (!encoded.is_empty()).then(|| {
        quote_spanned! {span=>
            fn encode_log(
                position: usize,
                logs: &#private::RunLogs,
                codec: &dyn #private::Codec,
            ) -> #private::Result<#private::Vec<#private::Vec<u8>>, #private::CodecError> {
                use #private::NotLogged as _;

                match position {
                    #encoded
                    _ => #private::never_stored(),
                }
            }

            fn decode_log(
                position: usize,
                bytes: &[u8],
                logs: &#private::RunLogs,
                codec: &dyn #private::Codec,
            ) -> #private::Result<(), #private::CodecError> {
                use #private::NotLogged as _;

                match position {
                    #decoded
                    _ => #private::never_stored(),
                }
            }
        }
    })
}
