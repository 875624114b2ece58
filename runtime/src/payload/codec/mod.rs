//! How payloads become bytes: states, inputs and outputs of branches.

mod depth;
mod erased;
mod error;
pub(crate) mod same;

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Serialize as _;

use crate::support::panic::forget_panic;

pub use erased::{PayloadRef, PayloadSlot};
pub use error::CodecError;

/// Turns payloads into the bytes that a store keeps, and back.
///
/// A payload is the input of a run, a state, the output of a branch, or a text: the error of a handler, or why a run is
/// parked. The bytes have to be self-describing, or a program with one more field could not read what an older one
/// wrote: [`Json`], the default, is. Another codec may compress or encrypt; it is a value, so it can
/// hold a key.
///
/// ```
/// use stateway::codec::{PayloadRef, PayloadSlot};
/// use stateway::{Codec, CodecError, Json};
///
/// /// JSON, not readable at a glance.
/// struct Masked(u8);
///
/// impl Codec for Masked {
///     fn encode(&self, payload: PayloadRef<'_>) -> Result<Vec<u8>, CodecError> {
///         let json = Json.encode(payload)?;
///         Ok(json.into_iter().map(|byte| byte ^ self.0).collect())
///     }
///
///     fn decode(&self, bytes: &[u8], slot: PayloadSlot<'_>) -> Result<(), CodecError> {
///         let json: Vec<u8> = bytes.iter().map(|byte| byte ^ self.0).collect();
///         Json.decode(&json, slot)
///     }
/// }
///
/// let bytes = Masked(7).encode(PayloadRef::new(&"parcel"))?;
/// let mut read: Option<String> = None;
/// Masked(7).decode(&bytes, PayloadSlot::new(&mut read))?;
/// assert_eq!(read.as_deref(), Some("parcel"));
/// # Ok::<(), CodecError>(())
/// ```
pub trait Codec: Send + Sync + 'static {
    /// Returns the bytes of a payload. They may differ each time, as with an encryption that draws a nonce.
    ///
    /// # Errors
    /// If the payload has no such form, such as a map with keys that are no strings in JSON. An error of serde goes
    /// through [`CodecError::from_serde`], so that it quotes nothing of the payload.
    fn encode(&self, payload: PayloadRef<'_>) -> Result<Vec<u8>, CodecError>;

    /// Makes a deserializer for the bytes and fills `slot` from it.
    ///
    /// # Errors
    /// The error of `slot`, or that this codec does not write such bytes. The run whose payload it is
    /// is parked.
    fn decode(&self, bytes: &[u8], slot: PayloadSlot<'_>) -> Result<(), CodecError>;
}

/// Payloads as JSON, the default.
///
/// Fields may be added with `#[serde(default)]`, and left out. A float is read as it was written, to its last bit; one that is not finite has no form in JSON: it becomes
/// `null`, and is not read again. Arrays and objects may stand in one another 127 levels deep: what is deeper is neither
/// written nor read, also in a `RawValue`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Json;

impl Codec for Json {
    fn encode(&self, payload: PayloadRef<'_>) -> Result<Vec<u8>, CodecError> {
        let mut json = Vec::with_capacity(128);
        let mut to = serde_json::Serializer::with_formatter(&mut json, depth::Bounded::default());
        let encoded = payload.serialize(&mut to);
        encoded.map_err(|error| CodecError::from_serde(&error))?;
        Ok(json)
    }

    fn decode(&self, bytes: &[u8], slot: PayloadSlot<'_>) -> Result<(), CodecError> {
        let mut json = serde_json::Deserializer::from_slice(bytes);
        slot.fill(&mut json)?;
        json.end().map_err(|error| CodecError::from_serde(&error))
    }
}

/// Encodes or decodes by code of the user's: a panic of it is an error like any other. Its message has been told by the
/// panic hook, and is not repeated, since it may quote the payload.
pub(crate) fn guarded<T>(code: impl FnOnce() -> Result<T, CodecError>) -> Result<T, CodecError> {
    catch_unwind(AssertUnwindSafe(code)).unwrap_or_else(|panic| {
        forget_panic(|| drop(panic));
        Err(CodecError::new("its code panicked"))
    })
}

/// A payload as what it was.
pub(crate) fn decode<T: serde::de::DeserializeOwned>(
    codec: &dyn Codec,
    bytes: &[u8],
) -> Result<T, CodecError> {
    let mut payload = None;
    codec.decode(bytes, PayloadSlot::new(&mut payload))?;
    payload.ok_or_else(|| CodecError::new("the codec gave no payload"))
}
