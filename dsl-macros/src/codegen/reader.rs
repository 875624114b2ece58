//! The readers of the expansion. rustc, rustdoc and editors want some parts in different words.
//!
//! A proc macro cannot see the `cfg`s of the crate it expands, and to write every such part in all
//! versions would cost each `cargo check` a third of the expansion. The program that runs the macro
//! tells it as well.

use std::sync::OnceLock;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reader {
    Compiler,
    Documentation,
    Editor,
}

impl Reader {
    /// The program that this macro runs in. One that is not known is taken for the compiler, whose
    /// version is right for all of them; documentation and completion are only less precise.
    pub(crate) fn detect() -> Self {
        static READER: OnceLock<Reader> = OnceLock::new();
        *READER.get_or_init(|| {
            let program = std::env::current_exe().unwrap_or_default();
            let name = program.file_stem().unwrap_or_default().to_string_lossy();
            if name.starts_with("rust-analyzer") {
                Reader::Editor
            } else if name == "rustdoc" {
                Reader::Documentation
            } else {
                Reader::Compiler
            }
        })
    }
}
