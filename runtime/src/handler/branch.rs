//! What the handler of a branch sees.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use stateway_core::{BranchInfo, Transition, Workflow};
use tokio_util::sync::CancellationToken;

use super::{Step, VisitPart};
use crate::run::{self, BranchName, CurrentRun, Key, PartName, PartOf, RunId};

/// One branch of a visit to the split `T`, as its handler sees it.
///
/// It lends the run's input, and carries what identifies the work of this branch to the outside
/// world ([`key`](Branch::key)). What the handler returns is the output of the branch.
pub struct Branch<T: Transition> {
    run: Arc<CurrentRun<T::Workflow>>,
    /// The number of the visit: a task may look at its key when the run has moved on.
    visit: u64,
    /// The position of its declaration.
    declared: usize,
    /// The position of its item, of an `each`; otherwise that of its declaration.
    index: usize,
    attempts: AtomicU32,
    /// The number of the attempt of the whole split.
    whole: u32,
    /// The token of a branch with a task of its own.
    token: Option<CancellationToken>,
    transition: PhantomData<fn() -> T>,
}

impl<T: Transition> Branch<T> {
    pub(crate) fn new(step: &Step<T>, declared: usize, index: usize) -> Self {
        Branch {
            run: step.run().share(),
            visit: step.run().visit(),
            declared,
            index,
            attempts: AtomicU32::new(0),
            whole: step.attempt(),
            token: None,
            transition: PhantomData,
        }
    }

    pub(crate) fn with_token(mut self, token: CancellationToken) -> Self {
        self.token = Some(token);
        self
    }

    /// What the run was started with.
    #[must_use]
    pub fn input(&self) -> &<T::Workflow as Workflow>::Input {
        &self.run.input
    }

    /// The name of the branch, as declared.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.info().name
    }

    /// The position of the item, counted from 0, of an `each`; of a named branch, its position in the
    /// declaration.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// The idempotency key of this branch.
    ///
    /// Equal for every attempt of the same visit, also where the whole split is tried again, and never
    /// equal for another visit, another branch or another item.
    #[must_use]
    pub fn key(&self) -> Key {
        let part = run::Part::Branch(self.entry());
        self.run.key(self.visit, part)
    }

    /// How often the handler was called for this branch, this call included; it begins again where the
    /// whole split is tried again. An attempt that a breaker refused is no call.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempts.load(Ordering::Relaxed)
    }

    /// The token that fires when the run is cancelled, and for a branch with a task of its own also
    /// when the split has no use for it any more.
    ///
    /// A branch without a task of its own that is not needed any more is dropped where it waits. A
    /// task ends only where it waits: one that computes for long looks at this token now and then
    /// and returns early, with an error.
    #[must_use]
    pub fn cancellation(&self) -> &CancellationToken {
        self.token.as_ref().unwrap_or_else(|| self.run.token())
    }

    /// The id of the run.
    #[must_use]
    pub fn run_id(&self) -> &RunId {
        &self.run.id
    }

    pub(crate) fn run(&self) -> &CurrentRun<T::Workflow> {
        &self.run
    }

    pub(crate) fn visit(&self) -> u64 {
        self.visit
    }

    pub(crate) fn declared(&self) -> usize {
        self.declared
    }

    pub(crate) fn attempts(&self) -> &AtomicU32 {
        &self.attempts
    }

    pub(crate) fn entry(&self) -> BranchName {
        crate::split::name(crate::split::info::<T>(), self.declared, self.index)
    }

    fn info(&self) -> &'static BranchInfo {
        &crate::split::info::<T>().branches[self.declared]
    }
}

/// An attempt of the whole split begins all branches again, so its number is part of the name.
impl<T: Transition> VisitPart for Branch<T> {
    fn part(&self) -> PartName {
        let BranchName { branch, item } = self.entry();
        self.run.part(PartOf::Branch {
            whole: self.whole,
            name: branch.into(),
            item,
        })
    }
}

impl<T: Transition> fmt::Debug for Branch<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Branch")
            .field("branch", &self.name())
            .field("key", &format_args!("{}", self.key()))
            .field("attempt", &self.attempt())
            .finish_non_exhaustive()
    }
}
