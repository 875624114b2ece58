//! Code that only an editor reads: the names of states in the transitions, as far as they are written.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use crate::ast::plain;
use crate::graph::Graph;

/// Uses each name in a transition that is not a declared state as a variant of an enum of those
/// that are, so that an editor offers them.
///
/// rust-analyzer writes a word of its own at the cursor, expands the block with it and without,
/// and completes at the first place that the word leads to. At the same offset, the expansion
/// without it must have a place like that one. So this stands before the errors, which differ
/// between the two, and its last line is there where the word is not.
pub(super) fn completions(graph: &Graph<'_>) -> TokenStream {
    let unknown = ends(graph).filter(|name| !is_declared(graph, name));
    // Without the span of the declaration: there an editor shows the state, and not this enum.
    let declared = graph.states.iter().filter(|it| it.declaration.is_some());
    let names = declared.map(|state| state.name);
    let groups = graph.groups.iter().filter(|it| !it.is_shadowed);
    let names = names.chain(groups.map(|group| &group.declaration.name));
    let variants = names.map(|name| {
        let mut variant = name.clone();
        variant.set_span(Span::call_site());
        variant
    });
    quote! {
        const _: () = {
            enum States { #(#variants,)* }
            #(let _ = States::#unknown;)*
            let _: States;
        };
    }
}

/// Uses each state in a transition as the type that it is: from there, go-to-definition and rename
/// know it.
pub(super) fn references(graph: &Graph<'_>) -> TokenStream {
    // A group without data is no type.
    let is_box = |name: &Ident| {
        let mut groups = graph.groups.iter();
        groups.any(|it| !it.is_type() && plain(&it.declaration.name) == plain(name))
    };
    let known = ends(graph).filter(|name| is_declared(graph, name) && !is_box(name));
    quote! {
        const _: () = {
            #(let _: #known;)*
        };
    }
}

/// The states of all transitions, as they are written.
fn ends<'a>(graph: &Graph<'a>) -> impl Iterator<Item = &'a Ident> {
    let transitions = graph.ast.transitions.iter();
    transitions.flat_map(|transition| {
        let undo = transition.clauses.undo().into_iter();
        let undone = undo.flat_map(|(_, undo)| undo.handlers.iter().filter_map(|it| it.0.as_ref()));
        transition
            .sources
            .iter()
            .chain(&transition.targets)
            .chain(undone)
    })
}

fn is_declared(graph: &Graph<'_>, name: &Ident) -> bool {
    let mut states = graph.states.iter();
    let mut groups = graph.groups.iter();
    states.any(|state| state.declaration.is_some() && plain(state.name) == plain(name))
        || groups.any(|group| plain(&group.declaration.name) == plain(name))
}
