//! The policy of one visit: its rules, the gate that the context lends, and its begin.

use std::future::{Future as _, poll_fn};
use std::marker::PhantomData;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;
use std::time::Duration;

use stateway_core::{Given, Retry, Workflow};
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::attempt::{Limit, Why};
use super::gate::Gate;
use super::rules::Rules;
use super::terms::{Terms, Values};
use crate::error::{Cause, Scope};
use crate::journal::{Begun, Recorder};
use crate::run::{CurrentRun, PartName};
use crate::support::time::after;

/// The policy under which a handler is called in one visit.
pub(super) struct VisitPolicy<'run, W: Workflow, R, G, N> {
    run: &'run CurrentRun<W>,
    /// The number of calls of the handler.
    counter: &'run AtomicU32,
    gate: G,
    /// The begin of the visit in this process; known if a clause counts from then.
    began: Option<Instant>,
    /// The time that the visit took before, if the run was taken up again.
    age: Duration,
    /// The values of its clauses that are in fields.
    terms: N,
    rules: PhantomData<fn() -> R>,
}

impl<'run, W: Workflow, R: Rules, G: Gate, N: Terms> VisitPolicy<'run, W, R, G, N> {
    /// True if a panic ends the attempt and not the run, even without a `catch`: the guard around an attempt costs time, and there
    /// is one around the run anyway.
    pub(super) const CATCHES_PANICS: bool = R::RETRY.is_some() || R::CATCHES_PANICS;

    #[inline]
    pub(super) fn new(
        run: &'run CurrentRun<W>,
        counter: &'run AtomicU32,
        gate: G,
        terms: N,
    ) -> Self {
        let is_timed = R::TIMEOUT.is_some() || R::DEADLINE.is_some();
        let age = match run.recorder() {
            Some(recorder) if R::DEADLINE.is_some() && !R::MAY_BE_ONE_TOO_MANY => {
                recorder.age(run.visit(), run.event_name())
            }
            _ => Duration::ZERO,
        };
        VisitPolicy {
            run,
            counter,
            gate,
            began: is_timed.then(Instant::now),
            age,
            terms,
            rules: PhantomData,
        }
    }

    /// Returns true if a clause cannot take the value that it reads.
    #[inline]
    pub(super) fn is_refused(&self) -> bool {
        self.terms.refused().is_some()
    }

    /// Returns the failure of a visit before any call: a clause cannot take the value that it reads, or the process died while a handler
    /// ran that is called once.
    pub(super) fn fails_at_once<E>(&self) -> Option<Cause<E>> {
        if let Some(refused) = self.terms.refused() {
            return Some(Cause::Policy(Box::new(refused.clone())));
        }
        (R::ONCE && self.was_called()).then_some(Cause::Crashed)
    }

    /// Returns the number of calls that the handler may get; `None` without an end.
    #[inline]
    pub(super) fn attempts(&self) -> Option<u32> {
        let Some(retry) = R::RETRY else {
            return Some(1);
        };
        let attempts = retry.attempts?;
        attempts
            .written()
            .or_else(|| self.terms.values()?.retry?.attempts)
    }

    /// Returns the `retry`, if there is one.
    pub(super) fn retry(&self) -> Option<Retry> {
        let written = R::RETRY?.written();
        written.or_else(|| self.terms.values()?.retry)
    }

    /// Returns the `timeout`, if there is one.
    #[inline]
    fn timeout(&self) -> Option<Duration> {
        self.time(R::TIMEOUT?, |values| values.timeout)
    }

    /// Returns the value of a clause.
    #[inline]
    fn time(
        &self,
        given: Given<Duration>,
        read: fn(&Values) -> Option<Duration>,
    ) -> Option<Duration> {
        let written = given.written();
        written.or_else(|| self.terms.values().and_then(read))
    }

    #[inline]
    pub(super) fn is_cancelled(&self) -> bool {
        R::FORWARD && self.run.is_cancelled()
    }

    /// Counts one more call of the handler.
    #[inline]
    pub(super) fn attempt(&self) {
        let made = self.counter.load(Ordering::Relaxed);
        self.counter
            .store(made.saturating_add(1), Ordering::Relaxed);
        // A branch adds to no log, and runs beside others.
        if !R::MAY_BE_ONE_TOO_MANY {
            self.run.says_nothing();
        }
    }

    /// Notes that the call ended with an error that says that nothing was done.
    pub(super) fn is_certain(&self) {
        self.run.is_certain();
    }

    /// Prepares the call of the `catch`: the log entries of the last attempt are dropped.
    pub(super) fn catches(&self) {
        self.run.says_nothing();
    }

    /// Takes a place in the limiter's line, if there is a limiter, or returns the time when there may be one.
    #[inline]
    pub(super) fn due(&self) -> Option<Instant> {
        self.gate.due()
    }

    /// Asks the breaker, if there is one.
    #[inline]
    pub(super) fn permit<E>(&self) -> Result<G::Permit, Cause<E>> {
        self.gate.acquire().map_err(|open| Cause::BreakerOpen {
            breaker: open.breaker,
            retry_in: open.retry_in,
            last: None,
        })
    }

    /// Returns the limit of the call that began with the visit.
    #[inline]
    pub(super) fn first_limit(&self) -> Option<Limit> {
        self.limit_of(self.began)
    }

    /// Returns the limit of a call that begins now.
    pub(super) fn limit(&self) -> Option<Limit> {
        self.limit_of(Some(Instant::now()))
    }

    fn limit_of(&self, began: Option<Instant>) -> Option<Limit> {
        self.first(began, self.deadline())
    }

    /// Returns the limit of a `catch` that is called now. The deadline of the transition does not count, since it may be the cause that
    /// the `catch` is asked about.
    pub(super) fn catch_limit(&self) -> Option<Limit> {
        self.first(Some(Instant::now()), self.deadline_of_run())
    }

    /// Returns the limit of a call that began then: the first of its timeout and the deadlines.
    fn first(&self, began: Option<Instant>, deadline: Option<Limit>) -> Option<Limit> {
        let timeout = began.zip(self.timeout()).map(|(began, timeout)| Limit {
            at: after(began, timeout),
            why: Why::Timeout(timeout),
        });
        match (timeout, deadline) {
            (Some(timeout), Some(deadline)) if deadline.at < timeout.at => Some(deadline),
            (Some(timeout), _) => Some(timeout),
            (None, deadline) => deadline,
        }
    }

    fn deadline_of_run(&self) -> Option<Limit> {
        let of_run = W::GRAPH.deadline.filter(|_| R::FORWARD);
        let of_run = of_run.zip(self.run.deadline());
        of_run.map(|(limit, at)| Limit {
            at,
            why: Why::Deadline(limit, Scope::Run),
        })
    }

    /// Returns the deadline that passes first.
    fn deadline(&self) -> Option<Limit> {
        let of_transition = R::DEADLINE.and_then(|it| self.time(it, |values| values.deadline));
        let of_transition = self.began.zip(of_transition).map(|(began, limit)| Limit {
            at: after(began, limit.saturating_sub(self.age)),
            why: Why::Deadline(limit, Scope::Transition),
        });
        let both = of_transition.into_iter().chain(self.deadline_of_run());
        both.min_by_key(|limit| limit.at)
    }

    /// Returns the recorder of a stored run.
    #[inline]
    pub(super) fn recorder(&self) -> Option<&'run dyn Recorder> {
        self.run.recorder()
    }

    /// Takes up the attempts of a visit that began before the run was taken up: their number, and
    /// the time at which the next is due.
    #[cold]
    pub(super) fn take_up(&self, part: Option<&PartName>) -> Option<(u32, Instant)> {
        let begun = self.recorder()?.begun(part?)?;
        self.counter.store(begun.called, Ordering::Relaxed);
        Some((begun.made, after(Instant::now(), begun.delay)))
    }

    /// Returns the progress of a visit whose next attempt is due after this delay.
    fn begun(&self, made: u32, delay: Duration) -> Begun {
        Begun {
            made,
            called: self.counter.load(Ordering::Relaxed),
            delay,
        }
    }

    /// Returns true if this is a visit that was taken up, and the process died while its handler ran.
    fn was_called(&self) -> bool {
        self.recorder().is_some() && self.counter.load(Ordering::Relaxed) > 0
    }

    /// Records that the handler is to be called for this attempt, if it is never called a second time, or if its calls may be
    /// in doubt.
    pub(super) async fn begins(&self, part: Option<&PartName>, attempt: u32) {
        let is_recorded = R::ONCE || R::IN_DOUBT;
        if let (true, Some(recorder), Some(part)) = (is_recorded, self.recorder(), part) {
            let mut begun = self.begun(attempt - 1, Duration::ZERO);
            begun.called = begun.called.saturating_add(1);
            recorder.begins(part, begun).await;
        }
    }

    /// Keeps the cause of a failed attempt that is not the end of the visit, in a stored run.
    pub(super) fn failed<E: 'static>(&self, part: Option<&PartName>, made: u32, cause: &Cause<E>) {
        if let (Some(recorder), Some(part)) = (self.recorder(), part) {
            recorder.failed(part, made, cause);
        }
    }

    /// Records the number of failed attempts, in a stored run. A run that has long to wait may be released:
    /// then this is never ready.
    pub(super) async fn attempted(&self, part: Option<&PartName>, made: u32, due: Instant) {
        let (Some(recorder), Some(part)) = (self.recorder(), part) else {
            return;
        };
        // An attempt that will not be made is not waited for, unless the run continues when its time is up.
        let stops = |deadline: &Limit| deadline.at <= due && !deadline.leads_on::<W>();
        if !self.deadline().is_some_and(|deadline| stops(&deadline)) {
            let delay = due.saturating_duration_since(Instant::now());
            let may_release = !R::MAY_BE_ONE_TOO_MANY && !R::IS_HELD;
            let begun = self.begun(made, delay);
            recorder.attempted(part, begun, may_release).await;
        }
    }

    /// Records that the next attempt begins, after a wait that the store was told of.
    pub(super) async fn goes_on(&self, part: Option<&PartName>, made: u32) {
        let begun = self.begun(made, Duration::ZERO);
        let recorder = self.recorder().zip(part);
        if let Some(recorded) = recorder.and_then(|(it, part)| it.goes_on(part, begun)) {
            recorded.await;
        }
    }

    /// Waits until the tasks of calls that were dropped have ended, so that no two calls of a visit
    /// run at a time.
    ///
    /// # Errors
    /// The cause that stops the visit by then.
    pub(super) async fn alone<E>(&self, last: &mut Option<E>) -> Result<(), Cause<E>> {
        self.alone_until(last, Self::deadline).await
    }

    /// Waits for those tasks before the `catch`.
    ///
    /// # Errors
    /// The cause that stops the run by then.
    pub(super) async fn alone_to_catch<E>(&self, last: &mut Option<E>) -> Result<(), Cause<E>> {
        self.alone_until(last, Self::deadline_of_run).await
    }

    async fn alone_until<E>(
        &self,
        last: &mut Option<E>,
        deadline: fn(&Self) -> Option<Limit>,
    ) -> Result<(), Cause<E>> {
        let Some(tasks) = self.run.tasks().filter(|_| R::SPAWNS) else {
            return Ok(());
        };
        tasks.gone().await;
        if self.is_cancelled() {
            return Err(Cause::stopped_after(last.take()));
        }
        let passed = |limit: &Limit| limit.at <= Instant::now();
        match deadline(self).filter(passed) {
            Some(deadline) => Err(deadline.cause(last.take())),
            None => Ok(()),
        }
    }

    /// Waits until `due`, unless a deadline comes first or the run is cancelled.
    ///
    /// # Errors
    /// The cause that came first, with the error of the attempt before.
    pub(super) async fn wait<E>(&self, due: Instant, last: &mut Option<E>) -> Result<(), Cause<E>> {
        let Some(deadline) = self.deadline().filter(|deadline| deadline.at <= due) else {
            return self.sleep(due, last).await;
        };
        if deadline.leads_on::<W>() {
            // The run stays where it is until then, unless somebody asks for the attempt at once.
            self.sleep(deadline.at, last).await?;
            if Instant::now() < deadline.at {
                return Ok(());
            }
        }
        Err(deadline.cause(last.take()))
    }

    /// Waits until `due`, unless the run is stopped or is to continue at once.
    async fn sleep<E>(&self, due: Instant, last: &mut Option<E>) -> Result<(), Cause<E>> {
        let sleep = sleep_until(due);
        if let Some(recorder) = self.recorder().filter(|_| !R::MAY_BE_ONE_TOO_MANY) {
            return self.wait_stored(due, sleep, recorder, last).await;
        }
        match self.stops() {
            None => sleep.await,
            Some(token) => {
                if token.run_until_cancelled(sleep).await.is_none() {
                    return Err(Self::stopped(last));
                }
            }
        }
        Ok(())
    }

    /// Returns the token that ends a wait: the cancellation, or the termination for a rollback, which is not cancelled.
    fn stops(&self) -> Option<&'run CancellationToken> {
        if R::FORWARD {
            self.run.cancellation()
        } else {
            self.run.termination()
        }
    }

    fn stopped<E>(last: &mut Option<E>) -> Cause<E> {
        if R::FORWARD {
            Cause::stopped_after(last.take())
        } else {
            Cause::Terminated
        }
    }

    /// Waits in a stored run, which is released if the runner shuts down meanwhile.
    async fn wait_stored<E>(
        &self,
        due: Instant,
        sleep: Sleep,
        recorder: &dyn Recorder,
        last: &mut Option<E>,
    ) -> Result<(), Cause<E>> {
        let delay = due.saturating_duration_since(Instant::now());
        let mut sleep = pin!(sleep);
        let mut given_back = recorder.given_back(delay, !R::IS_HELD);
        let mut retried_now = recorder.retried_now();
        let token = self.stops().cloned().unwrap_or_default();
        let mut stopped = pin!(token.cancelled());
        poll_fn(|cx| {
            if !recorder.is_recording() && stopped.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Err(Self::stopped(last)));
            }
            // It is never ready.
            let _ = given_back.as_mut().poll(cx);
            if recorder.is_recording() {
                return Poll::Pending;
            }
            if retried_now.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Ok(()));
            }
            sleep.as_mut().poll(cx).map(Ok)
        })
        .await
    }
}
