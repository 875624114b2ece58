//! The fields that clauses read, as the runtime takes them: `Numbers::new().timeout(&state.limit)`.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};

use super::context::Context;
use super::types;
use crate::ast::{Place, Reads};
use crate::graph::{Found, GroupId, ResolvedTransition, StateId};

/// Where the fields are.
#[derive(Clone, Copy)]
pub(super) struct Of {
    pub(super) state: StateId,
    /// The group by which the declaration names the state.
    pub(super) by: Option<GroupId>,
    pub(super) input: InputIn,
}

/// The variable that has the input, or lends it.
#[derive(Clone, Copy)]
pub(super) enum InputIn {
    /// `input`
    Input,
    /// `step.input()`
    Step,
    /// `branch.input()`
    Branch,
    /// `undo.input()`
    Undo,
}

/// The numbers, read of the state in the variable `state` and of the input.
pub(super) fn numbers(cx: &Context<'_>, reads: &Reads<'_>, of: Of) -> TokenStream {
    let private = cx.alias(cx.at(cx.workflow.span()));
    let reads = reads.iter().filter_map(|(read, place)| {
        let span = cx.at(place.field.span());
        let method = Ident::new(read.method(), span);
        let field = self::place(cx, place, of)?;
        Some(quote_spanned!(span=> .#method(&#field)))
    });
    quote!(#private::Numbers::new() #(#reads)*)
}

/// One field; `None` if it is not there, which is reported.
pub(super) fn place(cx: &Context<'_>, place: &Place, of: Of) -> Option<TokenStream> {
    let span = cx.at(place.field.span());
    let Found { field, path } = cx.graph.place(of.state, of.by, place)?;
    // Under the name that it has there, with or without `r#`.
    let mut name = field.name.clone();
    name.set_span(span);
    if place.input.is_some() {
        // All of it at the place of the field, so that an error points there.
        return Some(match of.input {
            InputIn::Input => quote_spanned!(span=> input.#name),
            InputIn::Step => quote_spanned!(span=> step.input().#name),
            InputIn::Branch => quote_spanned!(span=> branch.input().#name),
            InputIn::Undo => quote_spanned!(span=> undo.input().#name),
        });
    }
    Some(quote_spanned!(span=> state #(.#path)*.#name))
}

/// The function that reads the fields of the state which a transition leaves, and of the input.
pub(super) fn of_source(
    cx: &Context<'_>,
    transition: &ResolvedTransition<'_>,
    reads: &Reads<'_>,
) -> TokenStream {
    let source = types::state(cx, transition, &transition.sources);
    let of = |position: usize| Of {
        state: transition.sources[position],
        by: transition.by_group[position],
        input: InputIn::Input,
    };
    if let [_] = transition.sources.as_slice() {
        return function(cx, source, reads, &numbers(cx, reads, of(0)));
    }
    let arms = transition.sources.iter().enumerate();
    let arms = arms.map(|(position, state)| {
        let name = cx.graph.state(*state).name;
        let pattern = if reads_state(reads) {
            quote!(state)
        } else {
            quote!(_)
        };
        let numbers = numbers(cx, reads, of(position));
        quote!(#source::#name(#pattern) => #numbers,)
    });
    let body = quote!(match state { #(#arms)* });
    let span = cx.at(cx.workflow.span());
    let input = parameter(cx, reads);
    let ty = &cx.input;
    quote_spanned!(span=> |state: &#source, #input: &#ty| #body)
}

/// The function that reads the fields of the state which a transition led to, and of the input.
pub(super) fn of_target(cx: &Context<'_>, target: StateId, reads: &Reads<'_>) -> TokenStream {
    let of = Of {
        state: target,
        by: None,
        input: InputIn::Input,
    };
    let state = cx.graph.state(target).name;
    function(cx, state, reads, &numbers(cx, reads, of))
}

fn function(
    cx: &Context<'_>,
    state: &Ident,
    reads: &Reads<'_>,
    numbers: &TokenStream,
) -> TokenStream {
    let span = cx.at(cx.workflow.span());
    let name = if reads_state(reads) {
        quote_spanned!(span=> state)
    } else {
        quote_spanned!(span=> _)
    };
    let (input, ty) = (parameter(cx, reads), &cx.input);
    quote_spanned!(span=> |#name: &#state, #input: &#ty| #numbers)
}

/// The name of the parameter for the input.
fn parameter(cx: &Context<'_>, reads: &Reads<'_>) -> TokenStream {
    let span = cx.at(cx.workflow.span());
    if reads.iter().any(|(_, place)| place.input.is_some()) {
        quote_spanned!(span=> input)
    } else {
        quote_spanned!(span=> _)
    }
}

fn reads_state(reads: &Reads<'_>) -> bool {
    reads.iter().any(|(_, place)| place.input.is_none())
}
