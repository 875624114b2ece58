//! The pipeline: tokens, declaration, graph, checks, plan, code.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::quote;

use crate::codegen::Reader;
use crate::diagnostics::Diagnostics;
use crate::plan::Plan;
use crate::{check, codegen, graph, parse};

/// Expands `(path of the crate `stateway`) features { block }` for one reader.
pub(crate) fn expand(tokens: TokenStream, reader: Reader) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    let Some(invocation) = Invocation::read(tokens) else {
        // Only a macro that calls `expand` itself can get here.
        return quote!(::core::compile_error! { "call `stateway::workflow!` instead" });
    };
    let Some(ast) = parse::parse(invocation.block, &mut diagnostics) else {
        return diagnostics.finish();
    };
    let graph = graph::resolve(&ast, &mut diagnostics);
    check::check(&graph, invocation.durable, &mut diagnostics);
    codegen::generate(
        &Plan::of(&graph),
        &invocation.krate,
        codegen::Features {
            runtime: invocation.runtime,
            durable: invocation.durable,
        },
        reader,
        diagnostics.finish(),
    )
}

/// The arguments that the wrapper macro in `stateway` passes.
struct Invocation {
    krate: TokenStream,
    runtime: bool,
    durable: bool,
    block: TokenStream,
}

impl Invocation {
    fn read(tokens: TokenStream) -> Option<Self> {
        let mut tokens = tokens.into_iter();
        let krate = group(tokens.next()?, Delimiter::Parenthesis)?.stream();
        let (mut runtime, mut durable) = (false, false);
        loop {
            match tokens.next()? {
                TokenTree::Ident(feature) if feature == "runtime" => runtime = true,
                TokenTree::Ident(feature) if feature == "durable" => durable = true,
                token => {
                    return Some(Invocation {
                        krate,
                        runtime,
                        durable,
                        block: group(token, Delimiter::Brace)?.stream(),
                    });
                }
            }
        }
    }
}

fn group(token: TokenTree, delimiter: Delimiter) -> Option<Group> {
    match token {
        TokenTree::Group(group) if group.delimiter() == delimiter => Some(group),
        _ => None,
    }
}
