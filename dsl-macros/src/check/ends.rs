//! Rule: a run can begin somewhere and can end well.

use crate::ast::StateKind;
use crate::diagnostics::Diagnostics;
use crate::graph::Graph;

pub(super) fn check(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    let name = &graph.ast.name;
    if graph.starts().next().is_none() {
        diagnostics
            .error(name, format!("workflow `{name}` has no start state"))
            .help("declare where a run begins: `start Name;`");
    }
    let done = graph
        .states
        .iter()
        .any(|state| state.kind == StateKind::Done);
    if !done && graph.ast.attributes.perpetual.is_none() {
        diagnostics
            .error(name, format!("workflow `{name}` has no `done` state: no run of it can succeed"))
            .help("declare how a run ends well: `done Name;`, or put `#[perpetual]` before `workflow` if it is meant to run for ever");
    }
}
