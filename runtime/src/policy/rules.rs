//! The rules of a visit, as constants of a type.

use std::marker::PhantomData;
use std::time::Duration;

use stateway_core::{BranchInfo, Due, Given, Policy, Retry, Transition, UndoInfo, Workflow};

/// The rules that the declaration gives. They are known at compile time, so that a clause that is not there
/// costs nothing.
pub trait Rules {
    /// The name of the transition, the branch or the undo handler.
    const NAME: &'static str;
    /// `retry(..)`
    const RETRY: Option<&'static Retry<Given<u32>, Given<Duration>>>;
    /// `timeout(..)`
    const TIMEOUT: Option<Given<Duration>>;
    /// `deadline(..)`
    const DEADLINE: Option<Given<Duration>>;
    /// The time at which it fires or asks, if it is a timer or a poll.
    const DUE: Option<Due> = None;
    /// True if a panic of an attempt is its failure, even if no other attempt follows.
    const CATCHES_PANICS: bool;
    /// True if others are called for the same purpose, so that it may be dropped as not needed.
    const MAY_BE_ONE_TOO_MANY: bool = false;
    /// True if its calls may leave tasks behind when they are dropped.
    const SPAWNS: bool = false;
    /// True if a run that waits for its next attempt stays with its process: its state is not stored, and a process that takes the run
    /// up begins at an earlier one.
    const IS_HELD: bool = false;
    /// `once`
    const ONCE: bool = false;
    /// `undo(.., in doubt)`
    const IN_DOUBT: bool = false;
    /// True if it is a transition on the way. A rollback is not cancelled, nor under the deadline of
    /// the run.
    const FORWARD: bool;
}

/// The rules of the transition `T`.
pub(super) struct OfTransition<T>(PhantomData<fn() -> T>);

/// The rules of the undo at `POSITION` of the transition `T`.
pub(super) struct OfUndo<T, const POSITION: usize>(PhantomData<fn() -> T>);

impl<T: Transition> OfTransition<T> {
    const POLICY: &'static Policy = &T::Workflow::GRAPH.transitions[T::POSITION].policy;
}

impl<T: Transition> Rules for OfTransition<T> {
    const NAME: &'static str = T::Workflow::GRAPH.transitions[T::POSITION].name;
    const DUE: Option<Due> = T::Workflow::GRAPH.transitions[T::POSITION].due;
    const RETRY: Option<&'static Retry<Given<u32>, Given<Duration>>> = Self::POLICY.retry.as_ref();
    const TIMEOUT: Option<Given<Duration>> = Self::POLICY.timeout;
    const DEADLINE: Option<Given<Duration>> = Self::POLICY.deadline;
    const ONCE: bool = Self::POLICY.once;
    const IN_DOUBT: bool = Self::POLICY.in_doubt().is_some();
    // A split may continue after a panic of a branch.
    const CATCHES_PANICS: bool = {
        let info = &T::Workflow::GRAPH.transitions[T::POSITION];
        let goes_on = info.policy.catch.is_some() || info.policy.fallback.is_some();
        info.split.is_some() && goes_on
    };
    const SPAWNS: bool = match &T::Workflow::GRAPH.transitions[T::POSITION].split {
        Some(split) => split.spawns(),
        None => false,
    };
    const IS_HELD: bool = {
        let graph = T::Workflow::GRAPH;
        let sources = graph.transitions[T::POSITION].sources;
        let (mut source, mut is_held) = (0, false);
        while source < sources.len() {
            is_held |= graph.states[sources[source]].transient;
            source += 1;
        }
        is_held
    };
    const FORWARD: bool = true;
}

impl<T: Transition, const POSITION: usize> OfUndo<T, POSITION> {
    const UNDO: &'static UndoInfo = &OfTransition::<T>::POLICY.undo[POSITION];
}

impl<T: Transition, const POSITION: usize> Rules for OfUndo<T, POSITION> {
    const NAME: &'static str = Self::UNDO.handler;
    const RETRY: Option<&'static Retry<Given<u32>, Given<Duration>>> = Self::UNDO.retry.as_ref();
    const TIMEOUT: Option<Given<Duration>> = Self::UNDO.timeout;
    const DEADLINE: Option<Given<Duration>> = None;
    const CATCHES_PANICS: bool = true;
    const FORWARD: bool = false;
}

/// The rules of the undo of the branch that is declared at `POSITION` in the split `T`.
pub(super) struct OfBranchUndo<T, const POSITION: usize>(PhantomData<fn() -> T>);

impl<T: Transition, const POSITION: usize> OfBranchUndo<T, POSITION> {
    const UNDO: &'static UndoInfo = &OfBranch::<T, POSITION>::POLICY.undo[0];
}

impl<T: Transition, const POSITION: usize> Rules for OfBranchUndo<T, POSITION> {
    const NAME: &'static str = Self::UNDO.handler;
    const RETRY: Option<&'static Retry<Given<u32>, Given<Duration>>> = Self::UNDO.retry.as_ref();
    const TIMEOUT: Option<Given<Duration>> = Self::UNDO.timeout;
    const DEADLINE: Option<Given<Duration>> = None;
    const CATCHES_PANICS: bool = true;
    const FORWARD: bool = false;
}

/// The rules of the branch that is declared at `POSITION` in the split `T`.
pub struct OfBranch<T, const POSITION: usize>(PhantomData<fn() -> T>);

impl<T: Transition, const POSITION: usize> OfBranch<T, POSITION> {
    const BRANCH: &'static BranchInfo = match &T::Workflow::GRAPH.transitions[T::POSITION].split {
        Some(split) => &split.branches[POSITION],
        None => panic!("only a split has branches"),
    };
    const POLICY: &'static Policy = &Self::BRANCH.policy;
}

impl<T: Transition, const POSITION: usize> Rules for OfBranch<T, POSITION> {
    const NAME: &'static str = Self::BRANCH.name;
    const RETRY: Option<&'static Retry<Given<u32>, Given<Duration>>> = Self::POLICY.retry.as_ref();
    const TIMEOUT: Option<Given<Duration>> = Self::POLICY.timeout;
    const DEADLINE: Option<Given<Duration>> = Self::POLICY.deadline;
    const ONCE: bool = Self::POLICY.once;
    const CATCHES_PANICS: bool = true;
    const MAY_BE_ONE_TOO_MANY: bool = true;
    const FORWARD: bool = true;
}
