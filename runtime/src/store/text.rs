//! Texts that a store keeps.

use std::fmt;

use crate::payload::codec::{Codec, decode, guarded};

/// A text that a store keeps: the error of a handler, or the reason why a run is parked.
///
/// Such a text may quote a payload, so a runner encodes it with its [`Codec`](crate::Codec). A store keeps either form
/// as it is given. A [`Runner`](crate::Runner) returns [`Plain`](Text::Plain) texts. A program that uses a store without a runner
/// [reads](Text::read) a text with the codec:
///
/// ```
/// use stateway::codec::PayloadRef;
/// use stateway::{Codec as _, Json, store::Text};
///
/// let text = Text::Encoded(Json.encode(PayloadRef::new(&"no carrier"))?);
/// assert_eq!(text.read(&Json), "no carrier");
/// # Ok::<(), stateway::CodecError>(())
/// ```
///
/// Serde writes [`as_str`](Text::as_str).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text {
    /// The readable text.
    Plain(String),
    /// The bytes that the codec of a runner wrote.
    Encoded(Vec<u8>),
}

impl Text {
    /// Returns the readable text, decoded by the codec that wrote it.
    ///
    /// Returns a note in its place if the codec does not read it, because another codec or another key wrote it, so that
    /// the rest of a row can be used.
    #[must_use]
    pub fn read(&self, codec: &dyn Codec) -> String {
        match self {
            Text::Plain(text) => text.clone(),
            Text::Encoded(bytes) => guarded(|| decode(codec, bytes)).unwrap_or_else(|_| {
                "(a text that was written with another codec or another key)".to_owned()
            }),
        }
    }

    /// Returns the readable text; a note in its place if it is encoded.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Text::Plain(text) => text,
            Text::Encoded(_) => "(an encoded text)",
        }
    }
}

impl Text {
    /// Returns the number of bytes that a store keeps of it.
    #[cfg(feature = "redb")]
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Text::Plain(text) => text.len(),
            Text::Encoded(bytes) => bytes.len(),
        }
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Text::Plain(text)
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Text::Plain(text.to_owned())
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        matches!(self, Text::Plain(text) if text == other)
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self == *other
    }
}

impl serde::Serialize for Text {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
