//! Rule: a transition leaves and leads to as many states as its kind allows.

use crate::ast::TransitionKind;
use crate::diagnostics::Diagnostics;
use crate::graph::Graph;

pub(super) fn check(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    for transition in &graph.transitions {
        let declaration = transition.declaration;
        let several = matches!(
            declaration.kind,
            TransitionKind::Step
                | TransitionKind::Signal(_)
                | TransitionKind::Timer { .. }
                | TransitionKind::Deadline(_)
        );
        if let (true, Some(interrupts)) = (declaration.is_internal, declaration.interrupts()) {
            let name = &declaration.name;
            diagnostics
                .error(
                    interrupts,
                    format!("signal `{name}` interrupts a step, and leads nowhere"),
                )
                .help("write where it leads: a step that was interrupted is not taken up again");
        } else if let (true, [_, second, ..]) =
            (declaration.is_internal, declaration.sources.as_slice())
        {
            let keyword = declaration.kind.keyword();
            let name = &declaration.name;
            diagnostics
                .error(
                    second,
                    format!("{keyword} `{name}` leads nowhere, and stands in more than one state"),
                )
                .help(format!(
                    "write where it leads, or declare a {keyword} that stays in `{second}` under a name of its own"
                ));
        } else if let (false, [_, second, ..]) = (several, declaration.sources.as_slice()) {
            let keyword = declaration.kind.keyword();
            diagnostics
                .error(
                    second,
                    format!(
                        "{keyword} `{}` leaves more than one state",
                        declaration.name
                    ),
                )
                .help(format!(
                    "declare a {keyword} for `{second}` under a name of its own"
                ));
        }
    }
}
