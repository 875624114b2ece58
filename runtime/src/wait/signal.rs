//! A signal on its way to a run.

use std::fmt;
use std::marker::PhantomData;

use stateway_core::{Transition, Workflow};

use super::NoAnswer;

/// Sends the signals of a workflow: the handle of a stored run, or a [`Remote`](crate::Remote) of one in memory.
///
/// The block of a workflow gives it a method for each signal, in a trait such as `OrderSignals`.
///
/// ```
/// # use stateway::prelude::*;
/// # workflow! {
/// #     workflow Leave {
/// #         start Asked;
/// #         done Granted { days: u32 };
/// #         signal grant(u32): Asked -> Granted;
/// #     }
/// # }
/// # struct Office;
/// # impl LeaveSteps for Office {
/// #     type Error = String;
/// #     async fn grant(&self, _: Asked, days: u32, step: &Step<OnGrant>) -> Result<OnGrant, String> {
/// #         Ok(step.to(Granted { days }))
/// #     }
/// # }
/// use stateway::{Remote, Signal, Signals};
///
/// /// For a run in memory and for a stored one.
/// fn grant_a_week<R: Signals<Leave>>(run: &R) -> Signal<'_, R, OnGrant, u32> {
///     run.grant(7)
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), stateway::RunGone> {
/// let mut run = Leave::start(Asked).run(&Office);
/// let remote: Remote<Leave> = run.remote();
/// grant_a_week(&remote).await?;
/// assert!(matches!(run.await, Ok(LeaveEnd::Granted(Granted { days: 7 }))));
/// # Ok(())
/// # }
/// ```
pub trait Signals<W: Workflow>: Sealed + Sized {}

/// Seals [`Signals`]: only types of this crate send signals.
pub trait Sealed {}

/// A signal that is sent when this is awaited: `T` is its outcome, `P` its payload, and `A` the answer that its sender gets.
///
/// ```
/// # use stateway::prelude::*;
/// # workflow! {
/// #     workflow Leave {
/// #         start Asked;
/// #         done Granted { by: String };
/// #         signal grant(String): Asked -> Granted;
/// #     }
/// # }
/// # struct Office;
/// # impl LeaveSteps for Office {
/// #     type Error = String;
/// #     async fn grant(&self, _: Asked, by: String, step: &Step<OnGrant>) -> Result<OnGrant, String> {
/// #         Ok(step.to(Granted { by }))
/// #     }
/// # }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), stateway::RunGone> {
/// let mut run = Leave::start(Asked).run(&Office);
/// let remote = run.remote();
/// let signal = remote.grant("Ada".to_owned()); // Nothing is sent yet.
/// signal.await?;
/// assert!(matches!(run.await, Ok(LeaveEnd::Granted(Granted { by })) if by == "Ada"));
/// # Ok(())
/// # }
/// ```
#[must_use = "a signal is sent when it is awaited"]
pub struct Signal<'a, R, T, P, A = NoAnswer> {
    parts: Parts<'a, R, P>,
    outcome: PhantomData<fn() -> (T, A)>,
}

/// Its parts.
pub(crate) struct Parts<'a, R, P> {
    pub(crate) to: &'a R,
    pub(crate) payload: P,
    #[cfg(feature = "durable")]
    pub(crate) message_id: Option<String>,
    #[cfg(feature = "durable")]
    pub(crate) only_now: bool,
}

/// Returns a signal to `to` that carries `payload`.
pub fn signal<R, T: Transition, P, A>(to: &R, payload: P) -> Signal<'_, R, T, P, A>
where
    R: Signals<T::Workflow>,
{
    Signal {
        parts: Parts {
            to,
            payload,
            #[cfg(feature = "durable")]
            message_id: None,
            #[cfg(feature = "durable")]
            only_now: false,
        },
        outcome: PhantomData,
    }
}

impl<'a, R, T, P, A> Signal<'a, R, T, P, A> {
    pub(crate) fn into_parts(self) -> Parts<'a, R, P> {
        self.parts
    }

    #[cfg(feature = "durable")]
    pub(crate) fn parts(&mut self) -> &mut Parts<'a, R, P> {
        &mut self.parts
    }
}

// Without the payload, which may be secret.
impl<R, T: Transition, P, A> fmt::Debug for Signal<'_, R, T, P, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let transition = &<T::Workflow as Workflow>::GRAPH.transitions[T::POSITION];
        f.debug_struct("Signal")
            .field("name", &transition.name)
            .finish_non_exhaustive()
    }
}
