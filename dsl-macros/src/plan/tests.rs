//! The plan's answers for small blocks. Each of these has the states `A`, `B { items }` and `C`, and the ends `Done`
//! and `Lost`.

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
                Branches::Each(_, each) => format!(" of each in {}", each.field),
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
            Takes::Item(ty) => text(ty),
            Takes::Joined => "Joined".to_owned(),
            Takes::Error => "Error".to_owned(),
            Takes::Cause => "Cause".to_owned(),
            Takes::Visit(visit) => format!("{visit:?}"),
        };
        let lent = if it.held == Held::Lent { "&" } else { "" };
        format!("{}: {lent}{ty}", it.name)
    });
    let gives = match signature.gives {
        Gives::Outcome => "Outcome".to_owned(),
        Gives::Output(ty) => text(ty),
        Gives::Nothing => "()".to_owned(),
    };
    let parameters = parameters.collect::<Vec<_>>().join(", ");
    format!("{}({parameters}) -> {gives}", signature.name)
}

#[test]
fn a_step_is_called_once_or_as_its_clauses_say() {
    for (clauses, expected) in [
        ("", "a once from A"),
        ("with undo(back)", "a once from A"),
        ("with timeout(1s)", "a guarded from A"),
        ("with retry(1)", "a guarded from A"),
        ("with retry(2)", "a guarded, keeps from A"),
        ("with catch(late)", "a guarded, keeps, catch late from A"),
        (
            "with breaker(bank), limit(quota)",
            "a guarded, breaker bank, limit quota from A",
        ),
    ] {
        check(
            &format!("step a: A -> Done {clauses};"),
            driven,
            &[expected],
        );
    }
}

#[test]
fn a_split_is_driven_if_nothing_of_it_is_missing() {
    let named = "branch one: u8; branch two: u8;";
    for (body, expected) in [
        (
            format!("{named} join all;"),
            Some("a split of 2 once from B"),
        ),
        (
            "branch one: u8; branch two: u8 with spawn; join all;".to_owned(),
            Some("a split of 2 on tasks once from B"),
        ),
        (
            "each item in items: u8 => u8; join all;".to_owned(),
            Some("a split of each in items once from B"),
        ),
        ("each item in nowhere: u8 => u8; join all;".to_owned(), None),
        (named.to_owned(), None),
        ("join all;".to_owned(), None),
        ("branch one: u8; branch two; join all;".to_owned(), None),
    ] {
        let block = format!("split a: B -> Done {{ {body} }}");
        let expected: Vec<&str> = expected.into_iter().collect();
        check(&block, driven, &expected);
    }
}

#[test]
fn what_moves_a_run_is_known_of_every_state() {
    for (transitions, expected) in [
        ("", ["A: stuck", "B: stuck", "C: stuck"]),
        (
            "step a: A -> B; step b: B -> C; step c: C -> Done;",
            ["A: a", "B: b", "C: c"],
        ),
        (
            "step a: A -> B; signal b(u8): B -> C; timer c after 1s: C -> Done; poll d every 1s: C -> Done;",
            ["A: a", "B: waiting", "C: waiting"],
        ),
        // With errors: the first of two steps counts, a name that is taken has no handler, and nothing leaves an end.
        (
            "signal w: A -> B; step a: A -> B; step b: A -> C; step retryable: B -> C; step c: Done -> C;",
            ["A: a", "B: stuck", "C: stuck"],
        ),
        (
            "split a: A -> B { join all; }",
            ["A: stuck", "B: stuck", "C: stuck"],
        ),
    ] {
        let [a, b, c] = expected;
        check(
            transitions,
            standings,
            &[a, b, c, "Done: final", "Lost: final"],
        );
    }
}

#[test]
fn a_transition_of_several_states_has_all_of_them() {
    let steps = "step a: A | B -> C with retry(2); step c: C -> Done;";
    check(steps, driven, &["c once from C"]);
    let expected = ["A: stuck", "B: stuck", "C: c", "Done: final", "Lost: final"];
    check(steps, standings, &expected);
    check(steps, kept, &["A for retry of a", "B for retry of a"]);
    let expected = [
        "a(from: A|B, step: &Step) -> Outcome",
        "c(c: C, step: &Step) -> Outcome",
    ];
    check(steps, signatures, &expected);
    let waits = [
        "A: waiting",
        "B: waiting",
        "C: stuck",
        "Done: final",
        "Lost: final",
    ];
    check("signal a: A | B -> C;", standings, &waits);
    let is_lent = |plan: &Plan<'_>| {
        let ids = plan.graph.ids().filter(|id| plan.is_lent(*id));
        vec![names(plan, &ids.collect::<Vec<_>>())]
    };
    let split = "split a: A | B -> C { branch one: u8; branch two: u8; join all; }";
    check(split, is_lent, &["A|B"]);
    // `A` has no items.
    check(
        "split a: B | A -> C { each item in items: u8 => u8; join all; }",
        |plan| {
            plan.transitions
                .iter()
                .map(|it| it.split.is_some().to_string())
                .collect()
        },
        &["false"],
    );
}

#[test]
fn a_state_is_kept_once_for_the_first_who_needs_it() {
    for (transitions, expected) in [
        ("step a: A -> B with retry(1), timeout(1s);", &[][..]),
        ("step a: A -> B with retry(2);", &["A for retry of a"]),
        (
            "step a: A -> B with retry(2), catch(late);",
            &["A for retry of a"],
        ),
        ("step a: A -> B with catch(late);", &["A for catch of a"]),
        (
            "step a: A -> B | C | Lost with undo(B => back, C => home); step b: B -> Done with retry(2);",
            &["B for undo back", "C for undo home"],
        ),
        // No handler is called for these.
        ("signal a: A -> B with retry(2), undo(back);", &[]),
    ] {
        check(transitions, kept, expected);
    }
}

#[test]
fn every_handler_has_its_signature() {
    for (transitions, expected) in [
        (
            "step a: A -> B with catch(late), undo(back);",
            &[
                "a(a: A, step: &Step) -> Outcome",
                "late(a: A, error: Error, step: &Step) -> Outcome",
                "back(b: B, undo: &Undo) -> ()",
            ][..],
        ),
        (
            "split a: B -> C with catch(late) { branch one: u8; branch two: String; join any; }",
            &[
                "one(b: &B, branch: &Branch) -> u8",
                "two(b: &B, branch: &Branch) -> String",
                "a(b: B, joined: Joined, step: &Step) -> Outcome",
                "late(b: B, cause: Cause, step: &Step) -> Outcome",
            ],
        ),
        (
            "split a: B -> C { each item in items: u8 => u16; join all; }",
            &[
                "item(b: &B, item: &u8, branch: &Branch) -> u16",
                "a(b: B, joined: Joined, step: &Step) -> Outcome",
            ],
        ),
        // An item named like the visit gives way, and so does a state.
        (
            "split a: B -> C { each branch in items: u8 => u16; join all; }",
            &[
                "branch(b: &B, item: &u8, branch: &Branch) -> u16",
                "a(b: B, joined: Joined, step: &Step) -> Outcome",
            ],
        ),
        (
            "state Step; state Match; step a: Step -> Match; step b: Match -> Done;",
            &[
                "a(state: Step, step: &Step) -> Outcome",
                "b(state: Match, step: &Step) -> Outcome",
            ],
        ),
        (
            "step a: A -> B with breaker(bank), limit(quota); step b: B -> C with breaker(bank);",
            &[
                "a(a: A, step: &Step) -> Outcome",
                "b(b: B, step: &Step) -> Outcome",
                "bank() -> &Breaker",
                "quota() -> &Limiter",
            ],
        ),
        ("signal a: A -> B; step retryable: B -> C;", &[]),
    ] {
        check(transitions, signatures, expected);
    }
}

#[test]
fn errors_are_judged_where_another_attempt_or_a_breaker_asks() {
    for (transitions, expected) in [
        (
            "step a: A -> B with timeout(1s), limit(quota), undo(back);",
            "false",
        ),
        ("step a: A -> B with retry(1);", "true"),
        ("step a: A -> B with breaker(bank);", "true"),
        ("step a: A -> B with undo(back, retry(2));", "true"),
        (
            "split a: A -> B { branch one: u8 with retry(2); branch two: u8; join all; }",
            "true",
        ),
    ] {
        check(
            transitions,
            |plan| vec![plan.judges.to_string()],
            &[expected],
        );
    }
}

#[test]
fn the_driver_holds_states_where_more_than_a_handler_takes_them() {
    for (transitions, expected) in [
        ("step a: A -> B;", "false"),
        ("step a: A -> B with undo(back);", "true"),
        ("step a: A -> B with timeout(1s);", "true"),
        (
            "split a: A -> B { branch one: u8; branch two: u8; join all; }",
            "true",
        ),
        ("signal a: A -> B with timeout(1s);", "false"),
    ] {
        check(
            transitions,
            |plan| vec![plan.holds_states.to_string()],
            &[expected],
        );
    }
}

#[test]
fn branches_on_tasks_of_their_own_are_known_by_their_clause() {
    let spawned = |plan: &Plan<'_>| {
        let clause = plan.spawned.iter();
        clause.map(ToString::to_string).collect()
    };
    let split = |clause: &str| {
        format!("split a: A -> B {{ branch one: u8; branch two: u8 {clause}; join all; }}")
    };
    check(&split(""), spawned, &[]);
    check(&split("with spawn"), spawned, &["spawn"]);
}
