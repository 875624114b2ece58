//! A split as constant data: its branches, and how they are joined.

use core::time::Duration;

use crate::{Given, Policy};

/// The body of a `split`.
///
/// ```
/// # use stateway_core::{Graph, Strategy, TransitionKind, branch, graph, split, transition};
/// # struct Loan;
/// # impl Loan {
/// #     const GRAPH: Graph = graph(
/// #         "Loan",
/// #         &[],
/// #         &[transition("assess", TransitionKind::Split, &[0], &[1])
/// #             .of(split(&[branch("credit"), branch("fraud")], Strategy::Quorum(1)).within(5_000))],
/// #     );
/// # }
/// // split assess: Applied -> Approved {
/// //     branch credit: u32;
/// //     branch fraud: bool;
/// //     join quorum(1) within 5s;
/// // }
/// let split = Loan::GRAPH.transitions[0].split.expect("it is a split");
/// let branches: Vec<_> = split.branches.iter().map(|branch| branch.name).collect();
/// assert_eq!(branches, ["credit", "fraud"]);
/// assert_eq!(split.strategy.written(), Some(Strategy::Quorum(1)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct SplitInfo {
    /// The branches, in order of declaration. One `each` stands for a branch for each item.
    pub branches: &'static [BranchInfo],
    /// The strategy of the join.
    pub strategy: Strategy<Given<usize>>,
    /// The time that the branches may take; only those that have ended by then count.
    pub within: Option<Given<Duration>>,
}

/// One branch of a [`SplitInfo`].
///
/// ```
/// # use stateway_core::{Graph, Policy, Strategy, TransitionKind, branch, graph, retry, split, transition};
/// # struct Loan;
/// # impl Loan {
/// #     const GRAPH: Graph = graph(
/// #         "Loan",
/// #         &[],
/// #         &[transition("assess", TransitionKind::Split, &[0], &[1]).of(split(
/// #             &[branch("credit").with(Policy::NONE.retry(retry(3, 100, 10_000, 2.0))), branch("fraud").spawn()],
/// #             Strategy::All,
/// #         ))],
/// #     );
/// # }
/// // branch credit: u32 with retry(3);
/// // branch fraud: bool with spawn;
/// let [credit, fraud] = Loan::GRAPH.transitions[0].split.unwrap().branches else { panic!("there are two") };
/// assert!(credit.policy.retry.is_some() && !credit.spawn);
/// assert_eq!((fraud.name, fraud.spawn), ("fraud", true));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct BranchInfo {
    /// The name of the branch and of its handler.
    pub name: &'static str,
    /// The items, if it is an `each`.
    pub each: Option<EachInfo>,
    /// True if it runs on a task of its own.
    pub spawn: bool,
    /// Its `with` clauses.
    pub policy: Policy,
}

/// The items of an `each`.
///
/// ```
/// # use stateway_core::{Graph, Strategy, TransitionKind, branch, graph, split, transition};
/// # struct Loan;
/// # impl Loan {
/// #     const GRAPH: Graph = graph(
/// #         "Loan",
/// #         &[],
/// #         &[transition("read", TransitionKind::Split, &[0], &[1])
/// #             .of(split(&[branch("paper").each("papers", Some(8))], Strategy::All))],
/// #     );
/// # }
/// use stateway_core::Given;
///
/// // each paper in papers: String => usize, at most 8;
/// let each = Loan::GRAPH.transitions[0].split.unwrap().branches[0].each.expect("it is an `each`");
/// assert_eq!((each.field, each.at_most), ("papers", Some(Given::Written(8))));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct EachInfo {
    /// The field that holds the items: of the source state, or of the input, as in `input.items`.
    pub field: &'static str,
    /// The name of the values, if the items are the entries of a map: the branch is named after the keys.
    pub value: Option<&'static str>,
    /// The number of branches that may run at a time.
    pub at_most: Option<Given<usize>>,
}

/// The strategy of a join: the number of successes that it takes.
///
/// In a graph its number is a [`Given`]: some are known only when a run reads them.
///
/// ```
/// use stateway_core::Strategy;
///
/// // Of 7 replicas, more than half have to agree.
/// assert_eq!(Strategy::Percent(51).needed(7), 4);
/// assert_eq!(Strategy::Any.needed(7), 1);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Strategy<N = usize> {
    /// Joins when every branch has succeeded.
    All,
    /// Joins at the first success.
    Any,
    /// Joins as soon as this number of branches has succeeded.
    Quorum(N),
    /// Joins as soon as this percentage of the branches, rounded up, has succeeded.
    Percent(N),
    /// Joins when every branch has ended, and at least this number has succeeded.
    Settled(N),
}

impl SplitInfo {
    /// Returns true if any branch runs on a task of its own.
    #[must_use]
    pub const fn spawns(&self) -> bool {
        let (mut position, mut spawns) = (0, false);
        while position < self.branches.len() {
            spawns |= self.branches[position].spawn;
            position += 1;
        }
        spawns
    }
}

impl Strategy {
    /// Returns the number of `branches` that have to succeed.
    ///
    /// It may be more than `branches`: `quorum(3)` over two items cannot succeed.
    ///
    /// ```
    /// # use stateway_core::Strategy;
    /// assert_eq!(Strategy::All.needed(7), 7);
    /// assert_eq!(Strategy::Percent(50).needed(7), 4);
    /// ```
    #[must_use]
    pub const fn needed(self, branches: usize) -> usize {
        match self {
            Strategy::All => branches,
            Strategy::Any => 1,
            Strategy::Quorum(needed) | Strategy::Settled(needed) => needed,
            // Without a product that could overflow.
            Strategy::Percent(percent) => {
                let (hundreds, rest) = (branches / 100, branches % 100);
                hundreds * percent + (rest * percent).div_ceil(100)
            }
        }
    }
}

impl Strategy<Given<usize>> {
    /// Returns the strategy with its number, if that is written out or if there is none.
    #[must_use]
    pub const fn written(self) -> Option<Strategy> {
        match self.number() {
            None => Some(self.known(0)),
            Some(Given::Written(number)) => Some(self.known(number)),
            Some(Given::Field(_)) => None,
        }
    }

    /// Returns its number, if it has one.
    #[doc(hidden)]
    #[must_use]
    pub const fn number(self) -> Option<Given<usize>> {
        match self {
            Strategy::All | Strategy::Any => None,
            Strategy::Quorum(number) | Strategy::Percent(number) | Strategy::Settled(number) => {
                Some(number)
            }
        }
    }

    /// Returns the strategy with this number, if it has one.
    #[doc(hidden)]
    #[must_use]
    pub const fn known(self, number: usize) -> Strategy {
        match self {
            Strategy::All => Strategy::All,
            Strategy::Any => Strategy::Any,
            Strategy::Quorum(_) => Strategy::Quorum(number),
            Strategy::Percent(_) => Strategy::Percent(number),
            Strategy::Settled(_) => Strategy::Settled(number),
        }
    }
}

impl<N> Strategy<N> {
    /// Returns true if the join waits for the branches that still run when enough have succeeded.
    #[must_use]
    pub const fn settles(&self) -> bool {
        matches!(self, Strategy::Settled(_))
    }
}

/// Returns a split as generated code writes it.
#[doc(hidden)]
#[must_use]
pub const fn split(branches: &'static [BranchInfo], strategy: Strategy) -> SplitInfo {
    SplitInfo {
        branches,
        strategy: match strategy {
            Strategy::All => Strategy::All,
            Strategy::Any => Strategy::Any,
            Strategy::Quorum(needed) => Strategy::Quorum(Given::Written(needed)),
            Strategy::Percent(percent) => Strategy::Percent(Given::Written(percent)),
            Strategy::Settled(needed) => Strategy::Settled(Given::Written(needed)),
        },
        within: None,
    }
}

#[doc(hidden)]
impl SplitInfo {
    #[must_use]
    pub const fn within(mut self, milliseconds: u64) -> Self {
        self.within = Some(Given::Written(Duration::from_millis(milliseconds)));
        self
    }

    #[must_use]
    pub const fn within_in(mut self, field: &'static str) -> Self {
        self.within = Some(Given::Field(field));
        self
    }

    /// Sets the field that holds the number of its strategy.
    #[must_use]
    pub const fn number_in(mut self, field: &'static str) -> Self {
        self.strategy = match self.strategy {
            Strategy::All => Strategy::All,
            Strategy::Any => Strategy::Any,
            Strategy::Quorum(_) => Strategy::Quorum(Given::Field(field)),
            Strategy::Percent(_) => Strategy::Percent(Given::Field(field)),
            Strategy::Settled(_) => Strategy::Settled(Given::Field(field)),
        };
        self
    }
}

/// Returns a branch of a split, without clauses.
#[doc(hidden)]
#[must_use]
pub const fn branch(name: &'static str) -> BranchInfo {
    BranchInfo {
        name,
        each: None,
        spawn: false,
        policy: Policy::NONE,
    }
}

#[doc(hidden)]
impl BranchInfo {
    #[must_use]
    pub const fn each(mut self, field: &'static str, at_most: Option<usize>) -> Self {
        let at_most = match at_most {
            Some(most) => Some(Given::Written(most)),
            None => None,
        };
        self.each = Some(EachInfo {
            field,
            value: None,
            at_most,
        });
        self
    }

    /// Sets the name of the values: the items are the entries of a map.
    #[must_use]
    pub const fn value(mut self, name: &'static str) -> Self {
        if let Some(each) = &mut self.each {
            each.value = Some(name);
        }
        self
    }

    /// Sets the field that holds the number of branches that may run at a time.
    #[must_use]
    pub const fn at_most_in(mut self, field: &'static str) -> Self {
        if let Some(each) = &mut self.each {
            each.at_most = Some(Given::Field(field));
        }
        self
    }

    #[must_use]
    pub const fn spawn(mut self) -> Self {
        self.spawn = true;
        self
    }

    #[must_use]
    pub const fn with(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }
}
