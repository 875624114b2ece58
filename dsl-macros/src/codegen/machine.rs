//! The machine `Order<S>`: its state by `Deref`, how it starts, how it is driven, its graph.

use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;

use super::context::Context;
use super::tokens::generated;
use super::{derives, docs, graph};

pub(super) fn machine(cx: &Context<'_>, runtime: bool) -> TokenStream {
    let ast = cx.graph.ast;
    let span = cx.at(cx.workflow.span());
    let (workflow, input, here, visibility) =
        (&cx.workflow, &cx.input, &cx.here, cx.visibility(span));
    let (private, generated) = (cx.private(span), generated());
    let declared = cx.declared(workflow);
    let attributes = &ast.attributes.kept;
    let derives = derives::for_wrapper(&ast.attributes);
    let documentation = cx.doc(|| docs::of_workflow(cx.graph));
    let graph = graph::constant(cx);
    let start = start(cx);
    let run = runtime.then(|| run(cx, Some(here)));
    let borrow = borrow_input(cx);
    quote_spanned! {span=>
        #derives
        #(#attributes)*
        #documentation
        #[must_use = "a machine that is dropped leaves its process where it is"]
        #visibility struct #declared<#here = ()>(#private::Machine<#input, #here>);

        #generated
        impl #workflow {
            /// The declared states and transitions, as data.
            #visibility const GRAPH: &'static #private::Graph = #graph;

            #start
        }

        #generated
        impl<#here> #workflow<#here> {
            /// Ends the machine and returns the data of its state.
            #visibility fn into_state(self) -> #here { self.0.into_parts().1 }

            #borrow
            #run
        }
    }
}

fn start(cx: &Context<'_>) -> TokenStream {
    let span = cx.at(cx.workflow.span());
    let (workflow, input, here) = (&cx.workflow, &cx.input, &cx.here);
    let visibility = cx.visibility(span);
    let private = cx.private(span);
    let (parameter, value) = match cx.graph.ast.input {
        Some(_) => (
            Some(quote_spanned!(span=> input: #input,)),
            quote_spanned!(span=> input),
        ),
        None => (None, quote_spanned!(span=> ())),
    };
    quote_spanned! {span=>
        /// Starts a machine in a start state.
        #visibility fn start<#here>(
            #parameter
            state: impl #private::StartState<#workflow, This = #here>,
        ) -> #workflow<#here> {
            #workflow(#private::enter(#value, state.into()))
        }
    }
}

fn borrow_input(cx: &Context<'_>) -> Option<TokenStream> {
    let span = cx.at(cx.workflow.span());
    let (input, visibility) = (&cx.input, cx.visibility(span));
    cx.graph.ast.input.is_some().then(|| {
        quote_spanned! {span=>
            /// Returns the input that the run was started with.
            #[must_use]
            #visibility fn input(&self) -> &#input { self.0.input() }
        }
    })
}

const RUN: &str = "\
Runs the machine from here to a final state, in this process, without storing it.

`context` handles the steps. The future does nothing until it is awaited.

# Errors
`RunError` with what ended the run, where it was, and what the rollback did.

# Cancel safety
Dropping the future drops the handler that is running and the machine with it: nothing goes on
elsewhere, and nothing is undone. `cancelled_by` stops a run and undoes what it did.";

/// The addition for branches that run on tasks of their own.
const SPAWNED: &str = "

The context is in an `Arc`, since branches of this workflow run on tasks of their own, which share it.
It needs the runtime of tokio. Such a task is told by its token and aborted when its branch is dropped,
and ends where it waits next.";

/// The method that drives a machine; `of` is the type parameter of a machine whose state is known.
pub(super) fn run(cx: &Context<'_>, of: Option<&Ident>) -> TokenStream {
    let span = cx.at(cx.workflow.span());
    let (workflow, end) = (&cx.workflow, &cx.end);
    let (krate, private, visibility) = (cx.krate(span), cx.private(span), cx.visibility(span));
    let context = cx.fresh.ident("C");
    let spawned = cx.plan.spawned;
    let doc = cx.doc(|| {
        let shared = if spawned.is_some() { SPAWNED } else { "" };
        format!("{RUN}{shared}")
    });
    let of = of.into_iter();
    let known = of
        .clone()
        .map(|here| quote_spanned!(span=> #here: #private::State<Workflow = #workflow>,));
    let parts = if of.len() == 0 {
        quote_spanned!(span=> <#workflow as #private::Workflow>::into_parts(self))
    } else {
        quote_spanned!(span=> #private::known(self.0))
    };
    let (parameter, shared, running) = if let Some(clause) = spawned {
        // At the clause: a context that is not in an `Arc` is told why it should be.
        let at = cx.at(clause.span());
        let private = cx.private(at);
        (
            quote_spanned!(at=> context: &'run #private::Arc<#context>),
            Some(quote_spanned!(span=> #context: #private::Send + #private::Sync + 'static,)),
            quote_spanned!(span=> running_on),
        )
    } else {
        (
            quote_spanned!(span=> context: &'run #context),
            None,
            quote_spanned!(span=> running),
        )
    };
    quote_spanned! {span=>
        #doc
        #visibility fn run<'run, #context>(
            self,
            #parameter,
        ) -> #krate::Running<'run, #workflow, #context, impl #private::Future<
            Output = #private::Result<
                #end,
                #krate::RunError<<#workflow as #private::Judge<#context>>::Error>,
            >,
        > + use<'run, #(#of,)* #context>>
        where
            #(#known)*
            #shared
            #workflow: #private::Drive<#context>,
        {
            #private::#running(#parts, context, #private::run::<#workflow, #context>)
        }
    }
}
