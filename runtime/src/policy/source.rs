//! The state that a handler is called with, as often as it is called.

/// Gives a handler its source state.
pub trait Source {
    /// The state.
    type State;

    /// The state for one more call; `last` says that no other follows.
    fn give(&mut self, last: bool) -> Self::State;
}

/// A state that is kept until the last call.
pub struct Kept<S, F> {
    state: Option<S>,
    copy: F,
}

/// A state for one call.
pub struct OnceOnly<S>(Option<S>);

/// What a branch borrows, as often as it is called.
pub struct Lent<S>(pub(super) S);

/// Keeps `state` for several calls.
pub fn kept<S, F: Fn(&S) -> S>(state: S, copy: F) -> Kept<S, F> {
    Kept {
        state: Some(state),
        copy,
    }
}

/// Takes `state` for the only call.
pub fn once_only<S>(state: S) -> OnceOnly<S> {
    OnceOnly(Some(state))
}

impl<S, F: Fn(&S) -> S> Source for Kept<S, F> {
    type State = S;

    #[inline]
    fn give(&mut self, last: bool) -> S {
        let state = if last {
            self.state.take()
        } else {
            self.state.as_ref().map(&self.copy)
        };
        state.expect("nothing follows the last call")
    }
}

impl<S> Source for OnceOnly<S> {
    type State = S;

    #[inline]
    fn give(&mut self, _last: bool) -> S {
        self.0
            .take()
            .expect("a policy that calls twice keeps the state")
    }
}

impl<S: Copy> Source for Lent<S> {
    type State = S;

    #[inline]
    fn give(&mut self, _last: bool) -> S {
        self.0
    }
}

/// Copies a state that is `Clone`.
///
/// One that is not is reported where it is declared. That the code which copies it still compiles
/// makes this the only error: `copy` is then the method of [`NotKept`].
pub struct Keep<'a, S>(pub &'a S);

impl<S: Clone> Keep<'_, S> {
    /// The copy.
    #[must_use]
    pub fn copy(&self) -> S {
        self.0.clone()
    }
}

/// A state that is not `Clone`.
pub trait NotKept<S> {
    /// Is never called: it does not compile.
    fn copy(&self) -> S;
}

impl<S> NotKept<S> for Keep<'_, S> {
    fn copy(&self) -> S {
        unreachable!("a state that is kept and not `Clone` does not compile")
    }
}
