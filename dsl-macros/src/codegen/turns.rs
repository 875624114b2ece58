//! One future type for the turns of all states, in time and on a stack that do not grow with their number.
//!
//! A function of the runtime picks among some turns, and is generic over them: the compiler checks that one
//! once, and here that each handler fits. It takes as many as are listed there; of more, groups are picked from, each a
//! type of its own, and groups of groups.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote_spanned};

use super::context::Context;
use super::demands::granted;
use crate::graph::StateId;

/// The most turns that a function picks from.
const WAYS: usize = 8;

/// A turn that can be picked.
pub(super) struct Leaf {
    /// The patterns of state and transition for which it is, without `|`.
    pub(super) patterns: Vec<TokenStream>,
    pub(super) turn: Taken,
    /// The states that it holds.
    pub(super) states: Vec<StateId>,
}

/// The expression that the runtime takes for a turn.
pub(super) enum Taken {
    /// A handler, to be called once.
    Handler(TokenStream),
    /// A turn of another kind.
    Turn(TokenStream),
}

/// The parts in which the functions differ.
pub(super) struct Shape<'a> {
    pub(super) cx: &'a Context<'a>,
    pub(super) context: &'a Ident,
    /// The bounds of the context beside that it handles all steps.
    pub(super) lasting: Option<&'a TokenStream>,
    /// The first word of the names of the runtime's functions.
    pub(super) name: &'static str,
    /// The output of the future.
    pub(super) output: TokenStream,
}

impl Shape<'_> {
    /// The body of the function over all leaves, and the groups that it stands on.
    pub(super) fn pick(&self, leaves: Vec<Leaf>) -> (TokenStream, TokenStream) {
        let mut groups = TokenStream::new();
        let mut count = 0;
        let body = self.level(leaves, &mut groups, &mut count);
        (body, groups)
    }

    fn level(&self, leaves: Vec<Leaf>, groups: &mut TokenStream, count: &mut usize) -> TokenStream {
        if leaves.len() <= WAYS {
            return self.call(&leaves);
        }
        let mut share = WAYS;
        while share * WAYS < leaves.len() {
            share *= WAYS;
        }
        let mut picked = Vec::new();
        let mut leaves = leaves.into_iter().peekable();
        while leaves.peek().is_some() {
            let group: Vec<Leaf> = leaves.by_ref().take(share).collect();
            picked.push(self.group(group, groups, count));
        }
        self.call(&picked)
    }

    /// Some leaves, as one.
    fn group(&self, leaves: Vec<Leaf>, groups: &mut TokenStream, count: &mut usize) -> Leaf {
        let Shape {
            cx,
            context,
            lasting,
            output,
            ..
        } = self;
        let span = cx.at(cx.workflow.span());
        let private = cx.alias(span);
        let (workflow, steps, state) = (&cx.workflow, &cx.steps, &cx.state);
        let name = cx.fresh.ident(&format!("{}{count}", self.name));
        *count += 1;
        let patterns: Vec<TokenStream> = leaves
            .iter()
            .flat_map(|leaf| leaf.patterns.clone())
            .collect();
        let states: Vec<StateId> = leaves.iter().flat_map(|it| it.states.clone()).collect();
        let granted = granted(cx, context, &states);
        let body = self.level(leaves, groups, count);
        groups.extend(quote_spanned! {span=>
            enum #name {}

            impl<#context: #steps #lasting> #private::Group<#workflow, #context> for #name
            where
                #(#granted,)*
            {
                type Output = #output;

                #[inline]
                fn is_for(state: usize, transition: usize) -> bool {
                    match (state, transition) {
                        #(#patterns)|* => true,
                        _ => false,
                    }
                }

                #[inline]
                fn take<'run>(
                    place: &mut #private::Option<#state>,
                    context: &'run #context,
                    run: &'run #private::CurrentRun<#workflow>,
                ) -> impl #private::Future<Output = #output> + #private::Send {
                    #body
                }
            }
        });
        Leaf {
            patterns,
            turn: Taken::Turn(quote_spanned!(span=> #private::grouped::<#name>())),
            states,
        }
    }

    fn call(&self, leaves: &[Leaf]) -> TokenStream {
        let span = self.cx.at(self.cx.workflow.span());
        let private = self.cx.alias(span);
        let mut turns = leaves.iter().map(|leaf| &leaf.turn);
        let are_handlers = turns.all(|it| matches!(it, Taken::Handler(_)));
        let name = if are_handlers { "steps" } else { self.name };
        let function = format_ident!("{name}{}", leaves.len(), span = span);
        let turns = leaves.iter().map(|leaf| match &leaf.turn {
            Taken::Handler(handler) if !are_handlers => {
                quote_spanned!(span=> #private::Once(#handler))
            }
            Taken::Handler(turn) | Taken::Turn(turn) => turn.clone(),
        });
        quote_spanned!(span=> #private::#function(place, context, run, #(#turns),*))
    }
}
