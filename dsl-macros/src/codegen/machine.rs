//! The machine `Order<S>`: its state by `Deref`, how it starts, how it is driven, its graph.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::{Context, derives, diagram, docs, graph, quiet};

pub(super) fn machine(cx: &Context<'_>, runtime: bool) -> TokenStream {
    let ast = cx.graph.ast;
    let (workflow, input, here, visibility) = (cx.workflow, &cx.input, &cx.here, &ast.visibility);
    let (private, quiet) = (cx.private(), quiet());
    let attributes = &ast.attributes.kept;
    let derives = derives::for_wrapper(&ast.attributes);
    let documentation = docs::of_workflow(cx.graph);
    let graph = graph::constant(cx);
    let mermaid = diagram::mermaid(cx.graph);
    let dot = diagram::dot(cx.graph);
    let start = start(cx);
    let run = runtime.then(|| run(cx));
    let borrow = borrow_input(cx);
    quote! {
        #(#attributes)*
        #[doc = #documentation]
        #derives
        #[must_use = "a machine that is dropped leaves its process where it is"]
        #visibility struct #workflow<#here = ()>(#private::Machine<#input, #here>);

        #quiet
        impl #workflow {
            /// The declared states and transitions, as data.
            #visibility const GRAPH: &'static #private::Graph = #graph;

            #start

            /// The graph as a Mermaid state diagram.
            #[must_use]
            #visibility const fn mermaid() -> &'static str { #mermaid }

            /// The graph in the DOT language of Graphviz.
            #[must_use]
            #visibility const fn dot() -> &'static str { #dot }
        }

        #quiet
        impl<#here> #workflow<#here> {
            /// Ends the machine and gives the data of its state.
            #visibility fn into_state(self) -> #here { self.0.into_parts().1 }

            #borrow
            #run
        }

        #quiet
        impl<#here> ::core::ops::Deref for #workflow<#here> {
            type Target = #here;

            fn deref(&self) -> &#here { self.0.state() }
        }
    }
}

fn start(cx: &Context<'_>) -> TokenStream {
    let (workflow, input, here) = (cx.workflow, &cx.input, &cx.here);
    let visibility = &cx.graph.ast.visibility;
    let private = cx.private();
    let (parameter, value) = match cx.graph.ast.input {
        Some(_) => (Some(quote!(input: #input,)), quote!(input)),
        None => (None, quote!(())),
    };
    quote! {
        /// Begins a run in a start state.
        #visibility fn start<#here>(#parameter state: #here) -> #workflow<#here>
        where
            #here: #private::StartState<#workflow>,
        {
            #workflow(#private::Machine::enter(#value, state))
        }
    }
}

fn borrow_input(cx: &Context<'_>) -> Option<TokenStream> {
    let (input, visibility) = (&cx.input, &cx.graph.ast.visibility);
    cx.graph.ast.input.is_some().then(|| {
        quote! {
            /// What the run was started with.
            #[must_use]
            #visibility fn input(&self) -> &#input { self.0.input() }
        }
    })
}

fn run(cx: &Context<'_>) -> TokenStream {
    let (workflow, here, end, steps) = (cx.workflow, &cx.here, &cx.end, &cx.steps);
    let (krate, private, visibility) = (cx.krate, cx.private(), &cx.graph.ast.visibility);
    let context = cx.fresh.ident("C");
    // A machine that is moved into `run` and used again is a mistake at the declaration's user.
    let receiver = quote_spanned!(workflow.span()=> self);
    quote! {
        /// Runs the machine from here to a final state, in this process, without storing it.
        ///
        /// `context` handles the steps. The future works on any executor.
        ///
        /// # Errors
        /// `RunError` with the handler's error, or with the message of its panic.
        ///
        /// # Cancel safety
        /// Dropping the future drops the handler that is running and the machine with it;
        /// nothing goes on elsewhere.
        #visibility async fn run<#context>(
            #receiver,
            context: &#context,
        ) -> ::core::result::Result<#end, #krate::RunError<#context::Error>>
        where
            #here: #private::State<Workflow = #workflow>,
            #context: #steps,
        {
            #private::run::<#workflow, #context>(#here::into_any(#receiver.0), context).await
        }
    }
}
