//! The state that a handler is called with, as often as it is called.

/// Gives a handler its source state.
pub trait Source<S> {
    /// The state for one more call; `last` says that no other follows.
    fn give(&mut self, last: bool) -> S;
}

/// A state that is kept until the last call.
pub struct Kept<S>(Option<S>);

/// A state for one call.
pub struct OnceOnly<S>(Option<S>);

/// Keeps `state` for several calls.
pub fn kept<S: Clone>(state: S) -> Kept<S> {
    Kept(Some(state))
}

/// Takes `state` for the only call.
pub fn once_only<S>(state: S) -> OnceOnly<S> {
    OnceOnly(Some(state))
}

impl<S: Clone> Source<S> for Kept<S> {
    fn give(&mut self, last: bool) -> S {
        let state = if last { self.0.take() } else { self.0.clone() };
        state.expect("nothing follows the last call")
    }
}

impl<S> Source<S> for OnceOnly<S> {
    fn give(&mut self, _last: bool) -> S {
        self.0
            .take()
            .expect("a policy that calls twice keeps the state")
    }
}
