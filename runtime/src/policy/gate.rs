//! The gate before a call: a breaker, a limiter, both or nothing.

use std::marker::PhantomData;

use tokio::time::Instant;

use super::rules::Rules;
use crate::breaker::{Breaker, BreakerOpen, Permit};
use crate::limiter::Limiter;

/// Lets a call through, and is told its result. Dropping the permit tells that the call failed.
pub trait Gate {
    /// A call that was let through.
    type Permit;

    /// Takes a place in the line, or returns the time when there may be one.
    #[inline]
    fn due(&self) -> Option<Instant> {
        None
    }

    /// Returns true if a call would be refused.
    #[inline]
    fn is_shut(&self) -> bool {
        false
    }

    /// Asks to let a call through.
    ///
    /// # Errors
    /// [`BreakerOpen`] if none gets through.
    fn acquire(&self) -> Result<Self::Permit, BreakerOpen>;

    /// Reports that the call succeeded.
    fn succeeded(permit: Self::Permit);

    /// Reports that the call was given up before its result was known.
    fn abandoned(permit: Self::Permit);
}

/// The permit of a call that was let through.
///
/// A call that is dropped has failed, unless the rules say that it may have been dropped as not needed: a
/// branch that its join does not need any more has not failed.
pub(super) struct CallPermit<R: Rules, G: Gate> {
    permit: Option<G::Permit>,
    rules: PhantomData<fn() -> R>,
}

impl<R: Rules, G: Gate> CallPermit<R, G> {
    #[inline]
    pub(super) fn new(permit: G::Permit) -> Self {
        CallPermit {
            permit: Some(permit),
            rules: PhantomData,
        }
    }

    #[inline]
    pub(super) fn succeeded(mut self) {
        if let Some(permit) = self.permit.take() {
            G::succeeded(permit);
        }
    }

    #[inline]
    pub(super) fn failed(mut self) {
        drop(self.permit.take());
    }

    /// Reports that no call was made.
    pub(super) fn abandoned(mut self) {
        if let Some(permit) = self.permit.take() {
            G::abandoned(permit);
        }
    }
}

impl<R: Rules, G: Gate> Drop for CallPermit<R, G> {
    #[inline]
    fn drop(&mut self) {
        if R::MAY_BE_ONE_TOO_MANY
            && let Some(permit) = self.permit.take()
        {
            G::abandoned(permit);
        }
    }
}

/// A gate that lets every call through. It is a type of its own, so that a step without a breaker holds no permit.
pub struct NoGate;

impl Gate for NoGate {
    type Permit = ();

    #[inline]
    fn acquire(&self) -> Result<(), BreakerOpen> {
        Ok(())
    }

    #[inline]
    fn succeeded((): ()) {}

    #[inline]
    fn abandoned((): ()) {}
}

impl<'run> Gate for &'run Breaker {
    type Permit = Permit<'run>;

    #[inline]
    fn is_shut(&self) -> bool {
        self.is_open()
    }

    #[inline]
    fn acquire(&self) -> Result<Permit<'run>, BreakerOpen> {
        Breaker::acquire(self)
    }

    #[inline]
    fn succeeded(permit: Permit<'run>) {
        permit.success();
    }

    #[inline]
    fn abandoned(permit: Permit<'run>) {
        permit.abandon();
    }
}

/// A gate behind a limiter.
pub struct Limited<'run, G>(pub G, pub &'run Limiter);

impl<G: Gate> Gate for Limited<'_, G> {
    type Permit = G::Permit;

    /// Takes no place in the line for a call that is going to be refused.
    #[inline]
    fn due(&self) -> Option<Instant> {
        if self.0.is_shut() {
            return None;
        }
        self.1.due()
    }

    #[inline]
    fn is_shut(&self) -> bool {
        self.0.is_shut()
    }

    #[inline]
    fn acquire(&self) -> Result<G::Permit, BreakerOpen> {
        self.0.acquire()
    }

    #[inline]
    fn succeeded(permit: G::Permit) {
        G::succeeded(permit);
    }

    #[inline]
    fn abandoned(permit: G::Permit) {
        G::abandoned(permit);
    }
}
