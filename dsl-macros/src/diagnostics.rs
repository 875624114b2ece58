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
    /// True if a name leads nowhere, or a declaration was not read.
    misshapen: bool,
    /// True if a declaration was not read, which may be a state.
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
            // A `syn::Error` tells only where it begins. Tokens that show both of its ends stand in for those that it was
            // made from.
            let ends = ends(&error).map(|end| Ident::new("mark", end));
            self.error(quote!(#(#ends)*), error.to_string());
        }
    }

    /// Reports what could not be read of a transition. All states are known, but not where it leads.
    pub(crate) fn transition(&mut self, error: &syn::Error) {
        self.misshapen = true;
        self.detail(error);
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

    /// The number of errors.
    pub(crate) fn count(&self) -> usize {
        self.errors.len()
    }

    /// Returns true if everything was read and every name resolved.
    pub(crate) fn all_is_read(&self) -> bool {
        !self.damaged && !self.misshapen
    }

    /// Returns true if every state is known.
    pub(crate) fn states_are_known(&self) -> bool {
        !self.incomplete
    }

    /// Returns true if all states and ends of transitions were read and every name resolved, so that a rule about the
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

    /// A type that stands for every type, for which this error is the reason. It is whole by then.
    pub(crate) fn unread(&self) -> syn::Type {
        unread(&syn::Error::new_spanned(&self.at, &self.message))
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

/// Where an error begins and where it ends.
pub(crate) fn ends(error: &syn::Error) -> [Span; 2] {
    let tokens = error.to_compile_error().into_iter();
    let spans: Vec<Span> = tokens.map(|token| token.span()).collect();
    let first = spans.first().copied().unwrap_or_else(|| error.span());
    [first, spans.last().copied().unwrap_or(first)]
}

/// A type in the place of one that could not be read, for which `error` is the reason.
///
/// It has the error itself as its length. rustc reports equal errors once, and accepts everything of a type that
/// depends on one.
pub(crate) fn unread(error: &syn::Error) -> syn::Type {
    let [first, last] = ends(error);
    let marks = [Ident::new("mark", first), Ident::new("mark", last)];
    let error = syn::Error::new_spanned(quote!(#(#marks)*), error.to_string());
    let error = error.into_compile_error();
    syn::Type::Verbatim(quote!(<[(); #error] as ::core::iter::IntoIterator>::Item))
}

/// `L:C` of a span, for "first declared at": the column counts from one, as in an editor.
pub(crate) fn position(span: Span) -> String {
    let start = span.start();
    format!("{}:{}", start.line, start.column + 1)
}
