//! Codecs: they turn payloads (states, inputs, outputs of branches) into bytes.

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
/// A payload is the input of a run, a state, the output of a branch, or a text: the error of a handler, or the reason why a run is
/// parked. The bytes have to be self-describing, as those of [`Json`], the default, are: otherwise a program with one more field
/// could not read the bytes of an older one. Another codec may compress or encrypt. It is a value, so it can
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
    /// If the payload has no form in this format, such as a map whose keys are not strings in JSON. Pass an error of serde
    /// through [`CodecError::from_serde`], so that it quotes nothing of the payload.
    fn encode(&self, payload: PayloadRef<'_>) -> Result<Vec<u8>, CodecError>;

    /// Makes a deserializer for the bytes and fills `slot` from it.
    ///
    /// # Errors
    /// The error of `slot`, or an error of its own if this codec does not write such bytes. The run with this payload
    /// is parked.
    fn decode(&self, bytes: &[u8], slot: PayloadSlot<'_>) -> Result<(), CodecError>;
}

/// The codec that writes JSON. It is the default.
///
/// Fields may be added with `#[serde(default)]`, and may be removed. A float is read as it was written, to its last bit. A float that
/// is not finite has no form in JSON: it becomes `null`, which cannot be read again. Arrays and objects may be nested 127 levels deep:
/// deeper ones are neither written nor read, also in a `RawValue`.
///
/// ```
/// use stateway::codec::{PayloadRef, PayloadSlot};
/// use stateway::{Codec, CodecError, Json};
///
/// /// `note` came with a later version.
/// #[derive(serde::Deserialize)]
/// struct Placed {
///     cents: u64,
///     #[serde(default)]
///     note: String,
/// }
///
/// let mut placed: Option<Placed> = None;
/// Json.decode(br#"{"cents": 500}"#, PayloadSlot::new(&mut placed))?;
/// assert!(placed.is_some_and(|it| it.cents == 500 && it.note.is_empty()));
/// # Ok::<(), CodecError>(())
/// ```
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

/// Encodes or decodes with code of the user, whose panic is an error like any other. The panic hook has reported its message,
/// which is not repeated because it may quote the payload.
pub(crate) fn guarded<T>(code: impl FnOnce() -> Result<T, CodecError>) -> Result<T, CodecError> {
    catch_unwind(AssertUnwindSafe(code)).unwrap_or_else(|panic| {
        forget_panic(|| drop(panic));
        Err(CodecError::new("its code panicked"))
    })
}

/// Returns a payload as the value that was encoded.
pub(crate) fn decode<T: serde::de::DeserializeOwned>(
    codec: &dyn Codec,
    bytes: &[u8],
) -> Result<T, CodecError> {
    let mut payload = None;
    codec.decode(bytes, PayloadSlot::new(&mut payload))?;
    payload.ok_or_else(|| CodecError::new("the codec gave no payload"))
}
