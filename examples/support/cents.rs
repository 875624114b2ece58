//! Amounts of money, in whole cents.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An amount of money. It prints as `12.34`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Cents(pub(crate) u64);

impl fmt::Display for Cents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Padded as a whole, so that amounts stand in columns.
        f.pad(&format!("{}.{:02}", self.0 / 100, self.0 % 100))
    }
}
