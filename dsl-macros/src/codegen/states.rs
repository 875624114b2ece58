//! A struct for each state, and one for the input.

use proc_macro2::TokenStream;
use quote::quote;

use super::{Context, derives};
use crate::ast::Field;

pub(super) fn structs(cx: &Context<'_>) -> TokenStream {
    let ast = cx.graph.ast;
    let visibility = &ast.visibility;
    let mut code = TokenStream::new();
    if let Some(input) = &ast.input {
        let name = &cx.input;
        let fields = fields(cx, &input.fields);
        let derives = derives::for_data(&ast.attributes, None);
        let doc = format!("What a run of [`{}`] is started with.", cx.workflow);
        code.extend(quote! {
            #[doc = #doc]
            #derives
            #visibility struct #name #fields
        });
    }
    for state in &cx.graph.states {
        let name = state.name;
        let Some(declaration) = state.declaration else {
            code.extend(quote!(#visibility struct #name;));
            continue;
        };
        let attributes = &declaration.attributes.kept;
        let derives = derives::for_data(&ast.attributes, Some(&declaration.attributes));
        let declared = declaration.fields.as_ref();
        let body = declared.map_or_else(|| quote!(;), |declared| fields(cx, declared));
        code.extend(quote!(#(#attributes)* #derives #visibility struct #name #body));
    }
    code
}

fn fields(cx: &Context<'_>, fields: &[Field]) -> TokenStream {
    let visibility = &cx.graph.ast.visibility;
    let fields = fields.iter().map(|field| {
        let Field {
            attributes,
            name,
            ty,
        } = field;
        quote!(#(#attributes)* #visibility #name: #ty)
    });
    quote!({ #(#fields,)* })
}
