//! Rule: a clause stands on a transition that can have it.

use crate::ast::ClauseKind;
use crate::diagnostics::Diagnostics;
use crate::graph::Graph;

pub(super) fn check(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    for transition in &graph.transitions {
        let declaration = transition.declaration;
        for clause in &declaration.clauses {
            if clause.kind == ClauseKind::Spawn {
                diagnostics
                    .error(
                        &clause.name,
                        format!(
                            "{} `{}` cannot be spawned",
                            declaration.kind.keyword(),
                            declaration.name
                        ),
                    )
                    .help("`with spawn` belongs on a `branch` of a split");
            }
        }
    }
}
