//! Durations: `250ms 2s 10m 1h30m 14d`.
//!
//! Rust lexes each of them as one literal with a suffix, so they need no quotes.

use syn::parse::ParseStream;
use syn::{Error, Result};

use super::expected::{WithHelp as _, unexpected};
use super::tokens::skip;
use crate::ast::{Count, Duration};

/// The units and how many milliseconds each has.
const UNITS: [(&str, u64); 5] = [
    ("ms", 1),
    ("s", 1_000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
];

/// Consumes a duration; `what` says what it is for.
pub(super) fn parse(input: ParseStream<'_>, what: &str) -> Result<Duration> {
    let Some((literal, _)) = input.cursor().literal() else {
        let error = unexpected(input, what);
        return Err(if input.cursor().ident().is_some() {
            error.with_help(
                "the duration is written out, as in `2s`: no constant and no field stands here",
            )
        } else {
            error
        });
    };
    skip(input);
    if let Some((more, _)) = input.cursor().literal() {
        let error = unexpected(input, &format!("one duration, as in `{literal}{more}`"));
        return Err(error.with_help("a duration is one word, without a space"));
    }
    match milliseconds(&literal.to_string()) {
        Ok(0) => Err(
            Error::new(literal.span(), "a duration of zero has no effect here")
                .with_help("write how long, such as `250ms`"),
        ),
        Ok(milliseconds) => Ok(Duration {
            literal,
            milliseconds,
        }),
        Err(message) => Err(Error::new(literal.span(), message)),
    }
}

/// Returns the duration of a literal's text in milliseconds, or its mistake.
fn milliseconds(text: &str) -> std::result::Result<u64, String> {
    let text = text.replace('_', "");
    if !text.starts_with(|first: char| first.is_ascii_digit()) {
        return Err(format!(
            "expected a duration such as `250ms`, found `{text}`"
        ));
    }
    let mut rest = text.as_str();
    let mut total: u64 = 0;
    let mut last_unit = u64::MAX;
    while !rest.is_empty() {
        let (number, tail) = split(rest, |c| c.is_ascii_digit() || c == '.');
        let (unit, tail) = split(tail, |c| !c.is_ascii_digit());
        rest = tail;
        let Some((_, size)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            let units = UNITS.map(|(name, _)| name).join(", ");
            return Err(if unit.is_empty() && last_unit != u64::MAX {
                format!(
                    "the last number of `{text}` has no unit\n  help: write `{text}s`, or another of {units}"
                )
            } else if unit.is_empty() {
                format!(
                    "the duration `{text}` has no unit\n  help: write `{text}s`, or another of {units}"
                )
            } else {
                format!("unit `{unit}` is not one of {units}")
            });
        };
        if *size >= last_unit {
            return Err(format!(
                "the units of `{text}` do not descend\n  help: write the larger unit first, each once, such as `1h30m`"
            ));
        }
        last_unit = *size;
        total = scaled(number, *size)
            .and_then(|part| total.checked_add(part))
            .ok_or_else(|| {
                format!("the duration `{text}` is too long or finer than a millisecond")
            })?;
    }
    Ok(total)
}

/// `number * size`, exactly; `None` on overflow, or where a fraction is left.
fn scaled(number: &str, size: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole = whole.parse::<u64>().ok()?.checked_mul(size)?;
    if fraction.is_empty() {
        return Some(whole);
    }
    let parts = 10_u64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let share = fraction.parse::<u64>().ok()?.checked_mul(size)?;
    (share % parts == 0).then(|| whole.checked_add(share / parts))?
}

fn split(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !belongs(c)).unwrap_or(text.len()))
}

/// Consumes a whole number; `what` says what it counts.
pub(super) fn parse_count(input: ParseStream<'_>, what: &str) -> Result<Count> {
    let Some((literal, _)) = input.cursor().literal() else {
        return Err(unexpected(input, what));
    };
    let text = literal.to_string().replace('_', "");
    let Ok(value) = text.parse() else {
        let error = unexpected(input, what);
        return Err(if text.parse::<u128>().is_ok() {
            error.with_help(&format!("the largest is {}", u32::MAX))
        } else {
            error
        });
    };
    skip(input);
    Ok(Count { literal, value })
}

#[cfg(test)]
mod tests {
    use super::milliseconds;

    #[test]
    fn every_unit_and_their_sums_are_exact() {
        for (text, expected) in [
            ("250ms", 250),
            ("2s", 2_000),
            ("10m", 600_000),
            ("1h30m", 5_400_000),
            ("14d", 1_209_600_000),
            ("1_000ms", 1_000),
            ("1.5h", 5_400_000),
            ("1d2h3m4s5ms", 93_784_005),
        ] {
            assert_eq!(milliseconds(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_duration_says_why() {
        for (text, expected) in [
            ("30min", "unit `min` is not one of ms, s, m, h, d"),
            ("30", "has no unit"),
            ("30m1h", "do not descend"),
            ("1s1s", "do not descend"),
            ("1.0005s", "finer than a millisecond"),
            ("999999999999999d", "too long"),
            ("\"2s\"", "expected a duration"),
        ] {
            let message = milliseconds(text).expect_err(text);
            assert!(message.contains(expected), "{text}: {message}");
        }
    }
}
