//! The collector through which every error of a block goes.
//!
//! A block that is wrong in seven ways says seven things. What is already known to be broken
//! must not be blamed a second time, so the collector also remembers whether the shape of the
//! graph can still be trusted.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};

/// The errors of one block, in the order they were found.
#[derive(Default)]
pub(crate) struct Diagnostics {
    errors: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
    /// Whether a name leads nowhere, or a declaration was not read.
    misshapen: bool,
    /// Whether a declaration was not read, which may be a state.
    incomplete: bool,
    damaged: bool,
}

/// One error: where, what, and what now.
pub(crate) struct Diagnostic {
    at: TokenStream,
    message: String,
}

impl Diagnostics {
    /// Reports `message` under the tokens of `at`.
    pub(crate) fn error(
        &mut self,
        at: impl ToTokens,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.errors.push(Diagnostic {
            at: at.into_token_stream(),
            message: message.into(),
        });
        self.errors.last_mut().expect("one was just pushed")
    }

    /// Warns of `message` under the first of the tokens of `at`: the block compiles.
    pub(crate) fn warning(
        &mut self,
        at: impl ToTokens,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.warnings.push(Diagnostic {
            at: at.into_token_stream(),
            message: message.into(),
        });
        self.warnings.last_mut().expect("one was just pushed")
    }

    /// Reports what the parser could not read. The graph misses a part from here on.
    pub(crate) fn syntax(&mut self, error: &syn::Error) {
        self.misshapen = true;
        self.incomplete = true;
        self.detail(error);
    }

    /// Reports what the parser could not read and the graph does not need: all states are known, and where each
    /// transition leads.
    pub(crate) fn detail(&mut self, error: &syn::Error) {
        self.damaged = true;
        for error in error.clone() {
            // A `syn::Error` keeps only its span, so a token that shows it stands in for the
            // tokens that it was made from.
            let mark = Ident::new("mark", error.span());
            self.error(mark, error.to_string());
        }
    }

    /// Reports a name that leaves the graph incomplete: undeclared, or declared twice.
    pub(crate) fn unresolved(
        &mut self,
        at: impl ToTokens,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.misshapen = true;
        self.error(at, message)
    }

    /// Whether everything was read and every name resolved.
    pub(crate) fn all_is_read(&self) -> bool {
        !self.damaged && !self.misshapen
    }

    /// Whether every state is known.
    pub(crate) fn states_are_known(&self) -> bool {
        !self.incomplete
    }

    /// Whether all states and ends of transitions were read and every name resolved, so that a rule about the
    /// whole graph can be judged.
    pub(crate) fn graph_is_whole(&self) -> bool {
        !self.misshapen
    }

    /// Every error as a `compile_error!`, in source order, and every warning; nothing if there was none. A block with errors warns of
    /// nothing.
    pub(crate) fn finish(mut self) -> TokenStream {
        self.errors.sort_by_key(|error| {
            let start = error.span().start();
            (start.line, start.column)
        });
        if self.errors.is_empty() {
            return self.warnings.iter().map(Diagnostic::to_warning).collect();
        }
        self.errors
            .iter()
            .map(Diagnostic::to_compile_error)
            .collect()
    }

    #[cfg(test)]
    pub(crate) fn into_errors(self) -> Vec<Diagnostic> {
        self.errors
    }
}

impl Diagnostic {
    /// Says what to do about it.
    pub(crate) fn help(&mut self, help: impl AsRef<str>) -> &mut Self {
        self.line("help", help.as_ref())
    }

    /// Says what led to it.
    pub(crate) fn note(&mut self, note: impl AsRef<str>) -> &mut Self {
        self.line("note", note.as_ref())
    }

    fn line(&mut self, kind: &str, text: &str) -> &mut Self {
        self.message.push_str("\n  ");
        self.message.push_str(kind);
        self.message.push_str(": ");
        self.message.push_str(text);
        self
    }

    fn span(&self) -> Span {
        self.at
            .clone()
            .into_iter()
            .next()
            .map_or_else(Span::call_site, |token| token.span())
    }

    fn to_compile_error(&self) -> TokenStream {
        syn::Error::new_spanned(&self.at, &self.message).into_compile_error()
    }

    /// A use of something deprecated: a macro has no other way to warn.
    fn to_warning(&self) -> TokenStream {
        let (span, message) = (self.span(), &self.message);
        let workflow = Ident::new("WORKFLOW", span);
        quote! {
            const _: () = {
                #[deprecated(note = #message)]
                const WORKFLOW: () = ();
                #workflow
            };
        }
    }

    #[cfg(test)]
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    #[cfg(test)]
    pub(crate) fn start(&self) -> proc_macro2::LineColumn {
        self.span().start()
    }
}

/// `L:C` of a span, for "first declared at": the column counts from one, as in an editor.
pub(crate) fn position(span: Span) -> String {
    let start = span.start();
    format!("{}:{}", start.line, start.column + 1)
}
