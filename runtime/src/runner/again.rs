//! A run that is started a second time: whether it is the one that is there.
//!
//! Payloads are compared as what they decode to. Their bytes may differ where nothing else does: a codec may
//! draw a nonce, an older program may have written fewer fields, and a `HashSet` is written in another order each time.

use super::error::Differs;
use crate::payload::codec::same::{Likeness, compare_sets};
use crate::payload::codec::{Codec, CodecError, Json, guarded};
use crate::payload::durable::Durable;
use crate::store::{Name, NewRun};

/// What a stored run was started with.
pub(super) struct Origin {
    pub(super) input: Vec<u8>,
    pub(super) state: Name,
    pub(super) payload: Vec<u8>,
}

/// What differs between a stored run and one that was to be started with its id.
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

/// Compares two payloads: by `PartialEq` if their type has it, otherwise as JSON in which sets have no order, or as the
/// codec writes them again if JSON cannot say them.
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
    // What does not decode is not what is to be started.
    compared.unwrap_or(Likeness::Different)
}
