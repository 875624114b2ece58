//! A handler under a policy, as a future.
//!
//! Most handlers succeed at their first attempt, so the first attempt is made here, without the machinery
//! of the others: that is a large future, and is made only when the first attempt has failed.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project::pin_project;
use stateway_core::Transition;
use tokio::task::coop::unconstrained;
use tokio::time::sleep_until;

use super::attempts::{FailedCall, TermsOf, VisitPlan, attempts};
use super::catch::{Catch, Nothing};
use super::fails::Fails;
use super::gate::{CallPermit, Gate};
use super::rules::{OfBranch, OfTransition, Rules};
use super::source::{Lent, Source, WithNumbers};
use super::terms::Fields as _;
use super::visit::VisitPolicy;
use crate::driver::Judge;
use crate::error::Cause;
use crate::handler::{Branch, Step, VisitPart};
use crate::numbers::Numbers;
use crate::run::CurrentRun;
use crate::support::panic::{catch_panic, forget_panic};

/// The attempts of one visit to a transition, or of a branch.
#[pin_project]
#[expect(
    clippy::type_complexity,
    reason = "each type is one of the visit: a name for some of them would hide which"
)]
pub struct Guarded<'run, W: Judge<C>, C, V, R: Rules, T, G: Gate, P: Source, F, Fut, K> {
    visit: Option<VisitPlan<'run, W, C, V, R, G, P, F, K>>,
    permit: Option<CallPermit<R, G>>,
    // A `dyn` is dropped in one way: code that drops each type of it would be
    // called at every turn.
    later: Option<Pin<Box<dyn Future<Output = Later<Result<T, Cause<W::Error>>>> + Send + 'run>>>,
    #[pin]
    first: Option<Fut>,
}

/// The future that is waited for beside the first call, or after it.
enum Later<T> {
    /// The timer of the call.
    Late,
    /// The other attempts.
    Rest(T),
}

/// Visits a transition under its policy.
#[expect(clippy::type_complexity, reason = "nobody writes it")]
#[inline]
pub(super) fn visited<'run, W, C, T, O, G, S, P, F, Fut, X, K>(
    context: &'run C,
    run: &'run CurrentRun<W>,
    seen: &'run Step<T>,
    source: P,
    handler: F,
    catch: K,
    gate: G,
) -> Guarded<'run, W, C, Step<T>, OfTransition<T>, O, G, P, F, Fut, K>
where
    W: Judge<C>,
    T: Transition<Workflow = W>,
    G: Gate,
    P: Source<State = S>,
    F: Fn(&'run C, S, &'run Step<T>) -> Fut,
    Fut: Future<Output = Result<O, X>>,
    X: Fails<W::Error>,
    K: Catch<&'run C, S, W::Error, &'run Step<T>, Outcome = O>,
{
    let terms = source.fields().terms::<OfTransition<T>>();
    let policy = VisitPolicy::new(run, run.counter(), gate, terms);
    Guarded::new(VisitPlan {
        context,
        seen,
        source,
        handler,
        catch,
        policy,
    })
}

/// Calls the handler of the branch that is declared at `POSITION` under its policy.
#[expect(clippy::type_complexity, reason = "nobody writes it")]
#[inline]
pub fn attempted<'run, T, const POSITION: usize, W, C, S, O, G, F, Fut>(
    context: &'run C,
    branch: &'run Branch<T>,
    state: S,
    handler: F,
    gate: G,
) -> Guarded<'run, W, C, Branch<T>, OfBranch<T, POSITION>, O, G, Lent<S>, F, Fut, Nothing<O>>
where
    W: Judge<C>,
    T: Transition<Workflow = W>,
    S: Copy,
    G: Gate,
    F: Fn(&'run C, S, &'run Branch<T>) -> Fut,
    Fut: Future<Output = Result<O, W::Error>>,
{
    branch_under(context, branch, Lent(state), handler, gate)
}

/// Like [`attempted`], for a branch whose clauses have read these fields.
#[expect(clippy::type_complexity, reason = "nobody writes it")]
pub fn attempted_by<'run, T, const POSITION: usize, W, C, S, O, G, F, Fut>(
    context: &'run C,
    branch: &'run Branch<T>,
    state: S,
    numbers: Numbers,
    handler: F,
    gate: G,
) -> Guarded<
    'run,
    W,
    C,
    Branch<T>,
    OfBranch<T, POSITION>,
    O,
    G,
    WithNumbers<Lent<S>>,
    F,
    Fut,
    Nothing<O>,
>
where
    W: Judge<C>,
    T: Transition<Workflow = W>,
    S: Copy,
    G: Gate,
    F: Fn(&'run C, S, &'run Branch<T>) -> Fut,
    Fut: Future<Output = Result<O, W::Error>>,
{
    let source = WithNumbers(Lent(state), numbers);
    branch_under(context, branch, source, handler, gate)
}

#[expect(clippy::type_complexity, reason = "nobody writes it")]
#[inline]
fn branch_under<'run, T, const POSITION: usize, W, C, P, O, G, F, Fut>(
    context: &'run C,
    branch: &'run Branch<T>,
    source: P,
    handler: F,
    gate: G,
) -> Guarded<'run, W, C, Branch<T>, OfBranch<T, POSITION>, O, G, P, F, Fut, Nothing<O>>
where
    W: Judge<C>,
    T: Transition<Workflow = W>,
    P: Source,
    G: Gate,
{
    let terms = source.fields().terms::<OfBranch<T, POSITION>>();
    let policy = VisitPolicy::new(branch.run(), branch.attempts(), gate, terms);
    Guarded::new(VisitPlan {
        context,
        seen: branch,
        source,
        handler,
        catch: Nothing::new(),
        policy,
    })
}

impl<'run, W: Judge<C>, C, V, R: Rules, T, G: Gate, P: Source, F, Fut, K>
    Guarded<'run, W, C, V, R, T, G, P, F, Fut, K>
{
    #[inline]
    fn new(visit: VisitPlan<'run, W, C, V, R, G, P, F, K>) -> Self {
        Guarded {
            visit: Some(visit),
            permit: None,
            later: None,
            first: None,
        }
    }
}

impl<'run, W, C, V, R, T, G, S, P, F, Fut, X, K> Future
    for Guarded<'run, W, C, V, R, T, G, P, F, Fut, K>
where
    W: Judge<C>,
    W::Input: Send + Sync,
    C: Sync,
    V: VisitPart + Sync,
    R: Rules + 'run,
    T: Send + 'run,
    G: Gate<Permit: Send> + Send + Sync + 'run,
    S: Send + 'run,
    P: Source<State = S> + Send + 'run,
    F: Fn(&'run C, S, &'run V) -> Fut + Send + Sync + 'run,
    Fut: Future<Output = Result<T, X>> + Send + 'run,
    X: Fails<W::Error> + 'run,
    K: Catch<&'run C, S, W::Error, &'run V, Outcome = T> + Send + 'run,
{
    type Output = Result<T, Cause<W::Error>>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.visit.is_none() {
            return self.poll_rest(cx);
        }
        let failed = match self.as_mut().poll_first(cx) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(FirstAttempt::Ended(outcome)) => return Poll::Ready(outcome),
            Poll::Ready(FirstAttempt::Failed(cause)) => Some(cause),
            Poll::Ready(FirstAttempt::NotYet) => None,
        };
        self.begin_rest(failed, cx)
    }
}

/// The result of the first attempt.
enum FirstAttempt<T, E> {
    /// The visit is over.
    Ended(Result<T, Cause<E>>),
    Failed(Cause<E>),
    /// The limiter lets nothing through yet.
    NotYet,
}

impl<'run, W, C, V, R, T, G, S, P, F, Fut, X, K> Guarded<'run, W, C, V, R, T, G, P, F, Fut, K>
where
    W: Judge<C>,
    W::Input: Send + Sync,
    C: Sync,
    V: VisitPart + Sync,
    R: Rules + 'run,
    T: Send + 'run,
    G: Gate<Permit: Send> + Send + Sync + 'run,
    S: Send + 'run,
    P: Source<State = S> + Send + 'run,
    F: Fn(&'run C, S, &'run V) -> Fut + Send + Sync + 'run,
    Fut: Future<Output = Result<T, X>> + Send + 'run,
    X: Fails<W::Error> + 'run,
    K: Catch<&'run C, S, W::Error, &'run V, Outcome = T> + Send + 'run,
{
    #[inline]
    fn poll_first(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<FirstAttempt<T, W::Error>> {
        let mut this = self.project();
        let visit = this.visit.as_mut().expect("the rest has not begun");
        let begins = this.first.is_none();
        if begins {
            // A visit of a stored run may have had attempts in an earlier process.
            if visit.policy.recorder().is_some()
                || visit.policy.is_refused()
                || visit.policy.due().is_some()
            {
                return Poll::Ready(FirstAttempt::NotYet);
            }
            match visit.policy.permit() {
                Ok(permit) => *this.permit = Some(CallPermit::new(permit)),
                Err(refused) => return Poll::Ready(FirstAttempt::Failed(refused)),
            }
            visit.policy.attempt();
        }
        let mut begins = begins;
        let mut poll = || {
            if std::mem::take(&mut begins) {
                // A state that panics when it is copied is a failure of this attempt.
                let is_last = visit.policy.attempts() == Some(1) && !K::TAKES_STATE;
                let state = visit.source.give(is_last);
                let call = (visit.handler)(visit.context, state, visit.seen);
                this.first.set(Some(call));
            }
            match this.first.as_mut().as_pin_mut() {
                Some(call) => call.poll(cx).map_err(Fails::into_cause),
                None => unreachable!("the first call is under way"),
            }
        };
        let polled = if VisitPolicy::<W, R, G, TermsOf<P>>::CATCHES_PANICS || K::CATCHES {
            catch_panic(poll)
        } else {
            poll()
        };
        match polled {
            Poll::Ready(Ok(outcome)) => {
                if let Some(permit) = this.permit.take() {
                    permit.succeeded();
                }
                Poll::Ready(FirstAttempt::Ended(Ok(outcome)))
            }
            Poll::Ready(Err(cause)) => Poll::Ready(FirstAttempt::Failed(cause)),
            Poll::Pending => {
                let Some(limit) = visit.policy.first_limit() else {
                    return Poll::Pending;
                };
                let late = this.later.get_or_insert_with(|| {
                    Box::pin(async move {
                        unconstrained(sleep_until(limit.at)).await;
                        Later::Late
                    })
                });
                let late = late.as_mut().poll(cx);
                late.map(|_| FirstAttempt::Failed(limit.cause(None)))
            }
        }
    }

    #[cold]
    fn begin_rest(
        mut self: Pin<&mut Self>,
        failed: Option<Cause<W::Error>>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<T, Cause<W::Error>>> {
        let mut this = self.as_mut().project();
        let visit = this.visit.take().expect("the rest begins once");
        let permit = this.permit.take();
        let failed = failed.map(|cause| FailedCall { cause, permit });
        let rest = async { Later::Rest(attempts(visit, failed).await) };
        *this.later = Some(Box::pin(rest));
        // A call that is stopped half-way may panic when it is dropped: that is one more failure of the same call.
        forget_panic(|| this.first.set(None));
        self.poll_rest(cx)
    }

    #[cold]
    fn poll_rest(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T, Cause<W::Error>>> {
        let rest = self.project().later.as_mut().expect("the rest has begun");
        rest.as_mut().poll(cx).map(|later| match later {
            Later::Rest(outcome) => outcome,
            Later::Late => unreachable!("the first call is over"),
        })
    }
}
