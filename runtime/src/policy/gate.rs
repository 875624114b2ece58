//! What stands before a call: a breaker, a limiter, both or nothing.

use tokio::time::Instant;

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

    /// Asks for a call.
    ///
    /// # Errors
    /// [`BreakerOpen`] if none gets through.
    fn acquire(&self) -> Result<Self::Permit, BreakerOpen>;

    /// The call succeeded.
    fn succeeded(permit: Self::Permit);
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
}

impl<'run> Gate for &'run Breaker {
    type Permit = Permit<'run>;

    #[inline]
    fn acquire(&self) -> Result<Permit<'run>, BreakerOpen> {
        Breaker::acquire(self)
    }

    #[inline]
    fn succeeded(permit: Permit<'run>) {
        permit.success();
    }
}

/// A gate behind a limiter.
pub struct Limited<'run, G>(pub G, pub &'run Limiter);

impl<G: Gate> Gate for Limited<'_, G> {
    type Permit = G::Permit;

    #[inline]
    fn due(&self) -> Option<Instant> {
        self.1.due()
    }

    #[inline]
    fn acquire(&self) -> Result<G::Permit, BreakerOpen> {
        self.0.acquire()
    }

    #[inline]
    fn succeeded(permit: G::Permit) {
        G::succeeded(permit);
    }
}
