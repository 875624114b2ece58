//! The method of each transition, which moves the machine by hand.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};

use super::context::Context;
use super::reader::Reader;
use super::tokens::Tokens;
use crate::ast::plain;
use crate::graph::{OWN_METHODS, ResolvedTransition};

/// The methods, where their readers look for them.
pub(super) fn methods(cx: &Context<'_>) -> TokenStream {
    let (workflow, here) = (&cx.workflow, &cx.here);
    let callable = cx.graph.transitions.iter().filter(|transition| {
        let name = plain(&transition.declaration.name);
        !transition.sources.is_empty() && !OWN_METHODS.contains(&name.as_str())
    });
    if cx.reader == Reader::Compiler {
        let methods = callable.map(|transition| {
            // The states of several are told apart by the machine's own.
            let source = match transition.sources.as_slice() {
                [source] => cx.graph.state(*source).name,
                _ => here,
            };
            method(cx, transition, source)
        });
        return quote!(impl<#here> #workflow<#here> { #(#methods)* });
    }
    let impls = callable.flat_map(|transition| {
        transition.sources.iter().map(|source| {
            let source = cx.graph.state(*source).name;
            let span = cx.at(transition.declaration.name.span());
            let method = method(cx, transition, source);
            quote_spanned!(span=> impl #workflow<#source> { #method })
        })
    });
    impls.collect()
}

/// The method of a transition that takes `source`.
fn method(cx: &Context<'_>, transition: &ResolvedTransition<'_>, source: &Ident) -> TokenStream {
    let declaration = transition.declaration;
    let name = &declaration.name;
    let span = cx.at(name.span());
    let here = &cx.here;
    let (private, visibility) = (cx.alias(span), cx.visibility(span));
    let outcome = &transition.outcome;
    // They print as what the declaration says.
    let names = cx.names(span);
    let label = Tokens::of(quote_spanned!(span=> #names::#name));
    let targets = transition.targets.iter().map(|it| cx.graph.state(*it).name);
    let targets = match targets.collect::<Vec<_>>().as_slice() {
        [target] => quote!(#target),
        targets => quote!((#(#targets),*)),
    };
    let next = cx.fresh.ident_at("Next", span);
    let from = (cx.reader == Reader::Compiler).then(|| {
        quote_spanned! {span=>
            #here: #private::State<Exits: #private::Source<#label, #source, #here>>,
        }
    });
    let source_type = quote!(#source);
    let By {
        parameters,
        gives,
        calls,
    } = by(cx, transition, &source_type, &next);
    let attributes = &declaration.attributes.kept;
    // The user's own documentation, if there is any, is a paragraph of its own.
    let doc = cx.doc(|| {
        let keyword = declaration.kind.keyword();
        if declaration.is_deadline() {
            return "\nMoves the machine to where the deadline of the workflow leads.".to_owned();
        }
        if declaration.is_internal {
            return format!("\nTakes {keyword} `{name}`, which stays: `change` may change the state.");
        }
        format!("\nMoves the machine along {keyword} `{name}`: `next` turns the source state into the one that follows.")
    });
    let (generic, target) = if declaration.is_internal {
        (None, None)
    } else {
        (
            Some(quote_spanned!(span=> <#next>)),
            Some(quote_spanned!(span=> #next: #private::Target<#outcome, #label, #targets>,)),
        )
    };
    // "takes ownership of the receiver, which moves .." then points at the declaration.
    quote_spanned! {span=>
        #(#attributes)*
        #doc
        #visibility fn #name #generic (
            self,
            #parameters
        ) -> #gives
        where
            #from
            #target
        {
            #calls
        }
    }
}

/// The parts of a method by hand that differ with what a transition takes and gives.
struct By {
    parameters: TokenStream,
    gives: TokenStream,
    calls: TokenStream,
}

fn by(
    cx: &Context<'_>,
    transition: &ResolvedTransition<'_>,
    source: &TokenStream,
    next: &Ident,
) -> By {
    let declaration = transition.declaration;
    let span = cx.at(declaration.name.span());
    let (workflow, private) = (&cx.workflow, cx.alias(span));
    let (names, name) = (cx.names(span), &declaration.name);
    let advance = quote_spanned!(span=> #private::advance::<_, _, #names::#name, _, _>);
    let advance_answering =
        quote_spanned!(span=> #private::advance_answering::<_, _, #names::#name, _, _, _>);
    let payload = Ident::new("payload", span);
    // A signal is moved with what it carries.
    let (parameter, and_payload, argument) = match declaration.payload() {
        Some(ty) => (
            Some(quote_spanned!(span=> #payload: #ty,)),
            Some(quote_spanned!(span=> , #ty)),
            Some(quote_spanned!(span=> , #payload)),
        ),
        None => (None, None, None),
    };
    let answer = declaration.answers();
    if declaration.is_internal {
        let gives_answer = answer.map(|answer| quote_spanned!(span=> -> #answer));
        let parameters = quote_spanned! {span=>
            #parameter
            change: impl #private::FnOnce(&mut #source #and_payload) #gives_answer,
        };
        return if let Some(answer) = answer {
            By {
                parameters,
                gives: quote_spanned!(span=> (#workflow<#source>, #answer)),
                calls: quote_spanned! {span=>
                    let (machine, answer) = #advance_answering(self.0, move |mut source: #source| {
                        let answer = change(&mut source #argument);
                        (source, answer)
                    });
                    (#workflow(machine), answer)
                },
            }
        } else {
            By {
                parameters,
                gives: quote_spanned!(span=> #workflow<#source>),
                calls: quote_spanned! {span=>
                    #workflow(#advance(self.0, move |mut source: #source| {
                        change(&mut source #argument);
                        source
                    }))
                },
            }
        };
    }
    let next_state = if argument.is_some() {
        quote_spanned!(span=> move |source| next(source #argument))
    } else {
        quote_spanned!(span=> next)
    };
    if let Some(answer) = answer {
        return By {
            parameters: quote_spanned! {span=>
                #parameter
                next: impl #private::FnOnce(#source #and_payload) -> (#next, #answer),
            },
            gives: quote_spanned!(span=> (#workflow<#next>, #answer)),
            calls: quote_spanned! {span=>
                let (machine, answer) = #advance_answering(self.0, #next_state);
                (#workflow(machine), answer)
            },
        };
    }
    By {
        parameters: quote_spanned! {span=>
            #parameter
            next: impl #private::FnOnce(#source #and_payload) -> #next,
        },
        gives: quote_spanned!(span=> #workflow<#next>),
        calls: quote_spanned!(span=> #workflow(#advance(self.0, #next_state))),
    }
}
