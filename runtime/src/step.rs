//! What a handler sees of its run.

use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use ref_cast::RefCast;
use stateway_core::{Target, Transition, Workflow};

use crate::key::{Key, RunId};

/// One visit to the transition `T`, as its handler sees it.
///
/// It makes the outcome ([`to`](Step::to)), lends the run's input, and carries what identifies
/// the work to the outside world ([`key`](Step::key)).
#[derive(RefCast)]
#[repr(transparent)]
pub struct Step<T: Transition> {
    run: Run<T::Workflow>,
    #[trivial]
    transition: PhantomData<fn() -> T>,
}

impl<T: Transition> Step<T> {
    /// The outcome that leads to `state`.
    ///
    /// A state that the transition was not declared to lead to does not compile.
    pub fn to<S>(&self, state: S) -> T
    where
        S: Target<T, T::Kind, T::Name, T::Targets>,
    {
        state.outcome()
    }

    /// What the run was started with.
    #[must_use]
    pub fn input(&self) -> &<T::Workflow as Workflow>::Input {
        &self.run.input
    }

    /// The idempotency key of this visit.
    ///
    /// Equal for every attempt of the same visit, and never equal for another: a self-transition
    /// has a new key at every turn.
    #[must_use]
    pub fn key(&self) -> Key {
        Key {
            workflow: T::Workflow::GRAPH.name,
            run: self.run.id.clone(),
            visit: self.run.visit(),
        }
    }

    /// Which attempt of this visit it is, counted from 1.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        // Retry is not built yet: each visit has one attempt.
        1
    }

    /// The id of the run.
    #[must_use]
    pub fn run_id(&self) -> &RunId {
        &self.run.id
    }
}

impl<T: Transition> fmt::Debug for Step<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Step")
            .field(
                "transition",
                &T::Workflow::GRAPH.transitions[self.run.transition()].name,
            )
            .field("key", &format_args!("{}", self.key()))
            .finish_non_exhaustive()
    }
}

/// A run under way: what stays the same for the whole of it, and where it is.
///
/// The future of the run owns it and lends it to each handler. Only that future writes the
/// position, and a handler or a failed run reads it on the same task or after it: the atomics
/// need no ordering, they are there because a handler may be a future on any thread.
#[doc(hidden)]
pub struct Run<W: Workflow> {
    id: RunId,
    input: W::Input,
    /// The position of the transition that was begun last.
    transition: AtomicUsize,
    /// How many transitions were begun.
    visit: AtomicU64,
}

/// Transitions that a run may take before it lets its executor do something else.
///
/// A run whose handlers never wait would otherwise hold its thread until it ends, and a timeout
/// around it could not fire.
const TURNS: u64 = 256;

impl<W: Workflow> Run<W> {
    pub(crate) fn new(input: W::Input) -> Self {
        Run {
            id: RunId::unique(),
            input,
            transition: AtomicUsize::new(0),
            visit: AtomicU64::new(0),
        }
    }

    pub(crate) fn id(&self) -> &RunId {
        &self.id
    }

    /// The position of the transition that was begun last.
    pub(crate) fn transition(&self) -> usize {
        self.transition.load(Ordering::Relaxed)
    }

    /// Begins a visit to the transition `T`.
    #[doc(hidden)]
    #[inline]
    #[must_use]
    pub fn begin<T: Transition<Workflow = W>>(&self, index: usize) -> &Step<T> {
        self.transition.store(index, Ordering::Relaxed);
        let visit = self.visit() + 1;
        self.visit.store(visit, Ordering::Relaxed);
        Step::ref_cast(self)
    }

    /// Whether the run has held its thread for long enough.
    #[doc(hidden)]
    #[inline]
    #[must_use]
    pub fn is_due_to_yield(&self) -> bool {
        self.visit().is_multiple_of(TURNS)
    }

    #[inline]
    fn visit(&self) -> u64 {
        self.visit.load(Ordering::Relaxed)
    }
}
