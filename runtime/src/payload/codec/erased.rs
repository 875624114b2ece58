//! Payloads whose type their codec does not know.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserializer, Serialize, Serializer};

use super::CodecError;

/// A payload to be encoded, which any serializer takes.
///
/// ```
/// use stateway::codec::PayloadRef;
/// use stateway::{Codec, CodecError, Json};
///
/// // In the test of a codec: the bytes that a store would get.
/// let bytes = Json.encode(PayloadRef::new(&vec![1, 2, 3]))?;
/// assert_eq!(bytes, b"[1,2,3]");
/// # Ok::<(), CodecError>(())
/// ```
#[derive(Clone, Copy)]
pub struct PayloadRef<'a>(&'a dyn erased_serde::Serialize);

impl<'a> PayloadRef<'a> {
    /// Returns this payload without its type. The runner makes one; a program needs it to test a codec.
    pub fn new<T: Serialize>(payload: &'a T) -> Self {
        PayloadRef(payload)
    }
}

impl Serialize for PayloadRef<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        erased_serde::serialize(self.0, to)
    }
}

impl fmt::Debug for PayloadRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PayloadRef").finish_non_exhaustive()
    }
}

/// The place for a decoded payload. It is filled once, from any deserializer.
///
/// ```
/// use stateway::codec::PayloadSlot;
/// use stateway::{Codec, CodecError, Json};
///
/// let mut days: Option<u32> = None;
/// Json.decode(b"14", PayloadSlot::new(&mut days))?;
/// assert_eq!(days, Some(14));
/// # Ok::<(), CodecError>(())
/// ```
pub struct PayloadSlot<'a>(&'a mut dyn Fill);

impl<'a> PayloadSlot<'a> {
    /// Returns a slot that fills `payload`. The runner makes one; a program needs it to test a codec.
    pub fn new<T: DeserializeOwned>(payload: &'a mut Option<T>) -> Self {
        PayloadSlot(payload)
    }

    /// Reads the payload.
    ///
    /// # Errors
    /// If the bytes do not fit the payload's type; the text quotes nothing of them.
    pub fn fill<'de, D: Deserializer<'de>>(self, from: D) -> Result<(), CodecError> {
        self.0
            .fill(&mut <dyn erased_serde::Deserializer<'_>>::erase(from))
    }
}

impl fmt::Debug for PayloadSlot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PayloadSlot").finish_non_exhaustive()
    }
}

/// A place for a payload of any type.
trait Fill {
    fn fill(&mut self, from: &mut dyn erased_serde::Deserializer<'_>) -> Result<(), CodecError>;
}

impl<T: DeserializeOwned> Fill for Option<T> {
    fn fill(&mut self, from: &mut dyn erased_serde::Deserializer<'_>) -> Result<(), CodecError> {
        let decoded = erased_serde::deserialize(from);
        *self = Some(decoded.map_err(|error| CodecError::from_serde(&error))?);
        Ok(())
    }
}
