//! Who is asked, and about what.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One source of prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Source {
    Exchange,
    Broker,
    Bank,
    Portal,
    Feed,
}

impl Source {
    pub(crate) const ALL: [Source; 5] = [
        Source::Exchange,
        Source::Broker,
        Source::Bank,
        Source::Portal,
        Source::Feed,
    ];
}

/// A symbol that has a price. Symbols are numbered from 1, and print as `SYM-001`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Symbol(pub(crate) u32);

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Padded, so that they stand in columns.
        f.pad(match self {
            Source::Exchange => "exchange",
            Source::Broker => "broker",
            Source::Bank => "bank",
            Source::Portal => "portal",
            Source::Feed => "feed",
        })
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SYM-{:03}", self.0)
    }
}
