//! What ends a run, as a value.

use std::fmt;
use std::time::Duration;

use super::{JoinError, PolicyError};
use crate::breaker::BreakerOpen;

/// What ended a run, or the attempt to undo a transition.
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
        /// How long the attempt might take.
        limit: Duration,
        /// What the attempt before failed with, if a handler had returned an error.
        last: Option<E>,
    },
    /// A `deadline` passed, or the next attempt would have come after it.
    Deadline {
        /// How long the deadline gave.
        limit: Duration,
        /// What it was given to.
        scope: Scope,
        /// What the attempt before failed with, if a handler had returned an error.
        last: Option<E>,
        /// What had become of the branches of a split when the time of the run was up, if one had ended.
        join: Option<Box<JoinError<E>>>,
    },
    /// The circuit breaker let no call through.
    BreakerOpen {
        /// The breaker's name.
        breaker: &'static str,
        /// How long it lets none through. Zero while its probes are under way: it opens or closes as
        /// soon as one has ended.
        retry_in: Duration,
        /// What the attempt before failed with, if a handler had returned an error.
        last: Option<E>,
    },
    /// A field holds a number or a time that a clause cannot take. No handler was called.
    // Boxed, like `Join`.
    Policy(Box<PolicyError>),
    /// The process died while the handler ran, and that is called once (`with once`): what came of the call is not known.
    Crashed,
    /// The run was cancelled.
    Cancelled {
        /// What the attempt before, or the one under way, failed with.
        last: Option<E>,
        /// What had become of the branches of a split by then, if one had ended.
        join: Option<Box<JoinError<E>>>,
    },
    /// The run was terminated.
    Terminated,
    /// Only a signal could move the run, and nobody was left who could send one: each
    /// [`Remote`](crate::Remote) of it had been dropped.
    NoSignal,
    /// The run reached a `failed` state and was rolled back, but not everything could be undone.
    ///
    /// The end itself is [`RunError::into_end`](crate::RunError::into_end).
    NotUndone,
}

/// What a deadline was given to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scope {
    /// One visit to a transition.
    Transition,
    /// The whole run.
    Run,
}

impl<E> Cause<E> {
    /// The handler's error, where there was one.
    ///
    /// Also that of the attempt before a timeout, a deadline, a refusal or a cancellation; of a split,
    /// that of the first branch that has one.
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

    /// Takes that error out: a `catch` that has nowhere to lead to returns it, or one of its own where there is none.
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

    /// Returns true if the visit has failed, and not the run: one whose time is up, or that is stopped, goes nowhere.
    pub(crate) fn is_of_visit(&self) -> bool {
        let is_stopped = matches!(self, Cause::Cancelled { .. } | Cause::Terminated);
        !is_stopped && !self.is_deadline_of_run()
    }

    /// The same failure of a run that was cancelled meanwhile; `last` came before it.
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

    /// A run that was cancelled after this error.
    pub(crate) const fn stopped_after(last: Option<E>) -> Self {
        Cause::Cancelled { last, join: None }
    }

    /// What stopped a run after this error.
    pub(crate) fn with_last(mut self, error: Option<E>) -> Self {
        if let Cause::Cancelled { last, .. } | Cause::Deadline { last, .. } = &mut self {
            *last = error;
        }
        self
    }

    /// The same cause, which came after `last`.
    pub(crate) fn after(mut self, error: Option<E>) -> Self {
        if let Cause::Timeout { last, .. } | Cause::BreakerOpen { last, .. } = &mut self {
            *last = error;
        }
        self
    }
}

impl<E> Cause<E> {
    /// What it did, at this number of attempts: "step `charge` .. in state `Reserved`".
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
            Cause::Crashed => "was under way when its process died",
            Cause::Terminated => "was terminated",
            Cause::NoSignal => "waits for a signal that nobody is left to send",
            Cause::NotUndone => "could not be undone as a whole",
        }
    }

    /// How often the handler was called before: " after 3 attempts". Nothing where the one attempt goes without saying.
    pub(crate) fn after_attempts(&self, attempts: u32) -> impl fmt::Display {
        let is_told = attempts > 1 || matches!(self, Cause::BreakerOpen { .. }) && attempts == 1;
        fmt::from_fn(move |f| match attempts {
            _ if !is_told => Ok(()),
            1 => f.write_str(" after 1 attempt"),
            _ => write!(f, " after {attempts} attempts"),
        })
    }

    /// What is to be said beside: ": the run may take 30d".
    pub(crate) fn detail(&self) -> impl fmt::Display {
        fmt::from_fn(|f| {
            let said = self.said();
            if self.says_more() {
                write!(f, ": {said}")?;
            }
            Ok(())
        })
    }

    /// Whether there is something to be said beside the verb.
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

    /// The same without the colon; nothing for a cause that says it all by its verb.
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

/// A duration as it is declared: `1h30m`. One of less than a minute is printed with its fraction, as Rust does it.
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
    /// The handler's error, behind what is said without it: ": card declined", "; the last error: card declined".
    ///
    /// It is shown in the alternate form, in which `anyhow` and its like print what their errors came from.
    pub(crate) fn told(&self) -> impl fmt::Display {
        fmt::from_fn(move |f| match self {
            Cause::Handler(error) => write!(f, ": {error:#}"),
            cause => write!(f, "{}", cause.before("; ")),
        })
    }

    /// The error that came before a cause which is none itself.
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
    /// The cause in words, without the error of a handler.
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
