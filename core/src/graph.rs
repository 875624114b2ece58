//! The shape of a workflow as constant data: what a driver, a store or a diagram needs to know
//! of a declaration without its types.

/// A workflow's states and transitions, in the order of their declaration.
///
/// Transitions name states by their position in [`states`](Graph::states). Every position in a
/// graph that `workflow!` made is in bounds.
///
/// ```
/// use stateway_core::Graph;
///
/// /// The names of the states that nothing leaves.
/// fn ends(graph: &Graph) -> impl Iterator<Item = &str> {
///     graph.states.iter().filter(|state| state.kind.is_final()).map(|state| state.name)
/// }
/// # let graph = Graph::new("Empty", &[], &[]);
/// # assert_eq!(ends(&graph).count(), 0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Graph {
    /// The workflow's name as declared, such as `Order`.
    pub name: &'static str,
    /// Every state, in order of declaration.
    pub states: &'static [StateInfo],
    /// Every transition, in order of declaration.
    pub transitions: &'static [TransitionInfo],
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
}

/// One transition of a [`Graph`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransitionInfo {
    /// The transition's name as declared, such as `reserve`.
    pub name: &'static str,
    /// Who moves it.
    pub kind: TransitionKind,
    /// The positions of the states that it leaves; at least one.
    pub sources: &'static [usize],
    /// The positions of the states that it may lead to; at least one.
    pub targets: &'static [usize],
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
}

impl StateKind {
    /// Whether a run ends here.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, StateKind::Done | StateKind::Failed)
    }
}

// The constructors are how generated code builds its constant. They are hidden because a field
// that a later policy adds changes them.
#[doc(hidden)]
impl Graph {
    #[must_use]
    pub const fn new(
        name: &'static str,
        states: &'static [StateInfo],
        transitions: &'static [TransitionInfo],
    ) -> Self {
        Graph {
            name,
            states,
            transitions,
        }
    }
}

#[doc(hidden)]
impl StateInfo {
    #[must_use]
    pub const fn new(name: &'static str, kind: StateKind, transient: bool) -> Self {
        StateInfo {
            name,
            kind,
            transient,
        }
    }
}

#[doc(hidden)]
impl TransitionInfo {
    #[must_use]
    pub const fn new(
        name: &'static str,
        kind: TransitionKind,
        sources: &'static [usize],
        targets: &'static [usize],
    ) -> Self {
        TransitionInfo {
            name,
            kind,
            sources,
            targets,
        }
    }
}
