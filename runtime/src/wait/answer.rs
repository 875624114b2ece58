//! The outcome of a signal and the answer to it, as their sender gets them.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;

use stateway_core::Transition;
#[cfg(feature = "durable")]
use stateway_core::Workflow;

/// The outcome of a signal, with the answer that its sender gets.
///
/// The handler of a signal that is declared with `answers` returns it: `step.to(Open { cart }).answer(total)`.
#[must_use = "an outcome that is not returned moves nothing"]
pub struct Answered<T, A> {
    pub(crate) outcome: T,
    pub(crate) answer: A,
}

/// This outcome with this answer.
pub fn answered<T: Transition, A>(outcome: T, answer: A) -> Answered<T, A> {
    Answered { outcome, answer }
}

// Neither of them: they may hold what belongs into no log.
impl<T, A> fmt::Debug for Answered<T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answered").finish_non_exhaustive()
    }
}

/// Waits for the answer to a signal.
pub(crate) type Answering<'a, A, E> = Pin<Box<dyn Future<Output = Result<A, E>> + Send + 'a>>;

/// Stands for the answer of a signal that is declared without one.
// It cannot move between threads, so it is no `Answer`.
#[derive(Debug, Clone, Copy)]
pub struct NoAnswer(PhantomData<*const ()>);

/// The answer to a signal.
///
/// Implemented for every type that is `Send + 'static`.
#[diagnostic::on_unimplemented(
    message = "the signal has no answer to wait for",
    label = "it is declared without `answers`",
    note = "declare what it answers, such as `signal add(Item) answers Cart: Open;`"
)]
pub trait Answer: Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Send + 'static> Answer for T {}

/// The answer to a signal of a run that is stored.
///
/// Implemented for every [`Answer`] that serde can read.
#[cfg(feature = "durable")]
#[diagnostic::on_unimplemented(
    message = "the signal has no answer to wait for",
    label = "it is declared without `answers`",
    note = "declare what it answers, such as `signal add(Item) answers Cart: Open;`, or wait for its outcome: `.await?.applied()`"
)]
pub trait RecordedAnswer: serde::de::DeserializeOwned + Answer {}

#[cfg(feature = "durable")]
#[diagnostic::do_not_recommend]
impl<T: serde::de::DeserializeOwned + Answer> RecordedAnswer for T {}

/// The outcome of a signal as its sender sees it.
///
/// Only generated code implements it, for the outcome of each signal of a durable workflow.
#[cfg(feature = "durable")]
pub trait Applies: Transition {
    /// The outcome; `()` of a signal that stays in its state.
    type Applied;

    /// The outcome that led to this state.
    #[doc(hidden)]
    fn applied(state: <Self::Workflow as Workflow>::State) -> Option<Self::Applied>;
}
