//! The handler that is asked when the last attempt has failed with an error.

use std::future::{Future, Ready, ready};
use std::marker::PhantomData;

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
