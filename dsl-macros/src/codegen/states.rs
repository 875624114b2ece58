//! A struct for each state, and one for the input.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};

use super::context::Context;
use super::derives;
use super::durable::{self, Serde};
use crate::ast::{self, Field};
use crate::graph::ResolvedGroup;
use crate::suggest;

pub(super) fn structs(cx: &Context<'_>) -> TokenStream {
    let ast = cx.graph.ast;
    let mut code = TokenStream::new();
    if let Some(input) = &ast.input {
        let name = cx.input.with_spans(|_| ast.name.span());
        let span = cx.at(input.keyword.span());
        let visibility = cx.visibility(span);
        let serde = durable::serde(cx, None, &input.fields, &name.to_token_stream());
        if let Some(any) = &input.unread {
            code.extend(quote_spanned!(span=> #visibility type #name = #any;));
        }
        let fields = fields(cx, &input.fields, &serde, span);
        let serde = &serde.attributes;
        let item = cx.input.with_spans(|_| cx.item(&ast.name).span());
        let derives = derives::for_data(&ast.attributes, None);
        let doc = cx.doc(|| format!("What a run of [`{}`] is started with.", cx.workflow));
        if input.unread.is_none() {
            code.extend(quote_spanned! {span=>
                #doc
                #[allow(missing_docs)]
                #derives
                #serde
                #visibility struct #item #fields
            });
        }
    }
    code.extend(cx.graph.group_types().map(|(_, it)| group(cx, it)));
    for state in &cx.graph.states {
        let name = state.name;
        let span = cx.at(name.span());
        let visibility = cx.visibility(span);
        let Some(declaration) = state.declaration else {
            let derives = derives::for_data(&ast.attributes, None);
            code.extend(quote_spanned!(span=> #derives #visibility struct #name;));
            continue;
        };
        let attributes = &declaration.attributes.kept;
        let mut derives = derives::for_data(&ast.attributes, Some(&declaration.attributes));
        if declaration.unread.is_some() {
            derives = derives::for_unread(&ast.attributes, &declaration.attributes);
        }
        let declared = declaration.fields.as_ref();
        let serde = if declaration.is_stored() {
            let fields = declared.map_or(&[] as &[Field], |fields| fields);
            durable::serde(
                cx,
                Some(&declaration.attributes),
                fields,
                &name.to_token_stream(),
            )
        } else {
            durable::Serde::default()
        };
        let body = match (&declaration.tuple, declared) {
            (Some(types), _) => quote_spanned!(span=> (#(#visibility #types),*);),
            (None, None) => quote_spanned!(span=> ;),
            (None, Some(declared)) => fields(cx, declared, &serde, span),
        };
        let (serde, item) = (&serde.attributes, cx.item(name));
        code.extend(quote_spanned! {span=>
            #derives #serde #(#attributes)* #visibility struct #item #body
        });
    }
    code
}

/// The data that the states of a group share.
fn group(cx: &Context<'_>, group: &ResolvedGroup<'_>) -> TokenStream {
    let ast::Group {
        attributes,
        name,
        fields: declared,
        ..
    } = group.declaration;
    let span = cx.at(name.span());
    let visibility = cx.visibility(span);
    if let Some(any) = &group.declaration.unread {
        return quote_spanned!(span=> #visibility type #name = #any;);
    }
    let serde = if durable::is_group_stored(cx, group) {
        durable::serde(cx, Some(attributes), declared, &name.to_token_stream())
    } else {
        Serde::default()
    };
    let body = fields(cx, declared, &serde, span);
    let (serde, item) = (&serde.attributes, cx.item(name));
    let derives = derives::for_data(&cx.graph.ast.attributes, Some(attributes));
    let doc = cx.doc(|| {
        let members = group.members.iter().map(|it| cx.graph.state(*it).name);
        let members: Vec<String> = members.map(|name| format!("[`{name}`]")).collect();
        format!("\nThe data that {} have.", suggest::joined(&members, "and"))
    });
    let kept = &attributes.kept;
    quote_spanned! {span=>
        #derives #serde #(#kept)* #doc #visibility struct #item #body
    }
}

fn fields(cx: &Context<'_>, fields: &[Field], serde: &Serde, span: Span) -> TokenStream {
    let fields = fields.iter().enumerate().map(|(position, field)| {
        let Field {
            attributes,
            name,
            ty,
            ..
        } = field;
        let visibility = cx.visibility(name.span());
        let serde = serde.of_fields.get(position);
        let of_group = field.is_group.then(|| {
            let doc = cx.doc(|| format!("The data of [`{}`].", ty.to_token_stream()));
            quote!(#[allow(missing_docs)] #doc)
        });
        quote!(#serde #(#attributes)* #of_group #visibility #name: #ty)
    });
    quote_spanned!(span=> { #(#fields,)* })
}
