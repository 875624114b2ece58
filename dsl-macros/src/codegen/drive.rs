//! What a driver needs: any state as one value, and the loop that takes it from each state to the
//! next.
//!
//! The loop is generated, and not a function of the runtime that calls one transition at a time:
//! as one function over one `match` it costs a third, since no future is made, moved and dropped
//! for each transition.

use std::collections::HashSet;

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned as _;

use super::{Context, steps};
use crate::ast::Field;
use crate::graph::Transition;

pub(super) fn workflow(cx: &Context<'_>, runtime: bool) -> TokenStream {
    let (workflow, any, end, input, state) = (&cx.workflow, &cx.any, &cx.end, &cx.input, &cx.state);
    let span = cx.at(cx.workflow.span());
    let private = cx.alias(span);
    let names: Vec<_> = cx.graph.states.iter().map(|state| state.name).collect();
    let drive = runtime.then(|| drive(cx));
    quote_spanned! {span=>
        pub enum #state { #(#names(#names),)* }

        impl #private::Workflow for #workflow {
            type Input = #input;
            type State = #state;
            type Any = #any;
            type End = #end;

            const GRAPH: &'static #private::Graph = <#workflow>::GRAPH;

            fn into_parts(any: #any) -> (#input, #state) {
                match any {
                    #(#any::#names(machine) => #private::parts(machine.0, #state::#names),)*
                }
            }
        }

        #drive
    }
}

fn drive(cx: &Context<'_>) -> TokenStream {
    let (workflow, end, steps, state) = (&cx.workflow, &cx.end, &cx.steps, &cx.state);
    let span = cx.at(cx.workflow.span());
    let private = cx.alias(span);
    let context = cx.fresh.ident("C");
    let Demands { made, granted } = demands(cx, &context);
    let finals = cx
        .graph
        .states
        .iter()
        .filter(|state| state.kind.is_final())
        .map(|it| {
            let name = it.name;
            quote_spanned!(span=> #state::#name(state) => return #private::Ok(#end::#name(state)))
        });
    let steps_taken = first_steps(cx);
    let moved = steps_taken.iter().map(|(source, transition)| {
        let arm = step(cx, &context, transition);
        quote_spanned!(span=> #state::#source(state) => #arm)
    });
    // Only a block with errors has states that neither end nor are left by a step.
    let left = cx
        .graph
        .states
        .iter()
        .any(|it| !it.kind.is_final() && !steps_taken.iter().any(|(source, _)| *source == it.name))
        .then(|| quote!(_ => ::core::unreachable!(),));
    quote_spanned! {span=>
        const _: fn() = || { #made };

        impl<#context: #steps> #private::Drive<#context> for #workflow
        where
            #(#granted,)*
        {
            type Error = #context::Error;

            fn drive(
                mut state: #state,
                context: &#context,
                run: &#private::Run<Self>,
            ) -> impl #private::Future<
                Output = #private::Result<#end, #context::Error>,
            > + #private::Send {
                async move {
                    loop {
                        state = match state {
                            #(#moved,)*
                            #(#finals,)*
                            #left
                        };
                        if run.is_due_to_yield() { #private::yield_now().await; }
                    }
                }
            }
        }
    }
}

/// A state and the step that leaves it.
type Step<'a> = (&'a Ident, &'a Transition<'a>);

/// For each state the step that leaves it; the first, where a block with errors has two.
fn first_steps<'a>(cx: &'a Context<'a>) -> Vec<Step<'a>> {
    let mut first: Vec<Step<'a>> = Vec::new();
    for (transition, source) in steps::handled(cx) {
        let is_final = cx.graph.state(transition.sources[0]).kind.is_final();
        if !is_final && !first.iter().any(|(name, _)| *name == source) {
            first.push((source, transition));
        }
    }
    first
}

fn step(cx: &Context<'_>, context: &Ident, transition: &Transition<'_>) -> TokenStream {
    let name = &transition.declaration.name;
    let index = cx
        .graph
        .transitions
        .iter()
        .position(|it| std::ptr::eq(it, transition));
    let span = cx.at(transition.declaration.name.span());
    let private = cx.alias(span);
    quote_spanned! {span=>
        #private::Transition::into_state(#context::#name(context, state, run.begin(#index)).await?)
    }
}

/// What the data of the workflow must be so that a run can move between threads.
///
/// The demand is made once, at the type in the block. The driver takes it for granted by bounds
/// that name the type by way of `C`: a bound without a parameter would be checked, and blamed,
/// a second time.
struct Demands {
    made: TokenStream,
    granted: Vec<TokenStream>,
}

fn demands(cx: &Context<'_>, context: &Ident) -> Demands {
    let private = cx.alias(cx.workflow.span());
    let ast = cx.graph.ast;
    let mut seen = HashSet::new();
    let mut demands = Demands {
        made: TokenStream::new(),
        granted: Vec::new(),
    };
    let mut demand = |fields: &[Field], of: &TokenStream, what: &str, granted: &TokenStream| {
        let what = Ident::new(what, proc_macro2::Span::call_site());
        for Field { ty, .. } in fields {
            if is_plain(ty) || !seen.insert((what.clone(), ty.to_token_stream().to_string())) {
                continue;
            }
            // Outside its struct, `Self` is nothing or something else.
            let span = ty.span();
            let ty = without_self(ty.to_token_stream(), of);
            demands
                .made
                .extend(quote_spanned!(span=> #private::#what::<#ty>();));
            demands
                .granted
                .push(quote!(<#context as #private::Carry<#ty>>::Data: #granted));
        }
    };
    if let Some(input) = &ast.input {
        let granted = quote!(#private::Send + #private::Sync);
        let of = cx.input.to_token_stream();
        demand(&input.fields, &of, "demand_input", &granted);
    }
    for state in &ast.states {
        let granted = quote!(#private::Send);
        let of = state.name.to_token_stream();
        demand(
            state.fields.as_deref().unwrap_or_default(),
            &of,
            "demand_payload",
            &granted,
        );
    }
    demands
}

fn without_self(tokens: TokenStream, of: &TokenStream) -> TokenStream {
    let replaced = tokens.into_iter().map(|token| match token {
        TokenTree::Ident(ident) if ident == "Self" => of.clone(),
        TokenTree::Group(group) => {
            let mut inner = Group::new(group.delimiter(), without_self(group.stream(), of));
            inner.set_span(group.span());
            TokenTree::Group(inner).into()
        }
        other => other.into(),
    });
    replaced.collect()
}

/// Types that everyone knows to be fine: there is no need to have rustc prove it.
fn is_plain(ty: &Type) -> bool {
    const PLAIN: [&str; 16] = [
        "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16",
        "u32", "u64", "u128", "usize",
    ];
    let Type::Path(path) = ty else { return false };
    path.path
        .get_ident()
        .is_some_and(|ident| PLAIN.contains(&ident.to_string().as_str()))
}
