//! Compares two JSON texts by their values.
//!
//! The time grows with their length, times its logarithm if the keys of objects have to be sorted, and the depth is that of the JSON
//! that is read: the texts may come from anybody.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::value::RawValue;

use super::depth::DEPTH;

/// The likeness of two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Likeness {
    /// The values are the same.
    Same,
    /// The values are the same except for the order of the elements of arrays.
    Reordered,
    /// The values are not the same.
    Different,
}

/// Compares two JSON texts.
///
/// The order of keys does not matter, and the last value of a repeated key counts. Numbers are compared as they
/// are written: as `f64`, large numbers that differ would be equal. A text that is not JSON, or nests deeper
/// than 127 levels, is different from any other.
#[must_use]
pub(crate) fn compare(one: &[u8], other: &[u8]) -> Likeness {
    let Some((one, other)) = JsonValue::read(one).zip(JsonValue::read(other)) else {
        return Likeness::Different;
    };
    if one == other {
        Likeness::Same
    } else if one.unordered() == other.unordered() {
        Likeness::Reordered
    } else {
        Likeness::Different
    }
}

/// Compares two JSON texts of one type, which may have sets in it.
///
/// `again` gives the first value once more, as it is written after it was read. An ordered collection is written in the same
/// order each time; an array that is written in another order is a set, and its order does not matter. The order counts for arrays
/// that always keep it.
pub(crate) fn compare_sets(
    one: &[u8],
    other: &[u8],
    mut again: impl FnMut() -> Option<Vec<u8>>,
) -> Likeness {
    /// Each try finds a set of two elements with a probability of one half.
    const TRIES: u32 = 32;

    let likeness = compare(one, other);
    let Some((mut one, mut other)) = JsonValue::read(one).zip(JsonValue::read(other)) else {
        return likeness;
    };
    for _ in 0..TRIES {
        if likeness != Likeness::Reordered {
            return likeness;
        }
        let Some(again) = again() else { break };
        if let Some(again) = JsonValue::read(&again) {
            one.sort_sets(&again, &mut other);
        }
        if one == other {
            return Likeness::Same;
        }
    }
    likeness
}

/// A JSON value, with the keys of its objects in order.
#[derive(Debug, PartialEq, Eq)]
enum JsonValue<'a> {
    /// `null`, a boolean or a number, as it is written.
    Scalar(&'a str),
    Text(Cow<'a, str>),
    Array(Vec<JsonValue<'a>>),
    Object(Vec<(Cow<'a, str>, JsonValue<'a>)>),
}

impl<'a> JsonValue<'a> {
    fn read(json: &'a [u8]) -> Option<Self> {
        // Checked without recursion, so that the code below reads only JSON.
        let json = serde_json::from_slice::<&RawValue>(json).ok()?;
        JsonText(json.get()).value(DEPTH)
    }

    /// Sorts each array that is in another order in `again`, and the same array of `other`.
    ///
    /// The elements of a set are hashed, so they contain no sets.
    fn sort_sets(&mut self, again: &JsonValue<'_>, other: &mut JsonValue<'_>) {
        match (self, again, other) {
            (JsonValue::Array(one), JsonValue::Array(again), JsonValue::Array(other)) => {
                let is_ordered = one.len() == again.len()
                    && one
                        .iter()
                        .zip(again)
                        .all(|(one, again)| one.unordered() == again.unordered());
                if is_ordered {
                    for ((one, again), other) in one.iter_mut().zip(again).zip(other) {
                        one.sort_sets(again, other);
                    }
                } else {
                    one.sort_by_cached_key(JsonValue::unordered);
                    other.sort_by_cached_key(JsonValue::unordered);
                }
            }
            (JsonValue::Object(one), JsonValue::Object(again), JsonValue::Object(other)) => {
                for ((one, again), other) in one.iter_mut().zip(again).zip(other) {
                    if one.0 == again.0 && one.0 == other.0 {
                        one.1.sort_sets(&again.1, &mut other.1);
                    }
                }
            }
            _ => {}
        }
    }

    /// Returns a number that is equal for values that differ only in the order of arrays, and most likely for no others.
    fn unordered(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        match self {
            JsonValue::Scalar(scalar) => (0, scalar).hash(&mut hasher),
            JsonValue::Text(text) => (1, text).hash(&mut hasher),
            JsonValue::Array(elements) => {
                let mut elements: Vec<_> = elements.iter().map(JsonValue::unordered).collect();
                elements.sort_unstable();
                (2, elements).hash(&mut hasher);
            }
            JsonValue::Object(fields) => {
                let fields = fields.iter().map(|(key, value)| (key, value.unordered()));
                (3, fields.collect::<Vec<_>>()).hash(&mut hasher);
            }
        }
        hasher.finish()
    }
}

/// The rest of a JSON text.
struct JsonText<'a>(&'a str);

impl<'a> JsonText<'a> {
    fn value(&mut self, depth: usize) -> Option<JsonValue<'a>> {
        self.skip_space();
        match self.0.as_bytes().first()? {
            b'"' => Some(JsonValue::Text(self.text()?)),
            b'[' => {
                let mut elements = Vec::new();
                self.items(b']', depth, |reader, depth| {
                    elements.push(reader.value(depth)?);
                    Some(())
                })?;
                Some(JsonValue::Array(elements))
            }
            b'{' => {
                let mut fields = Vec::new();
                self.items(b'}', depth, |reader, depth| {
                    let key = reader.text()?;
                    reader.take(b':')?;
                    fields.push((key, reader.value(depth)?));
                    Some(())
                })?;
                // The last entry of a repeated key comes first, and stays.
                fields.reverse();
                fields.sort_by(|(one, _), (other, _)| one.cmp(other));
                fields.dedup_by(|(one, _), (other, _)| one == other);
                Some(JsonValue::Object(fields))
            }
            _ => {
                let ends = |byte: char| " \t\r\n,:[]{}\"".contains(byte);
                let length = self.0.find(ends).unwrap_or(self.0.len());
                self.split(length).map(JsonValue::Scalar)
            }
        }
    }

    /// Reads the elements of an array or object that ends with `end`.
    fn items(
        &mut self,
        end: u8,
        depth: usize,
        mut item: impl FnMut(&mut Self, usize) -> Option<()>,
    ) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        self.split(1)?;
        if self.take(end).is_some() {
            return Some(());
        }
        loop {
            self.skip_space();
            item(self, depth)?;
            if self.take(b',').is_none() {
                return self.take(end);
            }
        }
    }

    /// Reads a string, without its escapes.
    fn text(&mut self) -> Option<Cow<'a, str>> {
        let bytes = self.0.as_bytes();
        let mut end = 1;
        while *bytes.get(end)? != b'"' {
            end += if bytes[end] == b'\\' { 2 } else { 1 };
        }
        let written = self.split(end + 1)?;
        let inside = &written[1..end];
        if !inside.contains('\\') {
            return Some(inside.into());
        }
        // Half a surrogate pair is no character, and is compared as it is written.
        let said = serde_json::from_str::<String>(written);
        Some(said.map_or(written.into(), Cow::Owned))
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        self.skip_space();
        let rest = self.0.strip_prefix(char::from(byte))?;
        self.0 = rest;
        Some(())
    }

    fn split(&mut self, length: usize) -> Option<&'a str> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn skip_space(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t', '\r', '\n']);
    }
}

#[cfg(test)]
mod tests;
