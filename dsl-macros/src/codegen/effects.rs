//! The effects of a visit that are undone by themselves: a branch that was done, and a call in doubt.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::context::Context;
use super::numbers::InputIn;
use super::split::{item_argument, items_of};
use super::turns::{Leaf, Taken};
use super::types;
use crate::ast::{Branch, is_borrowed};
use crate::graph::DoubtHandler;
use crate::plan::Planned;

/// The number by which a rollback finds what undoes a part of a transition, as the runtime has it.
#[derive(Clone, Copy)]
pub(super) enum UndoCode {
    /// The undo at this position, of the state that the transition led to.
    Target(usize),
    /// The same, of a call in doubt.
    InDoubt(usize),
    /// That of the branch which is declared at this position.
    Branch(usize),
}

impl UndoCode {
    pub(super) fn number(self) -> usize {
        let (position, kind) = match self {
            UndoCode::Target(position) => (position, 0),
            UndoCode::InDoubt(position) => (position, 1),
            UndoCode::Branch(position) => (position, 2),
        };
        position << 2 | kind
    }

    fn pattern(self, transition: usize, span: Span) -> TokenStream {
        let code = self.number();
        quote_spanned!(span=> (#code, #transition))
    }
}

/// The position of the undo of a call in doubt among those of its transition.
fn position_of_doubt(planned: &Planned<'_>, handler: DoubtHandler<'_>) -> usize {
    match handler {
        DoubtHandler::Own(_) => planned.transition.handlers.undo.len(),
        DoubtHandler::Shared(_) => 0,
    }
}

/// The undos of the effects of a transition, as turns.
pub(super) fn leaves(cx: &Context<'_>, context: &Ident, planned: &Planned<'_>) -> Vec<Leaf> {
    let transition = planned.transition;
    let outcome = &transition.outcome;
    let source = types::state(cx, transition, &transition.sources);
    let states = transition.sources.clone();
    let branches = planned
        .undone_branches()
        .map(|(position, branch, handler)| {
            let span = cx.at(handler.span());
            let private = cx.alias(span);
            let declaration = branch.declaration;
            let output = &declaration.output;
            let item = declaration.each.as_ref().map(|each| {
                let items = items_of(cx, transition, each, InputIn::Undo);
                quote_spanned!(span=> let item = #private::item_of(#items, undo);)
            });
            let argument = declaration
                .each
                .as_ref()
                .map(|each| item_argument(each, span));
            let copy = copy(cx, declaration);
            Leaf {
                patterns: vec![UndoCode::Branch(position).pattern(planned.position, span)],
                turn: Taken::Turn(quote_spanned! {span=>
                    #private::undo_of_branch::<#outcome, #position, _, _>(#copy, |
                        context: &'run #context,
                        state: #private::Arc<#source>,
                        output: #output,
                        undo: &'run #private::Undo<#outcome>,
                    | async move {
                        let state = &*state;
                        #item
                        #context::#handler(context, state, #argument output, undo).await
                    })
                }),
                states: states.clone(),
            }
        });
    let in_doubt = planned.in_doubt.map(|handler| {
        let position = position_of_doubt(planned, handler);
        let name = handler.name();
        let span = cx.at(name.span());
        let private = cx.alias(span);
        let state = match handler {
            DoubtHandler::Own(_) => quote!(state),
            DoubtHandler::Shared(_) => quote_spanned!(span=> #private::Undoing::InDoubt(state)),
        };
        Leaf {
            patterns: vec![UndoCode::InDoubt(position).pattern(planned.position, span)],
            turn: Taken::Turn(quote_spanned! {span=>
                #private::undo_in_doubt::<#outcome, #position, _>(|
                    context: &'run #context,
                    state: #source,
                    undo: &'run #private::Undo<#outcome>,
                | #context::#name(context, #state, undo))
            }),
            states: states.clone(),
        }
    });
    branches.chain(in_doubt).collect()
}

/// The function that copies the output of a branch.
fn copy(cx: &Context<'_>, branch: &Branch) -> TokenStream {
    let span = cx.at(branch.output.span());
    let private = cx.alias(span);
    let output = &branch.output;
    quote_spanned! {span=>
        |output: &#output| {
            use #private::NotKept as _;

            #private::Keep(output).copy()
        }
    }
}

/// Around the call of a branch that can be undone: that it was done is kept.
pub(super) fn kept(
    cx: &Context<'_>,
    span: Span,
    branch: &Branch,
    call: &TokenStream,
) -> TokenStream {
    let private = cx.alias(span);
    let copy = copy(cx, branch);
    quote_spanned! {span=>
        #private::undoable(&branch, state, #copy, async { #call }).await
    }
}

/// The methods of `Durable` that read an effect from what is stored of it.
pub(super) fn stored(cx: &Context<'_>) -> Option<TokenStream> {
    let (state, workflow) = (&cx.state, &cx.workflow);
    let span = cx.at(workflow.span());
    let private = cx.alias(span);
    let (mut sources, mut outputs) = (TokenStream::new(), TokenStream::new());
    for planned in &cx.plan.transitions {
        let (transition, position) = (planned.transition, planned.position);
        let left = types::state(cx, transition, &transition.sources);
        let mut branches = planned.undone_branches().peekable();
        let kind = match (branches.peek(), planned.in_doubt) {
            (Some(_), _) => quote!(shared),
            (None, Some(_)) => quote!(owned),
            (None, None) => continue,
        };
        sources.extend(quote_spanned! {span=>
            #position => #private::EffectSource::#kind(
                <#left as #private::TakenFrom<#workflow>>::taken(&mut #private::Some(state)),
            ),
        });
        // One that borrows is reported already.
        for (declared, branch, _) in
            branches.filter(|(_, it, _)| !is_borrowed(&it.declaration.output))
        {
            let output = &branch.declaration.output;
            let code = UndoCode::Branch(declared).number();
            outputs.extend(quote_spanned! {span=>
                (#position, #code) => #private::Stored::<#output>(#private::None)
                    .decode(output, codec, #private::AnyPayload::new),
            });
        }
    }
    if sources.is_empty() {
        return None;
    }
    let outputs = (!outputs.is_empty()).then(|| {
        quote_spanned! {span=>
            fn effect_output(
                transition: usize,
                undo: usize,
                output: &[u8],
                codec: &dyn #private::Codec,
            ) -> #private::Result<#private::AnyPayload, #private::CodecError> {
                match (transition, undo) {
                    #outputs
                    _ => #private::no_effect(transition),
                }
            }
        }
    });
    Some(quote_spanned! {span=>
        fn effect_source(transition: usize, state: #state) -> #private::EffectSource {
            match transition {
                #sources
                _ => #private::no_effect(transition),
            }
        }

        #outputs
    })
}
