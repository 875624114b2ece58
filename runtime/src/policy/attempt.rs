//! One call of a handler, within its time.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use stateway_core::Workflow;
use tokio::task::coop::unconstrained;
use tokio::time::{Instant, sleep_until};

use super::fails::Fails;
use crate::error::{Cause, Scope};
use crate::support::panic::{catch_panic, forget_panic};

/// The time at which a call is stopped, and the reason.
#[derive(Clone, Copy)]
pub(super) struct Limit {
    pub(super) at: Instant,
    pub(super) why: Why,
}

#[derive(Clone, Copy)]
pub(super) enum Why {
    Timeout(Duration),
    Deadline(Duration, Scope),
}

impl Limit {
    /// Returns true if it is the deadline of the workflow, and that leads the run to a state.
    pub(super) const fn leads_on<W: Workflow>(&self) -> bool {
        W::GRAPH.late().is_some() && matches!(self.why, Why::Deadline(_, Scope::Run))
    }

    /// Returns the cause of a failure by this limit, which came after `last`.
    pub(super) fn cause<E>(self, last: Option<E>) -> Cause<E> {
        match self.why {
            Why::Timeout(limit) => Cause::Timeout { limit, last },
            Why::Deadline(limit, scope) => Cause::Deadline {
                limit,
                scope,
                last,
                join: None,
            },
        }
    }
}

/// The result of a call.
pub(super) enum Called<T, E> {
    Succeeded(T),
    Failed(Cause<E>),
    Stopped(Limit),
}

/// Waits for a handler.
///
/// The timer is made when the handler first waits: most calls never need it.
pub(super) async fn attempt<T, X: Fails<E>, E>(
    handler: impl Future<Output = Result<T, X>>,
    limit: Option<Limit>,
    catches_panics: bool,
) -> Called<T, E> {
    let mut handler = pin!(Some(handler));
    let mut timer = pin!(None);
    let called = poll_fn(|cx| {
        let mut poll = || {
            let handler = handler
                .as_mut()
                .as_pin_mut()
                .unwrap_or_else(|| unreachable!("it has not ended"));
            handler.poll(cx).map_err(Fails::into_cause)
        };
        let polled = if catches_panics {
            catch_panic(poll)
        } else {
            poll()
        };
        match (polled, limit) {
            (Poll::Ready(Ok(value)), _) => Poll::Ready(Called::Succeeded(value)),
            (Poll::Ready(Err(cause)), _) => Poll::Ready(Called::Failed(cause)),
            (Poll::Pending, None) => Poll::Pending,
            (Poll::Pending, Some(limit)) => {
                if timer.is_none() {
                    // A handler that uses up what its task may do must not stop the clock.
                    timer.set(Some(unconstrained(sleep_until(limit.at))));
                }
                let timer = timer.as_mut().as_pin_mut().expect("it was just set");
                timer.poll(cx).map(|()| Called::Stopped(limit))
            }
        }
    })
    .await;
    // A call that is stopped half-way may panic when it is dropped: that is one more failure of the same call.
    forget_panic(|| handler.set(None));
    called
}
