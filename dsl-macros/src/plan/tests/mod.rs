//! The plan's answers for small blocks. Each of these has the states `A`, `B { items }` and `C`, and the ends `Done`
//! and `Lost`.

mod handlers;
mod turns;

use super::keep::Keeper;
use super::{Branches, Gives, Held, Lent, Plan, Signature, Standing, Takes, Turn};
use crate::diagnostics::Diagnostics;
use crate::graph::StateId;
use crate::{graph, parse};

/// Asks the plan of a block with these transitions.
fn plan<R>(transitions: &str, ask: impl FnOnce(&Plan<'_>) -> R) -> R {
    let block = format!(
        "workflow W {{ start A; state B {{ items: Vec<u8> }}; state C; done Done; failed Lost; {transitions} }}"
    );
    let mut diagnostics = Diagnostics::default();
    let tokens = block.parse().expect("the block lexes");
    let ast = parse::parse(tokens, &mut diagnostics).expect("it is a workflow");
    let graph = graph::resolve(&ast, &mut diagnostics);
    ask(&Plan::of(&graph))
}

fn check(transitions: &str, ask: impl FnOnce(&Plan<'_>) -> Vec<String>, expected: &[&str]) {
    assert_eq!(plan(transitions, ask), expected, "{transitions}");
}

fn names(plan: &Plan<'_>, states: &[StateId]) -> String {
    plan.graph.names(states.iter().copied()).join("|")
}

/// `a: guarded, keeps its source, caught by late; from A`
fn driven(plan: &Plan<'_>) -> Vec<String> {
    let driven = plan.driven().map(|(planned, turn, from)| {
        let split = planned.split.as_ref().map(|split| {
            let branches = match &split.branches {
                Branches::Named(branches) => format!(" of {}", branches.len()),
                Branches::Each(_, each) => format!(" of each in {}", each.place.name()),
            };
            let on = if split.spawns { " on tasks" } else { "" };
            format!(" split{branches}{on}")
        });
        let turn = match turn {
            Turn::Once => " once".to_owned(),
            Turn::Guarded(guard) => {
                let keeps = if guard.keeps_source { ", keeps" } else { "" };
                let named = [
                    ("catch", guard.catch),
                    ("breaker", guard.breaker),
                    ("limit", guard.limit),
                ];
                let named = named.into_iter();
                let named = named.filter_map(|(what, name)| Some(format!(", {what} {}", name?)));
                format!(" guarded{keeps}{}", named.collect::<String>())
            }
        };
        format!(
            "{}{}{turn} from {}",
            planned.transition.declaration.name,
            split.unwrap_or_default(),
            names(plan, &from)
        )
    });
    driven.collect()
}

/// `a once from A`, of those that leave a state that waits.
fn events(plan: &Plan<'_>) -> Vec<String> {
    let events = plan.events().map(|(planned, turn, from)| {
        let guarded = match turn {
            Turn::Guarded(guard) if guard.keeps_source => " guarded, keeps",
            Turn::Guarded(_) => " guarded",
            Turn::Once => " once",
        };
        let name = &planned.transition.declaration.name;
        format!("{name}{guarded} from {}", names(plan, &from))
    });
    events.collect()
}

/// `A: driven by 0`
fn standings(plan: &Plan<'_>) -> Vec<String> {
    let states = plan.graph.states.iter().zip(&plan.standings);
    let states = states.map(|(state, standing)| match standing {
        Standing::Final => format!("{}: final", state.name),
        Standing::Driven(position) => {
            let transition = &plan.transitions[*position].transition;
            format!("{}: {}", state.name, transition.declaration.name)
        }
        Standing::Waiting => format!("{}: waiting", state.name),
        Standing::Stuck => format!("{}: stuck", state.name),
    });
    states.collect()
}

/// `A for the retry of a`
fn kept(plan: &Plan<'_>) -> Vec<String> {
    let kept = plan.kept.iter().map(|kept| {
        let why = match kept.keeper {
            Keeper::Retry(_) => "retry of",
            Keeper::Catch(_) => "catch of",
            Keeper::Undo(_) => "undo",
            Keeper::UndoOfEffect(_) => "undo of effect",
            Keeper::Interrupt(_) => "interrupted by",
            Keeper::Fallback(..) => "else of",
            Keeper::Deadline(_) => "late by",
        };
        let (state, name) = (names(plan, &[kept.state]), kept.keeper.name());
        format!("{state} for {why} {name}")
    });
    kept.collect()
}

/// `a(a: A, step: &Step) -> Outcome`
fn signatures(plan: &Plan<'_>) -> Vec<String> {
    let signatures = plan.transitions.iter().flat_map(|it| &it.signatures);
    let lenders = plan.lenders.iter().map(|it| match it.lends {
        Lent::Breaker => format!("{}() -> &Breaker", it.name),
        Lent::Limiter => format!("{}() -> &Limiter", it.name),
    });
    let signatures = signatures.map(|it| signature(plan, it));
    signatures.chain(lenders).collect()
}

fn signature(plan: &Plan<'_>, signature: &Signature<'_>) -> String {
    let text = |ty: &syn::Type| quote::ToTokens::to_token_stream(ty).to_string();
    let parameters = signature.parameters.iter().map(|it| {
        let ty = match &it.takes {
            Takes::State(states) => names(plan, states),
            Takes::Any(_) => "any".to_owned(),
            Takes::Item(ty) | Takes::Payload(ty) | Takes::Output(ty) => text(ty),
            Takes::Joined => "Joined".to_owned(),
            Takes::Cause => "Cause".to_owned(),
            Takes::Undoing(sources, target) => {
                let (sources, target) = (names(plan, sources), names(plan, &[*target]));
                format!("Undoing<{sources}, {target}>")
            }
            Takes::Visit(visit) => format!("{visit:?}"),
        };
        let lent = match it.held {
            Held::Owned => "",
            Held::Lent => "&",
            Held::LentMut => "&mut ",
        };
        format!("{}: {lent}{ty}", it.name)
    });
    let gives = match signature.gives {
        Gives::Outcome => "Outcome".to_owned(),
        Gives::Perhaps => "Option<Outcome>".to_owned(),
        Gives::Answered(answer) => format!("Answered<Outcome, {}>", text(answer)),
        Gives::Answer(answer) => text(answer),
        Gives::Output(ty) => text(ty),
        Gives::Nothing => "()".to_owned(),
    };
    let parameters = parameters.collect::<Vec<_>>().join(", ");
    format!("{}({parameters}) -> {gives}", signature.name)
}
