//! The future of a split: its branches side by side, then the handler that joins them.
//!
//! It is an `async` block, and not a function of the runtime: the branches borrow the state that it
//! holds, and a closure that gives a future which borrows from its argument has no type to write.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};

use super::joined::variants;
use super::remembered::remembered;
use crate::ast::{Each, Given, Strategy};
use crate::codegen::context::Context;
use crate::codegen::effects;
use crate::codegen::gate::gate;
use crate::codegen::numbers::{self, InputIn, Of};
use crate::codegen::types;
use crate::graph::{ResolvedBranch, ResolvedTransition};
use crate::plan::{Branches, PlannedSplit};

/// The closure that attempts a split once.
pub(in crate::codegen) fn attempt(
    cx: &Context<'_>,
    context: &Ident,
    transition: &ResolvedTransition<'_>,
    split: &PlannedSplit<'_>,
) -> TokenStream {
    let span = cx.at(transition.declaration.name.span());
    let private = cx.alias(span);
    let source = types::state(cx, transition, &transition.sources);
    let (outcome, body) = (&transition.outcome, body(cx, context, transition, split));
    quote_spanned! {span=>
        |context: &'run #context, state: #source, step: &'run #private::Step<#outcome>| #body
    }
}

/// The block. It finds the context, the state and the `&Step` as `context`, `state` and `step`; gives
/// the outcome, or the cause of the failure.
fn body(
    cx: &Context<'_>,
    context: &Ident,
    transition: &ResolvedTransition<'_>,
    split: &PlannedSplit<'_>,
) -> TokenStream {
    let name = &transition.declaration.name;
    let outcome = &transition.outcome;
    let span = cx.at(name.span());
    let private = cx.alias(span);
    let writer = Writer {
        cx,
        context,
        private: &private,
        transition,
        split,
    };
    let branches = writer.branches();
    let joined = writer.joined();
    let terms = writer.terms();
    let join = if terms.is_some() {
        quote_spanned!(span=> #private::join_by::<#outcome, #context::Error, _>(step, branches, terms))
    } else {
        quote_spanned!(span=> #private::join::<#outcome, #context::Error, _>(step, branches))
    };
    let before = if split.spawns {
        // Tasks share the state. They have gone when the branches are joined.
        quote_spanned! {span=>
            let shared = #private::Arc::new(state);
            let joined = {
                let shared = &shared;
                let state = &**shared;
                #terms
                #branches
                let joined = #join.await?;
                #joined
            };
            let state = #private::unshared(shared);
        }
    } else {
        quote_spanned! {span=>
            let joined = {
                let state = &state;
                #terms
                #branches
                let joined = #join.await?;
                #joined
            };
        }
    };
    quote_spanned! {span=>
        async move {
            #before
            #context::#name(context, state, joined, step).await.map_err(#private::Fails::into_cause)
        }
    }
}

struct Writer<'a> {
    cx: &'a Context<'a>,
    context: &'a Ident,
    private: &'a Ident,
    transition: &'a ResolvedTransition<'a>,
    split: &'a PlannedSplit<'a>,
}

impl Writer<'_> {
    /// The numbers of the join, if some are in fields.
    fn terms(&self) -> Option<TokenStream> {
        let Writer { cx, context, .. } = self;
        let reads = self.transition.declaration.split()?.reads();
        let span = cx.at(self.transition.declaration.name.span());
        let (private, outcome) = (self.private, &self.transition.outcome);
        let numbers = numbers::numbers(cx, &reads, self.of(InputIn::Step)?);
        (!reads.is_empty()).then(|| {
            quote_spanned! {span=>
                let terms = #private::join_terms::<#outcome, #context::Error>(#numbers)?;
            }
        })
    }

    /// Where the fields are that clauses read.
    fn of(&self, input: InputIn) -> Option<Of> {
        Some(Of {
            state: *self.transition.sources.first()?,
            by: None,
            input,
        })
    }

    /// The branches, pinned as what the runtime takes.
    fn branches(&self) -> TokenStream {
        let private = self.private;
        // At the split: a branch that cannot move between threads is pointed to there.
        let span = self.cx.at(self.transition.declaration.name.span());
        match &self.split.branches {
            Branches::Named(branches) => {
                let seats = branches.iter().enumerate().map(|(position, branch)| {
                    let future = self.future(position, branch);
                    quote!(#private::one(step, #position, move |branch| #future))
                });
                let both = |left, right| quote!(#private::both(#left, #right));
                let seats = tree(&seats.collect::<Vec<_>>(), &both);
                quote_spanned!(span=> let branches = ::core::pin::pin!(#private::named(#seats));)
            }
            Branches::Each(branch, each) => {
                let (item, has_pairs) = (&each.item, each.value.is_some());
                let future = self.future(0, branch);
                let items = self.items(each, InputIn::Step);
                let read = each.at_most.as_ref().and_then(Given::field);
                let by = read.map(|_| quote!(.by(&terms)));
                if branch.declaration.spawns() {
                    let each = quote!(#private::each(step, #items.count(), |branch| #future) #by);
                    return quote_spanned!(span=> let branches = ::core::pin::pin!(#each););
                }
                let each = quote!(#private::each(step, items.len(), move |branch| #future) #by);
                let items = if has_pairs {
                    quote!(let items = &#private::pairs(#items);)
                } else {
                    quote!(let items = &#private::items::<#item>(#items);)
                };
                quote_spanned!(span=> #items let branches = ::core::pin::pin!(#each);)
            }
        }
    }

    fn items(&self, each: &Each, input: InputIn) -> TokenStream {
        items(self.cx, self.transition, each, input)
    }

    /// The future of a branch, on the task of the run or on its own.
    fn future(&self, position: usize, branch: &ResolvedBranch<'_>) -> TokenStream {
        let (private, context) = (self.private, self.context);
        let call = self.call(position, branch);
        let span = self.cx.at(branch.declaration.name.span());
        let each = branch.declaration.each.as_ref();
        if !branch.declaration.spawns() {
            let item = each.map(|_| quote_spanned!(span=> let item = items[branch.index()];));
            return quote_spanned!(span=> async move { #item #call });
        }
        // A task shares the whole state and finds its item in it.
        let item = each.map(|each| {
            let (items, ty) = (self.items(each, InputIn::Branch), &each.item);
            if each.value.is_some() {
                quote_spanned!(span=> let item = #private::pair(#items, &branch);)
            } else {
                quote_spanned!(span=> let item: &#ty = #private::item(#items, &branch);)
            }
        });
        quote_spanned! {span=>
            {
                let (context, shared) = (
                    #private::context::<#context, _>(step),
                    #private::Clone::clone(shared),
                );
                #private::spawned(branch, move |branch| async move {
                    let (context, state) = (&*context, &*shared);
                    #item
                    #call
                })
            }
        }
    }

    /// The call of the handler, and how it ended.
    fn call(&self, position: usize, branch: &ResolvedBranch<'_>) -> TokenStream {
        let call = self.called(position, branch);
        let span = self.cx.at(branch.declaration.name.span());
        let call = remembered(self.cx, span, &branch.declaration.output, call);
        if branch.undone_by().is_some() {
            effects::kept(self.cx, span, branch.declaration, &call)
        } else {
            call
        }
    }

    fn called(&self, position: usize, branch: &ResolvedBranch<'_>) -> TokenStream {
        let (private, context) = (self.private, self.context);
        let name = &branch.declaration.name;
        let span = self.cx.at(name.span());
        let each = branch.declaration.each.as_ref();
        let item = each.map(|each| item_argument(each, span));
        if !branch.declaration.clauses.guard() {
            return quote_spanned! {span=>
                #private::ended(
                    #context::#name(context, state, #item #private::called(&branch)).await,
                    &branch,
                )
            };
        }
        let gate = gate(
            self.cx,
            context,
            &branch.declaration.name,
            branch.breaker,
            branch.limit,
        );
        let (lent, handler) = if let Some(item) = item {
            (
                quote_spanned!(span=> (state, item)),
                quote_spanned! {span=>
                    |context, (state, item), branch| #context::#name(context, state, #item branch)
                },
            )
        } else {
            (
                quote_spanned!(span=> state),
                quote_spanned!(span=> #context::#name),
            )
        };
        let reads = branch.declaration.clauses.reads();
        let of = self.of(InputIn::Branch);
        let of = of.filter(|_| !reads.is_empty());
        let numbers = of.map(|of| numbers::numbers(self.cx, &reads, of));
        let attempted = match numbers {
            None => quote_spanned! {span=>
                #private::attempted::<_, #position, _, _, _, _, _, _, _>(
                    context, &branch, #lent, #handler, #gate,
                )
            },
            Some(numbers) => quote_spanned! {span=>
                #private::attempted_by::<_, #position, _, _, _, _, _, _, _>(
                    context, &branch, #lent, #numbers, #handler, #gate,
                )
            },
        };
        quote_spanned! {span=>
            #private::ended(
                #attempted
                .await,
                &branch,
            )
        }
    }

    /// The results of the branches, as the handler gets them.
    fn joined(&self) -> TokenStream {
        let (private, joined) = (self.private, &self.transition.joined);
        let strategy = &self.split.join.strategy;
        let branches = match &self.split.branches {
            Branches::Each(..) => {
                return match strategy {
                    Strategy::All => quote!(#private::all(joined)),
                    Strategy::Any => quote!(#private::first(joined)),
                    _ => quote!(joined),
                };
            }
            Branches::Named(branches) => branches,
        };
        let pair = |left, right| quote!((#left, #right));
        let names: Vec<&Ident> = branches.iter().map(|it| &it.declaration.name).collect();
        if matches!(strategy, Strategy::Any) {
            let variants = variants(&names).into_iter().enumerate();
            let arms = variants.map(|(position, variant)| {
                let mut patterns = vec![quote!(_); names.len()];
                patterns[position] = quote!(#private::Branched::Done(output));
                let pattern = tree(&patterns, &pair);
                quote!(#pattern => #joined::#variant(output))
            });
            return quote! {
                match joined {
                    #(#arms,)*
                    _ => ::core::unreachable!("where `any` is joined, one branch has succeeded"),
                }
            };
        }
        let values: Vec<Ident> = (0..names.len())
            .map(|it| format_ident!("branch{it}"))
            .collect();
        let patterns = values.iter().map(|value| quote!(#value));
        let pattern = tree(&patterns.collect::<Vec<_>>(), &pair);
        let done = matches!(strategy, Strategy::All).then(|| quote!(.done()));
        quote! {
            {
                let #pattern = joined;
                #joined { #(#names: #values #done,)* }
            }
        }
    }
}

/// The arguments of a handler for the item of an `each`: it alone, or a key and its value.
pub(in crate::codegen) fn item_argument(each: &Each, span: Span) -> TokenStream {
    if each.value.is_some() {
        quote_spanned!(span=> item.0, item.1,)
    } else {
        quote_spanned!(span=> item,)
    }
}

/// The items of an `each`, of the state that is called `state`.
pub(in crate::codegen) fn items(
    cx: &Context<'_>,
    transition: &ResolvedTransition<'_>,
    each: &Each,
    input: InputIn,
) -> TokenStream {
    // At the place of the field: a field that has no items is an error there.
    let span = cx.at(each.place.field.span());
    let source = transition.sources.first();
    let place = source.and_then(|source| {
        let of = Of {
            state: *source,
            by: None,
            input,
        };
        numbers::place(cx, &each.place, of)
    });
    let Some(value) = &each.value else {
        return quote_spanned!(span=> #place.iter());
    };
    let private = cx.alias(span);
    let (key, value) = (&each.item, &value.ty);
    quote_spanned!(span=> #private::entries::<#key, #value, _>(&#place))
}

/// Joins the leaves in halves, as the runtime holds the branches: a list would be as deep as it is long.
fn tree(
    leaves: &[TokenStream],
    both: &impl Fn(TokenStream, TokenStream) -> TokenStream,
) -> TokenStream {
    match leaves {
        [] => TokenStream::new(),
        [leaf] => leaf.clone(),
        leaves => {
            let (left, right) = leaves.split_at(leaves.len() / 2);
            both(tree(left, both), tree(right, both))
        }
    }
}
