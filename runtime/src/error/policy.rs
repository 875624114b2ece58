//! A value that a clause read and cannot take.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use super::cause::spelled;

/// A field holds a number or a time that the clause which reads it cannot take.
///
/// Nothing was called: the same value would be read again, so there is no other attempt, but a `catch` is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PolicyError {
    /// The word of the clause, such as `retry`.
    pub clause: &'static str,
    /// The name of the transition, the branch or the undo handler that has the clause.
    pub of: &'static str,
    /// The field as the block names it: `limit`, or `input.limit`.
    pub field: &'static str,
    /// The value in the field.
    pub value: PolicyValue,
    /// The least value that the clause takes.
    pub least: PolicyValue,
    /// The greatest, if there is one.
    pub most: Option<PolicyValue>,
}

/// A value of a field that a clause reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
#[non_exhaustive]
pub enum PolicyValue {
    /// Of `retry`, `quorum`, `percent`, `settled` or `at most`.
    Number(u64),
    /// Of every other clause.
    Time(Duration),
}

impl PolicyValue {
    /// The shortest time that has an effect.
    pub(crate) const SHORTEST: PolicyValue = PolicyValue::Time(Duration::from_nanos(1));
}

impl fmt::Display for PolicyValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PolicyValue::Number(number) => number.fmt(f),
            PolicyValue::Time(Duration::ZERO) => f.write_str("0s"),
            PolicyValue::Time(time) => spelled(*time).fmt(f),
        }
    }
}

/// One clause: who reads what, the value, and the values that are taken.
impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PolicyError {
            clause,
            of,
            field,
            value,
            least,
            most,
        } = self;
        write!(
            f,
            "`{clause}` of `{of}` reads `{field}`, which is {value}: it must be "
        )?;
        match most {
            None if *least == PolicyValue::SHORTEST => f.write_str("longer than 0s"),
            None => write!(f, "at least {least}"),
            Some(most) if *least == PolicyValue::SHORTEST => write!(f, "at most {most}"),
            Some(most) if most == least => write!(f, "{least}"),
            Some(most) => write!(f, "from {least} to {most}"),
        }
    }
}

impl Error for PolicyError {}
