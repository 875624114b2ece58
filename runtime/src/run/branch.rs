//! The names of branches.

use std::fmt;

/// Names a branch of a split. It prints as `credit`, or as `chunk[3]` for an item of an `each`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct BranchName {
    /// The name, as declared.
    pub branch: &'static str,
    /// The position of the item, counted from 0, of an `each`.
    pub item: Option<usize>,
}

impl fmt::Display for BranchName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.item {
            None => f.write_str(self.branch),
            Some(item) => write!(f, "{}[{item}]", self.branch),
        }
    }
}
