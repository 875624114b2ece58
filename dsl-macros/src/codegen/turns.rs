//! One future type for the turns of all states, in time and on a stack that do not grow with their number.
//!
//! Each expression of a function that picks a future is of the type of all futures that it may pick, which rustc
//! compares again and again: a function over all states would take it the cube of their number. So one picks
//! among a few, and gives what it picks as a type that says nothing of the others. Functions over these do the same.
//!
//! An arm moves nothing, since it would do so in a variable of its own: it passes on where the state is.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};

use super::{Context, drive};
use crate::graph::StateId;

/// The most futures that a function picks from.
const WAYS: usize = 8;

/// A future that can be picked.
pub(super) struct Leaf {
    /// The patterns for which it is, without `|`.
    pub(super) patterns: Vec<TokenStream>,
    /// The function that begins it, and what that takes beside the run.
    pub(super) begin: TokenStream,
    pub(super) with: TokenStream,
    /// The states that it holds.
    pub(super) states: Vec<StateId>,
}

/// What a function that picks looks like.
pub(super) struct Shape<'a> {
    pub(super) cx: &'a Context<'a>,
    pub(super) context: &'a Ident,
    /// What the context is beside a handler of all steps.
    pub(super) lasting: Option<&'a TokenStream>,
    /// The first word of the functions' names.
    pub(super) name: &'static str,
    /// The parameters before `place`, and the names to pass them on by.
    pub(super) parameters: TokenStream,
    pub(super) passed: TokenStream,
    /// What is matched.
    pub(super) matched: TokenStream,
    /// The output of the future.
    pub(super) output: TokenStream,
}

impl Shape<'_> {
    /// The body of the function over all leaves, and the functions that it stands on.
    pub(super) fn pick(&self, leaves: Vec<Leaf>) -> (TokenStream, TokenStream) {
        let mut functions = TokenStream::new();
        let mut count = 0;
        let body = self.level(leaves, &mut functions, &mut count);
        (body, functions)
    }

    fn level(
        &self,
        leaves: Vec<Leaf>,
        functions: &mut TokenStream,
        count: &mut usize,
    ) -> TokenStream {
        if leaves.len() <= WAYS {
            return self.arms(&leaves);
        }
        let mut share = WAYS;
        while share * WAYS < leaves.len() {
            share *= WAYS;
        }
        let mut groups = Vec::new();
        let mut leaves = leaves.into_iter().peekable();
        while leaves.peek().is_some() {
            let group: Vec<Leaf> = leaves.by_ref().take(share).collect();
            groups.push(self.group(group, functions, count));
        }
        self.arms(&groups)
    }

    /// A function over some leaves, as a leaf.
    fn group(&self, leaves: Vec<Leaf>, functions: &mut TokenStream, count: &mut usize) -> Leaf {
        let Shape {
            cx,
            context,
            lasting,
            parameters,
            output,
            ..
        } = self;
        let span = cx.at(cx.workflow.span());
        let private = cx.alias(span);
        let (workflow, steps, state) = (&cx.workflow, &cx.steps, &cx.state);
        let name = cx.fresh.ident(&format!("{}{count}", self.name));
        *count += 1;
        let patterns = leaves.iter().flat_map(|leaf| leaf.patterns.clone());
        let patterns = patterns.collect();
        let states: Vec<StateId> = leaves.iter().flat_map(|it| it.states.clone()).collect();
        let granted = drive::granted(cx, context, &states);
        let body = self.level(leaves, functions, count);
        functions.extend(quote_spanned! {span=>
            #[inline]
            fn #name<'run, #context: #steps #lasting>(
                #parameters
                place: &mut #private::Option<#state>,
                context: &'run #context,
                run: &'run #private::Run<#workflow>,
            ) -> impl #private::Future<Output = #output> + #private::Send + use<'run, #context>
            where
                #(#granted,)*
            {
                #body
            }
        });
        let passed = &self.passed;
        let with = if passed.is_empty() {
            quote!(#name::<#context>)
        } else {
            quote!((#name::<#context>, #passed))
        };
        let group = if passed.is_empty() {
            "group"
        } else {
            "group_of"
        };
        let group = format_ident!("{group}", span = span);
        Leaf {
            patterns,
            begin: quote!(#private::#group),
            with,
            states,
        }
    }

    fn arms(&self, leaves: &[Leaf]) -> TokenStream {
        let cx = self.cx;
        let span = cx.at(cx.workflow.span());
        let private = cx.alias(span);
        let count = leaves.len();
        let arms = leaves.iter().enumerate().map(|(index, leaf)| {
            let Leaf {
                patterns,
                begin,
                with,
                ..
            } = leaf;
            if count == 1 {
                return quote!(#(#patterns)|* => #begin(#with, place, context, run),);
            }
            let (fork, way) = (format_ident!("Fork{count}"), format_ident!("b{index}"));
            quote! {
                #(#patterns)|* => #private::#fork::#way(#begin, #with, place, context, run),
            }
        });
        let matched = &self.matched;
        quote_spanned! {span=>
            match #matched {
                #(#arms)*
                _ => #private::nothing_is_left(place),
            }
        }
    }
}
