//! Numbers and times of clauses, which are written out in the block or read from a field.

/// A number or a time of a clause.
///
/// ```
/// # use stateway_core::{Graph, Policy, StateKind, TransitionKind, graph, retry, state, transition};
/// # struct Order;
/// # impl Order {
/// #     const GRAPH: Graph = graph(
/// #         "Order",
/// #         &[state("Placed", StateKind::Start, false), state("Charged", StateKind::Done, false)],
/// #         &[transition("charge", TransitionKind::Step, &[0], &[1])
/// #             .with(Policy::NONE.timeout(2_000).retry(retry(5, 100, 10_000, 2.0).attempts_in("input.tries")))],
/// #     );
/// # }
/// use std::time::Duration;
///
/// use stateway_core::Given;
///
/// // step charge: Placed -> Charged with timeout(2s), retry(input.tries);
/// let policy = &Order::GRAPH.transitions[0].policy;
/// assert_eq!(policy.timeout, Some(Given::Written(Duration::from_secs(2))));
/// let attempts = policy.retry.and_then(|retry| retry.attempts);
/// assert_eq!(attempts.and_then(Given::field), Some("input.tries"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Given<T> {
    /// The value is written out in the block: `retry(3)`.
    Written(T),
    /// The value is in this field, which is read when the clause is needed: `limit` of the state that the transition leaves, or
    /// `input.limit`.
    Field(&'static str),
}

impl<T: Copy> Given<T> {
    /// Returns the value, if it is written out.
    #[must_use]
    pub const fn written(self) -> Option<T> {
        match self {
            Given::Written(value) => Some(value),
            Given::Field(_) => None,
        }
    }

    /// Returns the field as the block names it, if the value is in one.
    #[must_use]
    pub const fn field(self) -> Option<&'static str> {
        match self {
            Given::Written(_) => None,
            Given::Field(field) => Some(field),
        }
    }
}
