//! Compares a run that is started with the stored run of its id.
//!
//! Payloads are compared as decoded values. The bytes of equal values may differ: a codec may
//! draw a nonce, an older program may have written fewer fields, and a `HashSet` is written in another order each time.

use super::error::Differs;
use crate::payload::codec::same::{Likeness, compare_sets};
use crate::payload::codec::{Codec, CodecError, Json, guarded};
use crate::payload::durable::Durable;
use crate::store::{Name, NewRun};

/// The input and the start state of a stored run.
pub(super) struct Origin {
    pub(super) input: Vec<u8>,
    pub(super) state: Name,
    pub(super) payload: Vec<u8>,
}

/// Returns the part in which a stored run differs from one that is started with its id; `None` if they are the same.
pub(super) fn differs<W: Durable>(
    stored: &Origin,
    new: &NewRun,
    codec: &dyn Codec,
) -> Option<Differs> {
    let start = |bytes: &[u8]| {
        let mut states = W::GRAPH.states.iter();
        let position = states.position(|it| it.name == new.state);
        let unknown = || CodecError::new("it is in no state of the workflow");
        W::decode(position.ok_or_else(unknown)?, bytes, codec)
    };
    let input = |bytes: &[u8]| W::decode_input(bytes, codec);
    let inputs = (&*stored.input, &*new.input);
    match likeness(inputs, input, W::same_input, W::encode_input, codec) {
        Likeness::Same => {}
        Likeness::Reordered => return Some(Differs::Order),
        Likeness::Different => return Some(Differs::Input),
    }
    if stored.state != new.state {
        return Some(Differs::Start);
    }
    let payloads = (&*stored.payload, &*new.payload);
    match likeness(payloads, start, W::same_start, W::encode, codec) {
        Likeness::Same => None,
        Likeness::Reordered => Some(Differs::Order),
        Likeness::Different => Some(Differs::Start),
    }
}

/// Compares two payloads: by `PartialEq` if their type has it, otherwise as JSON in which sets have no order, or by the bytes that
/// the codec writes if JSON has no form for them.
fn likeness<T>(
    (stored, new): (&[u8], &[u8]),
    decode: impl Fn(&[u8]) -> Result<T, CodecError>,
    same: impl Fn(&T, &T) -> Option<bool>,
    encode: impl Fn(&T, &dyn Codec) -> Result<Vec<u8>, CodecError>,
    codec: &dyn Codec,
) -> Likeness {
    if stored == new {
        return Likeness::Same;
    }
    let compared = guarded(|| {
        let (one, other) = (decode(stored)?, decode(new)?);
        let is_same = match same(&one, &other) {
            Some(is_same) => is_same,
            None => match (encode(&one, &Json), encode(&other, &Json)) {
                (Ok(one), Ok(other)) => {
                    let again = || encode(&decode(stored).ok()?, &Json).ok();
                    return Ok(compare_sets(&one, &other, again));
                }
                _ => encode(&one, codec)? == encode(&other, codec)?,
            },
        };
        Ok(if is_same {
            Likeness::Same
        } else {
            Likeness::Different
        })
    });
    // A stored payload that does not decode is different.
    compared.unwrap_or(Likeness::Different)
}
