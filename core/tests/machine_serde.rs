//! A machine that is kept as JSON comes back as it was, and a damaged one says what is wrong.

use serde_json::{from_str, json, to_value};
use stateway_core::{Machine, enter};

type Sample = Machine<u8, Vec<u8>>;

fn refused(json: &str) -> String {
    from_str::<Sample>(json)
        .expect_err("a damaged machine must not load")
        .to_string()
}

#[test]
fn a_machine_is_stored_as_its_input_and_its_state() {
    let machine = enter(7, vec![1, 2]);
    let stored = to_value(&machine).expect("plain data serializes");
    assert_eq!(stored, json!({"input": 7, "state": [1, 2]}));
    assert_eq!(from_str::<Sample>(&stored.to_string()).unwrap(), machine);
}

#[test]
fn a_format_without_field_names_gives_the_machine_back() {
    assert_eq!(
        from_str::<Sample>("[7, [1, 2]]").unwrap(),
        enter(7, vec![1, 2])
    );
}

#[test]
fn a_damaged_machine_names_the_field() {
    assert!(refused(r#"{"input": 7}"#).contains("missing field `state`"));
    assert!(refused(r#"{"state": []}"#).contains("missing field `input`"));
    assert!(
        refused(r#"{"input": 7, "input": 7, "state": []}"#).contains("duplicate field `input`")
    );
    assert!(refused(r#"{"input": 7, "stage": []}"#).contains("unknown field `stage`"));
    assert!(refused("[7]").contains("invalid length 1"));
    assert!(refused("7").contains("a machine's input and state"));
}
