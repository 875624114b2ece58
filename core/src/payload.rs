//! The data that a run may carry: it can move to another thread and outlives the caller.
//!
//! The traits exist for their messages: the supertraits are what a driver needs.

use core::marker::PhantomData;

use serde_core::Serialize;
use serde_core::de::DeserializeOwned;

/// Data that a state carries: it moves between threads with its run.
///
/// Implemented for every type that is `Send + 'static`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be carried by a workflow: it is not `Send + 'static`",
    label = "a run moves between threads and so does what its states carry",
    note = "carry owned data that is `Send`, such as `Arc` in place of `Rc`; what belongs to one thread can live in the context"
)]
pub trait Payload: Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Send + 'static> Payload for T {}

/// Data in a workflow's input: every handler of the run borrows it.
///
/// Implemented for every type that is `Send + Sync + 'static`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a workflow's input: it is not `Send + Sync + 'static`",
    label = "handlers borrow the input from whatever thread they run on",
    note = "use owned data that is `Send + Sync`, such as `Arc` in place of `Rc` and `Mutex` in place of `RefCell`"
)]
pub trait SharedPayload: Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Send + Sync + 'static> SharedPayload for T {}

/// An entry of a log: every handler of the run may borrow it.
///
/// Implemented for every type that is `Send + Sync + 'static`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an entry of a log: it is not `Send + Sync + 'static`",
    label = "handlers borrow entries from whatever thread they run on",
    note = "use owned data that is `Send + Sync`, such as `Arc` in place of `Rc` and `Mutex` in place of `RefCell`"
)]
pub trait LogPayload: Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Send + Sync + 'static> LogPayload for T {}

/// Data of a state that a split or a poll leaves: its branches, or its handler, borrow it.
///
/// Implemented for every type that is `Send + Sync + 'static`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be lent to handlers: it is not `Send + Sync + 'static`",
    label = "the branches of a split and a poll borrow the state, from whatever thread they run on",
    note = "use owned data that is `Send + Sync`, such as `Arc` in place of `Rc` and `Mutex` in place of `RefCell`"
)]
pub trait LentPayload: Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Send + Sync + 'static> LentPayload for T {}

/// The output of a branch: it moves between threads with its run.
///
/// Implemented for every type that is `Send + 'static`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the output of a branch: it is not `Send + 'static`",
    label = "a run moves between threads and so does what its branches gave",
    note = "give owned data that is `Send`, such as `Arc` in place of `Rc` and `String` in place of `&str`"
)]
pub trait OutputPayload: Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Send + 'static> OutputPayload for T {}

/// A state that is kept while the run continues, for the handler `By`, which may need it later.
///
/// Implemented for every state that is `Clone`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "state `{Self}` is kept for `{By}`: derive Clone",
    label = "kept while the run goes on, and a copy goes on with it",
    note = "`#[derive(Clone)]` before this state, or before `workflow` for all states"
)]
pub trait Kept<By> {}

#[diagnostic::do_not_recommend]
impl<T: Clone, By> Kept<By> for T {}

/// A state that a `retry` copies: every one that is `Clone`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "state `{Self}` is copied for the `retry` of `{By}`: derive Clone",
    label = "each attempt but the last takes a copy",
    note = "`#[derive(Clone)]` before this state, or before `workflow` for all states",
    note = "or leave `retry` out: without it no copy is made"
)]
pub trait KeptToRetry<By> {}

#[diagnostic::do_not_recommend]
impl<T: Clone, By> KeptToRetry<By> for T {}

/// A state that a `catch` takes after the handler: every one that is `Clone`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "state `{Self}` is copied for the `catch` of `{By}`: derive Clone",
    label = "the handler takes the state, and `catch` needs it after that",
    note = "`#[derive(Clone)]` before this state, or before `workflow` for all states",
    note = "or leave `catch` out: without it no copy is made"
)]
pub trait KeptToCatch<By> {}

#[diagnostic::do_not_recommend]
impl<T: Clone, By> KeptToCatch<By> for T {}

/// A state that an undo takes after the handler that follows: every one that is `Clone`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "state `{Self}` is kept for its undo `{By}`: derive Clone",
    label = "the next handler takes the state, and the undo needs it after that",
    note = "`#[derive(Clone)]` before this state, or before `workflow` for all states",
    note = "or leave `undo` out: without it no copy is made"
)]
pub trait KeptToUndo<By> {}

#[diagnostic::do_not_recommend]
impl<T: Clone, By> KeptToUndo<By> for T {}

/// A state that the undo of a call in doubt, or of a branch, takes after the handler: every one that is `Clone`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "state `{Self}` is kept for `{By}`, which undoes what was begun in it: derive Clone",
    label = "the handler takes the state, and the undo needs it after that",
    note = "`#[derive(Clone)]` before this state, or before `workflow` for all states",
    note = "or leave `in doubt`, or the `undo` of the branch, out: without it no copy is made"
)]
pub trait KeptToUndoEffect<By> {}

#[diagnostic::do_not_recommend]
impl<T: Clone, By> KeptToUndoEffect<By> for T {}

/// The output of a branch that can be undone: every one that is `Clone`, `Send` and `'static`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the output `{Self}` is kept for its undo `{By}`: it has to be Clone, Send and without a lifetime",
    label = "the join takes the output, and the undo needs it after that",
    note = "derive `Clone` on it, or give something else that says what was done, such as an id"
)]
pub trait OutputKeptToUndo<By> {}

#[diagnostic::do_not_recommend]
impl<T: Clone + Send + 'static, By> OutputKeptToUndo<By> for T {}

/// A state whose handler a signal interrupts: every one that is `Clone`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "state `{Self}` is copied for signal `{By}`, which interrupts its handler: derive Clone",
    label = "the handler takes the state, and the signal needs it after that",
    note = "`#[derive(Clone)]` before this state, or before `workflow` for all states",
    note = "or leave `interrupts` out: then the signal waits for the next state that takes it"
)]
pub trait KeptToInterrupt<By> {}

#[diagnostic::do_not_recommend]
impl<T: Clone, By> KeptToInterrupt<By> for T {}

/// An input that is kept while the run continues, for the transition `By`.
///
/// Implemented for every input that is `Clone`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the input is kept for `{By}`: derive Clone",
    label = "a copy of it goes into the state that `{By}` leads to, and the run goes on with it",
    note = "`#[derive(Clone)]` before `workflow`"
)]
pub trait KeptInput<By> {}

#[diagnostic::do_not_recommend]
impl<T: Clone, By> KeptInput<By> for T {}

/// A state that is entered without a handler, and is made from the machine.
///
/// Implemented for every state that is `From<Machine>`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "state `{Self}` is entered without a handler, and nothing gives its fields",
    label = "is not made of `{Machine}`",
    note = "implement `From<{Machine}>` for `{Self}`, or name a state without fields"
)]
pub trait MadeOf<Machine> {}

#[diagnostic::do_not_recommend]
impl<T: From<Machine>, Machine> MadeOf<Machine> for T {}

/// Data of a state of a run that is stored: every type that serde can store and read again.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "state `{By}` is stored: `{Self}` must be Serialize and DeserializeOwned",
    label = "cannot be stored",
    note = "derive `serde::Serialize` and `serde::Deserialize` for it; a type of another crate may have `#[serde(with = \"..\")]` on its field; or remove `#[durable]`"
)]
pub trait StoredState<By> {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned, By> StoredState<By> for T {}

/// Data of a group of states of a run that is stored: every type that serde can store and read again.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "group `{By}` is stored: `{Self}` must be Serialize and DeserializeOwned",
    label = "cannot be stored",
    note = "derive `serde::Serialize` and `serde::Deserialize` for it, or remove `#[durable]`"
)]
pub trait StoredGroup<By> {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned, By> StoredGroup<By> for T {}

/// An entry of a log of a run that is stored: every type that serde can store and read again.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "log `{By}` is stored: `{Self}` must be Serialize and DeserializeOwned",
    label = "cannot be stored",
    note = "derive `serde::Serialize` and `serde::Deserialize` for it, or remove `#[durable]`"
)]
pub trait StoredLog<By> {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned, By> StoredLog<By> for T {}

/// Data of the input of a run that is stored: every type that serde can store and read again.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the input of `{By}` is stored: `{Self}` must be Serialize and DeserializeOwned",
    label = "cannot be stored",
    note = "derive `serde::Serialize` and `serde::Deserialize` for it, or remove `#[durable]`"
)]
pub trait StoredInput<By> {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned, By> StoredInput<By> for T {}

/// The output of a branch of a run that is stored: every type that serde can store and read again.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the output of branch `{By}` is stored: `{Self}` must be Serialize and DeserializeOwned",
    label = "cannot be stored",
    note = "derive `serde::Serialize` and `serde::Deserialize` for it, or remove `#[durable]`"
)]
pub trait StoredOutput<By> {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned, By> StoredOutput<By> for T {}

/// The payload of a signal: it moves between threads with its run.
///
/// Implemented for every type that is `Send + 'static`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "signal `{By}` cannot carry `{Self}`: it is not `Send + 'static`",
    label = "a run moves between threads, and so does what it is sent",
    note = "carry owned data that is `Send`, such as `Arc` in place of `Rc` and `String` in place of `&str`"
)]
pub trait CarriedPayload<By> {}

#[diagnostic::do_not_recommend]
impl<T: Send + 'static, By> CarriedPayload<By> for T {}

/// The payload of a signal whose handler may be called again.
///
/// Implemented for every type that is `Clone`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "what signal `{By}` carries is kept for another attempt: `{Self}` must be Clone",
    label = "kept while the handler runs",
    note = "derive `Clone` for it, or remove the `retry`"
)]
pub trait RepeatedPayload<By> {}

#[diagnostic::do_not_recommend]
impl<T: Clone, By> RepeatedPayload<By> for T {}

/// The payload of a signal of a run that is stored: every type that serde can store and read again.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "what signal `{By}` carries is stored: `{Self}` must be Serialize and DeserializeOwned",
    label = "cannot be stored",
    note = "derive `serde::Serialize` and `serde::Deserialize` for it, or remove `#[durable]`"
)]
pub trait StoredSignal<By> {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned, By> StoredSignal<By> for T {}

/// The answer to a signal: it moves between threads with its run.
///
/// Implemented for every type that is `Send + 'static`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "signal `{By}` cannot be answered with `{Self}`: it is not `Send + 'static`",
    label = "a run moves between threads, and so do its answers",
    note = "answer with owned data that is `Send`, such as `Arc` in place of `Rc` and `String` in place of `&str`"
)]
pub trait AnswerPayload<By> {}

#[diagnostic::do_not_recommend]
impl<T: Send + 'static, By> AnswerPayload<By> for T {}

/// The answer to a signal of a run that is stored: every type that serde can store and read again.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the answer to signal `{By}` is stored: `{Self}` must be Serialize and DeserializeOwned",
    label = "cannot be stored",
    note = "derive `serde::Serialize` and `serde::Deserialize` for it, or remove `#[durable]`"
)]
pub trait StoredAnswer<By> {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned, By> StoredAnswer<By> for T {}

/// Like [`OfState`], for the answer to a signal.
#[doc(hidden)]
#[derive(Debug)]
pub struct OfAnswer<T: AnswerPayload<By>, By>(PhantomData<(T, By)>);

/// Does nothing but compile: generated code calls it with the answer to each signal that is stored.
#[doc(hidden)]
pub const fn demand_stored_answer<T: StoredAnswer<By>, By>() {}

/// Like [`OfState`], for the payload of a signal.
#[doc(hidden)]
#[derive(Debug)]
pub struct OfSignal<T: CarriedPayload<By>, By>(PhantomData<(T, By)>);

/// Does nothing but compile: generated code calls it with the payload of each signal that is tried again.
#[doc(hidden)]
pub const fn demand_repeated<T: RepeatedPayload<By>, By>() {}

/// Does nothing but compile: generated code calls it with the payload of each signal that is stored.
#[doc(hidden)]
pub const fn demand_stored_signal<T: StoredSignal<By>, By>() {}

/// Does nothing but compile: generated code calls it with the type of each field that is stored.
#[doc(hidden)]
pub const fn demand_stored<T: StoredState<By>, By>() {}

/// Does nothing but compile: generated code calls it with the type of each field of a group that is stored.
#[doc(hidden)]
pub const fn demand_stored_group<T: StoredGroup<By>, By>() {}

/// Does nothing but compile: generated code calls it with the entries of each log that is stored.
#[doc(hidden)]
pub const fn demand_stored_log<T: StoredLog<By>, By>() {}

/// Does nothing but compile: generated code calls it with the type of each field of an input that is stored.
#[doc(hidden)]
pub const fn demand_stored_input<T: StoredInput<By>, By>() {}

/// Does nothing but compile: generated code calls it with the type of each output that is stored.
#[doc(hidden)]
pub const fn demand_stored_output<T: StoredOutput<By>, By>() {}

/// Does nothing but compile: generated code calls it with a state that is entered without a handler.
#[doc(hidden)]
pub const fn demand_made<T: MadeOf<Machine>, Machine>() {}

/// A type that is not legal if the type of a field is not.
///
/// Generated code has a function with parameters of such types. rustc checks the parameters of a function before the bodies of
/// handlers, so that this error comes first.
#[doc(hidden)]
#[derive(Debug)]
pub struct OfState<T: Payload>(PhantomData<T>);

/// Like [`OfState`], for a field of the input.
#[doc(hidden)]
#[derive(Debug)]
pub struct OfInput<T: SharedPayload>(PhantomData<T>);

/// Like [`OfState`], for a field of a state that a split or a poll leaves.
#[doc(hidden)]
#[derive(Debug)]
pub struct OfLentState<T: LentPayload>(PhantomData<T>);

/// Like [`OfState`], for the output of a branch.
#[doc(hidden)]
#[derive(Debug)]
pub struct OfBranch<T: OutputPayload>(PhantomData<T>);

/// Names `T` in a bound through a type parameter, so that the bound is assumed inside and
/// checked at the use.
#[doc(hidden)]
pub trait Carry<T> {
    /// `T`
    type Data;
}

impl<C: ?Sized, T> Carry<T> for C {
    type Data = T;
}

/// Does nothing but compile: generated code calls it with a state that a `retry` copies.
#[doc(hidden)]
pub const fn demand_kept_to_retry<T: KeptToRetry<By>, By>() {}

/// Does nothing but compile: generated code calls it with a state that a `catch` takes after the handler.
#[doc(hidden)]
pub const fn demand_kept_to_catch<T: KeptToCatch<By>, By>() {}

/// Does nothing but compile: generated code calls it with a state that an undo takes after the handler that follows.
#[doc(hidden)]
pub const fn demand_kept_to_undo<T: KeptToUndo<By>, By>() {}

/// Does nothing but compile: generated code calls it with a state that the undo of a call in doubt, or of a branch, takes.
#[doc(hidden)]
pub const fn demand_kept_to_undo_effect<T: KeptToUndoEffect<By>, By>() {}

/// Does nothing but compile: generated code calls it with the output of a branch that can be undone.
#[doc(hidden)]
pub const fn demand_output_kept_to_undo<T: OutputKeptToUndo<By>, By>() {}

/// Does nothing but compile: generated code calls it with a state whose handler a signal interrupts.
#[doc(hidden)]
pub const fn demand_kept_to_interrupt<T: KeptToInterrupt<By>, By>() {}
