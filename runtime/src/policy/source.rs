//! The source state of a handler, for each of its calls.

use super::terms::Fields;
use crate::numbers::Numbers;
use crate::wait::AnyPayload;

/// Gives a handler its source state.
pub trait Source {
    /// The state.
    type State;
    /// The fields that the clauses read from it and from the input; `()` if they read none.
    type Fields: Fields;

    /// Returns those fields, as they were when the state was taken.
    fn fields(&self) -> Self::Fields;

    /// Returns the state for one more call; `last` says that no other follows.
    fn give(&mut self, last: bool) -> Self::State;
}

/// A state that is kept until the last call.
pub struct Kept<S>(Option<S>);

/// A state for one call.
pub struct OnceOnly<S>(Option<S>);

/// The state that a branch borrows for each call.
pub struct Lent<S>(pub(super) S);

/// A state, with the fields that the clauses read.
pub struct WithNumbers<P>(pub(super) P, pub(super) Numbers);

/// A way to hold the state that a transition leaves, until its handler is called for the last time. `I` is the input of the run.
pub trait Hold<S, I> {
    /// The state, for as many calls as there may be.
    type Source: Source<State = S>;

    /// Holds the state.
    fn hold(self, state: S, input: &I) -> Self::Source;

    /// Returns a copy of it for the undo of a call in doubt, if there is such an undo.
    #[inline]
    fn in_doubt(&self, state: &S) -> Option<AnyPayload> {
        let _ = state;
        None
    }
}

/// Holds a state for several calls.
#[derive(Clone, Copy)]
pub struct ForAll;

/// Holds a state for the only call.
#[derive(Clone, Copy)]
pub struct ForOne;

/// Holds a state in one of these ways, if clauses read fields by this function.
#[derive(Clone, Copy)]
pub struct Reads<H, N>(pub H, pub N);

/// Holds a state in one of these ways, if a call in doubt is undone.
#[derive(Clone, Copy)]
pub struct InDoubt<H>(pub H);

impl<S: Copied + Send + 'static, I, H: Hold<S, I>> Hold<S, I> for InDoubt<H> {
    type Source = H::Source;

    fn hold(self, state: S, input: &I) -> Self::Source {
        self.0.hold(state, input)
    }

    fn in_doubt(&self, state: &S) -> Option<AnyPayload> {
        Some(AnyPayload::new(state.copied()))
    }
}

impl<S: Copied, I> Hold<S, I> for ForAll {
    type Source = Kept<S>;

    #[inline]
    fn hold(self, state: S, _: &I) -> Kept<S> {
        Kept(Some(state))
    }
}

impl<S, I> Hold<S, I> for ForOne {
    type Source = OnceOnly<S>;

    #[inline]
    fn hold(self, state: S, _: &I) -> OnceOnly<S> {
        OnceOnly(Some(state))
    }
}

impl<S, I, H: Hold<S, I>, N: Fn(&S, &I) -> Numbers> Hold<S, I> for Reads<H, N> {
    type Source = WithNumbers<H::Source>;

    fn hold(self, state: S, input: &I) -> Self::Source {
        let numbers = (self.1)(&state, input);
        WithNumbers(self.0.hold(state, input), numbers)
    }
}

impl<S: Copied> Source for Kept<S> {
    type State = S;
    type Fields = ();

    #[inline]
    fn fields(&self) {}

    #[inline]
    fn give(&mut self, last: bool) -> S {
        let state = if last {
            self.0.take()
        } else {
            self.0.as_ref().map(S::copied)
        };
        state.expect("nothing follows the last call")
    }
}

impl<S> Source for OnceOnly<S> {
    type State = S;
    type Fields = ();

    #[inline]
    fn fields(&self) {}

    #[inline]
    fn give(&mut self, _last: bool) -> S {
        self.0
            .take()
            .expect("a policy that calls twice keeps the state")
    }
}

impl<S: Copy> Source for Lent<S> {
    type State = S;
    type Fields = ();

    #[inline]
    fn fields(&self) {}

    #[inline]
    fn give(&mut self, _last: bool) -> S {
        self.0
    }
}

impl<P: Source> Source for WithNumbers<P> {
    type State = P::State;
    type Fields = Numbers;

    fn fields(&self) -> Numbers {
        self.1
    }

    fn give(&mut self, last: bool) -> P::State {
        self.0.give(last)
    }
}

/// A state that a policy keeps. Generated code implements it with [`Keep`].
pub trait Copied: Sized {
    /// Returns a copy of the state.
    #[must_use]
    fn copied(&self) -> Self;
}

/// Copies a state that is `Clone`.
///
/// A state that is not `Clone` is reported where it is declared. The code that copies it still compiles, so that
/// this is the only error: `copy` is then the method of [`NotKept`].
pub struct Keep<'a, S>(pub &'a S);

impl<S: Clone> Keep<'_, S> {
    /// Returns the copy.
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
