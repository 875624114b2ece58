//! Which states are kept for which handlers, and the signatures of these.

use super::{check, kept, signatures};

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
        (
            "signal a: A -> B with retry(2), undo(back);",
            &["A for retry of a", "B for undo back"],
        ),
        (
            "poll a every 1s: A -> B with retry(2), undo(back);",
            &["A for retry of a", "B for undo back"],
        ),
        ("signal a: A with retry(2);", &["A for retry of a"]),
        (
            "step a: A -> B with undo(back, in doubt);",
            &["B for undo back", "A for undo of effect back"],
        ),
        (
            "step a: A -> Done with undo(in doubt => look);",
            &["A for undo of effect look"],
        ),
        (
            "split a: A -> B { branch one: u8 with undo(back); join all; }",
            &["A for undo of effect back"],
        ),
        (
            "signal a: A; timer b every 1d: A; poll c every 1s: A -> B;",
            &[],
        ),
    ] {
        check(transitions, kept, expected);
    }
}

#[test]
fn what_is_undone_by_itself_has_its_signature() {
    for (transitions, expected) in [
        (
            "step a: A -> B | C with undo(B => back, C => home, in doubt => look);",
            &[
                "a(a: A, step: &Step) -> Outcome",
                "back(b: B, undo: &Undo) -> ()",
                "home(c: C, undo: &Undo) -> ()",
                "look(a: A, undo: &Undo) -> ()",
            ][..],
        ),
        (
            "step a: A -> B with undo(back, in doubt);",
            &[
                "a(a: A, step: &Step) -> Outcome",
                "back(undoing: Undoing<A, B>, undo: &Undo) -> ()",
            ],
        ),
        (
            "split a: B -> C { branch one: Slip with undo(tear); branch two: u8; join any; }",
            &[
                "one(b: &B, branch: &Branch) -> Slip",
                "tear(b: &B, slip: Slip, undo: &Undo) -> ()",
                "two(b: &B, branch: &Branch) -> u8",
                "a(b: B, joined: Joined, step: &Step) -> Outcome",
            ],
        ),
        (
            "split a: B -> C { each item in items: u8 => u16 with undo(tear); join all; }",
            &[
                "item(b: &B, item: &u8, branch: &Branch) -> u16",
                "tear(b: &B, item: &u8, output: u16, undo: &Undo) -> ()",
                "a(b: B, joined: Joined, step: &Step) -> Outcome",
            ],
        ),
        (
            "split a: B -> C { each (key, n) in items: u8, u32 => u16 with undo(tear); join all; }",
            &[
                "key(b: &B, key: &u8, n: &u32, branch: &Branch) -> u16",
                "tear(b: &B, key: &u8, n: &u32, output: u16, undo: &Undo) -> ()",
                "a(b: B, joined: Joined, step: &Step) -> Outcome",
            ],
        ),
    ] {
        check(transitions, signatures, expected);
    }
}

#[test]
fn every_handler_has_its_signature() {
    for (transitions, expected) in [
        (
            "step a: A -> B with catch(late), undo(back);",
            &[
                "a(a: A, step: &Step) -> Outcome",
                "late(a: A, cause: Cause, step: &Step) -> Outcome",
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
        (
            "split a: B -> C { each (key, value) in items: u8, String => u16; join all; }",
            &[
                "key(b: &B, key: &u8, value: &String, branch: &Branch) -> u16",
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
        (
            "signal a(Approval): A | B -> C; signal b: A -> B; signal c(Vec<u8>): A -> B; signal d(A): A -> B; signal e(u64): A -> B;",
            &[
                "a(from: A|B, approval: Approval, step: &Step) -> Outcome",
                "b(a: A, step: &Step) -> Outcome",
                "c(a: A, vec: Vec < u8 >, step: &Step) -> Outcome",
                "d(a: A, payload: A, step: &Step) -> Outcome",
                "e(a: A, payload: u64, step: &Step) -> Outcome",
            ],
        ),
        (
            "timer a after 1s: A -> B with catch(late);",
            &[
                "a(a: A, step: &Step) -> Outcome",
                "late(a: A, cause: Cause, step: &Step) -> Outcome",
            ],
        ),
        (
            "poll a every 1s: A -> B | C with catch(late); step retryable: B -> C;",
            &[
                "a(a: &A, step: &Step) -> Option<Outcome>",
                "late(a: &A, cause: Cause, step: &Step) -> Option<Outcome>",
            ],
        ),
        (
            "signal a(Note): A with catch(late); timer b every 1d: A;",
            &[
                "a(a: &mut A, note: Note, step: &Step) -> ()",
                "late(a: &mut A, cause: Cause, step: &Step) -> ()",
                "b(a: &mut A, step: &Step) -> ()",
            ],
        ),
        (
            "signal a(Item) answers Cart: A with catch(late); signal b answers u32: A -> B with catch(lost);",
            &[
                "a(a: &mut A, item: Item, step: &Step) -> Cart",
                "late(a: &mut A, cause: Cause, step: &Step) -> Cart",
                "b(a: A, step: &Step) -> Answered<Outcome, u32>",
                "lost(a: A, cause: Cause, step: &Step) -> Answered<Outcome, u32>",
            ],
        ),
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
