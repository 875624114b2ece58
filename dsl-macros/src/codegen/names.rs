//! Names for what the user does not name: they must not shadow a word of the block.

use std::collections::HashSet;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;

use crate::ast::{TransitionKind, plain};
use crate::graph::Graph;

/// Every word that the block uses, so that a generated name can avoid it.
pub(super) struct Fresh {
    used: HashSet<String>,
    /// The names that the user gave to types.
    types: HashSet<String>,
}

impl Fresh {
    pub(super) fn new(graph: &Graph<'_>) -> Self {
        let ast = graph.ast;
        let states = graph.states.iter().map(|state| plain(state.name));
        let outcomes = graph
            .transitions
            .iter()
            .map(|transition| plain(&transition.outcome));
        let splits = graph
            .transitions
            .iter()
            .filter(|it| it.declaration.split().is_some());
        let joined = splits.map(|transition| plain(&transition.joined));
        let left = graph.transitions.iter().filter(|it| it.leaves_several());
        let left = left.map(|transition| plain(&transition.from));
        let groups = graph.group_types();
        let groups = groups.map(|(_, group)| plain(&group.declaration.name));
        let types = states.chain(outcomes).chain(joined).chain(left);
        let types: HashSet<String> = types.chain(groups).collect();
        let mut used = types.clone();
        used.insert(plain(&ast.name));
        let of_states = ast.states.iter().filter_map(|state| state.fields.as_ref());
        let of_input = ast.input.iter().map(|input| &input.fields);
        let of_groups = ast.groups.iter().map(|group| &group.fields);
        for field in of_states.chain(of_input).chain(of_groups).flatten() {
            words(field.ty.to_token_stream(), &mut used);
        }
        for log in &ast.logs {
            words(log.entry.to_token_stream(), &mut used);
        }
        for transition in &ast.transitions {
            payloads(&transition.kind, &mut used);
        }
        Fresh { used, types }
    }

    /// A type of the documented name, unless a state or an outcome took it. That is reported, and
    /// the generated code must not fail on it a second time.
    pub(super) fn documented(&self, name: &str, span: Span) -> Ident {
        let mut name = name.to_owned();
        while self.types.contains(&name) {
            name.push('_');
        }
        Ident::new(&name, span)
    }

    /// The machine's name as it is written, unless a state or an outcome took it.
    pub(super) fn own(&self, name: &Ident, span: Span) -> Ident {
        let mut own = if self.types.contains(&plain(name)) {
            self.documented(&plain(name), span)
        } else {
            name.clone()
        };
        own.set_span(span);
        own
    }

    /// `name`, with as many underscores as it takes to differ from every word of the block.
    pub(super) fn ident(&self, name: &str) -> Ident {
        self.ident_at(name, Span::call_site())
    }

    pub(super) fn ident_at(&self, name: &str, span: Span) -> Ident {
        let mut name = name.to_owned();
        while self.used.contains(&name) {
            name.push('_');
        }
        Ident::new(&name, span)
    }
}

fn payloads(kind: &TransitionKind, used: &mut HashSet<String>) {
    match kind {
        TransitionKind::Signal(signal) => {
            words(signal.payload.to_token_stream(), used);
            words(signal.answers.to_token_stream(), used);
        }
        TransitionKind::Split(split) => {
            for branch in &split.branches {
                words(branch.output.to_token_stream(), used);
                if let Some(each) = &branch.each {
                    words(each.item.to_token_stream(), used);
                    let value = each.value.as_ref().map(|value| &value.ty);
                    words(value.to_token_stream(), used);
                }
            }
        }
        TransitionKind::Step
        | TransitionKind::Timer { .. }
        | TransitionKind::Poll { .. }
        | TransitionKind::Deadline(_) => {}
    }
}

fn words(tokens: TokenStream, used: &mut HashSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => {
                used.insert(plain(&ident));
            }
            TokenTree::Group(group) => words(group.stream(), used),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}
