//! What a driver needs: any state as one value, and for each state the future of its handler.
//!
//! A turn is a plain function that picks a future, and not asynchronous itself: rustc takes several
//! times as long to check a body with an `.await` for each state.

use std::collections::HashSet;

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned as _;

use super::{Context, durable, policy, split, steps};
use crate::ast::{self, Field};
use crate::graph::{StateId, Transition};

pub(super) fn drive(cx: &Context<'_>) -> TokenStream {
    let (workflow, end, steps, state) = (&cx.workflow, &cx.end, &cx.steps, &cx.state);
    let span = cx.at(cx.workflow.span());
    let private = cx.alias(span);
    let context = cx.fresh.ident("C");
    let Demands { made, granted } = demands(cx, &context);
    let finals = cx.graph.states.iter().enumerate();
    let finals = finals.filter(|(_, state)| state.kind.is_final());
    let finals = finals.map(|(index, it)| {
        let name = it.name;
        quote_spanned!(span=> #state::#name(state) => #private::end(#end::#name(state), #index))
    });
    let steps_taken = first_steps(cx);
    let count = steps_taken.len();
    let moved = steps_taken.iter().enumerate();
    let moved = moved.map(|(index, (source, transition))| {
        let arm = forked(&private, step(cx, &context, transition), index, count);
        quote_spanned!(span=> #state::#source(state) => #private::next(#arm))
    });
    // A task holds the context for as long as it likes.
    let lasting = split::spawns(cx).then(|| quote_spanned!(span=> + 'static));
    let rollback = policy::rollback(cx, &context);
    let judge = policy::judge(cx, &context);
    let copies = policy::keeps(cx).then(|| quote_spanned!(span=> use #private::NotKept as _;));
    // Only a block with errors has states that neither end nor are left by a step, or no step at all.
    let stuck = |state: &crate::graph::State<'_>| {
        !state.kind.is_final() && !steps_taken.iter().any(|(source, _)| *source == state.name)
    };
    let left = if count == 0 {
        Some(quote!(_ => #private::next(#private::pending()),))
    } else {
        let stuck = cx.graph.states.iter().any(stuck);
        stuck.then(|| quote!(_ => ::core::unreachable!(),))
    };
    quote_spanned! {span=>
        const _: fn() = || { #made };

        #copies

        impl<#context: #steps #lasting> #private::Drive<#context> for #workflow
        where
            #(#granted,)*
        {
            type Error = #context::Error;

            fn turn<'run>(
                state: #state,
                context: &'run #context,
                run: &'run #private::Run<Self>,
            ) -> #private::Turn<
                impl #private::Future<
                    Output = #private::Result<#state, #private::Failed<#context::Error>>,
                > + #private::Send + use<'run, #context>,
                #end,
            > {
                match state {
                    #(#moved,)*
                    #(#finals,)*
                    #left
                }
            }

            #rollback
            #judge
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
        if !is_final
            && split::is_whole(cx, transition)
            && !first.iter().any(|(name, _)| *name == source)
        {
            first.push((source, transition));
        }
    }
    first
}

fn step(cx: &Context<'_>, context: &Ident, transition: &Transition<'_>) -> TokenStream {
    let name = &transition.declaration.name;
    if policy::guards(transition) {
        return policy::guarded(cx, context, transition);
    }
    let span = cx.at(transition.declaration.name.span());
    let private = cx.alias(span);
    if transition.declaration.split().is_some() {
        let body = split::body(cx, context, transition);
        let outcome = &transition.outcome;
        return quote_spanned! {span=>
            #private::split_once({
                let step = run.begin::<#outcome>();
                #body
            })
        };
    }
    quote_spanned! {span=>
        #private::once(#context::#name(context, state, run.begin()))
    }
}

/// The most branches of one fork of the runtime.
const WAYS: usize = 8;

/// Puts a future into the type that all of them share, as the one at `index` of `count`.
///
/// That type is a tree of forks: one fork for each number of futures would be as many types.
pub(super) fn forked(
    private: &Ident,
    future: TokenStream,
    index: usize,
    count: usize,
) -> TokenStream {
    if count == 1 {
        return future;
    }
    let mut share = 1;
    while share * WAYS < count {
        share *= WAYS;
    }
    let (branch, inner) = (index / share, index % share);
    let size = share.min(count - branch * share);
    let future = forked(private, future, inner, size);
    let fork = format_ident!("Fork{}", count.div_ceil(share));
    let branch = format_ident!("B{branch}");
    quote!(#private::#fork::#branch { future: #future })
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
    let mut demand = |fields: &[Field], of: &TokenStream, what: &str| {
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
        }
    };
    if let Some(input) = &ast.input {
        demand(&input.fields, &cx.input.to_token_stream(), "demand_input");
    }
    let lent = |id: StateId| {
        cx.graph
            .exits(id)
            .any(|it| it.declaration.split().is_some())
    };
    for id in cx.graph.ids() {
        let Some(state) = cx.graph.state(id).declaration else {
            continue;
        };
        let fields = state.fields.as_deref().unwrap_or_default();
        let demanded = if lent(id) {
            "demand_lent"
        } else {
            "demand_payload"
        };
        demand(fields, &state.name.to_token_stream(), demanded);
    }
    // A handler that is called once is `Send` by its declaration, whatever it is given.
    if policy::holds_states(cx) {
        // By struct and not by field: a bound that is there twice, under two names of one type, is
        // ambiguous.
        let carried = |ty: &TokenStream, granted: TokenStream| quote!(<#context as #private::Carry<#ty>>::Data: #granted);
        let both = quote!(#private::Send + #private::Sync);
        if ast.input.is_some() {
            demands
                .granted
                .push(carried(&cx.input.to_token_stream(), both.clone()));
        }
        for id in cx.graph.ids() {
            let name = cx.graph.state(id).name.to_token_stream();
            let granted = if lent(id) {
                both.clone()
            } else {
                quote!(#private::Send)
            };
            demands.granted.push(carried(&name, granted));
        }
    }
    // Nothing is granted of outputs: where one is a `dyn Trait` or has a lifetime, such a bound is all that
    // the compiler knows of it, and not enough where it has forgotten lifetimes.
    for branch in cx
        .graph
        .ast
        .transitions
        .iter()
        .flat_map(ast::Transition::branches)
    {
        let output = &branch.output;
        if !is_plain(output) {
            let made = quote_spanned!(output.span()=> #private::demand_output::<#output>(););
            demands.made.extend(made);
        }
    }
    demands.made.extend(durable::demands(cx));
    for (state, handler) in policy::kept(cx) {
        let span = state.span();
        let names = cx.names(span);
        let made = quote_spanned!(span=> #private::demand_kept::<#state, #names::#handler>(););
        demands.made.extend(made);
    }
    demands
}

/// The tokens with `Self` as what it stands for.
pub(super) fn without_self(tokens: TokenStream, of: &TokenStream) -> TokenStream {
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
pub(super) fn is_plain(ty: &Type) -> bool {
    const PLAIN: [&str; 16] = [
        "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16",
        "u32", "u64", "u128", "usize",
    ];
    let Type::Path(path) = ty else { return false };
    path.path
        .get_ident()
        .is_some_and(|ident| PLAIN.contains(&ident.to_string().as_str()))
}
