//! The rules for values that are read from fields. The macro has the same rules for values that are written out.

use std::time::Duration;

use stateway_core::{Given, Retry};

use super::Numbers;
use crate::error::{PolicyError, PolicyValue};

/// A value, or the reason why its clause cannot take it.
pub(crate) type Judged<T> = Result<T, Box<PolicyError>>;

/// A clause, as an error names it.
#[derive(Clone, Copy)]
pub(super) struct Clause {
    pub(super) word: &'static str,
    pub(super) of: &'static str,
}

impl Clause {
    /// Returns the number that is written out or was read, from `least` to `most`.
    pub(super) fn number(
        self,
        given: Given<u64>,
        read: Option<u64>,
        (least, most): (u64, u64),
    ) -> Judged<u64> {
        let Some((field, number)) = given.field().zip(read) else {
            // The macro has judged a number that is written out.
            return Ok(given.written().unwrap_or(least));
        };
        if (least..=most).contains(&number) {
            return Ok(number);
        }
        let most = (most < u64::MAX).then_some(PolicyValue::Number(most));
        let (value, least) = (PolicyValue::Number(number), PolicyValue::Number(least));
        Err(Box::new(self.refused(field, value, least, most)))
    }

    /// Returns the time that is written out or was read, which is not zero.
    pub(super) fn time(self, given: Given<Duration>, read: Option<Duration>) -> Judged<Duration> {
        let Some((field, time)) = given.field().zip(read) else {
            return Ok(given.written().unwrap_or_default());
        };
        if time > Duration::ZERO {
            return Ok(time);
        }
        let value = PolicyValue::Time(time);
        Err(Box::new(self.refused(
            field,
            value,
            PolicyValue::SHORTEST,
            None,
        )))
    }

    /// Returns a time, if there is one.
    pub(super) fn some_time(
        self,
        given: Option<Given<Duration>>,
        read: Option<Duration>,
    ) -> Judged<Option<Duration>> {
        given.map(|given| self.time(given, read)).transpose()
    }

    /// Returns two times, the first of which is not above the second.
    pub(super) fn range(
        self,
        given: (Given<Duration>, Given<Duration>),
        read: (Option<Duration>, Option<Duration>),
    ) -> Judged<(Duration, Duration)> {
        let first = self.time(given.0, read.0)?;
        let last = self.time(given.1, read.1)?;
        if first <= last {
            return Ok((first, last));
        }
        let (first, last) = (PolicyValue::Time(first), PolicyValue::Time(last));
        Err(Box::new(match (given.0.field(), given.1.field()) {
            (Some(field), _) => self.refused(field, first, PolicyValue::SHORTEST, Some(last)),
            (None, field) => self.refused(field.unwrap_or_default(), last, first, None),
        }))
    }

    fn refused(
        self,
        field: &'static str,
        value: PolicyValue,
        least: PolicyValue,
        most: Option<PolicyValue>,
    ) -> PolicyError {
        let Clause { word, of } = self;
        PolicyError {
            clause: word,
            of,
            field,
            value,
            least,
            most,
        }
    }
}

impl Numbers {
    /// Returns the `retry` of a transition, a branch or an undo handler of this name.
    pub(crate) fn retry(
        &self,
        retry: &Retry<Given<u32>, Given<Duration>>,
        of: &'static str,
    ) -> Judged<Retry> {
        let clause = Clause { word: "retry", of };
        let all = (1, u64::from(u32::MAX));
        let attempts = retry.attempts.map(|given| {
            let attempts = clause.number(widened(given), self.attempts, all);
            attempts.map(|it| u32::try_from(it).unwrap_or(u32::MAX))
        });
        let attempts = attempts.transpose()?;
        let (first, cap) = clause.range((retry.first, retry.cap), (self.first, self.cap))?;
        Ok(retry.known(attempts, first, cap))
    }

    /// Returns its `timeout`.
    pub(crate) fn timeout_of(
        &self,
        timeout: Option<Given<Duration>>,
        of: &'static str,
    ) -> Judged<Option<Duration>> {
        let word = "timeout";
        Clause { word, of }.some_time(timeout, self.timeout)
    }

    /// Returns its `deadline`.
    pub(crate) fn deadline_of(
        &self,
        deadline: Option<Given<Duration>>,
        of: &'static str,
    ) -> Judged<Option<Duration>> {
        let word = "deadline";
        Clause { word, of }.some_time(deadline, self.deadline)
    }
}

/// Returns the number as a `u64`, the type of all numbers here.
pub(super) fn widened<N: Copy + TryInto<u64>>(given: Given<N>) -> Given<u64> {
    if let Some(field) = given.field() {
        return Given::Field(field);
    }
    let written = given.written().and_then(|it| it.try_into().ok());
    Given::Written(written.unwrap_or(u64::MAX))
}
