//! Rule: the numbers of `retry`, `timeout` and `deadline` make sense together.

use crate::ast::{Branch, Clause, ClauseKind, Delay, Duration, Meaning, Retry, TransitionKind};
use crate::diagnostics::Diagnostics;
use crate::graph::Graph;

pub(super) fn check(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    let run = graph.ast.deadline.as_ref();
    for transition in &graph.ast.transitions {
        clauses(&transition.clauses, run, diagnostics);
        if let TransitionKind::Split { branches, .. } = &transition.kind {
            for branch in branches {
                let (Branch::Named { clauses: of, .. } | Branch::Each { clauses: of, .. }) = branch;
                clauses(of, run, diagnostics);
            }
        }
    }
}

fn clauses(clauses: &[Clause], run: Option<&Duration>, diagnostics: &mut Diagnostics) {
    let time = |kind: ClauseKind| {
        clauses.iter().find_map(|clause| match &clause.meaning {
            Meaning::Timeout(time) | Meaning::Deadline(time) if clause.kind() == kind => Some(time),
            _ => None,
        })
    };
    let (timeout, deadline) = (time(ClauseKind::Timeout), time(ClauseKind::Deadline));
    within(timeout, "timeout", deadline, "deadline", diagnostics);
    within(
        deadline,
        "deadline",
        run,
        "deadline of the workflow",
        diagnostics,
    );
    if deadline.is_none() {
        within(
            timeout,
            "timeout",
            run,
            "deadline of the workflow",
            diagnostics,
        );
    }
    for clause in clauses {
        match &clause.meaning {
            Meaning::Retry(it) => retry(it, diagnostics),
            Meaning::Undo(undo) => {
                if let Some(it) = &undo.retry {
                    retry(it, diagnostics);
                }
            }
            _ => {}
        }
    }
}

/// Reports a time that could never pass, because another one passes before.
fn within(
    time: Option<&Duration>,
    name: &str,
    limit: Option<&Duration>,
    limit_name: &str,
    diagnostics: &mut Diagnostics,
) {
    if let (Some(time), Some(limit)) = (time, limit)
        && time.milliseconds > limit.milliseconds
    {
        diagnostics
            .error(
                time,
                format!(
                    "the {name} `{}` is above the {limit_name}, `{}`",
                    time.literal, limit.literal
                ),
            )
            .help(format!(
                "no attempt is left so much time: shorten the {name}, or lengthen the other"
            ));
    }
}

fn retry(retry: &Retry, diagnostics: &mut Diagnostics) {
    if retry.attempts.value == 0 {
        diagnostics
            .error(
                &retry.attempts.literal,
                "0 attempts would never call the handler",
            )
            .help("the number counts all attempts: `retry(1)` is one call, `retry(3)` up to three");
    }
    match &retry.delay {
        Some(Delay::Backoff { first, cap }) if first.milliseconds > cap.milliseconds => {
            diagnostics
                .error(
                    first,
                    format!(
                        "the first delay, `{}`, is above the longest, `{}`",
                        first.literal, cap.literal
                    ),
                )
                .help(format!(
                    "write the shorter one first: `backoff {}..{}`",
                    cap.literal, first.literal
                ));
        }
        Some(Delay::Every(every)) => {
            if let Some((factor, _)) = &retry.factor {
                diagnostics
                    .error(
                        factor,
                        format!("with `every {}` no delay grows", every.literal),
                    )
                    .help("leave the factor out, or write `backoff A..B`");
            }
            if let Some(no) = &retry.no_jitter {
                diagnostics
                    .error(
                        no,
                        format!("with `every {}` there is no jitter", every.literal),
                    )
                    .help("leave `no jitter` out");
            }
        }
        _ => {}
    }
}
