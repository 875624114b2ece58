//! A split as constant data: its branches, and how they are joined.

use core::time::Duration;

use crate::Policy;

/// The body of a `split`.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct SplitInfo {
    /// The branches, in order of declaration. One `each` stands for as many as there are items.
    pub branches: &'static [BranchInfo],
    /// When the branches are joined.
    pub strategy: Strategy,
    /// How long the branches may take; what has ended by then counts.
    pub within: Option<Duration>,
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
    /// The field of the source state that holds the items.
    pub field: &'static str,
    /// How many branches may be under way at a time.
    pub at_most: Option<usize>,
}

/// When the branches of a split are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Strategy {
    /// When every branch has succeeded.
    All,
    /// At the first success.
    Any,
    /// As soon as so many branches have succeeded.
    Quorum(usize),
    /// As soon as so many of a hundred branches have succeeded, rounded up.
    Percent(usize),
    /// When every branch has ended, at least so many of them well.
    Settled(usize),
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

    /// Whether the branches that are under way are waited for when enough have succeeded.
    #[must_use]
    pub const fn settles(self) -> bool {
        matches!(self, Strategy::Settled(_))
    }
}

/// A split as generated code writes it.
#[doc(hidden)]
#[must_use]
pub const fn split(branches: &'static [BranchInfo], strategy: Strategy) -> SplitInfo {
    SplitInfo {
        branches,
        strategy,
        within: None,
    }
}

#[doc(hidden)]
impl SplitInfo {
    #[must_use]
    pub const fn within(mut self, milliseconds: u64) -> Self {
        self.within = Some(Duration::from_millis(milliseconds));
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
        self.each = Some(EachInfo { field, at_most });
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
