use serde_json::Value;

use super::{DEPTH, Likeness, compare, compare_sets};

fn same(one: &str, other: &str) -> bool {
    compare(one.as_bytes(), other.as_bytes()) == Likeness::Same
}

#[test]
fn json_that_says_the_same_is_the_same() {
    for (one, other) in [
        (
            r#"{"a":[1,{"b":2,"c":null}]}"#,
            r#" { "a": [ 1, {"c":null, "b":2} ] }"#,
        ),
        (r#""\u0061\/""#, r#""a/""#),
        (r#"{"a":1,"a":2}"#, r#"{"a":2}"#),
        (r#"{"\u0061":1}"#, r#"{"a":1}"#),
        ("[]", "[ ]"),
        ("{}", "{ }"),
        (" 1", "1 "),
        (r#""\ud800""#, r#" "\ud800""#),
        (r#""\\""#, r#""\u005c""#),
    ] {
        assert!(same(one, other), "{one} and {other}");
    }
}

#[test]
fn json_that_says_something_else_is_not_the_same() {
    for (one, other) in [
        (
            "1267650600228229401496703205376",
            "1267650600228229401496703205377",
        ),
        (r#"{"a":1}"#, r#"{"a":1,"b":null}"#),
        (r#"{"a":1}"#, r#"{"b":1}"#),
        ("[1]", "[1,1]"),
        ("[[1],[2]]", "[[1,2]]"),
        ("1", "1.0"),
        ("\"1\"", "1"),
        ("[]", "{}"),
        ("nonsense", "nonsense"),
        ("", ""),
        ("1 1", "1 1"),
    ] {
        let likeness = compare(one.as_bytes(), other.as_bytes());
        assert_eq!(likeness, Likeness::Different, "{one} and {other}");
    }
}

#[test]
fn json_whose_arrays_are_in_another_order_is_told_apart() {
    let likeness = compare(br#"[{"a":[1,2]},3]"#, br#"[3,{"a":[2,1]}]"#);
    assert_eq!(likeness, Likeness::Reordered);
}

#[test]
fn arrays_that_come_in_another_order_again_are_sets() {
    for (one, other, again, likeness) in [
        ("[1,2]", "[2,1]", "[1,2]", Likeness::Reordered),
        ("[1,2]", "[2,1]", "[2,1]", Likeness::Same),
        ("[1,2,3]", "[3,2,1]", "[2,1,3]", Likeness::Same),
        ("[1,2]", "[1,3]", "[2,1]", Likeness::Different),
        // A list and a set beside it, in an object and in a tuple.
        (
            r#"{"l":[1,2],"s":[1,2]}"#,
            r#"{"l":[1,2],"s":[2,1]}"#,
            r#"{"l":[1,2],"s":[2,1]}"#,
            Likeness::Same,
        ),
        (
            r#"{"l":[1,2],"s":[1,2]}"#,
            r#"{"l":[2,1],"s":[2,1]}"#,
            r#"{"l":[1,2],"s":[2,1]}"#,
            Likeness::Reordered,
        ),
        (
            "[[1,2],[1,2]]",
            "[[1,2],[2,1]]",
            "[[1,2],[2,1]]",
            Likeness::Same,
        ),
        (
            "[[1,2],[1,2]]",
            "[[2,1],[2,1]]",
            "[[1,2],[2,1]]",
            Likeness::Reordered,
        ),
        // A list of sets, in another order.
        (
            "[[1,2],[3,4]]",
            "[[4,3],[2,1]]",
            "[[2,1],[4,3]]",
            Likeness::Reordered,
        ),
        // A set of lists, of which the order counts.
        (
            "[[1,2],[3,4]]",
            "[[3,4],[1,2]]",
            "[[3,4],[1,2]]",
            Likeness::Same,
        ),
        (
            "[[1,2],[3,4]]",
            "[[4,3],[1,2]]",
            "[[3,4],[1,2]]",
            Likeness::Reordered,
        ),
    ] {
        let again = || Some(again.into());
        assert_eq!(
            compare_sets(one.as_bytes(), other.as_bytes(), again),
            likeness,
            "{one} {other}"
        );
    }
}

fn nested(levels: usize, inner: &str) -> String {
    format!("{}{inner}{}", "[".repeat(levels), "]".repeat(levels))
}

#[test]
fn json_is_compared_as_deep_as_it_is_read() {
    let like = |levels| {
        let (one, other) = (nested(levels, "1"), nested(levels, " 1"));
        compare(one.as_bytes(), other.as_bytes())
    };
    assert_eq!(like(DEPTH), Likeness::Same);
    assert!(serde_json::from_str::<Value>(&nested(DEPTH, "1")).is_ok());
    assert_eq!(like(DEPTH + 1), Likeness::Different);
    assert!(serde_json::from_str::<Value>(&nested(DEPTH + 1, "1")).is_err());
    assert_eq!(like(1_000_000), Likeness::Different, "on this stack");
}

/// The time is not asserted: a comparison that grows with the square of the length takes half a minute here.
#[test]
fn long_json_is_compared_in_about_linear_time() {
    let elements = |order: &str| nested(DEPTH - 1, &vec![order; 50_000].join(","));
    let (one, other) = (elements(r#"{"a":1,"b":2}"#), elements(r#"{"b":2,"a":1}"#));
    assert!(same(&one, &other));
    let keys = |keys: &mut dyn Iterator<Item = u32>| {
        let fields: Vec<_> = keys.map(|key| format!("\"{key}\":{key}")).collect();
        format!("{{{}}}", fields.join(","))
    };
    assert!(same(&keys(&mut (0..50_000)), &keys(&mut (0..50_000).rev())));
}
