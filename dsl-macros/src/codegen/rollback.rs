//! The code that undoes the transitions of a workflow.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};

use super::context::Context;
use super::effects::{self, UndoCode};
use super::numbers;
use super::turns::{self, Leaf, Taken};
use crate::graph::DoubtHandler;

/// It in three parts, by where they stand.
pub(super) struct Rollback {
    /// The methods of `Drive`.
    pub(super) driven: TokenStream,
    /// The method of `SendTurns`.
    pub(super) sent: TokenStream,
    /// The groups that the latter stands on.
    pub(super) groups: TokenStream,
}

/// The code that a rollback needs: which states are to be kept, and how each is undone.
pub(super) fn rollback(
    cx: &Context<'_>,
    context: &Ident,
    lasting: Option<&TokenStream>,
) -> Option<Rollback> {
    let (state, end) = (&cx.state, &cx.end);
    let span = cx.at(cx.workflow.span());
    let private = cx.alias(span);
    let (copies, leaves) = undone(cx, context);
    if leaves.is_empty() {
        return None;
    }
    let output = quote!(#private::Result<(), #private::UndoFailure<#context::Error>>);
    let shape = turns::Shape {
        cx,
        context,
        lasting,
        name: "undos",
        output: output.clone(),
    };
    let (body, groups) = shape.pick(leaves);
    let private_future = quote! {
        impl #private::Future<Output = #output> + #private::Send + use<'run, #context>
    };
    let parameters = quote! {
        place: &'run mut #private::Option<#state>,
        context: &'run #context,
        run: &'run #private::CurrentRun<Self>,
    };
    Some(Rollback {
        driven: quote_spanned! {span=>
            fn undoable(
                transition: usize,
                state: &#state,
            ) -> #private::Option<(usize, #state)> {
                match (transition, state) {
                    #copies
                    _ => #private::None,
                }
            }

            fn undo<'run>(#parameters) -> #private_future {
                #private::Turns::<Self, #context>::new().undo(place, context, run)
            }

            fn left(end: #end) -> #private::Option<#private::ErasedValue> {
                #private::Some(#private::ErasedValue::new(end))
            }
        },
        sent: quote_spanned! {span=>
            fn undo<'run>(#parameters) -> #private_future {
                #body
            }
        },
        groups,
    })
}

/// The arms that copy the states that an undo needs, and the undos as turns.
fn undone(cx: &Context<'_>, context: &Ident) -> (TokenStream, Vec<Leaf>) {
    let state = &cx.state;
    let span = cx.at(cx.workflow.span());
    let private = cx.alias(span);
    let (mut copies, mut leaves) = (TokenStream::new(), Vec::new());
    for planned in &cx.plan.transitions {
        let (index, outcome) = (planned.position, &planned.transition.outcome);
        for (position, (id, handler)) in planned.undo.iter().enumerate() {
            let target = cx.graph.state(*id).name;
            copies.extend(quote_spanned! {span=>
                (#index, #state::#target(state)) => #private::copied(#position, state, #state::#target),
            });
            let code = UndoCode::Target(position).number();
            let handler = if let Some(DoubtHandler::Shared(_)) = planned.in_doubt {
                quote_spanned! {span=>
                    |context: &'run #context, state: #target, undo: &'run #private::Undo<#outcome>| {
                        #context::#handler(context, #private::Undoing::Done(state), undo)
                    }
                }
            } else {
                quote_spanned!(span=> #context::#handler)
            };
            let undo = planned.transition.declaration.clauses.undo();
            let reads = undo.map(|(_, undo)| undo.reads()).unwrap_or_default();
            let holds = if reads.is_empty() {
                quote_spanned!(span=> #private::ForAll)
            } else {
                let reads = numbers::of_target(cx, *id, &reads);
                quote_spanned!(span=> #private::Reads(#private::ForAll, #reads))
            };
            leaves.push(Leaf {
                patterns: vec![quote_spanned!(span=> (#code, #index))],
                turn: Taken::Turn(
                    quote_spanned!(span=> #private::UndoTurn::<#position, _, _>(#handler, #holds)),
                ),
                states: vec![*id],
            });
        }
        leaves.extend(effects::leaves(cx, context, planned));
    }
    (copies, leaves)
}
