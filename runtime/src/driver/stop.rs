//! The signals that stop a run from outside, wherever it waits.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use stateway_core::Workflow;
use tokio::task::coop::unconstrained;
use tokio::time::{Instant, sleep_until};

use crate::error::{Cause, Scope};
use crate::run::CurrentRun;

/// The termination of a run and the deadline of its workflow; boxed, since most runs have neither.
pub(crate) struct StopSignals {
    terminated: Option<StopFuture>,
    deadline: Option<Instant>,
    /// The timer of the deadline. It is made where panics are caught, since a timer needs its runtime.
    timer: Option<StopFuture>,
}

type StopFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

impl StopSignals {
    pub(crate) fn new<W: Workflow>(run: &CurrentRun<W>) -> Self {
        let termination = run.termination().cloned();
        StopSignals {
            terminated: termination.map(|token| Box::pin(token.cancelled_owned()) as StopFuture),
            deadline: run.deadline(),
            timer: None,
        }
    }

    pub(crate) fn is_terminated(&mut self, cx: &mut Context<'_>) -> bool {
        let terminated = self.terminated.as_mut();
        terminated.is_some_and(|terminated| terminated.as_mut().poll(cx).is_ready())
    }

    /// Forgets the deadline, which has passed: the run continues without one.
    pub(crate) fn forget_deadline(&mut self) {
        self.deadline = None;
        self.timer = None;
    }

    /// Waits for the signal that stops a run that goes forward. A rollback has no deadline.
    pub(crate) fn poll<W: Workflow, E>(&mut self, cx: &mut Context<'_>) -> Poll<Cause<E>> {
        if self.is_terminated(cx) {
            return Poll::Ready(Cause::Terminated);
        }
        let (Some(deadline), Some(limit)) = (self.deadline, W::GRAPH.deadline) else {
            return Poll::Pending;
        };
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(unconstrained(sleep_until(deadline))));
        timer.as_mut().poll(cx).map(|()| Cause::Deadline {
            limit,
            scope: Scope::Run,
            last: None,
            join: None,
        })
    }
}
