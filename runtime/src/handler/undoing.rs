//! The deed of a step that is undone, done or in doubt.

/// Tells the handler of an `undo(handler, in doubt)` whether the step was done, or may have been.
///
/// A call is in doubt if it ended in anything but an answer: with an error that is
/// [`retryable`](crate::guide::policies), by a panic, by a timeout or a deadline, or because its process died. The other side may have
/// done what it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "there is no third way, and a handler is to tell both apart"
)]
pub enum Undoing<Asked, Done> {
    /// The step was done, and led to this state.
    Done(Done),
    /// The step has led nowhere, and its last call, out of this state, may have had its effect. Ask the other side with
    /// the [key](crate::Undo::done) of the call, and undo what it has.
    InDoubt(Asked),
}
