//! Numbers and times of clauses that are known only at run time: `timeout(limit)`, `retry(input.tries)`.
//!
//! Generated code reads the fields into [`Numbers`]. They are judged here, by the rules that the macro has for numbers that are
//! written out, since the graph says which clause reads which field. A value that breaks a rule is a [`PolicyError`] before any handler
//! is called.
//!
//! [`PolicyError`]: crate::PolicyError

mod field;
mod join;
mod judge;
mod pauses;

use std::time::Duration;

pub use field::{ClauseNumber, ClauseTime};
pub use join::{JoinTerms, join_terms};
pub(crate) use judge::Judged;

/// The values that the clauses of one visit, branch, undo or join have read from fields.
#[derive(Debug, Clone, Copy)]
pub struct Numbers {
    attempts: Option<u64>,
    first: Option<Duration>,
    cap: Option<Duration>,
    timeout: Option<Duration>,
    deadline: Option<Duration>,
    pause: Option<Duration>,
    longest: Option<Duration>,
    needed: Option<u64>,
    within: Option<Duration>,
    at_most: Option<u64>,
}

impl Numbers {
    /// Returns an empty set of values.
    #[expect(
        clippy::new_without_default,
        reason = "code without a prelude knows no `Default`"
    )]
    #[must_use]
    pub const fn new() -> Self {
        Numbers {
            attempts: None,
            first: None,
            cap: None,
            timeout: None,
            deadline: None,
            pause: None,
            longest: None,
            needed: None,
            within: None,
            at_most: None,
        }
    }

    /// Reads the number of attempts.
    #[must_use]
    pub fn attempts<T: ClauseNumber>(mut self, field: &T) -> Self {
        self.attempts = Some(field.number());
        self
    }

    /// Reads the first delay of a `retry`.
    #[must_use]
    pub fn first<T: ClauseTime>(mut self, field: &T) -> Self {
        self.first = Some(field.time());
        self
    }

    /// Reads its longest delay.
    #[must_use]
    pub fn cap<T: ClauseTime>(mut self, field: &T) -> Self {
        self.cap = Some(field.time());
        self
    }

    /// Reads each delay of a `retry`.
    #[must_use]
    pub fn every<T: ClauseTime>(mut self, field: &T) -> Self {
        let every = Some(field.time());
        (self.first, self.cap) = (every, every);
        self
    }

    /// Reads a `timeout`.
    #[must_use]
    pub fn timeout<T: ClauseTime>(mut self, field: &T) -> Self {
        self.timeout = Some(field.time());
        self
    }

    /// Reads a `deadline`.
    #[must_use]
    pub fn deadline<T: ClauseTime>(mut self, field: &T) -> Self {
        self.deadline = Some(field.time());
        self
    }

    /// Reads the first pause of a poll, or each of a timer.
    #[must_use]
    pub fn pause<T: ClauseTime>(mut self, field: &T) -> Self {
        self.pause = Some(field.time());
        self
    }

    /// Reads the longest pause of a poll.
    #[must_use]
    pub fn longest<T: ClauseTime>(mut self, field: &T) -> Self {
        self.longest = Some(field.time());
        self
    }

    /// Reads the number of a join.
    #[must_use]
    pub fn needed<T: ClauseNumber>(mut self, field: &T) -> Self {
        self.needed = Some(field.number());
        self
    }

    /// Reads the time of a join.
    #[must_use]
    pub fn within<T: ClauseTime>(mut self, field: &T) -> Self {
        self.within = Some(field.time());
        self
    }

    /// Reads the number of branches that may run at a time.
    #[must_use]
    pub fn at_most<T: ClauseNumber>(mut self, field: &T) -> Self {
        self.at_most = Some(field.number());
        self
    }
}
