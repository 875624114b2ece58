//! A split as constant data of the graph.

use proc_macro2::TokenStream;
use quote::quote;

use crate::ast::{Strategy, plain};
use crate::codegen::clauses;
use crate::codegen::context::Context;
use crate::graph::{ResolvedBranch, ResolvedTransition};

/// `.of(split(..))` behind a transition of the graph; nothing for another kind.
pub(in crate::codegen) fn constant(
    cx: &Context<'_>,
    transition: &ResolvedTransition<'_>,
) -> TokenStream {
    let Some(split) = transition.declaration.split() else {
        return TokenStream::new();
    };
    let private = cx.private(cx.workflow.span());
    let branches = transition.branches.iter().map(|it| branch(cx, it));
    let join = split.join.as_ref();
    let strategy = match join.map(|join| &join.strategy) {
        // Where there is none, which is reported, all it is.
        None | Some(Strategy::All) => quote!(All),
        Some(Strategy::Any) => quote!(Any),
        Some(Strategy::Quorum(count)) => {
            let count = count.value as usize;
            quote!(Quorum(#count))
        }
        Some(Strategy::Percent(count)) => {
            let count = count.value as usize;
            quote!(Percent(#count))
        }
        Some(Strategy::Settled(min)) => {
            let min = min.as_ref().map_or(0, |min| min.value as usize);
            quote!(Settled(#min))
        }
    };
    let within = join.and_then(|join| join.within.as_ref()).map(|within| {
        let milliseconds = within.milliseconds;
        quote!(.within(#milliseconds))
    });
    quote! {
        .of(#private::split(&[#(#branches),*], #private::Strategy::#strategy) #within)
    }
}

fn branch(cx: &Context<'_>, branch: &ResolvedBranch<'_>) -> TokenStream {
    let private = cx.private(cx.workflow.span());
    let declaration = branch.declaration;
    let name = plain(&declaration.name);
    let each = declaration.each.as_ref().map(|each| {
        let field = each.place();
        let at_most = each.at_most.as_ref().map_or_else(
            || quote!(#private::None),
            |count| {
                // None at a time is reported.
                let count = count.value.max(1) as usize;
                quote!(#private::Some(#count))
            },
        );
        quote!(.each(#field, #at_most))
    });
    let spawn = declaration.spawns().then(|| quote!(.spawn()));
    let policy = clauses::of_branch(cx, branch);
    quote!(#private::branch(#name) #each #spawn #policy)
}
