//! A split as constant data: its branches, and how they are joined.

use core::time::Duration;

use crate::{Given, Policy};

/// The body of a `split`.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct SplitInfo {
    /// The branches, in order of declaration. One `each` stands for as many as there are items.
    pub branches: &'static [BranchInfo],
    /// When the branches are joined.
    pub strategy: Strategy<Given<usize>>,
    /// How long the branches may take; what has ended by then counts.
    pub within: Option<Given<Duration>>,
}

/// One branch of a [`SplitInfo`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct BranchInfo {
    /// The name of the branch and of its handler.
    pub name: &'static str,
    /// Where the items are, of an `each`.
    pub each: Option<EachInfo>,
    /// Whether it runs on a task of its own.
    pub spawn: bool,
    /// Its `with` clauses.
    pub policy: Policy,
}

/// What an `each` is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct EachInfo {
    /// The field that holds the items: of the source state, or as `input.items` of the input.
    pub field: &'static str,
    /// The name of the values, if the branch is about the entries of a map: the branch is called like the keys.
    pub value: Option<&'static str>,
    /// How many branches may be under way at a time.
    pub at_most: Option<Given<usize>>,
}

/// When the branches of a split are joined.
///
/// In a graph its number is a [`Given`]: some are known only when a run reads them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Strategy<N = usize> {
    /// When every branch has succeeded.
    All,
    /// At the first success.
    Any,
    /// As soon as so many branches have succeeded.
    Quorum(N),
    /// As soon as so many of a hundred branches have succeeded, rounded up.
    Percent(N),
    /// When every branch has ended, at least so many of them well.
    Settled(N),
}

impl SplitInfo {
    /// Whether any branch runs on a task of its own.
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
    /// How many of `branches` have to succeed.
    ///
    /// It may be more than there are: `quorum(3)` over two items cannot succeed.
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
    /// The strategy with its value, if that is written out, or if it has none.
    #[must_use]
    pub const fn written(self) -> Option<Strategy> {
        match self.number() {
            None => Some(self.known(0)),
            Some(Given::Written(number)) => Some(self.known(number)),
            Some(Given::Field(_)) => None,
        }
    }

    /// Its number, if it has one.
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

    /// The strategy with this number, if it has one.
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
    /// Whether the branches that are under way are waited for when enough have succeeded.
    #[must_use]
    pub const fn settles(&self) -> bool {
        matches!(self, Strategy::Settled(_))
    }
}

/// A split as generated code writes it.
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

    /// The number of its strategy is in this field.
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

/// A branch of it, which has no clauses yet.
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

    /// The items are the entries of a map, with values of this name.
    #[must_use]
    pub const fn value(mut self, name: &'static str) -> Self {
        if let Some(each) = &mut self.each {
            each.value = Some(name);
        }
        self
    }

    /// The number of branches that may be under way at a time is in this field.
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
