//! Texts that a store keeps.

use std::fmt;

use crate::payload::codec::{Codec, decode, guarded};

/// A text that a store keeps: the error of a handler, or why a run is parked.
///
/// Such a text may quote a payload, so a runner has its [`Codec`](crate::Codec) encode it like one. A store keeps either form
/// as it is given. What a [`Runner`](crate::Runner) returns is [`Plain`](Text::Plain). Who looks into a store without a runner
/// [reads](Text::read) it by the codec:
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
/// Serde writes what [`as_str`](Text::as_str) gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text {
    /// As it reads.
    Plain(String),
    /// As the codec of a runner wrote it.
    Encoded(Vec<u8>),
}

impl Text {
    /// Returns the text as it reads, by the codec that wrote it.
    ///
    /// A text that the codec does not read, because it was written by another or with another key, is a note that
    /// says so: it keeps nobody from the rest of a row.
    #[must_use]
    pub fn read(&self, codec: &dyn Codec) -> String {
        match self {
            Text::Plain(text) => text.clone(),
            Text::Encoded(bytes) => guarded(|| decode(codec, bytes)).unwrap_or_else(|_| {
                "(a text that was written with another codec or another key)".to_owned()
            }),
        }
    }

    /// Returns the text as it reads; for one that is encoded, a note that it is.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Text::Plain(text) => text,
            Text::Encoded(_) => "(an encoded text)",
        }
    }
}

impl Text {
    /// How many bytes a store keeps of it.
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
