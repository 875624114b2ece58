//! `AnyOrder`, the machine in whichever state, and `OrderEnd`, the final states.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

use super::context::Context;
use super::tokens::{generated, generated_type};
use super::{derives, machine};
use crate::ast::plain;
use crate::graph::ANY_METHODS;

pub(super) fn enums(cx: &Context<'_>, runtime: bool) -> TokenStream {
    let mut code = any(cx, runtime);
    code.extend(end(cx));
    code
}

fn any(cx: &Context<'_>, runtime: bool) -> TokenStream {
    let ast = cx.graph.ast;
    let span = cx.at(cx.workflow.span());
    let (workflow, any, visibility) = (&cx.workflow, &cx.any, cx.visibility(span));
    let (private, generated, generated_type) = (cx.private(span), generated(), generated_type());
    let derives = derives::for_wrapper(&ast.attributes);
    let doc = cx.doc(|| {
        format!(
            "[`{workflow}`] in whichever state it is.\n\n\
             Keep this in a struct, a database row or JSON, and `match` it to get the typestate back."
        )
    });
    let declared = cx.declared(any);
    let names: Vec<_> = cx.graph.states.iter().map(|state| state.name).collect();
    let positions = 0..names.len();
    let run = runtime.then(|| machine::run(cx, None));
    let input = cx.graph.ast.input.is_some().then(|| {
        let input = &cx.input;
        quote_spanned! {span=>
            /// Returns the input that the run was started with.
            #[must_use]
            #visibility fn input(&self) -> &#input {
                match self { #(#any::#names(machine) => machine.0.input(),)* }
            }
        }
    });
    let groups = groups(cx, span);
    quote_spanned! {span=>
        #doc
        #generated_type
        #derives
        #[must_use = "it says where the process is: match it, or keep it"]
        #visibility enum #declared { #(#names(#workflow<#names>),)* }

        #generated
        impl #any {
            /// Returns the name and the kind of the state.
            #[must_use]
            #visibility fn state(&self) -> &'static #private::StateInfo {
                let position: usize = match *self { #(#any::#names(_) => #positions,)* };
                &<#workflow>::GRAPH.states[position]
            }

            #input

            #groups

            #run
        }
    }
}

/// The methods that lend the data of each group.
fn groups(cx: &Context<'_>, span: Span) -> TokenStream {
    let private = cx.private(span);
    let any = &cx.any;
    // A name that is taken was reported.
    let free = cx.graph.group_types().filter(|(_, group)| {
        let name = plain(&group.declaration.field_name());
        !ANY_METHODS.contains(&name.as_str())
    });
    let methods = free.map(|(id, group)| {
        let name = &group.declaration.name;
        let at = cx.at(name.span());
        let (visibility, method) = (cx.visibility(at), group.declaration.field_name());
        let doc = cx.doc(|| format!("The data of group [`{name}`], in a state of it."));
        let arms = group.members.iter().map(|member| {
            let (state, path) = (cx.graph.state(*member).name, cx.graph.path_to(*member, id));
            let path = path.into_iter().flatten();
            quote_spanned!(at=> #any::#state(machine) => #private::Some(&machine.0.state()#(.#path)*),)
        });
        let others = (group.members.len() < cx.graph.states.len())
            .then(|| quote_spanned!(at=> _ => #private::None,));
        quote_spanned! {at=>
            #doc
            #[must_use]
            #visibility fn #method(&self) -> #private::Option<&#name> {
                match self {
                    #(#arms)*
                    #others
                }
            }
        }
    });
    methods.collect()
}

/// A machine lends its state, and `AnyOrder` is made of it and gives it back. For the hidden block.
pub(super) fn conversions(cx: &Context<'_>) -> TokenStream {
    let span = cx.at(cx.workflow.span());
    let (workflow, any, here, private) = (&cx.workflow, &cx.any, &cx.here, cx.alias(span));
    quote_spanned! {span=>
        impl<#here> #private::Deref for #workflow<#here> {
            type Target = #here;

            fn deref(&self) -> &#here { self.0.state() }
        }

        impl<#here> #private::From<#workflow<#here>> for #any
        where
            #here: #private::State<Workflow = #workflow>,
        {
            fn from(machine: #workflow<#here>) -> Self { #private::widen(machine.0) }
        }

        impl<#here> #private::TryFrom<#any> for #workflow<#here>
        where
            #here: #private::State<Workflow = #workflow>,
        {
            /// The machine, which is in another state.
            type Error = #any;

            fn try_from(any: #any) -> #private::Result<Self, #any> {
                #private::narrow(any).map(#workflow)
            }
        }
    }
}

fn end(cx: &Context<'_>) -> TokenStream {
    let ast = cx.graph.ast;
    let span = cx.at(cx.workflow.span());
    let (workflow, end, visibility, generated_type) =
        (&cx.workflow, &cx.end, cx.visibility(span), generated_type());
    let derives = derives::for_wrapper(&ast.attributes);
    let doc = cx.doc(|| format!("How a run of [`{workflow}`] ended."));
    let declared = cx.declared(end);
    let finals: Vec<_> = cx
        .graph
        .states
        .iter()
        .filter(|state| state.kind.is_final())
        .map(|state| state.name)
        .collect();
    quote_spanned! {span=>
        #doc
        #generated_type
        #derives
        #[must_use = "a run may also have ended in a failed state"]
        #visibility enum #declared { #(#finals(#finals),)* }
    }
}
