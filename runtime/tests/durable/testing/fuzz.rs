//! The bodies of the targets in `fuzz/`, over what a generator makes.

use proptest::prelude::*;
use stateway::testing::fuzz;

use crate::support::rounds;

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

/// Bytes that a record may well be made of.
fn record() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"\x03\0\0\0o-7".to_vec()),
        Just(vec![0; 8]),
        Just(vec![0xff; 8]),
        Just(vec![1, 0, 0, 0]),
        any::<u8>().prop_map(|byte| vec![byte % 16]),
        prop::collection::vec(any::<u8>(), 0..9),
    ];
    let pieces = prop::collection::vec(piece, 0..32);
    pieces.prop_map(|pieces| [&[1], &*pieces.concat()].concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(rounds(2_000)))]

    #[test]
    fn what_is_read_of_a_record_is_what_was_written(bytes in record()) {
        fuzz::records(&bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(rounds(1_000)))]

    #[test]
    fn json_is_compared_like_the_model(one in json(), other in json()) {
        fuzz::json_same(&[one.as_bytes(), b"\xff", other.as_bytes()].concat());
        fuzz::json_same(one.as_bytes());
    }

    #[test]
    fn what_is_hardly_json_is_compared_like_the_model(
        bytes in prop::collection::vec(prop::sample::select(b"[]{}\":,\\u0de1. \xc3\xa4\xff".to_vec()), 0..24),
        others in any::<Vec<u8>>(),
    ) {
        fuzz::json_same(&bytes);
        fuzz::json_same(&others);
    }
}
