//! The splits that can be run.

use crate::ast::{self, Each, Join};
use crate::graph::{Graph, ResolvedBranch, ResolvedTransition};

/// A split of which nothing was found wrong that would leave a hole in its code.
pub(crate) struct PlannedSplit<'a> {
    pub(crate) join: &'a Join,
    pub(crate) branches: Branches<'a>,
    /// True if a branch runs on a task of its own.
    pub(crate) spawns: bool,
}

/// The branches of a split.
pub(crate) enum Branches<'a> {
    Named(&'a [ResolvedBranch<'a>]),
    /// One for each item.
    Each(&'a ResolvedBranch<'a>, &'a Each),
}

impl<'a> PlannedSplit<'a> {
    pub(super) fn of(graph: &Graph<'_>, transition: &'a ResolvedTransition<'a>) -> Option<Self> {
        let declaration = transition.declaration;
        let split = declaration.split().filter(|it| it.is_whole)?;
        if declaration.unread.is_some() {
            return None;
        }
        let join = split.join.as_ref()?;
        let branches = transition.branches.as_slice();
        if branches.is_empty()
            || !branches
                .iter()
                .all(|branch| branch.is_handled && branch.item.is_none())
        {
            return None;
        }
        let each = branches
            .iter()
            .find_map(|branch| Some((branch, branch.declaration.each.as_ref()?)));
        let branches = match (each, branches) {
            (Some((branch, each)), [_]) if has_items(graph, transition, each) => {
                Branches::Each(branch, each)
            }
            (Some(_), _) => return None,
            (None, named) => Branches::Named(named),
        };
        Some(PlannedSplit {
            join,
            branches,
            spawns: split.branches.iter().any(ast::Branch::spawns),
        })
    }
}

/// Returns true if every state that the split leaves has the items of its `each`, or the input has them.
fn has_items(graph: &Graph<'_>, transition: &ResolvedTransition<'_>, each: &Each) -> bool {
    let mut sources = transition.sources.iter();
    !transition.sources.is_empty()
        && sources.all(|id| graph.place(*id, None, &each.place).is_some())
}
