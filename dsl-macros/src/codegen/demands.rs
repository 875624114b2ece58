//! The demands that a workflow makes of its data, each an error at the type in the block and nowhere else, and the
//! bounds by which other generated code takes them for granted.

use std::collections::HashSet;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::context::Context;
use super::durable::is_group_stored;
use super::logs;
use super::types::{is_plain, is_stored, is_stored_field, without_self};
use crate::ast::{self, Field};
use crate::graph::StateId;
use crate::plan::Keeper;

/// Calls that compile if the data of the workflow can move between threads, be copied and be stored as the declaration needs it.
pub(super) fn demands(cx: &Context<'_>) -> TokenStream {
    let carried = carried(cx);
    let mut called = repeated(cx);
    called.extend(stored(cx));
    called.extend(kept(cx));
    called.extend(kept_outputs(cx));
    let called = (!called.is_empty()).then(|| quote!(const _: fn() = || { #called };));
    quote!(#carried #called)
}

/// A function of types that are legal if the data of the workflow is such that a run can move between threads.
///
/// The demand is made once, at the type in the block. The driver takes it for granted by bounds
/// that name the type by way of `C`: a bound without a parameter would be checked, and blamed,
/// a second time.
///
/// It is made of what a function takes and not in its body: rustc checks that before it blames the handlers for what they hold.
fn carried(cx: &Context<'_>) -> Option<TokenStream> {
    let mut seen = HashSet::new();
    let mut taken = Vec::new();
    let mut demand = |fields: &[Field], of: &TokenStream, what: &'static str| {
        for Field { ty, .. } in fields.iter().filter(|it| !it.is_group) {
            if is_plain(ty) || !seen.insert((what, ty.to_token_stream().to_string())) {
                continue;
            }
            // Outside its struct, `Self` is nothing or something else.
            let ty = without_self(ty.to_token_stream(), of);
            taken.push(demanded(cx, what, &ty, None));
        }
    };
    if let Some(input) = &cx.graph.ast.input {
        demand(&input.fields, &cx.input.to_token_stream(), "OfInput");
    }
    for id in cx.graph.ids() {
        let Some(state) = cx.graph.state(id).declaration else {
            continue;
        };
        let fields = state.fields.as_deref().unwrap_or_default();
        let is_lent = cx.plan.is_lent(id);
        demand(fields, &state.name.to_token_stream(), of_state(is_lent));
    }
    for (_, group) in cx.graph.group_types() {
        let is_lent = group.members.iter().any(|id| cx.plan.is_lent(*id));
        let group = group.declaration;
        demand(
            &group.fields,
            &group.name.to_token_stream(),
            of_state(is_lent),
        );
    }
    // Nothing is granted of outputs: where one is a `dyn Trait` or has a lifetime, such a bound is all that
    // the compiler knows of it, and not enough where it has forgotten lifetimes.
    let transitions = cx.graph.ast.transitions.iter();
    for branch in transitions.flat_map(ast::Transition::branches) {
        let output = &branch.output;
        if !is_plain(output) {
            taken.push(demanded(cx, "OfBranch", &output.to_token_stream(), None));
        }
    }
    for transition in &cx.graph.transitions {
        let declaration = transition.declaration;
        let sent = [
            (declaration.answers(), "OfAnswer"),
            (declaration.payload(), "OfSignal"),
        ];
        for (ty, what) in sent {
            if let Some(ty) = ty.filter(|ty| !is_plain(ty)) {
                let ty = ty.to_token_stream();
                taken.push(demanded(cx, what, &ty, Some(&declaration.name)));
            }
        }
    }
    (!taken.is_empty()).then(|| quote!(fn carried(#(#taken),*) {}))
}

/// A parameter of the type that is only legal if `ty` is. Its first and last tokens are where those of `ty` are, so that all of that is
/// underlined.
fn demanded(cx: &Context<'_>, what: &str, ty: &TokenStream, by: Option<&Ident>) -> TokenStream {
    let first = cx.own(ty.span());
    let last = ty.clone().into_iter().last();
    let last = last.map_or(first, |token| cx.own(token.span()));
    let (private, what) = (Ident::new("__stateway", first), Ident::new(what, first));
    let by = by.map(|name| {
        let names = cx.names(first);
        quote!(, #names::#name)
    });
    let open = quote_spanned!(first=> _: #private::#what<);
    let close = quote_spanned!(last=> >);
    quote!(#open #ty #by #close)
}

/// The demand that is made of the fields of a state.
fn of_state(is_lent: bool) -> &'static str {
    if is_lent { "OfLentState" } else { "OfState" }
}

/// Calls that compile if what signals carry can be copied where it is taken again.
fn repeated(cx: &Context<'_>) -> TokenStream {
    let mut made = TokenStream::new();
    for transition in &cx.graph.transitions {
        let declaration = transition.declaration;
        if let Some(payload) = declaration.payload()
            && declaration.is_repeated()
            && !is_plain(payload)
        {
            let (span, name) = (payload.span(), &declaration.name);
            let (private, names) = (cx.alias(span), cx.names(span));
            made.extend(
                quote_spanned!(span=> #private::demand_repeated::<#payload, #names::#name>();),
            );
        }
    }
    made
}

/// Calls that compile if what is copied is `Clone`, and if the states can be made that are entered without a handler.
fn kept(cx: &Context<'_>) -> TokenStream {
    let mut made = TokenStream::new();
    let any = &cx.any;
    // Where such a state cannot be made, that is the only error.
    let demands = |state: &Ident, span: Span| {
        let private = cx.alias(span);
        quote_spanned!(span=> #private::Made::<#state, #any>::new().demands())
    };
    for (state, keeper) in cx.plan.made() {
        let span = state.span();
        let private = cx.alias(span);
        made.extend(quote_spanned! {span=>
            use #private::NotMade as _;
            #private::demand_made::<#state, #any>();
        });
        if let Some(input) = &cx.graph.ast.input {
            let span = input.keyword.span();
            let names = cx.names(span);
            let (demands, input) = (demands(state, span), cx.input.with_spans(|_| span));
            made.extend(quote_spanned!(span=> #demands.input::<#input, #names::#keeper>();));
        }
    }
    for kept in cx.plan.kept.iter().filter(|kept| has_data(cx, kept.state)) {
        let (state, handler) = (cx.graph.state(kept.state).name, kept.keeper.name());
        let span = state.span();
        let (private, names) = (cx.alias(span), cx.names(span));
        let target = match kept.keeper {
            Keeper::Deadline(_) => cx.plan.late.as_ref().map(|late| &late.target),
            Keeper::Fallback(_, fallback) => Some(fallback.name),
            _ => None,
        };
        made.extend(if let Some(target) = target {
            let demands = demands(target, span);
            quote_spanned!(span=> #demands.state::<#state, #names::#handler>();)
        } else {
            let demand = match kept.keeper {
                Keeper::Retry(_) => "demand_kept_to_retry",
                Keeper::Catch(_) => "demand_kept_to_catch",
                Keeper::Undo(_) => "demand_kept_to_undo",
                Keeper::UndoOfEffect(_) => "demand_kept_to_undo_effect",
                _ => "demand_kept_to_interrupt",
            };
            let demand = Ident::new(demand, span);
            quote_spanned!(span=> #private::#demand::<#state, #names::#handler>();)
        });
    }
    made
}

/// Calls that compile if the outputs of branches that can be undone can be kept for that.
fn kept_outputs(cx: &Context<'_>) -> TokenStream {
    let mut made = TokenStream::new();
    for planned in &cx.plan.transitions {
        for (_, branch, handler) in planned.undone_branches() {
            let output = &branch.declaration.output;
            if !is_plain(output) {
                let span = output.span();
                let (private, names) = (cx.alias(span), cx.names(span));
                made.extend(quote_spanned! {span=>
                    #private::demand_output_kept_to_undo::<#output, #names::#handler>();
                });
            }
        }
    }
    made
}

/// Returns true if a copy of the state has something to copy: one without fields is made anew.
pub(super) fn has_data(cx: &Context<'_>, state: StateId) -> bool {
    let declaration = cx.graph.state(state).declaration;
    declaration.is_none_or(ast::State::has_fields)
}

/// The bounds by which code that holds these states takes for granted what [`demands`] checks.
pub(super) fn granted(cx: &Context<'_>, context: &Ident, states: &[StateId]) -> Vec<TokenStream> {
    let private = cx.alias(cx.workflow.span());
    // By struct and not by field: a bound that is there twice, under two names of one type, is
    // ambiguous.
    let carried = |ty: TokenStream, granted: TokenStream| quote!(<#context as #private::Carry<#ty>>::Data: #granted);
    let (send, both) = (
        quote!(#private::Send),
        quote!(#private::Send + #private::Sync),
    );
    let input = cx
        .graph
        .ast
        .input
        .as_ref()
        .map(|_| carried(cx.input.to_token_stream(), both.clone()));
    let all = carried(cx.state.to_token_stream(), send.clone());
    let mut granted: Vec<TokenStream> = input.into_iter().chain([all]).collect();
    let mut seen = HashSet::new();
    for transition in &cx.graph.transitions {
        let declaration = transition.declaration;
        for carried_type in declaration
            .payload()
            .into_iter()
            .chain(declaration.answers())
        {
            if !is_plain(carried_type) && seen.insert(carried_type.to_token_stream().to_string()) {
                granted.push(carried(carried_type.to_token_stream(), send.clone()));
            }
        }
    }
    // A handler that is called once is `Send` by its declaration, whatever it is given.
    if cx.plan.holds_states {
        let mut seen = HashSet::new();
        let states = states.iter().filter(|id| seen.insert(id.0));
        granted.extend(states.map(|id| {
            let granted = if cx.plan.is_lent(*id) { &both } else { &send };
            carried(cx.graph.state(*id).name.to_token_stream(), granted.clone())
        }));
    }
    granted
}

/// Calls that compile if everything that is stored can be.
fn stored(cx: &Context<'_>) -> TokenStream {
    let mut made = TokenStream::new();
    if cx.version.is_none() {
        return made;
    }
    let mut demand = |what: &str, fields: &[Field], of: &TokenStream| {
        let mut seen: Vec<String> = Vec::new();
        for field in fields
            .iter()
            .filter(|it| is_stored_field(it) && !it.is_group)
        {
            let span = field.ty.span();
            let private = cx.alias(span);
            let ty = without_self(field.ty.to_token_stream(), of);
            if !seen.contains(&ty.to_string()) {
                seen.push(ty.to_string());
                let what = Ident::new(what, span);
                made.extend(quote_spanned!(span=> #private::#what::<#ty, #of>();));
            }
        }
    };
    if let Some(input) = &cx.graph.ast.input {
        // Of `OrderInput` the message would say what nobody wrote.
        let of = cx.workflow.to_token_stream();
        demand("demand_stored_input", &input.fields, &of);
    }
    for state in &cx.graph.states {
        let stored = state.declaration.filter(|it| it.is_stored());
        let fields = stored.and_then(|it| it.fields.as_deref());
        let of = state.name.to_token_stream();
        demand("demand_stored", fields.unwrap_or_default(), &of);
    }
    for (_, group) in cx.graph.group_types() {
        if is_group_stored(cx, group) {
            let of = group.declaration.name.to_token_stream();
            demand("demand_stored_group", &group.declaration.fields, &of);
        }
    }
    for transition in &cx.graph.transitions {
        if let Some(answer) = transition.declaration.answers().filter(|ty| is_stored(ty)) {
            let span = answer.span();
            let (private, names) = (cx.alias(span), cx.names(span));
            let name = &transition.declaration.name;
            made.extend(
                quote_spanned!(span=> #private::demand_stored_answer::<#answer, #names::#name>();),
            );
        }
        if let Some(payload) = transition.declaration.payload()
            && is_stored(payload)
        {
            let span = payload.span();
            let (private, names) = (cx.alias(span), cx.names(span));
            let name = &transition.declaration.name;
            made.extend(
                quote_spanned!(span=> #private::demand_stored_signal::<#payload, #names::#name>();),
            );
        }
    }
    made.extend(logs::demands(cx));
    for branch in cx.graph.transitions.iter().flat_map(|it| &it.branches) {
        let output = &branch.declaration.output;
        if is_stored(output) {
            let span = output.span();
            let (private, names) = (cx.alias(span), cx.names(span));
            let name = &branch.declaration.name;
            made.extend(
                quote_spanned!(span=> #private::demand_stored_output::<#output, #names::#name>();),
            );
        }
    }
    made
}
