//! A signal on its way to a run.

use std::fmt;
use std::marker::PhantomData;

use stateway_core::{Transition, Workflow};

use super::NoAnswer;

/// Sends the signals of a workflow: the handle of a stored run, or a [`Remote`](crate::Remote) of one in memory.
///
/// The block of a workflow gives it a method for each signal, in a trait such as `OrderSignals`.
pub trait Signals<W: Workflow>: Sealed + Sized {}

/// Only what this crate has sends signals.
pub trait Sealed {}

/// A signal that is sent when this is awaited: `T` is its outcome, `P` what it carries, and `A` the answer that its sender gets.
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

/// A signal to `to` that carries `payload`.
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

// Not what it carries.
impl<R, T: Transition, P, A> fmt::Debug for Signal<'_, R, T, P, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let transition = &<T::Workflow as Workflow>::GRAPH.transitions[T::POSITION];
        f.debug_struct("Signal")
            .field("name", &transition.name)
            .finish_non_exhaustive()
    }
}
