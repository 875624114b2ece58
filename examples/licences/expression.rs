//! A licence expression, written one way.

use std::fmt;

/// The meaning of a `license` field, so that equal offers are equal.
///
/// `Apache-2.0/MIT` (the older notation), `Apache-2.0 OR MIT` and `MIT OR Apache-2.0` offer the
/// same choice and become the last. An expression with parentheses stays as it is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Expression(Box<str>);

impl Expression {
    pub(crate) fn new(written: &str) -> Self {
        let written = written.trim();
        if written.contains(['(', ')']) {
            return Expression(written.into());
        }
        let modern = written.replace('/', " OR ");
        // `OR` binds weaker than `AND` and `WITH`, so each part is a whole alternative.
        let mut choices: Vec<_> = modern.split(" OR ").map(str::trim).collect();
        // From the shortest: `MIT OR Apache-2.0` is how most of the crates have it.
        choices.sort_unstable_by_key(|choice| (choice.len(), *choice));
        choices.dedup();
        Expression(choices.join(" OR ").into())
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
