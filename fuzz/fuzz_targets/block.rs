//! A block of any tokens becomes Rust for every reader, in proportion to what it says, and none makes the macro panic.
//!
//! The macro's own modules, since a crate of procedural macros cannot be linked.

#![no_main]
#![allow(dead_code)]

// The macro asks if it runs in a compiler.
extern crate proc_macro;

#[path = "../../dsl-macros/src/ast/mod.rs"]
mod ast;
#[path = "../../dsl-macros/src/tests/blocks.rs"]
mod blocks;
#[path = "../../dsl-macros/src/check/mod.rs"]
mod check;
#[path = "../../dsl-macros/src/codegen/mod.rs"]
mod codegen;
#[path = "../../dsl-macros/src/diagnostics.rs"]
mod diagnostics;
#[path = "../../dsl-macros/src/expand.rs"]
mod expand;
#[path = "../../dsl-macros/src/tests/fuzz.rs"]
mod fuzz;
#[path = "../../dsl-macros/src/graph/mod.rs"]
mod graph;
#[path = "../../dsl-macros/src/parse/mod.rs"]
mod parse;
#[path = "../../dsl-macros/src/plan/mod.rs"]
mod plan;
#[path = "../../dsl-macros/src/suggest.rs"]
mod suggest;
#[path = "../../dsl-macros/src/text.rs"]
mod text;

// The macro reads with a `syn` that knows types and no expressions. What it writes is read by one that knows all.
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::block(bytes, |code| {
    let read = full_syn::parse2::<full_syn::File>(code);
    read.map(|_| ()).map_err(|error| error.to_string())
}));
