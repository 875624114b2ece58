//! The clauses of a visit, if some of their numbers are in fields.
//!
//! If all are written out, there are no values here: the rules have them as constants.

use std::time::Duration;

use stateway_core::Retry;

use super::rules::Rules;
use crate::error::PolicyError;
use crate::numbers::{Judged, Numbers};

/// The fields that the clauses of a visit read.
pub trait Fields {
    /// The values, once they have been judged.
    type Terms: Terms;

    /// Judges the values that were read by the rules `R`.
    fn terms<R: Rules>(self) -> Self::Terms;
}

/// The values of the clauses that read fields.
pub trait Terms: Send + Sync + 'static {
    /// Returns the values, if their clauses take all of them.
    fn values(&self) -> Option<&Values>;

    /// Returns the first value that its clause cannot take.
    fn refused(&self) -> Option<&PolicyError>;
}

/// The clauses of a visit that reads fields, with their values.
#[derive(Debug, Clone, Copy)]
pub struct Values {
    pub(super) retry: Option<Retry>,
    pub(super) timeout: Option<Duration>,
    pub(super) deadline: Option<Duration>,
}

/// Terms without fields: all values are written out.
impl Fields for () {
    type Terms = ();

    #[inline]
    fn terms<R: Rules>(self) {}
}

impl Terms for () {
    #[inline]
    fn values(&self) -> Option<&Values> {
        None
    }

    #[inline]
    fn refused(&self) -> Option<&PolicyError> {
        None
    }
}

impl Fields for Numbers {
    type Terms = Judged<Values>;

    fn terms<R: Rules>(self) -> Judged<Values> {
        let retry = R::RETRY.map(|retry| self.retry(retry, R::NAME));
        let values = Values {
            retry: retry.transpose()?,
            timeout: self.timeout_of(R::TIMEOUT, R::NAME)?,
            deadline: self.deadline_of(R::DEADLINE, R::NAME)?,
        };
        if let Some(due) = R::DUE {
            self.pauses(due, R::NAME)?;
        }
        Ok(values)
    }
}

impl Terms for Judged<Values> {
    fn values(&self) -> Option<&Values> {
        self.as_ref().ok()
    }

    fn refused(&self) -> Option<&PolicyError> {
        self.as_ref().err().map(|error| &**error)
    }
}
