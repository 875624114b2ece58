//! The outcome of a signal and the answer to it, as their sender gets them.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;

use stateway_core::Transition;
#[cfg(feature = "durable")]
use stateway_core::Workflow;

/// The outcome of a signal, with the answer that its sender gets.
///
/// The handler of a signal with an arrow that is declared with `answers` returns it.
///
/// ```
/// # use stateway::prelude::*;
/// # workflow! {
/// #     workflow Cart {
/// #         start Open { cents: Vec<u64> };
/// #         done Ordered { total: u64 };
/// #         signal order answers u64: Open -> Ordered;
/// #     }
/// # }
/// # struct Shop;
/// # impl CartSteps for Shop {
/// #     type Error = String;
/// // signal order answers u64: Open -> Ordered;
/// async fn order(&self, open: Open, step: &Step<OnOrder>) -> Result<Answered<OnOrder, u64>, String> {
///     let total = open.cents.iter().sum();
///     Ok(step.to(Ordered { total }).answer(total))
/// }
/// # }
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// # let mut run = Cart::start(Open { cents: vec![300, 200] }).run(&Shop);
/// # let remote = run.remote();
/// # let (end, total) = tokio::join!(run, remote.order().answered());
/// # assert!(end.is_ok() && total == Ok(500));
/// # }
/// ```
#[must_use = "an outcome that is not returned moves nothing"]
pub struct Answered<T, A> {
    pub(crate) outcome: T,
    pub(crate) answer: A,
}

/// Returns this outcome with this answer.
pub fn answered<T: Transition, A>(outcome: T, answer: A) -> Answered<T, A> {
    Answered { outcome, answer }
}

// Without the outcome and the answer, which may hold data that no log is to have.
impl<T, A> fmt::Debug for Answered<T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answered").finish_non_exhaustive()
    }
}

/// Waits for the answer to a signal.
pub(crate) type Answering<'a, A, E> = Pin<Box<dyn Future<Output = Result<A, E>> + Send + 'a>>;

/// The answer of a signal that is declared without one: there is nothing to wait for.
///
/// It is the last parameter of [`Signal`](crate::Signal), unless that is named.
///
/// ```
/// # use stateway::prelude::*;
/// # workflow! {
/// #     workflow Leave {
/// #         start Asked;
/// #         done Granted;
/// #         signal grant: Asked -> Granted;
/// #     }
/// # }
/// # struct Office;
/// # impl LeaveSteps for Office {
/// #     type Error = String;
/// #     async fn grant(&self, _: Asked, step: &Step<OnGrant>) -> Result<OnGrant, String> { Ok(step.to(Granted)) }
/// # }
/// use stateway::{NoAnswer, Remote, Signal};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), stateway::RunGone> {
/// # let mut run = Leave::start(Asked).run(&Office);
/// # let remote = run.remote();
/// let signal: Signal<'_, Remote<Leave>, OnGrant, (), NoAnswer> = remote.grant();
/// signal.await?;
/// # assert!(run.await.is_ok());
/// # Ok(())
/// # }
/// ```
// It cannot move between threads, so that it is not an `Answer`.
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
    /// The outcome; `()` for a signal that stays in its state.
    type Applied;

    /// Returns the outcome that led to this state.
    #[doc(hidden)]
    fn applied(state: <Self::Workflow as Workflow>::State) -> Option<Self::Applied>;
}
