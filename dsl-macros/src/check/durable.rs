//! Rules of workflows whose runs are stored.

use crate::diagnostics::Diagnostics;
use crate::graph::Graph;

/// Whether the crate was built with stores.
pub(super) fn check(graph: &Graph<'_>, is_built: bool, diagnostics: &mut Diagnostics) {
    let Some(durable) = &graph.ast.attributes.durable else {
        return;
    };
    if !is_built {
        diagnostics
            .error(
                &durable.attribute,
                "`#[durable]` needs the feature `durable` of stateway",
            )
            .help(
                "enable it in `Cargo.toml`, or remove the attribute to run the workflow in memory",
            );
    }
    undo_of_transient(graph, diagnostics);
}

/// What a transition into a transient state has led to is gone after a crash, and its undo needs it.
fn undo_of_transient(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    for transition in &graph.transitions {
        for (target, handler) in &transition.handlers.undo {
            let target = graph.state(*target);
            let declaration = target.declaration;
            if declaration.is_none_or(|state| state.transient.is_none()) {
                continue;
            }
            let name = &transition.declaration.name;
            diagnostics
                .error(
                    handler,
                    format!(
                        "`{handler}` could not undo `{name}` after a crash: state `{}` is transient and \
                         never stored",
                        target.name
                    ),
                )
                .help("remove `transient`, or the undo");
        }
    }
}
