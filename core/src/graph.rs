//! The shape of a workflow as constant data: what a driver, a store or a diagram needs to know
//! of a declaration without its types.

use core::time::Duration;

use crate::{Given, Policy, SplitInfo};

/// A workflow's states and transitions, in the order of their declaration.
///
/// Transitions name states by their position in [`states`](Graph::states). Every position in a
/// graph that `workflow!` made is in bounds.
///
/// ```
/// # use stateway_core::{Graph, StateInfo};
///
/// /// The names of the transitions that are legal in a state.
/// fn legal(graph: &Graph, state: &StateInfo) -> Vec<&'static str> {
///     graph.exits(state).map(|transition| transition.name).collect()
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Graph {
    /// The workflow's name as declared, such as `Order`.
    pub name: &'static str,
    /// Every state, in order of declaration.
    pub states: &'static [StateInfo],
    /// Every transition, in order of declaration.
    pub transitions: &'static [TransitionInfo],
    /// How long a run may take from its start to its end.
    pub deadline: Option<Duration>,
    /// Every group of states, in order of declaration: one stands behind the group that it is within.
    pub groups: &'static [GroupInfo],
    /// Every log, in order of declaration.
    pub logs: &'static [LogInfo],
}

/// A log of a [`Graph`]: what a run says once and never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogInfo {
    /// The name of the log as declared, such as `messages`.
    pub name: &'static str,
    /// The type of its entries as the declaration has it.
    pub entry: &'static str,
}

/// States of a [`Graph`] that share data, or that transitions leave as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupInfo {
    /// The name of the group as declared, such as `Open`.
    pub name: &'static str,
    /// The positions of its states, also of those in groups within it.
    pub states: &'static [usize],
    /// The position in [`Graph::groups`] of the group that it is within.
    pub within: Option<usize>,
}

/// One state of a [`Graph`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct StateInfo {
    /// The state's name as declared, such as `Reserved`.
    pub name: &'static str,
    /// Where a run stands when it is in this state.
    pub kind: StateKind,
    /// Whether the state is never written to a store.
    pub transient: bool,
    /// True if a run waits in it: signals, timers and a poll leave it, and no step.
    pub waits: bool,
    /// True if a signal may interrupt the step or the split that leaves it.
    pub interrupted: bool,
}

/// One transition of a [`Graph`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct TransitionInfo {
    /// The transition's name as declared, such as `reserve`.
    pub name: &'static str,
    /// Who moves it.
    pub kind: TransitionKind,
    /// The positions of the states that it leaves; at least one.
    pub sources: &'static [usize],
    /// The positions of the states that it may lead to; none for an [internal](TransitionInfo::is_internal) transition.
    pub targets: &'static [usize],
    /// Its `with` clauses.
    pub policy: Policy,
    /// Its branches, of a split.
    pub split: Option<SplitInfo>,
    /// The time at which a timer fires, or the pauses of a poll.
    pub due: Option<Due>,
    /// The type of what it carries as the declaration has it, of a signal that carries something.
    pub payload: Option<&'static str>,
    /// True if it comes also while the step or the split of its sources runs, of a signal.
    pub interrupts: bool,
}

/// The time at which a timer fires, or the pauses of a poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Due {
    /// So long after its state was entered.
    After(Given<Duration>),
    /// At the time in this field, of the state or as `input.until` of the input.
    At(&'static str),
    /// Again and again, with this time between two.
    Every(Given<Duration>),
    /// Again and again, with `first` before the second time, and twice as long before each that follows, up to `cap`.
    Backoff {
        /// The time between the first two.
        first: Given<Duration>,
        /// The longest time between two.
        cap: Given<Duration>,
    },
}

/// Where a run stands when it is in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StateKind {
    /// A run may begin here.
    Start,
    /// On the way.
    State,
    /// The run ended well.
    Done,
    /// The run ended badly and is rolled back.
    Failed,
}

/// Who moves a run along a transition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransitionKind {
    /// The driver, as soon as the source state is entered.
    Step,
    /// A caller outside.
    Signal,
    /// The clock.
    Timer,
    /// The driver, asking again and again.
    Poll,
    /// The driver, after several branches side by side.
    Split,
    /// The clock, when the deadline of the workflow passes: out of every state that is not final, and without a handler.
    Deadline,
}

impl TransitionInfo {
    /// Returns true if a run stays in its state: the transition leads nowhere, and the clocks of the state run on.
    #[must_use]
    pub const fn is_internal(&self) -> bool {
        self.targets.is_empty()
    }
}

impl Graph {
    /// Returns true if a signal, a timer or a poll may move a run.
    #[doc(hidden)]
    #[must_use]
    pub const fn has_events(&self) -> bool {
        let mut position = 0;
        while position < self.states.len() {
            if self.states[position].waits {
                return true;
            }
            position += 1;
        }
        self.has_interrupts()
    }

    /// Returns true if a signal may interrupt a step or a split.
    #[doc(hidden)]
    #[must_use]
    pub const fn has_interrupts(&self) -> bool {
        let mut position = 0;
        while position < self.states.len() {
            if self.states[position].interrupted {
                return true;
            }
            position += 1;
        }
        false
    }

    /// Returns true if something that a visit does can be undone by itself: a branch that was done, or a call in doubt.
    #[doc(hidden)]
    #[must_use]
    pub const fn has_effects(&self) -> bool {
        let mut position = 0;
        while position < self.transitions.len() {
            let transition = &self.transitions[position];
            if transition.policy.in_doubt().is_some() {
                return true;
            }
            if let Some(split) = &transition.split {
                let mut branch = 0;
                while branch < split.branches.len() {
                    if !split.branches[branch].policy.undo.is_empty() {
                        return true;
                    }
                    branch += 1;
                }
            }
            position += 1;
        }
        false
    }

    /// The position of the transition that is taken when the deadline of the workflow passes, if that leads to a state.
    #[doc(hidden)]
    #[must_use]
    pub const fn late(&self) -> Option<usize> {
        let mut position = 0;
        while position < self.transitions.len() {
            if matches!(self.transitions[position].kind, TransitionKind::Deadline) {
                return Some(position);
            }
            position += 1;
        }
        None
    }

    /// The transitions that leave a state: what is legal in it.
    pub fn exits(&self, state: &StateInfo) -> impl Iterator<Item = &'static TransitionInfo> {
        // Names are unique in a graph.
        let position = self.states.iter().position(|it| it.name == state.name);
        let leaves = move |it: &&TransitionInfo| it.sources.iter().any(|it| Some(*it) == position);
        self.transitions.iter().filter(leaves)
    }
}

impl TransitionKind {
    /// The keyword that opens such a transition.
    #[must_use]
    pub const fn keyword(self) -> &'static str {
        match self {
            TransitionKind::Step => "step",
            TransitionKind::Signal => "signal",
            TransitionKind::Timer => "timer",
            TransitionKind::Poll => "poll",
            TransitionKind::Split => "split",
            TransitionKind::Deadline => "deadline",
        }
    }
}

impl StateKind {
    /// Whether a run ends here.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, StateKind::Done | StateKind::Failed)
    }
}

/// A graph as generated code writes it. Hidden, so that a later policy can add a field.
#[doc(hidden)]
#[must_use]
pub const fn graph(
    name: &'static str,
    states: &'static [StateInfo],
    transitions: &'static [TransitionInfo],
) -> Graph {
    Graph {
        name,
        states,
        transitions,
        deadline: None,
        groups: &[],
        logs: &[],
    }
}

/// A log of it.
#[doc(hidden)]
#[must_use]
pub const fn log(name: &'static str, entry: &'static str) -> LogInfo {
    LogInfo { name, entry }
}

/// A group of it.
#[doc(hidden)]
#[must_use]
pub const fn group(
    name: &'static str,
    states: &'static [usize],
    within: Option<usize>,
) -> GroupInfo {
    GroupInfo {
        name,
        states,
        within,
    }
}

#[doc(hidden)]
impl Graph {
    #[must_use]
    pub const fn deadline(mut self, milliseconds: u64) -> Self {
        self.deadline = Some(Duration::from_millis(milliseconds));
        self
    }

    #[must_use]
    pub const fn logs(mut self, logs: &'static [LogInfo]) -> Self {
        self.logs = logs;
        self
    }

    #[must_use]
    pub const fn groups(mut self, groups: &'static [GroupInfo]) -> Self {
        self.groups = groups;
        self
    }
}

/// A state of it.
#[doc(hidden)]
#[must_use]
pub const fn state(name: &'static str, kind: StateKind, transient: bool) -> StateInfo {
    StateInfo {
        name,
        kind,
        transient,
        waits: false,
        interrupted: false,
    }
}

#[doc(hidden)]
impl StateInfo {
    #[must_use]
    pub const fn waits(mut self) -> Self {
        self.waits = true;
        self
    }

    #[must_use]
    pub const fn interrupted(mut self) -> Self {
        self.interrupted = true;
        self
    }
}

/// A transition of it.
#[doc(hidden)]
#[must_use]
pub const fn transition(
    name: &'static str,
    kind: TransitionKind,
    sources: &'static [usize],
    targets: &'static [usize],
) -> TransitionInfo {
    TransitionInfo {
        name,
        kind,
        sources,
        targets,
        policy: Policy::NONE,
        split: None,
        due: None,
        payload: None,
        interrupts: false,
    }
}

#[doc(hidden)]
impl TransitionInfo {
    #[must_use]
    pub const fn with(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    #[must_use]
    pub const fn of(mut self, split: SplitInfo) -> Self {
        self.split = Some(split);
        self
    }

    #[must_use]
    pub const fn after(mut self, milliseconds: u64) -> Self {
        let after = Given::Written(Duration::from_millis(milliseconds));
        self.due = Some(Due::After(after));
        self
    }

    #[must_use]
    pub const fn after_field(mut self, field: &'static str) -> Self {
        self.due = Some(Due::After(Given::Field(field)));
        self
    }

    #[must_use]
    pub const fn at(mut self, field: &'static str) -> Self {
        self.due = Some(Due::At(field));
        self
    }

    #[must_use]
    pub const fn every(mut self, milliseconds: u64) -> Self {
        let every = Given::Written(Duration::from_millis(milliseconds));
        self.due = Some(Due::Every(every));
        self
    }

    #[must_use]
    pub const fn every_field(mut self, field: &'static str) -> Self {
        self.due = Some(Due::Every(Given::Field(field)));
        self
    }

    #[must_use]
    pub const fn backoff(mut self, first: u64, cap: u64) -> Self {
        self.due = Some(Due::Backoff {
            first: Given::Written(Duration::from_millis(first)),
            cap: Given::Written(Duration::from_millis(cap)),
        });
        self
    }

    /// The first pause of a poll that backs off is in this field.
    #[must_use]
    pub const fn first_in(mut self, field: &'static str) -> Self {
        if let Some(Due::Backoff { first, .. }) = &mut self.due {
            *first = Given::Field(field);
        }
        self
    }

    /// Its longest pause is in this field.
    #[must_use]
    pub const fn cap_in(mut self, field: &'static str) -> Self {
        if let Some(Due::Backoff { cap, .. }) = &mut self.due {
            *cap = Given::Field(field);
        }
        self
    }

    #[must_use]
    pub const fn payload(mut self, payload: &'static str) -> Self {
        self.payload = Some(payload);
        self
    }

    #[must_use]
    pub const fn interrupts(mut self) -> Self {
        self.interrupts = true;
        self
    }
}
