//! The `with` clauses as data: the policy of a transition for the case that its handler fails.

use core::time::Duration;

use crate::Given;

/// The `with` clauses of one transition.
///
/// ```
/// # use stateway_core::{Graph, Policy, TransitionKind, graph, transition, undo};
/// # struct Order;
/// # impl Order {
/// #     const GRAPH: Graph = graph(
/// #         "Order",
/// #         &[],
/// #         &[transition("charge", TransitionKind::Step, &[0], &[1])
/// #             .with(Policy::NONE.breaker("bank").undo(&[undo(1, "refund")]))],
/// #     );
/// # }
/// // step charge: Placed -> Charged with breaker(bank), undo(refund);
/// let policy = &Order::GRAPH.transitions[0].policy;
/// assert_eq!((policy.breaker, policy.limit), (Some("bank"), None));
/// assert_eq!(policy.undo[0].handler, "refund");
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Policy {
    /// The number and the delays of the attempts: `retry`.
    pub retry: Option<Retry<Given<u32>, Given<Duration>>>,
    /// The time that one attempt may take.
    pub timeout: Option<Given<Duration>>,
    /// The time that the transition may take, including retries and delays.
    pub deadline: Option<Given<Duration>>,
    /// The handlers that undo it, one for each target that can be undone; a branch has at most one.
    pub undo: &'static [UndoInfo],
    /// The handler that is asked when the last attempt has failed.
    pub catch: Option<&'static str>,
    /// The position of the state that it leads to when the last attempt has failed: `else`.
    pub fallback: Option<usize>,
    /// True if a stored run is paused when the last attempt has failed: `else pause`.
    pub pauses: bool,
    /// The method of the context that lends the circuit breaker.
    pub breaker: Option<&'static str>,
    /// The method of the context that lends the rate limiter.
    pub limit: Option<&'static str>,
    /// True if the handler is never called a second time, even if its process dies: `once`.
    pub once: bool,
}

/// The number of attempts and the delays between them.
///
/// The delay before the second attempt is `first`. Each later delay is `factor` times the one
/// before, and never above `cap`. [`Jitter`] only shortens a delay, so that the cap holds after it as well.
///
/// In a graph each of its numbers is a [`Given`]: some are known only when a run reads them.
///
/// ```
/// # use stateway_core::{Graph, Policy, TransitionKind, graph, retry, transition};
/// # struct Order;
/// # impl Order {
/// #     const GRAPH: Graph = graph(
/// #         "Order",
/// #         &[],
/// #         &[transition("charge", TransitionKind::Step, &[0], &[1]).with(Policy::NONE.retry(retry(5, 100, 10_000, 2.0)))],
/// #     );
/// # }
/// // step charge: Placed -> Charged with retry(5, backoff 100ms..10s);
/// let retry = Order::GRAPH.transitions[0].policy.retry.and_then(|retry| retry.written());
/// let retry = retry.expect("all its numbers are written out");
/// let longest: u128 = (1..5).map(|made| retry.delay(made).as_millis()).sum();
/// assert_eq!((retry.attempts, longest), (Some(5), 1_500));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Retry<N = u32, D = Duration> {
    /// The number of attempts, including the first, at least 1; `None` for `forever`.
    pub attempts: Option<N>,
    /// The delay before the second attempt.
    pub first: D,
    /// The longest delay.
    pub cap: D,
    /// The factor from one delay to the next; at least 1.
    pub factor: f64,
    /// The part of each delay that is random.
    pub jitter: Jitter,
}

/// The part of a delay that is random, so that runs that failed together do not all try again together.
///
/// The names are those of Marc Brooker, *Exponential Backoff and Jitter*, AWS Architecture Blog, 2015.
///
/// ```
/// use stateway_core::Jitter;
///
/// /// Returns the shortest that a delay may be drawn, in milliseconds.
/// fn shortest(delay: u64, jitter: Jitter) -> u64 {
///     match jitter {
///         Jitter::Full => 0,
///         Jitter::Equal => delay / 2,
///         _ => delay,
///     }
/// }
///
/// // The default of `retry(5)`.
/// assert_eq!(shortest(100, Jitter::Equal), 50);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Jitter {
    /// The delay is drawn evenly between its half and its full length.
    Equal,
    /// The delay is drawn evenly between zero and its full length. Some delays are next to nothing, so attempts are used up faster.
    Full,
    /// The delay has its full length.
    None,
}

/// The handler that undoes a transition to one of its targets, a step whose last call is in doubt, or a branch.
///
/// ```
/// # use stateway_core::{Graph, Policy, StateKind, TransitionKind, graph, retry, state, transition, undo};
/// # struct Order;
/// # impl Order {
/// #     const GRAPH: Graph = graph(
/// #         "Order",
/// #         &[state("Placed", StateKind::Start, false), state("Charged", StateKind::State, false)],
/// #         &[transition("charge", TransitionKind::Step, &[0], &[1])
/// #             .with(Policy::NONE.undo(&[undo(1, "refund").retry(retry(10, 100, 10_000, 2.0))]))],
/// #     );
/// # }
/// // step charge: Placed -> Charged with undo(refund, retry(10));
/// let undo = &Order::GRAPH.transitions[0].policy.undo[0];
/// let target = undo.target.map(|state| Order::GRAPH.states[state].name);
/// assert_eq!((undo.handler, target), ("refund", Some("Charged")));
/// assert!(undo.retry.is_some() && !undo.in_doubt);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct UndoInfo {
    /// The position of the state that the transition led to; `None` for a branch, and for a handler of calls in doubt alone.
    pub target: Option<usize>,
    /// True if it is called when the last call of the step is in doubt: `in doubt`.
    pub in_doubt: bool,
    /// The handler's name.
    pub handler: &'static str,
    /// The number and the delays of the attempts to undo.
    pub retry: Option<Retry<Given<u32>, Given<Duration>>>,
    /// The time that one attempt to undo may take.
    pub timeout: Option<Given<Duration>>,
}

impl Policy {
    /// Returns the position of the undo of a step whose last call is in doubt, if it has one.
    #[must_use]
    pub const fn in_doubt(&self) -> Option<usize> {
        let mut position = 0;
        while position < self.undo.len() {
            if self.undo[position].in_doubt {
                return Some(position);
            }
            position += 1;
        }
        None
    }
}

impl Policy {
    /// The policy without a clause.
    pub const NONE: Policy = Policy {
        retry: None,
        timeout: None,
        deadline: None,
        undo: &[],
        catch: None,
        fallback: None,
        pauses: false,
        breaker: None,
        limit: None,
        once: false,
    };
}

impl Retry {
    /// Returns the longest delay after `made` attempts; jitter only shortens it.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use stateway_core::retry;
    /// let retry = retry(5, 100, 300, 2.0).written().expect("all is written out");
    /// let delays: Vec<_> = (1..5).map(|made| retry.delay(made).as_millis()).collect();
    /// assert_eq!(delays, [100, 200, 300, 300]);
    /// ```
    #[must_use]
    pub fn delay(&self, made: u32) -> Duration {
        let mut delay = self.first.min(self.cap);
        for _ in 1..made {
            // A delay that a `Duration` cannot hold is above every cap.
            let next = delay.as_secs_f64() * self.factor;
            let next = Duration::try_from_secs_f64(next).map_or(self.cap, |it| it.min(self.cap));
            // It may stop growing below the cap as well.
            if next == delay {
                break;
            }
            delay = next;
        }
        delay
    }
}

impl Retry<Given<u32>, Given<Duration>> {
    /// Returns the retry with its values, if all of them are written out.
    #[must_use]
    pub const fn written(&self) -> Option<Retry> {
        let attempts = match self.attempts {
            None => None,
            Some(Given::Written(attempts)) => Some(attempts),
            Some(Given::Field(_)) => return None,
        };
        let (Some(first), Some(cap)) = (self.first.written(), self.cap.written()) else {
            return None;
        };
        Some(self.known(attempts, first, cap))
    }

    /// Returns the retry with these values.
    #[doc(hidden)]
    #[must_use]
    pub const fn known(&self, attempts: Option<u32>, first: Duration, cap: Duration) -> Retry {
        Retry {
            attempts,
            first,
            cap,
            factor: self.factor,
            jitter: self.jitter,
        }
    }
}

/// Returns a retry as generated code writes it, with equal jitter; delays in milliseconds.
#[doc(hidden)]
#[must_use]
pub const fn retry(
    attempts: u32,
    first: u64,
    cap: u64,
    factor: f64,
) -> Retry<Given<u32>, Given<Duration>> {
    Retry {
        attempts: Some(Given::Written(attempts)),
        ..forever(first, cap, factor)
    }
}

/// Returns a retry without an end.
#[doc(hidden)]
#[must_use]
pub const fn forever(first: u64, cap: u64, factor: f64) -> Retry<Given<u32>, Given<Duration>> {
    Retry {
        attempts: None,
        first: Given::Written(Duration::from_millis(first)),
        cap: Given::Written(Duration::from_millis(cap)),
        factor,
        jitter: Jitter::Equal,
    }
}

#[doc(hidden)]
impl Retry<Given<u32>, Given<Duration>> {
    #[must_use]
    pub const fn full_jitter(mut self) -> Self {
        self.jitter = Jitter::Full;
        self
    }

    #[must_use]
    pub const fn no_jitter(mut self) -> Self {
        self.jitter = Jitter::None;
        self
    }

    #[must_use]
    pub const fn attempts_in(mut self, field: &'static str) -> Self {
        self.attempts = Some(Given::Field(field));
        self
    }

    #[must_use]
    pub const fn first_in(mut self, field: &'static str) -> Self {
        self.first = Given::Field(field);
        self
    }

    #[must_use]
    pub const fn cap_in(mut self, field: &'static str) -> Self {
        self.cap = Given::Field(field);
        self
    }
}

/// Returns the undo of a transition to the state at `target`, without clauses.
#[doc(hidden)]
#[must_use]
pub const fn undo(target: usize, handler: &'static str) -> UndoInfo {
    UndoInfo {
        target: Some(target),
        ..undo_effect(handler)
    }
}

/// Like [`undo`], for a branch and for a call in doubt.
#[doc(hidden)]
#[must_use]
pub const fn undo_effect(handler: &'static str) -> UndoInfo {
    UndoInfo {
        target: None,
        in_doubt: false,
        handler,
        retry: None,
        timeout: None,
    }
}

impl UndoInfo {
    #[doc(hidden)]
    #[must_use]
    pub const fn in_doubt(mut self) -> Self {
        self.in_doubt = true;
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn retry(mut self, retry: Retry<Given<u32>, Given<Duration>>) -> Self {
        self.retry = Some(retry);
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn timeout(mut self, milliseconds: u64) -> Self {
        self.timeout = Some(Given::Written(Duration::from_millis(milliseconds)));
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn timeout_in(mut self, field: &'static str) -> Self {
        self.timeout = Some(Given::Field(field));
        self
    }
}

/// Clauses as generated code adds them, one by one: a policy without clauses takes no code.
#[doc(hidden)]
impl Policy {
    #[must_use]
    pub const fn retry(mut self, retry: Retry<Given<u32>, Given<Duration>>) -> Self {
        self.retry = Some(retry);
        self
    }

    #[must_use]
    pub const fn timeout(mut self, milliseconds: u64) -> Self {
        self.timeout = Some(Given::Written(Duration::from_millis(milliseconds)));
        self
    }

    #[must_use]
    pub const fn timeout_in(mut self, field: &'static str) -> Self {
        self.timeout = Some(Given::Field(field));
        self
    }

    #[must_use]
    pub const fn deadline(mut self, milliseconds: u64) -> Self {
        self.deadline = Some(Given::Written(Duration::from_millis(milliseconds)));
        self
    }

    #[must_use]
    pub const fn deadline_in(mut self, field: &'static str) -> Self {
        self.deadline = Some(Given::Field(field));
        self
    }

    #[must_use]
    pub const fn undo(mut self, undo: &'static [UndoInfo]) -> Self {
        self.undo = undo;
        self
    }

    #[must_use]
    pub const fn catch(mut self, handler: &'static str) -> Self {
        self.catch = Some(handler);
        self
    }

    #[must_use]
    pub const fn once(mut self) -> Self {
        self.once = true;
        self
    }

    #[must_use]
    pub const fn fallback(mut self, state: usize) -> Self {
        self.fallback = Some(state);
        self
    }

    #[must_use]
    pub const fn pauses(mut self) -> Self {
        self.pauses = true;
        self
    }

    #[must_use]
    pub const fn breaker(mut self, method: &'static str) -> Self {
        self.breaker = Some(method);
        self
    }

    #[must_use]
    pub const fn limit(mut self, method: &'static str) -> Self {
        self.limit = Some(method);
        self
    }
}
