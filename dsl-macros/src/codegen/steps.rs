//! `OrderSteps`: the handlers that a context implements.
//!
//! Each function carries the span of its declaration, so that "missing handler" points there. For
//! editors they read as people write them: "implement missing members" copies what stands in the
//! trait, with its attributes.

use std::iter;

use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;

use super::{Context, Reader, generated_type, names, split};
use crate::ast::plain;
use crate::graph::{PROVIDED_HANDLERS, Transition};

pub(super) fn handlers(cx: &Context<'_>) -> TokenStream {
    let span = cx.at(cx.workflow.span());
    let (workflow, steps, visibility) = (&cx.workflow, &cx.steps, cx.visibility(span));
    let generated_type = generated_type();
    let doc = cx.doc(|| {
        format!(
            "The handlers of [`{workflow}`]: a context implements them, one for each step.\n\n\
         A handler gets the source state by value and says by its outcome where the run goes."
        )
    });
    let message = format!(
        "`{{Self}}` does not handle the steps of workflow `{}`",
        plain(workflow)
    );
    let of_an_arc = if cx.version.is_some() {
        "of an `Arc` of a context that does, pass `&*context` to `.run(..)`, and to a runner `Runner::shared(context)`"
    } else {
        "of an `Arc` or `Box` of a context that does, pass `&*context`"
    };
    let note = format!("implement `{steps}` for it; {of_an_arc}");
    // Such a module knows no `diagnostic` either.
    let has_prelude = cx.graph.ast.attributes.no_prelude.is_none();
    let message = has_prelude.then(|| {
        quote_spanned!(span=> #[diagnostic::on_unimplemented(message = #message, label = "no handlers", note = #note)])
    });
    let declared = cx.declared(steps);
    let error = quote_spanned!(span=> type Error: ::core::marker::Send + 'static;);
    let functions = handled(cx).map(|(transition, source)| {
        let own = function(cx, transition, source);
        let branches = split::handlers(cx, transition, source);
        let of_clauses = of_clauses(cx, transition, source);
        quote_spanned!(span=> #branches #own #of_clauses)
    });
    let shared = lenders(cx);
    let provided = provided(cx);
    quote_spanned! {span=>
        #doc
        #generated_type
        #message
        #visibility trait #declared: ::core::marker::Send + ::core::marker::Sync {
            #error

            #(#functions)*
            #shared
            #provided
        }
    }
}

/// The methods that the context has without writing them.
fn provided(cx: &Context<'_>) -> TokenStream {
    let span = cx.at(cx.workflow.span());
    let private = cx.private(span);
    let doc = cx.doc(|| RETRYABLE.to_owned());
    let doc_after = cx.doc(|| RETRY_AFTER.to_owned());
    quote_spanned! {span=>
        #doc
        fn retryable(&self, _error: &Self::Error) -> bool {
            true
        }

        #doc_after
        fn retry_after(&self, _error: &Self::Error) -> #private::Option<#private::Duration> {
            #private::None
        }
    }
}

const RETRYABLE: &str = "\
Whether a step that failed with this error is tried again, where it has a `retry`.

A request that is wrong stays wrong: say `false`, and the attempts that are left are not wasted.";

const RETRY_AFTER: &str = "\
How long to wait before the next attempt, where the error says so.

It takes the place of the delay that `retry` would choose, also above its cap.";

/// The position of a transition in the graph.
pub(super) fn position(cx: &Context<'_>, transition: &Transition<'_>) -> usize {
    let mut transitions = cx.graph.transitions.iter();
    let position = transitions.position(|it| std::ptr::eq(it, transition));
    position.expect("it is a transition of this graph")
}

/// The transitions whose handlers this version calls.
pub(super) fn handled<'a>(
    cx: &'a Context<'a>,
) -> impl Iterator<Item = (&'a Transition<'a>, &'a Ident)> {
    cx.graph.transitions.iter().filter_map(|transition| {
        let declaration = transition.declaration;
        let name = plain(&declaration.name);
        // A step that is called like a method of the trait, which is reported, has no handler.
        let is_step = declaration.kind.is_active() && !PROVIDED_HANDLERS.contains(&name.as_str());
        let source = transition.sources.first().filter(|_| is_step)?;
        Some((transition, cx.graph.state(*source).name))
    })
}

fn function(cx: &Context<'_>, transition: &Transition<'_>, source: &Ident) -> TokenStream {
    let name = &transition.declaration.name;
    let krate = cx.krate(name.span());
    let outcome = &transition.outcome;
    let attributes = transition.declaration.attributes.of_handler();
    let joined = transition.declaration.split().map(|_| {
        let joined = split::parameter(cx, transition);
        quote_spanned!(cx.handler_span(name)=> joined: #joined,)
    });
    let others = ["step", "joined"].map(str::to_owned);
    let parameter = names::parameter(source, &others);
    let doc = cx.doc(|| {
        let targets = cx.graph.names(transition.targets.iter().copied());
        let targets: Vec<_> = targets
            .iter()
            .map(|target| format!("[`{target}`]"))
            .collect();
        format!("\nFrom [`{source}`] to {}.", targets.join(" or "))
    });
    let span = cx.handler_span(name);
    let arguments =
        quote_spanned!(span=> (&self, #parameter: #source, #joined step: &#krate::Step<#outcome>));
    let head = quote_spanned!(span=> #(#attributes)* #doc);
    asynchronous(
        cx,
        &head,
        name,
        &arguments,
        &quote_spanned!(span=> #outcome),
    )
}

/// A handler as its reader is to see it.
pub(super) fn asynchronous(
    cx: &Context<'_>,
    head: &TokenStream,
    name: &Ident,
    arguments: &TokenStream,
    output: &TokenStream,
) -> TokenStream {
    let span = cx.handler_span(name);
    if cx.reader == Reader::Editor {
        return quote_spanned!(span=> async fn #name #arguments -> Result<#output, Self::Error>;);
    }
    quote_spanned! {span=>
        #head
        fn #name #arguments -> impl ::core::future::Future<
            Output = ::core::result::Result<#output, Self::Error>,
        > + ::core::marker::Send;
    }
}

/// The handlers that the clauses of a transition name.
fn of_clauses(cx: &Context<'_>, transition: &Transition<'_>, source: &Ident) -> TokenStream {
    let mut functions = TokenStream::new();
    let outcome = &transition.outcome;
    let step = &transition.declaration.name;
    let is_split = transition.declaration.split().is_some();
    if let Some(name) = transition.handlers.catch {
        let (span, krate) = (cx.handler_span(name), cx.krate(name.span()));
        let others = ["step", "error", "cause"].map(str::to_owned);
        let parameter = names::parameter(source, &others);
        let doc = cx.doc(|| {
            let with = if is_split { "" } else { " with an error" };
            format!("What to do when the last attempt of `{step}` has failed{with}: it may still lead to a target of `{step}`.")
        });
        // A join may fail without an error: where a branch did not end in time.
        let failure = if is_split {
            quote_spanned!(span=> cause: #krate::Cause<Self::Error>)
        } else {
            quote_spanned!(span=> error: Self::Error)
        };
        let arguments = quote_spanned! {span=>
            (&self, #parameter: #source, #failure, step: &#krate::Step<#outcome>)
        };
        let doc = quote_spanned!(span=> #doc);
        let output = quote_spanned!(span=> #outcome);
        functions.extend(asynchronous(cx, &doc, name, &arguments, &output));
    }
    for (target, name) in &transition.handlers.undo {
        let (span, krate) = (cx.handler_span(name), cx.krate(name.span()));
        let target = cx.graph.state(*target).name;
        let parameter = names::parameter(target, &["undo".to_owned()]);
        let doc = cx.doc(|| format!("Undoes `{step}`, which led to [`{target}`]."));
        let arguments = quote_spanned! {span=>
            (&self, #parameter: #target, undo: &#krate::Undo<#outcome>)
        };
        let (doc, output) = (quote_spanned!(span=> #doc), quote_spanned!(span=> ()));
        functions.extend(asynchronous(cx, &doc, name, &arguments, &output));
    }
    functions
}

/// The methods that lend a breaker or a limiter; several transitions may share one.
fn lenders(cx: &Context<'_>) -> TokenStream {
    let mut functions = TokenStream::new();
    let mut seen = Vec::new();
    for (transition, _) in handled(cx) {
        let handlers = &transition.handlers;
        let branches = transition.branches.iter();
        let of_branches = branches.map(|it| (it.breaker, it.limit));
        let all = iter::once((handlers.breaker, handlers.limit)).chain(of_branches);
        let all = all.flat_map(|(breaker, limit)| [(breaker, "Breaker"), (limit, "Limiter")]);
        for (name, lent) in all {
            let Some(name) = name else {
                continue;
            };
            if seen.contains(&plain(name)) {
                continue;
            }
            seen.push(plain(name));
            let (span, krate) = (cx.handler_span(name), cx.krate(name.span()));
            let lent = Ident::new(lent, span);
            let doc = cx.doc(|| format!("The [`{lent}`] that stands before a call."));
            let doc = (cx.reader != Reader::Editor).then_some(doc);
            functions.extend(quote_spanned!(span=> #doc fn #name(&self) -> &#krate::#lent;));
        }
    }
    functions
}
