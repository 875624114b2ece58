//! What stands before a call: a breaker, a limiter, both or nothing.

use std::marker::PhantomData;

use tokio::time::Instant;

use super::rules::Rules;
use crate::breaker::{Breaker, BreakerOpen, Permit};
use crate::limiter::Limiter;

/// Lets a call through, and is told how it ended: by dropping the permit, that it failed.
pub trait Gate {
    /// A call that is under way.
    type Permit;

    /// Takes a place in the line, or says when there may be one.
    #[inline]
    fn due(&self) -> Option<Instant> {
        None
    }

    /// Whether a call would be refused.
    #[inline]
    fn is_shut(&self) -> bool {
        false
    }

    /// Asks for a call.
    ///
    /// # Errors
    /// [`BreakerOpen`] if none gets through.
    fn acquire(&self) -> Result<Self::Permit, BreakerOpen>;

    /// The call succeeded.
    fn succeeded(permit: Self::Permit);

    /// Nobody waits for the call any more.
    fn abandoned(permit: Self::Permit);
}

/// The permit of a call that is under way.
///
/// A call that is dropped has failed, unless the rules say that it may have been one too many: a
/// branch that its join does not need any more has done nothing wrong.
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

    /// No call was made.
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

/// Every call gets through. A type of its own, so that a step without a breaker holds no permit.
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

    /// A call that is going to be refused takes no place from one that is not.
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
