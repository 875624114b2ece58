//! The graph as Rust. Nothing here reports an error: what is illegal has been said, and what is
//! left is written out as well as it can be, so that the rest of the program still finds its
//! types and an editor its completions.
//!
//! What a user names stands flat; what only the compiler needs stands in a `const _` block, where it
//! cannot meet a user's name. Both kinds take their spans from the declaration wherever rustc would
//! point at them.

mod any;
mod derives;
mod diagram;
mod docs;
mod drive;
mod durable;
mod editor;
mod graph;
mod machine;
mod names;
mod outcomes;
mod policy;
mod reader;
mod split;
mod states;
mod steps;
mod text;
mod turns;
mod typestate;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt as _, quote};

use crate::ast;
use crate::graph::Graph;
use names::Fresh;

pub(crate) use reader::Reader;

/// What the crate was built with.
#[derive(Clone, Copy)]
pub(crate) struct Features {
    pub(crate) runtime: bool,
    pub(crate) durable: bool,
}

/// The errors of a block and everything that it becomes.
pub(crate) fn generate(
    graph: &Graph<'_>,
    krate: &TokenStream,
    features: Features,
    reader: Reader,
    errors: TokenStream,
) -> TokenStream {
    let runtime = features.runtime;
    let cx = Context::new(graph, krate, features, reader);
    let mut code = TokenStream::new();
    if reader == Reader::Editor {
        code.extend(editor::completions(graph));
    }
    code.extend(errors);
    code.extend(durable::alias(&cx));
    code.extend(states::structs(&cx));
    code.extend(machine::machine(&cx, runtime));
    code.extend(outcomes::enums(&cx));
    code.extend(any::enums(&cx, runtime));
    if runtime {
        code.extend(split::types(&cx));
        code.extend(steps::handlers(&cx));
    }
    code.extend(hidden(&cx, runtime));
    if reader == Reader::Editor {
        code.extend(editor::references(graph));
    }
    code
}

/// What only the compiler needs, where it cannot meet a name of the user.
fn hidden(cx: &Context<'_>, runtime: bool) -> TokenStream {
    let span = Span::call_site();
    let (quiet, path, alias) = (quiet(), cx.private(span), cx.alias(span));
    let typestate = typestate::methods(cx);
    let drive = runtime.then(|| drive::drive(cx));
    let texts = runtime.then(|| split::texts(cx));
    let durable = durable::implementation(cx);
    quote! {
        #quiet
        const _: () = {
            use #path as #alias;

            #typestate
            #drive
            #texts
            #durable
        };
    }
}

/// What every part of the generator needs: the graph and the names to use.
struct Context<'a> {
    graph: &'a Graph<'a>,
    krate: Tokens,
    private: Tokens,
    visibility: Tokens,
    reader: Reader,
    /// The version, of a workflow whose runs can be stored.
    version: Option<u32>,
    /// The name that its runs are stored under, where one is given.
    stored_name: Option<&'a syn::LitStr>,
    /// `Order`
    workflow: Ident,
    /// `OrderInput`, or `()` for a workflow without one.
    input: Tokens,
    any: Ident,
    end: Ident,
    steps: Ident,
    /// The hidden enum of all states, without input.
    state: Ident,
    /// The type parameter for the state that a machine is in.
    here: Ident,
    fresh: Fresh,
}

impl<'a> Context<'a> {
    fn new(graph: &'a Graph<'a>, krate: &TokenStream, features: Features, reader: Reader) -> Self {
        let durable = graph.ast.attributes.durable.as_ref();
        let durable = durable.filter(|_| features.durable);
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
            graph,
            krate: Tokens::of(krate.clone()),
            private: Tokens::of(quote!(#krate::__private)),
            visibility: Tokens::of(graph.ast.visibility.to_token_stream()),
            reader,
            version: durable.map(|durable| durable.version),
            stored_name: durable.and_then(|durable| durable.name.as_ref()),
            input: Tokens(input),
            any: documented(format!("Any{name}")),
            end: documented(format!("{name}End")),
            steps: documented(format!("{name}Steps")),
            state: fresh.ident(&format!("{name}State")),
            workflow: fresh.own(&graph.ast.name, at(reader, graph.ast.name.span())),
            here: fresh.ident("S"),
            fresh,
        }
    }

    /// A span that shows where a declaration is and resolves names where the macro was called.
    ///
    /// An item whose tokens all have it is underlined at that place, not as the whole block.
    fn at(&self, declaration: Span) -> Span {
        at(self.reader, declaration)
    }

    /// The span of a handler's declaration: as the user's own code, so that a bound that is not met
    /// is no error "in the macro".
    fn handler_span(&self, name: &Ident) -> Span {
        match self.reader {
            Reader::Editor => self.at(name.span()),
            Reader::Compiler | Reader::Documentation => name.span(),
        }
    }

    /// Documentation of a generated item, for those who read it.
    fn doc(&self, text: impl FnOnce() -> String) -> Option<TokenStream> {
        (self.reader != Reader::Compiler).then(|| {
            let text = text::without_raw(text());
            quote!(#[doc = #text])
        })
    }

    /// `Order`, `AnyOrder` or the like where it is declared: an editor takes this, and no other
    /// use, for the name in the block.
    fn declared(&self, name: &Ident) -> Ident {
        let mut name = name.clone();
        name.set_span(self.graph.ast.name.span());
        name
    }

    /// The visibility of the workflow, written at `span`: an item's span reaches from its
    /// visibility to its name, and an error would underline all lines between.
    fn visibility(&self, span: Span) -> Tokens {
        self.relocate(&self.visibility, span)
    }

    /// The path of the crate, written at `span`.
    fn krate(&self, span: Span) -> Tokens {
        self.relocate(&self.krate, span)
    }

    /// The hidden part of the crate that generated code stands on, written at `span`.
    fn private(&self, span: Span) -> Tokens {
        self.relocate(&self.private, span)
    }

    /// The module of the types that compile errors print as names. It keeps them apart from the
    /// types of the same names: where letters have no case, an outcome is called like its step.
    fn names(&self, span: Span) -> Ident {
        Ident::new("__names", self.at(span))
    }

    /// The short name of [`private`](Context::private) in the hidden blocks.
    fn alias(&self, span: Span) -> Ident {
        Ident::new("__stateway", self.at(span))
    }

    fn relocate(&self, tokens: &Tokens, place: Span) -> Tokens {
        tokens.with_spans(|span| located(self.reader, span, place))
    }
}

/// A few tokens that are written again and again.
///
/// To put a `TokenStream` into another one is a call into the compiler each time; these are copied
/// without one.
struct Tokens(Vec<TokenTree>);

impl Tokens {
    fn of(tokens: TokenStream) -> Self {
        Tokens(tokens.into_iter().collect())
    }

    fn with_spans(&self, moved: impl Fn(Span) -> Span) -> Self {
        let tokens = self.0.iter().map(|token| {
            let mut token = token.clone();
            token.set_span(moved(token.span()));
            token
        });
        Tokens(tokens.collect())
    }
}

impl ToTokens for Tokens {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        for token in &self.0 {
            tokens.append(token.clone());
        }
    }
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

/// For a hidden block of code: no lint of the user's should speak of it.
fn quiet() -> Tokens {
    Tokens::of(quote! {
        #[allow(
            dead_code, deprecated, missing_docs, non_camel_case_types, non_local_definitions, private_bounds,
            private_interfaces, unreachable_code, unreachable_patterns, unreachable_pub,
            unused_qualifications, clippy::all, clippy::pedantic, clippy::nursery
        )]
    })
}

/// For functions that the user can name but did not write.
fn generated() -> Tokens {
    Tokens::of(quote! {
        #[allow(
            dead_code, deprecated, missing_docs, unreachable_code,
            clippy::all, clippy::pedantic, clippy::nursery
        )]
    })
}

/// For types that the user can name but did not write.
fn generated_type() -> Tokens {
    Tokens::of(quote!(#[allow(dead_code, deprecated, missing_docs, clippy::all)]))
}
