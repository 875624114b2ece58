//! Which transitions are driven, in what way, and what moves a run in each state.

use super::{check, driven, events, kept, names, signatures, standings};
use crate::plan::Plan;

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
fn events_move_a_run_in_the_states_that_wait() {
    for (transitions, expected) in [
        (
            "signal a: A | B -> C; timer b after 1s: A -> C with retry(2);",
            &["a once from A|B", "b guarded, keeps from A"] as &[_],
        ),
        // A step that leaves the state, which is reported, moves the run alone.
        ("signal a: A | B -> C; step b: B -> C;", &["a once from A"]),
        (
            "poll a every 1s: A -> B; signal b: A; timer c every 1d: A with timeout(1s);",
            &["a once from A", "b once from A", "c guarded from A"],
        ),
    ] {
        check(transitions, events, expected);
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
    let expected = ["a guarded, keeps from A|B", "c once from C"];
    check(steps, driven, &expected);
    let expected = ["A: a", "B: a", "C: c", "Done: final", "Lost: final"];
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
fn the_driver_holds_states_where_more_than_a_handler_takes_them() {
    for (transitions, expected) in [
        ("step a: A -> B;", "false"),
        ("step a: A -> B with undo(back);", "true"),
        ("step a: A -> B with timeout(1s);", "true"),
        (
            "split a: A -> B { branch one: u8; branch two: u8; join all; }",
            "true",
        ),
        ("signal a: A -> B with timeout(1s);", "true"),
        ("signal a: A -> B;", "false"),
        ("signal a: A;", "true"),
        ("signal a answers u8: A -> B;", "true"),
        ("poll a every 1s: A -> B;", "true"),
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
