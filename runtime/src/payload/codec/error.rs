//! The error of a payload that could not be encoded or decoded, without anything of the payload.
//!
//! Serde quotes values: `invalid type: string "4111-1111", expected u64`. Such a text would carry data that a codec
//! encrypts into a log, so only the parts are kept that come from the types, and not the values.

use std::error::Error;
use std::fmt;

/// The reason why a payload could not be encoded or decoded.
///
/// Its text says where the payload does not fit its type and quotes nothing of it, so it may be logged.
///
/// ```
/// use stateway::codec::PayloadSlot;
/// use stateway::{Codec, Json};
///
/// let mut card: Option<u64> = None;
/// let error = Json.decode(br#""4111-1111""#, PayloadSlot::new(&mut card)).unwrap_err();
/// assert_eq!(error.to_string(), "invalid type: string, expected u64 at line 1 column 11");
/// ```
#[derive(Debug)]
pub struct CodecError(Box<dyn Error + Send + Sync>);

impl CodecError {
    /// Returns an error of a codec with this reason.
    ///
    /// The text reaches logs: a codec must not quote the payload in it.
    ///
    /// ```
    /// use stateway::CodecError;
    ///
    /// /// Cuts off the number of the key that the bytes were encrypted with.
    /// fn key_of(bytes: &[u8]) -> Result<(u8, &[u8]), CodecError> {
    ///     let (key, bytes) = bytes.split_first().ok_or_else(|| CodecError::new("there is no key"))?;
    ///     Ok((*key, bytes))
    /// }
    ///
    /// assert_eq!(key_of(&[]).unwrap_err().to_string(), "there is no key");
    /// ```
    pub fn new(reason: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        CodecError(reason.into())
    }

    /// Returns an error of serde, or of a format for it, without the values that its text quotes.
    ///
    /// ```
    /// use stateway::CodecError;
    ///
    /// let error = serde_json::from_str::<u64>("\"4111-1111\"").unwrap_err();
    /// let error = CodecError::from_serde(&error);
    /// assert_eq!(error.to_string(), "invalid type: string, expected u64 at line 1 column 11");
    /// ```
    pub fn from_serde(error: &impl fmt::Display) -> Self {
        CodecError::new(without_values(&error.to_string()))
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

/// The text for a payload that nests deeper than it could be read.
pub(super) const TOO_DEEP: &str = "it nests deeper than 127 levels";

/// Kinds of errors after which serde quotes the payload, before it says what the type expects.
const QUOTING: [&str; 5] = [
    "invalid type",
    "invalid value",
    "invalid length",
    "unknown variant",
    "unknown field",
];

/// The words of serde for a value, before it quotes it.
const VALUES: [&str; 15] = [
    "boolean",
    "integer",
    "floating point",
    "character",
    "string",
    "byte array",
    "unit value",
    "Option value",
    "newtype struct",
    "sequence",
    "map",
    "enum",
    "unit variant",
    "newtype variant",
    "null",
];

/// Errors that name something of the type, between these words.
const NAMING: [(&str, &str); 4] = [
    ("missing field `", "`"),
    ("duplicate field `", "`"),
    ("data did not match any variant of untagged enum ", ""),
    ("no variant of enum ", " found in flattened data"),
];

/// Texts that are always the same.
const FIXED: [&str; 26] = [
    TOO_DEEP,
    "EOF while parsing a list",
    "EOF while parsing an object",
    "EOF while parsing a string",
    "EOF while parsing a value",
    "expected `:`",
    "expected `,` or `]`",
    "expected `,` or `}`",
    "expected `\"`",
    "expected ident",
    "expected value",
    "invalid escape",
    "invalid number",
    "number out of range",
    "invalid unicode code point",
    "control character (\\u0000-\\u001F) found while parsing a string",
    "key must be a string",
    "float key must be finite (got NaN or +/-inf)",
    "lone leading surrogate in hex escape",
    "trailing comma",
    "trailing characters",
    "unexpected end of hex escape",
    "recursion limit exceeded",
    "can only flatten structs and maps",
    "i128 is not supported",
    "u128 is not supported",
];

/// Returns the text of an error of serde, as far as it comes from the types.
fn without_values(text: &str) -> String {
    let at = text.rfind(" at line ").filter(|at| is_place(&text[*at..]));
    let (said, place) = text.split_at(at.unwrap_or(text.len()));
    match of_the_type(said) {
        Some(said) => format!("{said}{place}"),
        None => format!(
            "its type refuses it{place}, and why is not shown, since it may quote the payload"
        ),
    }
}

/// Returns true if this is " at line 1 column 2".
fn is_place(text: &str) -> bool {
    let numbers = text
        .strip_prefix(" at line ")
        .and_then(|it| it.split_once(" column "));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    numbers.is_some_and(|(line, column)| is_number(line) && is_number(column))
}

/// Returns the parts of the text that come from the type; `None` if there are none.
fn of_the_type(said: &str) -> Option<String> {
    for kind in QUOTING {
        let Some(quoted) = said.strip_prefix(kind) else {
            continue;
        };
        let value = VALUES.iter().find(|value| {
            let rest = quoted
                .strip_prefix(": ")
                .and_then(|it| it.strip_prefix(**value));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', ',']))
        });
        let value = value.map(|value| format!(": {value}")).unwrap_or_default();
        // The last one: the quoted value may contain the words as well.
        let expected = said.rfind(", expected ").map_or("", |at| &said[at..]);
        let nothing = [", there are no fields", ", there are no variants"];
        let nothing = nothing.into_iter().find(|end| said.ends_with(end));
        let expected = nothing.unwrap_or(expected);
        return Some(format!("{kind}{value}{expected}"));
    }
    let names = |(before, after): &(&str, &str)| {
        let name = said
            .strip_prefix(before)
            .and_then(|it| it.strip_suffix(after));
        name.is_some_and(is_name)
    };
    let is_known = NAMING.iter().any(names) || FIXED.contains(&said);
    is_known.then(|| said.to_owned())
}

/// Returns true if this may be the name of a field or a type.
fn is_name(text: &str) -> bool {
    let is_part = |it: char| it.is_alphanumeric() || it == '_' || it == '-';
    text.starts_with(|it: char| it.is_alphabetic() || it == '_') && text.chars().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::without_values;

    #[test]
    fn an_error_of_serde_quotes_nothing_of_a_payload() {
        for (said, kept) in [
            (
                r#"invalid type: string "4111, expected 5", expected u64 at line 1 column 30"#,
                "invalid type: string, expected u64 at line 1 column 30",
            ),
            (
                "invalid type: integer `4111`, expected a string",
                "invalid type: integer, expected a string",
            ),
            (
                "invalid type: null, expected f64 at line 1 column 9",
                "invalid type: null, expected f64 at line 1 column 9",
            ),
            (
                "invalid type: 4111, expected f64",
                "invalid type, expected f64",
            ),
            ("invalid value: string \"4111\"", "invalid value: string"),
            (
                "invalid length 3, expected a tuple of size 2",
                "invalid length, expected a tuple of size 2",
            ),
            (
                "unknown variant `4111`, expected `A` or `B`",
                "unknown variant, expected `A` or `B`",
            ),
            (
                "unknown field `4111, expected 4111`, there are no fields",
                "unknown field, there are no fields",
            ),
            (
                "bad at line 4111-1111",
                "its type refuses it, and why is not shown, since it may quote the payload",
            ),
            (
                "missing field 4111",
                "its type refuses it, and why is not shown, since it may quote the payload",
            ),
            (
                "missing field `4111 1111`",
                "its type refuses it, and why is not shown, since it may quote the payload",
            ),
            (
                "data did not match any variant of untagged enum Card at line 2 column 3",
                "data did not match any variant of untagged enum Card at line 2 column 3",
            ),
            (
                "missing field `price` at line 1 column 2",
                "missing field `price` at line 1 column 2",
            ),
            (
                "EOF while parsing a value at line 1 column 0",
                "EOF while parsing a value at line 1 column 0",
            ),
            (
                "no card has number 4111 at line 1 column 2",
                "its type refuses it at line 1 column 2, and why is not shown, since it may quote the payload",
            ),
            (
                "",
                "its type refuses it, and why is not shown, since it may quote the payload",
            ),
        ] {
            assert_eq!(without_values(said), kept);
        }
    }
}
