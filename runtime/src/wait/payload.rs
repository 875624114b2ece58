//! The payload of a signal, on its way to the handler.

use std::any::Any;
use std::fmt;
use std::future::Future;

use stateway_core::Transition;

use crate::handler::Step;

/// The payload of a signal, or the answer to one, of any type; nothing for a timer.
#[derive(Default)]
pub struct AnyPayload(Option<Box<dyn Any + Send>>);

impl AnyPayload {
    /// Returns this payload without its type.
    pub fn new<T: Send + 'static>(payload: T) -> Self {
        AnyPayload(Some(Box::new(payload)))
    }

    /// Returns no payload.
    #[must_use]
    pub const fn nothing() -> Self {
        AnyPayload(None)
    }

    /// Takes the payload out as a `T`.
    pub(crate) fn take<T: 'static>(&mut self) -> T {
        let payload = self.0.take().and_then(|it| it.downcast().ok());
        *payload.expect("a signal carries what it was declared to, once")
    }

    /// Returns the payload as a `T`.
    ///
    /// # Panics
    /// If it has another type, or if there is none.
    #[must_use]
    pub fn get<T: 'static>(&self) -> &T {
        let payload = self.0.as_ref().and_then(|it| it.downcast_ref());
        payload.expect("an answer is what it was declared to be")
    }

    /// Returns a copy of the payload.
    pub(crate) fn copy<T: 'static>(&self, copy: impl FnOnce(&T) -> T) -> T {
        let payload = self.0.as_ref().and_then(|it| it.downcast_ref());
        copy(payload.expect("a signal carries what it was declared to"))
    }
}

impl fmt::Debug for AnyPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnyPayload").finish_non_exhaustive()
    }
}

/// Takes the payload of the signal that moves the run, for a handler that is called once.
pub fn payload<T: Transition, P: 'static>(step: &Step<T>) -> P {
    step.run().payload().take()
}

/// Like [`payload`], for a handler that may be called again.
pub fn payload_copy<T: Transition, P: 'static>(step: &Step<T>, copy: fn(&P) -> P) -> P {
    step.run().payload().copy(copy)
}

/// Returns the handler of a signal as one that takes the payload from the run. It is called once.
pub fn with_payload<'run, C, S, P, T, F, Fut>(
    handler: F,
) -> impl Fn(&'run C, S, &'run Step<T>) -> Fut + Copy + Send + Sync
where
    C: 'run,
    P: Send + 'static,
    T: Transition + 'run,
    F: Fn(&'run C, S, P, &'run Step<T>) -> Fut + Copy + Send + Sync,
    Fut: Future,
{
    move |context, state, step| {
        let payload = payload(step);
        handler(context, state, payload, step)
    }
}

/// Like [`with_payload`], for a handler that may be called again.
pub fn with_copy<'run, C, S, P, T, F, Fut>(
    handler: F,
    copy: fn(&P) -> P,
) -> impl Fn(&'run C, S, &'run Step<T>) -> Fut + Copy + Send + Sync
where
    C: 'run,
    P: Send + 'static,
    T: Transition + 'run,
    F: Fn(&'run C, S, P, &'run Step<T>) -> Fut + Copy + Send + Sync,
    Fut: Future,
{
    move |context, state, step| {
        let payload = payload_copy(step, copy);
        handler(context, state, payload, step)
    }
}
