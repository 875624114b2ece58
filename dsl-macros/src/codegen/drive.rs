//! What a driver needs: any state as one value, and for each state the future of its handler.
//!
//! The runtime awaits the turns, in functions that are generic over the handlers. Rustc checks those once; a body with an
//! `.await` for each state takes it several times as long.

use std::collections::HashSet;

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned as _;

use super::turns::{self, Leaf, Taken};
use super::{Context, durable, policy, split, steps};
use crate::ast::{self, Field};
use crate::graph::{StateId, Transition};

pub(super) fn drive(cx: &Context<'_>) -> TokenStream {
    let (workflow, steps, state) = (&cx.workflow, &cx.steps, &cx.state);
    let span = cx.at(cx.workflow.span());
    let private = cx.alias(span);
    let context = cx.fresh.ident("C");
    let made = demands(cx);
    let granted = granted(cx, &context, &cx.graph.ids().collect::<Vec<_>>());
    // A task holds the context for as long as it likes.
    let lasting = split::spawns(cx).then(|| quote_spanned!(span=> + 'static));
    let leaves: Vec<Leaf> = first_steps(cx)
        .into_iter()
        .map(|(source, transition)| {
            let of_sources = transition.sources.iter().map(|source| {
                let position = source.0;
                quote!((#position, _))
            });
            Leaf {
                patterns: of_sources.collect(),
                turn: turn(cx, &context, transition, source),
                states: transition.sources.clone(),
            }
        })
        .collect();
    let is_empty = leaves.is_empty();
    let shape = turns::Shape {
        cx,
        context: &context,
        lasting: lasting.as_ref(),
        name: "turns",
        output: quote!(#private::Result<(), #private::Failed<#context::Error>>),
    };
    let (mut body, groups) = shape.pick(leaves);
    if is_empty {
        body = quote_spanned!(span=> #private::pending());
    }
    let rollback = policy::rollback(cx, &context, lasting.as_ref());
    let undos = rollback.as_ref().map(|it| &it.groups);
    let driven = rollback.as_ref().map(|it| &it.driven);
    let sent = rollback.as_ref().map(|it| &it.sent);
    let judge = policy::judge(cx, &context);
    let copies = policy::copies(cx);
    let head = quote_spanned! {span=>
        #[inline]
        fn turns<'run>(
            place: &'run mut #private::Option<#state>,
            context: &'run #context,
            run: &'run #private::Run<Self>,
        ) -> impl #private::Future<
            Output = #private::Result<(), #private::Failed<#context::Error>>,
        > + #private::Send + use<'run, #context>
    };
    quote_spanned! {span=>
        #[allow(unused_imports)]
        use #private::NotSent as _;

        const _: fn() = || { #made };

        #copies
        #groups
        #undos

        impl<#context: #steps #lasting> #private::Judge<#context> for #workflow {
            type Error = #context::Error;

            #judge
        }

        impl<#context: #steps #lasting> #private::Sent<#context> for #workflow
        where
            #(#granted,)*
        {
            #head { #body }

            #sent
        }

        impl<#context: #steps #lasting> #private::Drive<#context> for #workflow {
            #head {
                #private::Turns::<Self, #context>::new().take(place, context, run)
            }

            #driven
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

/// The transition as a turn.
fn turn(cx: &Context<'_>, context: &Ident, transition: &Transition<'_>, source: &Ident) -> Taken {
    let name = &transition.declaration.name;
    let span = cx.at(transition.declaration.name.span());
    let private = cx.alias(span);
    if policy::guards(transition) {
        return Taken::Turn(policy::guarded(cx, context, transition, source));
    }
    if transition.declaration.split().is_some() {
        let body = split::attempt(cx, context, transition, source);
        return Taken::Turn(quote_spanned!(span=> #private::Once(#body)));
    }
    Taken::Handler(quote_spanned!(span=> #context::#name))
}

/// Calls that compile if the data of the workflow is such that a run can move between threads.
///
/// The demand is made once, at the type in the block. The driver takes it for granted by bounds
/// that name the type by way of `C`: a bound without a parameter would be checked, and blamed,
/// a second time.
fn demands(cx: &Context<'_>) -> TokenStream {
    let private = cx.alias(cx.workflow.span());
    let ast = cx.graph.ast;
    let mut seen = HashSet::new();
    let mut made = TokenStream::new();
    let mut demand = |fields: &[Field], of: &TokenStream, what: &str| {
        let what = Ident::new(what, proc_macro2::Span::call_site());
        for Field { ty, .. } in fields {
            if is_plain(ty) || !seen.insert((what.clone(), ty.to_token_stream().to_string())) {
                continue;
            }
            // Outside its struct, `Self` is nothing or something else.
            let span = ty.span();
            let ty = without_self(ty.to_token_stream(), of);
            made.extend(quote_spanned!(span=> #private::#what::<#ty>();));
        }
    };
    if let Some(input) = &ast.input {
        demand(&input.fields, &cx.input.to_token_stream(), "demand_input");
    }
    for id in cx.graph.ids() {
        let Some(state) = cx.graph.state(id).declaration else {
            continue;
        };
        let fields = state.fields.as_deref().unwrap_or_default();
        let demanded = if is_lent(cx, id) {
            "demand_lent"
        } else {
            "demand_payload"
        };
        demand(fields, &state.name.to_token_stream(), demanded);
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
            let demanded = quote_spanned!(output.span()=> #private::demand_output::<#output>(););
            made.extend(demanded);
        }
    }
    made.extend(durable::demands(cx));
    for (state, handler) in policy::kept(cx) {
        let span = state.span();
        let names = cx.names(span);
        made.extend(quote_spanned!(span=> #private::demand_kept::<#state, #names::#handler>();));
    }
    made
}

/// Whether branches borrow the state.
fn is_lent(cx: &Context<'_>, id: StateId) -> bool {
    let mut exits = cx.graph.exits(id);
    exits.any(|it| it.declaration.split().is_some())
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
    let input = cx.graph.ast.input.as_ref();
    let input = input.map(|_| carried(cx.input.to_token_stream(), both.clone()));
    let all = carried(cx.state.to_token_stream(), send.clone());
    let mut granted: Vec<TokenStream> = input.into_iter().chain([all]).collect();
    // A handler that is called once is `Send` by its declaration, whatever it is given.
    if policy::holds_states(cx) {
        let mut seen = HashSet::new();
        let states = states.iter().filter(|id| seen.insert(id.0));
        granted.extend(states.map(|id| {
            let granted = if is_lent(cx, *id) { &both } else { &send };
            carried(cx.graph.state(*id).name.to_token_stream(), granted.clone())
        }));
    }
    granted
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
