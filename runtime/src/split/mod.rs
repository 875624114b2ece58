//! Branches side by side, and their join.
//!
//! The branches of a split are one value inside the driver's own future: named branches are a tree of different
//! futures ([`Named`]), those of an `each` are as many futures of one type as may run at a time
//! ([`Each`]). [`join`] polls them until the [`Tally`](tally::Tally) says that the strategy is decided,
//! drops those that still run, and gives the result of each.

#![expect(
    missing_debug_implementations,
    reason = "generated code names them, and nobody prints them"
)]

mod branched;
mod each;
mod entries;
mod join;
mod maybe_debug;
mod named;
#[cfg(feature = "durable")]
mod remembered;
mod running_branch;
mod spawned;
mod tally;
mod undoable;

use stateway_core::{SplitInfo, Transition, Workflow};

pub use branched::{Branched, First, all, first};
pub use each::{Begin, Each, each, items};
pub use entries::{Entries, entries, pair, pairs};
pub use join::{Branches, Join, Report, join, join_by};
pub use maybe_debug::{MaybeDebug, NotDebug};
pub use named::{Both, Named, One, both, named, one};
#[cfg(feature = "durable")]
pub use remembered::remembered;
pub(crate) use running_branch::name;
pub use running_branch::{Attempt, RunningBranch, called, ended};
pub(crate) use spawned::Tasks;
pub use spawned::{context, item, spawned, unshared};
pub use undoable::{item_of, undoable};

/// Returns the body of the split `T`.
pub(crate) const fn info<T: Transition>() -> &'static SplitInfo {
    const {
        match &T::Workflow::GRAPH.transitions[T::POSITION].split {
            Some(split) => split,
            None => panic!("only a split has branches"),
        }
    }
}
