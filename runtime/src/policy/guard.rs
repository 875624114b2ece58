//! A handler under a policy, as a future for the driver.
//!
//! Most handlers succeed at their first attempt, so that one is called here, without the machinery
//! of the others: that is a large future, and is made only when the first attempt has failed.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use stateway_core::{Transition, Workflow};
use tokio::task::coop::unconstrained;
use tokio::time::sleep_until;

use super::attempt::Why;
use super::attempts::{Failure, Visit, attempts};
use super::catch::{Catch, Nothing};
use super::fails::Fails;
use super::gate::{Gate, NoGate};
use super::source::{Source, kept};
use super::terms::{OfTransition, OfUndo, Terms};
use crate::driver::{Drive, Failed, NotUndone};
use crate::error::{Cause, Left};
use crate::handler::{Step, Undo};
use crate::panic::{catch_panic, forget_panic};
use crate::run::Run;

pin_project! {
    /// The attempts of one visit to a transition.
    pub struct Guarded<'run, W: Drive<C>, C, T: Transition, G: Gate, P, F, Fut, K> {
        visit: Option<Visit<'run, W, C, Step<T>, OfTransition<T>, G, P, F, K>>,
        permit: Option<G::Permit>,
        // Whichever it is, it is dropped in one way: code that drops it as what it is would be
        // called at every turn.
        later: Option<Pin<Box<dyn Future<Output = Later<Result<T, Cause<W::Error>>>> + Send + 'run>>>,
        #[pin]
        first: Option<Fut>,
    }
}

/// What is waited for beside the first call, or after it.
enum Later<T> {
    /// The call's time is up.
    Late,
    /// The other attempts.
    Rest(T),
}

/// Calls the handler of a transition under its policy.
#[inline]
pub fn guarded<'run, W, C, T, G, S, P, F, Fut, X, K>(
    context: &'run C,
    run: &'run Run<W>,
    seen: &'run Step<T>,
    source: P,
    handler: F,
    catch: K,
    gate: G,
) -> Guarded<'run, W, C, T, G, P, F, Fut, K>
where
    W: Drive<C>,
    T: Transition<Workflow = W>,
    G: Gate,
    P: Source<State = S>,
    F: Fn(&'run C, S, &'run Step<T>) -> Fut,
    Fut: Future<Output = Result<T, X>>,
    X: Fails<W::Error>,
    K: Catch<&'run C, S, W::Error, &'run Step<T>, Outcome = T>,
{
    let visit = Visit {
        context,
        seen,
        source,
        handler,
        catch,
        terms: Terms::new(run, run.counter(), gate),
    };
    Guarded {
        visit: Some(visit),
        permit: None,
        later: None,
        first: None,
    }
}

impl<'run, W, C, T, G, S, P, F, Fut, X, K> Future for Guarded<'run, W, C, T, G, P, F, Fut, K>
where
    W: Drive<C>,
    W::Input: Send + Sync,
    C: Sync,
    T: Transition<Workflow = W> + Send,
    G: Gate<Permit: Send> + Send + Sync + 'run,
    S: Send + 'run,
    P: Source<State = S> + Send + 'run,
    F: Fn(&'run C, S, &'run Step<T>) -> Fut + Send + Sync + 'run,
    Fut: Future<Output = Result<T, X>> + Send + 'run,
    X: Fails<W::Error> + 'run,
    K: Catch<&'run C, S, W::Error, &'run Step<T>, Outcome = T> + Send + 'run,
{
    type Output = Result<W::State, Failed<W::Error>>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.visit.is_none() {
            return self.poll_rest(cx);
        }
        let failed = match self.as_mut().poll_first(cx) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(First::Ended(outcome)) => return Poll::Ready(finish(outcome)),
            Poll::Ready(First::Failed(cause)) => Some(cause),
            Poll::Ready(First::NotYet) => None,
        };
        self.begin_rest(failed, cx)
    }
}

/// What became of the first attempt.
enum First<T, E> {
    /// The visit is over.
    Ended(Result<T, Cause<E>>),
    Failed(Cause<E>),
    /// The limiter lets nothing through yet.
    NotYet,
}

impl<'run, W, C, T, G, S, P, F, Fut, X, K> Guarded<'run, W, C, T, G, P, F, Fut, K>
where
    W: Drive<C>,
    W::Input: Send + Sync,
    C: Sync,
    T: Transition<Workflow = W> + Send,
    G: Gate<Permit: Send> + Send + Sync + 'run,
    S: Send + 'run,
    P: Source<State = S> + Send + 'run,
    F: Fn(&'run C, S, &'run Step<T>) -> Fut + Send + Sync + 'run,
    Fut: Future<Output = Result<T, X>> + Send + 'run,
    X: Fails<W::Error> + 'run,
    K: Catch<&'run C, S, W::Error, &'run Step<T>, Outcome = T> + Send + 'run,
{
    #[inline]
    fn poll_first(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<First<T, W::Error>> {
        let mut this = self.project();
        let visit = this.visit.as_mut().expect("the rest has not begun");
        let mut state = None;
        if this.first.is_none() {
            if visit.terms.due().is_some() {
                return Poll::Ready(First::NotYet);
            }
            match visit.terms.permit() {
                Ok(permit) => *this.permit = Some(permit),
                Err(refused) => return Poll::Ready(First::Failed(refused)),
            }
            visit.terms.attempt();
            let is_last = Terms::<W, OfTransition<T>, G>::ATTEMPTS == 1 && !K::CATCHES;
            state = Some(visit.source.give(is_last));
        }
        let mut poll = || {
            if let Some(state) = state.take() {
                let call = (visit.handler)(visit.context, state, visit.seen);
                this.first.set(Some(call));
            }
            match this.first.as_mut().as_pin_mut() {
                Some(call) => call.poll(cx).map_err(Fails::into_cause),
                None => unreachable!("the first call is under way"),
            }
        };
        let polled = if Terms::<W, OfTransition<T>, G>::CATCHES_PANICS {
            catch_panic(poll)
        } else {
            poll()
        };
        match polled {
            Poll::Ready(Ok(outcome)) => {
                if let Some(permit) = this.permit.take() {
                    G::succeeded(permit);
                }
                Poll::Ready(First::Ended(Ok(outcome)))
            }
            Poll::Ready(Err(cause)) => Poll::Ready(First::Failed(cause)),
            Poll::Pending => {
                let Some(limit) = visit.terms.first_limit() else {
                    return Poll::Pending;
                };
                let late = this.later.get_or_insert_with(|| {
                    Box::pin(async move {
                        unconstrained(sleep_until(limit.at)).await;
                        Later::Late
                    })
                });
                late.as_mut().poll(cx).map(|_| match limit.why {
                    Why::Timeout(_) => First::Failed(limit.cause(None)),
                    Why::Deadline(..) => First::Ended(Err(limit.cause(None))),
                })
            }
        }
    }

    #[cold]
    fn begin_rest(
        mut self: Pin<&mut Self>,
        failed: Option<Cause<W::Error>>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<W::State, Failed<W::Error>>> {
        let mut this = self.as_mut().project();
        let visit = this.visit.take().expect("the rest begins once");
        let permit = this.permit.take();
        let failed = failed.map(|cause| Failure { cause, permit });
        let rest = async { Later::Rest(attempts(visit, failed).await) };
        *this.later = Some(Box::pin(rest));
        // One that is stopped half-way may panic as it goes: that is one more failure of the same call.
        forget_panic(|| this.first.set(None));
        self.poll_rest(cx)
    }

    #[cold]
    fn poll_rest(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<W::State, Failed<W::Error>>> {
        let rest = self.project().later.as_mut().expect("the rest has begun");
        rest.as_mut().poll(cx).map(|later| match later {
            Later::Rest(outcome) => finish(outcome),
            Later::Late => unreachable!("the first call is over"),
        })
    }
}

#[inline]
fn finish<T: Transition, E>(
    outcome: Result<T, Cause<E>>,
) -> Result<<T::Workflow as Workflow>::State, Failed<E>> {
    outcome.map(T::into_state).map_err(Box::new)
}

/// Undoes one visit to the transition `T` under the policy of its undo at `POSITION`.
///
/// # Errors
/// What the last attempt failed with, and the state that was not undone.
pub async fn undoing<'run, T, const POSITION: usize, W, C, S, F, Fut>(
    context: &'run C,
    run: &'run Run<W>,
    state: S,
    copy: fn(&S) -> S,
    handler: F,
) -> Result<(), NotUndone<W::Error>>
where
    W: Drive<C>,
    T: Transition<Workflow = W>,
    S: Send + 'static,
    F: Fn(&'run C, S, &'run Undo<T>) -> Fut,
    Fut: Future<Output = Result<(), W::Error>>,
{
    let visit = Visit {
        context,
        seen: run.undo::<T>(),
        source: kept(copy(&state), copy),
        handler,
        catch: Nothing::default(),
        terms: Terms::<W, OfUndo<T, POSITION>, NoGate>::new(run, run.counter(), NoGate),
    };
    let undone = attempts(visit, None).await;
    undone.map_err(|cause| (cause, Left::new(state)))
}
