//! The settings of a runner.

use std::fmt::{self, Display, Write as _};
use std::sync::Arc;
use std::time::Duration;

use crate::payload::codec::{Codec, CodecError, Json, PayloadRef, guarded};
use crate::store::{Event, FailedAttempt, Failure, HistoryRow, Text};
use crate::support::clock::Clock;

/// The settings of a runner, by the methods of [`Builder`](super::Builder).
pub(crate) struct Settings {
    pub(super) clock: Clock,
    pub(super) codec: Arc<dyn Codec>,
    /// The largest number of runs that are driven at a time.
    pub(super) max_in_flight: usize,
    /// The time that a claim holds without a heartbeat.
    pub(super) lease: Duration,
    /// The pause between two looks into the store for runs that others have left.
    pub(super) poll: Duration,
    /// The delay from which on a run waits for its next attempt in the store.
    pub(super) patience: Duration,
    /// The number of crashes in one state after which a run is parked.
    pub(super) max_crashes: u32,
    /// The largest payload, in bytes.
    pub(super) max_payload: usize,
    /// The longest text that is stored of an error, in bytes.
    pub(super) max_text: usize,
    /// True if each payload is decoded once before it is stored.
    pub(super) verifies: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            clock: Clock::system(),
            codec: Arc::new(Json),
            max_in_flight: 10_000,
            lease: Duration::from_secs(30),
            poll: Duration::from_secs(1),
            patience: Duration::from_secs(10),
            max_crashes: 10,
            max_payload: 1 << 20,
            max_text: 8 << 10,
            verifies: cfg!(debug_assertions),
        }
    }
}

/// The reason why a payload is not stored. It prints as a clause about that payload without any value of it.
pub(super) enum Unfit {
    /// The codec does not write it.
    Unwritten(String, CodecError),
    /// The codec would not read it again.
    Unread(String, CodecError),
    /// The payload is too large.
    TooLarge(String),
}

impl Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unfit::Unwritten(what, error) => write!(f, "{what} cannot be encoded: {error}"),
            Unfit::Unread(what, error) => write!(
                f,
                "{what} would not be read again: {error}; give fields that are not written a `#[serde(default)]`, \
                 and keep out values that the codec does not have, such as NaN"
            ),
            Unfit::TooLarge(text) => f.write_str(text),
        }
    }
}

impl Settings {
    /// Returns the number of deaths from which on a run is taken up alone, so that no other run is parked for its crashes.
    pub(super) fn alone_from(&self) -> u32 {
        (self.max_crashes / 2).max(1)
    }

    /// Encodes a payload, called `what`, and checks that it may be stored.
    pub(super) fn encoded(
        &self,
        what: impl Display,
        encode: impl FnOnce(&dyn Codec) -> Result<Vec<u8>, CodecError>,
        decode: impl FnOnce(&[u8], &dyn Codec) -> Result<(), CodecError>,
    ) -> Result<Vec<u8>, Unfit> {
        let encoded = guarded(|| encode(&*self.codec));
        let payload = encoded.map_err(|error| Unfit::Unwritten(what.to_string(), error))?;
        let payload = self.fits(&what, payload).map_err(Unfit::TooLarge)?;
        if self.verifies {
            let decoded = guarded(|| decode(&payload, &*self.codec));
            decoded.map_err(|error| Unfit::Unread(what.to_string(), error))?;
        }
        Ok(payload)
    }

    /// Checks that a payload is not too large to be stored.
    ///
    /// # Errors
    /// A sentence that names its size and the way out.
    pub(super) fn fits(&self, what: impl Display, payload: Vec<u8>) -> Result<Vec<u8>, String> {
        let (length, most) = (payload.len(), self.max_payload);
        if length <= most {
            return Ok(payload);
        }
        Err(format!(
            "{what} takes {length} bytes, and a payload may have {most}: store large data elsewhere and keep \
             a reference, or raise `max_payload`"
        ))
    }

    /// Returns a text that is short enough to be stored: the beginning of a longer one, and its length.
    pub(super) fn short(&self, text: impl Display) -> String {
        short(self.max_text, text)
    }

    /// Returns a text as it is stored. It may quote a payload, so it is encoded like one.
    pub(super) fn encoded_text(&self, text: &str) -> Text {
        let encoded = guarded(|| self.codec.encode(PayloadRef::new(&text)));
        encoded.map_or_else(
            |_| Text::from("(a text that the codec could not encode)"),
            Text::Encoded,
        )
    }

    /// Returns a text of the store in readable form.
    pub(super) fn read_text(&self, text: &Text) -> String {
        text.read(&*self.codec)
    }

    fn plain(&self, text: &Text) -> Text {
        Text::Plain(self.read_text(text))
    }

    /// Returns the failure of a run with readable texts.
    pub(super) fn read_failure(&self, failure: Failure) -> Failure {
        Failure {
            message: self.plain(&failure.message),
            ..failure
        }
    }

    /// Returns a row of a history with readable texts.
    pub(super) fn read_history(&self, row: HistoryRow) -> HistoryRow {
        let event = match row.event {
            Event::NotUndone {
                of,
                attempts,
                cause,
            } => Event::NotUndone {
                of,
                attempts,
                cause: self.plain(&cause),
            },
            Event::Parked { reason } => Event::Parked {
                reason: self.plain(&reason),
            },
            event => event,
        };
        let failure = row.failure.map(|failure| self.read_failure(failure));
        let attempts = row
            .failed_attempts
            .into_iter()
            .map(|attempt| FailedAttempt {
                error: self.plain(&attempt.error),
                ..attempt
            });
        HistoryRow {
            event,
            failure,
            failed_attempts: attempts.collect(),
            ..row
        }
    }
}

/// Returns a text of at most `most` bytes: the beginning of a longer one, and its length.
pub(super) fn short(most: usize, text: impl Display) -> String {
    let mut short = Short {
        text: String::new(),
        most,
        length: 0,
    };
    // Only a broken `Display` fails here: its text by then is kept.
    let _ = write!(short, "{text}");
    if short.length > short.text.len() {
        short.text += &format!("... ({} bytes, cut)", short.length);
    }
    short.text
}

/// Keeps the beginning of a text, and counts the rest.
struct Short {
    text: String,
    most: usize,
    length: usize,
}

impl fmt::Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.length == self.text.len() {
            let room = self.most - self.text.len();
            self.text += &text[..text.floor_char_boundary(room)];
        }
        self.length = self.length.saturating_add(text.len());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_too_long_is_cut_between_characters_and_says_so() {
        let settings = |max_text| Settings {
            max_text,
            ..Settings::default()
        };
        for (most, said, short) in [
            (5, "short", "short"),
            (5, "long as it is", "long ... (13 bytes, cut)"),
            (3, "\u{e4}\u{e4}", "\u{e4}... (4 bytes, cut)"),
            (2, "\u{1f980}x", "... (5 bytes, cut)"),
            (0, "", ""),
            (0, "x", "... (1 bytes, cut)"),
        ] {
            assert_eq!(settings(most).short(said), short);
        }
        // Whatever comes after what was cut is left out as well.
        let parts = fmt::from_fn(|f| {
            f.write_str("\u{e4}")?;
            f.write_str("\u{1f980}")?;
            f.write_str("b")
        });
        assert_eq!(settings(4).short(parts), "\u{e4}... (7 bytes, cut)");
        let long = "x".repeat(4 << 20);
        let short = Settings::default().short(&long);
        assert_eq!(short.len(), 8_192 + "... (4194304 bytes, cut)".len());
    }
}
