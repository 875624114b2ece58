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
}
