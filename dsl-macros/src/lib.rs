//! The macro behind `stateway::workflow!`.
//!
//! A block goes through six stages, one folder each, and every stage looks only at what the one
//! before it made: `parse` reads tokens into the `ast`, `graph` resolves names, `check` finds
//! what is illegal, `plan` decides what is driven, kept and called, and `codegen` writes Rust. Errors of all stages meet in one collector, so
//! that a block reports everything that is wrong with it at once.
//!
//! Users call the `macro_rules!` wrapper in the crate `stateway`, which adds the path of that
//! crate, whatever it is called where the block stands.

mod ast;
mod check;
mod codegen;
mod diagnostics;
mod expand;
mod graph;
mod parse;
mod plan;
mod suggest;
#[cfg(test)]
mod tests;
mod text;

/// Expands one block. Hidden behind `stateway::workflow!`.
#[doc(hidden)]
#[proc_macro]
pub fn expand(tokens: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expand::expand(tokens.into(), codegen::Reader::detect()).into()
}
