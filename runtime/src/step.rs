//! What a handler sees of its run.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use stateway_core::{Accepts, Transition, Workflow};

use crate::key::{Key, RunId};

/// One visit to the transition `T`, as its handler sees it.
///
/// It makes the outcome ([`to`](Step::to)), lends the run's input, and carries what identifies
/// the work to the outside world ([`key`](Step::key)).
pub struct Step<T: Transition> {
    run: Run<T::Workflow>,
    transition: PhantomData<fn() -> T>,
}

impl<T: Transition> Step<T> {
    /// The outcome that leads to `state`.
    ///
    /// A state that the transition was not declared to lead to does not compile.
    pub fn to<S>(&self, state: S) -> T
    where
        T: Accepts<S>,
    {
        T::accept(state)
    }

    /// What the run was started with.
    #[must_use]
    pub fn input(&self) -> &<T::Workflow as Workflow>::Input {
        &self.run.shared.input
    }

    /// The idempotency key of this visit.
    ///
    /// Equal for every attempt of the same visit, and never equal for another: a self-transition
    /// has a new key at every turn.
    #[must_use]
    pub fn key(&self) -> Key {
        Key {
            workflow: T::Workflow::GRAPH.name,
            run: self.run.shared.id.clone(),
            visit: self.run.visit,
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
        &self.run.shared.id
    }

    /// Ends the visit. Hidden: the driver's.
    #[doc(hidden)]
    #[must_use]
    pub fn end(self) -> Run<T::Workflow> {
        self.run
    }
}

impl<T: Transition> fmt::Debug for Step<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Step")
            .field("transition", &T::Workflow::GRAPH.transitions[T::INDEX].name)
            .field("key", &format_args!("{}", self.key()))
            .finish_non_exhaustive()
    }
}

/// A run under way, handed from one transition to the next.
///
/// It is a pointer and a count, so that handing it on costs the same for every input.
#[doc(hidden)]
#[allow(missing_debug_implementations)]
pub struct Run<W: Workflow> {
    shared: Arc<Shared<W>>,
    visit: u64,
}

/// What stays the same for the whole run, and where it is.
pub(crate) struct Shared<W: Workflow> {
    id: RunId,
    input: W::Input,
    /// The position of the transition that was begun last. Only this run writes it, and it is
    /// read by the same task after a failure: no ordering is needed.
    transition: AtomicUsize,
}

impl<W: Workflow> Run<W> {
    pub(crate) fn new(shared: Arc<Shared<W>>) -> Self {
        Run { shared, visit: 0 }
    }

    /// Begins a visit to the transition `T`.
    #[doc(hidden)]
    #[must_use]
    pub fn begin<T: Transition<Workflow = W>>(self) -> Step<T> {
        self.shared.transition.store(T::INDEX, Ordering::Relaxed);
        Step {
            run: Run {
                visit: self.visit + 1,
                ..self
            },
            transition: PhantomData,
        }
    }
}

impl<W: Workflow> Shared<W> {
    pub(crate) fn new(input: W::Input) -> Self {
        Shared {
            id: RunId::unique(),
            input,
            transition: AtomicUsize::new(0),
        }
    }

    /// The position of the transition that was begun last.
    pub(crate) fn transition(&self) -> usize {
        self.transition.load(Ordering::Relaxed)
    }
}
