//! The bodies of the targets in `fuzz/`, which tests call as well: assertions about any bytes.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::payload::codec::PayloadRef;
use crate::payload::codec::same::{Likeness, compare, compare_sets};
use crate::{Codec as _, Json};

/// Reads bytes as the records of a file, and writes what was read.
///
/// # Panics
/// If other bytes are written than were read.
#[cfg(feature = "redb")]
pub fn records(bytes: &[u8]) {
    crate::store::redb::format::records(bytes);
}

/// Compares two texts, JSON or not, which stand on both sides of the first 0xff.
///
/// # Panics
/// If the comparison does not keep its promises.
pub fn json_same(bytes: &[u8]) {
    let (one, other) = match bytes.iter().position(|byte| *byte == 0xff) {
        Some(at) => (&bytes[..at], &bytes[at + 1..]),
        None => (bytes, bytes),
    };
    let likeness = compare(one, other);
    assert_eq!(likeness, compare(other, one), "it is symmetrical");
    let (raw_one, raw_other) = (raw(one), raw(other));
    let expected = match raw_one.zip(raw_other) {
        Some((one, other)) => model(one, other, MODEL_DEPTH),
        None => Some(false),
    };
    if let Some(expected) = expected {
        assert_eq!(
            likeness == Likeness::Same,
            expected,
            "it is what the model says"
        );
    }
    let again = || Some(other.to_vec());
    let as_sets = compare_sets(one, other, again);
    assert!(
        as_sets == likeness || (likeness, as_sets) == (Likeness::Reordered, Likeness::Same),
        "sets are alike only if they differ in order"
    );
    // A value that is read can be written, and is the same, except for the form of its numbers.
    if let Ok(value) = serde_json::from_slice::<serde_json::Value>(one) {
        let json = Json
            .encode(PayloadRef::new(&value))
            .expect("it nests no deeper than it was read");
        assert_eq!(compare(&json, &json), Likeness::Same);
        let again = serde_json::from_slice::<serde_json::Value>(&json);
        assert_eq!(again.ok(), Some(value));
    }
}

/// The model is recursive.
const MODEL_DEPTH: usize = 64;

fn raw(json: &[u8]) -> Option<&RawValue> {
    serde_json::from_slice(json).ok()
}

fn parts<'a, T: Deserialize<'a>>(value: &'a RawValue) -> Option<T> {
    serde_json::from_str(value.get()).ok()
}

type Object<'a> = BTreeMap<String, &'a RawValue>;
type Array<'a> = Vec<&'a RawValue>;

/// Compares two values slowly and plainly. It gives no answer if they nest deep, or have a text that is not valid.
fn model(one: &RawValue, other: &RawValue, depth: usize) -> Option<bool> {
    let depth = depth.checked_sub(1)?;
    match (kind(one), kind(other)) {
        (b'"', b'"') => Some(parts::<String>(one)? == parts::<String>(other)?),
        (b'{', b'{') => {
            let (one, other) = (parts::<Object<'_>>(one)?, parts::<Object<'_>>(other)?);
            let mut same = one.len() == other.len();
            for ((key, one), (name, other)) in one.iter().zip(&other) {
                same &= key == name && model(one, other, depth)?;
            }
            Some(same)
        }
        (b'[', b'[') => {
            let (one, other) = (parts::<Array<'_>>(one)?, parts::<Array<'_>>(other)?);
            let mut same = one.len() == other.len();
            for (one, other) in one.iter().zip(&other) {
                same &= model(one, other, depth)?;
            }
            Some(same)
        }
        _ => Some(one.get() == other.get()),
    }
}

fn kind(value: &RawValue) -> u8 {
    value.get().as_bytes()[0]
}
