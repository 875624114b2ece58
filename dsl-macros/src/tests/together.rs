//! All errors of a block are reported together: what is wrong within a line hides nothing that is wrong with the graph,
//! and blames nobody.

use super::expand;
use crate::codegen::Reader;

/// A block with four errors in its graph, and the lines that are damaged in turn.
const BLOCK: &str = r"
    #[durable(version = 1)]
    #[derive(Clone)]
    workflow Order {
        input { customer: u64, name: String }
        start Placed { items: Vec<u64> };
        state Held { until: u64 };
        state Counted;
        state Orphan;
        state Stuck;
        done Shipped;
        failed Lost;
        deadline 30d;
        step hold: Placed -> Held | Stuck with retry(3, every 2s), timeout(2s), undo(Held => release, Stuck => free);
        split count: Held -> Counted | Lost with undo(uncount) {
            branch one: u64 with retry(2), timeout(1s);
            branch other: u64;
            join quorum(1) within 5s;
        }
        step ship: Counted -> Shipped with breaker(carrier), catch(late);
        step again: Counted -> Lost;
        step back: Shipped -> Held;
    }
";

const OF_THE_GRAPH: [&str; 4] = [
    "state `Orphan` can never be reached from `Placed`",
    "nothing leaves state `Stuck`, and it is not final",
    "state `Counted` is left by step `ship` already",
    "step `back` leaves `Shipped`, which is final",
];

fn errors(block: &str) -> Vec<String> {
    let (mut errors, _) = expand(block.parse().expect("the block lexes"), Reader::Compiler);
    errors.sort_by_key(|error| {
        let start = error.start();
        (start.line, start.column)
    });
    let first_line = |text: &str| text.lines().next().unwrap_or_default().to_owned();
    errors.iter().map(|it| first_line(it.message())).collect()
}

/// Damages a line, and expects one error more.
fn damage(part: &str, damaged: &str, expected: &str) {
    assert_eq!(BLOCK.matches(part).count(), 1, "{part}");
    let mut errors = errors(&BLOCK.replace(part, damaged));
    let is_new = |error: &String| !OF_THE_GRAPH.contains(&error.as_str());
    let mut found = errors.iter();
    let of_the_damage = found.position(|error| is_new(error) && error.starts_with(expected));
    let Some(of_the_damage) = of_the_damage else {
        panic!("{damaged}: {errors:#?}");
    };
    errors.remove(of_the_damage);
    errors.sort();
    let mut of_the_graph = OF_THE_GRAPH;
    of_the_graph.sort_unstable();
    assert_eq!(errors, of_the_graph, "{damaged}");
}

#[test]
fn what_is_wrong_within_a_line_hides_nothing_and_blames_nobody() {
    let mut of_the_graph = OF_THE_GRAPH;
    of_the_graph.sort_unstable();
    let mut undamaged = errors(BLOCK);
    undamaged.sort();
    assert_eq!(undamaged, of_the_graph);
    for (part, damaged, expected) in [
        // Clauses.
        ("timeout(2s)", "tmeout(2s)", "unknown clause `tmeout`"),
        ("timeout(2s)", "sooner(2s)", "unknown clause `sooner`"),
        ("timeout(2s)", "sooner", "unknown clause `sooner`"),
        ("timeout(2s)", "timeout(2)", ""),
        ("timeout(2s)", "timeout", "expected `(..)` after `timeout`"),
        ("timeout(2s)", "retry(2)", "clause `retry` is given twice"),
        ("retry(3, every 2s)", "retry(3, evry 2s)", ""),
        ("retry(3, every 2s)", "retry", ""),
        ("undo(uncount)", "udno(uncount)", "unknown clause `udno`"),
        ("undo(uncount)", "undo(uncount, retyr(3))", ""),
        (", catch(late)", ", cacth(late)", "unknown clause `cacth`"),
        (", catch(late)", " catch(late)", "expected `,`"),
        (", catch(late);", ", catch(late)", "expected `;`"),
        // Fields and types.
        ("until: u64", "until: ", ""),
        ("until: u64", "pub until: u64", "a field is as visible"),
        ("until: u64", "until", ""),
        ("until: u64", "until: u64, until: u8", "field `until` of"),
        ("name: String", "name", ""),
        ("name: String", "customer: String", "field `customer` of"),
        // Attributes.
        ("#[derive(Clone)]", "#[derive(Clone +)]", ""),
        ("version = 1", "version = one", ""),
        // Splits.
        ("one: u64", "one u64", ""),
        (
            "retry(2), timeout(1s)",
            "retyr(2), timeout(1s)",
            "unknown clause `retyr`",
        ),
        (
            "branch other: u64",
            "branch one: u64",
            "branch `one` is declared twice",
        ),
        ("branch other", "brnch other", ""),
        ("quorum(1)", "qourum(1)", ""),
        ("within 5s", "within 5", ""),
        // Other lines.
        ("deadline 30d;", "deadline 30;", ""),
        (
            "deadline 30d;",
            "deadline 30d; input { a: u8 }",
            "`input` is declared twice",
        ),
        ("ship: Counted", "ship Counted", "expected `: From -> To`"),
        ("Counted -> Shipped", "Counted Shipped", ""),
        ("Stuck => free", "Stuck = free", ""),
    ] {
        damage(part, damaged, expected);
    }
}

/// The errors of a block with these lines beside a start and a done state, sorted.
fn together(lines: &str, expected: &[&str]) {
    let block = format!("workflow Bill {{ start Draft; done Paid; failed Lost; {lines} }}");
    assert_eq!(errors(&block), expected, "{lines}");
}

#[test]
fn a_name_that_leads_nowhere_hides_no_error_of_another_transition() {
    together(
        "step pay: Draft -> Piad; step back: Paid -> Draft; step lose: Draft -> Lost with undo(find);",
        &[
            "state `Piad` is not declared in workflow `Bill`",
            "step `back` leaves `Paid`, which is final",
            "`lose` leads to `failed` states only: there is nothing that `find` could undo",
        ],
    );
}

#[test]
fn a_line_that_is_not_read_hides_no_error_of_another_transition() {
    together(
        "step pay: -> Paid; step ask: Draft -> Paid; step tell: Draft -> Lost;",
        &[
            "expected the state that step `pay` leaves, found `->`",
            "state `Draft` is left by step `ask` already",
        ],
    );
}

#[test]
fn a_name_that_leads_nowhere_hides_no_missing_start() {
    let block = "workflow Bill { state Draft; failed Lost; step pay: Draft -> Piad | Lost; }";
    let expected = [
        "workflow `Bill` has no start state",
        "workflow `Bill` has no `done` state: no run of it can succeed",
        "state `Piad` is not declared in workflow `Bill`",
    ];
    assert_eq!(errors(block), expected);
}
