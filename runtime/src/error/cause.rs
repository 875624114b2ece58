//! The cause that ends a run, as a value.

use std::fmt;
use std::time::Duration;

use super::{JoinError, PolicyError};
use crate::breaker::BreakerOpen;

/// The cause that ended a run, or the attempt to undo a transition.
///
/// A `catch` handler is given one as well.
///
/// ```
/// # use stateway::prelude::*;
/// # workflow! {
/// #     workflow Order { start Placed; done Charged; step charge: Placed -> Charged with timeout(2s); }
/// # }
/// # struct Shop;
/// # impl OrderSteps for Shop {
/// #     type Error = String;
/// #     async fn charge(&self, _: Placed, _: &Step<Charge>) -> Result<Charge, String> { std::future::pending().await }
/// # }
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// let error = Order::start(Placed).run(&Shop).await.err().expect("the bank does not answer");
/// let text = match error.cause() {
///     Cause::Handler(error) => format!("refused: {error}"),
///     Cause::Timeout { limit, .. } => format!("no answer within {limit:?}, try again later"),
///     cause => cause.to_string(),
/// };
/// assert_eq!(text, "no answer within 2s, try again later");
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause<E> {
    /// A handler returned this error.
    Handler(E),
    /// Too few branches of a split succeeded for them to be joined.
    // Boxed: it is by far the largest.
    Join(Box<JoinError<E>>),
    /// A handler panicked with this message.
    Panic(Box<str>),
    /// The last attempt took longer than the `timeout` of its transition. Its future was dropped.
    Timeout {
        /// The time that an attempt may take.
        limit: Duration,
        /// The error of the attempt before, if a handler had returned one.
        last: Option<E>,
    },
    /// A `deadline` passed, or the next attempt would have come after it.
    Deadline {
        /// The time that the deadline gives.
        limit: Duration,
        /// The scope of the deadline.
        scope: Scope,
        /// The error of the attempt before, if a handler had returned one.
        last: Option<E>,
        /// The results of the branches of a split when the time of the run was up, if one had ended.
        join: Option<Box<JoinError<E>>>,
    },
    /// The circuit breaker let no call through.
    BreakerOpen {
        /// The breaker's name.
        breaker: &'static str,
        /// The time until it may let a call through. Zero while its probes run: it opens or closes as
        /// soon as one has ended.
        retry_in: Duration,
        /// The error of the attempt before, if a handler had returned one.
        last: Option<E>,
    },
    /// A field holds a number or a time that a clause cannot take. No handler was called.
    // Boxed, like `Join`.
    Policy(Box<PolicyError>),
    /// The process died while a handler ran that is called once (`with once`): the effect of the call is not known.
    Crashed,
    /// The run was cancelled.
    Cancelled {
        /// The error of the attempt before, or of the one that was running.
        last: Option<E>,
        /// The results of the branches of a split by then, if one had ended.
        join: Option<Box<JoinError<E>>>,
    },
    /// The run was terminated.
    Terminated,
    /// Only a signal could move the run, and nobody was left who could send one: each
    /// [`Remote`](crate::Remote) of it had been dropped.
    NoSignal,
    /// The run reached a `failed` state and was rolled back, but not everything could be undone.
    ///
    /// [`RunError::into_end`](crate::RunError::into_end) gives the state.
    NotUndone,
}

/// The scope of a deadline: one visit to a transition, or the run.
///
/// ```
/// # use stateway::prelude::*;
/// # workflow! {
/// #     workflow Order { deadline 30d; start Placed; done Paid; step pay: Placed -> Paid with deadline(2h); }
/// # }
/// # struct Shop;
/// # impl OrderSteps for Shop {
/// #     type Error = String;
/// #     async fn pay(&self, _: Placed, _: &Step<Pay>) -> Result<Pay, String> { std::future::pending().await }
/// # }
/// use stateway::Scope;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// // deadline 30d;
/// // step pay: Placed -> Paid with deadline(2h);
/// let error = Order::start(Placed).run(&Shop).await.err().expect("nobody pays");
/// assert!(matches!(error.cause(), Cause::Deadline { scope: Scope::Transition, .. }));
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scope {
    /// One visit to a transition.
    Transition,
    /// The run, from its start.
    Run,
}

impl<E> Cause<E> {
    /// Returns the handler's error, if there is one.
    ///
    /// It may be the error of the attempt before a timeout, a deadline, a refusal or a cancellation. For a split, it is
    /// the error of the first branch that has one.
    #[must_use]
    pub fn error(&self) -> Option<&E> {
        match self {
            Cause::Handler(error) => Some(error),
            Cause::Join(join) => join.error(),
            Cause::Cancelled { last, join } | Cause::Deadline { last, join, .. } => {
                let of_branch = join.as_ref().and_then(|join| join.error());
                of_branch.or(last.as_ref())
            }
            Cause::Timeout { last, .. } | Cause::BreakerOpen { last, .. } => last.as_ref(),
            Cause::Panic(_)
            | Cause::Policy(_)
            | Cause::Crashed
            | Cause::Terminated
            | Cause::NoSignal
            | Cause::NotUndone => None,
        }
    }

    /// Returns that error by value.
    ///
    /// A `catch` that has nowhere to lead to returns it, or an error of its own if there is none.
    ///
    /// ```
    /// # use stateway::prelude::*;
    /// # workflow! {
    /// #     #[derive(Clone)]
    /// #     workflow Order {
    /// #         start Placed { cents: u64 };
    /// #         done Charged;
    /// #         done Owed;
    /// #         step charge: Placed -> Charged | Owed with catch(owe);
    /// #     }
    /// # }
    /// # struct Shop;
    /// # impl OrderSteps for Shop {
    /// #     type Error = String;
    /// #     async fn charge(&self, _: Placed, _: &Step<Charge>) -> Result<Charge, String> { Err("no answer".to_owned()) }
    /// async fn owe(&self, placed: Placed, cause: Cause<String>, step: &Step<Charge>) -> Result<Charge, String> {
    ///     if placed.cents < 1_000 {
    ///         return Ok(step.to(Owed));
    ///     }
    ///     Err(cause.into_error().unwrap_or_else(|| "the bank failed".to_owned()))
    /// }
    /// # }
    /// # pollster::block_on(async {
    /// # let error = Order::start(Placed { cents: 5_000 }).run(&Shop).await.err().unwrap();
    /// # assert_eq!(error.cause(), &Cause::Handler("no answer".to_owned()));
    /// # });
    /// ```
    #[must_use]
    pub fn into_error(self) -> Option<E> {
        match self {
            Cause::Handler(error) => Some(error),
            Cause::Join(join) => join.into_error(),
            Cause::Cancelled { last, join } | Cause::Deadline { last, join, .. } => {
                join.and_then(|join| join.into_error()).or(last)
            }
            Cause::Timeout { last, .. } | Cause::BreakerOpen { last, .. } => last,
            Cause::Panic(_)
            | Cause::Policy(_)
            | Cause::Crashed
            | Cause::Terminated
            | Cause::NoSignal
            | Cause::NotUndone => None,
        }
    }

    /// Returns true if the time of the whole run is up, or would be before the next attempt.
    pub(crate) fn is_deadline_of_run(&self) -> bool {
        let run = Scope::Run;
        matches!(self, Cause::Deadline { scope, .. } if *scope == run)
    }

    /// Returns true if the visit has failed and not the run. A run whose time is up, or that is stopped, goes nowhere.
    pub(crate) fn is_of_visit(&self) -> bool {
        let is_stopped = matches!(self, Cause::Cancelled { .. } | Cause::Terminated);
        !is_stopped && !self.is_deadline_of_run()
    }

    /// Returns the cause of a run that failed with this one and was cancelled meanwhile; `last` came before it.
    pub(crate) fn cancelled(self, last: Option<E>) -> Self {
        match self {
            Cause::Handler(error) => Cause::stopped_after(Some(error)),
            Cause::Join(join) => Cause::Cancelled {
                last,
                join: Some(join),
            },
            Cause::Timeout { .. } | Cause::BreakerOpen { .. } => Cause::stopped_after(last),
            other => other,
        }
    }

    /// Returns the cause of a run that was cancelled after this error.
    pub(crate) const fn stopped_after(last: Option<E>) -> Self {
        Cause::Cancelled { last, join: None }
    }

    /// Sets the error that came before a cancellation or a deadline.
    pub(crate) fn with_last(mut self, error: Option<E>) -> Self {
        if let Cause::Cancelled { last, .. } | Cause::Deadline { last, .. } = &mut self {
            *last = error;
        }
        self
    }

    /// Sets the error that came before a timeout or a refusal.
    pub(crate) fn after(mut self, error: Option<E>) -> Self {
        if let Cause::Timeout { last, .. } | Cause::BreakerOpen { last, .. } = &mut self {
            *last = error;
        }
        self
    }
}

impl<E> Cause<E> {
    /// Returns the verb of the cause at this number of attempts: "step `charge` .. in state `Reserved`".
    pub(crate) fn verb(&self, attempts: u32) -> &'static str {
        match self {
            Cause::Handler(_) | Cause::Join(_) => "failed",
            Cause::Panic(_) => "panicked",
            Cause::Timeout { .. } => "timed out",
            Cause::Deadline { .. } => "ran out of time",
            Cause::BreakerOpen { .. } if attempts == 0 => "was not called",
            Cause::BreakerOpen { .. } => "was not called again",
            Cause::Policy(_) => "could not begin",
            Cause::Cancelled { .. } => "was cancelled",
            Cause::Crashed => "was running when its process died",
            Cause::Terminated => "was terminated",
            Cause::NoSignal => "waits for a signal that nobody is left to send",
            Cause::NotUndone => "could not be undone completely",
        }
    }

    /// Returns the number of calls in words: " after 3 attempts". It is empty if the one attempt goes without saying.
    pub(crate) fn after_attempts(&self, attempts: u32) -> impl fmt::Display {
        let is_told = attempts > 1 || matches!(self, Cause::BreakerOpen { .. }) && attempts == 1;
        fmt::from_fn(move |f| match attempts {
            _ if !is_told => Ok(()),
            1 => f.write_str(" after 1 attempt"),
            _ => write!(f, " after {attempts} attempts"),
        })
    }

    /// Returns the detail behind the verb: ": the run may take 30d".
    pub(crate) fn detail(&self) -> impl fmt::Display {
        fmt::from_fn(|f| {
            let said = self.said();
            if self.says_more() {
                write!(f, ": {said}")?;
            }
            Ok(())
        })
    }

    /// Returns true if there is a detail behind the verb.
    pub(crate) fn says_more(&self) -> bool {
        match self {
            Cause::Panic(message) => !message.is_empty(),
            Cause::Cancelled { join, .. } => join.is_some(),
            Cause::Handler(_)
            | Cause::Crashed
            | Cause::Terminated
            | Cause::NoSignal
            | Cause::NotUndone => false,
            _ => true,
        }
    }

    /// Returns the detail without the colon; nothing for a cause whose verb says it all.
    pub(crate) fn said(&self) -> impl fmt::Display {
        fmt::from_fn(|f| match self {
            Cause::Panic(message) => f.write_str(message),
            Cause::Join(join)
            | Cause::Cancelled {
                join: Some(join), ..
            } => write!(f, "{join}"),
            Cause::Policy(policy) => write!(f, "{policy}"),
            Cause::Timeout { limit, .. } => write!(f, "an attempt may take {}", spelled(*limit)),
            Cause::Deadline {
                limit, scope, join, ..
            } => {
                let what = match scope {
                    Scope::Transition => "it",
                    Scope::Run => "the run",
                };
                write!(f, "{what} may take {}", spelled(*limit))?;
                match join {
                    Some(join) => write!(f, "; {join}"),
                    None => Ok(()),
                }
            }
            Cause::BreakerOpen {
                breaker, retry_in, ..
            } => {
                let open = BreakerOpen {
                    breaker,
                    retry_in: *retry_in,
                };
                write!(f, "{open}")
            }
            _ => Ok(()),
        })
    }
}

/// Returns a duration as it is declared: `1h30m`. One of less than a minute is printed with its fraction, as Rust does it.
pub(crate) fn spelled(duration: Duration) -> impl fmt::Display {
    fmt::from_fn(move |f| {
        let seconds = duration.as_secs();
        if seconds < 60 {
            return write!(f, "{duration:?}");
        }
        let units = [
            (seconds / 86_400, "d"),
            (seconds / 3_600 % 24, "h"),
            (seconds / 60 % 60, "m"),
            (seconds % 60, "s"),
        ];
        let units = units.into_iter().filter(|(count, _)| *count > 0);
        for (count, unit) in units {
            write!(f, "{count}{unit}")?;
        }
        Ok(())
    })
}

impl<E: fmt::Display> Cause<E> {
    /// Returns the handler's error, to stand behind the detail: ": card declined", "; the last error: card declined".
    ///
    /// It is shown in the alternate form, in which `anyhow` and its like print the sources of their errors.
    pub(crate) fn told(&self) -> impl fmt::Display {
        fmt::from_fn(move |f| match self {
            Cause::Handler(error) => write!(f, ": {error:#}"),
            cause => write!(f, "{}", cause.before("; ")),
        })
    }

    /// Returns the error that came before a cause that is not an error of a handler itself.
    pub(crate) fn before(&self, separator: &'static str) -> impl fmt::Display {
        fmt::from_fn(move |f| {
            let what = match self {
                Cause::Join(_)
                | Cause::Cancelled { join: Some(_), .. }
                | Cause::Deadline { join: Some(_), .. } => "the first error",
                Cause::Cancelled { .. } => "the last error",
                _ => "the attempt before failed with",
            };
            match self.error() {
                Some(error) => write!(f, "{separator}{what}: {error:#}"),
                None => Ok(()),
            }
        })
    }
}

impl<E> Cause<E> {
    /// Returns the cause in words, without the error of a handler.
    pub(crate) fn event(&self) -> impl fmt::Display {
        fmt::from_fn(|f| write!(f, "{}{}", self.verb(0), self.detail()))
    }
}

/// The cause in words, and the error of the handler.
impl<E: fmt::Display> fmt::Display for Cause<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.event(), self.told())
    }
}
