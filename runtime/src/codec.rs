//! How payloads become bytes: states, inputs and outputs of branches.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::value::RawValue;

use crate::panic::message;

/// Turns payloads into the bytes that a store keeps, and back.
///
/// A payload is the input of a run, a state, or the output of a branch. The bytes have to be
/// self-describing, or a program with one more field could not read what an older one wrote:
/// [`Json`], the default, is. Another codec may compress or encrypt; it is a value, so it can
/// hold a key.
///
/// ```
/// use stateway::{Codec, CodecError, Json, codec::{Serialize, Visit}};
///
/// /// JSON, not readable at a glance.
/// struct Masked(u8);
///
/// impl Codec for Masked {
///     fn encode(&self, payload: &dyn Serialize) -> Result<Vec<u8>, CodecError> {
///         let json = Json.encode(payload)?;
///         Ok(json.into_iter().map(|byte| byte ^ self.0).collect())
///     }
///
///     fn decode(&self, bytes: &[u8], visit: Visit<'_>) -> Result<(), CodecError> {
///         let json: Vec<u8> = bytes.iter().map(|byte| byte ^ self.0).collect();
///         Json.decode(&json, visit)
///     }
/// }
/// ```
pub trait Codec: Send + Sync + 'static {
    /// The bytes of a payload.
    ///
    /// # Errors
    /// If the payload has no such form, such as a map with keys that are no strings in JSON.
    fn encode(&self, payload: &dyn Serialize) -> Result<Vec<u8>, CodecError>;

    /// Makes a deserializer for the bytes and hands it to `visit`, once.
    ///
    /// # Errors
    /// What `visit` returns, or if the bytes are not what this codec writes. The run whose payload it is
    /// is parked.
    fn decode(&self, bytes: &[u8], visit: Visit<'_>) -> Result<(), CodecError>;

    /// Whether two payloads are the same, by their bytes: a second `start` with the same id is
    /// compared with the first.
    fn is_same(&self, one: &[u8], other: &[u8]) -> bool {
        one == other
    }
}

/// Takes the payload out of a deserializer.
pub type Visit<'a> =
    &'a mut dyn FnMut(&mut dyn erased_serde::Deserializer<'_>) -> Result<(), CodecError>;

pub use erased_serde::{Deserializer, Serialize};

/// Payloads as JSON, the default.
///
/// Fields may be added with `#[serde(default)]`, and left out. The order of keys does not
/// matter. A float that is not finite has no form in JSON: it becomes `null`, and is not read again.
#[derive(Debug, Clone, Copy, Default)]
pub struct Json;

impl Codec for Json {
    fn encode(&self, payload: &dyn Serialize) -> Result<Vec<u8>, CodecError> {
        serde_json::to_vec(payload).map_err(CodecError::new)
    }

    fn decode(&self, bytes: &[u8], visit: Visit<'_>) -> Result<(), CodecError> {
        let mut json = serde_json::Deserializer::from_slice(bytes);
        visit(&mut <dyn Deserializer<'_>>::erase(&mut json))?;
        json.end().map_err(CodecError::new)
    }

    fn is_same(&self, one: &[u8], other: &[u8]) -> bool {
        let text = |bytes| serde_json::from_slice::<&RawValue>(bytes).ok();
        one == other
            || text(one).is_some_and(|one| text(other).is_some_and(|other| same(one, other)))
    }
}

/// Whether two JSON texts say the same. Scalars are compared as they are written: as numbers of a machine, large ones
/// that differ would be equal.
fn same(one: &RawValue, other: &RawValue) -> bool {
    fn parts<'a, T: serde::Deserialize<'a>>(value: &'a RawValue) -> Option<T> {
        serde_json::from_str(value.get()).ok()
    }
    if one.get() == other.get() {
        return true;
    }
    match (one.get().as_bytes().first(), other.get().as_bytes().first()) {
        (Some(b'{'), Some(b'{')) => {
            let one = parts::<BTreeMap<String, &RawValue>>(one);
            let other = parts::<BTreeMap<String, &RawValue>>(other);
            one.zip(other).is_some_and(|(one, other)| {
                one.len() == other.len()
                    && one
                        .iter()
                        .zip(&other)
                        .all(|((key, one), (name, other))| key == name && same(one, other))
            })
        }
        (Some(b'['), Some(b'[')) => {
            let (one, other) = (parts::<Vec<&RawValue>>(one), parts::<Vec<&RawValue>>(other));
            one.zip(other).is_some_and(|(one, other)| {
                one.len() == other.len()
                    && one.iter().zip(&other).all(|(one, other)| same(one, other))
            })
        }
        _ => false,
    }
}

/// Why a payload could not be encoded or decoded.
#[derive(Debug)]
pub struct CodecError(Box<dyn Error + Send + Sync>);

impl CodecError {
    /// An error of a codec, for this reason.
    pub fn new(reason: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        CodecError(reason.into())
    }
}

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for CodecError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

/// Encodes or decodes by code of the user's: a panic of it is an error like any other.
pub(crate) fn guarded<T>(code: impl FnOnce() -> Result<T, CodecError>) -> Result<T, CodecError> {
    let outcome = catch_unwind(AssertUnwindSafe(code));
    outcome.unwrap_or_else(|panic| Err(CodecError::new(String::from(message(panic)))))
}

/// A payload as what it was.
pub(crate) fn decode<T: serde::de::DeserializeOwned>(
    codec: &dyn Codec,
    bytes: &[u8],
) -> Result<T, CodecError> {
    let mut payload = None;
    codec.decode(bytes, &mut |from| {
        payload = Some(erased_serde::deserialize(from).map_err(CodecError::new)?);
        Ok(())
    })?;
    payload.ok_or_else(|| CodecError::new("the codec gave no payload"))
}
