//! The states that a transition leaves, as an enum, where its handler takes one of several.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};

use super::context::Context;
use super::derives;
use super::tokens::{generated, generated_type};
use crate::ast::plain;
use crate::graph::ResolvedTransition;

/// The enums.
pub(super) fn enums(cx: &Context<'_>) -> TokenStream {
    let several = cx.graph.transitions.iter().filter(|it| it.leaves_several());
    several
        .map(|transition| of_transition(cx, transition))
        .collect()
}

fn of_transition(cx: &Context<'_>, transition: &ResolvedTransition<'_>) -> TokenStream {
    let (generated_type, derives) = (
        generated_type(),
        derives::for_wrapper(&cx.graph.ast.attributes),
    );
    let from = &transition.from;
    let span = cx.at(from.span());
    let visibility = cx.visibility(span);
    let declaration = transition.declaration;
    let doc = cx.doc(|| {
        format!(
            "What {} `{}` leaves.",
            declaration.kind.keyword(),
            declaration.name
        )
    });
    let sources = transition
        .sources
        .iter()
        .map(|source| cx.graph.state(*source).name);
    if let Some(any) = transition.unread_source() {
        return quote_spanned!(span=> #visibility type #from = #any;);
    }
    let groups = groups(cx, transition);
    quote_spanned! {span=>
        #doc
        #generated_type
        #derives
        #visibility enum #from { #(#sources(#sources),)* }

        #groups
    }
}

/// The methods that give the data of the groups which every one of the states stands in.
fn groups(cx: &Context<'_>, transition: &ResolvedTransition<'_>) -> Option<TokenStream> {
    let (from, generated) = (&transition.from, generated());
    let methods = cx.graph.left_groups(transition).map(|(id, group)| {
        let name = &group.declaration.name;
        let span = cx.at(name.span());
        let visibility = cx.visibility(span);
        let method = group.declaration.field_name();
        let into = format_ident!("into_{}", plain(&method), span = method.span());
        let sources = transition.sources.iter();
        let (states, paths): (Vec<_>, Vec<_>) = sources
            .map(|source| {
                let path = cx.graph.path_to(*source, id).unwrap_or_default();
                (cx.graph.state(*source).name, quote!(#(.#path)*))
            })
            .unzip();
        let (doc, into_doc) = (
            cx.doc(|| format!("The data of group [`{name}`].")),
            cx.doc(|| format!("The data of group [`{name}`], taken out of the state.")),
        );
        quote_spanned! {span=>
            #doc
            #[must_use]
            #visibility fn #method(&self) -> &#name {
                match self { #(#from::#states(state) => &state #paths,)* }
            }

            #into_doc
            #[must_use]
            #visibility fn #into(self) -> #name {
                match self { #(#from::#states(state) => state #paths,)* }
            }
        }
    });
    let methods: TokenStream = methods.collect();
    let span = cx.at(from.span());
    (!methods.is_empty()).then(|| {
        quote_spanned! {span=>
            #generated
            impl #from { #methods }
        }
    })
}

/// The implementations that take such an enum out of the state of a run, and copy it. For the hidden block.
pub(super) fn implementations(cx: &Context<'_>) -> TokenStream {
    let (workflow, state) = (&cx.workflow, &cx.state);
    let span = cx.at(workflow.span());
    let private = cx.alias(span);
    let several = cx.graph.transitions.iter().filter(|it| it.leaves_several());
    let several = several.filter(|it| it.unread_source().is_none());
    let implementations = several.map(|transition| {
        let from = &transition.from;
        let sources: Vec<_> = transition
            .sources
            .iter()
            .map(|source| cx.graph.state(*source).name)
            .collect();
        let is_kept = cx.plan.transitions.iter().any(|planned| {
            std::ptr::eq(planned.transition, transition) && (planned.keeps_source() || planned.in_doubt.is_some())
        });
        let copied = is_kept.then(|| {
            quote_spanned! {span=>
                impl #private::Copied for #from {
                    fn copied(&self) -> Self {
                        match self {
                            #(#from::#sources(state) => #from::#sources(#private::Copied::copied(state)),)*
                        }
                    }
                }
            }
        });
        quote_spanned! {span=>
            impl #private::TakenFrom<#workflow> for #from {
                fn taken(place: &mut #private::Option<#state>) -> Self {
                    match place.take() {
                        #(#private::Some(#state::#sources(state)) => #from::#sources(state),)*
                        _ => #private::nothing_is_left(()),
                    }
                }
            }

            #copied
        }
    });
    implementations.collect()
}
