//! The handler that is asked when the last attempt has failed.

use std::future::{Future, Pending, Ready, ready};
use std::marker::PhantomData;

use crate::error::Cause;

/// The handler that is asked when the last attempt has failed.
pub trait Catch<C, S, E, V> {
    /// True if there is one.
    const CATCHES: bool;
    /// True if it takes the state, which is kept for it.
    const TAKES_STATE: bool;
    /// The outcome that it may still lead to.
    type Outcome;
    /// The future of the handler.
    type Call: Future<Output = Result<Self::Outcome, E>> + Send;

    /// Returns true if it is asked about this cause.
    fn takes(cause: &Cause<E>) -> bool;

    /// Calls it about a cause that it takes; `state` is there if it takes one.
    fn catch(self, context: C, state: Option<S>, cause: Cause<E>, visit: V) -> Self::Call;
}

/// A transition without `catch`.
pub struct Nothing<T>(PhantomData<fn() -> T>);

/// A transition with this `catch`.
#[derive(Clone, Copy)]
pub struct Caught<F>(pub F);

impl<T> Nothing<T> {
    /// The handler, which does not exist.
    #[must_use]
    #[expect(
        clippy::new_without_default,
        reason = "code without a prelude knows no `Default`"
    )]
    pub const fn new() -> Self {
        Nothing(PhantomData)
    }
}

impl<T> Clone for Nothing<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Nothing<T> {}

impl<C, S, E: Send, V, T: Send> Catch<C, S, E, V> for Nothing<T> {
    const CATCHES: bool = false;
    const TAKES_STATE: bool = false;
    type Outcome = T;
    type Call = Pending<Result<T, E>>;

    fn takes(_: &Cause<E>) -> bool {
        false
    }

    fn catch(self, _: C, _: Option<S>, _: Cause<E>, _: V) -> Pending<Result<T, E>> {
        unreachable!("nothing is asked that takes nothing")
    }
}

impl<C, S, E, V, T, F, Fut> Catch<C, S, E, V> for Caught<F>
where
    F: FnOnce(C, S, Cause<E>, V) -> Fut,
    Fut: Future<Output = Result<T, E>> + Send,
{
    const CATCHES: bool = true;
    const TAKES_STATE: bool = true;
    type Outcome = T;
    type Call = Fut;

    fn takes(cause: &Cause<E>) -> bool {
        cause.is_of_visit()
    }

    fn catch(self, context: C, state: Option<S>, cause: Cause<E>, visit: V) -> Fut {
        let state = state.unwrap_or_else(|| unreachable!("it was kept"));
        self.0(context, state, cause, visit)
    }
}

/// A transition that leads to a state without fields when the last attempt has failed.
#[derive(Clone, Copy)]
pub struct Otherwise<F>(pub F);

impl<C, S, E: Send, V, T: Send, F: FnOnce() -> T> Catch<C, S, E, V> for Otherwise<F> {
    const CATCHES: bool = true;
    const TAKES_STATE: bool = false;
    type Outcome = T;
    type Call = Ready<Result<T, E>>;

    fn takes(cause: &Cause<E>) -> bool {
        cause.is_of_visit()
    }

    fn catch(self, _: C, _: Option<S>, _: Cause<E>, _: V) -> Ready<Result<T, E>> {
        ready(Ok(self.0()))
    }
}
