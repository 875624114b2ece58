//! The functions of the trait that are the branches of a split.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens as _, quote_spanned};

use super::super::{Context, names, steps, text};
use crate::graph::{Branch, Transition};

/// The handlers of the branches of a transition that leaves `source`.
pub(in crate::codegen) fn handlers(
    cx: &Context<'_>,
    transition: &Transition<'_>,
    source: &Ident,
) -> TokenStream {
    let handled = transition.branches.iter().filter(|it| it.is_handled);
    handled
        .map(|branch| handler(cx, transition, branch, source))
        .collect()
}

fn handler(
    cx: &Context<'_>,
    transition: &Transition<'_>,
    branch: &Branch<'_>,
    source: &Ident,
) -> TokenStream {
    let declaration = branch.declaration;
    let name = &declaration.name;
    let (span, krate) = (cx.handler_span(name), cx.krate(name.span()));
    let (split, outcome) = (&transition.declaration.name, &transition.outcome);
    let output = &declaration.output;
    let doc = cx.doc(|| {
        let output = text::written(output.to_token_stream());
        let keyword = &declaration.keyword;
        format!(
            "\n{keyword} `{name}` of split `{split}`, which leaves [`{source}`]: gives `{output}`."
        )
    });
    let mut taken = vec!["branch".to_owned()];
    let item = declaration.each.as_ref().map(|each| {
        let ty = &each.item;
        let item = names::of_variable(name, &taken);
        taken.push(item.to_string());
        quote_spanned!(span=> #item: &#ty,)
    });
    let state = names::parameter(source, &taken);
    let arguments = quote_spanned! {span=>
        (&self, #state: &#source, #item branch: &#krate::Branch<#outcome>)
    };
    let attributes = declaration.attributes.of_handler();
    let head = quote_spanned!(span=> #(#attributes)* #doc);
    steps::asynchronous(cx, &head, name, &arguments, &output.to_token_stream())
}
