//! What ends a run, as a value.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use super::JoinError;
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
    /// The run was cancelled.
    Cancelled {
        /// What the attempt before, or the one under way, failed with.
        last: Option<E>,
    },
    /// The run was terminated.
    Terminated,
    /// The run reached a `failed` state and was rolled back, but not everything could be undone.
    ///
    /// The end itself is [`RunError::into_end`](crate::RunError::into_end).
    NotUndone,
}

/// What a deadline was given to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
            Cause::Timeout { last, .. }
            | Cause::Deadline { last, .. }
            | Cause::BreakerOpen { last, .. }
            | Cause::Cancelled { last } => last.as_ref(),
            Cause::Panic(_) | Cause::Terminated | Cause::NotUndone => None,
        }
    }

    /// Takes that error out.
    pub(crate) fn into_error(self) -> Option<E> {
        match self {
            Cause::Handler(error) => Some(error),
            Cause::Join(join) => join.into_error(),
            Cause::Timeout { last, .. }
            | Cause::Deadline { last, .. }
            | Cause::BreakerOpen { last, .. }
            | Cause::Cancelled { last } => last,
            Cause::Panic(_) | Cause::Terminated | Cause::NotUndone => None,
        }
    }

    /// The same failure of a run that was cancelled meanwhile; `last` came before it.
    pub(crate) fn cancelled(self, last: Option<E>) -> Self {
        match self {
            Cause::Handler(error) => Cause::Cancelled { last: Some(error) },
            Cause::Join(join) => Cause::Cancelled {
                last: join.into_error().or(last),
            },
            Cause::Timeout { .. } | Cause::BreakerOpen { .. } => Cause::Cancelled { last },
            other => other,
        }
    }

    /// What stopped a run after this error.
    pub(crate) fn with_last(mut self, error: Option<E>) -> Self {
        if let Cause::Cancelled { last } | Cause::Deadline { last, .. } = &mut self {
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

    /// The cause as the source of an error that says where it happened.
    pub(crate) fn source(&self) -> Option<&(dyn Error + 'static)>
    where
        E: Error + 'static,
    {
        match self {
            Cause::Join(join) => join.source(),
            cause => cause.error().map(|error| error as _),
        }
    }
}

impl<E> Cause<E> {
    /// What it did: "step `charge` .. in state `Reserved`".
    pub(crate) fn verb(&self) -> &'static str {
        match self {
            Cause::Handler(_) | Cause::Join(_) => "failed",
            Cause::Panic(_) => "panicked",
            Cause::Timeout { .. } => "timed out",
            Cause::Deadline { .. } => "ran out of time",
            Cause::BreakerOpen { .. } => "was not called",
            Cause::Cancelled { .. } => "was cancelled",
            Cause::Terminated => "was terminated",
            Cause::NotUndone => "could not be undone as a whole",
        }
    }

    /// What is to be said beside: ": the run may take 30d".
    pub(crate) fn detail(&self) -> impl fmt::Display {
        fmt::from_fn(|f| match self {
            Cause::Panic(message) => write!(f, ": {message}"),
            Cause::Join(join) => write!(f, ": {join}"),
            Cause::Timeout { limit, .. } => write!(f, ": an attempt may take {limit:?}"),
            Cause::Deadline { limit, scope, .. } => match scope {
                Scope::Transition => write!(f, ": it may take {limit:?}"),
                Scope::Run => write!(f, ": the run may take {limit:?}"),
            },
            Cause::BreakerOpen {
                breaker, retry_in, ..
            } => {
                let open = BreakerOpen {
                    breaker,
                    retry_in: *retry_in,
                };
                write!(f, ": {open}")
            }
            _ => Ok(()),
        })
    }
}

/// What happened, without the handler's error.
impl<E> fmt::Display for Cause<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.verb(), self.detail())
    }
}
