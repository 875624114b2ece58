//! The numbers by which the branches of a split are joined.

use std::time::Duration;

use stateway_core::{SplitInfo, Strategy, Transition, Workflow};

use super::Numbers;
use super::judge::{Clause, Judged, widened};
use crate::error::Cause;
use crate::split;

/// The join of a split, with all its numbers.
#[derive(Debug, Clone, Copy)]
pub struct JoinTerms {
    pub(crate) strategy: Strategy,
    pub(crate) within: Option<Duration>,
    /// The number of branches that may run at a time, if an `each` says so.
    pub(crate) at_most: Option<usize>,
}

/// Returns the join of the split `T`, whose clauses read these fields.
///
/// # Errors
/// [`Cause::Policy`] if a clause cannot take its value.
pub fn join_terms<T: Transition, E>(numbers: Numbers) -> Result<JoinTerms, Cause<E>> {
    let of = T::Workflow::GRAPH.transitions[T::POSITION].name;
    let terms = numbers.join(split::info::<T>(), of);
    terms.map_err(Cause::Policy)
}

impl Numbers {
    fn join(&self, split: &SplitInfo, of: &'static str) -> Judged<JoinTerms> {
        // The join itself judges the number of items, which it counts.
        let is_each = split.branches.iter().any(|branch| branch.each.is_some());
        let branches = if is_each {
            u64::MAX
        } else {
            split.branches.len().try_into().unwrap_or(u64::MAX)
        };
        let (word, most) = match split.strategy {
            Strategy::Percent(_) => ("percent", 100),
            Strategy::Settled(_) => ("settled", branches),
            _ => ("quorum", branches),
        };
        let clause = |word| Clause { word, of };
        let number = match split.strategy.number() {
            // `settled` alone has the number 0.
            Some(given) if given.field().is_some() => {
                clause(word).number(widened(given), self.needed, (1, most))?
            }
            given => given.and_then(|it| widened(it).written()).unwrap_or(0),
        };
        let within = clause("within").some_time(split.within, self.within)?;
        let mut branches = split.branches.iter();
        let at_most = branches.find_map(|branch| branch.each?.at_most);
        let at_most = at_most.map(|given| {
            let clause = clause("at most");
            clause.number(widened(given), self.at_most, (1, u64::MAX))
        });
        let clamped = |number| usize::try_from(number).unwrap_or(usize::MAX);
        Ok(JoinTerms {
            strategy: split.strategy.known(clamped(number)),
            within,
            at_most: at_most.transpose()?.map(clamped),
        })
    }
}
