//! The shape of a workflow as constant data: the parts of a declaration that a driver, a store or a diagram
//! needs without its types.

use core::time::Duration;

use crate::{Given, Policy, SplitInfo};

/// A workflow's states and transitions, in the order of their declaration.
///
/// Transitions name states by their position in [`states`](Graph::states). Every position in a
/// graph that `workflow!` made is in bounds.
///
/// ```
/// # use stateway_core::{StateKind, TransitionKind, graph, state, transition};
/// # struct Order;
/// # impl Order {
/// #     const GRAPH: Graph = graph(
/// #         "Order",
/// #         &[state("Placed", StateKind::Start, false), state("Charged", StateKind::Done, false)],
/// #         &[transition("charge", TransitionKind::Step, &[0], &[1])],
/// #     );
/// # }
/// use stateway_core::{Graph, StateInfo};
///
/// /// Returns the names of the transitions that are legal in a state.
/// fn legal(graph: &Graph, state: &StateInfo) -> Vec<&'static str> {
///     graph.exits(state).map(|transition| transition.name).collect()
/// }
///
/// assert_eq!(legal(&Order::GRAPH, &Order::GRAPH.states[0]), ["charge"]);
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
    /// The time that a run may take from its start to its end.
    pub deadline: Option<Duration>,
    /// Every group of states, in order of declaration: an outer group comes before its inner ones.
    pub groups: &'static [GroupInfo],
    /// Every log, in order of declaration.
    pub logs: &'static [LogInfo],
}

/// A log of a [`Graph`]: entries that a run adds and never changes.
///
/// ```
/// # use stateway_core::{Graph, graph, log};
/// # struct Chat;
/// # impl Chat { const GRAPH: Graph = graph("Chat", &[], &[]).logs(&[log("messages", "Message")]); }
/// // log messages: Message;
/// let log = &Chat::GRAPH.logs[0];
/// assert_eq!((log.name, log.entry), ("messages", "Message"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogInfo {
    /// The name of the log as declared, such as `messages`.
    pub name: &'static str,
    /// The type of its entries, as declared.
    pub entry: &'static str,
}

/// States of a [`Graph`] that share data, or that transitions leave as one.
///
/// ```
/// # use stateway_core::{Graph, StateKind, graph, group, state};
/// # struct Ticket;
/// # impl Ticket {
/// #     const GRAPH: Graph = graph(
/// #         "Ticket",
/// #         &[
/// #             state("Asked", StateKind::Start, false),
/// #             state("Assigned", StateKind::State, false),
/// #             state("Closed", StateKind::Done, false),
/// #         ],
/// #         &[],
/// #     )
/// #     .groups(&[group("Open", &[0, 1], None)]);
/// # }
/// let open = Ticket::GRAPH.groups.iter().find(|group| group.name == "Open");
/// let states = open.expect("it is declared").states;
/// let names: Vec<_> = states.iter().map(|state| Ticket::GRAPH.states[*state].name).collect();
/// assert_eq!(names, ["Asked", "Assigned"]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupInfo {
    /// The name of the group as declared, such as `Open`.
    pub name: &'static str,
    /// The positions of its states, including those of the groups within it.
    pub states: &'static [usize],
    /// The position in [`Graph::groups`] of the group that it is within.
    pub within: Option<usize>,
}

/// One state of a [`Graph`].
///
/// ```
/// # use stateway_core::{Graph, StateKind, graph, state};
/// # struct Leave;
/// # impl Leave {
/// #     const GRAPH: Graph = graph(
/// #         "Leave",
/// #         &[
/// #             state("Asked", StateKind::Start, false).waits(),
/// #             state("Granted", StateKind::Done, false),
/// #         ],
/// #         &[],
/// #     );
/// # }
/// // The states in which a run may stay for days.
/// let waiting = Leave::GRAPH.states.iter().filter(|state| state.waits);
/// let names: Vec<_> = waiting.map(|state| state.name).collect();
/// assert_eq!(names, ["Asked"]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct StateInfo {
    /// The state's name as declared, such as `Reserved`.
    pub name: &'static str,
    /// The kind of the state: the start of a run, on its way, or an end.
    pub kind: StateKind,
    /// True if the state is never written to a store.
    pub transient: bool,
    /// True if a run waits in it: signals, timers and a poll leave it, and no step.
    pub waits: bool,
    /// True if a signal may interrupt the step or the split that leaves it.
    pub interrupted: bool,
}

/// One transition of a [`Graph`].
///
/// ```
/// # use stateway_core::{Graph, StateKind, TransitionKind, graph, state, transition};
/// # struct Order;
/// # impl Order {
/// #     const GRAPH: Graph = graph(
/// #         "Order",
/// #         &[
/// #             state("Placed", StateKind::Start, false),
/// #             state("Charged", StateKind::Done, false),
/// #             state("Rejected", StateKind::Failed, false),
/// #         ],
/// #         &[transition("charge", TransitionKind::Step, &[0], &[1, 2])],
/// #     );
/// # }
/// // step charge: Placed -> Charged | Rejected;
/// let charge = &Order::GRAPH.transitions[0];
/// let targets: Vec<_> = charge.targets.iter().map(|state| Order::GRAPH.states[*state].name).collect();
/// assert_eq!((charge.name, targets), ("charge", vec!["Charged", "Rejected"]));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct TransitionInfo {
    /// The transition's name as declared, such as `reserve`.
    pub name: &'static str,
    /// The kind of the transition.
    pub kind: TransitionKind,
    /// The positions of the states that it leaves; at least one.
    pub sources: &'static [usize],
    /// The positions of the states that it may lead to; none for an [internal](TransitionInfo::is_internal) transition.
    pub targets: &'static [usize],
    /// Its `with` clauses.
    pub policy: Policy,
    /// The branches and their join, if this is a split.
    pub split: Option<SplitInfo>,
    /// The time at which a timer fires, or the pauses of a poll, if this is one.
    pub due: Option<Due>,
    /// The type of the payload, as declared, if this is a signal with a payload.
    pub payload: Option<&'static str>,
    /// True if this is a signal that also comes while the step or the split of its sources runs.
    pub interrupts: bool,
}

/// The time at which a timer fires, or the pauses of a poll.
///
/// ```
/// # use stateway_core::{Graph, TransitionKind, graph, transition};
/// # struct Offer;
/// # impl Offer {
/// #     const GRAPH: Graph = graph(
/// #         "Offer",
/// #         &[],
/// #         &[
/// #             transition("lapse", TransitionKind::Timer, &[0], &[1]).at("until"),
/// #             transition("remind", TransitionKind::Timer, &[0], &[]).every(86_400_000),
/// #         ],
/// #     );
/// # }
/// use stateway_core::{Due, Given};
///
/// // timer lapse at until: Offered -> Lapsed;
/// // timer remind every 1d: Offered;
/// let told = Offer::GRAPH.transitions.iter().map(|it| match it.due {
///     Some(Due::At(field)) => format!("`{}` at the time in `{field}`", it.name),
///     Some(Due::Every(Given::Written(time))) => format!("`{}` every {} s", it.name, time.as_secs()),
///     _ => it.name.to_owned(),
/// });
/// assert_eq!(told.collect::<Vec<_>>(), ["`lapse` at the time in `until`", "`remind` every 86400 s"]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Due {
    /// This long after its state was entered.
    After(Given<Duration>),
    /// At the time in this field of the state, or of the input, as in `input.until`.
    At(&'static str),
    /// Repeatedly, with this time between two firings.
    Every(Given<Duration>),
    /// Repeatedly, with pauses that double from `first` up to `cap`.
    Backoff {
        /// The first pause.
        first: Given<Duration>,
        /// The longest pause.
        cap: Given<Duration>,
    },
}

/// The kind of a state: the start of a run, on its way, or an end.
///
/// ```
/// # use stateway_core::{Graph, graph, state};
/// # struct Order;
/// # impl Order {
/// #     const GRAPH: Graph = graph(
/// #         "Order",
/// #         &[state("Placed", StateKind::Start, false), state("Rejected", StateKind::Failed, false)],
/// #         &[],
/// #     );
/// # }
/// use stateway_core::StateKind;
///
/// // The ends that an operator has to look at.
/// let failed = Order::GRAPH.states.iter().filter(|state| state.kind == StateKind::Failed);
/// assert_eq!(failed.map(|state| state.name).collect::<Vec<_>>(), ["Rejected"]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StateKind {
    /// A run may begin here.
    Start,
    /// A run is on its way.
    State,
    /// A run has ended well.
    Done,
    /// A run has ended badly and is rolled back.
    Failed,
}

/// The kind of a transition, which says what moves a run along it.
///
/// ```
/// # use stateway_core::{Graph, graph, transition};
/// # struct Leave;
/// # impl Leave {
/// #     const GRAPH: Graph = graph(
/// #         "Leave",
/// #         &[],
/// #         &[
/// #             transition("grant", TransitionKind::Signal, &[0], &[1]),
/// #             transition("expire", TransitionKind::Timer, &[0], &[2]).after(1_209_600_000),
/// #         ],
/// #     );
/// # }
/// use stateway_core::TransitionKind;
///
/// // The buttons of a form: the transitions that a caller may send.
/// let signals = Leave::GRAPH.transitions.iter().filter(|it| it.kind == TransitionKind::Signal);
/// assert_eq!(signals.map(|it| it.name).collect::<Vec<_>>(), ["grant"]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransitionKind {
    /// The driver takes it as soon as the source state is entered.
    Step,
    /// A caller outside sends it.
    Signal,
    /// The clock fires it.
    Timer,
    /// The driver asks its handler repeatedly until that gives an outcome.
    Poll,
    /// The driver takes it after several branches side by side.
    Split,
    /// The clock fires it when the deadline of the workflow passes: out of every state that is not final, and without a handler.
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

    /// Returns the position of the transition that is taken when the deadline of the workflow passes, if that leads to a state.
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

    /// Returns the transitions that leave a state, which are those that are legal in it.
    pub fn exits(&self, state: &StateInfo) -> impl Iterator<Item = &'static TransitionInfo> {
        // Names are unique in a graph.
        let position = self.states.iter().position(|it| it.name == state.name);
        let leaves = move |it: &&TransitionInfo| it.sources.iter().any(|it| Some(*it) == position);
        self.transitions.iter().filter(leaves)
    }
}

impl TransitionKind {
    /// Returns the keyword that opens such a transition.
    ///
    /// ```
    /// # use stateway_core::TransitionKind;
    /// assert_eq!(TransitionKind::Signal.keyword(), "signal");
    /// ```
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
    /// Returns true if a run ends here.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, StateKind::Done | StateKind::Failed)
    }
}

/// Returns a graph as generated code writes it. Hidden, so that a later policy can add a field.
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

/// Returns a log of a graph.
#[doc(hidden)]
#[must_use]
pub const fn log(name: &'static str, entry: &'static str) -> LogInfo {
    LogInfo { name, entry }
}

/// Returns a group of a graph.
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

/// Returns a state of a graph.
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

/// Returns a transition of a graph.
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

    /// Sets the field that holds the first pause of a poll that backs off.
    #[must_use]
    pub const fn first_in(mut self, field: &'static str) -> Self {
        if let Some(Due::Backoff { first, .. }) = &mut self.due {
            *first = Given::Field(field);
        }
        self
    }

    /// Sets the field that holds the longest pause of such a poll.
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
