//! Splits: the types that branches are joined to, the handlers of the branches, and the future that
//! takes a run through one.

mod body;
mod constant;
mod handlers;
mod joined;

pub(super) use body::attempt;
pub(super) use constant::constant;
pub(super) use handlers::handlers;
pub(super) use joined::{parameter, texts, types};

use proc_macro2::Ident;

use super::Context;
use crate::ast::{self, Branch, ClauseKind, Each, Join, Split, plain};
use crate::graph::{self, Graph, Transition};

/// A split that can be run: nothing of it was found wrong that would leave a hole in its code.
struct Whole<'a> {
    transition: &'a Transition<'a>,
    split: &'a Split,
    join: &'a Join,
    shape: Shape<'a>,
}

/// What the branches of a split are.
enum Shape<'a> {
    Named(&'a [graph::Branch<'a>]),
    Each(&'a graph::Branch<'a>, &'a Each),
}

impl<'a> Whole<'a> {
    fn of(graph: &Graph<'_>, transition: &'a Transition<'a>) -> Option<Self> {
        let split = transition.declaration.split().filter(|it| it.is_whole)?;
        let join = split.join.as_ref()?;
        let branches = transition.branches.as_slice();
        if branches.is_empty() || !branches.iter().all(|branch| branch.is_handled) {
            return None;
        }
        let each = branches
            .iter()
            .find_map(|branch| Some((branch, branch.declaration.each.as_ref()?)));
        let shape = match (each, branches) {
            (Some((branch, each)), [_]) if has_field(graph, transition, &each.field) => {
                Shape::Each(branch, each)
            }
            (Some(_), _) => return None,
            (None, named) => Shape::Named(named),
        };
        Some(Whole {
            transition,
            split,
            join,
            shape,
        })
    }

    /// Whether a branch runs on a task of its own.
    fn spawns(&self) -> bool {
        self.split.branches.iter().any(Branch::spawns)
    }
}

/// Whether the driver can take a run along this transition.
pub(super) fn is_whole(cx: &Context<'_>, transition: &Transition<'_>) -> bool {
    transition.declaration.split().is_none() || Whole::of(cx.graph, transition).is_some()
}

/// Whether the items of an `each` are where it says.
fn has_field(graph: &Graph<'_>, transition: &Transition<'_>, field: &Ident) -> bool {
    let source = transition.sources.first().map(|id| graph.state(*id));
    let declaration = source.and_then(|source| source.declaration);
    let fields = declaration.and_then(|declaration| declaration.fields.as_ref());
    fields.is_some_and(|fields| fields.iter().any(|it| plain(&it.name) == plain(field)))
}

/// The clause that puts a branch on a task of its own, the first where there are several.
pub(super) fn spawn_clause<'a>(cx: &Context<'a>) -> Option<&'a Ident> {
    let branches = cx
        .graph
        .ast
        .transitions
        .iter()
        .flat_map(ast::Transition::branches);
    let mut clauses = branches.flat_map(|branch| branch.clauses.iter());
    let clause = clauses.find(|clause| clause.kind() == ClauseKind::Spawn)?;
    Some(&clause.name)
}

/// Whether any branch of the workflow runs on a task of its own.
pub(super) fn spawns(cx: &Context<'_>) -> bool {
    let mut transitions = cx.graph.transitions.iter();
    transitions.any(|it| Whole::of(cx.graph, it).is_some_and(|split| split.spawns()))
}
