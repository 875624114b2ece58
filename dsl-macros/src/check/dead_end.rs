//! Rule: from every state that a run can be in, it can still end.

use crate::ast::StateKind;
use crate::diagnostics::Diagnostics;
use crate::graph::Graph;

pub(super) fn check(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    let finals = graph.ids().filter(|id| graph.state(*id).kind.is_final());
    let ending = graph.reaching(finals);
    let reachable = graph.reachable(graph.starts());
    let perpetual = graph.ast.attributes.perpetual.is_some();
    let any_final = graph.states.iter().any(|state| state.kind.is_final());
    for id in graph.ids() {
        let state = graph.state(id);
        let name = state.name;
        if state.kind.is_final() {
            continue;
        }
        let mut leaving = graph
            .exits(id)
            .filter(|it| !it.declaration.is_internal && !it.declaration.is_deadline());
        if leaving.next().is_none() {
            // A state that nothing leaves *and* nothing leads to is one mistake, reported as
            // unreachable.
            if reachable[id.0] || state.kind == StateKind::Start {
                let error = if state.kind == StateKind::Start {
                    diagnostics.error(
                        name,
                        format!("start state `{name}` is final: nothing leaves it"),
                    )
                } else {
                    diagnostics.error(
                        name,
                        format!("nothing leaves state `{name}`, and it is not final"),
                    )
                };
                let mut exits = graph.exits(id);
                if let Some(internal) = exits.find(|it| it.declaration.is_internal) {
                    let internal = &internal.declaration.name;
                    error.note(format!(
                        "`{internal}` has no arrow: a run stays in the state"
                    ));
                }
                error.help(if state.kind == StateKind::Start {
                    "add a transition that leaves it"
                } else {
                    "add a transition that leaves it, or declare it `done` or `failed`"
                });
            }
        } else if any_final && !perpetual && !ending[id.0] && reachable[id.0] {
            // Only the states of the cycle itself: those before it are caught in it.
            let (caught, back) = (graph.reachable([id]), graph.reaching([id]));
            let in_cycle = graph.ids().all(|other| !caught[other.0] || back[other.0]);
            if in_cycle {
                diagnostics
                    .error(name, format!("no final state can be reached from `{name}`"))
                    .help("add a transition that leads out, or put `#[perpetual]` before `workflow` if it is meant to run for ever");
            }
        }
    }
}
