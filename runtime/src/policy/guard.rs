//! The attempts of one visit: called, judged, waited for, called again.

use std::future::{Future, Ready, ready};
use std::marker::PhantomData;
use std::time::Duration;

use stateway_core::{Policy, Retry, Transition, UndoInfo, Workflow};
use tokio::time::{Instant, sleep_until};

use super::attempt::{Called, Limit, Why, attempt};
use super::source::{Source, kept};
use crate::breaker::{Breaker, Permit};
use crate::driver::{Drive, Failed, NotUndone};
use crate::error::{Cause, Left, Scope};
use crate::handler::{Step, Undo};
use crate::limiter::Limiter;
use crate::run::Run;

/// What the context says of an error.
pub enum Verdict {
    /// Another attempt would fail in the same way.
    Final,
    /// Another attempt may succeed; not before this time has passed, if the error says so.
    Retry {
        /// The delay that the error asks for.
        after: Option<Duration>,
    },
}

impl Verdict {
    /// What `retryable` and `retry_after` say.
    #[must_use]
    pub fn new(retryable: bool, after: Option<Duration>) -> Self {
        if retryable {
            Verdict::Retry { after }
        } else {
            Verdict::Final
        }
    }
}

/// The handler that is asked when the last attempt failed.
pub trait Catch<C, S, E, V> {
    /// Whether there is one.
    const CATCHES: bool;
    /// What it may still lead to.
    type Outcome;
    /// Its future.
    type Call: Future<Output = Result<Self::Outcome, E>> + Send;

    /// Calls it.
    fn catch(self, context: C, state: S, error: E, visit: V) -> Self::Call;
}

/// A transition without `catch`.
pub struct Nothing<T>(PhantomData<fn() -> T>);

/// A transition with this one.
pub struct Caught<F>(pub F);

impl<T> Default for Nothing<T> {
    fn default() -> Self {
        Nothing(PhantomData)
    }
}

impl<C, S, E: Send, V, T: Send> Catch<C, S, E, V> for Nothing<T> {
    const CATCHES: bool = false;
    type Outcome = T;
    type Call = Ready<Result<T, E>>;

    fn catch(self, _: C, _: S, error: E, _: V) -> Ready<Result<T, E>> {
        ready(Err(error))
    }
}

impl<C, S, E, V, T, F, Fut> Catch<C, S, E, V> for Caught<F>
where
    F: FnOnce(C, S, E, V) -> Fut,
    Fut: Future<Output = Result<T, E>> + Send,
{
    const CATCHES: bool = true;
    type Outcome = T;
    type Call = Fut;

    fn catch(self, context: C, state: S, error: E, visit: V) -> Fut {
        self.0(context, state, error, visit)
    }
}

/// Calls the handler of a transition under its policy.
///
/// Whether its future is `Send` is seen where its types are known.
///
/// # Errors
/// What the last attempt failed with, or what came between two.
#[expect(clippy::too_many_arguments, reason = "generated code calls it")]
pub fn guarded<'run, W, C, T, S, F, Fut, K>(
    context: &'run C,
    run: &'run Run<W>,
    step: &'run Step<T>,
    state: impl Source<S>,
    handler: F,
    catch: K,
    breaker: Option<&'run Breaker>,
    limiter: Option<&'run Limiter>,
) -> impl Future<Output = Result<W::State, Failed<W::Error>>>
where
    W: Drive<C>,
    T: Transition<Workflow = W>,
    F: Fn(&'run C, S, &'run Step<T>) -> Fut,
    Fut: Future<Output = Result<T, W::Error>>,
    K: Catch<&'run C, S, W::Error, &'run Step<T>, Outcome = T>,
{
    let policy = &W::GRAPH.transitions[run.transition()].policy;
    let plan = Plan {
        retry: policy.retry.as_ref(),
        timeout: policy.timeout,
        deadlines: Deadlines::of(run, policy),
        breaker,
        limiter,
        stops: true,
        catches_panics: policy.retry.is_some(),
    };
    let outcome = attempts(context, run, step, state, handler, catch, plan);
    async move { outcome.await.map(T::into_state).map_err(Box::new) }
}

/// Undoes one visit under the policy of its undo, the one at `index` of the transition.
///
/// # Errors
/// What the last attempt failed with, and the state that was not undone.
pub fn undoing<'run, W, C, T, S, F, Fut>(
    context: &'run C,
    run: &'run Run<W>,
    undo: &'run Undo<T>,
    index: usize,
    state: S,
    copy: fn(&S) -> S,
    handler: F,
) -> impl Future<Output = Result<(), NotUndone<W::Error>>>
where
    W: Drive<C>,
    T: Transition<Workflow = W>,
    S: Send + 'static,
    F: Fn(&'run C, S, &'run Undo<T>) -> Fut,
    Fut: Future<Output = Result<(), W::Error>>,
{
    let policy: &'static UndoInfo = &W::GRAPH.transitions[run.transition()].policy.undo[index];
    let plan = Plan {
        retry: policy.retry.as_ref(),
        timeout: policy.timeout,
        deadlines: Deadlines::NONE,
        breaker: None,
        limiter: None,
        stops: false,
        catches_panics: true,
    };
    async move {
        let source = kept(copy(&state), copy);
        let nothing = Nothing::default();
        attempts(context, run, undo, source, handler, nothing, plan)
            .await
            .map_err(|cause| (cause, Left::new(state)))
    }
}

/// A policy for one visit: durations have become times.
struct Plan<'run> {
    retry: Option<&'static Retry>,
    timeout: Option<Duration>,
    deadlines: Deadlines,
    breaker: Option<&'run Breaker>,
    limiter: Option<&'run Limiter>,
    /// Whether a cancelled run stops here. A rollback does not.
    stops: bool,
    /// Whether a panic ends the attempt and not the run: the guard around it costs time.
    catches_panics: bool,
}

async fn attempts<'run, W, C, V, S, T, F, Fut, K>(
    context: &'run C,
    run: &'run Run<W>,
    visit: &'run V,
    mut source: impl Source<S>,
    handler: F,
    catch: K,
    plan: Plan<'run>,
) -> Result<T, Cause<W::Error>>
where
    W: Drive<C>,
    F: Fn(&'run C, S, &'run V) -> Fut,
    Fut: Future<Output = Result<T, W::Error>>,
    K: Catch<&'run C, S, W::Error, &'run V, Outcome = T>,
{
    let all = plan.retry.map_or(1, |retry| retry.attempts);
    let mut made = 0;
    let mut last = None;
    let error = loop {
        if plan.stops && run.is_cancelled() {
            return Err(Cause::Cancelled { last });
        }
        if let Some(limiter) = plan.limiter
            && let Some(due) = limiter.due()
        {
            last = plan.wait(run, due, last).await?;
            // Others wait for the same permits: ask again.
            continue;
        }
        made += 1;
        let cause = match plan.permit() {
            Err(cause) => cause,
            Ok(permit) => {
                run.attempt();
                let state = source.give(made == all && !K::CATCHES);
                let call = handler(context, state, visit);
                let called = attempt(call, plan.limit(), plan.catches_panics).await;
                if let (Called::Succeeded(_), Some(permit)) = (&called, permit) {
                    permit.success();
                }
                match called {
                    Called::Succeeded(value) => return Ok(value),
                    Called::Failed(cause) => cause,
                    Called::Stopped(
                        limit @ Limit {
                            why: Why::Timeout(_),
                            ..
                        },
                    ) => limit.cause(None),
                    Called::Stopped(limit) => return Err(limit.cause(last)),
                }
            }
        };
        if plan.stops && run.is_cancelled() {
            return Err(cause.cancelled(last));
        }
        let verdict = match &cause {
            Cause::Handler(error) => W::judge(context, error),
            Cause::BreakerOpen { retry_in, .. } => Verdict::Retry {
                after: Some(*retry_in),
            },
            _ => Verdict::Retry { after: None },
        };
        let delay = match (verdict, plan.retry) {
            (Verdict::Retry { after }, Some(retry)) if made < all => {
                delay(retry, made, &cause, after)
            }
            _ => match cause {
                Cause::Handler(error) if K::CATCHES => break error,
                cause => return Err(cause),
            },
        };
        if let Cause::Handler(error) = cause {
            last = Some(error);
        }
        last = plan.wait(run, Instant::now() + delay, last).await?;
    };
    let call = catch.catch(context, source.give(true), error, visit);
    match attempt(call, plan.limit(), plan.catches_panics).await {
        Called::Succeeded(value) => Ok(value),
        Called::Failed(cause) => Err(cause),
        Called::Stopped(limit) => Err(limit.cause(None)),
    }
}

/// How long to wait after so many attempts, the last of which failed for `cause`.
///
/// What an error asks for is obeyed, also above the cap: the other side knows better. A breaker
/// says when a call is possible at all, so whichever is later counts.
fn delay<E>(retry: &Retry, made: u32, cause: &Cause<E>, after: Option<Duration>) -> Duration {
    let delay = retry.delay(made);
    let backoff = if retry.jitter {
        delay.mul_f64(fastrand::f64())
    } else {
        delay
    };
    match (cause, after) {
        (_, None) => backoff,
        (Cause::BreakerOpen { .. }, Some(after)) => backoff.max(after),
        (_, Some(after)) => after,
    }
}

impl Plan<'_> {
    fn permit<E>(&self) -> Result<Option<Permit<'_>>, Cause<E>> {
        let permit = self.breaker.map(Breaker::acquire).transpose();
        permit.map_err(|open| Cause::BreakerOpen {
            breaker: open.breaker,
            retry_in: open.retry_in,
        })
    }

    /// When the call that begins now is stopped.
    fn limit(&self) -> Option<Limit> {
        let timeout = self.timeout.map(|timeout| Limit {
            at: Instant::now() + timeout,
            why: Why::Timeout(timeout),
        });
        match (timeout, self.deadlines.first()) {
            (Some(timeout), Some(deadline)) if deadline.at < timeout.at => Some(deadline),
            (Some(timeout), _) => Some(timeout),
            (None, deadline) => deadline,
        }
    }

    /// Waits until `due`, unless a deadline comes first or the run is cancelled.
    async fn wait<W: Workflow, E>(
        &self,
        run: &Run<W>,
        due: Instant,
        last: Option<E>,
    ) -> Result<Option<E>, Cause<E>> {
        if let Some(deadline) = self.deadlines.passed_at(due) {
            return Err(deadline.cause(last));
        }
        let sleep = sleep_until(due);
        match run.cancellation().filter(|_| self.stops) {
            None => sleep.await,
            Some(token) => {
                if token.run_until_cancelled(sleep).await.is_none() {
                    return Err(Cause::Cancelled { last });
                }
            }
        }
        Ok(last)
    }
}

/// The deadlines that a visit is under.
struct Deadlines {
    transition: Option<Limit>,
    run: Option<Limit>,
}

impl Deadlines {
    const NONE: Deadlines = Deadlines {
        transition: None,
        run: None,
    };

    fn of<W: Workflow>(run: &Run<W>, policy: &Policy) -> Self {
        let transition = policy.deadline.map(|limit| Limit {
            at: Instant::now() + limit,
            why: Why::Deadline(limit, Scope::Transition),
        });
        let of_run = W::GRAPH.deadline.zip(run.deadline());
        let run = of_run.map(|(limit, at)| Limit {
            at,
            why: Why::Deadline(limit, Scope::Run),
        });
        Deadlines { transition, run }
    }

    fn first(&self) -> Option<Limit> {
        let both = self.transition.into_iter().chain(self.run);
        both.min_by_key(|limit| limit.at)
    }

    /// The deadline that will have passed when it is `due`.
    fn passed_at(&self, due: Instant) -> Option<Limit> {
        self.first().filter(|limit| limit.at <= due)
    }
}
