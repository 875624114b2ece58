//! The ids of runs.

use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

/// The id of one run among all runs.
///
/// A stored run has the id that it was started with, a text of 1 to 255 bytes without control characters. The text is
/// checked when the id is made. A run in memory gets an id that no other run has, in this process or another:
/// 128 bits, random for the process and counted within it, which print as 32 hexadecimal digits.
///
/// Ids are compared and sorted as texts.
///
/// ```
/// use stateway::RunId;
///
/// let id: RunId = "order-42".parse()?;
/// assert_eq!(id.to_string(), "order-42");
/// let refused = "order\n42".parse::<RunId>().unwrap_err();
/// assert_eq!(
///     refused.to_string(),
///     "the id of a run has no control characters, and this one has '\\n' at byte 5"
/// );
/// # Ok::<(), stateway::RunIdError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RunId(IdText);

/// The text of an id. 32 hexadecimal digits in lower case are always kept as a number.
#[derive(Clone)]
enum IdText {
    Made(u128),
    Given(Arc<str>),
    Literal(&'static str),
}

/// The longest id, in bytes.
const LONGEST: usize = 255;

impl RunId {
    /// Returns an id that no other run has.
    ///
    /// ```
    /// use stateway::RunId;
    ///
    /// // For a run that nothing outside gives a name.
    /// let id = RunId::unique();
    /// assert_eq!(id.to_string().len(), 32);
    /// assert_ne!(id, RunId::unique());
    /// ```
    #[must_use]
    pub fn unique() -> Self {
        RunId(IdText::Made(unique()))
    }

    /// Returns the id with this text, which the compiler checks if the id is a constant.
    ///
    /// ```
    /// use stateway::RunId;
    ///
    /// const NIGHTLY: RunId = RunId::from_static("nightly");
    /// ```
    ///
    /// # Panics
    /// If the text is not an id, for one of the reasons of [`RunIdError`].
    #[must_use]
    pub const fn from_static(text: &'static str) -> Self {
        match check(text) {
            Ok(()) => {}
            Err(RunIdError::Length { .. }) => panic!("the id of a run has from 1 to 255 bytes"),
            Err(RunIdError::Control { .. }) => panic!("the id of a run has no control characters"),
        }
        match number(text.as_bytes()) {
            Some(id) => RunId(IdText::Made(id)),
            None => RunId(IdText::Literal(text)),
        }
    }

    /// Returns the id as text.
    ///
    /// ```
    /// use stateway::RunId;
    ///
    /// let id = RunId::from_static("order-42");
    /// let number = id.text().strip_prefix("order-").and_then(|it| it.parse().ok());
    /// assert_eq!(number, Some(42));
    /// ```
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        match &self.0 {
            IdText::Made(id) => Cow::Owned(format!("{id:032x}")),
            IdText::Given(id) => Cow::Borrowed(id),
            IdText::Literal(id) => Cow::Borrowed(id),
        }
    }

    /// Returns the id with this text, which was checked or was stored.
    pub(crate) fn unchecked(text: &str) -> Self {
        match number(text.as_bytes()) {
            Some(id) => RunId(IdText::Made(id)),
            None => RunId(IdText::Given(text.into())),
        }
    }
}

/// Returns the number that 32 hexadecimal digits in lower case stand for; `None` for any other text.
const fn number(text: &[u8]) -> Option<u128> {
    if text.len() != 32 {
        return None;
    }
    let (mut number, mut at) = (0, 0);
    while at < text.len() {
        let digit = match text[at] {
            digit @ b'0'..=b'9' => digit - b'0',
            digit @ b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        number = number << 4 | digit as u128;
        at += 1;
    }
    Some(number)
}

impl PartialEq for IdText {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (IdText::Made(one), IdText::Made(other)) => one == other,
            _ => self.given().is_some_and(|one| other.given() == Some(one)),
        }
    }
}

impl Eq for IdText {}

impl Hash for IdText {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            IdText::Made(id) => id.hash(state),
            IdText::Given(id) => id.hash(state),
            IdText::Literal(id) => id.hash(state),
        }
    }
}

impl IdText {
    fn given(&self) -> Option<&str> {
        match self {
            IdText::Made(_) => None,
            IdText::Given(id) => Some(id),
            IdText::Literal(id) => Some(id),
        }
    }
}

/// Checks that a text may be an id. The function is `const`, so that the compiler checks literals.
const fn check(text: &str) -> Result<(), RunIdError> {
    let bytes = text.as_bytes();
    if bytes.is_empty() || bytes.len() > LONGEST {
        return Err(RunIdError::Length { bytes: bytes.len() });
    }
    let mut at = 0;
    while at < bytes.len() {
        let found = match bytes[at] {
            byte @ (0..=0x1f | 0x7f) => Some(byte),
            // U+0080 to U+009F are two bytes in UTF-8.
            0xc2 if at + 1 < bytes.len() && bytes[at + 1] < 0xa0 => Some(bytes[at + 1]),
            _ => None,
        };
        if let Some(found) = found {
            let found = found as char;
            return Err(RunIdError::Control { found, at });
        }
        at += 1;
    }
    Ok(())
}

/// The reason why a text is not the id of a run.
///
/// ```
/// use stateway::{RunId, RunIdError};
///
/// // An id that a caller has sent.
/// let id = match "order\n42".parse::<RunId>() {
///     Ok(id) => id,
///     Err(RunIdError::Control { at, .. }) => "order\n42"[..at].parse()?,
///     Err(error) => return Err(error),
/// };
/// assert_eq!(id.to_string(), "order");
/// # Ok::<(), RunIdError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RunIdError {
    /// It has no byte, or more than 255.
    Length {
        /// The number of its bytes.
        bytes: usize,
    },
    /// It has a control character, such as a line break or NUL.
    Control {
        /// The character.
        found: char,
        /// The position of its first byte.
        at: usize,
    },
}

impl fmt::Display for RunIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunIdError::Length { bytes } => write!(
                f,
                "the id of a run has from 1 to {LONGEST} bytes, and this one has {bytes}"
            ),
            RunIdError::Control { found, at } => write!(
                f,
                "the id of a run has no control characters, and this one has {found:?} at byte {at}"
            ),
        }
    }
}

impl std::error::Error for RunIdError {}

impl From<Infallible> for RunIdError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// A text that becomes the id of a run: a `&str`, a `String` or a [`RunId`].
///
/// Implemented for every type that converts into a [`RunId`] by `TryFrom` or `From`.
#[cfg(feature = "durable")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no id of a run",
    label = "the id is a text, and comes first",
    note = "an id is a `&str`, a `String` or a `RunId`; of a number it is `number.to_string()`"
)]
pub trait IntoRunId {
    /// Returns the id.
    ///
    /// # Errors
    /// [`RunIdError`] if the text is not an id.
    fn into_run_id(self) -> Result<RunId, RunIdError>;
}

// Not recommended, so that a type without such a conversion gives the message of `IntoRunId`.
#[cfg(feature = "durable")]
#[diagnostic::do_not_recommend]
impl<T: TryInto<RunId, Error: Into<RunIdError>>> IntoRunId for T {
    fn into_run_id(self) -> Result<RunId, RunIdError> {
        self.try_into().map_err(Into::into)
    }
}

impl FromStr for RunId {
    type Err = RunIdError;

    fn from_str(text: &str) -> Result<Self, RunIdError> {
        check(text)?;
        Ok(RunId::unchecked(text))
    }
}

impl TryFrom<&str> for RunId {
    type Error = RunIdError;

    fn try_from(text: &str) -> Result<Self, RunIdError> {
        text.parse()
    }
}

impl TryFrom<String> for RunId {
    type Error = RunIdError;

    fn try_from(text: String) -> Result<Self, RunIdError> {
        text.parse()
    }
}

impl TryFrom<&String> for RunId {
    type Error = RunIdError;

    fn try_from(text: &String) -> Result<Self, RunIdError> {
        text.parse()
    }
}

impl From<&RunId> for RunId {
    fn from(id: &RunId) -> Self {
        id.clone()
    }
}

impl PartialOrd for RunId {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for RunId {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        match (&self.0, &other.0) {
            (IdText::Made(one), IdText::Made(other)) => one.cmp(other),
            _ => self.text().cmp(&other.text()),
        }
    }
}

/// Returns a number that nobody else has, in this process or another.
pub(crate) fn unique() -> u128 {
    static PROCESS: OnceLock<u128> = OnceLock::new();
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let process = *PROCESS.get_or_init(|| u128::from(random()) << 64 | u128::from(random()));
    let run = NEXT.fetch_add(1, Ordering::Relaxed);
    // A forked process has the random number and the count of its parent, but lives later. Its process id would
    // tell them apart as well, but takes a system call.
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_nanos())
        << 64;
    process.wrapping_add(u128::from(run)) ^ now
}

/// Returns a number that tells a stored run apart from others with its id.
#[cfg(feature = "durable")]
pub(crate) fn incarnation() -> u64 {
    random() ^ random().rotate_left(32)
}

/// Returns 64 random bits: the standard library seeds the hasher of every map from the system.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

impl fmt::Debug for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RunId({self})")
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

#[cfg(feature = "durable")]
impl serde::Serialize for RunId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

/// A text that is not an id is an error.
#[cfg(feature = "durable")]
impl<'de> serde::Deserialize<'de> for RunId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn an_id_is_equal_to_itself_however_it_was_made() {
        const DIGITS: &str = "00000000000000000000000000000abc";
        for text in ["o-1", DIGITS, "0000000000000000000000000000ABCD"] {
            let ids: HashSet<RunId> = [
                RunId::from_static(text),
                text.parse().unwrap(),
                RunId::try_from(text.to_owned()).unwrap(),
                RunId::unchecked(text),
            ]
            .into();
            assert_eq!(ids.len(), 1, "{text}");
            assert_eq!(RunId::from_static(text).text(), text);
        }
    }

    #[test]
    #[should_panic(expected = "no control characters")]
    fn a_literal_with_a_control_character_is_refused() {
        let _ = RunId::from_static("a\nb");
    }
}
