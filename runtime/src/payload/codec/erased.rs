//! A payload whose type its codec does not know.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserializer, Serialize, Serializer};

use super::CodecError;

/// A payload to be encoded: any serializer takes it.
#[derive(Clone, Copy)]
pub struct PayloadRef<'a>(&'a dyn erased_serde::Serialize);

impl<'a> PayloadRef<'a> {
    /// This payload. A program that tries a codec makes one; otherwise the runner does.
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

/// Where a payload goes that is decoded: it is filled once, from any deserializer.
pub struct PayloadSlot<'a>(&'a mut dyn Fill);

impl<'a> PayloadSlot<'a> {
    /// The payload will be here. A program that tries a codec makes one; otherwise the runner does.
    pub fn new<T: DeserializeOwned>(payload: &'a mut Option<T>) -> Self {
        PayloadSlot(payload)
    }

    /// Reads the payload.
    ///
    /// # Errors
    /// If there is something else than the payload's type; the text quotes nothing of it.
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

/// A place for a payload of whatever type.
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
