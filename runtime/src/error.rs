//! Why a run failed, and where it was.

use std::error::Error;
use std::fmt;

use stateway_core::Graph;

use crate::key::RunId;

/// A run that ended without reaching a final state.
///
/// It says where the run was, and gives the cause as a value: the user's own error comes back as
/// it was returned.
///
/// It is a [`std::error::Error`] if the handlers' error is one. For `anyhow::Error`, a `String` or a
/// `Box<dyn Error>`, which are none, take the error out by [`into_cause`](RunError::into_cause).
pub struct RunError<E> {
    // Boxed: a run succeeds far more often than it fails, and its result is moved about.
    failure: Box<Failure<E>>,
}

struct Failure<E> {
    graph: &'static Graph,
    run: RunId,
    transition: usize,
    attempts: u32,
    cause: Cause<E>,
}

/// What ended a run.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause<E> {
    /// A handler returned this error.
    Handler(E),
    /// A handler panicked with this message.
    Panic(Box<str>),
}

impl<E> RunError<E> {
    pub(crate) fn new(
        graph: &'static Graph,
        run: RunId,
        transition: usize,
        cause: Cause<E>,
    ) -> Self {
        RunError {
            failure: Box::new(Failure {
                graph,
                run,
                transition,
                attempts: 1,
                cause,
            }),
        }
    }

    /// The workflow's name.
    #[must_use]
    pub fn workflow(&self) -> &'static str {
        self.failure.graph.name
    }

    /// The id of the run; its handlers saw the same.
    #[must_use]
    pub fn run_id(&self) -> &RunId {
        &self.failure.run
    }

    /// The name of the state that the run was in.
    #[must_use]
    pub fn state(&self) -> &'static str {
        let graph = self.failure.graph;
        // A step leaves one state.
        let source = graph.transitions[self.failure.transition].sources[0];
        graph.states[source].name
    }

    /// The name of the transition whose handler failed.
    #[must_use]
    pub fn transition(&self) -> &'static str {
        self.failure.graph.transitions[self.failure.transition].name
    }

    /// How many times the handler was called in this visit.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.failure.attempts
    }

    /// What ended the run.
    #[must_use]
    pub fn cause(&self) -> &Cause<E> {
        &self.failure.cause
    }

    /// Takes the cause out.
    #[must_use]
    pub fn into_cause(self) -> Cause<E> {
        self.failure.cause
    }
}

impl<E: fmt::Debug> fmt::Debug for RunError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunError")
            .field("workflow", &self.workflow())
            .field("run", &format_args!("{}", self.run_id()))
            .field("state", &self.state())
            .field("transition", &self.transition())
            .field("attempts", &self.attempts())
            .field("cause", self.cause())
            .finish()
    }
}

/// One clause without the handler's error, which is the [`source`](Error::source).
impl<E> fmt::Display for RunError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (workflow, state, transition) = (self.workflow(), self.state(), self.transition());
        match self.cause() {
            Cause::Handler(_) => write!(
                f,
                "step `{transition}` failed in state `{state}` of `{workflow}`"
            ),
            Cause::Panic(message) => {
                write!(
                    f,
                    "step `{transition}` panicked in state `{state}` of `{workflow}`: {message}"
                )
            }
        }
    }
}

impl<E: Error + 'static> Error for RunError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self.cause() {
            Cause::Handler(error) => Some(error),
            Cause::Panic(_) => None,
        }
    }
}
