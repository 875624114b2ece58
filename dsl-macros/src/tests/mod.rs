//! White-box tests of the pipeline: what it does to damaged blocks, and what it writes.

mod blocks;
mod deletions;
mod expansion;
mod fuzz;
mod fuzz_bodies;
mod large;
mod names;
mod slips;
mod slips_legal;
mod sources;
mod together;

use proc_macro2::TokenStream;
use quote::quote;

use crate::codegen::Reader;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::plan::Plan;
use crate::{check, codegen, graph, parse};

/// Runs the pipeline on the content of a block.
fn expand(block: TokenStream, reader: Reader) -> (Vec<Diagnostic>, TokenStream) {
    let mut diagnostics = Diagnostics::default();
    let code = parse::parse(block, &mut diagnostics).map(|ast| {
        let graph = graph::resolve(&ast, &mut diagnostics);
        check::check(&graph, true, &mut diagnostics);
        let krate = quote!(stateway);
        let features = codegen::Features {
            runtime: true,
            durable: true,
        };
        codegen::generate(
            &Plan::of(&graph),
            &krate,
            features,
            reader,
            TokenStream::new(),
        )
    });
    (diagnostics.into_errors(), code.unwrap_or_default())
}
