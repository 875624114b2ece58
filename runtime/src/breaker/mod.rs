//! The circuit breaker: stops calling what keeps failing.

mod error;
mod window;

use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::support::time::after;
use window::Window;

pub use error::{BreakerOpen, Refused};

/// Lets calls through to something outside, until too many of them fail.
///
/// *Closed*, it lets every call through and counts how they end. When so many have failed in a row
/// ([`failures`](Breaker::failures)) or so large a share of those of the last while
/// ([`failure_rate`](Breaker::failure_rate)), it *opens*: for the
/// [`cool_down`](Breaker::cool_down) no call gets through. After that it is *half-open*: it lets
/// [`probes`](Breaker::probes) calls through at a time. When as many have succeeded it closes; the
/// first that fails opens it again. (Michael Nygard, *Release It!*, 2007.)
///
/// It lives in the context and is shared by all runs; a step asks it by `with breaker(name)`, where
/// `fn name(&self) -> &Breaker` is the context's. It can be used without a workflow as well:
///
/// ```
/// # use std::time::Duration;
/// use stateway::Breaker;
///
/// let breaker = Breaker::new("bank").failures(2).cool_down(Duration::from_secs(30));
/// for _ in 0..2 {
///     let permit = breaker.acquire().expect("it is closed");
///     permit.failure();
/// }
/// let open = breaker.acquire().expect_err("two calls in a row failed");
/// assert_eq!(open.breaker, "bank");
/// assert!(open.retry_in <= Duration::from_secs(30));
/// ```
///
/// Times are those of [`tokio::time`], so tests can pause them.
#[derive(Debug)]
pub struct Breaker {
    name: &'static str,
    failures: u32,
    rate: Option<Rate>,
    cool_down: Duration,
    probes: u32,
    circuit: Mutex<Circuit>,
}

#[derive(Debug)]
struct Rate {
    share: f64,
    calls: u32,
}

#[derive(Debug)]
struct Circuit {
    state: Phase,
    /// Counts the changes of state: what a permit of an earlier one reports is void.
    generation: u64,
    /// Failures since the last success.
    in_a_row: u32,
    window: Option<Window>,
}

#[derive(Debug)]
enum Phase {
    Closed,
    Open { until: Instant },
    HalfOpen { under_way: u32, succeeded: u32 },
}

/// What a [`Breaker`] does with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// Calls get through.
    Closed,
    /// No call gets through.
    Open {
        /// For how long.
        retry_in: Duration,
    },
    /// A few calls get through, to see how they end.
    HalfOpen,
}

/// A call that got through. Dropped without a word it counts as a failure: whoever was calling
/// was stopped, by a timeout or a panic.
///
/// It counts for the state that the breaker was in when the call began. If that has changed since,
/// how the call ends is no longer news.
#[must_use = "a permit that is dropped counts as a failure"]
#[derive(Debug)]
pub struct Permit<'breaker> {
    breaker: &'breaker Breaker,
    generation: u64,
    reported: bool,
}

impl Breaker {
    /// A closed breaker that opens after 5 failures in a row, for 30 seconds, and then lets one
    /// probe through at a time. Errors name it.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Breaker {
            name,
            failures: 5,
            rate: None,
            cool_down: Duration::from_secs(30),
            probes: 1,
            circuit: Mutex::new(Circuit {
                state: Phase::Closed,
                generation: 0,
                in_a_row: 0,
                window: None,
            }),
        }
    }

    /// Opens after so many failures in a row.
    ///
    /// # Panics
    /// If `failures` is 0.
    #[must_use]
    pub fn failures(mut self, failures: u32) -> Self {
        assert!(
            failures > 0,
            "a breaker that opens after 0 failures never closes"
        );
        self.failures = failures;
        self
    }

    /// Opens as well when of the calls of the last `window` this share failed, if there were at
    /// least `calls` of them. The window is kept in tenths of its length.
    ///
    /// # Panics
    /// If `share` is not above 0 and at most 1, or `calls` or `window` is 0.
    #[must_use]
    pub fn failure_rate(mut self, share: f64, calls: u32, window: Duration) -> Self {
        assert!(
            share > 0.0 && share <= 1.0,
            "a failure rate is above 0 and at most 1, not {share}"
        );
        assert!(calls > 0, "a failure rate of 0 calls says nothing");
        assert!(!window.is_zero(), "a window of no length holds no calls");
        self.rate = Some(Rate { share, calls });
        self.circuit().window = Some(Window::new(window));
        self
    }

    /// Stays open for so long.
    #[must_use]
    pub fn cool_down(mut self, cool_down: Duration) -> Self {
        self.cool_down = cool_down;
        self
    }

    /// Half-open, lets so many calls through at a time, and closes when as many have succeeded.
    ///
    /// # Panics
    /// If `probes` is 0.
    #[must_use]
    pub fn probes(mut self, probes: u32) -> Self {
        assert!(probes > 0, "a breaker without probes never closes");
        self.probes = probes;
        self
    }

    /// The breaker's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Whether it refuses every call now.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.state(), BreakerState::Open { .. })
    }

    /// What it would do with a call now.
    #[must_use]
    pub fn state(&self) -> BreakerState {
        match self.circuit().state {
            Phase::Closed => BreakerState::Closed,
            Phase::HalfOpen { .. } => BreakerState::HalfOpen,
            Phase::Open { until } => match until.saturating_duration_since(Instant::now()) {
                Duration::ZERO => BreakerState::HalfOpen,
                retry_in => BreakerState::Open { retry_in },
            },
        }
    }

    /// Asks to let one call through.
    ///
    /// # Errors
    /// [`BreakerOpen`] if none gets through now, with when one may.
    pub fn acquire(&self) -> Result<Permit<'_>, BreakerOpen> {
        let mut circuit = self.circuit();
        if let Phase::Open { until } = circuit.state {
            let retry_in = until.saturating_duration_since(Instant::now());
            if !retry_in.is_zero() {
                return Err(self.open(retry_in));
            }
            circuit.turn(Phase::HalfOpen {
                under_way: 0,
                succeeded: 0,
            });
        }
        if let Phase::HalfOpen {
            under_way,
            succeeded,
        } = &mut circuit.state
        {
            if *under_way + *succeeded >= self.probes {
                return Err(self.open(Duration::ZERO));
            }
            *under_way += 1;
        }
        Ok(Permit {
            breaker: self,
            generation: circuit.generation,
            reported: false,
        })
    }

    /// Calls `call` if it gets through, and counts how it ends. A panic, or dropping this future,
    /// counts as a failure.
    ///
    /// # Errors
    /// [`Refused::Open`] if the call did not get through, [`Refused::Failed`] with its error.
    pub async fn call<T, E>(
        &self,
        call: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Refused<E>> {
        let permit = self.acquire().map_err(Refused::Open)?;
        match call.await {
            Ok(value) => {
                permit.success();
                Ok(value)
            }
            Err(error) => {
                permit.failure();
                Err(Refused::Failed(error))
            }
        }
    }

    fn open(&self, retry_in: Duration) -> BreakerOpen {
        BreakerOpen {
            breaker: self.name,
            retry_in,
        }
    }

    fn report(&self, generation: u64, failed: bool) {
        let mut circuit = self.circuit();
        if circuit.generation != generation {
            return;
        }
        match &mut circuit.state {
            // No permit is given in this state, and those of others are void.
            Phase::Open { .. } => {}
            Phase::HalfOpen { .. } if failed => self.trip(&mut circuit),
            Phase::HalfOpen {
                under_way,
                succeeded,
            } => {
                *under_way -= 1;
                *succeeded += 1;
                if *succeeded >= self.probes {
                    circuit.turn(Phase::Closed);
                }
            }
            Phase::Closed => {
                circuit.in_a_row = if failed { circuit.in_a_row + 1 } else { 0 };
                let too_many = self.rate.as_ref().is_some_and(|rate| {
                    let Some(window) = &mut circuit.window else {
                        return false;
                    };
                    window.count(Instant::now(), failed);
                    let (calls, failures) = window.calls_and_failures();
                    calls >= rate.calls && f64::from(failures) >= rate.share * f64::from(calls)
                });
                if circuit.in_a_row >= self.failures || (failed && too_many) {
                    self.trip(&mut circuit);
                }
            }
        }
    }

    /// Lets another probe through in place of one that nobody waits for.
    fn forget(&self, generation: u64) {
        let mut circuit = self.circuit();
        if circuit.generation != generation {
            return;
        }
        if let Phase::HalfOpen { under_way, .. } = &mut circuit.state {
            *under_way -= 1;
        }
    }

    fn trip(&self, circuit: &mut Circuit) {
        let until = after(Instant::now(), self.cool_down);
        circuit.turn(Phase::Open { until });
    }

    /// Nothing in here can panic between two writes, so what a poisoned lock guards is whole.
    fn circuit(&self) -> MutexGuard<'_, Circuit> {
        self.circuit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Circuit {
    fn turn(&mut self, state: Phase) {
        self.state = state;
        self.generation += 1;
        self.in_a_row = 0;
        if let Some(window) = &mut self.window {
            window.clear();
        }
    }
}

impl Permit<'_> {
    /// The call succeeded.
    pub fn success(mut self) {
        self.report(false);
    }

    /// Nobody waits for the call any more: how it would have ended is not known, and it counts neither
    /// way.
    pub fn abandon(mut self) {
        if !self.reported {
            self.reported = true;
            self.breaker.forget(self.generation);
        }
    }

    /// The call failed.
    pub fn failure(self) {
        // That is what dropping it says.
        drop(self);
    }

    fn report(&mut self, failed: bool) {
        if !self.reported {
            self.reported = true;
            self.breaker.report(self.generation, failed);
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.report(true);
    }
}
