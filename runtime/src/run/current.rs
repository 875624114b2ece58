//! A run that is driven: its constant parts, and its position.

#![expect(
    missing_debug_implementations,
    reason = "generated code names them, and nobody prints them"
)]

mod event;

use std::any::Any;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Weak};
use std::time::Duration;

use stateway_core::{Transition, Workflow};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::error::{Cause, JoinError, Place, Scope};
use crate::handler::{Step, Undo};
use crate::journal::Recorder;
use crate::log::RunLogs;
use crate::run::{Effects, Key, Part, PartName, PartOf, RunId, UndoOf};
use crate::split::Tasks;
use crate::support::time::after;
use crate::wait::Mailbox;
use event::EventSlot;

/// The options that a caller may set for one run.
#[derive(Default)]
pub struct Options {
    pub(crate) cancellation: Option<CancellationToken>,
    pub(crate) termination: Option<CancellationToken>,
    /// The context, for branches on tasks of their own.
    pub(crate) context: Option<Arc<dyn Any + Send + Sync>>,
    /// The origin of the run, if it is stored.
    pub(crate) stored: Option<Resumed>,
    /// The signals of a run in memory.
    pub(crate) mailbox: Option<Box<Mailbox>>,
}

/// A run that continues from where a store has it.
pub(crate) struct Resumed {
    pub(crate) id: RunId,
    pub(crate) incarnation: u64,
    /// The name that its workflow is stored under.
    pub(crate) workflow: &'static str,
    /// The number of the last visit.
    pub(crate) visit: u64,
    /// The time since it was started.
    pub(crate) age: Duration,
    /// True if its deadline has passed, and has led it to a state.
    pub(crate) is_late: bool,
    /// Its logs.
    pub(crate) logs: RunLogs,
    pub(crate) recorder: Arc<dyn Recorder>,
    /// The tasks of its branches, which the next driver waits for.
    pub(crate) tasks: TaskTracker,
}

/// The future of the run owns it and lends it to each handler. Only that future writes the
/// position, and a handler or a failed run reads it on the same task or after it: the atomics
/// need no ordering, they are there because a handler may be a future on any thread.
pub struct CurrentRun<W: Workflow> {
    /// The run itself, if branches share it.
    this: Weak<CurrentRun<W>>,
    context: Option<Arc<dyn Any + Send + Sync>>,
    /// The tasks of its branches; there with the context.
    tasks: Option<Tasks>,
    pub(crate) id: RunId,
    /// The name that keys begin with, and the incarnation of the run.
    workflow: &'static str,
    incarnation: Option<u64>,
    pub(crate) input: W::Input,
    /// Its logs so far.
    logs: RunLogs,
    cancellation: Option<CancellationToken>,
    termination: Option<CancellationToken>,
    recorder: Option<Arc<dyn Recorder>>,
    /// The time at which the workflow's deadline passes.
    deadline: Option<Instant>,
    /// True if it has passed, and has led the run to a state.
    is_late: AtomicBool,
    /// True if any of these is there: one question between two turns.
    may_be_stopped: bool,
    /// A mask: the driver has something to do after a visit whose number has none of these bits.
    pauses: u64,
    /// The position of the transition that was begun last; or that of a state, marked [`BETWEEN`], if
    /// the run waits between two.
    transition: AtomicUsize,
    /// The number of transitions that were begun; in a rollback, the number of the one that is undone.
    visit: AtomicU64,
    /// The number of calls of the handler in this visit.
    attempts: AtomicU32,
    /// In a rollback, the [number](UndoOf::number) of the undo.
    undo: AtomicU32,
    /// Boxed, and only for a workflow that has such a state, step or branch.
    slots: Option<Box<Slots>>,
}

/// The parts that most runs do not have.
#[derive(Default)]
struct Slots {
    /// The event that moves the run out of a waiting state, or the one of several states that a transition leaves.
    event: EventSlot,
    /// The effects of the current visit that are undone by themselves.
    effects: Effects,
}

/// The number of transitions that a run may take before it lets its executor do something else.
///
/// A run whose handlers never wait would otherwise hold its thread until it ends, and a timeout
/// around it could not fire.
const TURNS: u64 = 256;

/// Marks the position of a state.
const BETWEEN: usize = 1 << (usize::BITS - 1);

/// A run as its future owns it: shared with the branches, if the workflow has some. Otherwise it is kept
/// in the future, without an allocation.
pub(crate) enum OwnedRun<W: Workflow> {
    Here(CurrentRun<W>),
    Shared(Arc<CurrentRun<W>>),
}

impl<W: Workflow> OwnedRun<W> {
    const SHARES: bool = {
        let (mut position, mut shares) = (0, false);
        while position < W::GRAPH.transitions.len() {
            shares |= W::GRAPH.transitions[position].split.is_some();
            position += 1;
        }
        shares
    };

    pub(crate) fn new(input: W::Input, options: Options) -> Self {
        if Self::SHARES {
            OwnedRun::Shared(Arc::new_cyclic(|this| {
                CurrentRun::new(input, options, this.clone())
            }))
        } else {
            OwnedRun::Here(CurrentRun::new(input, options, Weak::new()))
        }
    }
}

impl<W: Workflow> Deref for OwnedRun<W> {
    type Target = CurrentRun<W>;

    fn deref(&self) -> &CurrentRun<W> {
        match self {
            OwnedRun::Here(run) => run,
            OwnedRun::Shared(run) => run,
        }
    }
}

impl<W: Workflow> CurrentRun<W> {
    /// True if any transition has an `undo`.
    const UNDOES: bool = {
        let (mut position, mut undoes) = (0, false);
        while position < W::GRAPH.transitions.len() {
            undoes |= !W::GRAPH.transitions[position].policy.undo.is_empty();
            position += 1;
        }
        undoes || W::GRAPH.has_effects()
    };

    const HAS_LOGS: bool = !W::GRAPH.logs.is_empty();

    /// True if an event may move the run, or a transition leaves several states, or a visit has effects that are undone by themselves.
    const HAS_SLOTS: bool = {
        let (mut position, mut leaves_several) = (0, false);
        while position < W::GRAPH.transitions.len() {
            leaves_several |= W::GRAPH.transitions[position].sources.len() > 1;
            position += 1;
        }
        leaves_several || W::GRAPH.has_events() || W::GRAPH.has_effects()
    };

    fn new(input: W::Input, options: Options, this: Weak<Self>) -> Self {
        let Options {
            cancellation,
            termination,
            context,
            stored,
            mailbox: _,
        } = options;
        let deadline = W::GRAPH.deadline;
        let age = stored.as_ref().map_or(Duration::ZERO, |it| it.age);
        let is_late = stored.as_ref().is_some_and(|it| it.is_late);
        let visit = stored.as_ref().map_or(0, |it| it.visit);
        let workflow = stored.as_ref().map_or(W::GRAPH.name, |it| it.workflow);
        let incarnation = stored.as_ref().map(|it| it.incarnation);
        let (id, logs, recorder, tasks) = match stored {
            Some(Resumed {
                id,
                logs,
                recorder,
                tasks,
                ..
            }) => (id, logs, Some(recorder), Some(tasks)),
            None => (RunId::unique(), RunLogs::new(W::GRAPH), None, None),
        };
        let may_be_stopped = cancellation.is_some() || termination.is_some() || deadline.is_some();
        let is_looked_at = may_be_stopped
            || recorder.is_some()
            || Self::UNDOES
            || Self::HAS_LOGS
            || const { W::GRAPH.has_interrupts() };
        CurrentRun {
            this,
            tasks: context
                .as_ref()
                .map(|_| Tasks::of(tasks.unwrap_or_default())),
            context,
            id,
            workflow,
            incarnation,
            input,
            logs,
            may_be_stopped,
            pauses: if is_looked_at { 0 } else { TURNS - 1 },
            cancellation,
            termination,
            recorder,
            deadline: deadline.map(|deadline| after(Instant::now(), deadline.saturating_sub(age))),
            is_late: AtomicBool::new(is_late),
            transition: AtomicUsize::new(0),
            visit: AtomicU64::new(visit),
            attempts: AtomicU32::new(0),
            undo: AtomicU32::new(0),
            slots: Self::HAS_SLOTS.then(Box::default),
        }
    }

    /// Returns the run, for a branch.
    pub(crate) fn share(&self) -> Arc<Self> {
        let this = self.this.upgrade();
        this.expect("the run of a workflow with a split is shared")
    }

    /// Returns the recorder of the run, if it is stored.
    #[inline]
    pub(crate) fn recorder(&self) -> Option<&dyn Recorder> {
        self.recorder.as_deref()
    }

    /// Returns the context, for a task.
    pub(crate) fn context<C: Send + Sync + 'static>(&self) -> Arc<C> {
        let context = self
            .context
            .clone()
            .and_then(|context| context.downcast().ok());
        context.expect("a workflow that spawns is run with an `Arc` of its context")
    }

    /// Returns the tasks of its branches, if the workflow spawns some.
    pub(crate) fn tasks(&self) -> Option<&Tasks> {
        self.tasks.as_ref()
    }

    /// Returns the cause that stops the run before its next turn.
    #[inline]
    pub(crate) fn stopped<E>(&self) -> Option<Cause<E>> {
        if self.may_be_stopped {
            self.stopped_by()
        } else {
            None
        }
    }

    fn stopped_by<E>(&self) -> Option<Cause<E>> {
        if self.is_terminated() {
            return Some(Cause::Terminated);
        }
        if self.is_cancelled() {
            return Some(Cause::stopped_after(None));
        }
        self.is_out_of_time().then(|| Self::out_of_time(None))
    }

    /// Returns the cause of a run whose deadline has passed, with the results of the branches of a split.
    pub(crate) fn out_of_time<E>(join: Option<Box<JoinError<E>>>) -> Cause<E> {
        Cause::Deadline {
            limit: W::GRAPH.deadline.unwrap_or_default(),
            scope: Scope::Run,
            last: None,
            join,
        }
    }

    pub(crate) fn termination(&self) -> Option<&CancellationToken> {
        self.termination.as_ref()
    }

    /// Begins a visit to the transition `T` whose handler is called once.
    #[inline]
    #[must_use]
    pub fn begin<T: Transition<Workflow = W>>(&self) -> &Step<T> {
        self.visit_with(1)
    }

    /// Begins a visit to the transition `T`, whose handler has not been called yet.
    #[inline]
    #[must_use]
    pub fn visit_to<T: Transition<Workflow = W>>(&self) -> &Step<T> {
        self.visit_with(0)
    }

    #[inline]
    fn visit_with<T: Transition<Workflow = W>>(&self, attempts: u32) -> &Step<T> {
        self.set(T::POSITION, self.visit() + 1, attempts);
        self.says_nothing();
        Step::of(self)
    }

    #[inline]
    fn set(&self, transition: usize, visit: u64, attempts: u32) {
        self.transition.store(transition, Ordering::Relaxed);
        self.visit.store(visit, Ordering::Relaxed);
        self.attempts.store(attempts, Ordering::Relaxed);
    }

    /// Returns its logs so far.
    pub(crate) fn logs(&self) -> &RunLogs {
        &self.logs
    }

    /// Drops the log entries of a handler that led nowhere, before the next one is called.
    #[inline]
    pub(crate) fn says_nothing(&self) {
        if Self::HAS_LOGS {
            self.logs.discard();
        }
    }

    /// Goes back to a visit in order to undo it, or a part of it.
    pub(crate) fn go_back(&self, transition: usize, visit: u64, undo: UndoOf) {
        self.set(transition, visit, 0);
        let number = u32::try_from(undo.number()).unwrap_or(u32::MAX);
        self.undo.store(number, Ordering::Relaxed);
    }

    /// Returns the current undo.
    pub(crate) fn undo_of(&self) -> UndoOf {
        UndoOf::of(self.undo.load(Ordering::Relaxed) as usize)
    }

    pub(crate) fn effects(&self) -> Option<&Effects> {
        self.slots.as_deref().map(|slots| &slots.effects)
    }

    /// Returns the visit that is undone, as the handler of the undo sees it.
    #[must_use]
    pub(crate) fn undo<T: Transition<Workflow = W>>(&self) -> &Undo<T> {
        Undo::of(self)
    }

    /// Goes back to the visit `last`: the one that was interrupted does not count.
    pub(crate) fn go_back_to(&self, visit: u64) {
        self.visit.store(visit, Ordering::Relaxed);
    }

    /// Waits in the state at this position.
    pub(crate) fn leave(&self, state: usize) {
        self.transition.store(state | BETWEEN, Ordering::Relaxed);
    }

    /// Returns the place of the run.
    pub(crate) fn place(&self) -> Place {
        let Some(transition) = self.under_way() else {
            return Place::between(self.transition() & !BETWEEN);
        };
        Place {
            state: match W::GRAPH.transitions[transition].sources {
                [only] => *only,
                _ => self.left(),
            },
            transition: Some(transition),
            attempts: self.attempts(),
        }
    }

    /// Returns the position of the current transition; `None` between two.
    pub(crate) fn under_way(&self) -> Option<usize> {
        Some(self.transition()).filter(|transition| transition & BETWEEN == 0)
    }

    /// Returns the counter of the calls of the handler in this visit.
    #[inline]
    pub(crate) fn counter(&self) -> &AtomicU32 {
        &self.attempts
    }

    /// Returns the position of the transition that was begun last.
    #[inline]
    pub(crate) fn transition(&self) -> usize {
        self.transition.load(Ordering::Relaxed)
    }

    /// Returns the name of a part of the current visit.
    pub(crate) fn part(&self, of: PartOf) -> PartName {
        PartName {
            visit: self.visit(),
            transition: W::GRAPH.transitions[self.transition()].name.into(),
            of,
        }
    }

    /// Returns the idempotency key of a part of a visit.
    pub(crate) fn key(&self, visit: u64, part: Part) -> Key {
        Key {
            workflow: self.workflow,
            run: self.id.clone(),
            incarnation: self.incarnation,
            visit,
            part,
        }
    }

    #[inline]
    pub(crate) fn visit(&self) -> u64 {
        self.visit.load(Ordering::Relaxed)
    }

    pub(crate) fn attempts(&self) -> u32 {
        self.attempts.load(Ordering::Relaxed)
    }

    /// Returns the time at which the deadline of the workflow passes, if that is still to come.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let is_late = const { W::GRAPH.late().is_some() } && self.is_late();
        self.deadline.filter(|_| !is_late)
    }

    /// Notes that the deadline has passed and leads the run to a state: the interrupted transition is not a visit.
    pub(crate) fn pass_deadline(&self, halted: Place) {
        self.is_late.store(true, Ordering::Relaxed);
        self.says_nothing();
        let begun = u64::from(halted.transition.is_some());
        let transition = const { W::GRAPH.late() }.unwrap_or_default();
        self.set(transition, self.visit() - begun + 1, 0);
    }

    /// Returns true if the deadline has passed and has led the run to a state.
    pub(crate) fn is_late(&self) -> bool {
        self.is_late.load(Ordering::Relaxed)
    }

    pub(crate) fn cancellation(&self) -> Option<&CancellationToken> {
        self.cancellation.as_ref()
    }

    #[inline]
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancellation
            .as_ref()
            .is_some_and(CancellationToken::is_cancelled)
    }

    /// Returns true if nothing new is to begin, since the run is cancelled or terminated.
    pub(crate) fn is_told_to_stop(&self) -> bool {
        self.is_cancelled() || self.is_terminated()
    }

    pub(crate) fn is_terminated(&self) -> bool {
        let termination = self.termination.as_ref();
        termination.is_some_and(CancellationToken::is_cancelled)
    }

    /// Returns true if the deadline of the workflow has passed.
    pub(crate) fn is_out_of_time(&self) -> bool {
        self.deadline()
            .is_some_and(|deadline| deadline <= Instant::now())
    }

    /// Returns the run's token; one that never fires if the run has none.
    pub(crate) fn token(&self) -> &CancellationToken {
        static NEVER: LazyLock<CancellationToken> = LazyLock::new(CancellationToken::new);
        self.cancellation.as_ref().unwrap_or(&NEVER)
    }

    /// Returns true if the driver has something to do before the next turn.
    #[inline]
    pub fn pauses(&self) -> bool {
        self.visit() & self.pauses == 0
    }

    /// Returns true if the run has held its thread for long enough.
    #[inline]
    pub(crate) fn is_due_to_yield(&self) -> bool {
        self.visit().is_multiple_of(TURNS)
    }
}
