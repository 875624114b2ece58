//! The context that every part of the generator needs: the plan, and the names and spans to write it with.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, quote};

use super::names::Fresh;
use super::reader::Reader;
use super::tokens::Tokens;
use crate::ast;
use crate::graph::Graph;
use crate::plan::Plan;
use crate::text;

/// The features that the crate was built with.
#[derive(Clone, Copy)]
pub(crate) struct Features {
    pub(crate) runtime: bool,
    pub(crate) durable: bool,
}

/// The plan, the graph and the names to use.
pub(super) struct Context<'a> {
    pub(super) plan: &'a Plan<'a>,
    pub(super) graph: &'a Graph<'a>,
    pub(super) krate: Tokens,
    pub(super) private: Tokens,
    pub(super) visibility: Tokens,
    pub(super) reader: Reader,
    /// The version, of a workflow whose runs can be stored.
    pub(super) version: Option<u32>,
    /// The name that its runs are stored under, where one is given.
    pub(super) stored_name: Option<&'a syn::LitStr>,
    /// The number of history rows that a run keeps, if not all.
    pub(super) history: Option<u32>,
    /// `Order`
    pub(super) workflow: Ident,
    /// `OrderInput`, or `()` for a workflow without one.
    pub(super) input: Tokens,
    pub(super) any: Ident,
    pub(super) end: Ident,
    pub(super) steps: Ident,
    pub(super) signals: Ident,
    pub(super) logs: Ident,
    /// The hidden enum of all states, without input.
    pub(super) state: Ident,
    /// The type parameter for the state that a machine is in.
    pub(super) here: Ident,
    pub(super) fresh: Fresh,
}

impl<'a> Context<'a> {
    pub(super) fn new(
        plan: &'a Plan<'a>,
        krate: &TokenStream,
        features: Features,
        reader: Reader,
    ) -> Self {
        let graph = plan.graph;
        let durable = graph
            .ast
            .attributes
            .durable
            .as_ref()
            .filter(|_| features.durable);
        let name = &graph.ast.name;
        let fresh = Fresh::new(graph);
        let documented = |text: String| fresh.documented(&text, at(reader, name.span()));
        let name = ast::plain(name);
        let input = if graph.ast.input.is_some() {
            vec![documented(format!("{name}Input")).into()]
        } else {
            quote!(()).into_iter().collect()
        };
        Context {
            plan,
            graph,
            krate: Tokens::of(krate.clone()),
            private: Tokens::of(private(krate)),
            visibility: Tokens::of(graph.ast.visibility.to_token_stream()),
            reader,
            version: durable.map(|durable| durable.version),
            stored_name: durable.and_then(|durable| durable.name.as_ref()),
            history: durable.and_then(|durable| durable.history),
            input: Tokens(input),
            any: documented(format!("Any{name}")),
            end: documented(format!("{name}End")),
            steps: documented(format!("{name}Steps")),
            signals: documented(format!("{name}Signals")),
            logs: documented(format!("{name}Logs")),
            state: fresh.ident(&format!("{name}State")),
            workflow: fresh.own(&graph.ast.name, at(reader, graph.ast.name.span())),
            here: fresh.ident("S"),
            fresh,
        }
    }

    /// A span that shows where a declaration is and resolves names where the macro was called.
    ///
    /// An item whose tokens all have it is underlined at that place, not as the whole block.
    pub(super) fn at(&self, declaration: Span) -> Span {
        at(self.reader, declaration)
    }

    /// The span of a handler's declaration: as the user's own code, so that a bound that is not met
    /// is no error "in the macro".
    pub(super) fn handler_span(&self, name: &Ident) -> Span {
        self.own(name.span())
    }

    /// A span as the user's own code: an error there is none "in the macro".
    pub(super) fn own(&self, declaration: Span) -> Span {
        match self.reader {
            Reader::Editor => self.at(declaration),
            Reader::Compiler | Reader::Documentation => declaration,
        }
    }

    /// Documentation of a generated item, for those who read it.
    pub(super) fn doc(&self, text: impl FnOnce() -> String) -> Option<TokenStream> {
        (self.reader != Reader::Compiler).then(|| {
            let text = text::without_raw(text());
            quote!(#[doc = #text])
        })
    }

    /// `Order`, `AnyOrder` or the like where it is declared: an editor takes this, and no other
    /// use, for the name in the block.
    pub(super) fn declared(&self, name: &Ident) -> Ident {
        let mut name = name.clone();
        name.set_span(self.graph.ast.name.span());
        name
    }

    /// The name of an item, where it is declared. rustc proposes no parameters for what a macro has named: an unknown type in
    /// it would be reported twice, with this advice and without.
    pub(super) fn item(&self, name: &Ident) -> Ident {
        let mut name = name.clone();
        if self.reader == Reader::Compiler {
            name.set_span(self.at(name.span()));
        }
        name
    }

    /// The visibility of the workflow, written at `span`: an item's span reaches from its
    /// visibility to its name, and an error would underline all lines between.
    pub(super) fn visibility(&self, span: Span) -> Tokens {
        self.relocate(&self.visibility, span)
    }

    /// The path of the crate, written at `span`.
    pub(super) fn krate(&self, span: Span) -> Tokens {
        self.relocate(&self.krate, span)
    }

    /// The hidden part of the crate that generated code stands on, written at `span`.
    pub(super) fn private(&self, span: Span) -> Tokens {
        self.relocate(&self.private, span)
    }

    /// The module of the types that compile errors print as names. It keeps them apart from the
    /// types of the same names: where letters have no case, an outcome is called like its step.
    pub(super) fn names(&self, span: Span) -> Ident {
        Ident::new("__names", self.at(span))
    }

    /// The short name of [`private`](Context::private) in the hidden blocks.
    pub(super) fn alias(&self, span: Span) -> Ident {
        Ident::new("__stateway", self.at(span))
    }

    fn relocate(&self, tokens: &Tokens, place: Span) -> Tokens {
        tokens.with_spans(|span| located(self.reader, span, place))
    }
}

/// The part of the crate that generated code stands on, of the release that this macro is of.
fn private(krate: &TokenStream) -> TokenStream {
    let (major, minor) = (
        env!("CARGO_PKG_VERSION_MAJOR"),
        env!("CARGO_PKG_VERSION_MINOR"),
    );
    let module = Ident::new(&format!("__private{major}_{minor}"), Span::call_site());
    quote!(#krate::#module)
}

fn at(reader: Reader, declaration: Span) -> Span {
    located(reader, Span::call_site(), declaration)
}

/// `span` at another place; for editors where it is, since rust-analyzer takes every token that is
/// at a name for what the name stands for: hovering over it would explain `impl` and `for`.
fn located(reader: Reader, span: Span, place: Span) -> Span {
    if reader == Reader::Editor {
        span
    } else {
        span.located_at(place)
    }
}
