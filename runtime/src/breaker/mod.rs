//! The circuit breaker: it stops calls to a service that keeps failing.

mod error;
mod window;

use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::support::time::after;
use window::Window;

pub use error::{BreakerOpen, Refused};

/// Lets calls through to a service outside, until too many of them fail.
///
/// A *closed* breaker lets every call through and counts the failures. If enough calls fail in a row
/// ([`failures`](Breaker::failures)), or a large enough share of the recent ones
/// ([`failure_rate`](Breaker::failure_rate)), it *opens*: no call gets through for the
/// [`cool_down`](Breaker::cool_down). After that it is *half-open*: it lets
/// [`probes`](Breaker::probes) calls through at a time. It closes when as many have succeeded, and opens again
/// at the first that fails. (Michael Nygard, *Release It!*, 2007.)
///
/// It lives in the context and is shared by all runs. A step asks it with `with breaker(name)`, where
/// `fn name(&self) -> &Breaker` is a method of the context. It can be used without a workflow as well:
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
    /// The number of changes of state: the report of a permit from an earlier one is void.
    generation: u64,
    /// The number of failures since the last success.
    in_a_row: u32,
    window: Option<Window>,
}

#[derive(Debug)]
enum Phase {
    Closed,
    Open { until: Instant },
    HalfOpen { under_way: u32, succeeded: u32 },
}

/// The state of a [`Breaker`], which decides about the next call.
///
/// ```
/// use stateway::{Breaker, BreakerState};
///
/// # let bank = Breaker::new("bank");
/// let health = match bank.state() {
///     BreakerState::Closed => "up".to_owned(),
///     BreakerState::HalfOpen => "being probed".to_owned(),
///     BreakerState::Open { retry_in } => format!("down for another {retry_in:?}"),
/// };
/// assert_eq!(health, "up");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// Calls get through.
    Closed,
    /// No call gets through.
    Open {
        /// The time until it lets a probe through.
        retry_in: Duration,
    },
    /// A few calls get through, as probes.
    HalfOpen,
}

/// A call that got through, whose result is to be reported.
///
/// A permit that is dropped without a report counts as a failure: its caller was stopped, by a timeout or a panic.
///
/// The report counts for the state that the breaker was in when the call began. It is ignored if the state has changed since.
///
/// ```
/// use stateway::Breaker;
///
/// # async fn ping() -> Result<(), &'static str> { Ok(()) }
/// # pollster::block_on(async {
/// let bank = Breaker::new("bank");
/// let permit = bank.acquire()?;
/// match ping().await {
///     Ok(()) => permit.success(),
///     // Its refusal is an answer: the bank is up.
///     Err("declined") => permit.success(),
///     Err(_) => permit.failure(),
/// }
/// # Ok::<_, stateway::BreakerOpen>(())
/// # }).unwrap();
/// ```
#[must_use = "a permit that is dropped counts as a failure"]
#[derive(Debug)]
pub struct Permit<'breaker> {
    breaker: &'breaker Breaker,
    generation: u64,
    reported: bool,
}

impl Breaker {
    /// Returns a closed breaker with this name, which errors show.
    ///
    /// It opens after 5 failures in a row, for 30 seconds, and then lets one probe through at a time.
    ///
    /// ```
    /// # use stateway::prelude::*;
    /// # workflow! { workflow Order { start Placed; done Charged; step charge: Placed -> Charged with breaker(bank); } }
    /// struct Shop {
    ///     bank: Breaker,
    /// }
    ///
    /// # impl OrderSteps for Shop {
    /// #     type Error = String;
    /// #     async fn charge(&self, _: Placed, step: &Step<Charge>) -> Result<Charge, String> { Ok(step.to(Charged)) }
    /// #     fn bank(&self) -> &Breaker { &self.bank }
    /// # }
    /// // step charge: Placed -> Charged with breaker(bank);
    /// let shop = Shop { bank: Breaker::new("bank") };
    /// # assert!(pollster::block_on(Order::start(Placed).run(&shop)).is_ok());
    /// ```
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

    /// Sets the number of failures in a row that opens the breaker. Defaults to 5.
    ///
    /// ```
    /// use stateway::{Breaker, BreakerState};
    ///
    /// let bank = Breaker::new("bank").failures(2);
    /// bank.acquire().expect("it is closed").failure();
    /// assert_eq!(bank.state(), BreakerState::Closed);
    /// bank.acquire().expect("it is still closed").failure();
    /// assert!(matches!(bank.state(), BreakerState::Open { .. }));
    /// ```
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

    /// Sets a share of failures that opens the breaker as well: of the calls of the last `window`, if there were at
    /// least `calls` of them. The window is kept in tenths of its length. Defaults to no such share.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use stateway::{Breaker, BreakerState};
    ///
    /// // Half of the calls of a minute, if there were 4 at least.
    /// let bank = Breaker::new("bank").failure_rate(0.5, 4, Duration::from_secs(60));
    /// for succeeds in [true, false, true, false] {
    ///     let permit = bank.acquire().expect("it is closed");
    ///     if succeeds { permit.success() } else { permit.failure() }
    /// }
    /// assert!(matches!(bank.state(), BreakerState::Open { .. }));
    /// ```
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

    /// Sets the time that the breaker stays open. Defaults to 30 seconds.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use stateway::{Breaker, BreakerState};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let bank = Breaker::new("bank").failures(1).cool_down(Duration::from_secs(5));
    /// bank.acquire().expect("it is closed").failure();
    /// tokio::time::sleep(Duration::from_secs(5)).await;
    /// assert_eq!(bank.state(), BreakerState::HalfOpen);
    /// # }
    /// ```
    #[must_use]
    pub fn cool_down(mut self, cool_down: Duration) -> Self {
        self.cool_down = cool_down;
        self
    }

    /// Sets the number of calls that a half-open breaker lets through at a time. It closes when as many have succeeded.
    /// Defaults to 1.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use stateway::{Breaker, BreakerState};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let bank = Breaker::new("bank").failures(1).cool_down(Duration::from_secs(5)).probes(2);
    /// bank.acquire().expect("it is closed").failure();
    /// tokio::time::sleep(Duration::from_secs(5)).await;
    ///
    /// let (one, two) = (bank.acquire().unwrap(), bank.acquire().unwrap());
    /// assert!(bank.acquire().is_err(), "two probes are enough");
    /// one.success();
    /// two.success();
    /// assert_eq!(bank.state(), BreakerState::Closed);
    /// # }
    /// ```
    ///
    /// # Panics
    /// If `probes` is 0.
    #[must_use]
    pub fn probes(mut self, probes: u32) -> Self {
        assert!(probes > 0, "a breaker without probes never closes");
        self.probes = probes;
        self
    }

    /// Returns the breaker's name.
    ///
    /// ```
    /// use stateway::Breaker;
    ///
    /// # let breakers = [Breaker::new("bank"), Breaker::new("carrier")];
    /// for breaker in &breakers {
    ///     println!("{}: {:?}", breaker.name(), breaker.state());
    /// }
    /// # assert_eq!(breakers[1].name(), "carrier");
    /// ```
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Returns true if it refuses every call now.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.state(), BreakerState::Open { .. })
    }

    /// Returns the state that would decide about a call now.
    ///
    /// ```
    /// use stateway::{Breaker, BreakerState};
    ///
    /// # let bank = Breaker::new("bank").failures(1);
    /// bank.acquire().expect("it is closed").failure();
    /// // For a health check: nothing is asked, and nothing counted.
    /// assert!(matches!(bank.state(), BreakerState::Open { .. }));
    /// ```
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

    /// Asks to let one call through. The permit is told the result of the call.
    ///
    /// ```
    /// use stateway::Breaker;
    ///
    /// # fn charge() -> Result<u64, &'static str> { Ok(9) }
    /// let bank = Breaker::new("bank");
    /// let permit = bank.acquire()?;
    /// let payment = charge();
    /// if payment.is_ok() { permit.success() } else { permit.failure() }
    /// # Ok::<_, stateway::BreakerOpen>(())
    /// ```
    ///
    /// # Errors
    /// [`BreakerOpen`] if no call gets through now, with the time until one may.
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

    /// Awaits `call` if it gets through, and counts its result.
    ///
    /// ```
    /// use stateway::Breaker;
    ///
    /// # async fn charge(cents: u64) -> Result<u64, &'static str> { Ok(cents) }
    /// # pollster::block_on(async {
    /// let bank = Breaker::new("bank");
    /// let payment = bank.call(charge(500)).await;
    /// assert_eq!(payment, Ok(500));
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`Refused::Open`] if the call did not get through, [`Refused::Failed`] with its error.
    ///
    /// # Cancel safety
    /// Dropping the future drops the call and counts as a failure, as a panic of the call does.
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

    /// Lets another probe through in place of one that was abandoned.
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

    /// Locks the circuit. Nothing in here can panic between two writes, so the value of a poisoned lock is consistent.
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
    /// Reports that the call succeeded.
    ///
    /// ```
    /// use stateway::{Breaker, BreakerState};
    ///
    /// let bank = Breaker::new("bank").failures(2);
    /// for _ in 0..9 {
    ///     bank.acquire().expect("it is closed").failure();
    ///     // A success in between: the failures are not in a row.
    ///     bank.acquire().expect("it is closed").success();
    /// }
    /// assert_eq!(bank.state(), BreakerState::Closed);
    /// ```
    pub fn success(mut self) {
        self.report(false);
    }

    /// Reports that the call was given up before its result was known. It counts neither way.
    ///
    /// ```
    /// use stateway::{Breaker, BreakerState};
    ///
    /// let bank = Breaker::new("bank").failures(1);
    /// let permit = bank.acquire().expect("it is closed");
    /// // The customer has left before the bank answered, which says nothing about the bank.
    /// permit.abandon();
    /// assert_eq!(bank.state(), BreakerState::Closed);
    /// ```
    pub fn abandon(mut self) {
        if !self.reported {
            self.reported = true;
            self.breaker.forget(self.generation);
        }
    }

    /// Reports that the call failed, as dropping the permit does.
    ///
    /// ```
    /// use stateway::{Breaker, BreakerState};
    ///
    /// let bank = Breaker::new("bank").failures(1);
    /// let permit = bank.acquire().expect("it is closed");
    /// permit.failure();
    /// assert!(matches!(bank.state(), BreakerState::Open { .. }));
    /// ```
    pub fn failure(self) {
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
