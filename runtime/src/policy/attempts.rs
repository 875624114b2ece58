//! The attempts of one visit: called, judged, waited for, called again.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::time::Instant;

use super::attempt::{Called, attempt};
use super::catch::Catch;
use super::fails::Fails;
use super::gate::{CallPermit, Gate};
use super::rules::Rules;
use super::source::Source;
use super::terms::Fields;
use super::verdict::{Verdict, delay};
use super::visit::VisitPolicy;
use crate::driver::Judge;
use crate::error::{BranchError, Cause, JoinError};
use crate::handler::VisitPart;
use crate::run::PartName;
use crate::support::panic::forget_panic;
use crate::support::time::after;

/// The values of the clauses that read fields of this source.
pub(super) type TermsOf<P> = <<P as Source>::Fields as Fields>::Terms;

/// The parts of a visit.
pub(super) struct VisitPlan<'run, W: Judge<C>, C, V, R, G, P: Source, F, K> {
    pub(super) context: &'run C,
    /// The view that the handler has of the visit.
    pub(super) seen: &'run V,
    pub(super) source: P,
    pub(super) handler: F,
    pub(super) catch: K,
    pub(super) policy: VisitPolicy<'run, W, R, G, TermsOf<P>>,
}

/// The progress of a visit: plain data, which together with the error is all that outlives the wait for the next
/// attempt. In a stored run it outlives the process.
#[derive(Debug, Clone, Copy, Default)]
struct VisitProgress {
    /// The number of attempts that were made, including those that a breaker refused.
    made: u32,
    /// The time at which the next may be made.
    due: Option<Instant>,
}

/// An attempt that failed, with the permit of its call, if it was let through.
pub(super) struct FailedCall<E, R: Rules, G: Gate> {
    pub(super) cause: Cause<E>,
    pub(super) permit: Option<CallPermit<R, G>>,
}

/// Calls the handler until it succeeds or no attempt is left; `first` is the first attempt, if it was
/// made and failed.
pub(super) async fn attempts<'run, W, C, V, R, G, S, T, X, P, F, Fut, K>(
    mut visit: VisitPlan<'run, W, C, V, R, G, P, F, K>,
    first: Option<FailedCall<W::Error, R, G>>,
) -> Result<T, Cause<W::Error>>
where
    W: Judge<C>,
    R: Rules,
    V: VisitPart,
    G: Gate,
    P: Source<State = S>,
    F: Fn(&'run C, S, &'run V) -> Fut,
    Fut: Future<Output = Result<T, X>>,
    X: Fails<W::Error>,
    K: Catch<&'run C, S, W::Error, &'run V, Outcome = T>,
{
    let (context, seen) = (visit.context, visit.seen);
    let all = visit.policy.attempts();
    let mut progress = VisitProgress {
        made: u32::from(first.is_some()),
        due: None,
    };
    let part = visit.policy.recorder().map(|_| seen.part());
    let part = part.as_ref();
    if let Some((made, due)) = visit.policy.take_up(part) {
        progress.made = made;
        progress.due = Some(due);
    }
    let mut failed = first;
    if let Some(cause) = visit.policy.fails_at_once() {
        if let Cause::Policy(_) = cause {
            // The refusal is one of the attempts, as that of a breaker is.
            progress.made = progress.made.max(1);
        }
        failed = Some(FailedCall {
            cause,
            permit: None,
        });
    }
    let mut last = None;
    let cause = loop {
        let FailedCall { cause, permit } = if let Some(failure) = failed.take() {
            failure
        } else {
            if let Some(due) = progress.due.take() {
                if let Err(cause) = visit.policy.wait(due, &mut last).await {
                    break cause;
                }
                visit.policy.goes_on(part, progress.made).await;
            }
            if progress.made > 0
                && let Err(cause) = visit.policy.alone(&mut last).await
            {
                break cause;
            }
            if visit.policy.is_cancelled() {
                break Cause::stopped_after(last);
            }
            progress.due = visit.policy.due();
            if progress.due.is_some() {
                // Others wait for the same place: ask again.
                continue;
            }
            progress.made = progress.made.saturating_add(1);
            let permit = match visit.policy.permit() {
                Ok(permit) => CallPermit::<R, G>::new(permit),
                Err(cause) => {
                    failed = Some(FailedCall {
                        cause,
                        permit: None,
                    });
                    continue;
                }
            };
            visit.policy.begins(part, progress.made).await;
            let cause = match call(&mut visit, all == Some(progress.made)).await {
                Called::Succeeded(value) => {
                    permit.succeeded();
                    return Ok(value);
                }
                Called::Failed(cause) => cause,
                Called::Stopped(limit) => limit.cause(None),
            };
            let permit = Some(permit);
            FailedCall { cause, permit }
        };
        if let Cause::Deadline { .. } = cause {
            // No time is left for another attempt.
            tell(permit, false);
            break cause.with_last(last);
        }
        let verdict = weigh::<W, C>(context, &cause);
        if R::IN_DOUBT && is_answer::<W, C>(context, &cause) {
            visit.policy.is_certain();
        }
        settle(permit, &cause, &verdict);
        if visit.policy.is_cancelled() {
            break cause.cancelled(last);
        }
        let delay = match (verdict, visit.policy.retry()) {
            (Verdict::Retry { after }, Some(retry))
                if all.is_none_or(|all| progress.made < all) =>
            {
                delay(&retry, progress.made, &cause, after)
            }
            _ => break cause.after(last),
        };
        visit.policy.failed(part, progress.made, &cause);
        if let Cause::Handler(_) | Cause::Join(_) = cause {
            last = cause.into_error();
        }
        let due = after(Instant::now(), delay);
        visit.policy.attempted(part, progress.made, due).await;
        progress.due = Some(due);
    };
    after_the_last(visit, part, progress.made, cause).await
}

/// Returns the outcome of a visit whose last attempt has failed for `cause`: that of its `catch`, if it has one.
async fn after_the_last<'run, W, C, V, R, G, S, T, P, F, K>(
    mut visit: VisitPlan<'run, W, C, V, R, G, P, F, K>,
    part: Option<&PartName>,
    made: u32,
    cause: Cause<W::Error>,
) -> Result<T, Cause<W::Error>>
where
    W: Judge<C>,
    R: Rules,
    G: Gate,
    P: Source<State = S>,
    K: Catch<&'run C, S, W::Error, &'run V, Outcome = T>,
{
    if !K::takes(&cause) || visit.policy.is_cancelled() {
        // A panic of the state when it is dropped is not the cause of the failure.
        forget_panic(|| drop(visit.source));
        return Err(cause);
    }
    visit.policy.failed(part, made, &cause);
    if let Err(stopped) = visit.policy.alone_to_catch(&mut None).await {
        return Err(stopped.with_last(cause.into_error()));
    }
    visit.policy.catches();
    let limit = visit.policy.catch_limit();
    let state = K::TAKES_STATE.then(|| visit.source.give(true));
    let caught = visit.catch.catch(visit.context, state, cause, visit.seen);
    match attempt(
        caught,
        limit,
        VisitPolicy::<W, R, G, TermsOf<P>>::CATCHES_PANICS,
    )
    .await
    {
        Called::Succeeded(value) => Ok(value),
        Called::Failed(cause) => Err(cause),
        Called::Stopped(limit) => Err(limit.cause(None)),
    }
}

/// Reports a call that was let through and has failed to the breaker.
///
/// An error that another attempt would give again is an answer of the other side about the request, so it is a success to a breaker. A
/// split that could not begin has called nobody.
fn settle<E, R: Rules, G: Gate>(
    permit: Option<CallPermit<R, G>>,
    cause: &Cause<E>,
    verdict: &Verdict,
) {
    if let Cause::Policy(_) = cause {
        permit.into_iter().for_each(CallPermit::abandoned);
    } else {
        tell(permit, matches!(verdict, Verdict::Final));
    }
}

/// Reports the result of a call that was let through to the breaker.
fn tell<R: Rules, G: Gate>(permit: Option<CallPermit<R, G>>, has_succeeded: bool) {
    match permit {
        None => {}
        Some(permit) if has_succeeded => permit.succeeded(),
        Some(permit) => permit.failed(),
    }
}

/// Calls the handler once.
async fn call<'run, W, C, V, R, G, S, T, X, P, F, Fut, K>(
    visit: &mut VisitPlan<'run, W, C, V, R, G, P, F, K>,
    is_last: bool,
) -> Called<T, W::Error>
where
    W: Judge<C>,
    R: Rules,
    G: Gate,
    P: Source<State = S>,
    F: Fn(&'run C, S, &'run V) -> Fut,
    Fut: Future<Output = Result<T, X>>,
    X: Fails<W::Error>,
    K: Catch<&'run C, S, W::Error, &'run V, Outcome = T>,
{
    visit.policy.attempt();
    let limit = visit.policy.limit();
    let (context, seen, handler) = (visit.context, visit.seen, &visit.handler);
    let source = &mut visit.source;
    let handler = async {
        // Within the guard, so that a state that panics when it is copied is a failure of this attempt.
        let state = source.give(is_last && !K::TAKES_STATE);
        handler(context, state, seen).await
    };
    let catches_panics = VisitPolicy::<W, R, G, TermsOf<P>>::CATCHES_PANICS || K::CATCHES;
    attempt(handler, limit, catches_panics).await
}

/// Says if another attempt is worth making.
fn weigh<W: Judge<C>, C>(context: &C, cause: &Cause<W::Error>) -> Verdict {
    match cause {
        Cause::Handler(error) => judge::<W, C>(context, error),
        Cause::Join(join) => rejoin::<W, C>(context, join),
        // Another attempt would read the same value.
        Cause::Policy(_) => Verdict::Final,
        Cause::BreakerOpen { retry_in, .. } => Verdict::Retry {
            after: Some(*retry_in),
        },
        _ => Verdict::Retry { after: None },
    }
}

/// Returns true if this is an error that says that nothing was done: another attempt would end with it as well.
fn is_answer<W: Judge<C>, C>(context: &C, cause: &Cause<W::Error>) -> bool {
    let Cause::Handler(error) = cause else {
        return false;
    };
    let judged = catch_unwind(AssertUnwindSafe(|| W::judge(context, error)));
    matches!(judged, Ok(Verdict::Final))
}

/// Returns the verdict of the context on an error. If the context panics, there is no other attempt,
/// and the error is kept.
fn judge<W: Judge<C>, C>(context: &C, error: &W::Error) -> Verdict {
    let judged = catch_unwind(AssertUnwindSafe(|| W::judge(context, error)));
    judged.unwrap_or(Verdict::Final)
}

/// Says if the branches may be joined the next time: not if too many of them failed with errors that
/// they would fail with again.
fn rejoin<W: Judge<C>, C>(context: &C, join: &JoinError<W::Error>) -> Verdict {
    let is_final = |failure: &&BranchError<W::Error>| match failure.cause() {
        Cause::Handler(error) => matches!(judge::<W, C>(context, error), Verdict::Final),
        Cause::Policy(_) => true,
        _ => false,
    };
    let lost = join.failures.iter().filter(is_final).count();
    if join.branches - lost < join.needed {
        Verdict::Final
    } else {
        Verdict::Retry { after: None }
    }
}
