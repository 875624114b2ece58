//! The graph as Rust. Nothing here reports an error: what is illegal has been said, and what is
//! left is written out as well as it can be, so that the rest of the program still finds its
//! types and an editor its completions.
//!
//! Items that a user names stand flat; items for the compiler stand in a `const _` block, where they
//! cannot meet a user's name. Both kinds take their spans from the declaration wherever rustc would
//! point at them.

mod any;
mod by_hand;
mod calls;
mod clauses;
mod context;
mod demands;
mod derives;
mod diagram;
mod docs;
mod drive;
mod durable;
mod editor;
mod effects;
mod events;
mod gate;
mod graph;
mod left;
mod logs;
mod machine;
mod names;
mod numbers;
mod outcomes;
mod policy;
mod reader;
mod rollback;
mod signals;
mod signature;
mod split;
mod states;
mod steps;
mod tokens;
mod turns;
mod types;
mod typestate;
mod unmatched;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

use crate::plan::{Plan, Planned, Turn};
use calls::Calls;
use context::Context;
use turns::{Leaf, Taken};

pub(crate) use context::Features;
pub(crate) use reader::Reader;

/// The errors of a block and everything that it becomes.
pub(crate) fn generate(
    plan: &Plan<'_>,
    krate: &TokenStream,
    features: Features,
    reader: Reader,
    errors: TokenStream,
) -> TokenStream {
    let runtime = features.runtime;
    let graph = plan.graph;
    let cx = Context::new(plan, krate, features, reader);
    let mut code = TokenStream::new();
    if reader == Reader::Editor {
        code.extend(editor::completions(graph));
    }
    code.extend(errors);
    code.extend(durable::alias(&cx));
    code.extend(states::structs(&cx));
    code.extend(machine::machine(&cx, runtime));
    code.extend(outcomes::enums(&cx, runtime));
    code.extend(left::enums(&cx));
    code.extend(any::enums(&cx, runtime));
    if runtime {
        code.extend(split::types(&cx));
        code.extend(steps::handlers(&cx));
        code.extend(signals::signals(&cx));
        code.extend(logs::methods(&cx));
    }
    code.extend(hidden(&cx, runtime));
    if reader == Reader::Editor {
        code.extend(editor::references(graph));
    }
    code
}

/// The items for the compiler, where they cannot meet a name of the user.
fn hidden(cx: &Context<'_>, runtime: bool) -> TokenStream {
    let span = Span::call_site();
    let (quiet, path, alias) = (tokens::quiet(), cx.private(span), cx.alias(span));
    let typestate = typestate::methods(cx);
    let drive = runtime.then(|| driver(cx));
    let texts = runtime.then(|| split::texts(cx));
    let durable = durable::implementation(cx);
    let serde = durable::wrappers(cx);
    let outcomes = signals::outcomes(cx);
    quote! {
        #quiet
        const _: () = {
            use #path as #alias;

            #typestate
            #drive
            #texts
            #serde
            #durable
            #outcomes
        };
    }
}

/// The driver's code, put together from parts that do not know of each other.
fn driver(cx: &Context<'_>) -> TokenStream {
    let span = cx.at(cx.workflow.span());
    let context = cx.fresh.ident("C");
    // A task holds the context for as long as it likes.
    let lasting = cx.plan.spawned.map(|_| quote_spanned!(span=> + 'static));
    let turns = cx.plan.driven().map(|(planned, turn, from)| {
        let patterns = from.iter().map(|source| {
            let position = source.0;
            quote!((#position, _))
        });
        Leaf {
            patterns: patterns.collect(),
            turn: taken(cx, &context, planned, turn),
            states: from,
        }
    });
    let events = cx.plan.events().map(|(planned, turn, from)| {
        let position = planned.position;
        Leaf {
            patterns: vec![quote!((_, #position))],
            turn: happening(cx, &context, planned, turn),
            states: from,
        }
    });
    let parts = drive::Parts {
        copies: policy::copies(cx),
        left: left::implementations(cx),
        judge: policy::judge(cx, &context),
        turns: turns.collect(),
        events: events::events(cx, &context, lasting.as_ref(), events.collect()),
        rollback: rollback::rollback(cx, &context, lasting.as_ref()),
    };
    drive::drive(cx, &context, lasting.as_ref(), parts)
}

/// The transition as a turn.
fn taken(cx: &Context<'_>, context: &Ident, planned: &Planned<'_>, turn: &Turn<'_>) -> Taken {
    let transition = planned.transition;
    let name = &transition.declaration.name;
    let span = cx.at(name.span());
    let split = planned
        .split
        .as_ref()
        .map(|split| split::attempt(cx, context, transition, split));
    let is_split = split.is_some();
    let handler = split.unwrap_or_else(|| quote_spanned!(span=> #context::#name));
    match turn {
        Turn::Guarded(guard) => {
            Taken::Turn(policy::guarded(cx, context, transition, guard, &handler))
        }
        // The function over handlers alone finds the state of each, and no enum of several.
        Turn::Once if is_split || transition.leaves_several() => {
            let private = cx.alias(span);
            Taken::Turn(quote_spanned!(span=> #private::Once(#handler)))
        }
        Turn::Once => Taken::Handler(handler),
    }
}

/// A signal or a timer as a turn.
fn happening(cx: &Context<'_>, context: &Ident, planned: &Planned<'_>, turn: &Turn<'_>) -> Taken {
    let transition = planned.transition;
    let calls = Calls {
        cx,
        context,
        transition,
    };
    let handler = calls.handler();
    let turn = match turn {
        Turn::Guarded(guard) => policy::guarded(cx, context, transition, guard, &handler),
        Turn::Once => {
            let span = cx.at(transition.declaration.name.span());
            let private = cx.alias(span);
            quote_spanned!(span=> #private::Once(#handler))
        }
    };
    Taken::Turn(events::turn(cx, transition, &turn))
}
