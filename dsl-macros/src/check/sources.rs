//! Rule: a transition leaves and leads to as many states as its kind allows.

use crate::ast::TransitionKind;
use crate::diagnostics::Diagnostics;
use crate::graph::Graph;
use crate::suggest;

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
        // A group is one name of several states.
        let (second, is_group) = match declaration.sources.as_slice() {
            [_, second, ..] => (Some(second), false),
            [alone] if transition.sources.len() > 1 => (Some(alone), true),
            _ => (None, false),
        };
        let states = || {
            let names = graph.names(transition.sources.iter().copied());
            let names = suggest::any_of(names.iter().map(String::as_str));
            format!("it is a group: name one of its states, {names}")
        };
        if let (true, Some(interrupts)) = (declaration.is_internal, declaration.interrupts()) {
            let name = &declaration.name;
            diagnostics
                .error(
                    interrupts,
                    format!("signal `{name}` interrupts a step, and leads nowhere"),
                )
                .help("write where it leads: a step that was interrupted is not taken up again");
        } else if let (true, Some(second)) = (declaration.is_internal, second) {
            let keyword = declaration.kind.keyword();
            let name = &declaration.name;
            diagnostics
                .error(
                    second,
                    format!("{keyword} `{name}` leads nowhere, and stands in more than one state"),
                )
                .help(if is_group {
                    states()
                } else {
                    format!(
                        "write where it leads, or declare a {keyword} that stays in `{second}` under a name of its own"
                    )
                });
        } else if let (false, Some(second)) = (several, second) {
            let keyword = declaration.kind.keyword();
            diagnostics
                .error(
                    second,
                    format!(
                        "{keyword} `{}` leaves more than one state",
                        declaration.name
                    ),
                )
                .help(if is_group {
                    states()
                } else {
                    format!("declare a {keyword} for `{second}` under a name of its own")
                });
        }
    }
}
