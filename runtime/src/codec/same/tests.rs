use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{DEPTH, Likeness, Tree, compare, compare_sets};

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
    assert!(same(
        &keys(&mut (0..50_000)),
        &keys(&mut (0..50_000).rev())
    ));
}

type Object<'a> = BTreeMap<String, &'a RawValue>;
type Array<'a> = Vec<&'a RawValue>;

/// What is compared with: slow, and plain.
fn model(one: &RawValue, other: &RawValue) -> bool {
    fn parts<'a, T: serde::Deserialize<'a>>(value: &'a RawValue) -> Option<T> {
        serde_json::from_str(value.get()).ok()
    }
    if let (Some(one), Some(other)) = (parts::<String>(one), parts::<String>(other)) {
        return one == other;
    }
    if let (Some(one), Some(other)) = (parts::<Object<'_>>(one), parts::<Object<'_>>(other)) {
        return one.len() == other.len()
            && one
                .iter()
                .zip(&other)
                .all(|(one, other)| one.0 == other.0 && model(one.1, other.1));
    }
    if let (Some(one), Some(other)) = (parts::<Array<'_>>(one), parts::<Array<'_>>(other)) {
        return one.len() == other.len()
            && one.iter().zip(&other).all(|(one, other)| model(one, other));
    }
    one.get().trim() == other.get().trim()
}

/// JSON, as it may be written.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        "-?(0|[1-9][0-9]{0,2})(\\.[0-9])?(e[0-9])?",
        "[ab]?".prop_map(|text| format!("\"{text}\"")),
        Just(r#""\u0061""#.to_owned()),
        Just(r#""\ud834\udd1e\"]""#.to_owned()),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let space = "[ \n]?";
        let key = prop_oneof![Just("a"), Just("b"), Just("\\u0061")];
        prop_oneof![
            (prop::collection::vec(inner.clone(), 0..4), space)
                .prop_map(|(items, space)| format!("[{space}{}]", items.join(","))),
            (prop::collection::vec((key, inner), 0..3), space).prop_map(|(fields, space)| {
                let fields = fields
                    .iter()
                    .map(|(key, value)| format!("\"{key}\"{space}:{value}"));
                format!("{{{}{space}}}", fields.collect::<Vec<_>>().join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn json_is_compared_like_the_model(one in json(), other in json()) {
        let raw = |text: &str| serde_json::from_str::<Box<RawValue>>(text).unwrap();
        prop_assert_eq!(same(&one, &other), model(&raw(&one), &raw(&other)));
        prop_assert!(same(&one, &one));
    }

    #[test]
    fn whatever_is_compared_does_not_panic(
        one in prop::collection::vec(prop::sample::select(b"[]{}\":,\\u0de1. \xc3\xa4".to_vec()), 0..24),
        other in any::<Vec<u8>>(),
    ) {
        let is_json = serde_json::from_slice::<&RawValue>(&one).is_ok();
        prop_assert_eq!(compare(&one, &one) == Likeness::Same, is_json);
        prop_assert_eq!(Tree::read(&one).is_some(), is_json);
        let _ = compare(&one, &other);
    }
}
