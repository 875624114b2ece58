//! A split as constant data of the graph.

use proc_macro2::TokenStream;
use quote::quote;

use crate::ast::{Count, Given, Place, Read, Strategy, plain};
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
            let count = number(count);
            quote!(Quorum(#count))
        }
        Some(Strategy::Percent(count)) => {
            let count = number(count);
            quote!(Percent(#count))
        }
        Some(Strategy::Settled(min)) => {
            let min = min.as_ref().map_or(0, number);
            quote!(Settled(#min))
        }
    };
    let mut reads = split.reads().into_iter();
    let needed = reads.find(|(read, _)| *read == Read::Needed);
    let needed = needed.map(|(_, place)| {
        let field = place.name();
        quote!(.number_in(#field))
    });
    let within = join.and_then(|join| join.within.as_ref());
    let within = within.map(|within| clauses::time(within, "within"));
    quote! {
        .of(#private::split(&[#(#branches),*], #private::Strategy::#strategy) #needed #within)
    }
}

/// The number that is written out. One in a field is named beside it.
fn number(count: &Given<Count>) -> usize {
    count.written().map_or(0, |count| count.value as usize)
}

fn branch(cx: &Context<'_>, branch: &ResolvedBranch<'_>) -> TokenStream {
    let private = cx.private(cx.workflow.span());
    let declaration = branch.declaration;
    let name = plain(&declaration.name);
    let each = declaration.each.as_ref().map(|each| {
        let field = each.place.name();
        let written = each.at_most.as_ref().and_then(Given::written);
        let at_most = written.map_or_else(
            || quote!(#private::None),
            |count| {
                // None at a time is reported.
                let count = count.value.max(1) as usize;
                quote!(#private::Some(#count))
            },
        );
        let place = each.at_most.as_ref().and_then(Given::field);
        let read = place.map(Place::name);
        let read = read.map(|field| quote!(.at_most_in(#field)));
        let value = each.value.as_ref().map(|value| {
            let name = plain(&value.name);
            quote!(.value(#name))
        });
        quote!(.each(#field, #at_most) #value #read)
    });
    let spawn = declaration.spawns().then(|| quote!(.spawn()));
    let policy = clauses::of_branch(cx, branch);
    quote!(#private::branch(#name) #each #spawn #policy)
}
