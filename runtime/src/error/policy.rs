//! The error of a clause that read a value which it cannot take.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use super::cause::spelled;

/// A field holds a number or a time that the clause which reads it cannot take.
///
/// No handler was called. There is no other attempt, since that would read the same value, but a `catch` is asked.
///
/// ```
/// # use stateway::prelude::*;
/// # workflow! {
/// #     #[derive(Clone)]
/// #     workflow Order {
/// #         input { tries: u32 }
/// #         start Placed;
/// #         done Charged;
/// #         step charge: Placed -> Charged with retry(input.tries);
/// #     }
/// # }
/// # struct Shop;
/// # impl OrderSteps for Shop {
/// #     type Error = String;
/// #     async fn charge(&self, _: Placed, step: &Step<Charge>) -> Result<Charge, String> { Ok(step.to(Charged)) }
/// # }
/// # pollster::block_on(async {
/// // step charge: Placed -> Charged with retry(input.tries);
/// let run = Order::start(OrderInput { tries: 0 }, Placed).run(&Shop);
/// let error = run.await.err().expect("a step cannot be tried 0 times");
/// if let Cause::Policy(policy) = error.cause() {
///     assert_eq!((policy.clause, policy.field), ("retry", "input.tries"));
/// }
/// # });
/// ```
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
    /// The greatest value that the clause takes, if there is one.
    pub most: Option<PolicyValue>,
}

/// A value of a field that a clause reads.
///
/// ```
/// # use stateway::prelude::*;
/// # use std::time::Duration;
/// # workflow! {
/// #     workflow Order { start Placed { patience: Duration }; done Charged; step charge: Placed -> Charged with timeout(patience); }
/// # }
/// # struct Shop;
/// # impl OrderSteps for Shop {
/// #     type Error = String;
/// #     async fn charge(&self, _: Placed, step: &Step<Charge>) -> Result<Charge, String> { Ok(step.to(Charged)) }
/// # }
/// use stateway::PolicyValue;
///
/// # pollster::block_on(async {
/// // step charge: Placed -> Charged with timeout(patience);
/// let run = Order::start(Placed { patience: Duration::ZERO }).run(&Shop);
/// let error = run.await.err().expect("no call takes no time");
/// if let Cause::Policy(policy) = error.cause() {
///     assert_eq!(policy.value, PolicyValue::Time(Duration::ZERO));
/// }
/// # });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
#[non_exhaustive]
pub enum PolicyValue {
    /// The number of a `retry`, `quorum`, `percent`, `settled` or `at most`.
    Number(u64),
    /// The time of any other clause.
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

/// One clause with the reader, the field, its value, and the values that are taken.
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
