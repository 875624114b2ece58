//! Rule: `else` names a target of its transition, and nothing else says what follows the last attempt.

use crate::ast::{ClauseKind, plain};
use crate::diagnostics::Diagnostics;
use crate::graph::Graph;
use crate::suggest;

pub(super) fn check(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    for transition in &graph.transitions {
        let declaration = transition.declaration;
        let Some((clause, state)) = declaration.clauses.fallback() else {
            continue;
        };
        let (keyword, name) = (declaration.kind.keyword(), &declaration.name);
        let catch = declaration.clauses.method(ClauseKind::Catch);
        let is_target = |target: &proc_macro2::Ident| plain(target) == plain(state);
        if let Some(catch) = catch {
            diagnostics
                .error(
                    &clause.name,
                    format!("`catch({catch})` and `else {state}` are both asked when the last attempt has failed"),
                )
                .help(format!("leave one of them out; the handler `{catch}` may lead to `{state}` too"));
        } else if declaration.answers().is_some() {
            diagnostics
                .error(
                    &clause.name,
                    format!("signal `{name}` answers, and `else {state}` has no answer"),
                )
                .help("write `catch(..)`: its handler gives the answer");
        } else if transition.is_whole && !declaration.targets.iter().any(is_target) {
            let error = diagnostics.error(
                state,
                format!("`else {state}` leads where {keyword} `{name}` does not"),
            );
            let targets: Vec<_> = declaration.targets.iter().map(plain).collect();
            if let Some(near) = suggest::nearest(&plain(state), targets.iter().map(String::as_str))
            {
                error.help(format!("did you mean `{near}`?"));
            } else if let [_, ..] = targets.as_slice() {
                let targets = targets.join(" | ");
                error.help(format!("declare it as a target: `-> {targets} | {state}`"));
            } else {
                error.help(format!(
                    "{keyword} `{name}` stays in its state: give it an arrow, or leave `else` out"
                ));
            }
        }
    }
}
